"""Weights as trees in HDF5, in the layout of Keras 3: each layer under its place in the model, its variables "0", "1", ..."""

import contextlib
from collections.abc import Iterator
from typing import Any

import jax
import numpy as np

from ..core.declare import current_era
from ..core.layer import Layer
from ..core.naming import snake_case
from ..core.variable import Variable, initialize
from . import hdf5, optimizer_state
from .errors import FileError


def parts(model: Any) -> list[tuple[str, Any]]:
    """(place, layer) of a model and all below; places are those of Keras 3."""
    found: list[tuple[str, Any]] = []
    seen: set[int] = set()

    def visit(one: Any, place: str) -> None:
        if id(one) in seen:
            return
        seen.add(id(one))
        found.append((place, one))
        for name, child in _children(one):
            visit(child, f"{place}/{name}" if place else name)

    visit(model, "")
    return found


def _children(one: Any) -> Iterator[tuple[str, Any]]:
    if getattr(one, "_graph", None) is not None or hasattr(one, "_layers"):
        from ..layers.inputs import InputLayer

        layers = getattr(one, "_layers", None)
        own = [op for op in one._graph.operations if isinstance(op, Layer)] if layers is None else layers
        own = [op for op in own if layers is None or not isinstance(op, InputLayer)]
        yield from ((f"layers/{name}", child) for name, child in _named(own))
        return
    yield from _attributes(one)


def _attributes(one: Any) -> Iterator[tuple[str, Any]]:
    """The layers in the attributes of a layer, sorted; those of a model are in its list of layers, too."""
    found = {k: v for k, v in vars(one).items() if k not in one._untracked and not k.startswith("__")}
    if getattr(one, "_is_model", False):
        direct = [v for v in found.values() if isinstance(v, Layer)]
        found["layers"] = direct if current_era() == "tf2" else one.layers
    for attribute, value in sorted(found.items(), key=lambda i: (i[0] != "layers" or current_era() != "tf2", i[0])):
        if isinstance(value, Layer):
            inner = current_era() == "tf2" and type(one).__name__ == "MultiHeadAttention"
            yield f"_{attribute}" if inner else attribute, value
        elif isinstance(value, (list, tuple, dict)):
            values = value.values() if isinstance(value, dict) else value
            yield from (
                (f"{attribute}/{name}", child) for name, child in _named(v for v in values if isinstance(v, Layer))
            )


def _places(model: Any) -> dict[int, list[str]]:
    """All places at which a layer may be found, the usual one first: Kerases differ in which they take."""
    found: dict[int, list[str]] = {}

    def visit(one: Any, place: str, above: tuple[int, ...]) -> None:
        if id(one) in above:
            return
        found.setdefault(id(one), []).append(place)
        for name, child in _children(one):
            visit(child, f"{place}/{name}" if place else name, (*above, id(one)))

    visit(model, "", ())
    return found


def _named(layers: Any) -> Iterator[tuple[str, Any]]:
    used: dict[str, int] = {}
    for one in layers:
        name = snake_case(type(one).__name__)
        count = used.get(name)
        used[name] = 0 if count is None else count + 1
        yield name if count is None else f"{name}_{count + 1}", one


def write(group: Any, model: Any, optimizer: bool = True) -> None:
    """Writes the weights of a model, and its optimizer's state, into an HDF5 group."""
    for place, title, values in contents(model, optimizer):
        at = group.require_group(place)
        at.attrs["name"] = title
        for key, value in values.items():
            hdf5.put(at, key, value)


def contents(model: Any, optimizer: bool = True) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(place, name, Variables and arrays by key) of a model's layers, and of its optimizer."""
    initialize(model.variables)
    for place, one in parts(model):
        store: dict[str, Any] = {}
        one.save_own_variables(store)
        yield f"{place}/vars" if place else "vars", one.name, store
    if optimizer and getattr(model, "optimizer", None) is not None and model.optimizer.built:
        state = {str(i): value for i, (_, value) in enumerate(optimizer_state.state_of(model.optimizer))}
        yield "optimizer/vars", model.optimizer.name, state


def read(group: Any, model: Any, path: str, skip_mismatch: bool = False) -> None:
    """Reads the weights into a model: everything is checked before anything is assigned."""
    pairs: list[tuple[Any, np.ndarray]] = []
    own_way: list[tuple[Any, dict]] = []
    for place, one in parts(model):
        at = group.get(f"{place}/vars" if place else "vars")
        own = _own(one)
        if not _is_plain(one, own):
            if at is None and own and not skip_mismatch:
                raise FileError(f"{path}: the file has nothing at {place!r} for layer {one.name!r}.")
            if at is not None:
                own_way.append((one, {key: hdf5.values_of(at[key], path) for key in at}))
            continue
        stored = [] if at is None else sorted(at.keys(), key=int)
        if len(stored) != len(own):
            if skip_mismatch:
                continue
            raise FileError(
                f"{path}: layer {one.name!r} has {len(own)} weights, the file has {len(stored)} at {place or '/'!r}. "
                "Is it the file of another model?"
            )
        pairs += _matched([at[key] for key in stored] if at is not None else [], own, one.name, path, skip_mismatch)
    pairs += optimizer_state.pairs_of_tree(group, model, path)
    with _restored_on_error([one for one, _ in own_way]):
        for one, values in own_way:
            one.load_own_variables(values)
    assign(pairs)


def _is_plain(one: Any, own: list[Any]) -> bool:
    """Are a layer's values in a file those of its Variables, so that they can be checked before any is assigned?"""
    reads = type(one).load_own_variables
    ours = getattr(reads, "__module__", "").startswith("jkeras.")
    return reads is Layer.load_own_variables or ours and bool(own) and all(isinstance(v, Variable) for v in own)


def _found(group: Any, places: list[str]) -> Any:
    found = [at for at in (_group_at(group, f"{p}/vars" if p else "vars") for p in places) if at is not None]
    return next((at for at in found if len(at)), found[0] if found else None)


def _group_at(group: Any, place: str) -> Any:
    """The group of a layer; tf.keras puts a line before the names of inner layers (``_key_dense``)."""
    for part in place.split("/"):
        group = group.get(part, group.get(f"_{part}"))
        if group is None:
            return None
    return group


@contextlib.contextmanager
def _restored_on_error(layers: list[Any]) -> Iterator[None]:
    """Gives layers that read their weights in a way of their own the old ones back if one of them fails."""
    before = [(v, v.numpy()) for one in layers for v in one.variables]
    try:
        yield
    except BaseException:
        for v, value in before:
            v.assign(value)
        raise


def assign(pairs: list[tuple[Any, np.ndarray]]) -> None:
    """Gives every Variable its value and lets go of it at once: there is one copy of most values at any time."""
    pairs.reverse()
    while pairs:
        v, value = pairs.pop()
        v.assign(jax.device_put(value))  # does not copy on CPUs


def _own(one: Any) -> list[Any]:
    store: dict[str, Any] = {}
    one.save_own_variables(store)
    return list(store.values())


def _matched(datasets: list, variables: list, name: str, path: str, skip: bool) -> list[tuple[Any, np.ndarray]]:
    pairs = []
    for d, v in zip(datasets, variables, strict=True):
        if tuple(d.shape) != v.shape:
            if skip:
                continue
            raise FileError(f"{path}: layer {name!r}: {v.path!r} has shape {v.shape}, the file has {tuple(d.shape)}.")
        pairs.append((v, hdf5.values_of(d, path, v.array_dtype)))
    return pairs

"""Weights as trees in HDF5, in the layout of Keras 3: each layer under its place in the model, its variables "0", "1", ..."""

import warnings
from collections.abc import Iterator
from typing import Any

import jax
import numpy as np

from ..core.layer import Layer
from ..core.naming import snake_case
from ..core.variable import initialize
from . import hdf5
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
    for attribute, value in sorted(vars(one).items()):
        if attribute in one._untracked or attribute.startswith("__"):
            continue
        if isinstance(value, Layer):
            yield attribute, value
        elif isinstance(value, (list, tuple, dict)):
            values = value.values() if isinstance(value, dict) else value
            yield from (
                (f"{attribute}/{name}", child) for name, child in _named(v for v in values if isinstance(v, Layer))
            )


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
        state = {str(i): v for i, v in enumerate(model.optimizer.variables)}
        yield "optimizer/vars", model.optimizer.name, state


def read(group: Any, model: Any, path: str, skip_mismatch: bool = False) -> None:
    """Reads the weights into a model: everything is checked before anything is assigned."""
    pairs: list[tuple[Any, np.ndarray]] = []
    for place, one in parts(model):
        own = _own(one)
        at = group.get(f"{place}/vars" if place else "vars")
        stored = [] if at is None else sorted(at.keys(), key=int)
        if len(stored) != len(own):
            if skip_mismatch:
                continue
            raise FileError(
                f"{path}: layer {one.name!r} has {len(own)} weights, the file has {len(stored)} at {place or '/'!r}. "
                "Is it the file of another model?"
            )
        pairs += _matched([at[key] for key in stored] if at is not None else [], own, one.name, path, skip_mismatch)
    pairs += _optimizer_pairs(group, model, path)
    assign(pairs)


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


def _optimizer_pairs(group: Any, model: Any, path: str) -> list[tuple[Any, np.ndarray]]:
    at = group.get("optimizer/vars")
    optimizer = getattr(model, "optimizer", None)
    if at is None or optimizer is None:
        return []
    before = dict(vars(optimizer))
    try:
        if not optimizer.built:
            optimizer.build(model.trainable_variables)
        variables = list(optimizer.variables)
        datasets = [at[k] for k in sorted(at.keys(), key=int)]
        if [d.shape for d in datasets] != [v.shape for v in variables]:
            warnings.warn(
                f"{path}: its optimizer state ({len(datasets)} variables) is not one of {optimizer.name!r} "
                f"({len(variables)} variables) and is left out.",
                stacklevel=2,
            )
            return []
        return _matched(datasets, variables, "optimizer", path, False)
    except BaseException:
        vars(optimizer).clear()
        vars(optimizer).update(before)
        raise

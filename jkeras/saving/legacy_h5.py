"""HDF5 files as Keras 2 wrote them: layers by name, weights by name; whole models with their config as JSON."""

import json
from typing import Any

import numpy as np

from ..core import registry
from ..core.declare import current_era
from ..core.layer import Layer
from . import eras, hdf5, old_weights, older, optimizer_state, store
from .errors import FileError
from .json_text import model_from_config

_OWN_STATE = "jkeras_optimizer_weights"


def is_hdf5(path: str) -> bool:
    """Does a file begin as HDF5 files do?"""
    with open(path, "rb") as f:
        return f.read(8) == b"\x89HDF\r\n\x1a\n"


def _layers(model: Any) -> list[Layer]:
    """The layers in the order of the file, input layers among them."""
    graph = getattr(model, "_graph", None)
    if graph is not None and not hasattr(model, "_layers"):
        return [op for op in graph.operations if isinstance(op, Layer)]
    return model.layers


def write_weights(group: Any, model: Any) -> None:
    """Writes the weights of all layers into an HDF5 group."""
    layers = _layers(model)
    _names(group, "layer_names", [one.name for one in layers])
    _sign(group)
    for one in layers:
        at = group.create_group(one.name)
        weights = ordered(one)
        names = _unique([v.path for v in weights])
        _names(at, "weight_names", names)
        for name, v in zip(names, weights, strict=True):
            hdf5.put(at, name, v)


def _unique(names: list[str]) -> list[str]:
    used: dict[str, int] = {}
    found = []
    for name in names:
        count = used.get(name, 0)
        used[name] = count + 1
        found.append(f"{name}_{count}" if count else name)
    return found


def _names(group: Any, key: str, names: list[str]) -> None:
    """Names as an attribute; a list too long for one is cut into several, as Keras does."""
    encoded = [n.encode() for n in names]
    if sum(map(len, encoded)) < 50_000:
        group.attrs[key] = np.array(encoded) if encoded else np.array([], "S1")
        return
    size = max(1, 50_000 // max(map(len, encoded)))
    for i, start in enumerate(range(0, len(encoded), size)):
        group.attrs[f"{key}{i}"] = np.array(encoded[start : start + size])


def _read_names(group: Any, key: str, path: str = "") -> list[str]:
    found = []
    if key in group.attrs:
        found = list(hdf5.attribute(group, key, path))
    else:
        i = 0
        while f"{key}{i}" in group.attrs:
            found += list(hdf5.attribute(group, f"{key}{i}", path))
            i += 1
    return [n.decode() if isinstance(n, bytes) else str(n) for n in found]


def read_weights(
    group: Any, model: Any, path: str, by_name: bool = False, skip_mismatch: bool = False, era: str | None = None
) -> None:
    """Reads weights by order or by name; everything is checked before anything is assigned."""
    names = _read_names(group, "layer_names", path)
    stored = {n: _read_names(group[n], "weight_names", path) for n in names if n in group}
    stored = {n: w for n, w in stored.items() if w}
    mine = [one for one in _layers(model) if one.weights]
    if by_name:
        matched = [(one, one.name) for one in mine if one.name in stored]
    else:
        if len(stored) != len(mine):
            raise FileError(f"{path}: the file has {len(stored)} layers with weights, the model has {len(mine)}.")
        matched = list(zip(mine, stored, strict=True))
    era = version_era(group) if era is None else era
    backend = group.attrs.get("backend")
    backend = backend.decode() if isinstance(backend, bytes) else backend
    pairs = []
    for one, name in matched:
        values = [hdf5.values_of(group[name][w], path) for w in stored[name]]
        values = old_weights.converted(one, values, era, backend)
        weights = ordered(one)
        if len(values) != len(weights):
            if skip_mismatch:
                continue
            raise FileError(f"{path}: layer {one.name!r} has {len(weights)} weights, the file has {len(values)}.")
        pairs += _fitting(values, weights, one.name, path, skip_mismatch)
    store.assign(pairs)


def ordered(one: Layer) -> list[Any]:
    """The weights of a layer in the order of these files: those that train first, all through a nested model."""
    return [*one.trainable_weights, *one.non_trainable_weights]


def _fitting(values: list, weights: list, name: str, path: str, skip: bool) -> list:
    pairs = []
    for value, v in zip(values, weights, strict=True):
        if tuple(value.shape) == tuple(v.shape):
            hdf5.check_kind(value, v, path)
            pairs.append((v, value))
        elif not skip:
            raise FileError(f"{path}: layer {name!r}: {v.path!r} has shape {v.shape}, the file has {value.shape}.")
    return pairs


def write_model(path: str, model: Any, include_optimizer: bool) -> None:
    """Writes config, weights, arguments of compile and optimizer state."""
    with hdf5.writing(path) as h5:
        era = current_era()
        _sign(h5)
        described = registry.serialize(model)
        compiled = described.pop("compile_config", None)
        described = described if era == "3" else older.older(described, era)
        hdf5.put_text(h5, "model_config", json.dumps(described))
        write_weights(h5.create_group("model_weights"), model)
        if include_optimizer and compiled is not None:
            hdf5.put_text(h5, "training_config", json.dumps(_training_config(compiled, era)))
            if model.optimizer.built:
                # Keras 3 builds the optimizer without variables where it finds this group, and cannot train then
                at = h5.create_group("optimizer_weights" if era != "3" else _OWN_STATE)
                state = optimizer_state.state_of(model.optimizer)
                names = _unique([name for name, _ in state])
                _names(at, "weight_names", names)
                for name, (_, value) in zip(names, state, strict=True):
                    hdf5.put(at, name, value)


def _sign(group: Any) -> None:
    """Says which Keras wrote: readers choose the layout of weights by that."""
    group.attrs["backend"] = b"jax" if current_era() == "3" else b"tensorflow"
    group.attrs["keras_version"] = eras.VERSIONS["2.2" if current_era() == "1" else current_era()].encode()


def _training_config(compiled: dict, era: str) -> dict:
    from .. import losses, metrics

    if era != "3":
        return older.older_training(compiled, "2.2" if era == "1" else era)
    optimizer = compiled.pop("optimizer")
    compiled = {
        **compiled,
        "loss": _full_names(compiled.get("loss"), losses.get),
        "metrics": _full_names(compiled.get("metrics"), metrics.get),
        "weighted_metrics": _full_names(compiled.get("weighted_metrics"), metrics.get),
    }
    return {**compiled, "optimizer_config": {"class_name": optimizer["class_name"], "config": optimizer["config"]}}


def _full_names(given: Any, get: Any) -> Any:
    """ "mse" as "mean_squared_error": Keras 3 does not read its own short names back."""
    if isinstance(given, (list, tuple)):
        return [_full_names(g, get) for g in given]
    if isinstance(given, dict) and "class_name" not in given:
        return {k: _full_names(v, get) for k, v in given.items()}
    if not isinstance(given, str):
        return given
    try:
        return getattr(get(given), "__name__", given)
    except ValueError:  # "accuracy" and its like depend on the shapes
        return given


def read_model(path: str, custom_objects: dict | None, compile: bool) -> Any:
    """Reads a whole model."""
    with hdf5.reading(path, path) as h5:
        text = hdf5.attribute(h5, "model_config", path)
        if text is None:
            raise FileError(f"{path}: it has no model config; if it has weights only, use load_weights.")
        try:
            config = json.loads(text)
            training = json.loads(h5.attrs["training_config"]) if "training_config" in h5.attrs else None
        except ValueError:
            raise FileError(f"{path}: its model config is damaged.") from None
        era = version_era(h5)
        with eras.in_era(None if era == "3" else era), registry.custom_object_scope(custom_objects or {}):
            model = model_from_config(config, custom_objects, era)
            read_weights(h5["model_weights"], model, path, era=era)
            if compile and training is not None:
                _restore_compiled(model, training, h5, path)
    return model


def version_era(group: Any) -> str:
    """The era of a file or group; Keras 1 wrote no version."""
    return eras.era_of(group.attrs.get("keras_version"))


def _restore_compiled(model: Any, training: dict, h5: Any, path: str) -> None:
    from .. import optimizers

    given = eras.upgraded_training(training, getattr(model, "output_names", ()))
    described = given.pop("optimizer")
    model.compile(optimizer=optimizers.deserialize(described), **{k: registry.deserialize(v) for k, v in given.items()})
    at = h5.get("optimizer_weights", h5.get(_OWN_STATE))
    if at is not None and model.trainable_variables:
        values = [hdf5.values_of(at[n], path) for n in _read_names(at, "weight_names")]
        optimizer_state.assign(model, values, path)
        old_weights.resume_averages(model)

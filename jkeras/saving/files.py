"""save_model, load_model, save_weights, load_weights: the format follows the extension, or is looked up in the file."""

import contextlib
import json
import os
import zipfile
from collections.abc import Iterator
from typing import Any

from .._version import __version__
from ..core import naming, registry, rng
from ..core.declare import current_era
from ..core.variable import initialize
from . import archive, assets, eras, hdf5, legacy_h5, older, sharded, store, tensors
from .atomic import replacing
from .errors import FileError
from .json_text import model_from_config

LEGACY = (".h5", ".hdf5")


def save_model(model: Any, filepath: Any, overwrite: bool = True, zipped: Any = None, **kwargs: Any) -> None:
    """Writes a whole model: ``.keras``, or ``.h5``/``.hdf5`` as Keras 2 did; another name gets the ``.keras`` format.

    ``era``: the Keras that is to read it, "3", "tf2" (tf.keras 2.21) or "2.2"; what it cannot have raises ValueError.
    """
    include_optimizer = kwargs.pop("include_optimizer", True)
    save_format, era = kwargs.pop("save_format", None), kwargs.pop("era", None)
    for name in kwargs:
        raise TypeError(f"save: unknown argument {name!r}.")
    path = _target(filepath, overwrite)
    model._require_weights("save")
    initialize(model.variables)
    write = legacy_h5.write_model if path.endswith(LEGACY) or save_format == "h5" else _write_keras
    with replacing(path) as temporary:
        try:
            with eras.in_era(era):
                if era is not None or current_era() != "3":
                    older.check_meaning(model, current_era())
                write(temporary, model, include_optimizer)
        except ValueError:
            if era is not None or current_era() == "3":
                raise
            with eras.in_era("3"):  # a script of an era keeps its models, whatever they hold
                write(temporary, model, include_optimizer)


def _target(filepath: Any, overwrite: bool) -> str:
    path = os.fspath(filepath)
    if os.path.exists(path) and not overwrite:
        raise FileExistsError(f"{path!r} exists already, and overwrite=False was given.")
    if os.path.isdir(path):
        raise IsADirectoryError(f"{path!r} is a folder; give the name of a file, such as {path.rstrip('/')}.keras.")
    return path


def _write_keras(path: str, model: Any, include_optimizer: bool) -> None:
    def weights(window: Any) -> None:
        with hdf5.writing(window) as h5:
            store.write(h5, model, include_optimizer)

    era = current_era()
    if era in ("1", "2.2"):
        raise ValueError(f"{path}: Keras 2.2 has no .keras files; save as .h5.")
    described = registry.serialize(model)
    if not include_optimizer:
        described.pop("compile_config", None)
    if era == "tf2":
        described = _for_tf(described)
    members = {
        "metadata.json": json.dumps({"keras_version": eras.VERSIONS[era], "jkeras_version": __version__}).encode(),
        "config.json": json.dumps(described).encode(),
        "model.weights.h5": weights,
    }
    archive.write(path, {**members, **assets.members(model)})


def _for_tf(described: dict) -> dict:
    """The config of a whole model in tf.keras's .keras files."""
    kept = {k: described[k] for k in ("module", "registered_name", "build_config") if k in described}
    if described["class_name"] == "Functional":
        kept.update(module="tf_keras.src.engine.functional", registered_name="Functional")
    compiled = described.pop("compile_config", None)
    result = {**kept, **older.older(described, "tf2")}
    if compiled is not None:
        training = older.older_training(compiled, "tf2")
        optimizer = {**training.pop("optimizer_config"), "module": "keras.optimizers", "registered_name": None}
        optimizer["class_name"] = optimizer["class_name"].removeprefix("Custom>")
        result["compile_config"] = {"optimizer": optimizer, **training}
    return result


def load_model(filepath: Any, custom_objects: dict | None = None, compile: bool = True, safe_mode: bool = True) -> Any:
    """Reads a whole model; nothing in the file is run, and classes come from the closed registry and ``custom_objects``."""
    path = _existing(filepath)
    with undone_on_error(), hdf5.damage_named(path), registry.trusting(not safe_mode):
        if zipfile.is_zipfile(path):
            return _read_keras(path, custom_objects, compile)
        if legacy_h5.is_hdf5(path):
            return legacy_h5.read_model(path, custom_objects, compile)
    raise FileError(f"{path}: neither a .keras nor an HDF5 file.")


@contextlib.contextmanager
def undone_on_error() -> Iterator[None]:
    """Puts the counters of names and the random state back if loading fails."""
    names, random = dict(naming._counts), rng.get_state()
    try:
        yield
    except BaseException:
        naming._counts.clear()
        naming._counts.update(names)
        rng.set_state(random)
        raise


def _existing(filepath: Any) -> str:
    path = os.fspath(filepath)
    if not os.path.isfile(path):
        raise FileNotFoundError(f"There is no file {path!r}.")
    return path


def _read_keras(path: str, custom_objects: dict | None, compile: bool) -> Any:
    with archive.reading(path) as kept:
        config = kept.json("config.json")
        era = (
            eras.era_of(kept.json("metadata.json").get("keras_version", "3")) if "metadata.json" in kept.names else "3"
        )
        compiled = config.pop("compile_config", None)
        with eras.in_era(None if era == "3" else era), registry.custom_object_scope(custom_objects or {}):
            model = model_from_config(config, custom_objects, era)
            if compile and compiled:
                older_words = (
                    eras.upgraded_objectives(compiled, getattr(model, "output_names", ())) if era == "tf2" else {}
                )
                model.compile_from_config({**compiled, **older_words})
            with kept.hdf5("model.weights.h5") as file, hdf5.reading(file, path) as h5:
                store.read(h5, model, path)
            assets.read(kept, model)
    return model


def save_weights(model: Any, filepath: Any, overwrite: bool = True, **kwargs: Any) -> None:
    """Writes the weights: ``.weights.h5`` as Keras 3, another ``.h5``/``.hdf5`` as Keras 2; else as Keras 3.

    ``.weights.json`` with ``max_shard_size`` (GB) writes several files and an index, ``.safetensors`` such a file.
    ``era``: the Keras that is to read the file ("3", "tf2", "2.2").
    """
    save_format, era = kwargs.pop("save_format", None), kwargs.pop("era", None)
    max_shard_size = kwargs.pop("max_shard_size", None)
    for name in kwargs:
        raise TypeError(f"save_weights: unknown argument {name!r}.")
    path = _target(filepath, overwrite)
    model._require_weights("save_weights")
    if max_shard_size is not None or path.endswith(sharded.ENDING):
        if max_shard_size is None or not path.endswith(sharded.ENDING):
            raise ValueError(
                f"save_weights: shards need a name that ends in {sharded.ENDING} and max_shard_size=..., in GB; "
                f"received {path!r} and max_shard_size={max_shard_size}."
            )
        return sharded.write(path, model, max_shard_size)
    initialize(model.variables)
    if path.endswith(tensors.ENDING):
        with replacing(path) as temporary:
            return tensors.write(temporary, model)
    with replacing(path) as temporary, eras.in_era(era), hdf5.writing(temporary) as h5:
        old = path.endswith(LEGACY) and not path.endswith(".weights.h5") or save_format == "h5"
        if old or path.endswith(LEGACY) and current_era() in ("1", "2.2"):
            legacy_h5.write_weights(h5, model)
        else:
            store.write(h5, model)


def load_weights(model: Any, filepath: Any, skip_mismatch: bool = False, by_name: bool = False, **kwargs: Any) -> None:
    """Reads weights of any Keras generation; raises FileError, and changes nothing, where they do not fit."""
    for name in kwargs:
        raise TypeError(f"load_weights: unknown argument {name!r}.")
    path = _existing(filepath)
    model._require_weights("load_weights")
    with hdf5.damage_named(path):
        if zipfile.is_zipfile(path):
            with archive.reading(path) as kept, kept.hdf5("model.weights.h5") as file:
                return _load_h5(model, file, path, skip_mismatch, by_name)
        if path.endswith((sharded.ENDING, tensors.ENDING)):
            if by_name:
                raise ValueError(f"{path}: by_name=True works with the .h5 files of Keras 2 only.")
            return (sharded if path.endswith(sharded.ENDING) else tensors).read(path, model, skip_mismatch)
        if not legacy_h5.is_hdf5(path):
            raise FileError(f"{path}: no HDF5 file.")
        return _load_h5(model, path, path, skip_mismatch, by_name)


def _load_h5(model: Any, source: Any, path: str, skip_mismatch: bool, by_name: bool) -> None:
    with hdf5.reading(source, path) as h5:
        if "layer_names" in h5.attrs or "model_weights" in h5:
            legacy_h5.read_weights(
                h5["model_weights"] if "model_weights" in h5 else h5, model, path, by_name, skip_mismatch
            )
        elif by_name:
            raise ValueError(f"{path}: by_name=True works with the .h5 files of Keras 2 only.")
        else:
            store.read(h5, model, path, skip_mismatch)

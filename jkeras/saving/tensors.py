"""Weights as safetensors: arrays by name, nothing else. Needs the package safetensors."""

import json
import zlib
from typing import Any

import numpy as np

from ..core import placement
from ..core.variable import initialize
from . import store
from .errors import FileError
from .hdf5 import damage_named

ENDING = ".safetensors"


def _package() -> Any:
    try:
        import safetensors.numpy
    except ImportError:
        raise ImportError(
            'Files of the kind .safetensors need the package safetensors: pip install "jkeras[safetensors]"'
        ) from None
    return safetensors


def _named(model: Any) -> dict[str, Any]:
    """The weights by their paths, numbered where two have one path."""
    found: dict[str, Any] = {}
    for v in model.weights:
        name, count = v.path, 1
        while name in found:
            name, count = f"{v.path}_{count}", count + 1
        found[name] = v
    return found


def _checksum(name: str, array: np.ndarray) -> int:
    about = f"{name} {array.dtype.name} {array.shape}".encode()
    return zlib.crc32(np.ascontiguousarray(array).reshape(-1).view(np.uint8), zlib.crc32(about))


def write(path: str, model: Any) -> None:
    """Writes the weights of a model; names are the weights' paths, their order and checksums stand in the metadata."""
    package = _package()
    initialize(model.variables)
    arrays = {name: placement.to_host(v.materialize()) for name, v in _named(model).items()}
    sums = {name: _checksum(name, a) for name, a in arrays.items()}
    package.numpy.save_file(arrays, path, metadata={"format": "np", "jkeras": json.dumps(sums)})


def read(path: str, model: Any, skip_mismatch: bool = False) -> None:
    """Reads weights by name, or in order where a file of ours has other automatic names ("dense_3" for "dense")."""
    package, mine = _package(), _named(model)
    with damage_named(path), package.safe_open(path, "numpy") as f:
        sums = json.loads((f.metadata() or {}).get("jkeras", "{}"))
        names, kept = list(mine), set(f.keys())
        if sums and set(sums) != kept:
            raise FileError(f"{path}: damaged: it does not hold the arrays that it lists.")
        if set(names) != kept:
            names = list(sums) if len(sums) == len(mine) else names
        strange = sorted(kept ^ set(names))
        if strange and not skip_mismatch:
            raise FileError(
                f"{path}: its names are not those of the model's weights; in one of them alone: {', '.join(strange[:6])}."
            )
        pairs = []
        for v, name in zip(mine.values(), names, strict=True):
            shape = tuple(f.get_slice(name).get_shape()) if name in kept else None
            if shape != v.shape:
                if skip_mismatch:
                    continue
                raise FileError(f"{path}: {name!r} has shape {shape}, the weight {v.path!r} of the model {v.shape}.")
            value = f.get_tensor(name)
            if sums and _checksum(name, value) != sums[name]:
                raise FileError(f"{path}: damaged: the checksum of {name!r} is wrong.")
            pairs.append((v, value.astype(v.array_dtype, copy=False)))
        store.assign(pairs)

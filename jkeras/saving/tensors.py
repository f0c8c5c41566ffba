"""Weights as safetensors: arrays by name, nothing else. A header in JSON, then the arrays one after the other."""

import json
import os
import struct
import zlib
from typing import Any

import ml_dtypes
import numpy as np

from ..core import placement
from ..core.variable import initialize
from . import store
from .checksums import Window, combined
from .errors import FileError
from .hdf5 import aligned, damage_named

ENDING = ".safetensors"
_MAX_HEADER = 100_000_000  # that of the format
_KINDS: dict[str, Any] = {
    "BOOL": np.bool_, "U8": np.uint8, "I8": np.int8, "U16": np.uint16, "I16": np.int16, "U32": np.uint32,
    "I32": np.int32, "U64": np.uint64, "I64": np.int64, "F16": np.float16, "F32": np.float32, "F64": np.float64,
    "C64": np.complex64, "BF16": ml_dtypes.bfloat16, "F8_E4M3": ml_dtypes.float8_e4m3fn, "F8_E5M2": ml_dtypes.float8_e5m2,
}  # fmt: skip
_NAMES = {np.dtype(kind): name for name, kind in _KINDS.items()}


def _named(model: Any) -> dict[str, Any]:
    """The weights by their paths, numbered where two have one path."""
    found: dict[str, Any] = {}
    for v in model.weights:
        name, count = v.path, 1
        while name in found:
            name, count = f"{v.path}_{count}", count + 1
        found[name] = v
    return found


def _of_array(name: str, dtype: np.dtype, shape: tuple[int, ...], crc: int, size: int) -> int:
    """The checksum of an array, its name, type and shape, from that of its bytes."""
    return combined(zlib.crc32(f"{name} {dtype.name} {shape}".encode()), crc, size)


def _bytes(array: np.ndarray) -> memoryview:
    return memoryview(array.reshape(-1).view(np.uint8))


def write(path: str, model: Any) -> None:
    """Writes the weights of a model; names are the weights' paths, their order and checksums stand in the metadata.

    The header comes first and holds the checksums, so its place is set aside and filled at the end: the arrays are
    gone through once.
    """
    initialize(model.variables)
    named, entries, end = _named(model), {}, 0
    for name, v in named.items():
        dtype = np.dtype(v.array_dtype)
        if dtype not in _NAMES:
            raise ValueError(f"{v.path!r} is {dtype}, which safetensors do not have. Save it as .weights.h5.")
        start, end = end, end + v.size * dtype.itemsize
        entries[name] = {"dtype": _NAMES[dtype], "shape": list(v.shape), "data_offsets": [start, end]}
    room = len(_header(entries, dict.fromkeys(named, 0xFFFFFFFF)))
    room += -room % 8
    with open(path, "w+b") as f:
        f.write(struct.pack("<Q", room).ljust(8 + room))
        window, sums = Window(f, 8 + room), {}
        for name, v in named.items():
            array = np.ascontiguousarray(placement.to_host(v.materialize())).reshape(v.shape)  # scalars stay scalars
            window.write_large(entries[name]["data_offsets"][0], _bytes(array))
            crc = window.large.pop(entries[name]["data_offsets"][0])[1]
            sums[name] = _of_array(name, array.dtype, array.shape, crc, array.nbytes)
        f.seek(8)
        f.write(_header(entries, sums).ljust(room))


def _header(entries: dict[str, Any], sums: dict[str, int]) -> bytes:
    return json.dumps({"__metadata__": {"format": "np", "jkeras": json.dumps(sums)}, **entries}).encode()


def _contents(f: Any, path: str) -> tuple[dict[str, tuple], dict[str, int], int]:
    """{name: (dtype, shape, start, size)}, our checksums, and where the arrays begin: all within the file, no two in one place."""
    total = os.fstat(f.fileno()).st_size
    head = f.read(8)
    length = struct.unpack("<Q", head)[0] if len(head) == 8 else -1
    if not 0 < length <= min(_MAX_HEADER, total - 8):
        raise FileError(f"{path}: damaged, or no safetensors: it says that its header has {length} bytes.")
    header = json.loads(f.read(length))
    about = header.pop("__metadata__", None) or {}
    found, end = {}, 0
    for name, entry in sorted(header.items(), key=lambda i: i[1]["data_offsets"]):
        dtype, shape = np.dtype(_KINDS[entry["dtype"]]), tuple(entry["shape"])
        (start, after), size = entry["data_offsets"], dtype.itemsize
        for n in shape:
            if type(n) is not int or n < 0:
                raise FileError(f"{path}: {name!r} has the shape {shape}.")
            size *= n
        if start != end or after - start != size:
            raise FileError(f"{path}: damaged: {name!r} is not where it has to be, or not as large as its shape.")
        found[name], end = (dtype, shape, start, size), after
    if 8 + length + end != total:
        raise FileError(f"{path}: damaged: it holds {total - 8 - length:,} bytes of arrays and lists {end:,}.")
    return found, json.loads(about.get("jkeras", "{}")), 8 + length


def read(path: str, model: Any, skip_mismatch: bool = False) -> None:
    """Reads weights by name, or in order where a file of ours has other automatic names ("dense_3" for "dense")."""
    mine = _named(model)
    with damage_named(path), open(path, "rb") as f:
        kept, sums, begin = _contents(f, path)
        names = list(mine)
        if sums and set(sums) != set(kept):
            raise FileError(f"{path}: damaged: it does not hold the arrays that it lists.")
        if set(names) != set(kept):
            names = list(sums) if len(sums) == len(mine) else names
        strange = sorted(set(kept) ^ set(names))
        if strange and not skip_mismatch:
            raise FileError(
                f"{path}: its names are not those of the model's weights; in one of them alone: {', '.join(strange[:6])}."
            )
        chosen = []
        for v, name in zip(mine.values(), names, strict=True):
            shape = kept[name][1] if name in kept else None
            if shape == v.shape:
                chosen.append((v, name))
            elif not skip_mismatch:
                raise FileError(f"{path}: {name!r} has shape {shape}, the weight {v.path!r} of the model {v.shape}.")
        window = Window(f, begin)
        pairs = [
            (v, _array(window, name, kept[name], sums, path).astype(v.array_dtype, copy=False)) for v, name in chosen
        ]
        store.assign(pairs)


def _array(window: Window, name: str, place: tuple, sums: dict[str, int], path: str) -> np.ndarray:
    dtype, shape, start, size = place
    value = aligned(shape, dtype)
    crc = window.read_block(start, _bytes(value))
    if sums and _of_array(name, dtype, shape, crc, size) != sums[name]:
        raise FileError(f"{path}: damaged: the checksum of {name!r} is wrong.")
    return value

"""HDF5 without its dangers: no links out of the file, no sizes beyond what the file holds, checksums on what we write."""

import contextlib
import os
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..core import dtypes
from .atomic import FileError, checked_path, refuse

_CHUNK = 32 << 20
_HEADER_LIMIT = 64_000  # bytes of one attribute that HDF5 puts into an object header
_MOST_COMPRESSED = 1100  # deflate cannot do better
_FILTERS = {1, 2, 3}  # deflate, shuffle, fletcher32: what comes with every HDF5 and runs no plug-in


@contextlib.contextmanager
def opened(file: Any, name: Any) -> Iterator[Any]:
    """A file for reading; whatever goes wrong inside becomes one error that names it."""
    import h5py

    source = checked_path(file) if isinstance(file, (str, os.PathLike)) else file
    try:
        with h5py.File(source, "r") as f:
            check_links(f, name)
            yield f
    except FileError:
        raise
    except (OSError, RuntimeError, KeyError, UnicodeDecodeError, OverflowError, MemoryError) as error:
        raise refuse(name, f"it is damaged or no HDF5 file ({error}).") from error


def check_links(f: Any, name: Any) -> None:
    """Raises FileError for links, external storage, virtual datasets and sizes that the file does not hold."""
    import h5py

    stack, seen = [f], 0
    while stack:
        group = stack.pop()
        for key in group:
            seen += 1
            if seen > 2_000_000:
                raise refuse(name, "it has too many entries.")
            if not isinstance(group.get(key, getlink=True), h5py.HardLink):
                raise refuse(name, f"{key!r} is a link; links are not followed.")
            item = group[key]
            if isinstance(item, h5py.Dataset):
                _check_dataset(item, name)
            elif len(item.name) > 4096:
                raise refuse(name, "its groups are nested without end.")
            else:
                stack.append(item)


def _check_dataset(item: Any, name: Any) -> None:
    if item.external or item.is_virtual:
        raise refuse(name, f"{item.name!r} has its data in another file; only the file itself is read.")
    plist = item.id.get_create_plist()
    filters = [plist.get_filter(i)[0] for i in range(plist.get_nfilters())]
    if not set(filters) <= _FILTERS:
        raise refuse(name, f"{item.name!r} uses an unknown filter.")
    held = item.id.get_storage_size() * (_MOST_COMPRESSED if 1 in filters else 1)
    if item.dtype.hasobject or item.nbytes > held:
        raise refuse(name, f"{item.name!r} declares {item.nbytes} bytes, and the file holds {held}.")


def write(group: Any, name: str, value: Any) -> None:
    """A dataset with a checksum, which every reader of HDF5 verifies."""
    array = np.asarray(value)
    kind = dtypes.standardize_dtype(array.dtype) if array.dtype.kind not in "SUO" else "string"
    raw = array.view(np.dtype("V2")) if kind == "bfloat16" else array
    chunks = None
    if raw.size and raw.ndim:
        rows = max(1, _CHUNK // max(1, raw.nbytes // raw.shape[0]))
        chunks = (min(rows, raw.shape[0]), *raw.shape[1:])
        if raw.nbytes // raw.shape[0] > (1 << 30):
            chunks = True
    made = group.create_dataset(name, data=raw, **({"chunks": chunks, "fletcher32": True} if chunks else {}))
    if kind == "bfloat16":
        made.attrs["dtype"] = kind


def read(item: Any) -> np.ndarray:
    """The array of a dataset."""
    array = item[()]
    if item.attrs.get("dtype") == "bfloat16":
        array = np.asarray(array).view(dtypes.array_dtype("bfloat16"))
    return np.asarray(array)


def put_names(group: Any, key: str, names: list[str]) -> None:
    """A list of names as an attribute, in pieces where it is too long for one, as Keras does."""
    data = [n.encode("utf8") for n in names]
    width = max([len(n) for n in data], default=1) or 1
    pieces = max(1, -(-width * len(data) // _HEADER_LIMIT))
    if pieces == 1:
        group.attrs[key] = np.array(data, dtype=f"S{width}")
        return
    for i, part in enumerate(np.array_split(np.array(data, dtype=f"S{width}"), pieces)):
        group.attrs[f"{key}{i}"] = part


def get_names(group: Any, key: str) -> list[str]:
    """What ``put_names`` wrote."""
    if key in group.attrs:
        found = list(group.attrs[key])
    else:
        found, i = [], 0
        while f"{key}{i}" in group.attrs:
            found += list(group.attrs[f"{key}{i}"])
            i += 1
    return [n.decode("utf8") if isinstance(n, bytes) else str(n) for n in found]

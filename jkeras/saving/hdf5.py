"""The one gate to HDF5 files: what is read has been checked, what is written carries checksums that other readers ignore."""

import contextlib
import os
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..core import placement
from .checksums import LARGE, Window, check, check_large, seal
from .errors import FileError

CHUNK_BYTES = 1 << 20  # fits HDF5's chunk cache: checksums then cost a fifth of what they do on whole arrays
MAX_EXPANSION = 1000  # elements claimed per byte stored: the best that deflate does
_FLOOR = 1 << 16
_COMPRESSING = frozenset((1, 4, 5, 6, 32000))
_FILTERS = frozenset((1, 2, 3, 4, 5, 6, 32000))  # those inside the library: others are plug-ins loaded by number

# ------------------------------------------------- writing


_windows: dict[int, Window] = {}  # those of the files that are open here, by HDF5's numbers


@contextlib.contextmanager
def _opened(window: Window, mode: str) -> Iterator[Any]:
    import h5py

    with h5py.File(window, mode) as h5:
        number = h5.id.fileno
        _windows[number] = window
        try:
            yield h5
        finally:
            del _windows[number]


@contextlib.contextmanager
def writing(target: Any) -> Iterator[Any]:
    """A new HDF5 file at a path or in a Window, sealed at the end."""
    with contextlib.ExitStack() as stack:
        window = target if isinstance(target, Window) else Window(stack.enter_context(open(target, "w+b")))
        with _opened(window, "w") as h5:
            yield h5
        seal(window)


def put(group: Any, key: str, value: Any) -> Any:
    """Writes an array and its checksums; bfloat16 as float32 with a note, as Keras 3 reads it."""
    array = placement.to_host(value.materialize() if hasattr(value, "materialize") else value)
    small_float = array.dtype.name == "bfloat16"
    if small_float:
        array = array.astype("float32")
    window = _windows.get(group.id.fileno)
    if window is not None and array.nbytes >= LARGE and array.dtype.kind in "fiub":
        made = _put_large(group, key, np.ascontiguousarray(array), window)
    else:
        checked: dict[str, Any] = {}
        if array.ndim and array.size and array.dtype.kind in "fiubc":
            checked = {"fletcher32": True, "chunks": chunks_of(array.shape, array.itemsize)}
        made = group.create_dataset(key, data=array, **checked)
    if small_float:
        made.attrs["dtype"] = "bfloat16"
    return made


def _put_large(group: Any, key: str, array: np.ndarray, window: Window) -> Any:
    """Lets HDF5 set the place aside and fills it without HDF5, which would copy; the seal has the checksum."""
    import h5py

    create = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    create.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    create.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    names = h5py.h5p.create(h5py.h5p.LINK_CREATE)
    names.set_create_intermediate_group(True)
    kind, space = h5py.h5t.py_create(array.dtype, logical=True), h5py.h5s.create_simple(array.shape)
    made = h5py.h5d.create(group.id, key.encode(), kind, space, create, lcpl=names)
    window.write_large(made.get_offset(), memoryview(array.reshape(-1).view(np.uint8)))
    return h5py.Dataset(made)


_LONG = 60_000  # an attribute of fixed length holds no more than 64 KiB


def put_text(group: Any, key: str, text: str) -> None:
    """Writes a text as an attribute: of fixed length where it fits, which needs no heap."""
    data = text.encode()
    group.attrs[key] = np.bytes_(data) if len(data) < _LONG else data


def attribute(group: Any, key: str, path: str) -> Any:
    """An attribute of a checked file, or None; heaps are looked at before HDF5 reads strings from them."""
    import h5py

    if key not in group.attrs:
        return None
    kind = h5py.h5a.open(group.id, key.encode()).dtype
    window = _windows.get(group.id.fileno)
    if kind.kind == "O" and window is not None:
        with damage_named(path):
            check_large(window, path)
    return group.attrs[key]


def chunks_of(shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    """Chunks of about a megabyte that are whole rows where these are small enough."""
    chunks, row = list(shape), itemsize * int(np.prod(shape, dtype=np.int64))
    for axis, size in enumerate(shape):
        row //= size
        if row <= CHUNK_BYTES:
            chunks[axis] = min(size, max(1, CHUNK_BYTES // max(row, 1)))
            break
        chunks[axis] = 1
    return tuple(chunks)


# ------------------------------------------------- reading


@contextlib.contextmanager
def reading(source: Any, path: str) -> Iterator[Any]:
    """An HDF5 file that has been checked: a path, or a Window that ``check`` has seen.

    Whatever goes wrong inside is a FileError that names ``path``.
    """
    with damage_named(path), contextlib.ExitStack() as stack:
        if not isinstance(source, Window):
            file = stack.enter_context(open(source, "rb"))
            length = os.fstat(file.fileno()).st_size
            source = Window(file, 0, length)
            check(source, length, path)
        source.seek(0)
        with _opened(source, "r") as h5:
            check_tree(h5, path)
            yield h5


@contextlib.contextmanager
def damage_named(path: str) -> Iterator[None]:
    """Turns every error inside into a FileError that names the file."""
    try:
        yield
    except (FileError, FileNotFoundError, PermissionError, IsADirectoryError):
        raise
    except Exception as error:
        said = str(error) or type(error).__name__
        raise FileError(said if path in said else f"{path}: cannot be read: {said}") from error


def check_tree(group: Any, path: str) -> None:
    """Raises FileError if anything in an HDF5 file lies outside it, goes in circles, or claims more than it holds."""
    import h5py

    seen = {(group.id.fileno, h5py.h5o.get_info(group.id).addr)}
    waiting = [group]
    while waiting:
        at = waiting.pop()
        for name in at:
            where = f"{at.name.rstrip('/')}/{name}"
            if not isinstance(at.get(name, getlink=True), h5py.HardLink):
                raise FileError(f"{path}: {where} is a link to somewhere else; such files are not loaded.")
            child = at[name]
            address = (child.id.fileno, h5py.h5o.get_info(child.id).addr) if not _is_type(child) else None
            if isinstance(child, h5py.Group):
                if address in seen:
                    raise FileError(f"{path}: {where} leads back to a group above it.")
                seen.add(address)
                waiting.append(child)
            elif isinstance(child, h5py.Dataset):
                _check_dataset(child, where, path)


def _is_type(child: Any) -> bool:
    import h5py

    return isinstance(child, h5py.Datatype)


def _check_dataset(d: Any, where: str, path: str) -> None:
    import h5py

    if d.external or d.is_virtual:
        raise FileError(f"{path}: {where} keeps its data outside the file; such files are not loaded.")
    if h5py.check_ref_dtype(d.dtype) is not None:
        raise FileError(f"{path}: {where} holds references instead of numbers; such files are not loaded.")
    created = d.id.get_create_plist()
    filters = [created.get_filter(i)[0] for i in range(created.get_nfilters())]
    if not _FILTERS.issuperset(filters):
        raise FileError(f"{path}: {where} needs plug-ins of HDF5 ({filters}); such files are not loaded.")
    itemsize = d.dtype.itemsize
    claimed = itemsize * max(_product(d.shape), _product(d.chunks))
    stored = d.id.get_storage_size()
    if claimed > _FLOOR + stored * (MAX_EXPANSION if _COMPRESSING.intersection(filters) else 1):
        raise FileError(
            f"{path}: {where} claims {claimed:,} bytes and holds {stored:,}: far more than the file holds. Such files "
            "are not loaded."
        )


def _product(shape: tuple[int, ...] | None) -> int:
    total = 1
    for size in shape or ():
        total *= int(size)
    return total


def values_of(dataset: Any, path: str, dtype: Any = None) -> np.ndarray:
    """The array of a dataset, as ``dtype``; a wrong checksum, or anything but numbers, is a FileError."""
    kind = dataset.dtype.kind
    if kind not in "fiubc" or kind == "c" and dtype is not None and np.dtype(dtype).kind != "c":
        raise FileError(f"{path}: {dataset.name} holds {dataset.dtype} instead of numbers.")
    with damage_named(path):
        value = aligned(dataset.shape, dataset.dtype.newbyteorder("="))
        window = _windows.get(dataset.id.fileno)
        place = dataset.id.get_offset() if dataset.chunks is None and dataset.dtype.isnative else None
        if window is not None and place in window.large and window.large[place][0] == value.nbytes:
            window.read_large(place, memoryview(value.reshape(-1).view(np.uint8)))
        elif value.size:
            dataset.read_direct(value)
        return value if dtype is None else value.astype(dtype, copy=False)


def check_kind(value: np.ndarray, variable: Any, path: str) -> None:
    """Raises FileError where a value would lose its imaginary part."""
    if value.dtype.kind == "c" and np.dtype(variable.array_dtype).kind != "c":
        name = getattr(variable, "path", variable.name)
        raise FileError(f"{path}: {name!r} is {variable.dtype}, and the file has complex numbers for it.")


def aligned(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """An array where XLA likes it, so that the CPU uses it as it is."""
    size = _product(shape) * dtype.itemsize
    raw = np.empty(size + 64, np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start : start + size].view(dtype).reshape(shape)

"""The one gate to HDF5 files: what is read has been checked, what is written carries checksums that other readers ignore."""

import contextlib
import os
from collections.abc import Iterator
from typing import Any

import numpy as np

from .checksums import LARGE, Window, check, seal
from .errors import FileError

CHUNK_BYTES = 1 << 20  # fits HDF5's chunk cache: checksums then cost a fifth of what they do on whole arrays
MAX_EXPANSION = 1000  # elements claimed per byte stored: the best that deflate does
_FLOOR = 1 << 16
_FILTERS = frozenset((1, 2, 3, 4, 5, 6, 32000))  # those inside the library: others are plug-ins loaded by number

# ------------------------------------------------- writing


@contextlib.contextmanager
def writing(target: Any) -> Iterator[Any]:
    """A new HDF5 file at a path or in a Window, sealed at the end."""
    import h5py

    with contextlib.ExitStack() as stack:
        window = target if isinstance(target, Window) else Window(stack.enter_context(open(target, "w+b")))
        with h5py.File(window, "w") as h5:
            yield h5
            h5.flush()
            blocks = _blocks(h5)
        seal(window, blocks)


def _blocks(h5: Any) -> set[tuple[int, int]]:
    """(place, length) of the chunks of all datasets."""
    import h5py

    found: set[tuple[int, int]] = set()

    def chunk(info: Any) -> None:
        found.add((info.byte_offset, info.size))

    def visit(name: str, d: Any) -> None:
        if isinstance(d, h5py.Dataset) and d.chunks and d.nbytes >= LARGE:
            d.id.chunk_iter(chunk)

    h5.visititems(visit)
    return found


def put(group: Any, key: str, value: Any) -> Any:
    """Writes an array, with a checksum for each of its chunks; bfloat16 as float32 with a note, as Keras 3 reads it."""
    array = np.asarray(value.materialize() if hasattr(value, "materialize") else value)
    small_float = array.dtype.name == "bfloat16"
    if small_float:
        array = array.astype("float32")
    checked: dict[str, Any] = {}
    if array.ndim and array.size and array.dtype.kind in "fiubc":
        checked = {"fletcher32": True, "chunks": chunks_of(array.shape, array.itemsize)}
    made = group.create_dataset(key, data=array, **checked)
    if small_float:
        made.attrs["dtype"] = "bfloat16"
    return made


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
def reading(source: Any, path: str, strings: bool = True) -> Iterator[Any]:
    """An HDF5 file that has been checked: a path, or a Window that ``check`` has seen.

    Whatever goes wrong inside is a FileError that names ``path``. ``strings=False`` saves time where no attribute is
    read.
    """
    import h5py

    with damage_named(path), contextlib.ExitStack() as stack:
        if not isinstance(source, Window):
            file = stack.enter_context(open(source, "rb"))
            length = os.fstat(file.fileno()).st_size
            source = Window(file, 0, length)
            check(source, length, path, strings)
        source.seek(0)
        with h5py.File(source, "r") as h5:
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
    if claimed > _FLOOR + stored * MAX_EXPANSION:
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
        value = _aligned(dataset.shape, dataset.dtype.newbyteorder("="))
        if value.size:
            dataset.read_direct(value)
        return value if dtype is None else value.astype(dtype, copy=False)


def _aligned(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """An array where XLA likes it, so that the CPU uses it as it is."""
    size = _product(shape) * dtype.itemsize
    raw = np.empty(size + 64, np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start : start + size].view(dtype).reshape(shape)

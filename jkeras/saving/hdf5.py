"""The one gate to HDF5 files: what is read has been checked, what is written carries checksums that other readers ignore."""

import contextlib
import os
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from .errors import FileError

SIGNATURE = b"\x89HDF\r\n\x1a\n"
CHUNK_BYTES = 1 << 20  # fits HDF5's chunk cache: checksums then cost a fifth of what they do on whole arrays
MAX_EXPANSION = 1000  # elements claimed per byte stored: the best that deflate does
_FLOOR = 1 << 16
_FILTERS = frozenset((1, 2, 3, 4, 5, 6, 32000))  # those inside the library: others are plug-ins loaded by number

# ------------------------------------------------- the checksum of the whole file

# HDF5 ends where its own header says, so what follows is nobody's: 24 bytes of ours. Whoever changes the file with
# HDF5 cuts them off, and only the checksums of the datasets remain.
_MAGIC = b"jkCRC32\n"
_SEAL = struct.Struct("<8sQI")
_SEAL_BYTES = _SEAL.size + 4
_BUFFER = 1 << 22


def crc_of(file: Any, length: int, heaps: list[int] | None = None) -> int:
    """CRC-32 of the next ``length`` bytes of an open file; ``heaps`` collects the places that look like heaps."""
    crc, buffer = 0, memoryview(bytearray(min(_BUFFER, max(length, 1))))
    done, before = 0, b""
    while done < length:
        count = file.readinto(buffer[: min(length - done, len(buffer))])
        if not count:
            raise OSError("the file ends early")
        crc = zlib.crc32(buffer[:count], crc)
        if heaps is not None:
            before = _find_heaps(before, buffer.obj, count, done, heaps)
        done += count
    return crc


# HDF5 2.0 runs for ever on a heap of strings one of whose parts claims to be empty: such heaps are found first.
_HEAP, _HEAP_HEADER, _PART, _MIN_HEAP = b"GCOL\x01", struct.Struct("<5s3xQ"), struct.Struct("<HH4xQ"), 4096


def _find_heaps(before: bytes, data: bytearray, count: int, done: int, heaps: list[int]) -> bytes:
    """Notes where heaps begin in this piece or across its start; gives the piece's end."""
    seam = before + data[: min(len(_HEAP) - 1, count)]
    if (at := seam.find(_HEAP)) >= 0:
        heaps.append(done - len(before) + at)
    at = data.find(_HEAP, 0, count)
    while at >= 0:
        heaps.append(done + at)
        at = data.find(_HEAP, at + 1, count)
    return bytes(data[max(count - len(_HEAP) + 1, 0) : count])


def _check_heaps(file: Any, length: int, heaps: list[int], path: str) -> None:
    """Raises FileError where a heap of strings has a part that leads nowhere."""
    for start in heaps:
        file.seek(start)
        head = file.read(_HEAP_HEADER.size)
        size = _HEAP_HEADER.unpack(head)[1] if len(head) == _HEAP_HEADER.size else 0
        if not _MIN_HEAP <= size <= length - start:  # no heap, or one that HDF5 itself refuses
            continue
        data, at = file.read(size - len(head)), 0
        while at + _PART.size <= len(data):
            number, _, part = _PART.unpack_from(data, at)
            step = part if number == 0 else _PART.size + (part + 7) // 8 * 8
            if step < _PART.size or at + step > len(data):
                raise FileError(f"{path}: damaged: a part of the strings at byte {start} has no possible size.")
            at += step


def seal(path: str) -> None:
    """Appends the checksum of a finished file."""
    with open(path, "r+b") as f:
        length = os.fstat(f.fileno()).st_size
        body = _SEAL.pack(_MAGIC, length, crc_of(f, length))
        f.seek(length)
        f.write(body + struct.pack("<I", zlib.crc32(body)))


def check_bytes(file: Any, length: int, path: str) -> None:
    """Raises FileError where an HDF5 file has a checksum that is not its own, or heaps that HDF5 gets lost in."""
    file.seek(max(length - _SEAL_BYTES, 0))
    end = file.read(_SEAL_BYTES)
    sealed = len(end) == _SEAL_BYTES and end.startswith(_MAGIC)
    heaps: list[int] = []
    file.seek(0)
    found = crc_of(file, length - _SEAL_BYTES if sealed else length, heaps)
    if sealed:
        _, noted, crc = _SEAL.unpack(end[:-4])
        own = struct.unpack("<I", end[-4:])[0] == zlib.crc32(end[:-4])
        if not own or noted != length - _SEAL_BYTES or crc != found:
            raise FileError(f"{path}: damaged: its checksum is wrong. Take a copy that is whole.")
    _check_heaps(file, length, heaps, path)


# ------------------------------------------------- writing


@contextlib.contextmanager
def writing(path: str) -> Iterator[Any]:
    """A new HDF5 file, sealed at the end."""
    import h5py

    with h5py.File(path, "w") as h5:
        yield h5
    seal(path)


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
def reading(source: Any, path: str) -> Iterator[Any]:
    """An HDF5 file that has been checked: a path, or an open binary file whose bytes have been checked.

    Whatever goes wrong inside is a FileError that names ``path``.
    """
    import h5py

    with damage_named(path):
        if isinstance(source, (str, os.PathLike)):
            with open(source, "rb") as f:
                check_bytes(f, os.fstat(f.fileno()).st_size, path)
        else:
            check_bytes(source, source.seek(0, 2), path)
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
        value = np.asarray(dataset)
        return value.astype(value.dtype.newbyteorder("=") if dtype is None else dtype, copy=False)

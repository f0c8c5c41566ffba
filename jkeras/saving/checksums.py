"""Files inside files, and the checksums that ours carry where other readers do not look."""

import contextlib
import functools
import io
import os
import struct
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from .errors import FileError

LARGE = 1 << 20  # arrays of this size have a checksum of their own and are written and read past HDF5
_BUFFER = 1 << 22


class Window(io.RawIOBase):
    """The part of an open binary file from ``start`` on, up to ``length`` bytes if given: a file of its own.

    ``large`` has the place of each large block with its (length, CRC-32).
    """

    def __init__(self, file: Any, start: int = 0, length: int | None = None):
        super().__init__()
        self._file, self._start, self._length = file, start, length
        self.large: dict[int, tuple[int, int]] = {}
        self._at = 0
        self.failed: BaseException | None = None
        self._lost: list[tuple[int, bytes]] = []
        self.searched = True  # have all its bytes been searched for heaps of strings?

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return self._length is None

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        if whence == 0:
            self._at = offset
        elif whence == 1:
            self._at += offset
        else:
            self._at = self._end() + offset
        return self._at

    def _end(self) -> int:
        if self._length is not None:
            return self._length
        self.flush()
        lost = max((place + len(data) for place, data in self._lost), default=0)
        return max(os.fstat(self._file.fileno()).st_size - self._start, lost)

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        buffer = memoryview(buffer).cast("B")
        if self._length is not None:
            buffer = buffer[: max(self._length - self._at, 0)]
        if self.failed is None:
            self._file.seek(self._start + self._at)
            count = self._file.readinto(buffer)
        else:
            count = self._read_lost(buffer)
        self._at += count
        return count

    # HDF5 cannot close a file that fails it, may even crash, and loses errors on the way. So it is not told: what
    # it writes from then on stays in memory, and the error is raised when it has closed the file.

    def write(self, data: Any) -> int:
        data = memoryview(data).cast("B")
        if not self._kept(self._write, self._start + self._at, data):
            self._lost.append((self._at, bytes(data)))
        self._at += len(data)
        return len(data)

    def _write(self, place: int, data: memoryview) -> None:
        self._file.seek(place)
        while data:
            data = data[self._file.write(data) :]

    def truncate(self, size: int | None = None) -> int:
        size = self._at if size is None else size
        self._kept(self._file.truncate, self._start + size)
        return size

    def flush(self) -> None:
        if not self._file.closed:
            self._kept(self._file.flush)

    def _kept(self, call: Callable, *args: Any) -> bool:
        if self.failed is None:
            try:
                call(*args)
            except BaseException as error:
                self.failed = error
        return self.failed is None

    def _read_lost(self, buffer: memoryview) -> int:
        """What would be in the file if writing to it had not failed."""
        buffer[:] = bytes(len(buffer))
        with contextlib.suppress(OSError):
            data = os.pread(self._file.fileno(), len(buffer), self._start + self._at)
            buffer[: len(data)] = data
        for place, data in self._lost:
            first, last = max(place, self._at), min(place + len(data), self._at + len(buffer))
            if first < last:
                buffer[first - self._at : last - self._at] = data[first - place : last - place]
        return len(buffer)

    def raise_failure(self) -> None:
        """Raises what a write has failed with."""
        if self.failed is not None:
            raise self.failed

    # Threads, because reading, writing and checksums let go of the interpreter.

    def write_large(self, at: int, data: memoryview) -> None:
        """Writes a large block and notes its checksum."""
        self.flush()
        self.raise_failure()
        number = self._file.fileno()

        def work(first: int) -> int:
            piece, place = data[first : first + _BUFFER], self._start + at + first
            crc = zlib.crc32(piece)
            while piece:
                count = os.pwrite(number, piece, place)
                piece, place = piece[count:], place + count
            return crc

        self.large[at] = len(data), _in_threads(work, len(data))

    def read_large(self, at: int, data: memoryview) -> None:
        """Reads a large block; raises OSError where its checksum is not the one noted."""
        if self.read_block(at, data) != self.large[at][1]:
            raise OSError(f"damaged: wrong checksum of the {len(data)} bytes at {at}")

    def read_block(self, at: int, data: memoryview) -> int:
        """Reads a block and gives its checksum."""
        number = self._file.fileno()

        def work(first: int) -> int:
            piece, place = data[first : first + _BUFFER], self._start + at + first
            left = piece
            while left:
                count = os.preadv(number, [left], place)
                if not count:
                    raise OSError("the file ends early")
                left, place = left[count:], place + count
            return zlib.crc32(piece)

        return _in_threads(work, len(data))


def _in_threads(work: Callable[[int], int], length: int) -> int:
    """Runs ``work`` on pieces from all places up to ``length``; it gives their checksums, this that of the whole."""
    places = range(0, length, _BUFFER)
    crc = 0
    for place, own in zip(places, _threads().map(work, places), strict=True):
        crc = combined(crc, own, min(_BUFFER, length - place))
    return crc


def _threads() -> ThreadPoolExecutor:
    """The threads of this process: a fork has none of its parent's."""
    return _pool(os.getpid())


@functools.lru_cache(1)
def _pool(process: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(min(4, os.cpu_count() or 1), "jkeras-files")


# ------------------------------------------------- CRC-32 of a whole from those of its parts

_POLYNOMIAL, _ONE = 0xEDB88320, 1 << 31


def _product(a: int, b: int) -> int:
    """The product of two polynomials modulo that of CRC-32, the highest bit first."""
    result, bit = 0, _ONE
    while a:
        if a & bit:
            result ^= b
            a ^= bit
        bit >>= 1
        b = (b >> 1) ^ _POLYNOMIAL if b & 1 else b >> 1
    return result


@functools.lru_cache(64)
def _shift(length: int) -> int:
    """x to the power of 8 ``length``."""
    result, power, bits = _ONE, 1 << 30, 8 * length
    while bits:
        if bits & 1:
            result = _product(result, power)
        power = _product(power, power)
        bits >>= 1
    return result


def combined(first: int, second: int, length: int) -> int:
    """CRC-32 of two pieces in a row from theirs; ``length`` is that of the second.

    >>> combined(zlib.crc32(b"ab"), zlib.crc32(b"cde"), 3) == zlib.crc32(b"abcde")
    True
    """
    return _product(_shift(length), first) ^ second


def crc_of(file: Any, length: int, crc: int = 0, search: "HeapSearch | None" = None) -> int:
    """CRC-32 of the next ``length`` bytes of an open file, going on from ``crc``."""
    buffer = memoryview(bytearray(min(_BUFFER, max(length, 1))))
    if search is not None:
        search.begin(file.tell())
    while length > 0:
        count = file.readinto(buffer[: min(length, len(buffer))])
        if not count:
            raise OSError("the file ends early")
        crc = zlib.crc32(buffer[:count], crc)
        if search is not None:
            search.feed(buffer.obj, count)
        length -= count
    return crc


def crc_of_window(window: Window, length: int) -> int:
    """CRC-32 of a window from 0 to ``length``; large blocks are not read again."""
    crc, at = 0, 0
    for place in sorted(window.large):
        size, own = window.large[place]
        window.seek(at)
        crc = combined(crc_of(window, place - at, crc), own, size)
        at = place + size
    window.seek(at)
    return crc_of(window, length - at, crc)


# ------------------------------------------------- the seal of an HDF5 file

# HDF5 ends where its own header says, so what follows is nobody's. Ours: the place, length and CRC-32 of each large
# block, and the CRC-32 of all the rest. Whoever changes the file with HDF5 cuts this off, and only the checksums of
# the datasets remain.
_MAGIC = b"jkCRC32\n"
_ROW = struct.Struct("<QQI")
_END = struct.Struct("<8sQQI")
_END_BYTES = _END.size + 4


def seal(window: Window) -> None:
    """Appends the checksums of a finished HDF5 file."""
    window.raise_failure()
    length = window.seek(0, 2)
    rows = [(at, *window.large[at]) for at in sorted(window.large)]
    table = b"".join(_ROW.pack(*row) for row in rows)
    crc = zlib.crc32(table, _crc_of_rest(window, length, rows, None))
    end = _END.pack(_MAGIC, length, len(rows), crc)
    window.seek(length)
    window.write(table + end + struct.pack("<I", zlib.crc32(end)))
    window.flush()
    window.raise_failure()


def _crc_of_rest(file: Any, length: int, rows: list[tuple[int, int, int]], search: "HeapSearch | None") -> int:
    crc, at = 0, 0
    for place, size, _ in [*rows, (length, 0, 0)]:
        file.seek(at)
        crc = crc_of(file, place - at, crc, search)
        at = place + size
    return crc


def check(window: Window, length: int, path: str) -> bool:
    """Checks the seal of an HDF5 file and its heaps of strings; was it sealed? Raises FileError where it is damaged.

    Large blocks are compared when they are read, and searched for heaps by ``check_large``.
    """
    search = HeapSearch()
    rows = _rows(window, length, path, search)
    if rows is None:
        window.seek(0)
        end = _end_of_hdf5(window.read(96))
        if end is not None and end < length:
            raise FileError(f"{path}: damaged: {length - end} bytes after its end are no checksum.")
        window.seek(0)
        search.all(window, length)
    search.check(window, length, path)
    window.large = {place: (size, crc) for place, size, crc in rows or ()}
    window.searched = not rows
    return rows is not None


def _end_of_hdf5(head: bytes) -> int | None:
    """Where the header says that the file ends, or None where it does not tell."""
    place = {0: 24, 1: 28, 2: 12, 3: 12}.get(head[8] if len(head) == 96 else -1)
    if place is None or head[13 if head[8] < 2 else 9] != 8:
        return None
    base, _, end = struct.unpack_from("<QQQ", head, place)
    return None if base else end


def check_large(window: Window, path: str) -> None:
    """Searches the large blocks for heaps of strings: to be called before HDF5 reads a string of changing length."""
    if window.searched:
        return
    search = HeapSearch()
    for place, (size, _) in window.large.items():
        window.seek(place)
        search.all(window, size)
    search.check(window, window.seek(0, 2), path)
    window.searched = True


def _rows(window: Window, length: int, path: str, search: "HeapSearch") -> list[tuple[int, int, int]] | None:
    """The large blocks that a right seal lists, or None without a seal."""
    window.seek(max(length - _END_BYTES, 0))
    end = window.read(_END_BYTES)
    if len(end) < _END_BYTES or not end.startswith(_MAGIC):
        return None
    _, size, count, crc = _END.unpack(end[:-4])
    right = struct.unpack("<I", end[-4:])[0] == zlib.crc32(end[:-4])
    right = right and size + count * _ROW.size + _END_BYTES == length
    if right:
        window.seek(size)
        table = window.read(count * _ROW.size)
        rows = list(_ROW.iter_unpack(table))
        ends = [0, *(at + n for at, n, _ in rows)]
        right = all(e <= at for e, at in zip(ends, [*(r[0] for r in rows), size], strict=True))
        right = right and zlib.crc32(table, _crc_of_rest(window, size, rows, search)) == crc
    if not right:
        raise FileError(f"{path}: damaged: its checksum is wrong. Take a copy that is whole.")
    return rows


# ------------------------------------------------- heaps of strings

# HDF5 2.0 runs for ever on a heap of strings one of whose parts claims to be empty: such heaps are found first.
_HEAP, _HEAP_HEADER, _PART, _MIN_HEAP = b"GCOL\x01", struct.Struct("<5s3xQ"), struct.Struct("<HH4xQ"), 4096


class HeapSearch:
    """Collects the places in a file that look like the beginnings of heaps."""

    def __init__(self) -> None:
        self.found: set[int] = set()
        self._at, self._before = 0, b""

    def begin(self, place: int) -> None:
        """What is fed next stands here."""
        if place != self._at:
            self._at, self._before = place, b""

    def feed(self, data: bytearray, count: int) -> None:
        """Searches the next ``count`` bytes, and across the seam to those before."""
        seam = self._before + data[: min(len(_HEAP) - 1, count)]
        if (at := seam.find(_HEAP)) >= 0:
            self.found.add(self._at - len(self._before) + at)
        at = data.find(_HEAP, 0, count)
        while at >= 0:
            self.found.add(self._at + at)
            at = data.find(_HEAP, at + 1, count)
        self._at += count
        self._before = bytes(seam[-4:] if count < 4 else data[count - 4 : count])

    def all(self, file: Any, length: int) -> None:
        """Searches the next ``length`` bytes of an open file."""
        self.begin(file.tell())
        buffer = bytearray(min(_BUFFER, max(length, 1)))
        while length > 0:
            count = file.readinto(memoryview(buffer)[: min(length, len(buffer))])
            if not count:
                raise OSError("the file ends early")
            self.feed(buffer, count)
            length -= count

    def check(self, file: Any, length: int, path: str) -> None:
        """Raises FileError where a heap has a part that leads nowhere."""
        for start in sorted(self.found):
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

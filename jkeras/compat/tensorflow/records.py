"""TFRecord files: records with their lengths, each with a masked CRC-32C, as TensorFlow reads and writes them.

https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details
"""

import functools
import gzip
import os
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from .pipeline import Dataset
from .rows import one_of
from .tensor import unwrap
from .texts import bytes_of

KINDS = ("", "GZIP", "ZLIB")


class DataLossError(ValueError):
    """A file is damaged, or another kind of file."""


@functools.cache
def _table() -> np.ndarray:
    values = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        values = np.where(values & 1, values >> np.uint32(1) ^ np.uint32(0x82F63B78), values >> np.uint32(1))
    return values


@functools.lru_cache(64)
def _zeros(count: int) -> list[list[int]]:
    """What ``count`` bytes of 0 do to each byte of the register: four tables."""
    table, register = (
        _table(),
        (np.arange(256, dtype=np.uint32)[None] << np.uint32(8) * np.arange(4, dtype=np.uint32)[:, None]),
    )
    for _ in range(count):
        register = table[register & np.uint32(255)] ^ register >> np.uint32(8)
    return register.tolist()


def crc32c(data: bytes) -> int:
    """The CRC-32C (Castagnoli) of bytes; long ones in lanes side by side, which are joined.

    >>> hex(crc32c(b"123456789"))
    '0xe3069283'
    """
    table, register, rest = _table().tolist(), 0xFFFFFFFF, data
    if len(data) >= 4096:
        lanes = int(len(data) ** 0.5)
        length = len(data) // lanes
        columns = np.frombuffer(data, np.uint8, lanes * length).reshape(lanes, length).astype(np.uint32)
        found = np.zeros(lanes, np.uint32)
        for j in range(length):
            found = _table()[(found ^ columns[:, j]) & np.uint32(255)] ^ found >> np.uint32(8)
        a, b, c, d = _zeros(length)
        for one in found.tolist():
            register = a[register & 255] ^ b[register >> 8 & 255] ^ c[register >> 16 & 255] ^ d[register >> 24] ^ one
        rest = data[lanes * length :]
    for byte in rest:
        register = table[(register ^ byte) & 255] ^ register >> 8
    return register ^ 0xFFFFFFFF


def masked(data: bytes) -> int:
    """The CRC as it stands in files: turned by 15 bits, and a constant added."""
    crc = crc32c(data)
    return (crc >> 15 | crc << 17) + 0xA282EAD8 & 0xFFFFFFFF


def framed(record: bytes) -> bytes:
    """A record as it stands in a file."""
    length = struct.pack("<Q", len(record))
    return length + struct.pack("<I", masked(length)) + record + struct.pack("<I", masked(record))


class TFRecordOptions:
    """How a file of records is compressed.

    https://www.tensorflow.org/api_docs/python/tf/io/TFRecordOptions
    """

    def __init__(self, compression_type: Any = None, flush_mode: Any = None, input_buffer_size: Any = None,
                 output_buffer_size: Any = None, window_bits: Any = None, compression_level: Any = None,
                 compression_method: Any = None, mem_level: Any = None, compression_strategy: Any = None):  # fmt: skip
        others = dict(flush_mode=flush_mode, input_buffer_size=input_buffer_size, output_buffer_size=output_buffer_size,
                      window_bits=window_bits, compression_method=compression_method, mem_level=mem_level,
                      compression_strategy=compression_strategy)  # fmt: skip
        if any(v is not None for v in others.values()):
            given = [k for k, v in others.items() if v is not None]
            raise ValueError(
                f"TFRecordOptions: {', '.join(given)} not offered; compression_type and compression_level are."
            )
        self.compression_type = one_of("TFRecordOptions: compression_type", compression_type or "", KINDS)
        self.compression_level = -1 if compression_level is None else int(compression_level)


class TFRecordWriter:
    """Writes records into a file.

    https://www.tensorflow.org/api_docs/python/tf/io/TFRecordWriter
    """

    def __init__(self, path: Any, options: Any = None):
        options = options if isinstance(options, TFRecordOptions) else TFRecordOptions(options)
        self._file, self._zip = open(os.fspath(unwrap(path)), "wb"), None
        if options.compression_type:
            bits = 15 if options.compression_type == "ZLIB" else 31  # 31: with the head of gzip
            self._zip = zlib.compressobj(options.compression_level, zlib.DEFLATED, bits)

    def write(self, record: Any) -> None:
        """Adds a record of bytes."""
        found = unwrap(record)
        if not isinstance(found, (bytes, bytearray)):
            found = bytes_of(found).item()
        data = framed(bytes(found))
        self._file.write(data if self._zip is None else self._zip.compress(data))

    def flush(self) -> None:
        """Hands what was written to the file."""
        if self._zip is not None:
            self._file.write(self._zip.flush(zlib.Z_SYNC_FLUSH))
        self._file.flush()

    def close(self) -> None:
        """Ends the file."""
        if not self._file.closed:
            if self._zip is not None:
                self._file.write(self._zip.flush())
            self._file.close()

    def __enter__(self) -> "TFRecordWriter":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Inflated:
    """A file in zlib's format."""

    def __init__(self, path: str):
        self._file, self._zip, self._left = open(path, "rb"), zlib.decompressobj(), b""

    def read(self, count: int) -> bytes:
        while len(self._left) < count and (block := self._file.read(1 << 16)):
            self._left += self._zip.decompress(block)
        found, self._left = self._left[:count], self._left[count:]
        return found

    def __enter__(self) -> "_Inflated":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def records_of(path: str, kind: str = "") -> Iterator[bytes]:
    """The records of a file; DataLossError where it is damaged."""
    opened: Any = gzip.open if kind == "GZIP" else _Inflated if kind == "ZLIB" else lambda p: open(p, "rb")
    with opened(path) as file:
        place = 0
        while True:
            try:
                head = file.read(12)
                if not head:
                    return
                length = struct.unpack("<Q", head[:8])[0] if len(head) == 12 else -1
                if length < 0 or struct.unpack("<I", head[8:])[0] != masked(head[:8]):
                    raise DataLossError(f"{path}: no record at byte {place}. Is it a TFRecord file{_hint(kind)}?")
                record, tail = file.read(length), file.read(4)
            except (OSError, EOFError, zlib.error) as error:
                raise DataLossError(f"{path}: {error}. Is compression_type={kind!r} right?") from None
            if len(record) < length or len(tail) < 4 or struct.unpack("<I", tail)[0] != masked(record):
                raise DataLossError(f"{path}: the record at byte {place} is damaged.")
            yield record
            place += 16 + length


def _hint(kind: str) -> str:
    return "" if kind else ", or compressed (compression_type)"


def names_in(where: str, filenames: Any) -> Any:
    """File names as a function that gives them: one, several, or a data set of them."""
    if isinstance(filenames, Dataset):
        return lambda: (os.fsdecode(n) for e in filenames._start() for n in bytes_of(unwrap(e)).reshape(-1))
    found = unwrap(filenames)
    found = [os.fspath(f) if isinstance(f, os.PathLike) else unwrap(f) for f in found] if isinstance(
        found, (list, tuple)) else os.fspath(found) if isinstance(found, os.PathLike) else found  # fmt: skip
    names = [os.fsdecode(n) for n in bytes_of(found).reshape(-1)]
    if not names:
        raise ValueError(f"{where}: expected file names, received none.")
    return lambda: iter(names)


class FileDataset(Dataset):
    """A data set that is made of file names; its steps, which are made of what starts them, are data sets as all others."""

    def __new__(cls, filenames: Any = None, *args: Any, **kwargs: Any) -> Any:
        return Dataset(filenames, *args, **kwargs) if callable(filenames) else super().__new__(cls)


class TFRecordDataset(FileDataset):
    """The records of files, as bytes.

    https://www.tensorflow.org/api_docs/python/tf/data/TFRecordDataset
    """

    def __init__(self, filenames: Any, compression_type: Any = None, buffer_size: Any = None, num_parallel_reads: Any = None,
                 name: Any = None):  # fmt: skip
        kind = one_of("TFRecordDataset: compression_type", unwrap(compression_type) or "", KINDS)
        names = names_in("TFRecordDataset", filenames)
        super().__init__(lambda: (np.array(r, dtype=object) for name in names() for r in records_of(name, kind)))


class FixedLengthRecordDataset(FileDataset):
    """Runs of so many bytes of files.

    https://www.tensorflow.org/api_docs/python/tf/data/FixedLengthRecordDataset
    """

    def __init__(self, filenames: Any, record_bytes: Any = None, header_bytes: Any = None, footer_bytes: Any = None,
                 buffer_size: Any = None, compression_type: Any = None, num_parallel_reads: Any = None,
                 name: Any = None):  # fmt: skip
        kind = one_of("FixedLengthRecordDataset: compression_type", unwrap(compression_type) or "", KINDS)
        names = names_in("FixedLengthRecordDataset", filenames)
        size, head, foot = (0 if n is None else int(unwrap(n)) for n in (record_bytes, header_bytes, footer_bytes))

        def start() -> Iterator:
            for one in names():
                with open(one, "rb") as file:
                    data = file.read()
                data = {"GZIP": gzip.decompress, "ZLIB": zlib.decompress, "": bytes}[kind](data)
                data = data[head : len(data) - foot]
                if len(data) % size:
                    raise DataLossError(f"{one}: {len(data)} bytes are no whole number of records of {size}.")
                yield from (np.array(data[i : i + size], dtype=object) for i in range(0, len(data), size))

        super().__init__(start)


def tf_record_iterator(path: Any, options: Any = None) -> Iterator[bytes]:
    """The records of a file, as TensorFlow 1 has it."""
    kind = (options if isinstance(options, TFRecordOptions) else TFRecordOptions(options)).compression_type
    return records_of(os.fspath(path), kind)

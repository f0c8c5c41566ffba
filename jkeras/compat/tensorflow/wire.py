"""The wire format of protocol buffers: numbers of variable length, and fields with their numbers.

https://protobuf.dev/programming-guides/encoding
"""

import struct
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


def varint(n: int) -> bytes:
    """A whole number, seven bits a byte, the lowest first; negative ones as 64 bits.

    >>> varint(300).hex()
    'ac02'
    """
    n &= (1 << 64) - 1
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


def field(number: int, content: bytes) -> bytes:
    """A field of bytes, text or a message."""
    return varint(number << 3 | BYTES) + varint(len(content)) + content


def number(place: int, value: int) -> bytes:
    """A field of a whole number; 0 is left out."""
    return varint(place << 3 | VARINT) + varint(value) if value else b""


def double(place: int, value: float) -> bytes:
    """A field of a float of 64 bits; 0 is left out."""
    return varint(place << 3 | FIXED64) + struct.pack("<d", value) if value else b""


def single(place: int, value: float) -> bytes:
    """A field of a float of 32 bits; it is written also where it is 0."""
    return varint(place << 3 | FIXED32) + struct.pack("<f", value)


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    found = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise ValueError("A message of a protocol buffer ends in the middle of a number.")
        byte = data[at]
        found |= (byte & 127) << shift
        at += 1
        if byte < 128:
            return found & (1 << 64) - 1, at
        shift += 7


def fields(data: bytes) -> Iterator[tuple[int, int, Any]]:
    """``(number, kind, content)`` of each field; ValueError where the message is cut or no message.

    >>> list(fields(field(1, b"a") + number(2, 5)))
    [(1, 2, b'a'), (2, 0, 5)]
    """
    at, content = 0, None
    while at < len(data):
        key, at = _read_varint(data, at)
        kind, size = key & 7, {FIXED64: 8, FIXED32: 4}.get(key & 7)
        if kind == VARINT:
            content, at = _read_varint(data, at)
            yield key >> 3, kind, content
            continue
        if kind == BYTES:
            size, at = _read_varint(data, at)
        if size is None or at + size > len(data):
            raise ValueError("A message of a protocol buffer is cut off, or is none.")
        yield key >> 3, kind, data[at : at + size]
        at += size


def signed(n: int) -> int:
    """A number of 64 bits with its sign.

    >>> signed((1 << 64) - 1)
    -1
    """
    return n - (1 << 64) if n >> 63 else n


def packed(values: Iterable[int]) -> bytes:
    """Whole numbers one behind the other."""
    return b"".join(varint(int(v)) for v in values)


def numbers_of(kind: int, content: Any) -> list[int]:
    """The whole numbers of a repeated field, packed or not."""
    if kind == VARINT:
        return [signed(content)]
    if kind != BYTES:
        raise ValueError("A message of a protocol buffer has a field of another kind than expected.")
    found, at = [], 0
    while at < len(content):
        n, at = _read_varint(content, at)
        found.append(signed(n))
    return found


def floats_of(kind: int, content: Any, dtype: str = "<f4") -> list[float]:
    """The floats of a repeated field, packed or not."""
    if kind not in (BYTES, FIXED32, FIXED64) or len(content) % np.dtype(dtype).itemsize:
        raise ValueError("A message of a protocol buffer has a field of another kind than expected.")
    return np.frombuffer(content, dtype).tolist()

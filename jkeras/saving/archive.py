"""The one gate to zip files: members are listed and bounded before anything is read, and written without a second copy."""

import contextlib
import json
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any

from .checksums import Window, check, crc_of, crc_of_window
from .errors import FileError
from .hdf5 import damage_named

MAX_EXPANSION = 100  # bytes of a member per byte stored, beyond the floor: what Keras allows, too
_FLOOR = 1 << 24
_MAX_TEXT = 1 << 30


# ------------------------------------------------- writing

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_END = struct.Struct("<4s4H2LH")
_DATE, _UTF8, _VERSION, _BIG = (1 << 5) | 1, 0x800, 45, 0xFFFFFFFF  # 1 January 1980: equal models give equal files


def write(path: str, members: dict[str, bytes | Callable[[Any], None]]) -> None:
    """Writes a zip of uncompressed members; a function gets a Window of its own to write.

    The sizes of a member are known when it is written, so its header is filled in afterwards: HDF5 needs to seek,
    and a copy in memory would double what saving takes.
    """
    with open(path, "w+b") as f:
        entries = [_write_member(f, name, content) for name, content in members.items()]
        start = f.tell()
        for entry in entries:
            f.write(_central(*entry))
        size, count = f.tell() - start, len(entries)
        f.write(_END64.pack(b"PK\x06\x06", 44, _VERSION, _VERSION, 0, 0, count, count, size, start))
        f.write(_LOCATOR.pack(b"PK\x06\x07", 0, start + size, 1))
        f.write(_END.pack(b"PK\x05\x06", 0, 0, count, count, min(size, _BIG), min(start, _BIG), 0))


def _write_member(f: Any, name: str, content: Any) -> tuple[bytes, int, int, int]:
    encoded, offset = name.encode(), f.tell()
    f.write(_local(encoded, 0, 0))
    start = f.tell()
    if callable(content):
        window = Window(f, start)
        content(window)
        size = window.seek(0, 2)
        crc = crc_of_window(window, size)
    else:
        f.write(content)
        size, crc = len(content), zlib.crc32(content)
    f.seek(offset)
    f.write(_local(encoded, size, crc))
    f.seek(start + size)
    return encoded, offset, size, crc


def _local(name: bytes, size: int, crc: int) -> bytes:
    sizes = struct.pack("<2H2Q", 1, 16, size, size)
    header = _LOCAL.pack(b"PK\x03\x04", _VERSION, _UTF8, 0, 0, _DATE, crc, _BIG, _BIG, len(name), len(sizes))
    return header + name + sizes


def _central(name: bytes, offset: int, size: int, crc: int) -> bytes:
    sizes = struct.pack("<2H3Q", 1, 24, size, size, offset)
    rights = 0o100644 << 16
    header = _CENTRAL.pack(
        b"PK\x01\x02", (3 << 8) | _VERSION, _VERSION, _UTF8, 0, 0, _DATE, crc, _BIG, _BIG, len(name), len(sizes),
        0, 0, 0, rights, _BIG,
    )  # fmt: skip
    return header + name + sizes


# ------------------------------------------------- reading


@contextlib.contextmanager
def reading(path: str) -> Iterator["Archive"]:
    """A zip file whose list of members has been checked; whatever goes wrong inside is a FileError."""
    with damage_named(path), zipfile.ZipFile(path) as z:
        _check_members(z, path)
        yield Archive(z, path)


def _check_members(z: zipfile.ZipFile, path: str) -> None:
    infos = sorted(z.infolist(), key=lambda i: i.header_offset)
    if not infos:
        raise FileError(f"{path}: an empty archive; it is no .keras file.")
    if len({i.filename for i in infos}) != len(infos):
        raise FileError(f"{path}: two of its members have one name.")
    for info, after in zip(infos, [*(i.header_offset for i in infos[1:]), z.start_dir], strict=True):
        name, parts = info.filename, info.filename.replace("\\", "/").split("/")
        if name.startswith(("/", "\\")) or ".." in parts or ":" in parts[0] or "\0" in info.orig_filename:
            raise FileError(f"{path}: the member {name!r} lies outside the file; such files are not loaded.")
        if (info.external_attr >> 16) & 0o170000 == 0o120000:
            raise FileError(f"{path}: the member {name!r} is a link; such files are not loaded.")
        if info.flag_bits & 1:
            raise FileError(f"{path}: the member {name!r} is encrypted.")
        if info.header_offset + 30 + info.compress_size > after:
            raise FileError(f"{path}: the member {name!r} overlaps another one.")
        if info.file_size > _FLOOR + MAX_EXPANSION * info.compress_size:
            raise FileError(
                f"{path}: the member {name!r} claims {info.file_size:,} bytes and holds {info.compress_size:,}: far "
                "more than the file holds. Such files are not loaded."
            )


class Archive:
    """An open, checked zip file."""

    def __init__(self, z: zipfile.ZipFile, path: str):
        self.zip, self.path = z, path
        self.names = frozenset(z.namelist())

    def json(self, name: str) -> dict:
        """A member as plain data: those of our files are objects."""
        if name not in self.names:
            raise FileError(f"{self.path}: it has no {name}; it is no .keras file.")
        if self.zip.getinfo(name).file_size > _MAX_TEXT:
            raise FileError(f"{self.path}: its {name} is too long.")
        found = json.loads(self.zip.read(name))
        if not isinstance(found, dict):
            raise FileError(f"{self.path}: its {name} has to hold a JSON object, and holds a {type(found).__name__}.")
        return found

    @contextlib.contextmanager
    def hdf5(self, name: str) -> Iterator[Window]:
        """An HDF5 member as a file to seek in, its checksum checked; nothing is copied unless it is compressed."""
        if name not in self.names:
            raise FileError(f"{self.path}: it has no {name}.")
        info = self.zip.getinfo(name)
        with self.zip.open(info) as member, contextlib.ExitStack() as stack:  # checks the member's own header
            if info.compress_type == zipfile.ZIP_STORED:
                f = stack.enter_context(open(self.path, "rb"))
                f.seek(info.header_offset + 26)
                start = info.header_offset + 30 + sum(struct.unpack("<2H", f.read(4)))
                window = Window(f, start, info.file_size)
                sealed = check(window, info.file_size, self.path)
                window.seek(0)
                if info.compress_size != info.file_size or not (
                    sealed or crc_of(window, info.file_size) == info.CRC  # the seal holds the same and more
                ):
                    raise FileError(f"{self.path}: its {name} is damaged: the checksum is wrong.")
                yield window
                return
            f = stack.enter_context(tempfile.TemporaryFile())
            left = info.file_size
            while data := member.read(min(1 << 20, left + 1)):  # the end checks the checksum
                left -= len(data)
                if left < 0:
                    raise FileError(f"{self.path}: its {name} is longer than it says.")
                f.write(data)
            window = Window(f, 0, info.file_size)
            check(window, info.file_size, self.path)
            yield window

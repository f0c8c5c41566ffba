"""Extraction of archives that may come from anybody: nothing is written outside the folder, no link is ever made."""

import bz2
import gzip
import lzma
import os
import posixpath
import re
import shutil
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

FORMATS = ("tar", "zip")
Member = tuple[str, bool, bool, Callable[[], IO[bytes]] | None]  # name, is a folder, is executable, how to open it


def extract_archive(file_path, path=".", archive_format="auto"):
    """Extracts a tar (plain, gz, bz2, xz) or zip file into a folder, all of it or nothing.

    `archive_format` is "auto" (tar, then zip), "tar", "zip", a list of these, or None (extracts nothing).
    Returns True when the file is of one of the formats and was extracted, else False. Links inside an archive become
    copies of what they point to.

    Source: https://keras.io/api/utils/python_utils/#get_file-function.

    Raises ValueError for an unknown format, a damaged archive, and an archive with a member that would leave the folder
    or that is neither file, folder nor link to one of its files.

    >>> import pathlib, tempfile, zipfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> with zipfile.ZipFile(folder / "a.zip", "w") as archive:
    ...     archive.writestr("words/one.txt", "hello")
    >>> extract_archive(folder / "a.zip", folder / "out")
    True
    >>> (folder / "out" / "words" / "one.txt").read_text()
    'hello'
    """
    file_path, path = Path(file_path), Path(path)
    for kind in formats_of(archive_format):
        if kind == "tar" and tarfile.is_tarfile(file_path):
            opened, members = tarfile.open, tar_members
        elif kind == "zip" and zipfile.is_zipfile(file_path):
            opened, members = zipfile.ZipFile, zip_members
        else:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=".extracting-", dir=path.parent))
        try:
            try:
                with opened(file_path) as archive:
                    write_members(members(archive), scratch)
                    if kind == "tar":
                        while archive.fileobj.read(1 << 20):  # the checksum of what is compressed stands at its end
                            pass
            except (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError, RuntimeError, zlib.error) as error:
                raise ValueError(
                    f"Cannot extract {file_path}: {error}. The archive is damaged or holds what cannot be extracted; "
                    "fetch it again or extract it yourself."
                ) from error
            move_into(scratch, path)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        return True
    if formats_of(archive_format):
        check_compressed(file_path)
    return False


def check_compressed(file_path):
    """Raises ValueError for a compressed file that is damaged, and so was not recognised as an archive."""
    for start, module in ((b"\x1f\x8b", gzip), (b"BZh", bz2), (b"\xfd7zXZ", lzma)):
        with open(file_path, "rb") as file:
            if not file.read(6).startswith(start):
                continue
        try:
            with module.open(file_path) as file:
                while file.read(1 << 20):
                    pass
        except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
            raise ValueError(f"Cannot extract {file_path}: {error}. The archive is damaged; fetch it again.") from error


def formats_of(archive_format):
    """The formats to try, from what the user wrote."""
    if archive_format is None:
        return ()
    wanted = FORMATS if archive_format == "auto" else archive_format
    wanted = (wanted,) if isinstance(wanted, str) else tuple(wanted)
    for kind in wanted:
        if kind not in FORMATS:
            raise ValueError(f"archive_format must be 'auto', 'tar', 'zip', a list of them or None, not {kind!r}.")
    return wanted


def safe_name(name):
    """The member's name in plain form; raises where it would leave the folder."""
    plain = name.replace("\\", "/")
    if "\0" in plain or plain.startswith("/") or re.match(r"[A-Za-z]:", plain) or ".." in plain.split("/"):
        raise ValueError(
            f"The archive has a member whose path leaves its folder: {name!r}. Nothing was extracted; do not trust "
            "this archive."
        )
    return posixpath.normpath(plain)


def zip_members(archive: zipfile.ZipFile) -> Iterator[Member]:
    for info in archive.infolist():
        mode = info.external_attr >> 16
        # A link stored in a zip is written as a small file that holds the target's name: harmless.
        yield info.filename, info.is_dir(), bool(mode & stat.S_IXUSR), lambda info=info: archive.open(info)


def tar_members(archive: tarfile.TarFile) -> Iterator[Member]:
    infos = archive.getmembers()
    while archive.fileobj.read(1 << 20):  # to the end, where a compressed archive has its checksum
        pass
    by_name = {posixpath.normpath(info.name): info for info in infos}
    for info in infos:
        target = follow(info, by_name)
        if not (target.isfile() or target.isdir()) or (target.isdir() and target is not info):
            raise ValueError(f"The archive has a member that is no file, folder or link to a file: {info.name!r}.")
        yield info.name, info.isdir(), bool(target.mode & 0o100), lambda target=target: archive.extractfile(target)


def follow(info, by_name):
    """The member that a link stands for; links never reach the file system."""
    first, seen = info, set()
    while info.issym() or info.islnk():
        base = posixpath.dirname(info.name) if info.issym() else ""
        name = posixpath.normpath(posixpath.join(base, info.linkname))
        if info.name in seen or name not in by_name:
            raise ValueError(
                f"The archive has a link that leaves it or leads nowhere: {first.name!r} -> {first.linkname!r}. "
                "Nothing was extracted; do not trust this archive."
            )
        seen.add(info.name)
        info = by_name[name]
    return info


def write_members(members, folder):
    """Writes into a fresh folder, so that nothing which lies there already can redirect a path."""
    for name, is_folder, executable, opened in members:
        target = folder / safe_name(name)
        if is_folder:
            target.mkdir(parents=True, exist_ok=True)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        with opened() as source, open(target, "wb") as sink:
            shutil.copyfileobj(source, sink)
        if executable:
            target.chmod(target.stat().st_mode | 0o111)


def move_into(source, target):
    """Moves what `source` holds into `target`, which may exist; a link in the way is not followed."""
    if not target.exists():
        os.chmod(source, 0o777 & ~current_umask())
        os.replace(source, target)
        return
    base = os.path.realpath(target, strict=True)
    for path in sorted(source.rglob("*")):
        place = target / path.relative_to(source)
        parent = os.path.realpath(place.parent, strict=True)
        if os.path.commonpath([base, parent]) != base:
            raise ValueError(f"{place.parent} is a link that leaves {target}. Remove it, or extract elsewhere.")
        if path.is_dir():
            if not place.is_dir():
                place.mkdir()
        else:
            os.replace(path, place)


def current_umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask

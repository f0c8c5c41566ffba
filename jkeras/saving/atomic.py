"""Files that are whole or not there: written beside the target, flushed to disk, then renamed."""

import contextlib
import os
import secrets
import stat
from collections.abc import Iterator
from typing import Any


class FileError(ValueError, OSError):
    """A file that cannot be loaded: missing, damaged, hostile or not fitting; the message names it."""


def refuse(path: Any, why: str) -> FileError:
    """The error for a file."""
    return FileError(f"Cannot load {str(path)!r}: {why}")


def checked_path(path: Any) -> str:
    """The path of a file to read; raises FileError if there is no plain file."""
    path = os.fspath(path)
    if not os.path.exists(path):
        raise refuse(path, "there is no such file.")
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise refuse(path, "it is no plain file.")
    return path


@contextlib.contextmanager
def replacing(path: Any) -> Iterator[str]:
    """The name of a temporary file that takes the place of ``path`` at the end, or is removed on any exception."""
    path = os.fspath(path)
    folder = os.path.dirname(os.path.abspath(path))
    os.makedirs(folder, exist_ok=True)
    temporary = os.path.join(folder, f".{os.path.basename(path)}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        yield temporary
        _sync(temporary)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    _sync(folder)


def _sync(path: str) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def may_write(path: Any, overwrite: bool) -> bool:
    """Is the target free, or may it be replaced? Asks where ``overwrite`` is False."""
    if overwrite or not os.path.exists(path):
        return True
    answer = input(f"{str(path)!r} exists already. Overwrite it? [y/n] ")
    return answer.strip().lower().startswith("y")

"""Files that are whole or not there: written beside the target, flushed to disk, then renamed."""

import contextlib
import os
import re
import secrets
import shutil
import tempfile
import time
import zlib
from collections.abc import Iterator
from typing import Any

from ..core import placement
from ..train.callbacks.state_file import make_room

_LONG = 200  # bytes of a name: systems allow 255, and the temporary one is longer
_LEFT_OVER = 600  # seconds without a write: another machine may write here, whose processes are not seen


@contextlib.contextmanager
def replacing(path: Any) -> Iterator[str]:
    """The name of a temporary file that takes the place of ``path`` at the end, or is removed on any exception."""
    path = os.path.realpath(path)  # a link stays, the file that it leads to is replaced
    if not placement.is_main():  # of several processes one writes; all of them gather what is written
        with tempfile.TemporaryDirectory() as scratch:
            yield os.path.join(scratch, os.path.basename(path))
        return
    folder = os.path.dirname(os.path.abspath(path))
    os.makedirs(folder, exist_ok=True)
    name = os.path.basename(path)
    if len(os.fsencode(name)) > _LONG:
        name = f"{zlib.crc32(os.fsencode(name)):08x}"
    temporary = os.path.join(folder, f".{name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    _remove_left_over(folder, name)
    make_room(path)
    try:
        yield temporary
        if os.path.exists(path):
            shutil.copymode(path, temporary)
        _sync(temporary)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    _sync(folder)


def _remove_left_over(folder: str, name: str) -> None:
    """Removes what processes that were killed have left of the same file; not what others may be writing now."""
    pattern = re.compile(rf"\.{re.escape(name)}\.(\d+)-[0-9a-f]{{8}}\.tmp")
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            found = pattern.fullmatch(entry.name)
            if found and time.time() - entry.stat().st_mtime > _LEFT_OVER and not _is_running(int(found[1])):
                os.unlink(entry.path)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _sync(path: str) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

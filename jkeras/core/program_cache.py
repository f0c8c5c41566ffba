"""Compiled programs are kept between runs, in a folder of the user's own: the second run of a script compiles nothing.

JAX writes its cache in place. So that no process reads what another is still writing, each works in a folder of its own,
filled with links to the shared programs; what it has compiled is linked into the shared folder, whole, when it ends.
"""

import atexit
import contextlib
import hashlib
import os
import platform
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any, cast

SWITCH = "JKERAS_COMPILATION_CACHE"  # "0": none; a path: this folder
LIMIT = "JKERAS_COMPILATION_CACHE_BYTES"
DEFAULT_LIMIT = 2**30
OWN = "process-"  # what the folders of running processes are named


def start() -> Path | None:
    """Lets JAX keep its programs; gives the folder of this process, or None where there is no cache.

    A cache that the user has given to JAX stays as it is. Raises ValueError where the environment's limit is no number.
    """
    import jax

    limit = os.environ.get(LIMIT) or str(DEFAULT_LIMIT)
    if not limit.isdecimal():
        raise ValueError(f"{LIMIT}: expected a number of bytes, received {limit!r}.")

    wanted, config = os.environ.get(SWITCH, ""), cast(Any, jax.config)
    if wanted == "0" or config.jax_compilation_cache_dir or not config.jax_enable_compilation_cache:
        return None
    try:
        shared = (Path(wanted) if wanted else user_folder()) / _machine(jax)
        shared.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not _is_private(shared):
            return None  # a program in it would run as code
        _remove_abandoned(shared)
        own = Path(tempfile.mkdtemp(prefix=OWN, dir=shared))
        lock = _lock(own / "lock")
        for entry in _programs(shared):
            with contextlib.suppress(FileNotFoundError):  # dropped by another process just now
                os.link(entry.path, own / entry.name)
    except OSError:
        return None
    config.update("jax_compilation_cache_dir", str(own))
    # XLA's own caches would make the folder's name part of a program's
    config.update("jax_persistent_cache_enable_xla_caches", "none")
    config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    atexit.register(_finish, shared, own, lock, os.getpid(), int(limit))
    return own


def user_folder() -> Path:
    """Where this user's programs are kept.

    >>> user_folder().name
    'programs'
    """
    named = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    usual = Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache")
    return (Path(named) if named else usual) / "jkeras" / "programs"


def _machine(jax: Any) -> str:
    """Programs are those of one jax and one kind of processor: a home folder may be shared by several."""
    processor = platform.machine() + platform.processor()
    with contextlib.suppress(OSError), open("/proc/cpuinfo", encoding="utf-8", errors="replace") as lines:
        processor += "".join(sorted({line for line in lines if line.startswith(("model name", "flags", "Features"))}))
    return f"jax-{jax.__version__}-{hashlib.sha256(processor.encode()).hexdigest()[:12]}"


def _is_private(folder: Path) -> bool:
    if not hasattr(os, "getuid"):
        return True
    status = folder.stat()
    return status.st_uid == os.getuid() and not status.st_mode & 0o022


def _programs(folder: Path) -> list[os.DirEntry]:
    with os.scandir(folder) as entries:
        return [entry for entry in entries if entry.name.endswith("-cache")]


def _lock(path: Path) -> int | None:
    """A lock that lives as long as this process, which no other can take meanwhile; None if another holds it."""
    handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        try:
            import fcntl
        except ImportError:  # Windows
            import msvcrt

            cast(Any, msvcrt).locking(handle, cast(Any, msvcrt).LK_NBLCK, 1)
        else:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle


def _remove_abandoned(shared: Path) -> None:
    """Drops the folders of processes that were killed."""
    for folder in shared.glob(OWN + "*"):
        with contextlib.suppress(OSError):
            if not (folder / "lock").exists():
                continue  # just being made
            lock = _lock(folder / "lock")
            if lock is not None:
                os.close(lock)
                shutil.rmtree(folder, ignore_errors=True)


def _finish(shared: Path, own: Path, lock: int | None, process: int, limit: int) -> None:
    """Hands over what this process has compiled."""
    if os.getpid() != process:
        return  # a child that was forked
    with contextlib.suppress(OSError):
        for entry in _programs(own):
            with contextlib.suppress(FileExistsError):
                os.link(entry.path, shared / entry.name)
        _prune(shared, limit)
    shutil.rmtree(own, ignore_errors=True)
    if lock is not None:
        os.close(lock)


def _prune(shared: Path, limit: int) -> None:
    """Drops the programs not used for longest, until the rest fits."""
    found = sorted((max(s.st_atime, s.st_mtime), s.st_size, e.path) for e in _programs(shared) for s in [e.stat()])
    total = sum(size for _, size, _ in found)
    for _, size, path in found:
        if total <= limit:
            break
        os.unlink(path)
        total -= size

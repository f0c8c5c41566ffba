"""Files: downloads with a hash, kept in the Keras cache folder."""

import hashlib
import os
import re
import tempfile
import urllib.error
import urllib.parse
import urllib.request
import warnings
from pathlib import Path

from jkeras.utils.archive import current_umask, extract_archive

TIMEOUT = 60  # seconds without a byte
HASHES = {32: "md5", 64: "sha256"}  # by length of the hexadecimal digest


def keras_home():
    """The folder of caches and settings: the environment variable KERAS_HOME, else ``~/.keras``."""
    return Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser()


def get_file(
    fname=None,
    origin=None,
    untar=False,
    md5_hash=None,
    file_hash=None,
    cache_subdir="datasets",
    hash_algorithm="auto",
    extract=False,
    archive_format="auto",
    cache_dir=None,
    force_download=False,
):
    """Path of a file from a URL, downloaded once into ``<cache_dir>/<cache_subdir>``; of its folder with `extract`.

    `cache_dir` is the environment variable KERAS_HOME or ``~/.keras`` unless given. `fname` may also be an absolute
    path. `file_hash` is the md5 or sha256 of the file in hexadecimal. With `extract` (or `untar`) the archive is kept
    beside the folder that is returned. A download appears under its name only when it is complete and its hash is
    right.

    A file that is in the cache with another hash is left alone and is an error; with JKERAS_SKIP_HASH=1 in the
    environment it is used as it is (an own or a reduced copy of a data set).

    Source: https://keras.io/api/utils/python_utils/#get_file-function.

    Raises ValueError for missing or contradictory arguments, for a hash that differs and for an archive that cannot be
    extracted safely; OSError where the download fails.

    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "data.txt").write_text("1 2 3")
    >>> path = get_file("numbers.txt", (folder / "data.txt").as_uri(), cache_dir=folder)
    Downloading data from file:///...data.txt
    >>> pathlib.Path(path).read_text()
    '1 2 3'
    """
    if origin is None:
        raise ValueError("get_file needs `origin`, the URL of the file to download.")
    if md5_hash is not None:
        if file_hash is None:
            file_hash, hash_algorithm = md5_hash, "md5"
    fname = os.fspath(fname) if fname else ""
    name = fname or os.path.basename(urllib.parse.urlsplit(origin).path)
    if not name:
        raise ValueError(f"The URL {origin!r} does not end in a file name. Pass fname=... to get_file.")
    folder = cache_folder(cache_dir, cache_subdir, name)
    target, extracted = folder / name, None
    if extract or untar:
        target, extracted = archive_paths(folder, name, named=bool(fname))
    if not os.path.isabs(name) and not target.resolve().is_relative_to(folder.resolve()):
        raise ValueError(f"fname={fname!r} leaves the cache folder {folder}. Pass a plain name, or an absolute path.")

    fetched = False
    if force_download or not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        download(origin, target, file_hash, hash_algorithm)
        fetched = True
    elif file_hash is not None and not skip_hash():
        check_cached(target, file_hash, hash_algorithm)
    if extracted is None:
        return str(target)
    # Extraction is all or nothing, so a folder that is newer than its archive is complete.
    if fetched or not extracted.exists() or extracted.stat().st_mtime < target.stat().st_mtime:
        if not extract_archive(target, extracted, "tar" if untar else archive_format):
            warnings.warn(f"Could not extract {target}: it is no archive of the format asked for.", stacklevel=2)
    return str(extracted)


def cache_folder(cache_dir, cache_subdir, name):
    """The cache folder; where it cannot be written and does not hold the file already, one in the temporary folder."""
    base = keras_home() if cache_dir is None else Path(cache_dir).expanduser()
    folder = base / cache_subdir
    if os.path.isabs(name) or (folder / name).exists():
        return folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        writable = os.access(folder, os.W_OK)
    except OSError:
        writable = False
    if writable:
        return folder
    other = Path(tempfile.gettempdir()) / ".keras" / cache_subdir
    other.mkdir(parents=True, exist_ok=True)
    warnings.warn(f"The cache folder {folder} cannot be written; using {other}.", stacklevel=3)
    return other


def archive_paths(folder, name, named):
    """Where the archive and its content go: as Keras 3 lays them out, so that both share one cache."""
    if named and "." in os.path.basename(name):
        head, tail = os.path.split(name)
        return folder / name, folder / head / f"{tail[: tail.find('.')]}_extracted"
    return folder / f"{name}_archive", folder / name


def skip_hash():
    return os.environ.get("JKERAS_SKIP_HASH", "") not in ("", "0")


def check_cached(path, file_hash, algorithm):
    if not validate_file(path, file_hash, algorithm):
        raise ValueError(
            f"{path} exists, but its hash is not the expected {file_hash}. If the file is an own or a reduced copy, "
            "set JKERAS_SKIP_HASH=1 to use it; otherwise delete it, or pass force_download=True, to download it again."
        )


def download(origin, target, file_hash=None, hash_algorithm="auto"):
    """Fetches a URL into `target`, which appears complete or not at all."""
    print(f"Downloading data from {origin}", flush=True)
    handle, part = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as sink:
            receive(origin, sink, target)
        if file_hash is not None and not validate_file(part, file_hash, hash_algorithm):
            raise ValueError(
                f"The file from {origin} is incomplete or not the one expected: its hash is not {file_hash}. "
                "Nothing was kept. Try again, or check where it comes from."
            )
        os.chmod(part, 0o666 & ~current_umask())
        os.replace(part, target)
    finally:
        if os.path.exists(part):
            os.unlink(part)


def receive(origin, sink, target):
    if urllib.parse.urlsplit(origin).scheme not in ("http", "https", "ftp", "file"):
        raise ValueError(f"origin must be an http, https, ftp or file URL, received {origin!r}.")
    try:
        with urllib.request.urlopen(origin, timeout=TIMEOUT) as source:
            expected = source.headers.get("Content-Length")
            copied = 0
            while chunk := source.read(1 << 16):
                sink.write(chunk)
                copied += len(chunk)
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        reason = f"{error.code} -- {error.msg}" if isinstance(error, urllib.error.HTTPError) else error
        raise OSError(
            f"URL fetch failure on {origin}: {reason}. Without a network, put the file there yourself: {target}"
        ) from None  # the reason is said; a traceback through urllib says no more
    if expected is not None and copied != int(expected):
        raise OSError(f"URL fetch failure on {origin}: {copied} of {expected} bytes came. Try again.")


def hash_file(fpath, algorithm="sha256", chunk_size=65535):
    """Hash of a file in hexadecimal; `algorithm` is "sha256", "md5", "auto" (sha256) or a `hashlib` object.

    Source: https://keras.io/api/utils/python_utils/#get_file-function.

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile() as file:
    ...     hash_file(file.name, "md5")
    'd41d8cd98f00b204e9800998ecf8427e'
    """
    hasher = new_hasher(algorithm) if isinstance(algorithm, str) else algorithm
    with open(fpath, "rb") as source:
        while chunk := source.read(chunk_size):
            hasher.update(chunk)
    return hasher.hexdigest()


def new_hasher(algorithm, file_hash=None):
    name = algorithm
    if algorithm == "auto":
        name = "sha256" if file_hash is None else HASHES.get(len(file_hash))
        if name is None or not re.fullmatch(r"[0-9a-fA-F]+", file_hash or "0"):
            raise ValueError(
                f"file_hash must be an md5 (32) or a sha256 (64 hexadecimal digits), received {file_hash!r}."
            )
    if name not in HASHES.values():
        raise ValueError(f"hash_algorithm must be 'auto', 'md5' or 'sha256', received {algorithm!r}.")
    return hashlib.new(name, usedforsecurity=name != "md5")


def validate_file(fpath, file_hash, algorithm="auto", chunk_size=65535):
    """Whether the file's md5 or sha256 is `file_hash`; "auto" tells which of them from its length.

    Source: https://keras.io/api/utils/python_utils/#get_file-function.

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile() as file:
    ...     validate_file(file.name, "d41d8cd98f00b204e9800998ecf8427e")
    True
    """
    hasher = new_hasher(algorithm, str(file_hash))
    return hash_file(fpath, hasher, chunk_size) == str(file_hash).lower()

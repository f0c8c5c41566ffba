"""What layers keep in files of their own inside a .keras file: vocabularies."""

import os
import tempfile
from typing import Any

from . import store
from .errors import FileError


def members(model: Any) -> dict[str, bytes]:
    """The files that the layers of a model write, by their names in the archive."""
    found = {}
    for place, one in store.parts(model):
        if not hasattr(one, "save_assets"):
            continue
        with tempfile.TemporaryDirectory() as folder:
            one.save_assets(folder)
            for name in sorted(os.listdir(folder)):
                with open(os.path.join(folder, name), "rb") as f:
                    found[f"assets/{place}/{name}"] = f.read()
    return found


def read(archive: Any, model: Any) -> None:
    """Gives the layers of a model their files."""
    for place, one in store.parts(model):
        prefix = f"assets/{place}/"
        names = [n for n in archive.names if n.startswith(prefix) and "/" not in n[len(prefix) :]]
        if not names or not hasattr(one, "load_assets"):
            continue
        with tempfile.TemporaryDirectory() as folder:
            for name in names:
                short = name[len(prefix) :]
                if short in ("", ".", "..") or os.sep in short or "\\" in short:
                    raise FileError(f"{archive.path}: the member {name!r} has no name for a file.")
                with open(os.path.join(folder, short), "wb") as f:
                    f.write(archive.zip.read(name))
            one.load_assets(folder)

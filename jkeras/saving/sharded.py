"""Weights of large models in several HDF5 files with a JSON index, as Keras 3 shards them."""

import contextlib
import json
import os
import secrets
from typing import Any

from ..core import placement
from ..train.callbacks.state_file import make_room
from . import hdf5, store
from .atomic import replacing
from .errors import FileError

ENDING = ".weights.json"
_SHARD = ".weights.h5"
_MAX_INDEX = 1 << 26


def write(path: str, model: Any, max_shard_size: float) -> None:
    """Writes shards of at most ``max_shard_size`` GB, then the index that names them.

    Shards of different writes have different names, so until the index is replaced the old files are whole. Keras 3
    opens the shard 00000 whatever the index says: this name is a second one of the first shard.
    """
    limit = float(max_shard_size) * 1024**3
    folder, base = os.path.split(path[: -len(ENDING)])
    mark, made, places, total = secrets.token_hex(4), [], {}, 0
    before = _shards_of(path)
    for name in before:
        make_room(os.path.join(folder, name))
    try:
        for number, content in enumerate(_divided(model, limit)):
            name = f"{base}_{number:05}-{mark}{_SHARD}"
            made.append(name)
            with replacing(os.path.join(folder, name)) as temporary, hdf5.writing(temporary) as h5:
                for place, title, key, value, size in content:
                    at = h5.require_group(place)
                    at.attrs["name"] = title
                    hdf5.put(at, key, value)
                    names = places.setdefault(f"/{place}", [])
                    total += size
                    if name not in names:
                        names.append(name)
        named = {place: names[0] if len(names) == 1 else names for place, names in places.items()}
        index = {"metadata": {"total_size": total}, "weight_map": named}
        with replacing(path) as temporary, open(temporary, "w") as f:
            json.dump(index, f, indent=4)
    except BaseException:
        done = set(made) == set(_shards_of(path))  # the index was replaced, and what failed came after that
        _remove(folder, [name for name in before if name.startswith(f"{base}_")] if done else made)
        raise
    if not placement.is_main():  # of several processes one writes
        return
    try:
        if made:
            _give_second_name(os.path.join(folder, made[0]), os.path.join(folder, f"{base}_00000{_SHARD}"))
    finally:
        _remove(folder, [name for name in before if name not in made and name.startswith(f"{base}_")])


def _divided(model: Any, limit: float) -> Any:
    """Lists of (place, name, key, array, bytes): each fits into one shard."""
    content: list[tuple] = []
    filled = 0
    for place, title, values in store.contents(model):
        for key, value in values.items():
            size = value.size * value.array_dtype.itemsize if hasattr(value, "materialize") else value.nbytes
            if size > limit:
                raise ValueError(
                    f"save_weights: {title!r} has a weight of {size / 1024**3:.3g} GB, more than max_shard_size="
                    f"{limit / 1024**3:.3g}. Give a larger max_shard_size."
                )
            if filled + size > limit and content:
                yield content
                content, filled = [], 0
            content.append((place, title, key, value, size))
            filled += size
    yield content


def _give_second_name(path: str, second: str) -> None:
    with replacing(second) as temporary:
        try:
            os.link(path, temporary)
        except OSError:  # file systems without links: what is in it does not matter, readers follow the index
            with hdf5.writing(temporary):
                pass


def _remove(folder: str, names: list[str]) -> None:
    for name in names:
        with contextlib.suppress(OSError):
            os.unlink(os.path.join(folder, name))


def _shards_of(path: str) -> list[str]:
    """The shards that the index at a path names; none where there is no index or it is damaged."""
    try:
        return sorted({name for names in _index(path).values() for name in names})
    except FileNotFoundError:
        return []
    except FileError as error:
        if isinstance(error.__cause__, OSError):  # it may be whole
            raise error.__cause__ from None
        return []


def _index(path: str) -> dict[str, list[str]]:
    """Place -> names of the shards that hold it; raises FileError for names that are not in the index's own folder."""
    with hdf5.damage_named(path):
        if os.path.getsize(path) > _MAX_INDEX:
            raise FileError(f"{path}: too long for an index of shards.")
        with open(path, encoding="utf-8") as f:
            index = json.load(f)
        found = {}
        if not isinstance(index, dict) or not isinstance(index.get("weight_map"), dict):
            raise FileError(f"{path}: it is no index of shards: it has no 'weight_map'.")
        for place, names in index["weight_map"].items():
            names = names if isinstance(names, list) else [names]
            for name in names:
                if not isinstance(name, str) or os.path.basename(name) != name or "\\" in name or "\0" in name:
                    raise FileError(f"{path}: the shard {name!r} lies elsewhere; such files are not loaded.")
                if not name.endswith(_SHARD):
                    raise FileError(f"{path}: {name!r} is no name of a shard; it must end in {_SHARD}.")
            found[place] = names
        return found


class _Together:
    """The groups of several open HDF5 files as one."""

    def __init__(self, files: dict[str, Any], index: dict[str, list[str]], path: str):
        self._files, self._index, self._path = files, index, path

    def get(self, place: str) -> dict[str, Any] | None:
        """The arrays at a place, from all shards that hold some; None if there are none."""
        found: dict[str, Any] = {}
        for name in self._index.get(f"/{place}", ()):
            at = self._files[name].get(place)
            if at is None:
                raise FileError(f"{self._path}: its shard {name} has no {place}. Are the shards those of this index?")
            for key in at:
                if key in found:
                    raise FileError(f"{self._path}: {place}/{key} is in two shards.")
                found[key] = at[key]
        return found or None


def read(path: str, model: Any, skip_mismatch: bool = False) -> None:
    """Reads the weights of an index and its shards; raises FileError, and changes nothing, where they do not fit."""
    index = _index(path)
    folder = os.path.dirname(path)
    with contextlib.ExitStack() as stack:
        files = {}
        for name in sorted({name for names in index.values() for name in names}):
            shard = os.path.join(folder, name)
            if os.path.islink(shard) and not os.path.islink(path):  # a cache of links has links alone
                raise FileError(f"{path}: its shard {name} is a link; such files are not loaded.")
            if not os.path.isfile(shard):
                raise FileError(f"{path}: its shard {name} is missing. Keep all shards in the folder of the index.")
            files[name] = stack.enter_context(hdf5.reading(shard, shard))
        store.read(_Together(files, index, path), model, path, skip_mismatch)

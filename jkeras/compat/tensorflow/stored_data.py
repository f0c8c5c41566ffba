"""What data sets keep in files, and draw: ``save``, ``load``, ``snapshot``, ``cache(file)``, ``rejection_resample``.

A folder has ``structure.json`` and ``elements.tfrecord``, whose records are tensors in TensorFlow's bytes; it appears whole or not
at all. Nothing in it is ever run. Data sets that TensorFlow itself saved are another format.
"""

import itertools
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ...utils import dataset
from .elements import called, is_composite
from .pipeline import INFINITE_CARDINALITY
from .records import KINDS, TFRecordWriter, records_of
from .rows import one_of, only
from .tensor import unwrap

logger = logging.getLogger("jkeras")
_ELEMENTS, _STRUCTURE = "elements.tfrecord", "structure.json"


def _described(element: Any) -> Any:
    """The structure of an element as JSON."""
    if isinstance(element, dict):
        return {"dict": {k: _described(v) for k, v in element.items()}}
    if isinstance(element, tuple):
        return {"tuple": [_described(v) for v in element]}
    if hasattr(element, "row_splits"):
        return {"ragged": element.ragged_rank}
    return "sparse" if hasattr(element, "dense_shape") else "dense"


def _parts(leaf: Any) -> list:
    """The arrays of a leaf."""
    if hasattr(leaf, "row_splits"):
        return [leaf.flat_values, *leaf.nested_row_splits]
    return [leaf.indices, leaf.values, leaf.dense_shape] if is_composite(leaf) else [np.asarray(leaf)]


def _packed(element: Any) -> bytes:
    from . import wire
    from .parsing import serialize_tensor

    arrays = [a for leaf in dataset.leaves_of(element) for a in _parts(leaf)]
    return b"".join(wire.field(1, unwrap(serialize_tensor(a)).item()) for a in arrays)


def _unpacked(record: bytes, structure: Any) -> Any:
    from . import wire
    from .parsing import parsed_tensor

    left = iter([parsed_tensor(content) for _, _, content in wire.fields(record)])

    def built(what: Any) -> Any:
        if what == "dense":
            return next(left)
        if what == "sparse":
            from .sparse_tensor import SparseTensor

            return SparseTensor(next(left), next(left), next(left).tolist())
        if "ragged" in what:
            from .ragged_tensor import RaggedTensor

            return RaggedTensor.from_nested_row_splits(next(left), [next(left) for _ in range(int(what["ragged"]))])
        if "dict" in what:
            return {k: built(v) for k, v in what["dict"].items()}
        return tuple(map(built, what["tuple"]))

    return built(structure)


def _compression(where: str, compression: Any) -> str:
    return one_of(f"{where}: compression", compression or "", (*KINDS, "AUTO", "SNAPPY", "NONE"))


def _kind(compression: str) -> str:
    return "" if compression in ("AUTO", "SNAPPY", "NONE") else compression


class _Folder:
    """A folder in the making."""

    def __init__(self, path: Any, compression: str):
        self.path = os.fspath(unwrap(path))
        parent = os.path.dirname(os.path.abspath(self.path))
        os.makedirs(parent, exist_ok=True)
        self.made = tempfile.mkdtemp(prefix=f".{os.path.basename(self.path)}.", dir=parent)
        self._writer = TFRecordWriter(os.path.join(self.made, _ELEMENTS), compression)
        self.structure, self.count, self.compression = None, 0, compression

    def add(self, element: Any) -> None:
        """Writes an element."""
        own = _described(element)
        if self.count and own != self.structure:
            raise ValueError(f"{self.path}: the elements have several structures, {self.structure} and {own}.")
        self.structure = own
        self._writer.write(_packed(element))
        self.count += 1

    def finish(self) -> None:
        """Puts the folder in its place."""
        self._writer.close()
        facts = {"structure": self.structure, "count": self.count, "compression": self.compression}
        with open(os.path.join(self.made, _STRUCTURE), "w", encoding="utf-8") as file:
            json.dump(facts, file)
        if os.path.isdir(self.path) and (
            os.path.exists(os.path.join(self.path, _STRUCTURE)) or not os.listdir(self.path)
        ):
            shutil.rmtree(self.path)
        os.replace(self.made, self.path)

    def drop(self) -> None:
        """Removes what was made."""
        self._writer.close()
        shutil.rmtree(self.made, ignore_errors=True)


def save(data: Any, path: Any, compression: Any, shard_func: Any, checkpoint_args: Any) -> None:
    """Writes all elements into a folder."""
    for label, given in (("shard_func", shard_func), ("checkpoint_args", checkpoint_args)):
        only(f"Dataset.save: {label}", given, None, "elements are kept in one file.")
    folder = _Folder(path, _kind(_compression("Dataset.save", compression)))
    try:
        for element in data._start():
            folder.add(element)
        folder.finish()
    except BaseException:
        folder.drop()
        raise


def _read(path: str) -> tuple[dict, str]:
    facts = os.path.join(path, _STRUCTURE)
    if not os.path.exists(facts):
        raise FileNotFoundError(
            f"{path}: no data set that Dataset.save wrote here; TensorFlow's own folders are another format."
        )
    with open(facts, encoding="utf-8") as file:
        return json.load(file), os.path.join(path, _ELEMENTS)


def load(cls: Any, path: Any, element_spec: Any, compression: Any, reader_func: Any, wait: bool) -> Any:
    """The elements of a folder."""
    only("Dataset.load: reader_func", reader_func, None, "elements are read in their order.")
    only("Dataset.load: wait", bool(wait), False, "load it when it is there.")
    facts, file = _read(os.fspath(unwrap(path)))
    asked = _kind(_compression("Dataset.load", compression))
    if compression is not None and asked != facts["compression"]:
        raise ValueError(
            f"Dataset.load: {path} was written with compression {facts['compression']!r}, asked for was {asked!r}."
        )
    if element_spec is not None:
        own = len(dataset.leaves_of(element_spec))
        kept_leaves = len(dataset.leaves_of(dataset.map_leaves(lambda x: x, _leaves_like(facts["structure"]))))
        if own != kept_leaves:
            raise ValueError(f"Dataset.load: element_spec has {own} parts, the elements of {path} have {kept_leaves}.")
    return cls(
        lambda: (_unpacked(r, facts["structure"]) for r in records_of(file, facts["compression"])), facts["count"]
    )


def _leaves_like(structure: Any) -> Any:
    """A tree of the leaves of a structure."""
    if isinstance(structure, dict) and "dict" in structure:
        return {k: _leaves_like(v) for k, v in structure["dict"].items()}
    if isinstance(structure, dict) and "tuple" in structure:
        return tuple(map(_leaves_like, structure["tuple"]))
    return "leaf"


def kept(data: Any, path: Any, compression: Any, reader_func: Any, shard_func: Any) -> Any:
    """The elements of a data set, written by the first whole pass and read by later ones."""
    for label, given in (("reader_func", reader_func), ("shard_func", shard_func)):
        only(f"Dataset.snapshot: {label}", given, None, "elements are kept in one file, in their order.")
    kind, folder_name = _kind(_compression("Dataset.snapshot", compression)), os.fspath(unwrap(path))
    folder_name = folder_name.decode() if isinstance(folder_name, bytes) else folder_name

    def start() -> Iterator:
        if os.path.exists(os.path.join(folder_name, _STRUCTURE)):
            facts, file = _read(folder_name)
            yield from (_unpacked(r, facts["structure"]) for r in records_of(file, facts["compression"]))
            return
        folder = _Folder(folder_name, kind)
        try:
            for element in data._start():
                folder.add(element)
                yield element
            folder.finish()
        except BaseException:
            folder.drop()
            raise

    return data._then(start, data._size)


def resampled(data: Any, class_of: Callable, target: Any, initial: Any, seed: Any) -> Any:
    """Elements of classes that occur as often as wanted; the first ones are judged by what was seen so far."""
    wanted = np.asarray(unwrap(target), float)
    if wanted.ndim != 1 or np.any(wanted < 0) or not np.isclose(wanted.sum(), 1, atol=1e-4):
        raise ValueError(f"rejection_resample: expected target_dist to be shares of sum 1, received {wanted.tolist()}.")
    given = None if initial is None else np.asarray(unwrap(initial), float)
    entropy = np.random.randint(2**31) if seed is None else int(unwrap(seed))
    passes = itertools.count()

    def start() -> Iterator:
        rng, seen = np.random.default_rng([entropy, next(passes)]), np.zeros(len(wanted))
        for element in data._start():
            place = int(called(class_of, element))
            seen[place] += 1
            shares = seen / seen.sum() if given is None else given
            ratios = np.divide(wanted, shares, out=np.zeros_like(wanted), where=shares > 0)
            if rng.uniform() * ratios.max() < ratios[place]:
                yield np.int64(place), element

    return data._then(start)


def without_errors(data: Any, log_warning: bool) -> Any:
    """The elements that could be made."""

    def start() -> Iterator:
        elements = iter(data._start())
        while True:
            try:
                yield next(elements)
            except StopIteration:
                return
            except Exception as error:
                if log_warning:
                    logger.warning("Dataset.ignore_errors left an element out: %s", error)

    return data._then(start)


def random_numbers(cls: Any, seed: Any, rerandomize: Any) -> Any:
    """Whole numbers without end; the same in each pass, unless another order is asked for."""
    entropy = np.random.randint(2**31) if seed is None else int(unwrap(seed))
    passes = itertools.count()

    def start() -> Iterator:
        rng = np.random.default_rng([entropy, next(passes) if rerandomize else 0])
        while True:
            yield rng.integers(2**32, dtype=np.int64)

    return cls(start, INFINITE_CARDINALITY)

"""Elements of data sets: arrays on the host, ragged and sparse tensors, and data sets; how they are shown and joined."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ...utils import dataset
from .tensor import COMPOSITES, unwrap, wrap


class Row(np.ndarray):
    """A row of a ragged tensor, which batches make one again."""


def is_composite(x: Any) -> bool:
    """Is it a ragged or sparse tensor?"""
    return type(x) in COMPOSITES


def on_arrays(fn: Callable) -> Callable:
    """A function of tensors as one of arrays on the host."""

    def call(*args: Any) -> Any:
        found = fn(*map(shown, args))
        if isinstance(found, dataset.Dataset):
            return found
        return hosted(unwrap(tuple(found) if isinstance(found, list) else found))

    return call


def hosted(x: Any) -> Any:
    if isinstance(x, tuple):
        return tuple(map(hosted, x))
    if isinstance(x, dict):
        return {k: hosted(v) for k, v in x.items()}
    return x if is_composite(x) or isinstance(x, dataset.Dataset) else np.asarray(x)


def arrays_of(tensors: Any) -> Any:
    """Tensors and lists as arrays; numbers of Python as float32 and int32, as TensorFlow has them."""
    if isinstance(tensors, tuple):
        return tuple(map(arrays_of, tensors))
    if isinstance(tensors, dict):
        return {k: arrays_of(v) for k, v in tensors.items()}
    if is_composite(tensors):
        return tensors
    if isinstance(tensors, list):
        found = np.asarray(unwrap(tensors))
        return found.astype({"f": "float32", "i": "int32"}.get(found.dtype.kind, found.dtype))
    return np.asarray(unwrap(tensors)) if not hasattr(tensors, "iloc") else tensors.to_numpy()


class OutOfRangeError(Exception):
    """There is no other element."""


class Elements:
    """An iterator over the elements of a data set, which also has TensorFlow's ``get_next``, and knows how many it gave."""

    def __init__(self, start: Callable):
        self._begin, self.position = start, 0
        self._elements = map(shown, start())

    def __iter__(self) -> Iterator:
        return self

    def __next__(self) -> Any:
        found = next(self._elements)
        self.position += 1
        return found

    def go_to(self, position: int) -> None:
        """Begins anew, behind so many elements."""
        self.position = position
        self._elements = itertools.islice(map(shown, self._begin()), position, None)

    def get_next(self, name: Any = None) -> Any:
        """The next element; OutOfRangeError where there is none."""
        try:
            return next(self)
        except StopIteration:
            raise OutOfRangeError("The data set has no other element.") from None


def called(fn: Callable, element: Any) -> Any:
    return fn(*(element if isinstance(element, tuple) else (element,)))


def shown(element: Any) -> Any:
    """The arrays of an element as tensors; data sets in it stay themselves."""
    return dataset.map_leaves(
        lambda a: a if is_composite(a) or isinstance(a, dataset.Dataset) else wrap(np.asarray(a)), element
    )


def columns(rows: list) -> Any:
    """A data set for each part of the elements."""
    from .pipeline import Dataset

    return dataset.map_leaves(lambda *column: Dataset(lambda: iter(column), len(column)), *rows)


def reduced(reduce_func: Callable, key: int, rows: list) -> Iterator:
    from .pipeline import Dataset

    return reduce_func(wrap(np.int64(key)), Dataset(lambda: iter(rows), len(rows)))._start()


def chosen(sources: list, choices: Iterator, stop: bool) -> Iterator:
    end = object()
    for place in choices:
        if not 0 <= place < len(sources):
            raise ValueError(f"choose_from_datasets: there are {len(sources)} data sets, received number {place}.")
        if (element := next(sources[place], end)) is not end:
            yield element
        elif stop:
            return


def announced(item: Any, types: Any, shapes: Any) -> Any:
    """An element as arrays of the types and shapes that were announced."""
    item = tuple(item) if isinstance(types, tuple) and isinstance(item, list) else item

    def convert(kind: Any, leaf: Any, shape: Any = None) -> Any:
        if is_composite(leaf):
            if leaf.dtype != str(kind):
                raise TypeError(f"from_generator: an element has dtype {leaf.dtype!r}, announced was {kind!r}.")
            return leaf
        to = np.dtype(object) if kind == "string" else np.dtype(getattr(kind, "as_numpy_dtype", kind))
        found = np.asarray(unwrap(leaf), dtype=to)
        if shape is not None and (len(shape) != found.ndim or any(
            w not in (None, n) for w, n in zip(tuple(shape), found.shape, strict=True))):  # fmt: skip
            raise TypeError(f"from_generator: an element has shape {found.shape}, announced was {tuple(shape)}.")
        return found

    if shapes is None:
        return dataset.map_leaves(convert, types, item)
    return zipped(convert, types, item, shapes)


def zipped(fn: Callable, types: Any, item: Any, shapes: Any) -> Any:
    """``fn`` of corresponding leaves; a shape, which is a tuple itself, is one."""
    if isinstance(types, dict):
        return {key: zipped(fn, types[key], item[key], shapes[key]) for key in types}
    if isinstance(types, tuple):
        return tuple(zipped(fn, *parts) for parts in zip(types, item, shapes, strict=True))
    return fn(types, item, shapes)


def row(leaf: Any, i: int) -> Any:
    """A row of an array, or of a ragged or sparse tensor."""
    if not is_composite(leaf):
        return leaf[i]
    found = leaf[i]
    if is_composite(found):
        return found
    return np.asarray(unwrap(found)).view(Row) if hasattr(leaf, "row_splits") else np.asarray(unwrap(found))


def joined(rows: list) -> Any:
    """Elements stacked: rows of ragged tensors become one again."""
    return dataset.map_leaves(lambda *leaves: _joined(leaves), *rows)


def _joined(leaves: tuple) -> Any:
    if hasattr(leaves[0], "dense_shape"):
        from .sparse_tensor import stacked

        return stacked(leaves)
    if is_composite(leaves[0]) or isinstance(leaves[0], Row) and leaves[0].ndim:
        from .ragged_functions import stack

        return stack([np.asarray(leaf) if isinstance(leaf, Row) else leaf for leaf in leaves])
    found = [np.asarray(leaf) for leaf in leaves]
    if len({f.shape for f in found}) > 1:
        raise ValueError(
            f"batch: elements of several shapes, {sorted({f.shape for f in found})[:3]}. Use padded_batch or ragged_batch."
        )
    return np.stack(found)


def joined_ragged(rows: list) -> Any:
    """Elements stacked, arrays into ragged tensors."""
    mark = lambda a: a if is_composite(a) else np.asarray(a).view(Row)  # noqa: E731
    return joined([dataset.map_leaves(mark, r) for r in rows])

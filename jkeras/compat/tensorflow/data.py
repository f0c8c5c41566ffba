"""tf.data: the data sets of ``jkeras.utils``, whose functions take and give tensors."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ...utils import dataset
from .tensor import unwrap, wrap

AUTOTUNE = -1
INFINITE_CARDINALITY, UNKNOWN_CARDINALITY = -1, -2


def _on_arrays(fn: Callable) -> Callable:
    """A function of tensors as one of arrays on the host."""

    def call(*args: Any) -> Any:
        found = fn(*wrap(args))
        if isinstance(found, dataset.Dataset):
            return found
        return _host(unwrap(tuple(found) if isinstance(found, list) else found))

    return call


def _host(x: Any) -> Any:
    if isinstance(x, tuple):
        return tuple(map(_host, x))
    if isinstance(x, dict):
        return {k: _host(v) for k, v in x.items()}
    return np.asarray(x)


def _arrays(tensors: Any) -> Any:
    """Tensors and lists as arrays; numbers of Python as float32 and int32, as TensorFlow has them."""
    if isinstance(tensors, tuple):
        return tuple(map(_arrays, tensors))
    if isinstance(tensors, dict):
        return {k: _arrays(v) for k, v in tensors.items()}
    if isinstance(tensors, list):
        found = np.asarray(unwrap(tensors))
        return found.astype({"f": "float32", "i": "int32"}.get(found.dtype.kind, found.dtype))
    return np.asarray(unwrap(tensors)) if not hasattr(tensors, "iloc") else tensors.to_numpy()


class Dataset(dataset.Dataset):
    """Elements that can be iterated again and again; see ``jkeras.utils.dataset.Dataset``.

    https://www.tensorflow.org/api_docs/python/tf/data/Dataset

    >>> [int(x) for x in Dataset.range(3).map(lambda x: x * 2)]
    [0, 2, 4]
    """

    @classmethod
    def from_tensor_slices(cls, tensors: Any, name: Any = None) -> Any:
        """One element for each row of the arrays."""
        return super().from_tensor_slices(_arrays(tensors))

    @classmethod
    def from_tensors(cls, tensors: Any, name: Any = None) -> Any:
        """One element."""
        return super().from_tensors(_arrays(tensors))

    @classmethod
    def zip(cls, *datasets: Any, name: Any = None) -> Any:
        """Tuples of the elements of several data sets, as many as the shortest has."""
        if len(datasets) == 1 and isinstance(datasets[0], (tuple, list)):
            datasets = tuple(datasets[0])
        sizes = [one._size for one in datasets]
        size = min(sizes) if all(n >= 0 for n in sizes) else UNKNOWN_CARDINALITY
        return cls(lambda: zip(*(one._start() for one in datasets), strict=False), size)

    @classmethod
    def list_files(cls, file_pattern: Any, shuffle: bool = True, seed: Any = None, name: Any = None) -> Any:
        """The names of the files that match a pattern."""
        pattern = Path(str(unwrap(file_pattern)))
        names = sorted(str(p) for p in pattern.parent.glob(pattern.name))
        found = cls.from_tensor_slices(np.array(names, dtype=object))
        return found.shuffle(len(found), seed=seed) if shuffle else found

    def map(
        self, map_func: Callable, num_parallel_calls: Any = None, deterministic: Any = True, name: Any = None
    ) -> Any:
        """``map_func`` of each element, as tensors."""
        return super().map(_on_arrays(map_func), num_parallel_calls)

    def filter(self, predicate: Callable, name: Any = None) -> Any:
        """The elements for which ``predicate`` is true."""
        return super().filter(_on_arrays(predicate))

    def flat_map(self, map_func: Callable, name: Any = None) -> Any:
        """The elements of the data sets that ``map_func`` gives."""

        def start() -> Iterator:
            for element in self._start():
                yield from self._inner(map_func, element)

        return self._then(start)

    def interleave(self, map_func: Callable, cycle_length: Any = None, block_length: int = 1, **_: Any) -> Any:
        """Elements of several data sets in turn, so many of each."""

        def start() -> Iterator:
            width = cycle_length if cycle_length and cycle_length > 0 else 4
            waiting, running, end = iter(self._start()), [], object()
            while True:
                while len(running) < width and (element := next(waiting, end)) is not end:
                    running.append(self._inner(map_func, element))
                if not running:
                    return
                for one in list(running):
                    for _ in range(block_length):
                        if (element := next(one, end)) is end:
                            running.remove(one)
                            break
                        yield element

        return self._then(start)

    @staticmethod
    def _inner(map_func: Callable, element: Any) -> Iterator:
        return iter(_on_arrays(map_func)(*(element if isinstance(element, tuple) else (element,)))._start())

    def reduce(self, initial_state: Any, reduce_func: Callable, name: Any = None) -> Any:
        """``state = reduce_func(state, element)`` over all elements; the last state."""
        state = wrap(initial_state)
        for element in self:
            state = reduce_func(state, element)
        return state

    def __iter__(self) -> Iterator:
        return map(wrap, self._start())

    def as_numpy_iterator(self) -> Iterator:
        """An iterator over the elements as arrays."""
        return iter(self._start())

    @property
    def element_spec(self) -> Any:
        """What the elements look like; the sizes are those of the first."""
        from .small import TensorSpec

        first = next(iter(self._start()))
        return dataset.map_leaves(lambda a: TensorSpec(np.shape(a), str(np.asarray(a).dtype)), first)


class Options:
    """Options of TensorFlow's runtime: they may be set and mean nothing here."""

    def __init__(self) -> None:
        self.experimental_deterministic = self.deterministic = None


class experimental:
    """Names that were experimental."""

    AUTOTUNE = AUTOTUNE

    @staticmethod
    def cardinality(dataset: Dataset) -> Any:
        """The number of elements."""
        return dataset.cardinality()

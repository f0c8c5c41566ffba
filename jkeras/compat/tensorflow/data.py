"""``tf.data`` over jkeras' own data sets: user functions get tensors, models get numpy."""

from types import SimpleNamespace
from typing import Any

import numpy as np

from jkeras.utils import dataset as base

AUTOTUNE = base.AUTOTUNE
experimental = SimpleNamespace(AUTOTUNE=AUTOTUNE)


def _wrapped(element: Any) -> Any:
    from .tensor import wrap

    return base.map_leaves(wrap, element)


def _seen(function: Any) -> Any:
    def call(*parts: Any) -> Any:
        from .tensor import unwrap

        return unwrap(function(*(_wrapped(part) for part in parts)))

    return call


class Dataset(base.Dataset):
    """A chain of steps over elements, as tf.data.Dataset; iteration gives tensors."""

    def map(self, map_func: Any, num_parallel_calls: Any = None, deterministic: Any = True, name: Any = None) -> Any:
        """``map_func`` of each element."""
        return super().map(_seen(map_func), num_parallel_calls, deterministic, name)

    def filter(self, predicate: Any, name: Any = None) -> Any:
        """The elements for which ``predicate`` is true."""
        return super().filter(lambda *parts: bool(np.asarray(_seen(predicate)(*parts))))

    def as_numpy_iterator(self) -> Any:
        """The elements as numpy arrays."""
        return iter(self._start())

    def __iter__(self) -> Any:
        return (_wrapped(element) for element in self._start())

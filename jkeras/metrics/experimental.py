"""Metrics written in plain Python: scikit-learn, strings, lists, whatever does not compile."""

from typing import ClassVar

import jax
import numpy as np
from jax.experimental import io_callback

from jkeras.core import dtypes

from .metric import Metric


class PyMetric(Metric):
    """A metric whose methods get NumPy arrays and run as ordinary Python, also inside a compiled step.

    Subclasses keep their state in attributes and write ``update_state``, ``result`` (a number) and ``reset_state``.
    Each batch is copied to the host, which costs time.
    https://www.tensorflow.org/api_docs/python/tf/keras/metrics/experimental/PyMetric

    >>> class Seen(PyMetric):
    ...     def reset_state(self):
    ...         self.labels = set()
    ...
    ...     def update_state(self, y_true, y_pred, sample_weight=None):
    ...         self.labels |= set(y_true.tolist())
    ...
    ...     def result(self):
    ...         return len(self.labels)
    >>> metric = Seen()
    >>> metric.update_state([1, 2, 1], [0, 0, 0])
    >>> metric.result()
    2
    """

    _on_host: ClassVar[tuple] = ("update_state", "result")

    def __init__(self, name=None, dtype=None, **kwargs):
        super().__init__(name=name, dtype=dtype, **kwargs)
        # counts the updates, so that a compiled result waits for those before it
        self._updates = self.add_variable((), dtype="int32", name="updates")
        self.reset_state()

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        wrappers = {"update_state": _update_anywhere, "result": _result_anywhere}
        for method in cls._on_host:
            if method in vars(cls):
                setattr(cls, method, wrappers[method](vars(cls)[method]))

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Takes a batch into account: to be written by subclasses."""
        raise NotImplementedError(f"{type(self).__name__} has no update_state(); a metric must define it.")

    def result(self):
        """The number so far: to be written by subclasses."""
        raise NotImplementedError(f"{type(self).__name__} has no result(); a metric must define it.")

    def reset_state(self):
        """Starts anew: to be written by subclasses."""
        raise NotImplementedError(f"{type(self).__name__} has no reset_state(); a metric must define it.")

    def merge_state(self, metrics):
        """Adds the states of metrics of the same kind: to be written by subclasses."""
        raise NotImplementedError(f"{type(self).__name__} has no merge_state(); define it to merge metrics.")


def _traced(*values):
    return any(isinstance(value, jax.core.Tracer) for value in jax.tree.leaves(values))


def _update_anywhere(update):
    def update_state(self, y_true, y_pred, sample_weight=None):
        given = (y_true, y_pred) if sample_weight is None else (y_true, y_pred, sample_weight)

        def on_host(*arrays):
            update(self, *(np.asarray(a) for a in arrays))
            return np.int32(1)

        if _traced(given):
            self._updates.assign_add(io_callback(on_host, jax.ShapeDtypeStruct((), np.int32), *given))
        else:
            on_host(*given)

    return update_state


def _result_anywhere(result):
    def compute(self):
        updates = self._updates.value
        if not _traced(updates):
            return result(self)
        dtype = dtypes.array_dtype(self.dtype)
        return io_callback(lambda _: np.asarray(result(self), dtype), jax.ShapeDtypeStruct((), dtype), updates)

    return compute

"""Sums and means over batches, and the metric of a function."""

import inspect
from typing import Any

import jax.numpy as jnp
import numpy as np

from jkeras.core import dtypes, frame, registry
from jkeras.core.declare import current_era, declare
from jkeras.losses.reduction import divide_no_nan, squeeze_or_expand, weights_of_mask

from .metric import Metric


def per_sample(values, sample_weight, reduce, dtype):
    """(weighted values, weights), one of each per sample; further axes are reduced with ``reduce``."""
    dtype = dtypes.array_dtype(dtype)
    mask = frame.get_mask(values)
    values = jnp.asarray(values).astype(dtype)
    if sample_weight is not None:
        weight = jnp.asarray(sample_weight).astype(dtype)
        if mask is not None:
            weight = weights_of_mask(weight, mask, dtype, "sum")
        values, weight = squeeze_or_expand(values, weight)
        axes = weight.ndim
        values = reduce(values, axis=tuple(range(axes, values.ndim)))
        sample_weight = jnp.broadcast_to(weight, values.shape)
        values = values * sample_weight
        sample_weight = reduce(sample_weight, axis=tuple(range(1, axes)))
    return reduce(values, axis=tuple(range(1, values.ndim))), sample_weight


@declare
class Sum(Metric):
    """Sum of values, weighted by ``sample_weight``.

    https://keras.io/api/metrics/reduction_metrics/#sum-class

    >>> Sum()([1.0, 3.0, 5.0]).item()
    9.0
    """

    name: str | None = "sum"
    dtype: Any = None

    def _make_state(self):
        self.total = self.add_variable((), dtype=self.dtype, name="total")

    def update_state(self, values, sample_weight=None):
        """Adds the values of a batch."""
        self.total.assign_add(jnp.sum(per_sample(values, sample_weight, jnp.sum, self.dtype)[0]))

    def result(self):
        """The sum so far."""
        return self.total.value


@declare
class Mean(Metric):
    """Mean of values, weighted by ``sample_weight``; 0 before the first.

    https://keras.io/api/metrics/reduction_metrics/#mean-class

    >>> Mean()([1.0, 3.0], sample_weight=[1.0, 3.0]).item()
    2.5
    """

    name: str | None = "mean"
    dtype: Any = None

    def _make_state(self):
        self.total = self.add_variable((), dtype=self.dtype, name="total")
        self.count = self.add_variable((), dtype=self.dtype, name="count")

    def update_state(self, values, sample_weight=None):
        """Takes the values of a batch into account."""
        values, weight = per_sample(values, sample_weight, jnp.mean, self.dtype)
        self.total.assign_add(jnp.sum(values))
        count = jnp.sum(weight) if weight is not None else values.shape[0] if values.ndim else 1
        self.count.assign_add(jnp.asarray(count).astype(self.count.array_dtype))

    def result(self):
        """The mean so far."""
        return divide_no_nan(self.total.value, self.count.value)


@declare
class MeanTensor(Metric):
    """Mean of each element of equally shaped arrays, weighted by ``sample_weight``.

    ``shape`` None takes that of the first batch.
    https://www.tensorflow.org/api_docs/python/tf/keras/metrics/MeanTensor

    >>> metric = MeanTensor()
    >>> metric.update_state([0.0, 1.0, 2.0])
    >>> metric([2.0, 3.0, 4.0]).tolist()
    [1.0, 2.0, 3.0]
    """

    name: str | None = "mean_tensor"
    dtype: Any = None
    shape: Any = None
    _quiet = ("shape",)
    built = False
    _total = _count = None

    def _make_state(self):
        if self.shape is not None:
            self._build(self.shape)

    def _build(self, shape):
        if not self.built:
            self.shape = tuple(shape)
            self._total = self.add_variable(self.shape, dtype=self.dtype, name="total")
            self._count = self.add_variable(self.shape, dtype=self.dtype, name="count")
            self.built = True

    @property
    def total(self):
        """The weighted sums, or None before the first batch."""
        return self._total

    @property
    def count(self):
        """The sums of weights, or None before the first batch."""
        return self._count

    def update_state(self, values, sample_weight=None):
        """Takes an array into account; raises ValueError for another shape than before."""
        values = jnp.asarray(values).astype(dtypes.array_dtype(self.dtype))
        self._build(values.shape)
        if values.shape != self.shape:
            raise ValueError(f"{self}: expected values of shape {self.shape}, received shape {values.shape}.")
        weight = jnp.ones_like(values)
        if sample_weight is not None:
            sample_weight = jnp.asarray(sample_weight).astype(values.dtype)
            extra = values.ndim - sample_weight.ndim
            if extra < 0:
                sample_weight = sample_weight.reshape(sample_weight.shape[: values.ndim])
            elif sample_weight.ndim:
                sample_weight = sample_weight.reshape(sample_weight.shape + (1,) * extra)
            weight = weight * sample_weight
        self._total.assign_add(values * weight)
        self._count.assign_add(weight)

    def result(self):
        """The means so far."""
        if not self.built:
            raise ValueError(f"{self} has no value yet: call update_state first.")
        return divide_no_nan(self._total.value, self._count.value)


class FunctionMean(Mean):
    """The mean of ``fn(y_true, y_pred, **arguments)`` over all samples."""

    def _arguments(self):
        return {}

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Takes a batch into account; samples that the mask of the prediction leaves out do not count."""
        mask = frame.get_mask(y_pred)
        values = self._fn(_widened(y_true), _widened(y_pred), **self._arguments())
        if np.ndim(values) == 0:  # a function that has averaged the batch already
            return super().update_state(values, _batch_weight(y_pred))
        weight = weights_of_mask(sample_weight, mask, dtypes.array_dtype(self.dtype), "sum")
        return super().update_state(values, sample_weight=weight)


def _widened(array):
    """Half floats as float32: squares and sums of them leave their range."""
    dtype = getattr(array, "dtype", None)
    return array.astype(jnp.float32) if dtype in (jnp.float16, jnp.bfloat16) else array


def _batch_weight(y_pred):
    """What the mean of a whole batch weighs: Keras 2.2.4 counts its samples, later ones the batch."""
    shape = np.shape(y_pred)
    return shape[0] if shape and current_era() in ("1", "2.2") else None


class MeanMetricWrapper(FunctionMean):
    """The mean of a function of targets and predictions; further keyword arguments go to the function.

    https://keras.io/api/metrics/reduction_metrics/#meanmetricwrapper-class

    >>> metric = MeanMetricWrapper(lambda y_true, y_pred: jnp.abs(y_true - y_pred), name="off")
    >>> metric(jnp.array([1.0, 2.0]), jnp.array([1.0, 4.0])).item()
    1.0
    """

    _reads_own_config = True

    def __init__(self, fn, name=None, dtype=None, **kwargs):
        super().__init__(name=name, dtype=dtype)
        self._fn, self._fn_kwargs = fn, kwargs
        self._direction = "down" if inspect.isfunction(fn) and _is_loss(fn) else None

    def _arguments(self):
        return self._fn_kwargs

    def get_config(self):
        """The arguments that make an equal metric; the function and its arguments serialized."""
        config = {"name": self.name, "dtype": self.dtype, "fn": registry.serialize(self._fn)}
        return {**config, **registry.serialize(self._fn_kwargs)}

    @classmethod
    def from_config(cls, config):
        """The metric that ``get_config`` described."""
        config = {key: registry.deserialize(value) if key != "fn" else value for key, value in config.items()}
        if "fn" in config and not callable(config["fn"]):
            config["fn"] = function_of(config["fn"])
        return cls(**config)


def _is_loss(fn):
    return any(fn is known for known in registry.families["keras.losses"].objects.values())


def function_of(config):
    """The function (or loss object) of a config or name: of the metrics, else of the losses."""
    from jkeras import metrics

    name = config.get("config") if isinstance(config, dict) else config
    known = metrics.FUNCTIONS_BY_NAME.get(name) if isinstance(name, str) else None
    return known if known is not None else registry.families["keras.losses"].get(config)


class SumOverBatchSize(Mean):
    """Sum of the weighted values divided by their number, whatever the weights.

    >>> SumOverBatchSize()([1.0, 3.0], sample_weight=[1.0, 0.0]).item()
    0.5
    """

    def __init__(self, name="sum_over_batch_size", dtype=None):
        super().__init__(name=name, dtype=dtype)

    def update_state(self, values, sample_weight=None):
        """Takes the values of a batch into account."""
        values = jnp.asarray(values).astype(dtypes.array_dtype(self.dtype))
        weighted, _ = per_sample(values, sample_weight, jnp.mean, self.dtype)
        self.total.assign_add(jnp.sum(weighted))
        self.count.assign_add(jnp.asarray(weighted.size, self.count.array_dtype))

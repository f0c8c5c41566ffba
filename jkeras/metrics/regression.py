"""Regression metrics whose result is no mean of per-sample values."""

from typing import Any

import jax.numpy as jnp

from jkeras.core import dtypes
from jkeras.core.declare import declare
from jkeras.losses.reduction import divide_no_nan, squeeze_or_expand

from .metric import Metric
from .reduction import Mean


def _pair(metric, y_true, y_pred):
    dtype = dtypes.array_dtype(metric.dtype)
    return squeeze_or_expand(jnp.asarray(y_true).astype(dtype), jnp.asarray(y_pred).astype(dtype))


@declare
class RootMeanSquaredError(Mean):
    """Root of the mean squared error over everything.

    https://keras.io/api/metrics/regression_metrics/#rootmeansquarederror-class

    >>> RootMeanSquaredError()([[0.0, 1.0]], [[3.0, 1.0]]).round(4).item()
    2.121299982070923
    """

    name: str | None = "root_mean_squared_error"
    dtype: Any = None
    _direction = "down"

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Takes a batch into account."""
        y_true, y_pred = _pair(self, y_true, y_pred)
        super().update_state(jnp.square(y_pred - y_true), sample_weight=sample_weight)

    def result(self):
        """The root mean squared error so far."""
        return jnp.sqrt(super().result())


@declare
class MeanRelativeError(Mean):
    """Mean of ``|y_true - y_pred| / normalizer``; 0 where the normalizer is 0.

    https://www.tensorflow.org/api_docs/python/tf/keras/metrics/MeanRelativeError

    >>> MeanRelativeError(normalizer=[1.0, 2.0])([1.0, 2.0], [2.0, 4.0]).item()
    1.0
    """

    normalizer: Any
    name: str | None = None
    dtype: Any = None
    _direction = "down"

    def _make_state(self):
        super()._make_state()
        self.normalizer = jnp.asarray(self.normalizer).astype(dtypes.array_dtype(self.dtype))

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Takes a batch into account."""
        y_true, y_pred = _pair(self, y_true, y_pred)
        y_pred, normalizer = squeeze_or_expand(y_pred, self.normalizer, expand_rank_1=False)
        super().update_state(divide_no_nan(jnp.abs(y_true - y_pred), normalizer), sample_weight=sample_weight)

    def _configured(self, name):
        return self.normalizer.tolist() if name == "normalizer" else super()._configured(name)


@declare
class R2Score(Metric):
    """Coefficient of determination of (batch, outputs): 1 is perfect, 0 as good as the mean.

    ``class_aggregation``: "uniform_average", "variance_weighted_average" or None (one score per output).
    ``num_regressors`` > 0 gives the adjusted score. https://keras.io/api/metrics/regression_metrics/#r2score-class

    >>> R2Score()([[1.0], [4.0], [3.0]], [[2.0], [4.0], [4.0]]).round(4).item()
    0.571399986743927
    """

    class_aggregation: str | None = "uniform_average"
    num_regressors: int = 0
    name: str | None = "r2_score"
    dtype: Any = None
    _direction = "up"
    built = False

    def _make_state(self):
        known = (None, "uniform_average", "variance_weighted_average")
        if self.class_aggregation not in known:
            raise ValueError(f"R2Score: class_aggregation must be one of {known}, received {self.class_aggregation!r}.")
        if self.num_regressors < 0:
            raise ValueError(f"R2Score: num_regressors must be at least 0, received {self.num_regressors}.")
        self.num_samples = self.add_variable((), name="num_samples")

    def build(self, y_true_shape, y_pred_shape):
        """Makes the state: one number per output. Raises ValueError for other ranks than 2."""
        if self.built:
            return
        column = len(y_true_shape) == 1 and tuple(y_pred_shape[1:]) == (1,)  # targets (batch,) become a column
        if not (len(y_true_shape) == 2 or column) or len(y_pred_shape) != 2 or y_pred_shape[-1] is None:
            raise ValueError(
                f"R2Score: expected targets and predictions of shape (batch, outputs), received shapes "
                f"{tuple(y_true_shape)} and {tuple(y_pred_shape)}."
            )
        shape = (y_pred_shape[-1],)
        self.squared_sum = self.add_variable(shape, name="squared_sum")
        self.sum = self.add_variable(shape, name="sum")
        self.total_mse = self.add_variable(shape, name="residual")
        self.count = self.add_variable(shape, name="count")
        self.built = True

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Takes a batch into account."""
        y_true, y_pred = _pair(self, y_true, y_pred)
        self.build(y_true.shape, y_pred.shape)
        weight = jnp.asarray(1 if sample_weight is None else sample_weight).astype(y_true.dtype)
        weight = jnp.broadcast_to(weight[:, None] if weight.ndim == 1 else weight, y_true.shape)
        self.sum.assign_add(jnp.sum(y_true * weight, axis=0))
        self.squared_sum.assign_add(jnp.sum(y_true * y_true * weight, axis=0))
        self.total_mse.assign_add(jnp.sum((y_true - y_pred) ** 2 * weight, axis=0))
        self.count.assign_add(jnp.sum(weight, axis=0))
        self.num_samples.assign_add(y_true.size)

    def result(self):
        """The score so far."""
        total = self.squared_sum.value - self.sum.value * (self.sum.value / self.count.value)
        scores = 1 - self.total_mse.value / total
        scores = jnp.where(jnp.isinf(scores), 0.0, scores)
        if self.class_aggregation == "uniform_average":
            scores = jnp.mean(scores)
        elif self.class_aggregation == "variance_weighted_average":
            scores = jnp.sum(total * scores) / jnp.sum(total)
        if self.num_regressors == 0:
            return scores
        # fewer samples than regressors: the plain score stands
        freedom = self.num_samples.value - self.num_regressors - 1
        adjusted = 1 - (1 - scores) * (self.num_samples.value - 1) / jnp.where(freedom > 0, freedom, 1)
        return jnp.where(freedom > 0, adjusted, scores)

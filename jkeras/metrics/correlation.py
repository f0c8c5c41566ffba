"""Functions that say how targets and predictions vary together."""

import jax.numpy as jnp

from jkeras.core import config
from jkeras.losses.elementwise import aligned, loss_function
from jkeras.losses.regression import unit_vectors


@loss_function
@aligned
def cosine_similarity(y_true, y_pred, axis=-1):
    """Cosine of the angle between targets and predictions: (batch, ..., d) -> (batch, ...), 1 is best.

    https://keras.io/api/metrics/regression_metrics/#cosinesimilarity-class

    >>> cosine_similarity([[0.0, 1.0]], [[0.0, 2.0]]).tolist()
    [1.0]
    """
    return jnp.sum(unit_vectors(y_true, axis) * unit_vectors(y_pred, axis), axis=axis)


@loss_function
@aligned
def pearson_correlation(y_true, y_pred, axis=-1):
    """Pearson's correlation of targets and predictions along ``axis``: (batch, ..., d) -> (batch, ...).

    https://keras.io/api/metrics/regression_metrics/#pearson_correlation-function

    >>> pearson_correlation([[1.0, 2.0, 3.0]], [[3.0, 2.0, 1.0]]).round(4).tolist()
    [-1.0]
    """
    scaled = []
    for y in (y_true, y_pred):
        y = y - jnp.mean(y, axis=axis, keepdims=True)
        scaled.append(y / jnp.std(y, axis=axis, keepdims=True))
    return jnp.mean(scaled[0] * scaled[1], axis=axis)


@loss_function
@aligned
def concordance_correlation(y_true, y_pred, axis=-1):
    """Lin's concordance correlation of targets and predictions along ``axis``: (batch, ..., d) -> (batch, ...).

    https://keras.io/api/metrics/regression_metrics/#concordance_correlation-function

    >>> concordance_correlation([[1.0, 2.0, 3.0]], [[1.0, 2.0, 3.0]]).round(4).tolist()
    [1.0]
    """
    true_mean, pred_mean = (jnp.mean(y, axis=axis, keepdims=True) for y in (y_true, y_pred))
    spread = jnp.var(y_true, axis=axis, keepdims=True) + jnp.var(y_pred, axis=axis, keepdims=True)
    # the deviation of the prediction sums to 0, so either mean may stand in the first factor
    together = (y_true - pred_mean) * (y_pred - pred_mean)
    return jnp.mean(2.0 * together / (spread + jnp.square(true_mean - pred_mean) + config.epsilon()), axis=axis)

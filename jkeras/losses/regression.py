"""Losses that compare numbers with numbers."""

import math

import jax
import jax.numpy as jnp

from jkeras.core import config

from .elementwise import aligned, loss_function


@loss_function
@aligned
def mean_squared_error(y_true, y_pred):
    """Mean of ``(y_true - y_pred)**2`` over the last axis: (batch, ..., d) -> (batch, ...).

    https://keras.io/api/losses/regression_losses/#mean_squared_error-function

    >>> mean_squared_error([[0.0, 1.0]], [[1.0, 1.0]]).tolist()
    [0.5]
    """
    return jnp.mean(jnp.square(y_true - y_pred), axis=-1)


@loss_function
@aligned
def mean_absolute_error(y_true, y_pred):
    """Mean of ``|y_true - y_pred|`` over the last axis: (batch, ..., d) -> (batch, ...).

    https://keras.io/api/losses/regression_losses/#mean_absolute_error-function

    >>> mean_absolute_error([[0.0, 1.0]], [[1.0, 1.0]]).tolist()
    [0.5]
    """
    return jnp.mean(jnp.abs(y_true - y_pred), axis=-1)


@loss_function
@aligned
def mean_absolute_percentage_error(y_true, y_pred):
    """Mean of ``100 |y_true - y_pred| / |y_true|`` over the last axis: (batch, ..., d) -> (batch, ...), in percent.

    Targets count as at least ``epsilon()``.
    https://keras.io/api/losses/regression_losses/#mean_absolute_percentage_error-function

    >>> mean_absolute_percentage_error([[2.0, 4.0]], [[1.0, 4.0]]).tolist()
    [25.0]
    """
    return 100.0 * jnp.mean(jnp.abs((y_true - y_pred) / jnp.maximum(jnp.abs(y_true), config.epsilon())), axis=-1)


@loss_function
@aligned
def mean_squared_logarithmic_error(y_true, y_pred):
    """Mean of ``(log(1 + y_true) - log(1 + y_pred))**2`` over the last axis: (batch, ..., d) -> (batch, ...).

    Values below ``epsilon()`` count as ``epsilon()``.
    https://keras.io/api/losses/regression_losses/#mean_squared_logarithmic_error-function

    >>> mean_squared_logarithmic_error([[1.0, 1.0]], [[1.0, 1.0]]).tolist()
    [0.0]
    """
    first, second = (jnp.log(jnp.maximum(y, config.epsilon()) + 1.0) for y in (y_pred, y_true))
    return jnp.mean(jnp.square(first - second), axis=-1)


def unit_vectors(x, axis=-1):
    """``x`` divided by its Euclidean norm along ``axis``; a zero vector stays zero."""
    squared = jnp.sum(jnp.square(x), axis=axis, keepdims=True)
    return x * jax.lax.rsqrt(jnp.maximum(squared, config.epsilon() ** 2))


@loss_function
@aligned
def cosine_similarity(y_true, y_pred, axis=-1):
    """Minus the cosine of the angle between targets and predictions: (batch, ..., d) -> (batch, ...), -1 is best.

    https://keras.io/api/losses/regression_losses/#cosine_similarity-function

    >>> cosine_similarity([[0.0, 1.0]], [[0.0, 2.0]]).tolist()
    [-1.0]
    """
    return -jnp.sum(unit_vectors(y_true, axis) * unit_vectors(y_pred, axis), axis=axis)


@loss_function
def cosine_proximity(y_true, y_pred):
    """The old name of ``cosine_similarity``.

    >>> cosine_proximity([[0.0, 1.0]], [[0.0, 2.0]]).tolist()
    [-1.0]
    """
    return cosine_similarity(y_true, y_pred)


@loss_function
@aligned
def huber(y_true, y_pred, delta=1.0):
    """Squared error below ``delta`` and linear beyond, mean over the last axis: (batch, ..., d) -> (batch, ...).

    https://keras.io/api/losses/regression_losses/#huber-function

    >>> huber([[0.0, 0.0]], [[1.0, 3.0]]).tolist()
    [1.5]
    """
    error = jnp.abs(y_pred - y_true)
    return jnp.mean(jnp.where(error <= delta, 0.5 * error**2, delta * error - 0.5 * delta**2), axis=-1)


@loss_function
@aligned
def log_cosh(y_true, y_pred):
    """Mean of ``log(cosh(y_pred - y_true))`` over the last axis: (batch, ..., d) -> (batch, ...).

    Close to half the squared error for small errors and to the absolute error for large ones.
    https://keras.io/api/losses/regression_losses/#log_cosh-function

    >>> log_cosh([[1.0, 1.0]], [[1.0, 1.0]]).tolist()
    [0.0]
    """
    error = y_pred - y_true
    return jnp.mean(error + jax.nn.softplus(-2.0 * error) - math.log(2.0), axis=-1)

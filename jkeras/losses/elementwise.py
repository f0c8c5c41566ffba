"""What all loss functions share: arrays in, at least float32 inside, the dtype of the prediction out."""

import functools

import jax.numpy as jnp

from jkeras.core.declare import era
from jkeras.core.symbolic import op

from .reduction import squeeze_or_expand


def loss_function(function):
    """Makes a public loss of a function of two float arrays.

    The targets and predictions may be arrays, Variables, lists, numbers or symbolic tensors. float16 and bfloat16
    are widened to float32 for the computation and the result gets the dtype of the prediction back.
    """

    @functools.wraps(function)
    def loss(y_true, y_pred, *args, **kwargs):
        y_pred = jnp.asarray(y_pred)
        dtype = y_pred.dtype if jnp.issubdtype(y_pred.dtype, jnp.floating) else jnp.dtype("float32")
        wide = jnp.promote_types(dtype, jnp.float32)
        y_true = jnp.asarray(y_true)
        return function(y_true.astype(wide), y_pred.astype(wide), *args, **kwargs).astype(dtype)

    return op(loss)


def era_setting(function, setting, today):
    """A detail of a function that differs between Keras generations; values other than today's stand in ``compat``."""
    return era.defaults.get((function, setting), today)


def aligned(function):
    """Squeezes or expands the last axis of targets and predictions to the same rank before ``function``."""

    @functools.wraps(function)
    def call(y_true, y_pred, *args, **kwargs):
        return function(*squeeze_or_expand(y_true, y_pred), *args, **kwargs)

    return call


def safe_power(x, exponent):
    """``x ** exponent`` for x >= 0 with a gradient of 0 instead of infinity at x = 0."""
    if exponent == 0:
        return jnp.ones_like(x)
    if exponent >= 1:
        return jnp.power(x, exponent)
    return jnp.where(x > 0, jnp.power(jnp.where(x > 0, x, 1), exponent), 0)


def check_axis(axis):
    """ValueError for a boolean axis: most likely a misplaced ``from_logits``."""
    if isinstance(axis, bool):
        raise ValueError(f"axis must be an integer, received {axis}. Pass from_logits by keyword if you meant that.")


def smooth(y_true, label_smoothing, classes):
    """Labels moved ``label_smoothing`` of the way to the uniform distribution over ``classes``."""
    return y_true * (1.0 - label_smoothing) + label_smoothing / classes if label_smoothing else y_true


def check_same_shape(name, y_true, y_pred):
    """ValueError when targets and predictions differ in shape."""
    if y_true.shape != y_pred.shape:
        raise ValueError(
            f"{name}: targets of shape {y_true.shape} and predictions of shape {y_pred.shape} must have the same "
            "shape. For integer class labels use sparse_categorical_crossentropy."
        )

"""Losses that compare probabilities (or the logits of them) with labels."""

import warnings

import jax
import jax.numpy as jnp

from jkeras.core import config, frame
from jkeras.core.symbolic import op

from .elementwise import check_axis, check_same_shape, era_setting, loss_function, safe_power, smooth


def _clipped(probabilities):
    return jnp.clip(probabilities, config.epsilon(), 1.0 - config.epsilon())


def _log_probabilities(y_pred, from_logits, axis):
    """Log of class probabilities that are scaled to the sum 1; a row of zeros counts as uniform nothing."""
    if from_logits:
        return jax.nn.log_softmax(y_pred, axis=axis)
    total = jnp.sum(y_pred, axis=axis, keepdims=True)
    return jnp.log(_clipped(y_pred / jnp.where(total == 0, 1, total)))


def _warn_of_one_class(name, y_pred):
    if y_pred.ndim and y_pred.shape[-1] == 1:
        warnings.warn(
            f"{name}: predictions of shape {y_pred.shape} have one class, so the loss is always 0. "
            "Use binary_crossentropy for two classes.",
            SyntaxWarning,
            stacklevel=5,
        )


def _binary_terms(y_true, y_pred, from_logits):
    check_same_shape("binary_crossentropy", y_true, y_pred)
    if from_logits:
        return -y_true * jax.nn.log_sigmoid(y_pred) - (1.0 - y_true) * jax.nn.log_sigmoid(-y_pred)
    y_pred, shift = _clipped(y_pred), era_setting("binary_crossentropy", "epsilon_in_log", 0.0)
    return -y_true * jnp.log(y_pred + shift) - (1.0 - y_true) * jnp.log(1.0 - y_pred + shift)


@loss_function
def binary_crossentropy(y_true, y_pred, from_logits=False, label_smoothing=0.0, axis=-1):
    """Crossentropy of labels 0 and 1 with probabilities, mean over ``axis``: (batch, ..., d) -> (batch, ...).

    ``from_logits``: predictions are logits. ``label_smoothing``: labels move that far towards 0.5.
    https://keras.io/api/losses/probabilistic_losses/#binary_crossentropy-function

    >>> binary_crossentropy([[0.0, 1.0]], [[0.5, 0.5]]).round(4).tolist()
    [0.6930999755859375]
    """
    return jnp.mean(_binary_terms(smooth(y_true, label_smoothing, 2), y_pred, from_logits), axis=axis)


@loss_function
def binary_focal_crossentropy(
    y_true,
    y_pred,
    apply_class_balancing=False,
    alpha=0.25,
    gamma=2.0,
    from_logits=False,
    label_smoothing=0.0,
    axis=-1,
):
    """Binary crossentropy times ``(1 - p_right)**gamma``, mean over ``axis``: (batch, ..., d) -> (batch, ...).

    ``apply_class_balancing`` weighs class 1 with ``alpha`` and class 0 with ``1 - alpha``.
    Lin et al. 2018, https://arxiv.org/abs/1708.02002

    >>> binary_focal_crossentropy([[0.0, 1.0]], [[0.5, 0.5]]).round(4).tolist()
    [0.17329999804496765]
    """
    y_true = smooth(y_true, label_smoothing, 2)
    y_pred = jax.nn.sigmoid(y_pred) if from_logits else y_pred
    right = y_true * y_pred + (1.0 - y_true) * (1.0 - y_pred)
    values = safe_power(1.0 - right, gamma) * _binary_terms(y_true, y_pred, False)
    if apply_class_balancing:
        values = (y_true * alpha + (1.0 - y_true) * (1.0 - alpha)) * values
    return jnp.mean(values, axis=axis)


@loss_function
def categorical_crossentropy(y_true, y_pred, from_logits=False, label_smoothing=0.0, axis=-1):
    """Crossentropy of one-hot labels with class probabilities along ``axis``: (batch, ..., classes) -> (batch, ...).

    Probabilities are scaled to the sum 1. ``from_logits``: predictions are logits. ``label_smoothing``: labels move
    that far towards the uniform distribution.
    https://keras.io/api/losses/probabilistic_losses/#categorical_crossentropy-function

    >>> categorical_crossentropy([[0.0, 1.0]], [[0.5, 0.5]]).round(4).tolist()
    [0.6930999755859375]
    """
    check_axis(axis)
    _warn_of_one_class("categorical_crossentropy", y_pred)
    check_same_shape("categorical_crossentropy", y_true, y_pred)
    y_true = smooth(y_true, label_smoothing, y_true.shape[-1])
    return -jnp.sum(y_true * _log_probabilities(y_pred, from_logits, axis), axis=axis)


@loss_function
def categorical_focal_crossentropy(
    y_true, y_pred, alpha=0.25, gamma=2.0, from_logits=False, label_smoothing=0.0, axis=-1
):
    """Categorical crossentropy times ``alpha * (1 - p)**gamma``: (batch, ..., classes) -> (batch, ...).

    ``alpha`` is a number or one per class. Lin et al. 2018, https://arxiv.org/abs/1708.02002

    >>> categorical_focal_crossentropy([[0.0, 1.0]], [[0.5, 0.5]]).round(4).tolist()
    [0.043299999088048935]
    """
    check_axis(axis)
    _warn_of_one_class("categorical_focal_crossentropy", y_pred)
    y_true = smooth(y_true, label_smoothing, y_true.shape[-1])
    log_p = _log_probabilities(jax.nn.softmax(y_pred, axis=axis) if from_logits else y_pred, False, axis)
    weight = safe_power(1.0 - jnp.exp(log_p), gamma) * jnp.asarray(alpha)
    return jnp.sum(-y_true * log_p * weight, axis=axis)


def sparse_categorical_crossentropy(y_true, y_pred, from_logits=False, *order, ignore_class=None, axis=-1):
    """Crossentropy of integer labels with class probabilities along ``axis``: (batch, ..., classes) -> (batch, ...).

    Labels are (batch, ...) or (batch, ..., 1). Those equal to ``ignore_class`` give 0 and do not count in the mean.
    https://keras.io/api/losses/probabilistic_losses/#sparse_categorical_crossentropy-function

    >>> sparse_categorical_crossentropy([1, 0], [[0.5, 0.5], [1.0, 0.0]]).round(4).tolist()
    [0.6930999755859375, 0.0]
    """
    if order:  # Keras 3 has ignore_class first, tf.keras axis
        names = era_setting("sparse_categorical_crossentropy", "order", ("ignore_class", "axis"))
        given = {"ignore_class": ignore_class, "axis": axis, **dict(zip(names, order))}
        ignore_class, axis = given["ignore_class"], given["axis"]
    return _sparse_crossentropy(y_true, y_pred, from_logits, ignore_class, axis)


@op
def _sparse_crossentropy(y_true, y_pred, from_logits, ignore_class, axis):
    labels, y_pred, dtype = _integer_labels(y_true, y_pred, axis)
    valid = None if ignore_class is None else labels != int(ignore_class)
    if valid is not None:
        labels = jnp.where(valid, labels, 0)
        y_pred = jnp.where(jnp.expand_dims(valid, axis), y_pred, 0)
    log_p = _log_probabilities(y_pred, from_logits, axis)
    values = -jnp.sum(jax.nn.one_hot(labels, y_pred.shape[axis], axis=axis, dtype=log_p.dtype) * log_p, axis=axis)
    values = values.astype(dtype)
    if valid is not None:
        values = jnp.where(valid, values, 0)
        frame.set_mask(values, valid)
    return values


def _integer_labels(y_true, y_pred, axis):
    """(labels as int32 without the class axis, predictions in float32 or wider, dtype of the result)."""
    y_pred, labels = jnp.asarray(y_pred), jnp.asarray(y_true)
    dtype = y_pred.dtype if jnp.issubdtype(y_pred.dtype, jnp.floating) else jnp.dtype("float32")
    if y_pred.ndim == 0:
        raise ValueError("sparse_categorical_crossentropy: predictions need a class axis, received a single number.")
    if labels.ndim == y_pred.ndim and labels.shape[axis] == 1:
        labels = jnp.squeeze(labels, axis)
    expected = tuple(d for i, d in enumerate(y_pred.shape) if i != axis % y_pred.ndim)
    if labels.shape != expected:
        raise ValueError(
            f"sparse_categorical_crossentropy: labels of shape {jnp.shape(y_true)} do not fit predictions of shape "
            f"{y_pred.shape}: expected integer labels of shape {expected}. For one-hot labels use "
            "categorical_crossentropy."
        )
    return labels.astype(jnp.int32), y_pred.astype(jnp.promote_types(dtype, jnp.float32)), dtype


@loss_function
def kl_divergence(y_true, y_pred):
    """Sum of ``y_true * log(y_true / y_pred)`` over the last axis: (batch, ..., d) -> (batch, ...).

    Both are clipped to [epsilon(), 1]. https://keras.io/api/losses/probabilistic_losses/#kl_divergence-function

    >>> kl_divergence([[1.0, 0.0]], [[1.0, 0.0]]).tolist()
    [0.0]
    """
    y_true, y_pred = (jnp.clip(y, config.epsilon(), 1.0) for y in (y_true, y_pred))
    return jnp.sum(y_true * jnp.log(y_true / y_pred), axis=-1)


@loss_function
def poisson(y_true, y_pred):
    """Mean of ``y_pred - y_true * log(y_pred)`` over the last axis: (batch, ..., d) -> (batch, ...).

    https://keras.io/api/losses/probabilistic_losses/#poisson-function

    >>> poisson([[0.0, 0.0]], [[1.0, 2.0]]).tolist()
    [1.5]
    """
    return jnp.mean(y_pred - y_true * jnp.log(y_pred + config.epsilon()), axis=-1)


@op
def categorical_generalized_cross_entropy(y_true, y_pred, q):
    """``(1 - p**q) / q`` of the probability of the right class: (batch, ..., classes) -> (batch, ...).

    Labels are integers; ``q`` in (0, 1) moves from crossentropy (0) to mean absolute error (1).
    Zhang and Sabuncu 2018, https://arxiv.org/abs/1805.07836

    >>> categorical_generalized_cross_entropy([0], [[0.25, 0.75]], q=0.5).tolist()
    [1.0]
    """
    y_pred, labels = jnp.asarray(y_pred), jnp.asarray(y_true).astype(jnp.int32)
    dtype = y_pred.dtype if jnp.issubdtype(y_pred.dtype, jnp.floating) else jnp.dtype("float32")
    y_pred = y_pred.astype(jnp.promote_types(dtype, jnp.float32))
    p = jnp.sum(y_pred * jax.nn.one_hot(labels, y_pred.shape[-1], dtype=y_pred.dtype), axis=-1)
    return ((1.0 - safe_power(p, q)) / q).astype(dtype)

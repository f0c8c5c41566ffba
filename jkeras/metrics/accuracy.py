"""Functions that say for each sample whether the prediction is right."""

import jax.numpy as jnp
import numpy as np

from jkeras.core import config, dtypes
from jkeras.core.symbolic import op
from jkeras.losses.elementwise import era_setting
from jkeras.losses.reduction import squeeze_or_expand


def _as_floats(matches):
    return matches.astype(dtypes.array_dtype(config.floatx()))


def _labels(y_true):
    """Labels as integers; those given as floats are whole numbers."""
    return jnp.asarray(y_true).astype(jnp.int32)


@op
def accuracy(y_true, y_pred):
    """1 where targets equal predictions, else 0: (batch, ...) -> (batch, ...).

    https://keras.io/api/metrics/accuracy_metrics/#accuracy-class

    >>> accuracy([1, 2], [1, 3]).tolist()
    [1.0, 0.0]
    """
    y_true, y_pred = squeeze_or_expand(jnp.asarray(y_true), jnp.asarray(y_pred))
    return _as_floats(y_true == y_pred)


@op
def binary_accuracy(y_true, y_pred, threshold=0.5):
    """1 where ``y_pred > threshold`` agrees with the label 0 or 1: (batch, ...) -> (batch, ...).

    https://keras.io/api/metrics/accuracy_metrics/#binary_accuracy-function

    >>> binary_accuracy([[1], [0]], [[0.7], [0.6]]).tolist()
    [[1.0], [0.0]]
    """
    y_true, y_pred = squeeze_or_expand(jnp.asarray(y_true), jnp.asarray(y_pred))
    matches = _as_floats(y_true == (y_pred > threshold).astype(y_true.dtype))
    return jnp.mean(matches, axis=-1) if era_setting("binary_accuracy", "averages_last_axis", False) else matches


@op
def categorical_accuracy(y_true, y_pred):
    """1 where the largest prediction is the class of a one-hot label: (batch, ..., classes) -> (batch, ...).

    https://keras.io/api/metrics/accuracy_metrics/#categorical_accuracy-function

    >>> categorical_accuracy([[0, 1], [1, 0]], [[0.1, 0.9], [0.2, 0.8]]).tolist()
    [1.0, 0.0]
    """
    return _as_floats(jnp.argmax(jnp.asarray(y_true), axis=-1) == jnp.argmax(jnp.asarray(y_pred), axis=-1))


@op
def sparse_categorical_accuracy(y_true, y_pred):
    """1 where the largest prediction is the integer label: (batch, ...) or (batch, ..., 1) labels -> (batch, ...).

    https://keras.io/api/metrics/accuracy_metrics/#sparse_categorical_accuracy-function

    >>> sparse_categorical_accuracy([1, 0], [[0.1, 0.9], [0.2, 0.8]]).tolist()
    [1.0, 0.0]
    """
    y_true, y_pred = _labels(y_true), jnp.asarray(y_pred)
    if y_true.ndim == y_pred.ndim and y_true.shape[-1] == 1:
        y_true = y_true[..., 0]
    return _as_floats(y_true == jnp.argmax(y_pred, axis=-1))


@op
def sparse_accuracy(y_true, y_pred):
    """1 where the largest prediction is the class of the label, one-hot or integer: -> (batch, ...).

    Some textbooks write ``metrics=["sparse_accuracy"]`` for one-hot labels and probabilities.

    >>> sparse_accuracy([[0, 1], [1, 0]], [[0.1, 0.9], [0.2, 0.8]]).tolist()
    [1.0, 0.0]
    """
    same = np.shape(y_true) == np.shape(y_pred) and np.shape(y_pred)[-1] > 1
    return categorical_accuracy(y_true, y_pred) if same else sparse_categorical_accuracy(y_true, y_pred)


def _in_top_k(labels, scores, k):
    """Is the score of the label among the ``k`` largest? A score that is NaN is not."""
    own = jnp.take_along_axis(scores, labels[..., None], axis=-1)
    own = jnp.where(jnp.isnan(own), -jnp.inf, own)
    return jnp.sum(scores > own, axis=-1) < k


@op
def top_k_categorical_accuracy(y_true, y_pred, k=5):
    """1 where the class of a one-hot label is among the ``k`` largest predictions: -> (batch, ...).

    https://keras.io/api/metrics/accuracy_metrics/#top_k_categorical_accuracy-function

    >>> top_k_categorical_accuracy([[0, 0, 1]], [[0.5, 0.2, 0.3]], k=2).tolist()
    [1.0]
    """
    return _as_floats(_in_top_k(jnp.argmax(jnp.asarray(y_true), axis=-1), jnp.asarray(y_pred), k))


@op
def sparse_top_k_categorical_accuracy(y_true, y_pred, k=5, from_sorted_ids=False):
    """1 where the integer label is among the ``k`` largest predictions: labels (batch, ...) or (batch, ..., 1).

    ``from_sorted_ids``: predictions are the classes themselves, best first. The result has the shape of the labels.
    https://keras.io/api/metrics/accuracy_metrics/#sparse_top_k_categorical_accuracy-function

    >>> sparse_top_k_categorical_accuracy([2, 1], [[0.5, 0.2, 0.3], [0.5, 0.2, 0.3]], k=2).tolist()
    [1.0, 0.0]
    """
    labels, y_pred = _labels(y_true), jnp.asarray(y_pred)
    shape = labels.shape
    if labels.ndim == y_pred.ndim:
        labels = labels[..., 0]
    if from_sorted_ids:
        matches = jnp.any(labels[..., None] == y_pred[..., :k].astype(labels.dtype), axis=-1)
    else:
        matches = _in_top_k(labels, y_pred, k)
    return _as_floats(matches).reshape(shape)

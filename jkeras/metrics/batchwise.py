"""Scores of a whole batch that Keras 1 offered as functions; averaged over batches they are only approximate."""

import jax.numpy as jnp

from jkeras.core import config
from jkeras.core.symbolic import op


def _decided(x):
    return jnp.round(jnp.clip(jnp.asarray(x), 0, 1))


@op
def precision(y_true, y_pred):
    """Share of the samples predicted as 1 that are 1, in one batch: -> ().

    >>> precision([0.0, 1.0], [1.0, 1.0]).round(4).item()
    0.5
    """
    right = jnp.sum(_decided(jnp.asarray(y_true) * jnp.asarray(y_pred)))
    return right / (jnp.sum(_decided(y_pred)) + config.epsilon())


@op
def recall(y_true, y_pred):
    """Share of the samples that are 1 that are predicted as 1, in one batch: -> ().

    >>> recall([0.0, 1.0], [1.0, 1.0]).round(4).item()
    1.0
    """
    right = jnp.sum(_decided(jnp.asarray(y_true) * jnp.asarray(y_pred)))
    return right / (jnp.sum(_decided(y_true)) + config.epsilon())


@op
def fbeta_score(y_true, y_pred, beta=1):
    """Weighted harmonic mean of precision and recall in one batch: -> (). ValueError for a negative ``beta``.

    >>> fbeta_score([0.0, 1.0], [1.0, 1.0]).round(4).item()
    0.666700005531311
    """
    if beta < 0:
        raise ValueError(f"fbeta_score: beta must be at least 0, received {beta}.")
    p, r = precision(y_true, y_pred), recall(y_true, y_pred)
    score = (1 + beta**2) * (p * r) / (beta**2 * p + r + config.epsilon())
    return jnp.where(jnp.sum(_decided(y_true)) == 0, 0.0, score)


@op
def fmeasure(y_true, y_pred):
    """Harmonic mean of precision and recall in one batch: -> ().

    >>> fmeasure([0.0, 1.0], [1.0, 1.0]).round(4).item()
    0.666700005531311
    """
    return fbeta_score(y_true, y_pred, beta=1)


@op
def matthews_correlation(y_true, y_pred):
    """Matthews' correlation of binary labels and predictions in one batch: -> (), from -1 to 1.

    https://en.wikipedia.org/wiki/Phi_coefficient

    >>> matthews_correlation([0.0, 1.0, 1.0], [0.0, 1.0, 1.0]).round(4).item()
    1.0
    """
    true, pred = _decided(y_true), _decided(y_pred)
    tp, tn = jnp.sum(true * pred), jnp.sum((1 - true) * (1 - pred))
    fp, fn = jnp.sum((1 - true) * pred), jnp.sum(true * (1 - pred))
    return (tp * tn - fp * fn) / (jnp.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)) + config.epsilon())

"""Counting true and false positives and negatives at thresholds: pure functions of arrays."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jkeras.core import config
from jkeras.losses.reduction import squeeze_or_expand

LOWEST = -1e10  # the threshold of predictions that are outside of the top k


class Counts(NamedTuple):
    """Weighted counts at each threshold (and, for several labels, of each label)."""

    true_positives: jax.Array
    false_positives: jax.Array
    true_negatives: jax.Array
    false_negatives: jax.Array


def as_thresholds(thresholds, default=0.5):
    """Thresholds as a list of numbers in [0, 1]; ValueError outside."""
    if thresholds is None:
        return [default]
    values = list(thresholds) if isinstance(thresholds, (list, tuple, np.ndarray)) else [thresholds]
    wrong = [t for t in values if t is None or t < 0 or t > 1]
    if wrong:
        raise ValueError(f"thresholds must be in [0, 1], received {wrong}.")
    return values


def are_even(thresholds):
    """Are there three thresholds or more, and the same distance between all neighbours from 0 to 1?"""
    n = len(thresholds)
    return n > 2 and bool(np.allclose(thresholds, np.arange(n, dtype="float32") / (n - 1), atol=config.epsilon()))


def count(
    y_true,
    y_pred,
    thresholds,
    sample_weight=None,
    even=False,
    multi_label=False,
    label_weights=None,
    top_k=None,
    class_id=None,
):
    """Counts of a batch at each threshold: arrays (thresholds,), or (thresholds, labels) if ``multi_label``.

    Args:
        y_true: labels 0 and 1, of the shape of ``y_pred``.
        y_pred: probabilities (batch, ...).
        thresholds: list; a prediction is positive above it.
        sample_weight: None or weights (batch,) or (batch, steps).
        even: the thresholds are evenly distributed from 0 to 1, so that one pass over the data does.
        label_weights: weights of the last axis, unless ``multi_label``.
        top_k: only the ``top_k`` largest predictions of a sample may be positive.
        class_id: only this class counts.
    """
    y_pred, y_true = squeeze_or_expand(y_pred, y_true)
    if sample_weight is not None:
        sample_weight = jnp.asarray(sample_weight).astype(y_pred.dtype)[..., None]
        sample_weight = squeeze_or_expand(y_true, sample_weight, expand_rank_1=False)[1]
    if top_k is not None:
        chosen = jax.nn.one_hot(jax.lax.top_k(y_pred, top_k)[1], y_pred.shape[-1]).sum(axis=-2)
        y_pred = y_pred * chosen + LOWEST * (1 - chosen)
    if class_id is not None:
        if y_pred.ndim == 1:
            raise ValueError(f"class_id needs predictions of shape (batch, classes), received shape {y_pred.shape}.")
        y_true, y_pred = y_true[..., class_id, None], y_pred[..., class_id, None]
    weight = jnp.ones_like(y_pred)
    if sample_weight is not None:
        extra = max(y_pred.ndim - sample_weight.ndim, 0)
        weight = weight * sample_weight.reshape(sample_weight.shape + (1,) * extra)
    if label_weights is not None and not multi_label:
        weight = weight * label_weights
    labels = y_true.astype(bool)
    columns = y_pred.shape[1:] if multi_label else (1,)
    labels, y_pred, weight = (x.reshape(-1, *columns) for x in (labels, y_pred, weight))
    positives = _even_positives if even else _positives
    tp, fp = positives(jnp.where(labels, weight, 0), jnp.where(labels, 0, weight), y_pred, thresholds)
    all_true, all_false = (jnp.sum(jnp.where(which, weight, 0), axis=0) for which in (labels, ~labels))
    counts = Counts(tp, fp, all_false - fp, all_true - tp)
    return counts if multi_label else Counts(*(c[:, 0] for c in counts))


def _positives(true, false, y_pred, thresholds):
    """Sums of both weights above each threshold, (thresholds, labels), by comparing all with all."""
    above = y_pred[None] > jnp.asarray(thresholds, y_pred.dtype)[:, None, None]
    return [jnp.sum(jnp.where(above, w[None], 0), axis=1) for w in (true, false)]


def _even_positives(true, false, y_pred, thresholds):
    """The same by sorting into buckets: bucket i has the predictions in (threshold i, threshold i + 1]."""
    n, labels = len(thresholds), y_pred.shape[-1]
    bucket = jnp.ceil(jnp.clip(y_pred, 0.0, 1.0) * (n - 1)).astype(jnp.int32) - 1
    if thresholds[0] < 0 or thresholds[-1] > 1:  # then the first bucket has the zeros too
        bucket = jnp.maximum(bucket, 0)
    # one more bucket before the first takes what is above no threshold
    index = (bucket + 1) * labels + jnp.arange(labels)

    def sums(w):
        found = jax.ops.segment_sum(w.reshape(-1), index.reshape(-1), (n + 1) * labels).reshape(n + 1, labels)
        return jnp.cumsum(found[:0:-1], axis=0)[::-1]

    return sums(true), sums(false)

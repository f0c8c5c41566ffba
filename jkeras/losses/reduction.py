"""From one value per sample (or step) to one loss: weights, masks and the mean that each Keras generation takes."""

import jax.numpy as jnp

from jkeras.core.errors import unknown


class Reduction:
    """The names of the reductions, as ``tf.keras`` spells them."""

    AUTO = "auto"
    NONE = "none"
    SUM = "sum"
    SUM_OVER_BATCH_SIZE = "sum_over_batch_size"

    @classmethod
    def all(cls):
        """The four names.

        >>> Reduction.all()
        ('auto', 'none', 'sum', 'sum_over_batch_size')
        """
        return (cls.AUTO, cls.NONE, cls.SUM, cls.SUM_OVER_BATCH_SIZE)

    @classmethod
    def validate(cls, key):
        """Raises ValueError when ``key`` names no reduction."""
        standardize_reduction(key)


MEANS = ("sum_over_batch_size", "mean", "auto")
REDUCTIONS = (*MEANS, "sum", "mean_with_sample_weight", "none", None)


def standardize_reduction(reduction):
    """``reduction`` itself when it is one that Keras knows; ValueError with the nearest name otherwise."""
    if reduction not in REDUCTIONS:
        raise ValueError(unknown("reduction", reduction, [name for name in REDUCTIONS if name]))
    return reduction


def squeeze_or_expand(x1, x2, expand_rank_1=True):
    """Gives two arrays the same rank where they differ by one axis of size 1 at the end.

    A vector beside a column becomes a column (``(n,)`` and ``(n, 1)`` give ``(n, 1)`` twice); otherwise the longer
    one loses its last axis. Other shapes pass unchanged.
    """
    if x1.ndim == x2.ndim + 1 and x1.shape[-1] == 1:
        return (x1, x2[..., None]) if x2.ndim == 1 and expand_rank_1 else (x1[..., 0], x2)
    if x2.ndim == x1.ndim + 1 and x2.shape[-1] == 1:
        return (x1[..., None], x2) if x1.ndim == 1 and expand_rank_1 else (x1, x2[..., 0])
    return x1, x2


def divide_no_nan(x, y):
    """``x / y``, and 0 where ``y`` is 0; its gradient is finite there too."""
    return jnp.where(y == 0, 0, x / jnp.where(y == 0, 1, y))


def weights_of_mask(sample_weight, mask, dtype, reduction):
    """Weights that leave masked entries out: for a mean, entries that count weigh ``total / valid``."""
    if mask is None:
        return sample_weight
    weight = jnp.asarray(mask).astype(bool).astype(dtype)
    if reduction in MEANS:
        weight = weight * divide_no_nan(jnp.asarray(weight.size, dtype), jnp.sum(weight))
    if sample_weight is None:
        return weight
    weight, sample_weight = squeeze_or_expand(weight, jnp.asarray(sample_weight).astype(dtype))
    if sample_weight.ndim < weight.ndim:
        sample_weight = sample_weight.reshape(sample_weight.shape + (1,) * (weight.ndim - sample_weight.ndim))
    return _multiply(sample_weight, weight, "mask")


def reduce_weighted(values, sample_weight=None, mask=None, reduction="sum_over_batch_size", dtype=None, era="3"):
    """The loss of a batch from its values, with sample weights and a mask.

    Args:
        values: array ``(batch, ...)`` of losses.
        sample_weight: None, or weights with the leading axes of ``values``.
        mask: None, or booleans with the leading axes of ``values``; what is False does not count.
        reduction: "sum_over_batch_size" (also "mean" and "auto"), "sum", "mean_with_sample_weight", "none" or None.
        dtype: of the computation; None keeps that of ``values`` (at least float32).
        era: "3" and "tf2" divide the weighted sum by the number of entries (that the mask lets count); "2.2" and "1"
            divide by the number of entries with a weight that is not 0, as Keras 2.2.4 does.

    >>> reduce_weighted([1.0, 2.0, 3.0], [0.0, 1.0, 1.0]).item()
    1.6666666269302368
    >>> reduce_weighted([1.0, 2.0, 3.0], [0.0, 1.0, 1.0], era="2.2").item()
    2.5
    """
    standardize_reduction(reduction)
    values = jnp.asarray(values)
    values = values.astype(dtype or jnp.promote_types(values.dtype, jnp.float32))
    if str(era) < "2.3":
        return _reduce_by_nonzero(values, sample_weight, mask, reduction)
    sample_weight = weights_of_mask(sample_weight, mask, values.dtype, reduction)
    if sample_weight is not None:
        sample_weight = jnp.asarray(sample_weight).astype(values.dtype)
        values, sample_weight = squeeze_or_expand(values, sample_weight)
        values = _multiply(values, sample_weight, "sample_weight")
    if reduction in ("none", None):
        return values
    total = jnp.sum(values)
    if reduction in MEANS:
        return divide_no_nan(total, jnp.asarray(values.size, total.dtype))
    if reduction == "mean_with_sample_weight":
        count = values.size if sample_weight is None else jnp.sum(sample_weight)
        return divide_no_nan(total, jnp.asarray(count, total.dtype))
    return total


def _reduce_by_nonzero(values, sample_weight, mask, reduction):
    if mask is not None:
        mask = jnp.asarray(mask).astype(bool).astype(values.dtype)
        values = divide_no_nan(_multiply(values, mask, "mask"), jnp.mean(mask))
    if sample_weight is not None:
        weight = jnp.asarray(sample_weight).astype(values.dtype)
        values = jnp.mean(values, axis=tuple(range(weight.ndim, values.ndim)))
        counted = jnp.mean((weight != 0).astype(values.dtype))
        values = divide_no_nan(_multiply(values, weight, "sample_weight"), counted)
    if reduction in ("none", None):
        return values
    return (
        jnp.sum(values)
        if reduction == "sum"
        else divide_no_nan(jnp.sum(values), jnp.asarray(values.size, values.dtype))
    )


def _multiply(values, weight, what):
    """``values * weight`` with the axes of the weight at the front."""
    if values.ndim > weight.ndim:
        weight = weight.reshape(weight.shape + (1,) * (values.ndim - weight.ndim))
    try:
        return values * weight
    except (TypeError, ValueError):
        raise ValueError(
            f"{what} of shape {weight.shape} does not fit losses of shape {values.shape}. "
            "Pass one weight per sample, (batch,), or one per step, (batch, steps)."
        ) from None

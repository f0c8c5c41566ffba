"""``tf``'s reductions, running sums, counts and segments, over jax.numpy."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from .rows import array, dtype_of, ints, known, one_of


def _inexact(name: str, x: Any) -> Any:
    if not jnp.issubdtype(x.dtype, jnp.inexact):
        raise TypeError(f"tf.{name}: expected floats, received dtype {x.dtype}. Use tf.cast(x, tf.float32).")
    return x


def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The mean; of whole numbers its whole part, as TensorFlow divides."""
    if jnp.issubdtype(x.dtype, jnp.integer):
        total = jnp.sum(x, axis=axis, keepdims=keepdims, dtype=x.dtype)
        return jax.lax.div(total, jnp.full_like(total, x.size // max(total.size, 1)))
    return jnp.mean(x, axis=axis, keepdims=keepdims)


def _same_dtype(compute: Callable) -> Callable:
    return lambda x, axis, keepdims: compute(x, axis=axis, keepdims=keepdims).astype(x.dtype)


def _euclidean(x: Any, axis: Any, keepdims: bool) -> Any:
    return jnp.sqrt(jnp.sum(jnp.square(x), axis=axis, keepdims=keepdims)).astype(x.dtype)


_REDUCE = {
    "sum": _same_dtype(jnp.sum), "prod": _same_dtype(jnp.prod), "max": jnp.max, "min": jnp.min, "mean": mean, "any": jnp.any,
    "all": jnp.all, "euclidean_norm": _euclidean,
    "logsumexp": lambda x, axis, keepdims: jax.nn.logsumexp(x, axis=axis, keepdims=keepdims),
    "variance": lambda x, axis, keepdims: jnp.var(_inexact("math.reduce_variance", x), axis=axis, keepdims=keepdims),
    "std": lambda x, axis, keepdims: jnp.std(_inexact("math.reduce_std", x), axis=axis, keepdims=keepdims),
}  # fmt: skip


def _reduction(compute: Callable) -> Callable:
    def reduce(input_tensor: Any, axis: Any = None, keepdims: Any = False) -> Any:
        return compute(input_tensor, axis=ints(axis), keepdims=bool(keepdims))

    return reduce


def _place(compute: Callable) -> Callable:
    def place(input: Any, axis: Any = None, output_type: Any = "int64") -> Any:
        return compute(input, axis=ints(0 if axis is None else axis)).astype(dtype_of(output_type))

    return place


def count_nonzero(input: Any, axis: Any = None, keepdims: Any = None, dtype: Any = "int64") -> Any:
    """How many elements are not 0."""
    return jnp.count_nonzero(input, axis=ints(axis), keepdims=bool(keepdims)).astype(dtype_of(dtype))


def _running(compute: Callable, first: Any) -> Callable:
    def running(x: Any, axis: Any = 0, exclusive: bool = False, reverse: bool = False) -> Any:
        axis = ints(axis)
        x = jnp.flip(x, axis) if reverse else x
        found = compute(x, axis)
        if exclusive:  # the one before, and the neutral element first
            found = jnp.roll(found, 1, axis)
            at = (slice(None),) * (axis % x.ndim) + (0,)
            found = found.at[at].set(first(x.dtype))
        return jnp.flip(found, axis) if reverse else found

    return running


def top_k(input: Any, k: Any = 1, sorted: bool = True, index_type: Any = "int32") -> Any:
    """The largest elements of the last axis, in order, and their places."""
    values, places = jax.lax.top_k(input, ints(k))
    return TopK(values, places.astype(dtype_of(index_type)))


def in_top_k(targets: Any, predictions: Any, k: Any) -> Any:
    """Is the target's prediction among the k best, ties included?"""
    own = jnp.take_along_axis(predictions, targets[:, None].astype("int32"), 1)
    better = jnp.sum((predictions > own).astype("int32"), 1)
    return (better < ints(k)) & jnp.isfinite(own[:, 0])


def bincount(arr: Any, weights: Any = None, minlength: Any = None, maxlength: Any = None, dtype: Any = "int32",
             axis: Any = None, binary_output: bool = False) -> Any:  # fmt: skip
    """How often each whole number from 0 on occurs, or the sum of its weights; with ``axis=-1`` in each row."""
    if axis not in (None, 0, -1):
        raise ValueError(f"tf.math.bincount: expected axis None, 0 or -1, received {axis}.")
    if not known(arr):
        raise ValueError(
            "tf.math.bincount inside of a compiled function: its length depends on the values. Call it outside."
        )
    length = max(int(np.max(arr)) + 1 if arr.size else 0, ints(minlength) or 0)
    length = length if maxlength is None else min(length, ints(maxlength))
    rows = arr.reshape(1, -1) if axis in (None, 0) or arr.ndim == 1 else arr.reshape(-1, arr.shape[-1])
    hot = rows[..., None] == jnp.arange(length)
    if weights is not None:
        found = jnp.sum(hot * weights.reshape(rows.shape)[..., None], 1).astype(weights.dtype)
    else:
        found = (jnp.any(hot, 1) if binary_output else jnp.sum(hot, 1)).astype(dtype_of(dtype))
    return found[0] if axis in (None, 0) or arr.ndim == 1 else found


def confusion_matrix(
    labels: Any, predictions: Any, num_classes: Any = None, weights: Any = None, dtype: Any = "int32"
) -> Any:
    """How often each label (row) was predicted as each class (column)."""
    labels, predictions = labels.astype("int32").reshape(-1), predictions.astype("int32").reshape(-1)
    if num_classes is None:
        if not known(labels) or not known(predictions):
            raise ValueError("tf.math.confusion_matrix inside of a compiled function: give num_classes.")
        num_classes = int(max(np.max(labels), np.max(predictions))) + 1
    counted = jnp.ones(labels.shape) if weights is None else weights.reshape(-1)
    to = dtype_of(dtype)
    return jnp.zeros((ints(num_classes),) * 2, to).at[labels, predictions].add(counted.astype(to))


def histogram_fixed_width(values: Any, value_range: Any, nbins: Any = 100, dtype: Any = "int32") -> Any:
    """How many values lie in each of so many equal parts of a range; the outermost take what is beyond."""
    places = histogram_fixed_width_bins(values, value_range, nbins)
    return jnp.bincount(places.reshape(-1), length=ints(nbins)).astype(dtype_of(dtype))


def histogram_fixed_width_bins(values: Any, value_range: Any, nbins: Any = 100, dtype: Any = "int32") -> Any:
    """The part of a range, of so many equal ones, in which each value lies."""
    values, (low, high), nbins = array(values), array(value_range), ints(nbins)
    places = jnp.floor((values - low) / (high - low) * nbins)
    return jnp.clip(places, 0, nbins - 1).astype(dtype_of(dtype))


# ------------------------------------------------- segments


def _segments(how: str, data: Any, ids: Any, count: int) -> Any:
    ids = jnp.where(ids < 0, count, ids)  # negative ones are dropped
    if how in ("mean", "sqrt_n"):
        total = jax.ops.segment_sum(data, ids, count)
        number = jnp.maximum(jax.ops.segment_sum(jnp.ones(ids.shape, data.dtype), ids, count), 1)
        number = number.reshape(count, *[1] * (total.ndim - 1))
        return total / (number if how == "mean" else jnp.sqrt(number)).astype(total.dtype)
    return getattr(jax.ops, f"segment_{how}")(data, ids, count)


def _flat_ids(data: Any, ids: Any) -> tuple[Any, Any]:
    return data.reshape(-1, *data.shape[ids.ndim :]), ids.reshape(-1)


def _sorted_segments(how: str) -> Callable:
    def segments(data: Any, segment_ids: Any) -> Any:
        if not known(segment_ids):
            raise ValueError(
                f"tf.math.segment_{how} inside of a compiled function: use tf.math.unsorted_segment_{how}."
            )
        ids = np.asarray(segment_ids)
        if np.any(np.diff(ids) < 0) or np.any(ids < 0):
            raise ValueError(
                f"tf.math.segment_{how}: segment_ids must be sorted and not negative, received {ids.tolist()}."
            )
        found = _segments(how, data, segment_ids, int(ids[-1]) + 1 if ids.size else 0)
        if how in ("max", "min"):  # nothing in a segment: 0
            empty = ~np.isin(np.arange(len(found)), ids)
            found = jnp.where(empty.reshape(-1, *[1] * (found.ndim - 1)), 0, found).astype(found.dtype)
        return found

    return segments


def _unsorted_segments(how: str) -> Callable:
    def segments(data: Any, segment_ids: Any, num_segments: Any) -> Any:
        data, ids = _flat_ids(data, segment_ids)
        found = _segments(how, data, ids, ints(num_segments))
        if how in ("max", "min") and jnp.issubdtype(found.dtype, jnp.floating):  # the lowest number, not infinity
            limit = jnp.finfo(found.dtype)
            found = jnp.clip(found, limit.min, limit.max)
        return found

    return segments


# ------------------------------------------------- norms


def l2_normalize(x: Any, axis: Any = None, epsilon: Any = 1e-12) -> Any:
    """The tensor divided by its norm."""
    total = jnp.sum(jnp.square(x), axis=ints(axis), keepdims=True)
    return x * jax.lax.rsqrt(jnp.maximum(total, epsilon))


def clip_by_norm(t: Any, clip_norm: Any, axes: Any = None) -> Any:
    """The tensor scaled down where its norm is above ``clip_norm``."""
    total = jnp.sum(jnp.square(t), axis=ints(axes), keepdims=True)
    norm = jnp.where(total > 0, jnp.sqrt(jnp.where(total > 0, total, 1)), 0)
    return t * clip_norm / jnp.maximum(norm, clip_norm)


def global_norm(t_list: Any) -> Any:
    """The norm of all tensors together."""
    return jnp.sqrt(sum(jnp.sum(jnp.square(array(t))) for t in t_list if t is not None))


def clip_by_global_norm(t_list: Any, clip_norm: Any, use_norm: Any = None) -> Any:
    """The tensors scaled together, and their global norm before."""
    norm = global_norm(t_list) if use_norm is None else array(use_norm)
    scale = clip_norm / jnp.maximum(norm, clip_norm)
    return [None if t is None else array(t) * scale for t in t_list], norm


def norm(tensor: Any, ord: Any = "euclidean", axis: Any = None, keepdims: Any = None) -> Any:
    """The norm over all elements, one axis, or the matrices of two axes."""
    axis, keepdims = ints(axis), bool(keepdims)
    if isinstance(ord, str):
        one_of("tf.norm: ord", ord, ("euclidean", "fro"))
    matrix = isinstance(axis, tuple) and len(axis) == 2
    if matrix and ord not in ("euclidean", "fro", 1, 2, np.inf):
        raise ValueError(f"tf.norm: expected ord 'euclidean', 'fro', 1, 2 or inf for matrices, received {ord!r}.")
    if ord in ("euclidean", "fro") or ord == 2 and not matrix:
        return jnp.sqrt(jnp.sum(jnp.square(jnp.abs(tensor)), axis=axis, keepdims=keepdims))
    if axis is None:
        found = jnp.linalg.norm(tensor.reshape(-1), ord)
        return found.reshape((1,) * tensor.ndim) if keepdims else found
    return jnp.linalg.norm(tensor, ord, axis[0] if isinstance(axis, tuple) and len(axis) == 1 else axis, keepdims)


class TopK(NamedTuple):
    """Values and places, by position or by name."""

    values: Any
    indices: Any


_SEGMENTS = "sum mean max min prod".split()
ROWS = {
    **{f"reduce_{name}": _reduction(compute) for name, compute in _REDUCE.items()},
    **{f"segment_{how}": _sorted_segments(how) for how in _SEGMENTS},
    **{f"unsorted_segment_{how}": _unsorted_segments(how) for how in (*_SEGMENTS, "sqrt_n")},
    "argmax": _place(jnp.argmax),
    "argmin": _place(jnp.argmin),
    "count_nonzero": count_nonzero,
    "cumsum": _running(lambda x, axis: jnp.cumsum(x, axis).astype(x.dtype), lambda dtype: 0),
    "cumprod": _running(lambda x, axis: jnp.cumprod(x, axis).astype(x.dtype), lambda dtype: 1),
    "cumulative_logsumexp": _running(lambda x, axis: jax.lax.cumlogsumexp(x, axis % x.ndim), lambda dtype: -np.inf),
    "top_k": top_k,
    "in_top_k": in_top_k,
    "bincount": bincount,
    "confusion_matrix": confusion_matrix,
    "histogram_fixed_width": histogram_fixed_width,
    "histogram_fixed_width_bins": histogram_fixed_width_bins,
    "l2_normalize": l2_normalize,
    "clip_by_norm": clip_by_norm,
    "global_norm": global_norm,
    "clip_by_global_norm": clip_by_global_norm,
    "norm": norm,
}

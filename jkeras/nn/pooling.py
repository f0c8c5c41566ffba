"""Pooling of arrays over windows, over all space, and to a given size; the CPU gets the formulation that is fast there.

Accelerators run ``lax.reduce_window``. On the CPU the window of a maximum moves along one axis at a time, as strided
slices that are compared: the same values, and where several inputs share the maximum the first one gets the gradient,
as with ``reduce_window``. Measured forward + gradient in ms of both cores, jax 0.10.2 (``benchmarks/conv_shapes.py
pooling``):

- 2x2, 128x24x24x64:           reduce_window 92, slices 4
- 3x3 / 2 same, 32x112x112x64: reduce_window 673, slices 178
- 3x3 / 1 same, 32x28x28x64:   reduce_window 105, slices 21

Averages stay with ``reduce_window``, whose gradient is no slower than that of slices (10 and 17 for the last shape).
"""

import math
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.custom_derivatives import SymbolicZero

from .conv import _tuple, out_size, pad_amounts
from .platform import on_cpu

# Longer windows are left to reduce_window: each point of a window is an operation to compile.
LONGEST = 32


def max_pool(
    x: jax.Array,
    window: Sequence[int] | int,
    strides: Sequence[int] | int | None = None,
    padding: str = "valid",
    channels_last: bool = True,
) -> jax.Array:
    """The largest value in each window of (n, *space, c), or of (n, c, *space).

    >>> max_pool(jnp.arange(4.0).reshape(1, 4, 1), 2)[0, :, 0].tolist()
    [1.0, 3.0]
    """
    size, step, pads = _geometry(x, window, strides, padding, channels_last)
    lowest = -jnp.inf if jnp.issubdtype(x.dtype, jnp.floating) else jnp.iinfo(x.dtype).min
    if not on_cpu() or max(size) > LONGEST:
        return lax.reduce_window(x, np.asarray(lowest, x.dtype), lax.max, size, step, pads)
    # The last axis first: of equal values, the first in row-major order wins then.
    for axis in reversed(range(x.ndim)):
        if size[axis] > 1 or step[axis] > 1:
            x = _largest(_shifted(x, axis, size[axis], step[axis], pads[axis], lowest))
    return x


def average_pool(
    x: jax.Array,
    window: Sequence[int] | int,
    strides: Sequence[int] | int | None = None,
    padding: str = "valid",
    channels_last: bool = True,
) -> jax.Array:
    """The mean of each window of (n, *space, c), or of (n, c, *space); padded points do not count.

    >>> average_pool(jnp.arange(3.0).reshape(1, 3, 1), 2, 2, "same")[0, :, 0].tolist()
    [0.5, 2.0]
    """
    size, step, pads = _geometry(x, window, strides, padding, channels_last)
    y = x.astype(jnp.float32) if x.dtype.itemsize < 4 or not jnp.issubdtype(x.dtype, jnp.floating) else x
    count: np.ndarray = np.ones((), np.float32)
    for axis in range(x.ndim):
        inside = np.pad(np.ones(x.shape[axis]), pads[axis]) if size[axis] > 1 else None
        if inside is not None:
            sums = np.convolve(inside, np.ones(size[axis]), "valid").astype(np.float32)[:: step[axis]]
            count = count * sums.reshape([-1 if a == axis else 1 for a in range(x.ndim)])
    y = lax.reduce_window(y, np.asarray(0, y.dtype), lax.add, size, step, pads)
    dtype = x.dtype if jnp.issubdtype(x.dtype, jnp.floating) else jnp.float32
    return (y / (count if padding == "same" else np.float32(math.prod(size)))).astype(dtype)


def _geometry(x, window, strides, padding, channels_last):
    """Window, strides and padding with the batch and channel axes among them."""
    rank = x.ndim - 2
    window = _tuple(window, rank)
    strides = window if strides is None else _tuple(strides, rank)
    space = x.shape[1:-1] if channels_last else x.shape[2:]
    pads = [pad_amounts(n, k, s, 1, padding) for n, k, s in zip(space, window, strides, strict=True)]

    def full(values, fill):
        return (fill, *values, fill) if channels_last else (fill, fill, *values)

    return full(window, 1), full(strides, 1), full(pads, (0, 0))


def _shifted(x, axis, window, stride, pads, fill):
    """For each point of a window, its value wherever the window goes."""
    if any(pads):
        x = jnp.pad(x, [pads if a == axis else (0, 0) for a in range(x.ndim)], constant_values=fill)
    size = out_size(x.shape[axis], window, stride, 1, "valid")
    if window == stride and x.shape[axis] == size * window:
        # Windows side by side are an axis of their own, and the gradient joins them in one pass.
        x = x.reshape(*x.shape[:axis], size, window, *x.shape[axis + 1 :])
        return [lax.index_in_dim(x, i, axis + 1, keepdims=False) for i in range(window)]
    return [lax.slice_in_dim(x, i, i + (size - 1) * stride + 1, stride, axis) for i in range(window)]


@jax.custom_jvp
def _largest(parts):
    """The largest of several arrays, element by element; the first of equals gets the gradient."""
    y = parts[0]
    for part in parts[1:]:
        y = jnp.maximum(y, part)
    return y


def _largest_tangent(primals, tangents):
    (parts,), (moved,) = primals, tangents
    y = _largest(parts)
    moved = [jnp.zeros_like(y) if type(t) is SymbolicZero else t for t in moved]
    tangent = moved[-1]
    for part, t in zip(reversed(parts[:-1]), reversed(moved[:-1]), strict=True):
        tangent = jnp.where(part == y, t, tangent)
    return y, tangent


_largest.defjvp(_largest_tangent, symbolic_zeros=True)


def global_max_pool(x: jax.Array, channels_last: bool = True, keepdims: bool = False) -> jax.Array:
    """The largest value over all space: (n, c), or with axes of length 1 kept.

    >>> global_max_pool(jnp.arange(4.0).reshape(1, 4, 1)).tolist()
    [[3.0]]
    """
    return jnp.max(x, _space(x, channels_last), keepdims=keepdims)


def global_average_pool(
    x: jax.Array, channels_last: bool = True, keepdims: bool = False, mask: jax.Array | None = None
) -> jax.Array:
    """The mean over all space: (n, c), or with axes of length 1 kept; where ``mask`` (n, *space) is given, over it.

    >>> global_average_pool(jnp.arange(4.0).reshape(1, 4, 1)).tolist()
    [[1.5]]
    """
    axes = _space(x, channels_last)
    if mask is None:
        return jnp.mean(x, axes, keepdims=keepdims)
    inside = jnp.expand_dims(mask.astype(bool), -1 if channels_last else 1)
    total = jnp.sum(jnp.where(inside, x, 0), axes, keepdims=keepdims)
    return total / jnp.sum(inside.astype(x.dtype), axes, keepdims=keepdims)


def _space(x, channels_last):
    return tuple(range(1, x.ndim - 1)) if channels_last else tuple(range(2, x.ndim))


def adaptive_max_pool(x: jax.Array, sizes: Sequence[int] | int, channels_last: bool = True) -> jax.Array:
    """The largest values of windows that divide space into the given number of parts.

    >>> adaptive_max_pool(jnp.arange(5.0).reshape(1, 5, 1), 2)[0, :, 0].tolist()
    [2.0, 4.0]
    """
    return _adaptive(x, sizes, channels_last, lambda parts, count: _largest(parts))


def adaptive_average_pool(x: jax.Array, sizes: Sequence[int] | int, channels_last: bool = True) -> jax.Array:
    """The means of windows that divide space into the given number of parts.

    >>> adaptive_average_pool(jnp.arange(5.0).reshape(1, 5, 1), 2)[0, :, 0].tolist()
    [1.0, 3.0]
    """

    def mean(parts, count):
        inside = [jnp.where(i < count, part, 0).astype(jnp.float32) for i, part in enumerate(parts)]
        return sum(inside) / count

    return _adaptive(x, sizes, channels_last, mean).astype(x.dtype)


def _adaptive(x, sizes, channels_last, combine):
    """Window i of n goes from floor(i * size / n) to ceil((i + 1) * size / n), one axis after the other."""
    axes = _space(x, channels_last)
    for axis, parts in zip(axes, _tuple(sizes, len(axes)), strict=True):
        size = x.shape[axis]
        starts = np.arange(parts) * size // parts
        ends = -(-np.arange(1, parts + 1) * size // parts)
        count = (ends - starts).reshape([-1 if a == axis else 1 for a in range(x.ndim)])
        if size % parts == 0:
            points = _shifted(x, axis, size // parts, size // parts, (0, 0), 0)
        else:  # beyond its end, a window repeats its last point
            points = [jnp.take(x, np.minimum(starts + i, ends - 1), axis) for i in range(int(count.max()))]
        x = combine(points, count)
    return x

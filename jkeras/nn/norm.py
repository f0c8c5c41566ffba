"""Normalization of arrays: statistics, and what is done with them. Statistics of shorter floats are in float32."""

import functools
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from .columns import column_sum, spread
from .platform import on_cpu


def widened(x: jax.Array) -> jax.Array:
    """``x`` in float32 if its own floats are shorter.

    >>> widened(jnp.ones(1, jnp.bfloat16)).dtype.name
    'float32'
    """
    return x.astype(jnp.promote_types(x.dtype, jnp.float32))


def _by_columns(x: jax.Array, axes: Sequence[int]) -> bool:
    return x.ndim > 2 and sorted(a % x.ndim for a in axes) == list(range(x.ndim - 1)) and on_cpu()


def moments(
    x: jax.Array, axes: Sequence[int], mask: jax.Array | None = None, epsilon: float = 0.0
) -> tuple[jax.Array, jax.Array]:
    """Mean and variance over ``axes``, which stay with length 1; a mask that broadcasts to ``x`` says what counts.

    >>> [m.item() for m in moments(jnp.array([1.0, 3.0]), [0])]
    [2.0, 1.0]
    """
    axes = tuple(axes)
    if mask is not None:
        inside = jnp.broadcast_to(mask.astype(bool), x.shape)
        count = jnp.sum(inside.astype(x.dtype), axes, keepdims=True) + epsilon
        mean = jnp.sum(jnp.where(inside, x, 0), axes, keepdims=True) / count
        return mean, jnp.sum(jnp.square(jnp.where(inside, x - mean, 0)), axes, keepdims=True) / count
    if _by_columns(x, axes):  # XLA's own sums over leading axes are slow on the CPU, see columns.py
        mean, variance = _column_moments(x)
        kept = (1,) * (x.ndim - 1) + (-1,)
        return mean.reshape(kept), variance.reshape(kept)
    mean = jnp.mean(x, axes, keepdims=True)
    return mean, jnp.mean(jnp.square(x - mean), axes, keepdims=True)


@jax.custom_jvp
def _moments_and_slope(x: jax.Array) -> tuple[jax.Array, jax.Array]:
    rows = x.size // x.shape[-1]
    mean = column_sum(x) / rows
    return mean, column_sum(jnp.square(x - mean)) / rows


@_moments_and_slope.defjvp
def _column_moments_tangent(primals: tuple, tangents: tuple) -> tuple:
    # The mean's own part of the variance's slope is zero; left out, it costs no further sum over x. Measured (jax 0.10.2, processor
    # time, this and the slope of column_sum): bottleneck block 480 -> 415 ms a step, ResNet50's gradient 6.4 -> 4.5 s to compile.
    (x,), (tangent,) = primals, tangents
    mean, variance = _moments_and_slope(x)
    rows, axes = x.size // x.shape[-1], tuple(range(x.ndim - 1))
    slope = jnp.sum((x - mean) * tangent, axes) * (2 / rows)
    return (mean, variance), (jnp.sum(tangent, axes) / rows, slope)


_column_moments = jax.jit(_moments_and_slope)  # traced once for each shape, see conv.py


@functools.partial(jax.jit, static_argnums=2)  # traced once for each shape, see conv.py
def moving_average(average: jax.Array, value: jax.Array, momentum: float) -> jax.Array:
    """``average`` moved towards ``value``: ``momentum`` is the share of the first.

    >>> moving_average(jnp.array(1.0), jnp.array(2.0), 0.75).item()
    1.25
    """
    return average * momentum + value * (1.0 - momentum)


def scale_shift(
    x: jax.Array,
    mean: jax.Array,
    variance: jax.Array,
    gamma: jax.Array | None = None,
    beta: jax.Array | None = None,
    epsilon: float = 1e-3,
) -> jax.Array:
    """``gamma * (x - mean) / sqrt(variance + epsilon) + beta``, as one product and one sum.

    All but ``x`` broadcast against it.

    >>> scale_shift(jnp.array([3.0]), jnp.array([1.0]), jnp.array([4.0]), epsilon=0.0).tolist()
    [1.0]
    """
    if mean.shape == variance.shape == (1,) * (x.ndim - 1) + x.shape[-1:] and _by_columns(x, range(x.ndim - 1)):
        return _scale_shift_columns(x, mean, variance, gamma, beta, epsilon)
    factor, offset = _factor_offset(mean, variance, gamma, beta, epsilon)
    return x * factor + offset


def _factor_offset(mean: Any, variance: Any, gamma: Any, beta: Any, epsilon: float) -> tuple[jax.Array, jax.Array]:
    factor = lax.rsqrt(variance + epsilon)
    if gamma is not None:
        factor = factor * gamma
    return factor, -mean * factor if beta is None else beta - mean * factor


@functools.partial(jax.jit, static_argnums=5)  # traced once for each shape, see conv.py
def _scale_shift_columns(x: Any, mean: Any, variance: Any, gamma: Any, beta: Any, epsilon: float) -> jax.Array:
    factor, offset = _factor_offset(mean, variance, gamma, beta, epsilon)
    if not factor.shape == offset.shape == mean.shape:
        return x * factor + offset
    return x * spread(factor.reshape(-1), x.shape) + spread(offset.reshape(-1), x.shape)


def layer_norm(
    x: jax.Array,
    gamma: jax.Array | None,
    beta: jax.Array | None,
    axes: Sequence[int],
    epsilon: float,
    rms_scaling: bool = False,
) -> jax.Array:
    """Each sample normalized over ``axes``; with ``rms_scaling`` divided by its deviation only.  arXiv:1607.06450

    >>> layer_norm(jnp.array([[1.0, 3.0]]), None, None, [-1], 0.0).tolist()
    [[-1.0, 1.0]]
    """
    wide = widened(x)
    mean, variance = moments(wide, axes)
    gamma, beta = (None if w is None else along(widened(w), axes, x.shape) for w in (gamma, beta))
    if rms_scaling:
        mean, beta = jnp.zeros_like(mean), None
    return scale_shift(wide, mean, variance, gamma, beta, epsilon).astype(x.dtype)


def rms_norm(x: jax.Array, scale: jax.Array | None, axes: Sequence[int], epsilon: float) -> jax.Array:
    """Each sample divided by its root mean square over ``axes``.  arXiv:1910.07467

    >>> rms_norm(jnp.array([[2.0, -2.0]]), None, [-1], 0.0).round(3).tolist()
    [[1.0, -1.0]]
    """
    wide = widened(x)
    y = wide * lax.rsqrt(jnp.mean(jnp.square(wide), tuple(axes), keepdims=True) + epsilon)
    return (y if scale is None else y * along(widened(scale), axes, x.shape)).astype(x.dtype)


def group_norm(
    x: jax.Array, groups: int, axis: int, gamma: jax.Array | None, beta: jax.Array | None, epsilon: float
) -> jax.Array:
    """Each sample normalized over space and each of the groups of channels.  arXiv:1803.08494

    >>> group_norm(jnp.array([[1.0, 3.0, 2.0, 2.0]]), 2, -1, None, None, 1e-6).round(3).tolist()
    [[-1.0, 1.0, 0.0, 0.0]]
    """
    axis %= x.ndim
    size = x.shape[axis]
    wide = widened(x).reshape(*x.shape[:axis], groups, size // groups, *x.shape[axis + 1 :])
    mean, variance = moments(wide, [a for a in range(1, wide.ndim) if a != axis])
    shape = [1] * wide.ndim
    shape[axis : axis + 2] = groups, size // groups
    gamma, beta = (None if w is None else widened(w).reshape(shape) for w in (gamma, beta))
    return scale_shift(wide, mean, variance, gamma, beta, epsilon).reshape(x.shape).astype(x.dtype)


def unit_norm(x: jax.Array, axes: Sequence[int], epsilon: float = 1e-12) -> jax.Array:
    """``x`` divided by its Euclidean length over ``axes``.

    >>> unit_norm(jnp.array([[0.0, -4.0]]), [-1]).round(3).tolist()
    [[0.0, -1.0]]
    """
    wide = widened(x)
    inverse = lax.rsqrt(jnp.sum(jnp.square(wide), tuple(axes), keepdims=True))
    return (wide * jnp.minimum(inverse, 1.0 / epsilon)).astype(x.dtype)


def along(weights: jax.Array, axes: Sequence[int], shape: Sequence[int]) -> jax.Array:
    """Weights of the given axes of an array of the given shape, with axes of length 1 for the others.

    >>> along(jnp.ones(3), [1], (2, 3, 4)).shape
    (1, 3, 1)
    """
    kept = {a % len(shape) for a in axes}
    return weights.reshape([n if a in kept else 1 for a, n in enumerate(shape)])


def renorm_correction(
    mean: jax.Array, variance: jax.Array, moving_mean: jax.Array, moving_deviation: jax.Array, epsilon: float,
    rmin: float | None = None, rmax: float | None = None, dmax: float | None = None,
) -> tuple[jax.Array, jax.Array]:  # fmt: skip
    """Scale and shift from a batch's statistics to the moving ones; no gradient passes.  arXiv:1702.03275

    >>> r, d = renorm_correction(jnp.zeros(1), jnp.ones(1), jnp.zeros(1), jnp.ones(1), 0.0)
    >>> r.item(), d.item()
    (1.0, 0.0)
    """
    moving_deviation = jnp.maximum(moving_deviation, np.sqrt(epsilon).astype(np.float32))
    r = jnp.clip(jnp.sqrt(variance + epsilon) / moving_deviation, rmin, rmax)
    d = jnp.clip((mean - moving_mean) / moving_deviation, None if dmax is None else -dmax, dmax)
    return lax.stop_gradient(r), lax.stop_gradient(d)


def spectral_step(kernel: jax.Array, u: jax.Array, iterations: int) -> tuple[jax.Array, jax.Array]:
    """A kernel divided by its largest singular value, by power iteration from ``u``, and the next ``u``.

    arXiv:1802.05957

    >>> spectral_step(2 * jnp.eye(2), jnp.ones((1, 2)), 1)[0].round(3).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    matrix = kernel.reshape(-1, kernel.shape[-1])
    v = jnp.zeros((1, matrix.shape[0]), kernel.dtype)
    for _ in range(iterations):
        v = unit_norm(u @ matrix.T, [0, 1], 1e-7)
        u = unit_norm(v @ matrix, [0, 1], 1e-7)
    u, v = lax.stop_gradient(u), lax.stop_gradient(v)
    zero = jnp.all(kernel == 0)  # nothing to divide by
    sigma = jnp.where(zero, 1, v @ matrix @ u.T).reshape(())
    return kernel / sigma, u

"""Sums over all axes but the last, and their transpose, the spreading of a vector over those axes.

XLA on the CPU sums over leading axes with a scalar loop; a matmul with ones reads the array at the speed of memory.
Measured (jax 0.10.2, 2 cores, 128x24x24x64): sum 3.3 ms, ones matmul 0.2 to 0.8 ms. ``benchmarks/conv_shapes.py
columns``.
"""

import functools
import math

import jax
import jax.numpy as jnp
from jax import lax

from .platform import on_cpu


@jax.custom_jvp
def column_sum(x: jax.Array) -> jax.Array:
    """Sum over all axes but the last: (..., d) -> (d,), float32 for shorter floats.

    >>> column_sum(jnp.ones((2, 3, 4))).tolist()
    [6.0, 6.0, 6.0, 6.0]
    """
    x = _summed_as(x)
    if x.ndim < 3 or not on_cpu():
        return jnp.sum(x, tuple(range(x.ndim - 1)))
    rows = x.reshape(-1, x.shape[-1])
    # lax.dot_general because the order of axes decides whether it copies
    return lax.dot_general(_ones(rows), rows, (((0,), (0,)), ((), ())))[0]


@column_sum.defjvp
def _column_sum_tangent(primals, tangents):
    # The transpose of the product would be another product, which XLA compiles itself for every shape and which makes a whole
    # array; the transpose of a sum is a repetition that joins what uses it. ResNet50's train step has 106 of them.
    (x,), (tangent,) = primals, tangents
    return column_sum(x), jnp.sum(_summed_as(tangent), tuple(range(x.ndim - 1)))


def _summed_as(x: jax.Array) -> jax.Array:
    short = jnp.issubdtype(x.dtype, jnp.floating) and x.dtype.itemsize < 4
    return x.astype(jnp.float32) if short else x


def _ones(rows: jax.Array) -> jax.Array:
    """Two columns of ones, of which one is for nothing: XLA compiles a product with a single one itself, which takes longer.

    Measured for ResNet50's train step with its 314 such sums: 15.4 s of processor time to compile with one column,
    10.9 s with two.
    """
    return jnp.ones((rows.shape[0], 2), rows.dtype)


@functools.partial(jax.custom_jvp, nondiff_argnums=(1,))
def spread(vector: jax.Array, shape: tuple[int, ...]) -> jax.Array:
    """The vector repeated along all axes but the last; its gradient is a ``column_sum``.

    >>> spread(jnp.arange(2.0), (1, 2, 2)).tolist()
    [[[0.0, 1.0], [0.0, 1.0]]]
    """
    return jnp.broadcast_to(vector, shape)


@spread.defjvp
def _spread_tangent(shape, primals, tangents):
    # The transpose of column_sum's own expression would broadcast; written as a matmul, the transpose of this is a
    # matmul.
    (vector,), (tangent,) = primals, tangents
    out = spread(vector, shape)
    if len(shape) < 3 or not on_cpu():
        return out, jnp.broadcast_to(tangent, shape)
    ones = jnp.ones((math.prod(shape[:-1]), 2), vector.dtype)
    both = jnp.stack([tangent, jnp.zeros_like(tangent)])
    return out, lax.dot_general(ones, both, (((1,), (0,)), ((), ()))).reshape(shape)


def add_bias(x: jax.Array, bias: jax.Array, channel_axis: int = -1) -> jax.Array:
    """Adds a vector along the channel axis; the gradient of the bias is a matmul where that is faster.

    >>> add_bias(jnp.zeros((1, 2, 3)), jnp.arange(3.0)).tolist()
    [[[0.0, 1.0, 2.0], [0.0, 1.0, 2.0]]]
    """
    if channel_axis % x.ndim == x.ndim - 1:
        return _add_columns(x, bias) if x.ndim > 2 and on_cpu() else x + spread(bias.astype(x.dtype), x.shape)
    shape = [1] * x.ndim
    shape[channel_axis] = -1
    return x + bias.astype(x.dtype).reshape(shape)


@jax.jit
def _add_columns(x: jax.Array, bias: jax.Array) -> jax.Array:
    return x + spread(bias.astype(x.dtype), x.shape)

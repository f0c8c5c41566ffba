"""The product of many rows with one matrix."""

import math
import re

import jax
import jax.numpy as jnp
from jax import lax
from jax.custom_derivatives import SymbolicZero

from .platform import on_cpu


def rows_matmul(x: jax.Array, kernel: jax.Array) -> jax.Array:
    """``x @ kernel``, (..., d) by (d, n) -> (..., n), as a product of two matrices.

    XLA on the CPU copies both factors of the kernel's gradient to other layouts where x has more axes than two. Measured (jax
    0.10.2, processor time of a step of ``fit``, ``benchmarks nets --nets transformer``, forms in turn): 11.65 -> 9.70 ms.

    >>> rows_matmul(jnp.ones((2, 3, 4)), jnp.ones((4, 5))).shape
    (2, 3, 5)
    """
    if x.ndim < 2 or kernel.ndim != 2 or not on_cpu():
        return jnp.matmul(x, kernel)
    rows = x.reshape(-1, x.shape[-1]) if x.ndim > 2 else x
    floats = x.dtype == kernel.dtype and jnp.issubdtype(x.dtype, jnp.floating)
    y = _narrow(rows, kernel) if floats and _is_narrow(rows.shape[0], *kernel.shape) else jnp.matmul(rows, kernel)
    return y.reshape(*x.shape[:-1], kernel.shape[-1]) if x.ndim > 2 else y


def einsum(equation: str, x: jax.Array, kernel: jax.Array) -> jax.Array:
    """``jnp.einsum``, by ``rows_matmul`` where x's last axes meet the kernel's first ones, as in the projections to heads.

    Measured (jax 0.10.2, 2 cores, ``benchmarks nets --nets transformer``): 10.6 -> 9.6 ms a step of ``fit``.

    >>> einsum("abx,xyz->abyz", jnp.ones((2, 3, 4)), jnp.ones((4, 5, 6))).shape
    (2, 3, 5, 6)
    """
    left, right, out = re.split(",|->", equation) if re.fullmatch(r"\w+,\w+->\w+", equation) else ("", "", "")
    met = [n for n in range(1, len(left)) if right.startswith(left[-n:]) and out == left[:-n] + right[n:]]
    if not met or len(set(left + right)) != len(left + right) - met[0] or not on_cpu():
        return jnp.einsum(equation, x, kernel)
    kept, made, inner = x.shape[: -met[0]], kernel.shape[met[0] :], math.prod(x.shape[-met[0] :])
    y = rows_matmul(x.reshape(-1, inner), kernel.reshape(inner, -1))
    return y.reshape(*kept, *made)


def _is_narrow(rows: int, inputs: int, outputs: int) -> bool:
    """Whether the kernel's gradient is faster turned over; from ``benchmarks.products kernels``, 100 shapes."""
    many = rows if isinstance(rows, int) else 0  # where a model is exported, it may be a symbol
    if outputs < 32:
        return outputs < inputs and (outputs > 1 or many >= 64)
    return outputs <= 128 and 2 * outputs <= inputs and many >= 4 * outputs


@jax.custom_jvp
def _narrow(rows: jax.Array, kernel: jax.Array) -> jax.Array:
    """``rows @ kernel`` whose gradient for a kernel with few columns is computed as (gradient.T @ rows).T.

    XLA on the CPU turns that back to rows.T @ gradient, which takes up to eight times as long; the barrier keeps it. Measured
    (jax 0.10.2, 2 cores, with the optimizer's update): 128 rows, 512 to 10: 126 -> 19 us; 32 rows, 128 to 10: 7.0 -> 3.9;
    2048 rows, 512 to 128: 1.99 -> 1.28 ms; a step of ``fit`` of 784-512-10: 0.93 -> 0.80 ms.
    """
    return jnp.matmul(rows, kernel)


def _narrow_tangent(primals, tangents):
    (rows, kernel), (d_rows, d_kernel) = primals, tangents
    parts = []
    if type(d_rows) is not SymbolicZero:
        parts.append(jnp.matmul(d_rows, kernel))
    if type(d_kernel) is not SymbolicZero:
        parts.append(jnp.matmul(rows, lax.optimization_barrier(d_kernel.T).T))
    y = _narrow(rows, kernel)
    return y, sum(parts) if parts else jnp.zeros_like(y)


_narrow.defjvp(_narrow_tangent, symbolic_zeros=True)

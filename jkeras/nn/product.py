"""Matrix products of rows with a trained matrix, with a derivative that suits the machine.

XLA on the CPU hands a product to its fast library only where the left matrix lies row by row along the sum. The gradient of the
matrix, ``x.T @ upstream``, does not, and XLA folds a transposition that is written out back into the product; behind a barrier
it stays.
"""

import jax
import jax.numpy as jnp
from jax import lax
from jax.custom_derivatives import SymbolicZero

from .platform import on_cpu

LEAST_ROWS = 32


def matmul(x: jax.Array, kernel: jax.Array) -> jax.Array:
    """``x @ kernel`` for a matrix that is trained: (..., d), (d, n) -> (..., n).

    >>> matmul(jnp.ones((2, 3)), jnp.ones((3, 4))).shape
    (2, 4)
    """
    x, kernel = jnp.asarray(x), jnp.asarray(kernel)
    rows = x.size // x.shape[-1] if x.ndim > 1 and x.shape[-1] else 0
    if rows < LEAST_ROWS or kernel.ndim != 2 or x.dtype != kernel.dtype or not on_cpu():
        return jnp.matmul(x, kernel)
    out = _matmul(x.reshape(rows, x.shape[-1]), kernel)
    return out.reshape(*x.shape[:-1], kernel.shape[-1])


@jax.custom_jvp
def _matmul(x: jax.Array, kernel: jax.Array) -> jax.Array:
    return jnp.matmul(x, kernel)


def _tangent(primals, tangents):
    (x, kernel), (dx, dkernel) = primals, tangents
    out, tangent = _matmul(x, kernel), None
    if type(dx) is not SymbolicZero:
        tangent = _matmul(dx, kernel)
    if type(dkernel) is not SymbolicZero:
        columns = lax.optimization_barrier(x.T)
        other = lax.dot_general(columns, dkernel, (((0,), (0,)), ((), ())))
        tangent = other if tangent is None else tangent + other
    return out, jnp.zeros_like(out) if tangent is None else tangent


_matmul.defjvp(_tangent, symbolic_zeros=True)

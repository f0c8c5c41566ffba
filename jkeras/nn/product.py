"""The product of many rows with one matrix."""

import jax
import jax.numpy as jnp

from .platform import on_cpu


def rows_matmul(x: jax.Array, kernel: jax.Array) -> jax.Array:
    """``x @ kernel``, (..., d) by (d, n) -> (..., n), as a product of two matrices.

    XLA on the CPU copies both factors of the kernel's gradient to other layouts where x has more axes than two. Measured (jax
    0.10.2, processor time of a step of ``fit``, ``benchmarks nets --nets transformer``, forms in turn): 11.65 -> 9.70 ms.

    >>> rows_matmul(jnp.ones((2, 3, 4)), jnp.ones((4, 5))).shape
    (2, 3, 5)
    """
    if x.ndim < 3 or kernel.ndim != 2 or not on_cpu():
        return jnp.matmul(x, kernel)
    return jnp.matmul(x.reshape(-1, x.shape[-1]), kernel).reshape(*x.shape[:-1], kernel.shape[-1])

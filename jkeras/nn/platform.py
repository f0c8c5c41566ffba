"""Which formulation suits the machine: the CPU gets its own, accelerators the plain one."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np


def on_cpu() -> bool:
    """Do computations run on the CPU unless told otherwise?

    Both formulations give the same numbers, so a computation that ends up on another device is slower, not wrong.
    """
    device = jax.config.jax_default_device  # type: ignore[attr-defined]
    platform = getattr(device, "platform", device) if device is not None else jax.default_backend()
    return platform == "cpu"


def to_array(value: Any) -> jax.Array:
    """``jnp.asarray``, but what NumPy holds is copied to the device by a transfer: JAX compiles a program for every shape.

    It is a copy in any case: JAX itself goes on reading an array that begins at a multiple of 64 bytes, and a large one until
    the transfer is done. Measured (jax 0.10.2): 28 shapes cost ResNet50's weights 0.4 of 1.3 s; ``benchmarks build``.

    >>> to_array(np.ones(2)).dtype
    dtype('float32')
    """
    if not isinstance(value, (np.ndarray, np.generic)):
        return jnp.asarray(value)
    value = np.asarray(value)
    repeats = value.ndim > 0 and not any(value.strides)  # one number, which nobody changes
    if not repeats and value.ctypes.data % 64 == 0:
        value = value.copy()
    with jax.ensure_compile_time_eval():
        array = jax.device_put(value)
    return array if repeats else jax.block_until_ready(array)


AT_ONCE = 100_000  # bytes that jaxlib copies to the CPU's own device within the call; more it leaves to another thread


def arrived(tree: Any) -> Any:
    """Arrays of which none is still being copied to the CPU's device; on other devices they stay as they are.

    A program that has to wait for its inputs is computed by another thread, whose memory does not stay in the process, and so
    are those that wait for its results (core/memory.py).

    >>> arrived({"x": np.ones(50_000)})["x"].shape
    (50000,)
    """

    def one(a: Any) -> Any:
        if isinstance(a, np.ndarray):
            return jax.block_until_ready(jax.device_put(a)) if a.nbytes >= AT_ONCE else a
        return jax.block_until_ready(a)

    small = isinstance(tree, np.ndarray) and tree.nbytes < AT_ONCE
    return tree if small or not on_cpu() else jax.tree.map(one, tree)


def held(x: jax.Array) -> jax.Array:
    """``x``, computed once: XLA on the CPU repeats what is cheap in each of its uses, a chain of residual sums in each kernel.

    Only programs with convolutions keep to it, see train/compiler.py. Measured (jax 0.10.2, 2 cores; the residual sums of ResNet50
    and the gradients it hands its optimizer): 294 instead of 325 kernels, 5.0 instead of 5.7 s to the end of the first step
    (``benchmarks compile``).

    >>> held(jnp.ones(2)).tolist()
    [1.0, 1.0]
    """
    return jax.lax.optimization_barrier(x) if isinstance(x, jax.core.Tracer) and on_cpu() else x

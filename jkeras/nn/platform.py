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

    Measured (jax 0.10.2): 28 shapes cost ResNet50's weights 0.4 of 1.3 s; ``benchmarks build``.

    >>> to_array(np.ones(2)).dtype
    dtype('float32')
    """
    if not isinstance(value, (np.ndarray, np.generic)):
        return jnp.asarray(value)
    with jax.ensure_compile_time_eval():
        return jax.device_put(value, may_alias=False)

"""Which formulation suits the machine: the CPU gets its own, accelerators the plain one."""

import jax


def on_cpu() -> bool:
    """Do computations run on the CPU unless told otherwise?

    Both formulations give the same numbers, so a computation that ends up on another device is slower, not wrong.
    """
    device = jax.config.jax_default_device  # type: ignore[attr-defined]
    platform = getattr(device, "platform", device) if device is not None else jax.default_backend()
    return platform == "cpu"

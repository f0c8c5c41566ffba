"""Keeps the memory of a compiled step in the process between steps, on Linux with the GNU C library.

XLA on the CPU asks for the temporary memory of a program each time it runs, and the C library gives blocks of this size
back to the system afterwards, so that each step touches fresh pages. It keeps them only for the thread that the process
started with; programs are therefore computed by the thread that calls them. Measured (jax 0.10.2, 2 cores, ``fit``): 23,000 page
faults a step of the 32-64 convnet at batch 128 before and none after, 75 -> 47 ms; bottleneck block 400 -> 240 ms.

A single arena for all threads would keep as much, but its lock is what the compiler's threads then wait for: ResNet50's
step takes 5.5 to 7.2 s to compile with one, 4.2 to 4.8 s without (``benchmarks compile``).

It is a setting of the whole process: what NumPy frees stays in the process too. ``JKERAS_KEEP_PAGES=0`` switches it off,
``JAX_CPU_ENABLE_ASYNC_DISPATCH=1`` only the place where programs are computed.
"""

import ctypes
import os

# Parameters of mallopt(3) and what they get: no block of its own mapping; nothing given back to the system below 2 GiB;
# growth in steps of 64 MiB.
SETTINGS = {-4: 0, -1: 2**31 - 1, -2: 64 * 2**20}
DISPATCH = "jax_cpu_enable_async_dispatch"


def keep_pages() -> bool:
    """Makes freed memory stay in the process; True where that was possible. Works only before the first computation.

    >>> keep_pages() in (True, False)
    True
    """
    import jax

    if os.environ.get("JKERAS_KEEP_PAGES") == "0" or "cpu" not in os.environ.get("JAX_PLATFORMS", "cpu"):
        return False
    try:
        ctypes.CDLL(None).gnu_get_libc_version  # noqa: B018  another C library means other things by these numbers
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    taken = [mallopt(key, value) == 1 for key, value in SETTINGS.items()]
    if all(taken) and DISPATCH.upper() not in os.environ:
        jax.config.update(DISPATCH, False)
    return all(taken)

"""Keeps the memory of a compiled step in the process between steps, on Linux with the GNU C library.

XLA on the CPU asks for the temporary memory of a program each time it runs, and the C library gives blocks of this size
back to the system afterwards, so that each step touches fresh pages. Measured on the train step of the 32-64 convnet,
batch 128 (``benchmarks/conv_shapes.py step``): 23,000 page faults and 35 ms of system time a step before,
none and 0.5 ms after, for 506 instead of 405 MB of resident memory. ``fit`` of a dense net on 60,000 pictures takes 0.79
instead of 1.07 s, for its copy of the data.

It is a setting of the whole process: what NumPy frees stays in the process too. ``JKERAS_KEEP_PAGES=0`` switches it off.
"""

import ctypes
import os

# Parameters of mallopt(3) and what they get: one arena, so that a block given back by one thread serves another; no
# block of its own mapping; nothing given back to the system below 2 GiB; growth in steps of 64 MiB.
SETTINGS = {-8: 1, -4: 0, -1: 2**31 - 1, -2: 64 * 2**20}


def keep_pages() -> bool:
    """Makes freed memory stay in the process; True where that was possible.

    Works only before the first computation, whose threads then share one arena.

    >>> keep_pages() in (True, False)
    True
    """
    if os.environ.get("JKERAS_KEEP_PAGES") == "0" or "cpu" not in os.environ.get("JAX_PLATFORMS", "cpu"):
        return False
    try:
        ctypes.CDLL(None).gnu_get_libc_version  # noqa: B018  another C library means other things by these numbers
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    taken = [mallopt(key, value) == 1 for key, value in SETTINGS.items()]
    return all(taken)

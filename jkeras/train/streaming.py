"""Data that is too large for the device: which it is, and its batches ahead of the device."""

import functools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax

from ..core.config import get_setting
from .data_prefetch import Prefetch
from .data_shared import Part
from .timing import waited

VARIABLE = "JKERAS_DATA_MEMORY_SHARE"
SHARE = 0.5  # of the device's memory, for the data of one fit
AHEAD = 3  # batches on the device before they are wanted


def memory_share() -> float:
    """The share of device memory that data may take: the setting, the environment variable, or a half.

    Raises ValueError where the environment variable is no share.
    """
    value = get_setting("data_memory_share")
    if value is not None:
        return value
    given = os.environ.get(VARIABLE)
    return SHARE if not given else checked_share(given, VARIABLE)


def checked_share(value: Any, where: str) -> float:
    """A number between 0 and 1; raises ValueError for anything else.

    >>> checked_share("0.25", "here")
    0.25
    """
    try:
        share = float(value)
    except (TypeError, ValueError):
        share = -1.0
    if isinstance(value, bool) or not 0.0 <= share <= 1.0:
        raise ValueError(f"{where}: expected a number from 0 (stream everything) to 1, received {value!r}.")
    return share


def device_memory() -> int:
    """Bytes of memory of the first device; of the machine, where the device computes in it.

    >>> device_memory() > 2**20
    True
    """
    stats = jax.local_devices()[0].memory_stats() or {}
    return stats.get("bytes_limit") or _machine_memory()


@functools.cache
def _machine_memory() -> int:
    limits = []
    try:
        limits.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, OSError, ValueError):
        limits.append(2**33)  # a system that does not tell
    for name in ("memory.max", "memory/memory.limit_in_bytes"):  # what a container may take
        try:
            limits.append(int(Path("/sys/fs/cgroup", name).read_text()))
        except (OSError, ValueError):
            continue
    return min(limits)


def fits(sources: Any, copies: int = 1) -> bool:
    """May the arrays of these sources lie on the device together, that many times? What lies there already costs nothing."""
    arrays = [a for source in sources for a in jax.tree.leaves(source.arrays)]
    size = sum(a.nbytes for a in arrays if not isinstance(a, jax.Array))
    return size == 0 or size * copies <= memory_share() * device_memory()


def epoch(source: Any, rng: Any, start: int = 0, place: Any = jax.device_put, part: Any = None) -> Iterator[Any]:
    """The batches of one pass over a source, one by one; arrays begin with number ``start``, streams know their place."""
    return waited(array_batches(source, rng, start, place, part) if source.kind == "arrays" else source.epoch(rng))


def array_batches(
    source: Any, rng: Any, start: int = 0, place: Any = jax.device_put, part: Any = None
) -> Iterator[Any]:
    """The batches of one pass over arrays from number ``start`` on, in the order of the in-memory epoch.

    A thread gathers the rows and hands them to the device ahead of their use; text stays on the host. Of several processes
    each gathers its own, the slice ``part(size)`` of a batch, only.
    """
    order, size = source.order(rng), source.batch_size
    place = (lambda batch: batch) if source.host_only else place

    def batch(rows: Any) -> Any:
        own = None if part is None or source.host_only else part(len(rows))
        return place(source.slice(rows) if own is None else Part(source.slice(rows[own]), own, len(rows)))

    made = (batch(order[i : i + size]) for i in range(start * size, len(order), size))
    prefetch = Prefetch(made, AHEAD)
    try:
        yield from prefetch
    finally:
        prefetch.close()

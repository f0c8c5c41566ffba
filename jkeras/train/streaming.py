"""Data that is too large for the device: which it is, and its batches ahead of the device."""

import functools
import os
from collections.abc import Generator
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from ..core.config import get_setting
from ..nn.platform import arrived
from .data_prefetch import Prefetch
from .data_shared import Part
from .timing import waited

VARIABLE = "JKERAS_DATA_MEMORY_SHARE"
SHARE = 0.5  # of the device's memory, for the data of one fit
AHEAD = 3  # batches on the device before they are wanted
# Small batches of a stream that wait ready are handed over and run in one call: at most so many, of so many bytes together.
TOGETHER, TOGETHER_BYTES = 16, 2**20
FEWEST = 4  # below, one by one costs no more


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


def epoch(source: Any, rng: Any, start: int = 0, place: Any = jax.device_put, part: Any = None) -> Generator[Any]:
    """The batches of one pass over a source, one by one; arrays begin with number ``start``, streams know their place."""
    return waited(array_batches(source, rng, start, place, part) if source.kind == "arrays" else source.epoch(rng))


def array_batches(
    source: Any, rng: Any, start: int = 0, place: Any = jax.device_put, part: Any = None
) -> Generator[Any]:
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


class Group(NamedTuple):
    """Batches behind each other, as a program of several steps takes them."""

    data: Any
    order: Any
    size: int
    count: int


class Groups:
    """Several batches of one pass over a stream in one call: what waits ready, is small, and has the shapes of the first.

    Nothing is waited for, and the call is the same program whatever the number, so that results do not depend on how fast
    batches come. Measured (jax 0.10.2, processor time of a step of ``fit`` on a generator, ``benchmarks generator``): 2-25-15-1
    95 -> 39 us, 784-128-10 of batch 3 190 -> 110 us.
    """

    def __init__(self, source: Any, session: Any):
        plain = source.kind == "stream" and session.jit and session.split is None and not session.host_first
        self._more = source.more if plain else None
        if plain:
            source.place = arrived  # what is large goes to the device from the thread that makes it
        self._kind: Any = None
        self._most = 0
        self._order: Any = None

    def of(self, batch: Any, limit: int) -> Group | None:
        """The batch and up to ``limit - 1`` of those after it; None where it is to run by itself."""
        if self._more is None:
            return None
        if self._kind is None:
            self._kind, self._most = _kind(batch), _together(batch)
        if self._most < FEWEST or _kind(batch) != self._kind:
            return None
        batches = [batch, *self._more(min(self._most, limit) - 1, lambda other: _kind(other) == self._kind)]
        size = len(jax.tree.leaves(batch)[0])
        if self._order is None:
            self._order = jax.device_put(np.arange(self._most * size, dtype=np.int32))
        rows = self._most * size
        data = jax.tree.map(lambda *parts: _joined(parts, rows), *batches)
        return Group(arrived(data), self._order, size, len(batches))


def _kind(batch: Any) -> tuple:
    return tuple((a.shape, a.dtype) for a in jax.tree.leaves(batch))


def _together(batch: Any) -> int:
    """How many batches like this one may go together."""
    leaves = jax.tree.leaves(batch)
    sizes = {len(a) if a.ndim else 0 for a in leaves}
    if len(sizes) != 1 or 0 in sizes or any(type(a) is not np.ndarray or a.dtype.kind not in "biuf" for a in leaves):
        return 0
    return min(TOGETHER, TOGETHER_BYTES // max(1, sum(a.nbytes for a in leaves)))


def _joined(parts: tuple, rows: int) -> np.ndarray:
    """The parts behind each other, and after them room that nobody reads, up to so many rows."""
    first = parts[0]
    whole = np.empty((rows, *first.shape[1:]), jax.dtypes.canonicalize_dtype(first.dtype))
    np.concatenate(parts, out=whole[: len(parts) * len(first)])
    return whole

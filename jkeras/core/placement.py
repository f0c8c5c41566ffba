"""Where arrays lie: the distribution in force, and arrays put on, and fetched from, several devices or processes.

A distribution says how each Variable is laid out (``get_variable_layout``) and which axis of its mesh splits batches.
The core knows no more of it; ``jkeras.distribution`` has the classes.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

import jax
import numpy as np
from jax.sharding import NamedSharding, PartitionSpec, Sharding

from . import peers

_current: list[Any] = [None]


def current() -> Any:
    """The distribution in force, or None."""
    return _current[0]


def set_current(distribution: Any) -> None:
    """Sets the distribution in force; None ends it."""
    _current[0] = distribution


@contextlib.contextmanager
def scope(distribution: Any) -> Iterator[None]:
    """The distribution holds inside."""
    before = _current[0]
    _current[0] = distribution
    try:
        yield
    finally:
        _current[0] = before


def as_sharding(layout: Any) -> Sharding | None:
    """JAX's own description of a layout; None where there is none."""
    found = getattr(layout, "backend_layout", layout)
    return found if isinstance(found, Sharding) else None


def sharding_of(variable: Any) -> Sharding | None:
    """How a Variable is to lie: as it was told, or as the distribution that it was made under says."""
    own = as_sharding(variable._layout)
    distribution = variable._distribution or _current[0]
    if own is not None or distribution is None:
        return own
    return as_sharding(distribution.get_variable_layout(variable))


def is_main() -> bool:
    """Is this the process that prints and writes?"""
    return not jax.distributed.is_initialized() or jax.process_index() == 0


def whole(mesh: Any) -> NamedSharding:
    """Every device has all of it."""
    return NamedSharding(mesh, PartitionSpec())


def is_split(sharding: Any) -> bool:
    """Has each device a part only?"""
    return isinstance(sharding, NamedSharding) and not sharding.is_fully_replicated


def stacked(sharding: Sharding) -> Sharding:
    """The layout of several arrays of one layout behind each other."""
    return NamedSharding(sharding.mesh, PartitionSpec(None, *sharding.spec))  # type: ignore[attr-defined]


def put(value: Any, sharding: Sharding) -> jax.Array:
    """The array, laid out; each process gives the whole value, and no device gets more than its part."""
    if isinstance(value, jax.Array):
        if value.sharding.is_equivalent_to(sharding, value.ndim):
            return value
        if value.is_fully_addressable and sharding.is_fully_addressable:
            return jax.device_put(value, sharding)
        if not value.is_fully_addressable:
            return jax.jit(lambda a: a, out_shardings=sharding)(value)
    value = np.asarray(value)
    return jax.make_array_from_callback(value.shape, sharding, lambda index: value[index])


def to_host(value: Any) -> np.ndarray:
    """The whole array on the host; where other processes have parts of it, all of them must ask for it."""
    if isinstance(value, jax.Array) and not value.is_fully_addressable and not value.is_fully_replicated:
        mesh = value.sharding.mesh  # type: ignore[attr-defined]
        with peers.needed():
            return np.asarray(jax.jit(lambda a: a, out_shardings=whole(mesh))(value))
    elif isinstance(value, jax.Array) and len(value.sharding.device_set) > 1:
        return _assembled(value)
    return np.asarray(value)


def _assembled(value: jax.Array) -> np.ndarray:
    """The array put together of its parts. NumPy's way to do so makes JAX keep the result for as long as the array lives."""
    found = np.empty(value.shape, value.dtype)
    parts = value.addressable_shards[:1] if value.is_fully_replicated else value.addressable_shards
    for part in parts:
        if part.replica_id == 0 or len(parts) == 1:
            # what is fetched from a device is kept with the part, too: so of a copy
            one = part.data if part.device.platform == "cpu" else part.data.copy()
            found[part.index] = np.asarray(one)
    return found


def gathered(value: Any, spread: Sharding, full: Sharding) -> Any:
    """Inside a compiled step, a weight that is split for storage only, as the computation wants it."""
    if not isinstance(value, jax.core.Tracer):
        return value
    held = jax.lax.with_sharding_constraint(value, spread)
    return jax.lax.with_sharding_constraint(held, full)


def constant(value: np.ndarray) -> Any:
    """The one number that an array made by ``np.broadcast_to`` holds; None for other arrays."""
    if not isinstance(value, np.ndarray) or not value.ndim or not value.size or any(value.strides):
        return None
    return value.flat[0]


def copy(value: jax.Array) -> jax.Array:
    """A second array like the first, laid out as it is."""
    return jax.device_put(value, may_alias=False) if value.is_fully_addressable else value.copy()

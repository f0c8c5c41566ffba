"""How the arrays of a training run lie on the devices of a distribution. One device needs nothing of this."""

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np
from jax.sharding import NamedSharding, PartitionSpec

from ..core import placement
from ..core.variable import Variable
from .step import Batch, Plan

ENDED = (
    "A computation over {count} processes did not finish: another process has ended or cannot be reached. Start all processes "
    "again; with BackupAndRestore the run goes on where it was. (process {index}: {error})"
)


def distribution_of(model: Any) -> Any:
    """The distribution that a model trains under: that of the moment, or the one that it was made or compiled under."""
    found = placement.current() or getattr(model._compiled, "distribution", None)
    return found or next((v._distribution for v in model.variables if v._distribution is not None), None)


class Split:
    """Places the arrays of one model for its compiled steps, and keeps them in their places."""

    def __init__(self, model: Any, distribution: Any):
        self.model, self.distribution = model, distribution
        self.mesh = distribution.device_mesh.backend_mesh
        self.whole = placement.whole(self.mesh)
        self.parts = distribution.num_model_replicas
        self._layouts: dict[int, NamedSharding] = {}
        self.several = jax.process_count() > 1
        # Simulated devices share one pool of threads, which steps that wait for each other in a queue can block for good.
        self.waits = self.mesh.size > 1 and jax.default_backend() == "cpu"

    # ---- weights

    def settle(self, plan: Plan) -> None:
        """Puts what the model does not own on the mesh; raises ValueError for weights that were made elsewhere."""
        devices = set(self.mesh.devices.flat)
        for v in (*plan.params, *plan.state):
            if v._cell is not None and v._cell.sharding.device_set != devices:
                raise ValueError(
                    f"Model '{self.model.name}': its weights were made before the distribution was set (or under another "
                    f"one): {v.path!r} lies on {len(v._cell.sharding.device_set)} of {len(devices)} devices. Set the "
                    f"distribution first and make the model then, or move it: jkeras.distribution.place(model, ...)."
                )
        for v in (*plan.optimizer, *plan.metrics):
            if v._layout is None:
                v._layout = self.whole
            if v._cell is not None:
                v._cell = placement.put(v._cell, placement.as_sharding(v._layout) or self.whole)

    def shardings(self, variables: list[Variable]) -> list[Any]:
        """Where the arrays of these Variables lie."""
        return [placement.as_sharding(v._layout) or v._cell.sharding for v in variables]

    # ---- data

    def data(self, tree: Any) -> Any:
        """Arrays that every device has whole."""
        return jax.tree.map(lambda a: placement.put(a, self.whole), tree)

    def rows(self, size: int, ndim: int) -> NamedSharding:
        """The layout of a batch of ``size`` rows: split where it can be split evenly, else whole on each device."""
        if not ndim or size % self.parts:
            return self.whole
        found = self._layouts.get(ndim)
        if found is None:
            axes = self.distribution.get_data_layout((size, *[None] * (ndim - 1))).axes
            found = self._layouts[ndim] = NamedSharding(self.mesh, PartitionSpec(*axes))
        return found

    def batch(self, batch: Any) -> Any:
        """The batch on the devices: the rows of the whole batch that are theirs, or what this process brings."""
        if self.several:
            own = not self.distribution.auto_shard_dataset
            return jax.tree.map(self._joined if own else lambda a: placement.put(a, self._rows_of(a)), batch)
        return jax.device_put(batch, jax.tree.map(self._rows_of, batch))

    def _rows_of(self, array: Any) -> NamedSharding:
        shape = np.shape(array)
        return self.rows(shape[0] if shape else 0, len(shape))

    def _joined(self, array: Any) -> jax.Array:
        if isinstance(array, jax.Array) and not array.is_fully_addressable:
            return array  # joined already
        array = np.asarray(array)
        size = len(array) * jax.process_count()
        layout = self.rows(size, array.ndim)
        if layout is not self.whole:
            return jax.make_array_from_process_local_data(layout, array, (size, *array.shape[1:]))
        from jax.experimental import multihost_utils

        every = multihost_utils.process_allgather(array)
        return placement.put(every.reshape(size, *array.shape[1:]), self.whole)

    def check_size(self, size: int, what: str = "batch_size") -> None:
        """Raises ValueError for a batch size that does not divide evenly."""
        if self.several and not self.distribution.auto_shard_dataset:
            size *= jax.process_count()
        if size % self.parts:
            low, high = size // self.parts * self.parts, -(-size // self.parts) * self.parts
            near = high if not low or high - size <= size - low else low
            raise ValueError(
                f"Model '{self.model.name}': {what}={size} cannot be split over the {self.parts} devices of mesh axis "
                f"{self.distribution.batch_dim_name!r}. The nearest that can is {near}."
            )

    def copies(self) -> int:
        """How many copies of whole data one memory holds: one, but where all devices share the machine's."""
        return jax.local_device_count() if jax.default_backend() == "cpu" else 1

    def shares_data(self) -> bool:
        """Has every process all of the data?"""
        return not self.several or self.distribution.auto_shard_dataset

    def wait(self, carry: Any) -> None:
        """Lets a step end before the next is started, where that is needed."""
        if self.waits:
            jax.block_until_ready(jax.tree.leaves(carry)[-1])

    # ---- compiled steps

    def around(self, step: Callable, carried: list[list[Variable]]) -> Callable:
        """The step with its batch split and its carry kept where it lies."""
        layouts = [self.shardings(group) for group in carried]
        hold = jax.lax.with_sharding_constraint

        def split(a: Any) -> Any:
            return hold(a, self.rows(a.shape[0], a.ndim)) if a.ndim else a

        def run(fixed: Any, carry: Any, batch: Batch) -> tuple[Any, dict]:
            carry, logs = step(fixed, carry, jax.tree.map(split, batch))
            kept = [[hold(a, s) for a, s in zip(*both, strict=True)] for both in zip(carry, layouts, strict=True)]
            logs = jax.tree.map(lambda a: hold(a, self.whole), logs)
            return type(carry)(*kept) if hasattr(carry, "_fields") else tuple(kept), logs

        return run


@functools.cache
def _told() -> set:
    return set()


@contextlib.contextmanager
def together() -> Iterator[None]:
    """What needs all processes; raises RuntimeError that says so where one of them is gone."""
    try:
        yield
    except (jax.errors.JaxRuntimeError, ValueError) as error:
        if jax.process_count() == 1 or (isinstance(error, ValueError) and "Gloo" not in str(error)):
            raise
        raise RuntimeError(
            ENDED.format(count=jax.process_count(), index=jax.process_index(), error=str(error).splitlines()[0])
        ) from error


def warn_unused(model: Any, distribution: Any) -> None:
    """Warns once of layouts that match none of the model's weights."""
    import warnings

    key = (id(model), id(distribution))
    if key in _told():
        return
    _told().add(key)
    for sentence in distribution.unused([v.path for v in model.variables]):
        warnings.warn(f"Model '{model.name}': {sentence}.", stacklevel=4)


def split_of(model: Any) -> Split | None:
    """The placing of a model's arrays; None on one device."""
    distribution = distribution_of(model)
    if distribution is None:
        return None
    warn_unused(model, distribution)
    return Split(model, distribution)

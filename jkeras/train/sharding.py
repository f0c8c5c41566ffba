"""How the arrays of a training run lie on the devices of a distribution. One device needs nothing of this."""

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from ..core import peers, placement
from ..core.variable import Variable
from .data_shared import Part, Turn, Turns
from .step import Batch, Plan

ENDED = (
    "A computation over {count} processes did not finish: {who}. Start all processes again; with BackupAndRestore the run goes "
    "on where it was. (process {index}: {error})"
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
        self._take: dict[tuple, Callable] = {}
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
        if isinstance(batch, Part):
            return jax.tree.map(functools.partial(self._put_part, batch.rows.start, batch.size), batch.batch)
        if self.several:
            own = not self.distribution.auto_shard_dataset
            return jax.tree.map(self._joined if own else lambda a: placement.put(a, self._rows_of(a)), batch)
        return jax.device_put(batch, jax.tree.map(self._rows_of, batch))

    def _rows_of(self, array: Any) -> NamedSharding:
        shape = np.shape(array)
        return self.rows(shape[0] if shape else 0, len(shape))

    def _put_part(self, first: int, size: int, array: Any) -> jax.Array:
        """A batch of ``size`` rows of which this process has those from ``first`` on, as many as its devices need."""
        rows = np.asarray(array)

        def own(index: tuple) -> np.ndarray:
            start, stop, _ = index[0].indices(size)
            return rows[(slice(start - first, stop - first), *index[1:])]

        return jax.make_array_from_callback((size, *rows.shape[1:]), self.rows(size, rows.ndim), own)

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

    def divide(self, source: Any) -> None:
        """Lets each process read its own part of a stream only, where processes are given the same data."""
        if not self.several or not self.distribution.auto_shard_dataset or source.kind == "arrays":
            return
        turns = Turns(jax.process_index(), jax.process_count()) if self._by_process is not None else None
        source.divide(self.part, turns)

    def part(self, size: int) -> slice | None:
        """The rows of a batch that this process needs; None: all that it has."""
        layout = self.rows(size, 1)
        if layout is self.whole or not self.several or not self.distribution.auto_shard_dataset:
            return None
        spans = [i[0].indices(size) for i in layout.addressable_devices_indices_map((size,)).values() if i is not None]
        return slice(min(s[0] for s in spans), max(s[1] for s in spans))

    @functools.cached_property
    def _by_process(self) -> Any:
        """The devices as a mesh with one row for each process; None where they do not lie so."""
        devices = list(self.mesh.devices.flat)
        owners = [d.process_index for d in devices]
        count = jax.process_count()
        if owners != [i for i in range(count) for _ in range(len(devices) // count)]:
            return None
        return Mesh(np.array(devices).reshape(count, -1), ("process", "device"))

    def taken(self, turn: Turn, template: Any) -> Any:
        """The batch that one process has made, split over the devices of all."""
        leaves, structure = jax.tree.flatten(template)
        made = jax.tree.leaves(turn.batch) if turn.batch is not None else [np.zeros(a.shape, a.dtype) for a in leaves]
        count, local = jax.process_count(), len(self.mesh.local_devices)
        arrays = []
        for a in made:
            axes = ("process", "device") if a.ndim and a.shape[0] % local == 0 else ("process",)
            layout = NamedSharding(self._by_process, PartitionSpec(*axes))
            arrays.append(jax.make_array_from_process_local_data(layout, np.asarray(a)[None], (count, *a.shape)))
        key = tuple((a.shape, str(a.dtype)) for a in leaves)
        if key not in self._take:
            places = [self._rows_of(a) for a in leaves]
            self._take[key] = jax.jit(_of_owner, out_shardings=places)
        return jax.tree.unflatten(structure, self._take[key](arrays, np.int32(turn.owner)))

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

    def keeps_whole(self, source: Any) -> bool:
        """May arrays that fit be copied to each device at once? Of several processes each sends its devices their rows only."""
        spread = (isinstance(a, jax.Array) and not a.is_fully_addressable for a in jax.tree.leaves(source.arrays))
        return not self.several or (self.distribution.auto_shard_dataset and any(spread))

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


def _of_owner(arrays: list[jax.Array], owner: Any) -> list[jax.Array]:
    """Of arrays with one part for each process, the part of one: a sum of bits in which all others are zero."""

    def one(a: jax.Array) -> jax.Array:
        plain = a.astype("uint8") if a.dtype == bool else a
        kind = {1: "uint8", 2: "uint16", 4: "uint32", 8: "uint64"}[plain.dtype.itemsize]
        bits = jax.lax.bitcast_convert_type(plain, kind)
        mine = jax.numpy.arange(a.shape[0]).reshape(-1, *[1] * (a.ndim - 1)) == owner
        found = jax.numpy.where(mine, bits, jax.numpy.zeros((), kind)).sum(0, dtype=kind)
        return jax.lax.bitcast_convert_type(found, plain.dtype).astype(a.dtype)

    return [one(a) for a in arrays]


@contextlib.contextmanager
def together() -> Iterator[None]:
    """What needs all processes; raises RuntimeError that says so where one of them is gone."""
    try:
        with peers.needed():
            yield
    except (jax.errors.JaxRuntimeError, ValueError) as error:
        if jax.process_count() == 1 or (isinstance(error, ValueError) and "Gloo" not in str(error)):
            raise
        who = peers.who_is_gone() or "another process has ended or cannot be reached"
        first = str(error).splitlines()[0]
        raise RuntimeError(
            ENDED.format(count=jax.process_count(), who=who, index=jax.process_index(), error=first)
        ) from error


_told: set[tuple[int, int]] = set()  # models and distributions of which has been warned


def warn_unused(model: Any, distribution: Any) -> None:
    """Warns once of layouts that match none of the model's weights."""
    import warnings

    key = (id(model), id(distribution))
    if key in _told:
        return
    _told.add(key)
    for sentence in distribution.unused([v.path for v in model.variables]):
        warnings.warn(f"Model '{model.name}': {sentence}.", stacklevel=4)


def split_of(model: Any) -> Split | None:
    """The placing of a model's arrays; None on one device."""
    distribution = distribution_of(model)
    if distribution is None:
        return None
    warn_unused(model, distribution)
    return Split(model, distribution)

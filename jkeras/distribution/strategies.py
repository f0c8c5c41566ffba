"""Distributions: which device has which part of weights and batches."""

import contextlib
import math
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import jax
import numpy as np

from ..core import placement
from ..core.variable import Variable, initialize
from .mesh import DeviceMesh, LayoutMap, TensorLayout, list_devices

BATCH = "batch"
SPLIT_FROM = 2**10  # elements: smaller weights are not worth a message between devices


def distribution() -> Any:
    """The distribution in force, or None.  https://keras.io/api/distribution/distribution_utils/"""
    return placement.current()


def set_distribution(value: Any) -> None:
    """Sets the distribution for models made from now on; None ends it.

    https://keras.io/api/distribution/distribution_utils/

    >>> set_distribution(None)
    """
    if value is not None and not isinstance(value, Distribution):
        raise TypeError(f"set_distribution: expected a Distribution or None, received {value!r}.")
    placement.set_current(value)


class Distribution:
    """Says how weights and batches lie on a mesh; derive from it for rules of your own.

    ``batch_dim_name`` is the mesh axis that splits batches. With ``auto_shard_dataset`` every process is given all of the
    data and uses its part; without, each process brings its own part and batches are joined. With ``fsdp``, weights and
    optimizer state are split over the batch axis, too.
    """

    def __init__(
        self,
        device_mesh: DeviceMesh,
        batch_dim_name: str | None = None,
        auto_shard_dataset: bool = True,
        fsdp: bool = False,
    ):
        self._device_mesh, self._batch_dim_name = device_mesh, batch_dim_name
        self.auto_shard_dataset, self.fsdp = auto_shard_dataset, bool(fsdp)
        self._num_processes, self._process_id = jax.process_count(), jax.process_index()

    @property
    def device_mesh(self) -> DeviceMesh:
        """The devices."""
        return self._device_mesh

    @property
    def batch_dim_name(self) -> str | None:
        """The mesh axis that splits batches."""
        return self._batch_dim_name

    @property
    def num_processes(self) -> int:
        """Processes in all."""
        return self._num_processes

    @property
    def num_model_replicas(self) -> int:
        """Into how many parts a batch is split."""
        return 1 if self.batch_dim_name is None else self.device_mesh.size(self.batch_dim_name)

    @property
    def data_shard_id(self) -> int:
        """Which part of the data this process brings."""
        per_replica = max(1, self.num_processes // self.num_model_replicas)
        return self._process_id // per_replica

    def get_data_layout(self, data_shape: Sequence[int | None]) -> TensorLayout:
        """The layout of inputs: split along their first axis."""
        return TensorLayout([self.batch_dim_name, *[None] * (len(data_shape) - 1)][: len(data_shape)], self.device_mesh)

    def get_variable_layout(self, variable: Any) -> TensorLayout:
        """The layout of a weight."""
        base = self._layout_for(variable)
        if not isinstance(base, TensorLayout):
            return base
        base.check_shape(variable.shape, f"Weight {variable.path!r}")
        return self._split(base, variable) if self.fsdp else base

    def get_compute_layout(self, variable: Any) -> TensorLayout | None:
        """With ``fsdp``: the layout of a weight while it is computed with; None where that is the layout it is kept in."""
        base = self._layout_for(variable) if self.fsdp else None
        return base if isinstance(base, TensorLayout) and self._split(base, variable) is not base else None

    def _layout_for(self, variable: Any) -> Any:
        own = getattr(variable, "_layout", None)
        own = None if isinstance(own, jax.sharding.Sharding) else own  # a sharding is what this method once gave
        return TensorLayout([None] * len(variable.shape), self.device_mesh) if own is None else own

    def _split(self, base: TensorLayout, variable: Any) -> TensorLayout:
        """The layout with the largest free axis split over the batch axis, too."""
        axis, shape = self.batch_dim_name, variable.shape
        if axis is None or axis in base.mesh_axes() or math.prod(shape) < SPLIT_FROM:
            return base
        axes = [*base.axes, *[None] * (len(shape) - len(base.axes))]
        parts = self.device_mesh.size(axis)
        free = [i for i, size in enumerate(shape) if axes[i] is None and size % parts == 0 and size]
        if not free:
            return base
        axes[max(free, key=lambda i: shape[i])] = axis
        return TensorLayout(axes, self.device_mesh)

    def get_tensor_layout(self, path: str) -> TensorLayout | None:
        """The layout of an intermediate result; None leaves it to the compiler."""
        return None

    def unused(self, paths: Sequence[str]) -> list[str]:
        """What of the layouts matches none of a model's weights."""
        return []

    @contextlib.contextmanager
    def scope(self) -> Iterator["Distribution"]:
        """Models made inside, and training inside, are distributed so."""
        with placement.scope(self):
            yield self

    def distribute_dataset(self, dataset: Any) -> Any:
        """The part of a data set that this process reads.

        Data sets of batches are given back as they are: each process takes its rows of every batch. Raises ValueError for
        what is neither iterable nor indexed.
        """
        if not (hasattr(dataset, "__iter__") or hasattr(dataset, "__getitem__")):
            raise ValueError(f"distribute_dataset: {type(dataset).__name__} cannot be iterated.")
        return dataset

    def distribute_tf_dataset(self, dataset: Any) -> Any:
        """Every n-th batch of a ``tf.data`` data set, cut to this process's size; for ``auto_shard_dataset=False``."""
        parts = min(self.num_processes, self.num_model_replicas)
        if parts == 1:
            return dataset
        size = next(iter(dataset.take(1)))
        rows = len(jax.tree.leaves(size)[0])
        if rows % parts:
            raise ValueError(
                f"distribute_tf_dataset: batches of {rows} cannot be split over {parts} processes; use {rows // parts * parts}."
            )
        return dataset.rebatch(rows // parts).shard(parts, self.data_shard_id)

    def __deepcopy__(self, memo: dict) -> "Distribution":
        return self

    def __repr__(self) -> str:
        return f"<{type(self).__name__} device_mesh={self.device_mesh}>"


class DataParallel(Distribution):
    """Each device has all weights and computes a part of each batch; gradients and batch statistics are those of the
    whole batch.

    ``fsdp=True`` also splits weights and optimizer state over the devices, which gather them for use.
    https://keras.io/api/distribution/data_parallel/

    >>> DataParallel(devices=["cpu:0"]).num_model_replicas
    1
    """

    def __init__(
        self,
        device_mesh: DeviceMesh | None = None,
        devices: Any = None,
        auto_shard_dataset: bool = True,
        *,
        fsdp: bool = False,
    ):
        if device_mesh is None:
            chosen = list(devices) if devices is not None and len(devices) else list_devices()
            device_mesh = DeviceMesh((len(chosen),), [BATCH], chosen)
        elif not isinstance(device_mesh, DeviceMesh):
            raise ValueError(f"DataParallel: device_mesh must be a DeviceMesh, received {device_mesh!r}.")
        if len(device_mesh.shape) != 1:
            warnings.warn(
                f"DataParallel: the mesh has {len(device_mesh.shape)} axes; batches are split along the first, "
                f"{device_mesh.axis_names[0]!r}.",
                stacklevel=2,
            )
        super().__init__(device_mesh, device_mesh.axis_names[0], auto_shard_dataset, fsdp)


class ModelParallel(Distribution):
    """Weights lie as a ``LayoutMap`` says, whole on each device where it says nothing; batches are split along one axis
    of its mesh, the first by default.

    ``fsdp=True`` splits what is left whole over the batch axis.  https://keras.io/api/distribution/model_parallel/

    >>> layouts = LayoutMap(DeviceMesh((1, 1), ["batch", "model"], ["cpu:0"]))
    >>> layouts[".*kernel"] = (None, "model")
    >>> ModelParallel(layout_map=layouts).batch_dim_name
    'batch'
    """

    def __init__(
        self,
        *,
        layout_map: LayoutMap | None = None,
        batch_dim_name: str | None = None,
        auto_shard_dataset: bool = True,
        fsdp: bool = False,
        device_mesh: DeviceMesh | None = None,
    ):
        if not isinstance(layout_map, LayoutMap):
            raise ValueError(f"ModelParallel: layout_map must be a LayoutMap, received {layout_map!r}.")
        mesh = layout_map.device_mesh
        if mesh is None or device_mesh not in (None, mesh):
            raise ValueError("ModelParallel: the mesh is the layout map's; give it to LayoutMap(device_mesh).")
        batch_dim_name = batch_dim_name or mesh.axis_names[0]
        if batch_dim_name not in mesh.axis_names:
            raise ValueError(f"ModelParallel: batch_dim_name={batch_dim_name!r} is no axis of {mesh}.")
        super().__init__(mesh, batch_dim_name, auto_shard_dataset, fsdp)
        self._layout_map = layout_map
        replicas = self.num_model_replicas
        if self.num_processes > replicas and self.num_processes % replicas:
            raise ValueError(
                f"ModelParallel: {self.num_processes} processes cannot share {replicas} parts of a batch evenly."
            )

    def _layout_for(self, variable: Any) -> Any:
        own = getattr(variable, "_layout", None)
        if own is not None and not isinstance(own, jax.sharding.Sharding):
            return own
        return self._layout_map[variable.path] or super()._layout_for(variable)

    def get_tensor_layout(self, path: str) -> TensorLayout | None:
        """The layout that the map has for a path, or None."""
        return self._layout_map[path]

    def unused(self, paths: Sequence[str]) -> list[str]:
        return self._layout_map.unused(paths)


def place(model: Any, distribution: Distribution | None) -> Any:
    """Moves a model whose weights are made already, with its optimizer's state, to a distribution; gives the model.

    ``None`` brings it back to one device.

    >>> from jkeras import Sequential, Input, layers
    >>> model = Sequential([Input((4,)), layers.Dense(2)])
    >>> place(model, DataParallel(devices=["cpu:0"])) is model
    True
    """
    compiled = getattr(model, "_compiled", None)
    weights = list(model.variables)
    with placement.scope(None):
        initialize([v for v in weights if v._cell is None and v._distribution is None])
    optimizer = getattr(model, "optimizer", None)
    mine: dict[int, Variable] = {id(v): v for v in weights}
    rest = [v for v in (optimizer.state_variables if optimizer is not None else []) if id(v) not in mine]
    rest += [v for v in model.metrics_variables if id(v) not in mine]
    for v in [*weights, *rest]:
        v._distribution = distribution
        if v._cell is None:
            v._layout = None
            continue
        value, v._layout, v._gather = placement.to_host(v._cell), None, None
        if distribution is None:
            v._cell, v._lent = jax.device_put(np.asarray(value)), False
    if distribution is not None:
        by_path = {f"{v.path.replace('/', '_')}_": v for v in weights}
        for v in weights:
            v.assign(v._cell)
        for v in rest:
            owner = next((w for p, w in by_path.items() if v.name.startswith(p) and v.shape == w.shape), None)
            v._layout = owner._layout if owner is not None else placement.whole(distribution.device_mesh.backend_mesh)
            v.assign(v.materialize())
    if compiled is not None:
        compiled.distribution = distribution
    model._programs.clear()
    return model

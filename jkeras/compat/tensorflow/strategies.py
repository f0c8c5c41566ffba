"""``tf.distribute``: strategies as scopes over the devices at hand. One program runs on all of them."""

import contextlib
from types import SimpleNamespace
from typing import Any

import jax

from .rows import one_of, only
from .system import Space, impossible
from .tables import functions


class ReplicaContext:
    """What a function that a strategy runs is told: there is one program, so it is the only one.

    https://www.tensorflow.org/api_docs/python/tf/distribute/ReplicaContext
    """

    replica_id_in_sync_group = 0

    def __init__(self, strategy: Any):
        self.strategy, self.num_replicas_in_sync = strategy, strategy.num_replicas_in_sync

    def all_reduce(self, reduce_op: Any, value: Any, options: Any = None) -> Any:
        """The value, which is that of all devices already."""
        only("ReplicaContext.all_reduce: options", options, None, "leave it out.")
        _how(reduce_op)
        return value

    def all_gather(self, value: Any, axis: int, options: Any = None) -> Any:
        """The value, which is that of all devices already."""
        only("ReplicaContext.all_gather: options", options, None, "leave it out.")
        int(axis)
        return value

    def merge_call(self, merge_fn: Any, args: tuple = (), kwargs: Any = None) -> Any:
        """Calls a function of the strategy."""
        return merge_fn(self.strategy, *args, **(kwargs or {}))


class InputContext:
    """Which part of the data is asked for: all of it.

    https://www.tensorflow.org/api_docs/python/tf/distribute/InputContext
    """

    def __init__(self, num_input_pipelines: int = 1, input_pipeline_id: int = 0, num_replicas_in_sync: int = 1):
        self.num_input_pipelines, self.input_pipeline_id = num_input_pipelines, input_pipeline_id
        self.num_replicas_in_sync = num_replicas_in_sync

    def get_per_replica_batch_size(self, global_batch_size: int) -> int:
        """The share of a batch; the data set's batches are split over the devices, so it is the whole."""
        if global_batch_size % self.num_replicas_in_sync:
            raise ValueError(f"A batch of {global_batch_size} does not split over {self.num_replicas_in_sync} devices.")
        return global_batch_size


class _Transport(SimpleNamespace):
    """How TensorFlow adds gradients up; XLA does it in its own way."""

    def __init__(self, num_packs: int = 1):
        super().__init__(num_packs=num_packs)


class _OneDevice(SimpleNamespace):
    def __init__(self, reduce_to_device: Any = None, accumulation_fn: Any = None):
        only("ReductionToOneDevice: accumulation_fn", accumulation_fn, None, "gradients are added.")
        super().__init__(reduce_to_device=reduce_to_device)


def _how(reduce_op: Any) -> str:
    name = str(getattr(reduce_op, "name", reduce_op)).lower().rpartition(".")[2]
    return one_of("reduce_op", name, ("sum", "mean"))


class Strategy:
    """Training over the devices at hand: ``jkeras.distribution.DataParallel`` where there are several.

    https://www.tensorflow.org/api_docs/python/tf/distribute/MirroredStrategy
    """

    def __init__(self, devices: Any = None, cross_device_ops: Any = None):
        self.cross_device_ops = cross_device_ops  # XLA adds gradients up in its own way
        self.devices = list(devices) if devices else None

    @property
    def num_replicas_in_sync(self) -> int:
        """How many devices share a batch."""
        return min(len(self.devices or jax.devices()), len(jax.devices()))

    def scope(self) -> Any:
        """A context: what is made and compiled in it trains over the devices."""
        if self.num_replicas_in_sync == 1:
            return contextlib.nullcontext(self)
        from ...distribution import DataParallel, list_devices

        return DataParallel(devices=list_devices()[: self.num_replicas_in_sync]).scope()

    def run(self, fn: Any, args: tuple = (), kwargs: Any = None, options: Any = None) -> Any:
        """Calls the function: one program runs on all devices."""
        only("Strategy.run: options", options, None, "leave it out.")
        return fn(*args, **(kwargs or {}))

    def reduce(self, reduce_op: Any, value: Any, axis: Any = None) -> Any:
        """The value, which is that of all devices already; with ``axis`` its sum or mean over that axis."""
        name = _how(reduce_op)
        return value if axis is None else functions("")[f"reduce_{name}"](value, axis)

    def gather(self, value: Any, axis: int) -> Any:
        """The value: it is that of all devices already."""
        return value

    def experimental_distribute_dataset(self, dataset: Any, options: Any = None) -> Any:
        """The data set: its batches are split over the devices when they are used."""
        only("experimental_distribute_dataset: options", options, None, "leave it out.")
        return dataset

    def experimental_local_results(self, value: Any) -> tuple:
        """The values of this machine's devices: the one there is."""
        return value if isinstance(value, tuple) else (value,)

    def experimental_distribute_values_from_function(self, value_fn: Any) -> Any:
        """The value that a function of the context gives."""
        return value_fn(_ValueContext(0, self.num_replicas_in_sync))

    def distribute_datasets_from_function(self, dataset_fn: Any, options: Any = None) -> Any:
        """The data set that a function of an InputContext gives, with batches for all devices."""
        only("distribute_datasets_from_function: options", options, None, "leave it out.")
        return dataset_fn(InputContext(num_replicas_in_sync=self.num_replicas_in_sync))

    @property
    def extended(self) -> "Strategy":
        """Itself."""
        return self


class _ValueContext:
    def __init__(self, replica_id_in_sync_group: int, num_replicas_in_sync: int):
        self.replica_id_in_sync_group, self.num_replicas_in_sync = replica_id_in_sync_group, num_replicas_in_sync


def _no_tpu(tpu: Any = None, *_: Any, **__: Any) -> Any:
    raise ValueError(f"TPUClusterResolver({tpu!r}): JAX finds TPUs by itself; use tf.distribute.MirroredStrategy().")


def _default() -> Strategy:
    return Strategy(["cpu:0"])


_PROCESSES = "use jkeras.distribution.initialize()."
distribute = Space(
    "tf.distribute",
    Strategy=Strategy,
    MirroredStrategy=Strategy,
    OneDeviceStrategy=lambda device=None: Strategy([device or "cpu:0"]),
    get_strategy=_default,
    has_strategy=lambda: False,
    get_replica_context=lambda: ReplicaContext(_default()),
    in_cross_replica_context=lambda: False,
    InputContext=InputContext,
    ReplicaContext=ReplicaContext,
    NcclAllReduce=_Transport,
    HierarchicalCopyAllReduce=_Transport,
    ReductionToOneDevice=_OneDevice,
    MultiWorkerMirroredStrategy=impossible("tf.distribute.MultiWorkerMirroredStrategy", _PROCESSES),
    ParameterServerStrategy=impossible("tf.distribute.ParameterServerStrategy", _PROCESSES),
    TPUStrategy=impossible(
        "tf.distribute.TPUStrategy", "use tf.distribute.MirroredStrategy(); JAX finds TPUs by itself."
    ),
    ReduceOp=SimpleNamespace(SUM="sum", MEAN="mean"),
    cluster_resolver=SimpleNamespace(TPUClusterResolver=_no_tpu),
    experimental=SimpleNamespace(
        CentralStorageStrategy=Strategy,
        MultiWorkerMirroredStrategy=impossible("tf.distribute.experimental.MultiWorkerMirroredStrategy", _PROCESSES),
        TPUStrategy=impossible("tf.distribute.experimental.TPUStrategy", "use tf.distribute.MirroredStrategy()."),
    ),
)

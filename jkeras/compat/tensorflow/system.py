"""The namespaces of ``tf`` about devices, files and switches, as far as they mean something here."""

import contextlib
import glob as glob_module
import logging as standard_logging
import os
import shutil
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import jax
import numpy as np

from .compiled import eagerly
from .tensor import Tensor, unwrap


def _nothing(*_: Any, **__: Any) -> None:
    """What is asked for happens anyway, or means nothing on JAX."""


def impossible(name: str, instead: str) -> Any:
    """A function that says what to use instead."""

    def call(*_: Any, **__: Any) -> Any:
        raise NotImplementedError(f"{name} is not offered on JAX: {instead}")

    return call


def list_physical_devices(device_type: str | None = None) -> list[SimpleNamespace]:
    """The devices of a type ("CPU", "GPU", "TPU"), or all.

    >>> len(list_physical_devices("CPU")) > 0
    True
    """
    found = []
    for kind in ("CPU", "GPU", "TPU") if device_type is None else (device_type.upper(),):
        with contextlib.suppress(RuntimeError):
            for one in jax.devices(kind.lower()):
                found.append(SimpleNamespace(name=f"/physical_device:{kind}:{one.id}", device_type=kind))
    return found


def _run_eagerly(run_eagerly: bool = True) -> None:
    eagerly[0] = bool(run_eagerly)


config = SimpleNamespace(
    list_physical_devices=list_physical_devices,
    list_logical_devices=list_physical_devices,
    get_visible_devices=list_physical_devices,
    set_visible_devices=_nothing,
    set_soft_device_placement=_nothing,
    set_logical_device_configuration=_nothing,
    LogicalDeviceConfiguration=SimpleNamespace,
    run_functions_eagerly=_run_eagerly,
    experimental_run_functions_eagerly=_run_eagerly,
    functions_run_eagerly=lambda: eagerly[0],
    threading=SimpleNamespace(set_inter_op_parallelism_threads=_nothing, set_intra_op_parallelism_threads=_nothing),
    optimizer=SimpleNamespace(set_jit=_nothing, set_experimental_options=_nothing),
    experimental=SimpleNamespace(
        list_physical_devices=list_physical_devices,
        set_memory_growth=_nothing,
        enable_op_determinism=_nothing,
        set_visible_devices=_nothing,
    ),
)


def _has_gpu(*_: Any, **__: Any) -> bool:
    return bool(list_physical_devices("GPU"))


test = SimpleNamespace(
    is_gpu_available=_has_gpu,
    is_built_with_cuda=_has_gpu,
    gpu_device_name=lambda: "/device:GPU:0" if _has_gpu() else "",
)


class Strategy:
    """Training over the devices at hand: ``jkeras.distribution.DataParallel`` where there are several.

    https://www.tensorflow.org/api_docs/python/tf/distribute/MirroredStrategy
    """

    def __init__(self, devices: Any = None, **_: Any):
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

    def run(self, fn: Any, args: tuple = (), kwargs: Any = None) -> Any:
        """Calls the function: one program runs on all devices."""
        return fn(*args, **(kwargs or {}))

    def reduce(self, reduce_op: Any, value: Any, axis: Any = None) -> Any:
        """The value: it is that of all devices already."""
        return value

    def experimental_distribute_dataset(self, dataset: Any, options: Any = None) -> Any:
        """The data set: its batches are split over the devices when they are used."""
        return dataset


distribute = SimpleNamespace(
    Strategy=Strategy,
    MirroredStrategy=Strategy,
    OneDeviceStrategy=lambda device=None: Strategy([device or "cpu:0"]),
    get_strategy=lambda: Strategy(["cpu:0"]),
    MultiWorkerMirroredStrategy=impossible(
        "tf.distribute.MultiWorkerMirroredStrategy", "use jkeras.distribution.initialize()."
    ),
    ReduceOp=SimpleNamespace(SUM="sum", MEAN="mean"),
)


@contextlib.contextmanager
def device(device_name: Any) -> Iterator[None]:
    """A context: computations run on the device, where there is one of that name, as TensorFlow places softly."""
    kind, _, number = str(device_name or "cpu").lower().replace("/device:", "").strip("/").partition(":")
    try:
        found = jax.devices(kind)[int(number or 0)]
    except (RuntimeError, IndexError):
        found = None
    with contextlib.nullcontext() if found is None else jax.default_device(found):
        yield


def read_file(filename: Any, name: Any = None) -> Tensor:
    """The bytes of a file."""
    with open(os.fspath(np.asarray(unwrap(filename)).item()), "rb") as file:
        return Tensor(np.array(file.read(), dtype=object))


gfile = SimpleNamespace(
    exists=os.path.exists,
    isdir=os.path.isdir,
    listdir=os.listdir,
    makedirs=lambda path: os.makedirs(path, exist_ok=True),
    mkdir=os.mkdir,
    remove=os.remove,
    rmtree=shutil.rmtree,
    glob=glob_module.glob,
    GFile=open,
    Open=open,
    copy=lambda src, dst, overwrite=False: shutil.copyfile(src, dst),
    rename=lambda src, dst, overwrite=False: os.replace(src, dst),
    stat=os.stat,
    join=os.path.join,
)
io = SimpleNamespace(gfile=gfile, read_file=read_file)


def get_logger() -> Any:
    """The logger named "tensorflow"."""
    return standard_logging.getLogger("tensorflow")


logging = SimpleNamespace(
    set_verbosity=lambda level: get_logger().setLevel(level), DEBUG=10, INFO=20, WARN=30, WARNING=30, ERROR=40, FATAL=50
)


class ConfigProto(SimpleNamespace):
    """Settings of a session, which may be set and mean nothing here."""

    def __init__(self, **options: Any):
        super().__init__(**{"gpu_options": SimpleNamespace(), "graph_options": SimpleNamespace(), **options})


class Session:
    """What scripts give to K.set_session: there are no sessions on JAX, and nothing to run in them."""

    def __init__(self, target: Any = "", graph: Any = None, config: Any = None):
        self.graph, self.config = graph, config

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def close(self) -> None:
        """Nothing is open."""

    def as_default(self) -> "Session":
        """A context."""
        return self

    def run(self, fetches: Any, feed_dict: Any = None, **_: Any) -> Any:
        """Runs initializers, which have nothing to do; anything else raises NotImplementedError."""
        if fetches is None or isinstance(fetches, (list, tuple)) and all(f is None for f in fetches):
            return fetches
        raise NotImplementedError("Session.run is not offered on JAX: call model.predict, or K.function.")


class Graph(contextlib.nullcontext):
    """Stands for the one graph of older scripts."""

    def as_default(self) -> "Graph":
        """A context."""
        return self


def _seed(seed: int) -> None:
    from ...core.rng import set_seed

    set_seed(int(seed))


_graph = Graph()
GPUOptions = SimpleNamespace
InteractiveSession = Session
placeholder = impossible("tf.placeholder", "use keras.Input, or write a function of arrays.")
_SWITCHES = (
    "global_variables_initializer local_variables_initializer tables_initializer enable_eager_execution "
    "disable_eager_execution disable_v2_behavior enable_v2_behavior disable_v2_tensorshape enable_resource_variables "
    "disable_resource_variables reset_default_graph disable_control_flow_v2 enable_control_flow_v2".split()
)
globals().update(dict.fromkeys(_SWITCHES, _nothing))


def get_default_graph() -> Graph:
    """The one graph."""
    return _graph


def executing_eagerly() -> bool:
    """Always: what is compiled is compiled when it is called."""
    return True


v1 = SimpleNamespace(
    **dict.fromkeys(_SWITCHES, _nothing),
    ConfigProto=ConfigProto,
    GPUOptions=GPUOptions,
    Session=Session,
    InteractiveSession=Session,
    Graph=Graph,
    set_random_seed=_seed,
    logging=logging,
    placeholder=placeholder,
    get_default_graph=get_default_graph,
    executing_eagerly=executing_eagerly,
    gfile=gfile,
)
compat = SimpleNamespace(v1=v1, as_str=str)
errors = SimpleNamespace(
    InvalidArgumentError=ValueError,
    ResourceExhaustedError=MemoryError,
    NotFoundError=FileNotFoundError,
    UnimplementedError=NotImplementedError,
)
autograph = SimpleNamespace(
    set_verbosity=_nothing, experimental=SimpleNamespace(do_not_convert=lambda func=None, **_: func)
)
version = SimpleNamespace(VERSION="2.16.0")
saved_model = SimpleNamespace(
    save=impossible("tf.saved_model.save", "use model.save(path) or model.export(path)."),
    load=impossible("tf.saved_model.load", "save the model as .keras and use keras.models.load_model."),
)
summary = SimpleNamespace(
    create_file_writer=impossible("tf.summary.create_file_writer", "use keras.callbacks.TensorBoard."),
    scalar=impossible("tf.summary.scalar", "use keras.callbacks.TensorBoard."),
)


def _assert(compare: Any, text: str) -> Any:
    def check(x: Any, y: Any = 0, message: Any = None, **_: Any) -> None:
        a, b = np.asarray(unwrap(x)), np.asarray(unwrap(y))
        if not np.all(compare(a, b)):
            raise ValueError(message or f"Expected x {text} y, received {a} and {b}.")

    return check


debugging = SimpleNamespace(
    assert_equal=_assert(np.equal, "=="),
    assert_greater=_assert(np.greater, ">"),
    assert_less=_assert(np.less, "<"),
    assert_near=_assert(np.isclose, "close to"),
    set_log_device_placement=_nothing,
)

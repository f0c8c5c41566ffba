"""The namespaces of ``tf`` about devices, files and switches, as far as they mean something here."""

import contextlib
import glob as glob_module
import logging as standard_logging
import os
import shutil
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import jax

from .compiled import eagerly
from .elements import OutOfRangeError
from .rows import only


def switch(path: str, parameters: str = "") -> Callable:
    """A function that takes these arguments and does nothing: what it asks for happens anyway, or changes no number.

    Any other argument raises TypeError.
    """
    names = parameters.split()

    def call(*args: Any, **kwargs: Any) -> None:
        unknown = [k for k in kwargs if k not in names[len(args) :] and k != "name"]
        if len(args) > len(names) or unknown:
            raise TypeError(f"{path} takes {', '.join(names) or 'no arguments'}, received {[*args, *unknown]}.")

    return call


class Space(SimpleNamespace):
    """A namespace whose other names say that they are not offered."""

    def __init__(self, path: str, **names: Any):
        super().__init__(**names)
        vars(self)["_path"] = path

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise AttributeError(f"{self._path}.{name} is not offered on JAX: use keras, keras.ops or jax.numpy.")


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


def _show_only(devices: Any, device_type: str | None = None) -> None:
    """Computes on the given devices from here on: on the CPU where no accelerator is left."""
    found = devices if isinstance(devices, (list, tuple)) else [devices]
    place = None if found else jax.devices("cpu")[0]
    for one in found:
        with contextlib.suppress(RuntimeError, ValueError, IndexError):
            place = jax.devices(one.device_type.lower())[int(one.name.rpartition(":")[2])]
            break
    if device_type in (None, "GPU", "TPU") and place is not None:
        jax.config.update("jax_default_device", place)


def _run_eagerly(run_eagerly: bool = True) -> None:
    eagerly[0] = bool(run_eagerly)


def _config() -> Space:
    growth = switch("tf.config.experimental.set_memory_growth", "device enable")
    own = {
        name: switch(f"tf.config.{name}", words)
        for name, words in {
            "set_soft_device_placement": "enabled",
            "set_logical_device_configuration": "device logical_devices",
            "experimental_connect_to_cluster": "cluster_spec_or_resolver job_name task_index protocol",
        }.items()
    }
    experimental = {
        "list_physical_devices": list_physical_devices,
        "set_memory_growth": growth,
        "get_memory_growth": lambda device: True,
        "enable_op_determinism": switch("tf.config.experimental.enable_op_determinism"),
        "enable_tensor_float_32_execution": switch(
            "tf.config.experimental.enable_tensor_float_32_execution", "enabled"
        ),
        "set_virtual_device_configuration": own["set_logical_device_configuration"],
        "VirtualDeviceConfiguration": SimpleNamespace,
        "set_visible_devices": _show_only,
        "get_visible_devices": list_physical_devices,
    }
    threads = {
        f"set_{kind}_op_parallelism_threads": switch(f"tf.config.threading.{kind}", "num_threads")
        for kind in ("inter", "intra")
    }
    jit = {
        "set_jit": switch("tf.config.optimizer.set_jit", "enabled"),
        "set_experimental_options": switch("tf.config.optimizer.set_experimental_options", "options"),
    }
    return Space(
        "tf.config", **own, list_physical_devices=list_physical_devices, list_logical_devices=list_physical_devices,
        get_visible_devices=list_physical_devices, set_visible_devices=_show_only, LogicalDeviceConfiguration=SimpleNamespace,
        run_functions_eagerly=_run_eagerly, experimental_run_functions_eagerly=_run_eagerly,
        functions_run_eagerly=lambda: eagerly[0], threading=Space("tf.config.threading", **threads),
        optimizer=Space("tf.config.optimizer", **jit), experimental=Space("tf.config.experimental", **experimental),
    )  # fmt: skip


config = _config()


def _has_gpu(cuda_only: bool = False, min_cuda_compute_capability: Any = None) -> bool:
    """Is there a GPU? Which kind is not asked further."""
    only(
        "tf.test.is_gpu_available: min_cuda_compute_capability", min_cuda_compute_capability, None, "ask jax.devices()."
    )
    return bool(list_physical_devices("GPU"))


test = Space(
    "tf.test",
    is_gpu_available=_has_gpu,
    is_built_with_cuda=_has_gpu,
    gpu_device_name=lambda: "/device:GPU:0" if _has_gpu() else "",
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


def _free(path: Any, overwrite: bool) -> Any:
    if not overwrite and os.path.exists(path):
        raise FileExistsError(f"{path} exists already; use overwrite=True.")
    return path


_files = {
    "exists Exists": lambda path: os.path.exists(path),
    "isdir IsDirectory": lambda path: os.path.isdir(path),
    "listdir ListDirectory": lambda path: os.listdir(path),
    "makedirs MakeDirs": lambda path: os.makedirs(path, exist_ok=True),
    "mkdir MkDir": lambda path: os.mkdir(path),
    "remove Remove": lambda path: os.remove(path),
    "rmtree DeleteRecursively": lambda path: shutil.rmtree(path),
    "glob Glob": lambda pattern: sorted(
        n for one in (pattern if isinstance(pattern, (list, tuple)) else [pattern]) for n in glob_module.glob(one)
    ),
    "copy Copy": lambda src, dst, overwrite=False: shutil.copyfile(src, _free(dst, overwrite)),
    "rename Rename": lambda src, dst, overwrite=False: os.replace(src, _free(dst, overwrite)),
    "walk Walk": lambda top, topdown=True, onerror=None: os.walk(top, topdown, onerror),
    "stat Stat": lambda path: SimpleNamespace(
        length=os.stat(path).st_size, mtime_nsec=os.stat(path).st_mtime_ns, is_directory=os.path.isdir(path)
    ),
    "join": lambda path, *paths: os.path.join(path, *paths),
    "GFile Open FastGFile": lambda name, mode="r": open(name, mode),
}
gfile = Space("tf.io.gfile", **{name: fn for names, fn in _files.items() for name in names.split()})


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

    def run(self, fetches: Any, feed_dict: Any = None, options: Any = None, run_metadata: Any = None) -> Any:
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
_switches = {name: switch(f"tf.{name}") for name in _SWITCHES}
globals().update(_switches)


def get_default_graph() -> Graph:
    """The one graph."""
    return _graph


def executing_eagerly() -> bool:
    """Always: what is compiled is compiled when it is called."""
    return True


class Everything:
    """``tf.compat.v1`` and ``v2``: what is said here, and else what ``tf`` itself has."""

    def __init__(self, **names: Any):
        vars(self).update(names)

    def __getattr__(self, name: str) -> Any:
        import importlib

        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(importlib.import_module(__package__), name)


v1 = Everything(
    **_switches,
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


def _as_str(bytes_or_text: Any, encoding: str = "utf-8") -> str:
    return bytes_or_text.decode(encoding) if isinstance(bytes_or_text, bytes) else str(bytes_or_text)


compat = Space(
    "tf.compat", v1=v1, v2=Everything(), as_str=_as_str, as_text=_as_str, as_str_any=_as_str,
    as_bytes=lambda bytes_or_text, encoding="utf-8": _as_str(bytes_or_text, encoding).encode(encoding),
)  # fmt: skip
autograph = Space(
    "tf.autograph",
    set_verbosity=switch("tf.autograph.set_verbosity", "level alsologtostdout"),
    experimental=Space(
        "tf.autograph.experimental", do_not_convert=lambda func=None: (lambda f: f) if func is None else func
    ),
)
version = SimpleNamespace(VERSION="2.16.0")
sysconfig = Space(
    "tf.sysconfig", get_build_info=lambda: {"is_cuda_build": _has_gpu(), "cuda_version": "", "cudnn_version": ""}
)
saved_model = Space(
    "tf.saved_model",
    save=impossible(
        "tf.saved_model.save",
        "use model.save(path) or model.export(path), and tf.train.Checkpoint for the variables of a tf.Module.",
    ),
    load=impossible("tf.saved_model.load", "save the model as .keras and use keras.models.load_model."),
)


class _Errors:
    """The errors of ``tf.errors``: those of Python that stand for them, and what is raised in no other case."""

    KINDS = {
        "OpError": Exception, "InvalidArgumentError": ValueError, "FailedPreconditionError": RuntimeError,
        "ResourceExhaustedError": MemoryError, "NotFoundError": FileNotFoundError, "PermissionDeniedError": PermissionError,
        "AlreadyExistsError": FileExistsError, "UnimplementedError": NotImplementedError, "DeadlineExceededError": TimeoutError,
        "UnavailableError": ConnectionError, "CancelledError": InterruptedError,
    }  # fmt: skip
    OWN = "AbortedError InternalError UnknownError UnauthenticatedError OperatorNotAllowedInGraphError"

    def __init__(self) -> None:
        made = {name: type(name, (Exception,), {}) for name in self.OWN.split()}
        vars(self).update(self.KINDS, **made, OutOfRangeError=OutOfRangeError)

    def __getattr__(self, name: str) -> Any:
        if name == "DataLossError":
            from .records import DataLossError

            return DataLossError
        raise AttributeError(f"tf.errors.{name} is not offered on JAX; there are {', '.join(vars(self))}.")


errors = _Errors()

"""jkeras: the Keras API on JAX.

>>> import jkeras as keras
>>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
>>> model.output_shape
(None, 3)
"""

import importlib
import os
import sys
from typing import Any

from ._version import __version__

# Public name -> module that has it. Everything is imported on first use, so that `import jkeras` costs next to nothing.
_HOMES = {
    "Model": "models.model",
    "Sequential": "models.sequential",
    "Input": "layers.inputs",
    "Layer": "core.layer",
    "InputSpec": "core.spec",
    "Variable": "core.variable",
    "KerasTensor": "core.symbolic",
    "DTypePolicy": "core.dtypes",
    "FloatDTypePolicy": "dtype_policies",
    "Function": "models.function",
    "Operation": "models.function",
    "StatelessScope": "core.scopes",
    "SymbolicScope": "core.scopes",
    "RematScope": "core.remat",
    "remat": "core.remat",
    "device": "core.scopes",
    "name_scope": "core.scopes",
    "Initializer": "initializers",
    "Regularizer": "regularizers",
    "Loss": "losses",
    "Metric": "metrics",
    "Optimizer": "optimizers",
    "Quantizer": "quantizers",
}
_MODULES = frozenset(
    "activations applications backend callbacks compat config constraints core datasets distillation distribution dtype_policies "
    "experimental initializers layers legacy losses metrics mixed_precision models nn ops optimizers preprocessing quantizers "
    "random regularizers saving train tree utils visualization wrappers".split()
)


def version() -> str:
    """The version of jkeras."""
    return __version__


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
        globals()[name] = value
        return value
    if name in _MODULES:
        try:
            return importlib.import_module(f"{__name__}.{name}")
        except ModuleNotFoundError as error:
            if error.name != f"{__name__}.{name}":
                raise
    if name in ("objectives", "initializations", "engine"):
        return importlib.import_module(f"{__name__}.{name}")
    if not name.startswith("_"):
        from .compat.paths import check_possible

        check_possible(__name__, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES, *_MODULES})


class _OldPaths:
    """Asks ``compat`` about modules that nobody has found; it takes this one's place on first use."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> Any:
        if not name.startswith(f"{__name__}.") or name.startswith(f"{__name__}.compat"):
            return None
        from .compat.paths import OldPaths

        return OldPaths().find_spec(name, path, target)


def _connect() -> None:
    """Tells the core where the families stand; each is imported when it is first needed."""
    from .core import connections, declare

    def module(name: str) -> Any:
        return lambda: importlib.import_module(f"{__name__}.{name}" if name else __name__)

    def function(family: str, name: str) -> Any:
        return lambda value: getattr(importlib.import_module(f"{__name__}.{family}"), name)(value)

    def translate(owner: Any, args: tuple, kwargs: dict) -> tuple[tuple, dict]:
        from .compat.translate import translate

        declare.era.translate = translate
        return translate(owner, args, kwargs)

    def old_name(asked: tuple[str, str]) -> Any:
        from .compat.paths import old_name

        return old_name(*asked)

    def old_attribute(asked: tuple[Any, str]) -> Any:
        from .compat.members import attribute

        return attribute(*asked)

    def stable(cls: type) -> int | None:
        from .compat.signatures import stable

        declare.era.stable = stable
        return stable(cls)

    if not any(getattr(finder, "__qualname__", "") == _OldPaths.__qualname__ for finder in sys.meta_path):
        sys.meta_path.append(_OldPaths)  # type: ignore[arg-type]

    declare.era.translate, declare.era.stable = translate, stable
    connections.resolve.update(
        old_name=old_name,
        old_attribute=old_attribute,
        complete=function("compat.members", "complete"),
        load_reshaped=function("compat.engine", "load_reshaped"),
        initializer=function("initializers", "get"),
        regularizer=function("regularizers", "get"),
        constraint=function("constraints", "get"),
        serialize_regularizer=function("regularizers", "serialize"),
    )
    families = (
        "activations backend constraints distillation initializers layers losses metrics models optimizers quantizers regularizers "
        "random saving utils"
    )
    connections.modules.update({f"keras.{name}": module(name) for name in families.split()})
    connections.modules.update(
        {
            "keras": module(""),
            "keras.src.models.functional": module("models"),
            "keras.dtype_policies": module("dtype_policies"),
            "keras.optimizers.schedules": module("optimizers.schedules"),
            "keras.optimizers.legacy": module("optimizers.legacy"),
        }
    )


_connect()

if "JKERAS_PARENT" in os.environ:  # a process that ``run`` made has started this one
    importlib.import_module("jkeras.compat.child").join()

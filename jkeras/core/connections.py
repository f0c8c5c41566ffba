"""Places that the package's front door fills, so that the core, which knows no Keras name, can reach the families above it."""

from collections.abc import Callable
from typing import Any

# Keras module name -> function that imports and gives the module offering it.
modules: dict[str, Callable[[], Any]] = {}

# "initializer", "regularizer", "constraint", "serialize_regularizer" -> function
resolve: dict[str, Callable[[Any], Any]] = {}


def old_names(module: str) -> Callable[[str], Any]:
    """A ``__getattr__`` for a module that older versions gave more names."""

    def find(name: str) -> Any:
        if name.startswith("__") or "old_name" not in resolve:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        return resolve["old_name"]((module, name))

    return find

"""Places that the package's front door fills, so that the core, which knows no Keras name, can reach the families above it."""

from collections.abc import Callable
from typing import Any

# Keras module name -> function that imports and gives the module offering it.
modules: dict[str, Callable[[], Any]] = {}

# "initializer", "regularizer", "constraint", "serialize_regularizer", and what ``compat`` knows -> function
resolve: dict[str, Callable[[Any], Any]] = {}


def complete(cls: type) -> None:
    """Gives a class the members that older versions of it had."""
    if "complete" in resolve:
        resolve["complete"](cls)


def old_attribute(one: Any, name: str) -> Any:
    """What an object has today for an attribute of older versions; raises AttributeError where it has nothing."""
    if "old_attribute" not in resolve:
        raise AttributeError(name)
    return resolve["old_attribute"]((one, name))


def old_names(module: str) -> Callable[[str], Any]:
    """A ``__getattr__`` for a module that older versions gave more names."""

    def find(name: str) -> Any:
        if name.startswith("__") or "old_name" not in resolve:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        return resolve["old_name"]((module, name))

    return find

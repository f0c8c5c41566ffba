"""Places that the package's front door fills, so that the core, which knows no Keras name, can reach the families above it."""

from collections.abc import Callable
from typing import Any

# Keras module name -> function that imports and gives the module offering it.
modules: dict[str, Callable[[], Any]] = {}

# "initializer", "regularizer", "constraint", "serialize_regularizer" -> function
resolve: dict[str, Callable[[Any], Any]] = {}

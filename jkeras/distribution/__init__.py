"""Data and model parallel training on JAX's own engine.  https://keras.io/api/distribution/"""

import importlib
from typing import Any

from .mesh import DeviceMesh, LayoutMap, TensorLayout, distribute_tensor, get_device_count, list_devices
from .processes import initialize
from .strategies import DataParallel, Distribution, ModelParallel, distribution, place, set_distribution

_LATER = {"plan": "planning", "Plan": "planning"}

__all__ = [
    "DataParallel",
    "DeviceMesh",
    "Distribution",
    "LayoutMap",
    "ModelParallel",
    "TensorLayout",
    "distribute_tensor",
    "distribution",
    "get_device_count",
    "initialize",
    "list_devices",
    "place",
    "set_distribution",
]


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(importlib.import_module(f"{__name__}.{_LATER[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

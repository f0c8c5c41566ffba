"""Models in Keras's three styles.

>>> from jkeras.models import Sequential
>>> Sequential(name="m").name
'm'
"""

import importlib
from typing import Any

from ..core.connections import old_names

HOMES = {
    "Model": "models.model",
    "Functional": "models.model",
    "Sequential": "models.sequential",
    "clone_model": "models.cloning",
    "load_model": "saving",
    "save_model": "saving",
    "model_from_json": "saving",
    "model_from_yaml": "saving",
    "model_from_config": "saving",
}
__all__ = sorted(HOMES)


def __getattr__(name: str) -> Any:
    if name in HOMES:
        value = getattr(importlib.import_module("jkeras." + HOMES[name]), name)
        globals()[name] = value
        return value
    return old_names(__name__)(name)


def __dir__() -> list[str]:
    return __all__

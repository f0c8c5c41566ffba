"""Files and configs of models. Loading never runs code and imports nothing that a file names.

>>> from jkeras import saving
>>> saving.get_registered_name(len)
'len'
"""

import importlib
from typing import Any

_HOMES = {
    "files": "load_model load_weights save_model save_weights",
    "json_text": "model_from_config model_from_json model_from_yaml model_to_json model_to_yaml",
    "functional": "functional_config functional_from_config",
    "compiled": "compile_config compile_from_config",
    "editor": "KerasFileEditor",
    "export": "export_model",
    "lambdas": "lambda_config lambda_from_config named_function",
    "objects": "deserialize_keras_object serialize_keras_object",
}
_PLACES = {name: module for module, names in _HOMES.items() for name in names.split()}
_CORE = (
    "CustomObjectScope custom_object_scope get_custom_objects get_registered_name get_registered_object "
    "register_keras_serializable"
).split()
__all__ = sorted([*_PLACES, *_CORE])


def __getattr__(name: str) -> Any:
    if name in _PLACES:
        value = getattr(importlib.import_module(f"{__name__}.{_PLACES[name]}"), name)
    elif name in _CORE:
        value = getattr(importlib.import_module("jkeras.core.registry"), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__

"""Configs of single objects."""

from typing import Any

from ..core import registry


def serialize_keras_object(obj: Any) -> Any:
    """The config of any object, as plain data.  https://keras.io/api/models/model_saving_apis/serialization_utils/

    >>> serialize_keras_object("relu")
    'relu'
    """
    return registry.serialize(obj)


def deserialize_keras_object(
    config: Any, custom_objects: dict | None = None, safe_mode: bool = True, **kwargs: Any
) -> Any:
    """The object that a config describes, from the closed registry."""
    for name in kwargs:
        raise TypeError(f"deserialize_keras_object: unknown argument {name!r}.")
    return registry.deserialize(config, custom_objects)

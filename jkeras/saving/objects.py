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
    """The object that a config describes, from the closed registry and ``custom_objects``.

    ``safe_mode=False`` lets the bodies of lambdas in.

    >>> deserialize_keras_object({"module": "keras.layers", "class_name": "Dense", "config": {"units": 3}}).units
    3
    """
    if "module_objects" in kwargs:  # as Keras 2 called it
        objects = kwargs.pop("module_objects") or {}
        custom_objects = {**objects, **(custom_objects or {})}
    kwargs.pop("printable_module_name", None)
    for name in kwargs:
        raise TypeError(f"deserialize_keras_object: unknown argument {name!r}.")
    with registry.trusting(not safe_mode or registry.trusts_code()):
        return registry.deserialize(config, custom_objects)

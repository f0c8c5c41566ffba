"""Configs of objects, as `keras.utils` offers them: in the format of the Keras whose defaults hold."""

from jkeras.core import connections
from jkeras.core.declare import era, takes_old_words
from jkeras.saving import objects


def _of_keras_2(name):
    return connections.resolve["old_name"](("jkeras.utils.generic_utils", name))


@takes_old_words(renamed=("obj",))
def serialize_keras_object(obj):
    """The config of an object, as plain data; for scripts of Keras 1 and 2.2 in their format.

    Source: https://keras.io/api/models/model_saving_apis/serialization_utils/. Raises TypeError or ValueError for what
    has no config.

    >>> serialize_keras_object("relu")
    'relu'
    """
    if era.name in ("1", "2.2"):
        return _of_keras_2("serialize_keras_object")(obj)
    return objects.serialize_keras_object(obj)


@takes_old_words(renamed=("config",), stable=1)
def deserialize_keras_object(config, custom_objects=None, safe_mode=True, **kwargs):
    """The object that a config describes, from what is registered and `custom_objects`.

    `safe_mode=False` lets the bodies of lambdas in. Scripts of Keras 2 give `module_objects`, too: names that are known.

    Source: https://keras.io/api/models/model_saving_apis/serialization_utils/. Raises ValueError for unknown objects.

    >>> deserialize_keras_object({"module": "keras.layers", "class_name": "Dense", "config": {"units": 3}}).units
    3
    """
    if {"module_objects", "printable_module_name"} & kwargs.keys():
        return _of_keras_2("deserialize_keras_object")(config, custom_objects=custom_objects, **kwargs)
    return objects.deserialize_keras_object(config, custom_objects, safe_mode, **kwargs)

"""The types of layers' fields: what may be given for each, and how it is written in a config."""

from .. import activations, constraints, initializers, regularizers
from ..core import config
from ..core.declare import Converter, IntTuple, NaturalInt, PositiveInt, optional

__all__ = [
    "Activation",
    "Constraint",
    "DataFormat",
    "Flag",
    "Initializer",
    "IntTuple",
    "NaturalInt",
    "PositiveInt",
    "Rate",
    "Regularizer",
    "choice",
    "optional",
    "unless_set",
]

Activation = Converter(activations.get, activations.serialize, assigned=True)
Initializer = Converter(initializers.get, initializers.serialize)
Regularizer = Converter(regularizers.get, regularizers.serialize)
Constraint = Converter(constraints.get, constraints.serialize)


def choice(*known):
    """Field type: one of a few strings."""

    def get(value):
        if value not in known:
            raise ValueError(f"expected one of {', '.join(map(repr, known))}.")
        return value

    return Converter(get)


def _data_format(value):
    if value is None:
        return config.image_data_format()
    if value not in ("channels_first", "channels_last"):
        raise ValueError("expected 'channels_last', 'channels_first' or None.")
    return value


def _rate(value):
    if isinstance(value, bool) or not isinstance(value, (int, float)) and not hasattr(value, "__float__"):
        raise TypeError("expected a number between 0 and 1.")
    if not 0 <= value <= 1:
        raise ValueError("expected a number between 0 and 1.")
    return value


def _flag(value):
    if not isinstance(value, (bool, int)) and type(value).__name__ not in ("bool", "bool_"):
        raise TypeError("expected True or False.")
    return bool(value)


DataFormat = Converter(_data_format)
Rate = Converter(_rate)
Flag = Converter(_flag)


def unless_set(config, *names):
    """A config without those of the names that are None: fields that a config mentions only where they are in use."""
    return {key: value for key, value in config.items() if value is not None or key not in names}

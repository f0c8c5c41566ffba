"""Old positional orders: what the arguments of a call in the order of an older Keras are called.

Which order is meant shows in the values where it can (an initializer's name is no activation), else in old keywords of
the same call, else in the era.
"""

from typing import Any

from .names import KERAS_1_WORDS

# The arguments of Keras 1 by position
_DENSE = ("output_dim", "init", "activation", "weights")
_CONV1D = ("nb_filter", "filter_length", "init", "activation", "weights", "border_mode", "subsample_length")
_CONV2D = ("nb_filter", "nb_row", "nb_col", "init", "activation", "weights", "border_mode", "subsample", "dim_ordering")
_CONV3D = ("nb_filter", "kernel_dim1", "kernel_dim2", "kernel_dim3", "init", "activation", "weights", "border_mode",
           "subsample", "dim_ordering")  # fmt: skip
_RNN = ("output_dim", "init", "inner_init", "activation")
KERAS_1 = {
    "Dense": _DENSE,
    "Conv1D": _CONV1D,
    "Conv2D": _CONV2D,
    "Conv3D": _CONV3D,
    "SeparableConv2D": _CONV2D,
    "LocallyConnected1D": _CONV1D,
    "LocallyConnected2D": _CONV2D,
    "Conv2DTranspose": (
        "nb_filter",
        "nb_row",
        "nb_col",
        "output_shape",
        "init",
        "activation",
        "weights",
        "border_mode",
        "subsample",
        "dim_ordering",
    ),  # fmt: skip
    "SimpleRNN": _RNN,
    "GRU": ("output_dim", "init", "inner_init", "activation", "inner_activation"),
    "LSTM": ("output_dim", "init", "inner_init", "forget_bias_init", "activation", "inner_activation"),
    "ConvLSTM2D": (
        "nb_filter",
        "nb_row",
        "nb_col",
        "init",
        "inner_init",
        "forget_bias_init",
        "activation",
        "inner_activation",
        "border_mode",
        "dim_ordering",
        "subsample",
    ),
    "BatchNormalization": ("epsilon", "mode", "axis", "momentum"),
}
# Keras 0.1 had the size of the input first
KERAS_0 = {
    "Dense": ("input_dim", "output_dim", "init", "activation"),
    "SimpleRNN": ("input_dim", "output_dim", "init", "inner_init", "activation"),
    "GRU": ("input_dim", "output_dim", "init", "inner_init", "activation"),
    "LSTM": ("input_dim", "output_dim", "init", "inner_init", "forget_bias_init", "activation"),
    "Conv2D": ("nb_filter", "stack_size", "nb_row", "nb_col", "init", "activation"),
}
KERNEL_RANK = {
    "ConvLSTM2D": 2,
    "Conv2D": 2,
    "Conv3D": 3,
    "SeparableConv2D": 2,
    "LocallyConnected2D": 2,
    "Conv2DTranspose": 2,
}


def old_order(name: str, args: tuple, kwargs: dict, era: str) -> tuple[str, ...] | None:
    """The names of positional arguments that stand in an older order than today's; None where they do not."""
    if name not in KERAS_1 or not args:
        return None
    old_words = era == "1" or not KERAS_1_WORDS.isdisjoint(kwargs)
    if name == "BatchNormalization":
        return KERAS_1[name] if isinstance(args[0], float) and args[0] < 1 else None
    if name in KERNEL_RANK:
        return _kernel_order(name, args, old_words or era == "2.2")
    if len(args) < 2:
        return None
    if name in KERAS_0 and all(map(_whole, args[:2])):
        return KERAS_0[name]
    if name in ("Conv1D", "LocallyConnected1D"):
        return KERAS_1[name] if isinstance(args[2:3], tuple) and len(args) > 2 and isinstance(args[2], str) else None
    return KERAS_1[name] if isinstance(args[1], str) and (era == "1" or not _activation(args[1])) else None


def _kernel_order(name: str, args: tuple, old: bool) -> tuple[str, ...] | None:
    rank = KERNEL_RANK[name]
    if name in KERAS_0 and len(args) > rank + 1 and all(map(_whole, args[: rank + 2])):
        return KERAS_0[name]
    numbers = len(args) > rank and all(map(_whole, args[: rank + 1]))
    further = args[rank + 1 :]
    return KERAS_1[name] if numbers and (old or (further and not _padding(further[0]))) else None


def _whole(value: Any) -> bool:
    return hasattr(value, "__index__") and not isinstance(value, bool)


def _padding(value: Any) -> bool:
    return isinstance(value, str) and value.lower() in ("valid", "same", "causal")


def _activation(name: str) -> bool:
    from .. import activations

    try:
        activations.get(name)
    except ValueError:
        return False
    return True

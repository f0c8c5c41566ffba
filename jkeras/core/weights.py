"""Declaring weights: the two positional orders of ``add_weight``, and the fields that a weight finds by its name."""

from typing import Any

from . import dtypes
from .arguments import by_place
from .connections import resolve
from .declare import check_known
from .variable import Variable

_WEIGHT_ORDER_3 = (
    "shape initializer dtype trainable autocast regularizer constraint aggregation overwrite_with_gradient name".split()
)
_WEIGHT_ORDER_2 = "name shape dtype initializer regularizer trainable constraint".split()


def weight_arguments(layer: Any, args: tuple, kwargs: dict) -> dict[str, Any]:
    """Both positional orders of ``add_weight``: name first (Keras 2) and shape first (Keras 1 and 3)."""
    order = _WEIGHT_ORDER_2 if args and isinstance(args[0], str) else _WEIGHT_ORDER_3
    if len(args) > 2 and order is _WEIGHT_ORDER_2 and callable(args[2]) and not isinstance(args[2], type):
        order = "name shape initializer".split()
    given = by_place("add_weight", order, args, kwargs)
    known = {*_WEIGHT_ORDER_2, *_WEIGHT_ORDER_3, "synchronization", "layout", "use_resource", "getter", "collections",
             "experimental_autocast", "partitioner", "key"}  # fmt: skip
    check_known(type(layer), given, sorted(known), known)
    return given


def get_regularizer(value: Any) -> Any:
    """The regularizer of a name, object, function or config; None stays None."""
    return None if value is None else resolve["regularizer"](value)


def serialize_regularizer(value: Any) -> Any:
    """What a config holds of a regularizer."""
    return resolve["serialize_regularizer"](value)


def make_weight(
    layer: Any,
    name: str | None = None,
    shape: Any = (),
    initializer: Any = None,
    dtype: Any = None,
    trainable: bool = True,
    autocast: bool = True,
    regularizer: Any = None,
    constraint: Any = None,
    overwrite_with_gradient: bool = False,
    aggregation: str | None = "none",
    synchronization: str | None = "auto",
    layout: Any = None,
    experimental_autocast: bool = True,
    **_: Any,
) -> Variable:
    """The weight of a layer; what is not given comes from its fields ``<name>_initializer`` and the like."""
    name = (name or "variable").split("/")[-1].split(":")[0]
    initializer = initializer if initializer is not None else getattr(layer, f"{name}_initializer", None)
    regularizer = regularizer if regularizer is not None else getattr(layer, f"{name}_regularizer", None)
    constraint = constraint if constraint is not None else getattr(layer, f"{name}_constraint", None)
    dtype = dtypes.standardize_dtype(dtype or layer.variable_dtype)
    if initializer is None:
        initializer = "glorot_uniform" if dtypes.is_float(dtype) else "zeros"
    variable = Variable(
        resolve["initializer"](initializer),
        shape=() if shape is None else shape,
        dtype=dtype,
        trainable=trainable,
        autocast=autocast and experimental_autocast,
        aggregation=aggregation,
        synchronization=synchronization,
        layout=layout,
        name=name,
    )
    if "/" not in variable.path:
        variable.path = f"{layer.name}/{name}"
    variable.regularizer = get_regularizer(regularizer)
    variable.constraint = None if constraint is None else resolve["constraint"](constraint)
    variable.overwrite_with_gradient = overwrite_with_gradient
    layer._weights_made.append(variable)
    return variable

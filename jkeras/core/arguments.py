"""What the base class of layers makes of its arguments, and how they come back in a config."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from . import dtypes, symbolic
from .declare import sizes


def dtypes_config(layer: Any) -> dict[str, Any]:
    """The dtype policy of a layer as Keras 3 writes it."""
    from .registry import serialize

    return serialize(dtypes.get_policy(layer.dtype_policy))


def first_shape(
    owner: str,
    input_shape: Any = None,
    batch_input_shape: Any = None,
    batch_shape: Any = None,
    input_dim: int | None = None,
    batch_size: int | None = None,
    **_: Any,
) -> tuple[int | None, ...] | None:
    """The batch shape that a first layer of a Sequential was given."""
    whole = batch_input_shape if batch_input_shape is not None else batch_shape
    if whole is not None:
        return as_shape(whole)
    if input_shape is None and input_dim is not None:
        input_shape = (input_dim,)
    if input_shape is None:
        return None
    if isinstance(input_shape, (int, np.integer)):
        input_shape = (input_shape,)
    if not isinstance(input_shape, (tuple, list)):
        raise ValueError(f"{owner}(input_shape={input_shape!r}): expected a tuple of sizes, without the batch axis.")
    return (batch_size, *as_shape(input_shape))


def by_place(owner: str, order: Sequence[str], args: tuple, named: dict[str, Any] | None = None) -> dict[str, Any]:
    """Positional arguments by their names, and ``named``; raises TypeError for too many and for one that is given twice."""
    if len(args) > len(order):
        raise TypeError(
            f"{owner} takes at most {len(order)} positional arguments ({', '.join(order)}), received {len(args)}."
        )
    given, named = dict(zip(order, args, strict=False)), named or {}
    for name in given:
        if name in named:
            raise TypeError(f"{owner}: argument {name!r} was given twice, by position and by name.")
    return {**given, **named}


def as_shape(shape: Any) -> Any:
    """A shape, or a list or dict of shapes, as tuples: files hold lists."""
    if isinstance(shape, dict):
        return {k: as_shape(v) for k, v in shape.items()}
    if isinstance(shape, (list, tuple)):
        if any(isinstance(d, (list, tuple, dict)) for d in shape):
            return [as_shape(s) for s in shape]
        return sizes(shape)
    return shape


def symbolic_of(shape: Any, dtype: str) -> Any:
    """A symbolic tensor of a shape, or the structure of those of a list or dict of shapes."""
    if isinstance(shape, dict):
        return {k: symbolic_of(v, dtype) for k, v in shape.items()}
    if isinstance(shape, (list, tuple)):
        if any(isinstance(d, (list, tuple)) for d in shape):
            return [symbolic_of(s, dtype) for s in shape]
        return symbolic.KerasTensor(shape, dtype)
    return shape


def recorded_arguments(layer: Any) -> dict[str, Any]:
    """The arguments a user layer without ``get_config`` was made with, if they are plain data."""
    import inspect

    from .registry import serialize

    args, kwargs = layer._auto_config
    signature = inspect.signature(type(layer).__init__)
    try:
        bound = signature.bind(layer, *args, **kwargs).arguments
    except TypeError:
        return {}
    given: dict[str, Any] = {}
    for name, value in list(bound.items())[1:]:
        kind = signature.parameters[name].kind
        if kind == kind.VAR_POSITIONAL:
            raise NotImplementedError(f"{type(layer).__name__} takes arguments without names; define get_config(self).")
        given.update(value if kind == kind.VAR_KEYWORD else {name: value})
    try:
        return {k: serialize(v) for k, v in given.items() if k not in ("name", "dtype", "trainable")}
    except TypeError:
        raise NotImplementedError(
            f"{type(layer).__name__} takes arguments that are no plain data; define get_config(self)."
        ) from None

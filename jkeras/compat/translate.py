"""Calls in the words of any older Keras, made into calls in today's words."""

import inspect
import os
import sys
import warnings
from typing import Any

from ..core.declare import era
from . import names, signatures, training

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_SHAPE_WORDS = ("input_shape", "batch_input_shape", "batch_shape")


def translate(owner: Any, args: tuple, kwargs: dict) -> tuple[tuple, dict]:
    """The arguments of a call in today's words; those that no table knows stay as they are."""
    known, name = _known(owner), owner.__name__
    args, kwargs = _by_position(owner, args, kwargs)
    kwargs = _joined(name, known, kwargs)
    kwargs = _said_otherwise(name, _without_effect(name, known, kwargs))
    result: dict[str, Any] = {}
    for old, value in kwargs.items():
        new = _new_name(known, old, name)
        if new == "statistics" != old and value not in names.VALUES[new]:
            raise ValueError(f"{name}(mode={value!r}): expected 0, 1 or 2.")
        if new in result or new != old and new in kwargs:
            raise TypeError(f"{name}: {old!r} and {new!r} are two names of one argument; give one of them.")
        result[new] = _value(known, new, value)
        if new != old:
            tell(name, old, new)
        for more in names.ALSO.get((name, old), ()):
            result.setdefault(more, value)
    return args, _special(owner, known, result)


def _known(owner: Any) -> frozenset[str]:
    if not isinstance(owner, type):
        return frozenset(inspect.signature(owner).parameters)
    own = getattr(owner, "_fields", {}) or inspect.signature(owner).parameters
    return frozenset([*own, *getattr(owner, "_base_arguments", ()), *getattr(owner, "_accepted", ())])


def _live(owner: Any) -> list[str]:
    return [c.__name__ for c in getattr(owner, "__mro__", (owner,)) if c.__module__.startswith("jkeras.")]


def _by_position(owner: Any, args: tuple, kwargs: dict) -> tuple[tuple, dict]:
    if len(args) == 1 and isinstance(args[0], dict) and "ZeroPadding2D" in _live(owner):
        return (), {"padding": args[0], **kwargs}
    for name in _live(owner) if args and isinstance(owner, type) else ():
        order = signatures.old_order(name, args, kwargs, era.name)
        if order is not None:
            if len(args) > len(order):
                raise TypeError(f"{name}: {len(args)} positional arguments; give those after {order[-1]!r} by name.")
            _named(name, list(order), args, kwargs)  # nothing twice
            given = dict(zip(order, args, strict=False))
            tell(name, f"({', '.join(order[: len(args)])}) by position", "keywords")
            stack = given.pop("stack_size", None)  # the channels of the input, known from the input since
            if stack is not None and not signatures._whole(stack):
                raise TypeError(f"{name}: stack_size must be an integer, received {stack!r}.")
            return (), {**given, **kwargs}
    if not isinstance(owner, type):
        name = owner.__qualname__.removesuffix(".__init__")
        later = signatures.order_of_function(name, args, era.name)
        return (args, kwargs) if later is None else ((), _named(name, later, args, kwargs))
    ours = next(
        (one for one in owner.__mro__ if one.__module__.startswith("jkeras.")), owner
    )  # a subclass takes its order
    later = signatures.later_order(ours, len(args), era.name)
    return (args, kwargs) if later is None else ((), _named(ours.__name__, later, args, kwargs))


def _named(name: str, order: list[str], args: tuple, kwargs: dict) -> dict:
    """Positional arguments under the names that an order gives them, with the others."""
    if len(args) > len(order):
        raise TypeError(f"{name} takes at most {len(order)} positional arguments, received {len(args)}.")
    given = dict(zip(order, args, strict=False))
    for word in given:
        if word in kwargs:
            raise TypeError(f"{name}: argument {word!r} was given twice, by position and by name.")
    return {**given, **kwargs}


def _joined(name: str, known: frozenset[str], kwargs: dict) -> dict:
    for new, groups in names.JOINED.items():
        for group in groups if new in known else ():
            given = [word for word in group if word in kwargs and word not in known]
            if not given:
                continue
            if len(given) < len(group):
                raise TypeError(f"{name}: {', '.join(group)} belong together, received only {', '.join(given)}.")
            tell(name, ", ".join(group), new)
            kwargs = {**{k: v for k, v in kwargs.items() if k not in group}, new: tuple(kwargs[k] for k in group)}
    return kwargs


def _without_effect(name: str, known: frozenset[str], kwargs: dict) -> dict:
    for (owner, word), values in names.WITHOUT_EFFECT.items():
        if owner == name and word in kwargs and word not in known:
            if values is not None and kwargs[word] not in values:
                advice = names.ADVICE[owner, word]
                raise ValueError(f"{name}({word}={kwargs[word]!r}) is no longer supported. {advice}")
            tell(name, word, "nothing")
            kwargs = {k: v for k, v in kwargs.items() if k != word}
    return kwargs


def _said_otherwise(name: str, kwargs: dict) -> dict:
    """Arguments of old that today are a value of another one."""
    for (owner, word), (new, values) in names.SAID_OTHERWISE.items():
        if owner == name and word in kwargs:
            kwargs = dict(kwargs)
            value = kwargs.pop(word)
            if value not in values:
                raise ValueError(f"{name}({word}={value!r}): expected one of {list(values)}.")
            if values[value] is not None:
                tell(name, word, f"{new}={values[value]!r}")
                kwargs[new] = values[value]
    return kwargs


def _new_name(known: frozenset[str], old: str, owner: str = "") -> str:
    if old in known:
        return old
    if (owner, old) in names.OF_FUNCTION:
        return names.OF_FUNCTION[owner, old]
    return next((new for new in names.RENAMES.get(old, ()) if new in known), old)


def _value(known: frozenset[str], name: str, value: Any) -> Any:
    table = names.VALUES.get(name)
    plain = isinstance(value, (str, int)) and not isinstance(value, bool)
    return table[value] if table and name in known and plain and value in table else value


def _special(owner: Any, known: frozenset[str], kwargs: dict) -> dict:
    """What no table of names can say: sizes that make a shape, samples that make steps."""
    if not isinstance(owner, type):
        return training.translate(owner, kwargs)
    length = kwargs.get("input_length")
    if "input_length" in kwargs and "input_length" not in known and isinstance(owner, type):
        kwargs = {k: v for k, v in kwargs.items() if k != "input_length"}
        given_shape = any(kwargs.get(word) is not None for word in _SHAPE_WORDS)
        if "Embedding" in _live(owner):
            shape: Any = tuple(length) if isinstance(length, (tuple, list)) else (length,)
            if length is not None and not given_shape:
                kwargs["input_shape"] = shape
        elif not given_shape and kwargs.get("input_dim") is not None:
            kwargs["input_shape"] = (length, kwargs.pop("input_dim"))
    sequential = {
        "TimeDistributedDense",
        "RNN",
        "SimpleRNN",
        "LSTM",
        "GRU",
        "Conv1D",
        "LocallyConnected1D",
        "SeparableConv1D",
    }
    if (
        kwargs.get("input_dim") is not None
        and "input_dim" not in getattr(owner, "_fields", {})
        and "input_length" not in known
    ):
        if not sequential.isdisjoint(_live(owner)):
            kwargs = dict(kwargs)
            kwargs["input_shape"] = (None, kwargs.pop("input_dim"))
    if "output_shape" in kwargs and "Conv2DTranspose" in _live(owner):
        kwargs = _with_output_padding(owner.__name__, dict(kwargs))
    padding = kwargs.get("padding")
    if isinstance(padding, dict) and "ZeroPadding2D" in _live(owner):
        sides = ("top_pad", "bottom_pad", "left_pad", "right_pad")
        if not set(padding) <= set(sides):
            raise ValueError(f"{owner.__name__}(padding={padding!r}): expected the keys {', '.join(sides)}.")
        top, bottom, left, right = (padding.get(side, 0) for side in sides)
        kwargs = {**kwargs, "padding": ((top, bottom), (left, right))}
    forget = kwargs.get("forget_bias_init", None)
    if forget is not None and "unit_forget_bias" in known:
        if forget not in ("one", "ones", "zero", "zeros"):
            raise ValueError(
                f"{owner.__name__}(forget_bias_init={forget!r}): use unit_forget_bias and bias_initializer."
            )
        kwargs = {k: v for k, v in kwargs.items() if k != "forget_bias_init"}
        kwargs["unit_forget_bias"] = forget.startswith("one")
    return kwargs


def _with_output_padding(name: str, kwargs: dict) -> dict:
    """What ``output_shape`` of Keras 1 said: which of the sizes is meant that the convolution brings back to the input's."""
    from ..core import config

    shape, places = kwargs.pop("output_shape"), config.standardize_data_format(kwargs.get("data_format"))
    if shape is None:
        return kwargs
    filters, first = kwargs.get("filters"), places == "channels_first"
    if not isinstance(shape, (tuple, list)) or len(shape) != 4 or shape[1 if first else 3] not in (None, filters):
        expected = f"(batch, {filters}, rows, columns)" if first else f"(batch, rows, columns, {filters})"
        raise ValueError(f"{name}(output_shape={shape!r}): expected {expected}.")
    sizes, same = shape[2:] if first else shape[1:3], kwargs.get("padding", "valid") == "same"
    kernel, strides = (
        (v, v) if isinstance(v, int) else tuple(v) for v in (kwargs["kernel_size"], kwargs.get("strides", 1))
    )
    known = [one for one in zip(sizes, kernel, strides, strict=True) if one[0] is not None]
    if all((size - (0 if same else max(k - s, 0))) % s == 0 for size, k, s in known):
        return kwargs  # the size that is usual
    if len(known) < 2:
        raise ValueError(f"{name}(output_shape={shape!r}): give rows and columns, or output_padding.")
    return {**kwargs, "output_padding": tuple((size - (k % 2 if same else k)) % s for size, k, s in known)}


def tell(name: str, old: str, new: str) -> None:
    """Names the new spelling with the user's file and line, where JKERAS_LEGACY=warn asks for it."""
    if os.environ.get("JKERAS_LEGACY") != "warn":
        return
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith((_PACKAGE, "<frozen ")):
        frame = frame.f_back
    text = f"{name}: {old} is an old spelling; today it is {new}."
    warnings.warn_explicit(text, FutureWarning, frame.f_code.co_filename, frame.f_lineno)

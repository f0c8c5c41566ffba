"""What a model is made from: symbolic inputs and outputs, under today's names and those of Keras 1 and 2."""

from typing import Any

from ..core.symbolic import is_symbolic

_OLD_NAMES = {"input": "inputs", "output": "outputs"}


def functional(args: tuple, kwargs: dict) -> tuple[Any, Any, dict]:
    """(inputs, outputs, other arguments) of a model's constructor; inputs is None for a subclassed model."""
    kwargs = (
        {_OLD_NAMES.get(k, k): v for k, v in kwargs.items()}
        if "input" in kwargs or "output" in kwargs
        else dict(kwargs)
    )
    given = dict(zip(("inputs", "outputs", "name"), args, strict=False))
    if len(args) > 3:
        raise TypeError(f"Model takes inputs, outputs and name by position, received {len(args)} arguments.")
    for key in given:
        if key in kwargs:
            raise TypeError(f"Model: argument {key!r} was given twice, by position and by name.")
    kwargs = {**given, **kwargs}
    if "inputs" not in kwargs and "outputs" not in kwargs:
        return None, None, kwargs
    missing = {"inputs", "outputs"} - set(kwargs)
    if missing:
        raise TypeError(f"Model: the argument {missing.pop()!r} is missing.")
    inputs, outputs = kwargs.pop("inputs"), kwargs.pop("outputs")
    for what, value in (("inputs", inputs), ("outputs", outputs)):
        if not is_symbolic(value):
            raise ValueError(
                f"Model: {what} must be symbolic tensors as Input() and layers give them, received {_short(value)}."
            )
    return inputs, outputs, kwargs


def _short(value: Any) -> str:
    text = repr(value)
    return f"{type(value).__name__} {text[:60]}" + ("..." if len(text) > 60 else "")

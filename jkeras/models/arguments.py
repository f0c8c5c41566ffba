"""What a model is made from: symbolic inputs and outputs, under today's names and those of Keras 1 and 2."""

from typing import Any

from ..core.declare import current_era
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


def unwrapped(inputs: Any, outputs: Any) -> tuple[tuple[Any, Any], bool]:
    """(inputs, outputs), and whether the model shows its only output in a list.

    A list of one output is that output; Keras 3 goes on to show a list where a tensor is symbolic, and before it a list
    of one input is that input, too.
    """
    alone = isinstance(outputs, (list, tuple)) and len(outputs) == 1
    outputs = outputs[0] if alone else outputs
    if current_era() == "3":
        return (inputs, outputs), alone
    inputs = inputs[0] if isinstance(inputs, (list, tuple)) and len(inputs) == 1 else inputs
    return (inputs, outputs), False


def _short(value: Any) -> str:
    text = repr(value)
    return f"{type(value).__name__} {text[:60]}" + ("..." if len(text) > 60 else "")

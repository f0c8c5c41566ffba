"""What a user's function does that no compiled step can take part in, said in words of Keras and with the user's line."""

import functools
from collections.abc import Callable
from types import TracebackType
from typing import Any

import jax

NUMPY = (
    "hands a value of a compiled step to NumPy or another library, which only works on numbers that are known. Compute with "
    "keras.ops (or jax.numpy) in its place; a metric may also stay as it is under compile(run_eagerly=True)."
)
DECIDES = (
    "decides by a value that is known only when the compiled step runs (if, while, and, int(), float(), range). Use ops.where, "
    "ops.cond or ops.while_loop, or compile(run_eagerly=True)."
)
MASK = (
    "takes elements by a mask, and how many there are is known only when the compiled step runs. Use ops.where, or multiply by the "
    "mask."
)
MEANINGS = {
    jax.errors.TracerArrayConversionError: NUMPY,
    jax.errors.ConcretizationTypeError: DECIDES,
    jax.errors.TracerIntegerConversionError: DECIDES,
    jax.errors.NonConcreteBooleanIndexError: MASK,
}
OURS = ("jax.", "jkeras.", "numpy.", "contextlib", "functools")


def explained(call: Callable) -> Callable:
    """``call``, in which an error of the kind above names the function and the line of the user; others pass."""

    @functools.wraps(call)
    def explaining(*args: Any, **kwargs: Any) -> Any:
        try:
            return call(*args, **kwargs)
        except tuple(MEANINGS) as error:
            place = _users_place(error.__traceback__)
            if place is None:
                raise
            meaning = next(text for kind, text in MEANINGS.items() if isinstance(error, kind))
            raise TypeError(f"{place} {meaning}") from None

    return explaining


def _users_place(traceback: TracebackType | None) -> str | None:
    """The innermost function that belongs to no library that takes part, below the first one that does."""
    found, inside = None, False
    while traceback is not None:
        frame = traceback.tb_frame
        ours = frame.f_globals.get("__name__", "").startswith(OURS)
        inside = inside or ours
        if inside and not ours:
            found = f"{frame.f_code.co_filename}:{traceback.tb_lineno}: {frame.f_code.co_name}"
        traceback = traceback.tb_next
    return found

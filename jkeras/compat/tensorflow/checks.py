"""``tf.debugging``: conditions that raise ValueError; inside of compiled functions they are checked when these run."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .rows import array, known
from .tensor import unwrap

_COMPARISONS = {
    "equal": (np.equal, "=="), "none_equal": (np.not_equal, "!="), "greater": (np.greater, ">"),
    "greater_equal": (np.greater_equal, ">="), "less": (np.less, "<"), "less_equal": (np.less_equal, "<="),
}  # fmt: skip
_SIGNS = {
    "negative": (lambda x: x < 0), "positive": (lambda x: x > 0), "non_negative": (lambda x: x >= 0),
    "non_positive": (lambda x: x <= 0),
}  # fmt: skip


def _hold(check: Callable, *values: Any) -> None:
    """Runs a check on arrays of the host, now or when the compiled function runs."""
    arrays = [array(unwrap(v)) for v in values]
    if all(map(known, arrays)):
        check(*map(np.asarray, arrays))
    else:
        jax.debug.callback(lambda *found: check(*map(np.asarray, found)), *arrays)


def _compared(compare: Callable, text: str) -> Callable:
    def assertion(x: Any, y: Any, message: Any = None, summarize: Any = None, name: Any = None) -> None:
        def check(a: np.ndarray, b: np.ndarray) -> None:
            if not np.all(compare(a, b)):
                shown = [np.array2string(v.reshape(-1)[: summarize or 3]) for v in (a, b)]
                raise ValueError(
                    f"{message or ''} Condition x {text} y did not hold: x begins {shown[0]}, y {shown[1]}.".strip()
                )

        _hold(check, x, y)

    return assertion


def _of_sign(holds: Callable, text: str) -> Callable:
    def assertion(x: Any, message: Any = None, summarize: Any = None, name: Any = None) -> None:
        def check(a: np.ndarray) -> None:
            if not np.all(holds(a)):
                raise ValueError(
                    f"{message or ''} Expected {text} values, received {a.reshape(-1)[: summarize or 3]}.".strip()
                )

        _hold(check, x)

    return assertion


def assert_near(x: Any, y: Any, rtol: Any = None, atol: Any = None, message: Any = None, summarize: Any = None,
                name: Any = None) -> None:  # fmt: skip
    """Raises unless ``|x - y| <= atol + rtol |y|``, by default ten times the dtype's precision."""
    eps = 10 * float(jnp.finfo(array(unwrap(x)).dtype).eps)
    rtol, atol = (eps if v is None else float(unwrap(v)) for v in (rtol, atol))
    _compared(lambda a, b: np.abs(a - b) <= atol + rtol * np.abs(b), "close to")(x, y, message, summarize)


def check_numerics(tensor: Any, message: str, name: Any = None) -> Any:
    """The tensor; raises where something in it is no finite number."""

    def check(a: np.ndarray) -> None:
        if not np.all(np.isfinite(a)):
            raise ValueError(f"{message} : Tensor had {'NaN' if np.any(np.isnan(a)) else 'Inf'} values")

    _hold(check, tensor)
    return tensor


def assert_rank(x: Any, rank: Any, message: Any = None, name: Any = None) -> None:
    """Raises unless the tensor has so many axes."""
    found = np.ndim(unwrap(x)) if not hasattr(unwrap(x), "ndim") else unwrap(x).ndim
    if found != int(unwrap(rank)):
        raise ValueError(f"{message or ''} Expected {int(unwrap(rank))} axes, received {found}.".strip())


def assert_type(tensor: Any, tf_type: Any, message: Any = None, name: Any = None) -> None:
    """Raises TypeError unless the tensor has the dtype."""
    if str(tensor.dtype) != str(tf_type):
        raise TypeError(f"{message or ''} Expected dtype {str(tf_type)}, received {str(tensor.dtype)}.".strip())


def assert_shapes(shapes: Any, data: Any = None, summarize: Any = None, message: Any = None, name: Any = None) -> None:
    """Raises unless tensors have their shapes, in which one word is one size everywhere."""
    sizes: dict[Any, int] = {}
    for x, wanted in shapes.items() if isinstance(shapes, dict) else shapes:
        found = tuple(unwrap(x).shape)
        fits = len(found) == len(wanted)
        for n, want in zip(found, wanted, strict=False) if fits else ():
            fits = fits and (want in (None, ".") or n == (sizes.setdefault(want, n) if isinstance(want, str) else want))
        if not fits:
            extra = "" if data is None else f" {list(data)[:summarize]}"
            raise ValueError(f"{message or ''} Expected shape {tuple(wanted)}, received {found}.{extra}".strip())


def assert_rank_at_least(x: Any, rank: Any, message: Any = None, name: Any = None) -> None:
    """Raises unless the tensor has so many axes or more."""
    if len(unwrap(x).shape) < int(unwrap(rank)):
        raise ValueError(
            f"{message or ''} Expected {int(unwrap(rank))} axes or more, received {len(unwrap(x).shape)}.".strip()
        )


def assert_rank_in(x: Any, ranks: Any, message: Any = None, name: Any = None) -> None:
    """Raises unless the number of axes is one of several."""
    allowed = [int(unwrap(r)) for r in ranks]
    if len(unwrap(x).shape) not in allowed:
        raise ValueError(f"{message or ''} Expected one of {allowed} axes, received {len(unwrap(x).shape)}.".strip())


def assert_integer(x: Any, message: Any = None, name: Any = None) -> None:
    """Raises TypeError unless the tensor has whole numbers."""
    if not jnp.issubdtype(array(unwrap(x)).dtype, jnp.integer):
        raise TypeError(f"{message or ''} Expected whole numbers, received {array(unwrap(x)).dtype}.".strip())


def assert_scalar(tensor: Any, name: Any = None, message: Any = None) -> Any:
    """The tensor; raises unless it has no axes."""
    assert_rank(tensor, 0, message)
    return tensor


def is_numeric_tensor(tensor: Any) -> bool:
    """Is it a tensor of numbers?"""
    found = unwrap(tensor)
    return hasattr(tensor, "dtype") and getattr(getattr(found, "dtype", None), "kind", "O") in "fiucV"


FUNCTIONS = {
    "assert_rank_at_least": assert_rank_at_least,
    "assert_rank_in": assert_rank_in,
    "assert_integer": assert_integer,
    "assert_scalar": assert_scalar,
    "is_numeric_tensor": is_numeric_tensor,
    **{f"assert_{name}": _compared(*row) for name, row in _COMPARISONS.items()},
    **{f"assert_{name}": _of_sign(holds, name.replace("_", " ")) for name, holds in _SIGNS.items()},
    "assert_near": assert_near,
    "assert_all_finite": lambda x, message, name=None: check_numerics(x, message),
    "check_numerics": check_numerics,
    "assert_rank": assert_rank,
    "assert_type": assert_type,
    "assert_shapes": assert_shapes,
}
IN_ROOT = ("assert_equal", "assert_greater", "assert_less", "assert_rank")

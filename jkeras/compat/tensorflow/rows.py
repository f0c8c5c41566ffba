"""How a function of arrays becomes one of ``tf``: names of arguments, conversions, and a word about unknown ones.

What a parameter called ``x`` or ``logits`` is given is made an array. ``name=`` is a label without meaning outside of
graphs. Spellings of TensorFlow 1 stand for today's. Any other argument raises TypeError.
"""

import functools
import inspect
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ...core import dtypes
from ...core.symbolic import is_symbolic, record
from .tape import call_function
from .tensor import COMPOSITES, composite_among, unwrap

TENSORS = frozenset(
    "x y a b x1 x2 q input input_ input_tensor tensor params indices updates data segment_ids features logits labels "
    "predictions targets image images img1 img2 diagonal matrix rhs chol condition mask t arr weights filters filter "
    "depthwise_filter pointwise_filter bias mean variance offset scale sorted_sequence lengths log_input pos_weight "
    "real imag input_tensor partitions coordinates signal signals boxes scores lower_upper perm_ stfts".split()
)
OLD_NAMES = {
    "keep_dims": "keepdims",
    "reduction_indices": "axis",
    "dimension": "axis",
    "dim": "axis",
    "squeeze_dims": "axis",
    "seq_dim": "seq_axis",
    "batch_dim": "batch_axis",
    "preferred_dtype": "dtype_hint",
    "value": "input",
    "reduction_axes": "axis",
}


def array(x: Any) -> Any:
    """An array of numbers, or NumPy's array of text; None stays None.

    >>> array([1, 2]).dtype.name, array(["a"]).dtype.kind
    ('int32', 'O')
    """
    if x is None or isinstance(x, jax.Array):
        return x
    if isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind not in "OUST":
        return jnp.asarray(x)
    if is_text(x):
        return np.asarray(x, dtype=object)
    return jnp.asarray(x)


def is_text(x: Any) -> bool:
    """Is it text, or an array or list of text?"""
    if isinstance(x, (str, bytes)):
        return True
    if isinstance(x, (list, tuple)):
        return bool(x) and is_text(x[0])
    return getattr(getattr(x, "dtype", None), "kind", "f") in "OUST"


def home_of(*xs: Any) -> Any:
    """``jax.numpy``, or ``numpy`` where there is text among the arrays."""
    return np if any(is_text(x) for x in xs) else jnp


def dtype_of(dtype: Any) -> Any:
    """The dtype an array gets: that of a name, a tf.DType, or a type of Python or NumPy.

    >>> dtype_of("float32").name
    'float32'
    """
    name = dtypes.standardize_dtype(dtype)
    return np.dtype(object) if name == "string" else dtypes.array_dtype(name)


def ints(x: Any) -> Any:
    """A shape, an axis or several as whole numbers of Python; None stays None.

    >>> ints(np.array([2, 3])), ints(2)
    ((2, 3), 2)
    """
    if x is None:
        return None
    found = np.asarray([unwrap(v) for v in x] if isinstance(x, (list, tuple)) else unwrap(x))
    return tuple(int(n) for n in found.reshape(-1)) if found.ndim else int(found)


def shape_of(shape: Any) -> tuple[int, ...]:
    """A shape given as numbers, a list or a tensor.

    >>> shape_of(3)
    (3,)
    """
    found = ints(shape)
    return (found,) if isinstance(found, int) else found


def known(value: Any) -> bool:
    """Are the values there, rather than being traced?"""
    return not isinstance(unwrap(value), jax.core.Tracer)


def one_of(where: str, value: Any, choices: Any) -> Any:
    """The value in the spelling of the choices; ValueError where it is none of them.

    >>> one_of("tf.pad: mode", "constant", ("CONSTANT", "REFLECT"))
    'CONSTANT'
    """
    for choice in choices:
        if value == choice or isinstance(value, str) and value.lower() == str(choice).lower():
            return choice
    raise ValueError(f"{where}: expected one of {', '.join(map(repr, choices))}, received {value!r}.")


def only(where: str, value: Any, allowed: Any, instead: str) -> None:
    """Raises ValueError where an argument has a value that nothing here acts upon."""
    if value is not allowed and value != allowed:
        raise ValueError(f"{where}={value!r} is not offered on JAX: {instead}")


class Taken:
    """A function's parameters: binds what is given to them."""

    def __init__(self, path: str, parameters: dict[str, Any], starred: bool, anything: bool, raw: frozenset):
        self.path, self.defaults, self.names, self.starred = path, parameters, list(parameters), starred
        self.anything, self.tensors = anything, TENSORS - raw

    def bind(self, args: tuple, kwargs: dict) -> tuple[list, dict]:
        """Positional arguments and the others by name; TypeError for unknown ones."""
        if self.anything:  # it checks them itself
            return list(args), kwargs
        kwargs = {self.today(key): value for key, value in kwargs.items() if key != "name" or "name" in self.defaults}
        if self.starred:
            return list(args), kwargs
        if len(args) == len(self.names) + 1 and (args[-1] is None or isinstance(args[-1], str)):
            args = args[:-1]  # the label
        if len(args) > len(self.names):
            raise TypeError(f"{self.path} takes {len(self.names)} arguments ({self.listed()}), received {len(args)}.")
        for key in self.names[: len(args)]:
            if key in kwargs:
                raise TypeError(f"{self.path} was given {key!r} twice.")
        bound = {**dict(zip(self.names, args, strict=False)), **kwargs}
        for key in self.names:
            if key not in bound and self.defaults[key] is inspect.Parameter.empty:
                raise TypeError(f"{self.path} needs {key!r}; it takes {self.listed()}.")
        return [], {key: array(value) if key in self.tensors else value for key, value in bound.items()}

    def today(self, key: str) -> str:
        """Today's name of an argument."""
        if key in self.defaults:
            return key
        if OLD_NAMES.get(key) in self.defaults:
            return OLD_NAMES[key]
        raise TypeError(f"{self.path} got an unexpected argument {key!r}; it takes {self.listed()}.")

    def listed(self) -> str:
        """The names, for messages."""
        return ", ".join(self.names) or "none"


def offered(path: str, fn: Callable, parameters: str = "") -> Callable:
    """``fn``, a function of arrays, as the function ``path`` of ``tf``: of tensors, seen by tapes, a node on symbolic ones.

    >>> offered("tf.twice", lambda x: 2 * x)([1.0], name="label").numpy().tolist()
    [2.0]
    """
    given = inspect.signature(fn).parameters if not parameters else {}
    starred = any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in given.values())
    found = {
        n: p.default for n, p in given.items() if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
    } or dict.fromkeys(parameters.split(), inspect.Parameter.empty)
    anything = any(p.kind == p.VAR_KEYWORD for p in given.values())
    taken = Taken(path, found, starred, anything, frozenset(getattr(fn, "lists", ())))
    by_position = bool(parameters)

    def compute(*args: Any, **kwargs: Any) -> Any:
        args, kwargs = taken.bind(args, kwargs)
        return fn(*kwargs.values()) if by_position else fn(*args, **kwargs)

    @functools.wraps(fn)
    def call(*args: Any, **kwargs: Any) -> Any:
        if COMPOSITES and (kind := composite_among((*args, *kwargs.values()))) is not None:
            return kind._call(path, call, args, kwargs)
        if any(map(is_symbolic, (*args, *kwargs.values()))):
            return record(compute, args, kwargs, path.rpartition(".")[2])
        return call_function(compute, args, kwargs)

    call.__name__ = call.__qualname__ = path.rpartition(".")[2]
    return call


def table(space: str, rows: dict[str, Any]) -> dict[str, Callable]:
    """Rows of a namespace, ``name: function`` or ``name: (parameters, function)``, as the functions of ``tf``."""
    prefix = f"tf.{space}." if space else "tf."
    return {
        name: offered(prefix + name, row[1], row[0]) if isinstance(row, tuple) else offered(prefix + name, row)
        for name, row in rows.items()
    }

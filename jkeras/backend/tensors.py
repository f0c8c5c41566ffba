"""K: arithmetic, reductions, shapes and random tensors. Names and argument orders are Keras 2's."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .. import random
from ..core.config import floatx as _floatx
from ..core.declare import era
from ..core.dtypes import array_dtype, standardize_dtype
from ..core.symbolic import is_symbolic, map_tensors, op

# Where Keras 2 and jax.numpy mean the same: name -> function of the same arguments.
_UNARY = {
    "abs": jnp.abs, "cos": jnp.cos, "exp": jnp.exp, "log": jnp.log, "round": jnp.round, "sign": jnp.sign, "sin": jnp.sin,
    "sqrt": lambda x: jnp.sqrt(jnp.maximum(x, 0)), "square": jnp.square, "transpose": jnp.transpose,
    "flatten": jnp.ravel, "identity": jnp.asarray,
}  # fmt: skip
_BINARY = {
    "equal": jnp.equal, "greater": jnp.greater, "greater_equal": jnp.greater_equal, "less": jnp.less,
    "less_equal": jnp.less_equal, "maximum": jnp.maximum, "minimum": jnp.minimum, "not_equal": jnp.not_equal,
}  # fmt: skip
_REDUCTIONS = {
    "max": jnp.max, "min": jnp.min, "prod": jnp.prod, "sum": jnp.sum, "logsumexp": jax.scipy.special.logsumexp,
}  # fmt: skip
_FLOAT_REDUCTIONS = {"mean": jnp.mean, "std": jnp.std, "var": jnp.var}


def _made(name: str, fn: Any, doc: str) -> Any:
    fn.__name__ = fn.__qualname__ = name
    fn.__doc__ = doc
    return op(fn)


def _unary(name: str, f: Any) -> Any:
    if name == "identity":
        return _made(name, lambda x, name=None: f(x), "The same values.")
    return _made(name, lambda x: f(_array(x)), f"Elementwise or whole: numpy's ``{name}``.")


def _reduction(name: str, f: Any, to_float: bool) -> Any:
    def reduce(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        x = _array(x)
        if x.dtype.kind in "iu" and name in ("sum", "prod", "mean"):  # whole numbers stay what they are
            axis = tuple(axis) if isinstance(axis, list) else axis
            whole = (jnp.prod if name == "prod" else jnp.sum)(x, axis, dtype=x.dtype, keepdims=keepdims)
            return whole if name != "mean" else jax.lax.div(whole, jnp.asarray(x.size // whole.size, x.dtype))
        if to_float and x.dtype.kind not in "fV":
            x = x.astype(_floatx())
        return f(x, axis=tuple(axis) if isinstance(axis, list) else axis, keepdims=keepdims)

    return _made(name, reduce, f"numpy's ``{name}`` over one, some or all axes.")


def _array(x: Any) -> Any:
    return x if isinstance(x, jax.Array) else jnp.asarray(x.value if hasattr(x, "materialize") else x)


for _name, _f in _UNARY.items():
    globals()[_name] = _unary(_name, _f)
for _name, _f in _BINARY.items():
    globals()[_name] = _made(_name, lambda x, y, f=_f: f(_array(x), _array(y)), f"Elementwise ``{_name}``.")
for _name, _f in _REDUCTIONS.items():
    globals()[_name] = _reduction(_name, _f, False)
for _name, _f in _FLOAT_REDUCTIONS.items():
    globals()[_name] = _reduction(_name, _f, True)


@op
def all(x, axis=None, keepdims=False):
    """Are all true?"""
    return jnp.all(_array(x).astype(bool), axis=axis, keepdims=keepdims)


@op
def any(x, axis=None, keepdims=False):
    """Is any true?"""
    return jnp.any(_array(x).astype(bool), axis=axis, keepdims=keepdims)


@op
def argmax(x, axis=-1):
    """Index of the largest value along an axis."""
    return jnp.argmax(_array(x), axis=axis)


@op
def argmin(x, axis=-1):
    """Index of the smallest value along an axis."""
    return jnp.argmin(_array(x), axis=axis)


@op
def pow(x, a):
    """Power."""
    return jnp.power(_array(x), a)


@op
def clip(x, min_value, max_value):
    """Values limited to an interval; a lower bound above the upper one wins."""
    if isinstance(min_value, (int, float)) and isinstance(max_value, (int, float)) and max_value < min_value:
        max_value = min_value
    return jnp.clip(_array(x), min_value, max_value)


@op
def cumsum(x, axis=0):
    """Sums up to each place."""
    return jnp.cumsum(_array(x), axis=axis)


@op
def cumprod(x, axis=0):
    """Products up to each place."""
    return jnp.cumprod(_array(x), axis=axis)


def arange(start, stop=None, step=1, dtype="int32"):
    """Evenly spaced numbers."""
    if dtype == "int32" and float in map(type, (start, stop, step)):
        dtype = _floatx()  # the default is for whole numbers
    return jnp.arange(start, stop, step, dtype=array_dtype(dtype))


# ------------------------------------------------- shapes and dtypes


@op
def cast(x, dtype):
    """Another dtype."""
    return _array(x).astype(array_dtype(dtype))


def cast_to_floatx(x):
    """A NumPy array, or a tensor, in the default float type."""
    return cast(x, _floatx()) if is_symbolic(x) or isinstance(x, jax.Array) else np.asarray(x, dtype=_floatx())


def dtype(x):
    """Name of the dtype."""
    return standardize_dtype(x.dtype)


def ndim(x):
    """Number of axes."""
    return len(int_shape(x))


def int_shape(x):
    """The shape as a tuple; None for sizes that are not known."""
    found = getattr(x, "shape", None)
    return None if found is None else tuple(found)


get_variable_shape = int_shape


@op
def shape(x):
    """The shape as an integer tensor, all sizes known when it runs."""
    return np.asarray(_array(x).shape, "int32")


def count_params(x):
    """Number of elements."""
    return int(np.prod(int_shape(x)))


@op
def _reshape(x, sizes):
    return jnp.reshape(_array(x), tuple(-1 if s is None else s for s in sizes_of(sizes)))


def sizes_recipe(sizes):
    """``sizes`` with each tensor computed from ``K.shape`` replaced by how to compute it from the tensor measured.

    Sizes must be known when a program is compiled, and the shape of a tensor is, though not its values.
    """
    return map_tensors(_recipe, list(sizes) if isinstance(sizes, (list, tuple)) else sizes)


def _recipe(x):
    node = x.node
    if getattr(node.operation, "fn", None) is shape:
        return {"operation": shape, "args": node.args, "kwargs": node.kwargs}
    if node.is_input:
        raise ValueError(f"K: the size {x} depends on the values of an input; it may only depend on K.shape.")
    return {
        "operation": node.operation,
        "args": map_tensors(_recipe, node.args),
        "kwargs": map_tensors(_recipe, node.kwargs),
    }


def sizes_of(recipe):
    """The sizes as numbers."""
    with jax.ensure_compile_time_eval():
        found = _follow(recipe)
        found = found if isinstance(found, (list, tuple)) else list(np.asarray(found))
        return tuple(None if s is None else int(s) for s in found)


def _follow(x):
    if isinstance(x, dict) and "operation" in x:
        args = x["args"] if x["operation"] is shape else _follow(x["args"])
        return x["operation"](*args, **_follow(x["kwargs"]))
    if isinstance(x, dict):
        return {k: _follow(v) for k, v in x.items()}
    return type(x)(_follow(v) for v in x) if type(x) in (list, tuple) else x


def _filled(name, make):
    run = op(lambda sizes: make(sizes_of(sizes)))
    run.__wrapped__.__name__ = run.__name__ = name
    return run


def reshape(x, shape):
    """Another shape; one size may be -1, and sizes may come from ``K.shape``."""
    return _reshape(x, sizes_recipe(shape))


@op
def permute_dimensions(x, pattern):
    """Axes in another order."""
    return jnp.transpose(_array(x), tuple(pattern))


@op
def expand_dims(x, axis=-1):
    """A new axis of size 1."""
    return jnp.expand_dims(_array(x), axis)


@op
def squeeze(x, axis):
    """Without an axis of size 1."""
    return jnp.squeeze(_array(x), axis)


@op
def batch_flatten(x):
    """All axes but the first as one."""
    x = _array(x)
    return jnp.reshape(x, (x.shape[0], int(np.prod(x.shape[1:]))))


@op
def concatenate(tensors, axis=-1):
    """Tensors one after the other."""
    arrays = [_array(t) for t in tensors]
    return jnp.concatenate(arrays, axis=axis % (arrays[0].ndim or 1) if axis < 0 else axis)


@op
def stack(x, axis=0):
    """Tensors along a new axis."""
    return jnp.stack([_array(t) for t in x], axis=axis)


@op
def repeat(x, n):
    """(batch, d) repeated n times: (batch, n, d)."""
    x = _array(x)
    if x.ndim != 2:
        raise ValueError(f"K.repeat: expected a tensor of shape (batch, d), received shape {x.shape}.")
    return jnp.repeat(x[:, None], n, axis=1)


@op
def repeat_elements(x, rep, axis):
    """Each slice along an axis, ``rep`` times."""
    return jnp.repeat(_array(x), rep, axis=axis)


@op
def tile(x, n):
    """The whole, repeated along each axis."""
    return jnp.tile(_array(x), tuple(n) if isinstance(n, (list, tuple)) else n)


@op
def reverse(x, axes):
    """Reversed along axes."""
    return jnp.flip(_array(x), tuple(axes) if isinstance(axes, (list, tuple)) else axes)


@op
def slice(x, start, size):
    """The part that begins at ``start`` and has ``size`` elements (-1: all the rest) along each axis."""
    x = _array(x)
    start = [int(s) for s in start]
    size = [d - b if int(s) == -1 else int(s) for s, b, d in zip(size, start, x.shape)]
    if len(start) != x.ndim or len(size) != x.ndim or np.less([*start, *size], 0).any():
        raise ValueError(
            f"K.slice: expected {x.ndim} starts and sizes for shape {x.shape}, received {start} and {size}."
        )
    if np.greater(np.add(start, size), x.shape).any():
        raise ValueError(f"K.slice: {size} elements from {start} on go beyond the shape {x.shape}.")
    return jax.lax.dynamic_slice(x, start, size)


@op
def gather(reference, indices):
    """Rows of ``reference``."""
    return jnp.take(_array(reference), _array(indices), axis=0)


@op
def one_hot(indices, num_classes):
    """(..., num_classes) with 1 at each index."""
    return jax.nn.one_hot(_array(indices), num_classes, dtype=_floatx())


@op
def dot(x, y):
    """Product over the last axis of x and the second last of y."""
    return jnp.dot(_array(x), _array(y))


@op
def batch_dot(x, y, axes=None):
    """Product of each sample of x with that of y over the given axes; at least two axes come back."""
    x, y = _array(x), _array(y)
    if axes is None:
        axes = (x.ndim - 1, y.ndim - 2 or 1)
    axes = (axes, axes) if isinstance(axes, int) else tuple(axes)
    a, b = (i % n for i, n in zip(axes, (x.ndim, y.ndim)))
    if era.defaults.get(("batch_dot", "shares_axes")) and 2 < x.ndim <= y.ndim > 3:
        return _sharing_axes(x, y, a, b)
    if not a or not b:
        raise ValueError(f"K.batch_dot: axes {axes} name the batch axis; choose others.")
    if x.shape[a] != y.shape[b]:
        raise ValueError(f"K.batch_dot: axes {axes} have the sizes {x.shape[a]} and {y.shape[b]}; they must be equal.")
    out = jax.vmap(lambda p, q: jnp.tensordot(p, q, axes=(a - 1, b - 1)))(x, y)
    return out[:, None] if out.ndim == 1 else out


def _sharing_axes(x, y, a, b):
    """Until Keras 2.2 tensors of four axes and more share all but their last two."""
    more, longest = y.ndim - x.ndim, y.ndim
    p, q = x.reshape(x.shape + (1,) * more), y
    p = p if a == longest - 1 else jnp.swapaxes(p, -1, -2)
    q = jnp.swapaxes(q, -1, -2) if b == longest - 1 else q
    try:
        out = jnp.matmul(p, q)
    except (TypeError, ValueError):
        raise ValueError(
            f"K.batch_dot: shapes {x.shape} and {y.shape} do not fit over axes {(a, b)}. In Keras 2.2 all axes but the last "
            "two are shared."
        ) from None
    return out.squeeze(tuple(range(x.ndim - 1, longest - 1))) if more else out


@op
def eye(size, dtype=None, name=None):
    """The unit matrix."""
    n, m = size if isinstance(size, (tuple, list)) else (size, size)
    return jnp.eye(n, m, dtype=array_dtype(dtype))


@op
def ones_like(x, dtype=None, name=None):
    """Ones in the shape of a tensor."""
    return jnp.ones_like(_array(x), dtype=None if dtype is None else array_dtype(dtype))


@op
def zeros_like(x, dtype=None, name=None):
    """Zeros in the shape of a tensor."""
    return jnp.zeros_like(_array(x), dtype=None if dtype is None else array_dtype(dtype))


def stop_gradient(variables):
    """Values through which no gradient flows."""
    if isinstance(variables, (list, tuple)):
        return [_stop(v) for v in variables]
    return _stop(variables)


@op
def _stop(x):
    return jax.lax.stop_gradient(_array(x))


# ------------------------------------------------- random


def random_normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    """Normal numbers."""
    make = _filled("random_normal", lambda sizes: random.normal(sizes, mean, stddev, dtype=dtype, seed=seed))
    return make(sizes_recipe(shape))


def random_uniform(shape, minval=0.0, maxval=1.0, dtype=None, seed=None):
    """Uniform numbers."""
    make = _filled("random_uniform", lambda sizes: random.uniform(sizes, minval, maxval, dtype=dtype, seed=seed))
    return make(sizes_recipe(shape))


def truncated_normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    """Normal numbers within two standard deviations."""
    make = _filled(
        "truncated_normal", lambda sizes: random.truncated_normal(sizes, mean, stddev, dtype=dtype, seed=seed)
    )
    return make(sizes_recipe(shape))


def random_bernoulli(shape, p=0.0, dtype=None, seed=None):
    """Ones with probability p."""

    def make(sizes):
        return (random.uniform(sizes, 0.0, 1.0, dtype="float32", seed=seed) <= p).astype(array_dtype(dtype))

    return _filled("random_bernoulli", make)(sizes_recipe(shape))


random_binomial = random_bernoulli

_OWN = [
    n for n, v in list(globals().items()) if not n.startswith("_") and getattr(v, "__module__", "").startswith("jkeras")
]
__all__ = sorted(
    {*_UNARY, *_BINARY, *_REDUCTIONS, *_FLOAT_REDUCTIONS, *_OWN}
    - {"array_dtype", "era", "standardize_dtype", "is_symbolic", "map_tensors", "op", "sizes_of", "sizes_recipe"}
)

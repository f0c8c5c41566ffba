"""keras.ops: conversion, scattering, slices and control flow.

Source: https://keras.io/api/ops/core/. Functions given to `cond`, `scan` and the like take and return arrays or nested
lists, tuples and dicts of them.
"""

import re

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
from jax import lax

from ..core import dtypes
from ..core.symbolic import is_symbolic, op
from ..core.variable import Variable
from .table import array, known

__all__ = (
    "associative_scan cast cond convert_to_numpy convert_to_tensor custom_gradient dtype fori_loop is_tensor map "
    "rearrange saturate_cast scan scatter scatter_update shape slice slice_update stop_gradient switch unstack "
    "vectorized_map while_loop "
).split()


@op
def cast(x, dtype):
    """Return `x` in another dtype.

    >>> cast([1.7], "int32").tolist()
    [1]
    """
    return array(x).astype(dtypes.array_dtype(dtype))


def _limits(dtype):
    if dtype == "bool":
        return 0, 1
    info = ml_dtypes.iinfo(dtype) if "int" in dtype else ml_dtypes.finfo(dtype)
    return info.min, info.max


@op
def saturate_cast(x, dtype):
    """Return `x` in another dtype; values beyond its range become its smallest or largest.

    >>> saturate_cast([-5.0, 300.0], "uint8").tolist()
    [0, 255]
    """
    x, dtype = array(x), dtypes.standardize_dtype(dtype)
    own = x.dtype.name
    (low, high), (lowest, highest) = _limits(own), _limits(dtype)
    low, high = np.maximum(low, lowest).astype(own), np.minimum(high, highest).astype(own)
    if low < lowest:  # the limit is no number of the own dtype: take the next one inside
        low = np.nextafter(low, 0, dtype=own)
    if high > highest:
        high = np.nextafter(high, 0, dtype=own)
    return jnp.clip(x, low, high).astype(dtypes.array_dtype(dtype))


@op
def convert_to_tensor(x, dtype=None, sparse=None, ragged=None):
    """Return `x` as an array. Raises ValueError for sparse or ragged ones, which are not supported.

    >>> convert_to_tensor([1, 2]).dtype.name
    'int32'
    """
    if sparse or ragged:
        raise ValueError("convert_to_tensor: sparse and ragged tensors are not supported; ask for dense ones.")
    x = array(x)
    return x if dtype is None else x.astype(known(dtype))


def convert_to_numpy(x):
    """Return `x` as a NumPy array.

    >>> convert_to_numpy(jnp.ones(2)).tolist()
    [1.0, 1.0]
    """
    return np.array(x)


def is_tensor(x):
    """Say whether `x` is an array of the library that computes; NumPy arrays and Variables are none.

    >>> is_tensor(jnp.ones(1)), is_tensor(np.ones(1))
    (True, False)
    """
    return isinstance(x, jnp.ndarray)


def shape(x):
    """Return the shape as a tuple; None stands for sizes that are not known.

    >>> shape(jnp.ones((2, 3)))
    (2, 3)
    """
    return tuple(x.shape) if hasattr(x, "shape") else np.shape(x)


def dtype(x):
    """Return the name of the dtype.

    >>> dtype(jnp.ones(1))
    'float32'
    """
    return dtypes.standardize_dtype(x.dtype)


@op
def stop_gradient(variable):
    """Return the value as one that gradients do not pass.

    >>> jax.grad(lambda x: x * stop_gradient(x))(3.0).item()
    3.0
    """
    return lax.stop_gradient(array(variable))


def custom_gradient(f):
    """Decorator: `f(*args)` returns a result and the function that turns its gradient into those of the arguments.

    >>> @custom_gradient
    ... def twice_as_steep(x):
    ...     return x, lambda upstream: 2 * upstream
    >>> jax.grad(twice_as_steep)(1.0).item()
    2.0
    """
    wrapped = jax.custom_gradient(f)

    def call(*args, **kwargs):
        values = jax.tree.map(
            lambda x: x.value if isinstance(x, Variable) else x,
            (args, kwargs),
            is_leaf=lambda x: isinstance(x, Variable),
        )
        return wrapped(*values[0], **values[1])

    return op(call)


@op
def scatter(indices, values, shape):
    """Return zeros of the shape with the values added at the indices. (n, d), (n, ...) -> shape

    >>> scatter([[0], [2], [0]], [1.0, 2.0, 3.0], (3,)).tolist()
    [4.0, 0.0, 2.0]
    """
    indices, values = array(indices), array(values)
    return jnp.zeros(shape, values.dtype).at[tuple(jnp.moveaxis(indices, -1, 0))].add(values)


REDUCTIONS = {None: "set", "add": "add", "max": "max", "min": "min", "mul": "multiply"}


@op
def scatter_update(inputs, indices, updates, reduction=None):
    """Return the inputs with values at the indices replaced, or combined by "add", "max", "min" or "mul".

    Raises ValueError for another reduction.

    >>> scatter_update([1.0, 2.0], [[1]], [5.0], "add").tolist()
    [1.0, 7.0]
    """
    reduction = reduction.lower() if isinstance(reduction, str) else reduction
    if reduction not in REDUCTIONS:
        raise ValueError(f"scatter_update(reduction={reduction!r}): expected one of {(*REDUCTIONS,)}.")
    place = array(inputs).at[tuple(jnp.transpose(array(indices)))]
    return getattr(place, REDUCTIONS[reduction])(array(updates))


@op
def slice(inputs, start_indices, shape):
    """Return the part of the shape that begins at the indices; -1 reaches to the end of an axis.

    >>> slice([1.0, 2.0, 3.0], (1,), (-1,)).tolist()
    [2.0, 3.0]
    """
    inputs = array(inputs)
    sizes = zip(shape, inputs.shape, start_indices, strict=True)
    return lax.dynamic_slice(inputs, start_indices, [n - i if s == -1 else s for s, n, i in sizes])


@op
def slice_update(inputs, start_indices, updates):
    """Return the inputs with the updates put in where the indices say.

    >>> slice_update([1.0, 2.0, 3.0], (1,), [9.0]).tolist()
    [1.0, 9.0, 3.0]
    """
    return lax.dynamic_update_slice(array(inputs), array(updates), start_indices)


@op
def unstack(x, num=None, axis=0):
    """Return a list of the parts along `axis`. Raises ValueError if `num` is not their number.

    >>> [part.tolist() for part in unstack([[1.0], [2.0]])]
    [[1.0], [2.0]]
    """
    x = array(x)
    if num not in (None, x.shape[axis]):
        raise ValueError(f"unstack(num={num}): axis {axis} of shape {x.shape} has {x.shape[axis]} parts.")
    return [lax.index_in_dim(x, i, axis, keepdims=False) for i in range(x.shape[axis])]


# ------------------------------------------------- control flow


@op
def _choose(pred, a, b):
    return jax.tree.map(lambda x, y: jnp.where(pred, x, y), a, b)


def cond(pred, true_fn, false_fn):
    """Return `true_fn()` if the condition holds, else `false_fn()`; results of both have one form and one dtype.

    >>> cond(True, lambda: jnp.ones(1), lambda: jnp.zeros(1)).tolist()
    [1.0]
    """
    if is_symbolic(pred):  # what the functions close over may be symbolic as well: both are recorded
        return _choose(pred, true_fn(), false_fn())
    if isinstance(pred, (bool, np.bool_)):
        return true_fn() if pred else false_fn()
    return lax.cond(array(pred), true_fn, false_fn)


@op
def switch(index, branches, *operands):
    """Return `branches[index](*operands)`; indices beyond the ends take the first or last function.

    >>> switch(1, [lambda x: x, lambda x: 2 * x], 3.0).item()
    6.0
    """
    return lax.switch(array(index), branches, *operands)


@op
def fori_loop(lower, upper, body_fun, init_val):
    """Return the value after `value = body_fun(i, value)` for i from `lower` to `upper - 1`.

    >>> fori_loop(0, 3, lambda i, x: x + i, 0).item()
    3
    """
    return lax.fori_loop(lower, upper, body_fun, init_val)


@op
def while_loop(cond, body, loop_vars, maximum_iterations=None):
    """Return the loop variables after `loop_vars = body(*loop_vars)` as long as `cond(*loop_vars)` holds.

    >>> [v.item() for v in while_loop(lambda i, x: i < 3, lambda i, x: (i + 1, 2 * x), (0, 1))]
    [3, 8]
    """
    several = isinstance(loop_vars, (list, tuple))
    start = tuple(loop_vars) if several else (loop_vars,)

    def more(state):
        goes_on = cond(*state[1])
        return goes_on if maximum_iterations is None else goes_on & (state[0] < maximum_iterations)

    def step(state):
        result = body(*state[1])
        return state[0] + 1, tuple(result) if several else (result,)

    _, final = lax.while_loop(more, step, (0, start))
    return final if several else final[0]


@op
def scan(f, init, xs=None, length=None, reverse=False, unroll=1):
    """Carry a value along the first axis: `carry, y = f(carry, x)`. Returns the last carry and the stacked ys.

    `unroll` is how many steps are one, or True for all. Raises ValueError unless it is True, False or positive.

    >>> total, sums = scan(lambda c, x: (c + x, c + x), jnp.float32(0), jnp.ones(3))
    >>> total.item(), sums.tolist()
    (3.0, [1.0, 2.0, 3.0])
    """
    if not isinstance(unroll, int) or (unroll is not False and unroll < 1):
        raise ValueError(f"scan(unroll={unroll!r}): expected a positive integer, True or False.")
    return lax.scan(f, init, xs, length, reverse, unroll)


@op
def associative_scan(f, elems, reverse=False, axis=0):
    """Combine the elements along `axis` from the first to each, `f(a, b)` being associative, in parallel.

    Raises TypeError unless `f` is a function.

    >>> associative_scan(lambda a, b: a + b, jnp.ones(3)).tolist()
    [1.0, 2.0, 3.0]
    """
    if not callable(f):
        raise TypeError(f"associative_scan: expected a function of two values, received {f!r}.")
    return lax.associative_scan(f, elems, reverse, axis)


@op
def map(f, xs):
    """Return the stacked results of `f` on each element along the first axis, one after the other.

    >>> map(lambda x: 2 * x, jnp.ones(2)).tolist()
    [2.0, 2.0]
    """
    return lax.map(f, xs)


@op
def vectorized_map(function, elements):
    """Return the stacked results of `function` on each element along the first axis, all at once.

    >>> vectorized_map(lambda x: 2 * x, jnp.ones(2)).tolist()
    [2.0, 2.0]
    """
    return jax.vmap(function)(elements)


# ------------------------------------------------- einops


def _axes(side):
    """The groups of names on one side: "a (b c)" is [["a"], ["b", "c"]]."""
    return [group.strip("()").split() for group in re.findall(r"\([^()]*\)|\w+", side)]


@op
def rearrange(tensor, pattern, **axes_lengths):
    """Split, reorder and join axes as the pattern says (https://einops.rocks); sizes that are not clear are given.

    Raises ValueError for a pattern that does not fit.

    >>> rearrange(jnp.ones((2, 6)), "a (b c) -> (a b) c", b=3).shape
    (6, 2)
    """
    tensor = array(tensor)
    left, arrow, right = pattern.partition("->")
    before, after = _axes(left), _axes(right)
    names, wanted = ([n for group in side for n in group] for side in (before, after))
    if not arrow or len(before) != tensor.ndim or sorted(names) != sorted(wanted) or len(set(names)) < len(names):
        raise ValueError(f"rearrange: the pattern {pattern!r} does not fit the shape {tensor.shape}.")
    sizes = dict(axes_lengths)
    for group, total in zip(before, tensor.shape, strict=True):
        unknown = [n for n in group if n not in sizes]
        product = int(np.prod([sizes[n] for n in group if n in sizes]))
        if len(unknown) > 1 or total % max(product, 1) or (not unknown and product != total):
            raise ValueError(f"rearrange: {pattern!r} with {axes_lengths} does not split the size {total} of {group}.")
        sizes.update(dict.fromkeys(unknown, total // max(product, 1)))
    split = tensor.reshape([sizes[n] for n in names]).transpose([names.index(n) for n in wanted])
    return split.reshape([int(np.prod([sizes[n] for n in group])) for group in after])

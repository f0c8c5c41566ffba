"""Products, and moving, picking and joining values, where `jax.numpy` alone is not what Keras has."""

import math

import jax.numpy as jnp

from ..core.symbolic import is_symbolic, op
from .table import array, arrays, known


@op
def reshape(x, newshape):
    """Return the values in another shape, a tuple or an integer; one size may be -1.

    >>> reshape([1.0, 2.0, 3.0, 4.0], (2, -1)).tolist()
    [[1.0, 2.0], [3.0, 4.0]]
    """
    return jnp.reshape(array(x), newshape)


@op
def array_split(x, indices_or_sections, axis=0):
    """Cut `axis` into a number of parts whose lengths differ by one at most.

    Raises TypeError unless the number is an integer and ValueError unless it is positive.

    >>> [part.tolist() for part in array_split([1.0, 2.0, 3.0], 2)]
    [[1.0, 2.0], [3.0]]
    """
    if not isinstance(indices_or_sections, int):
        raise TypeError(f"array_split: expected an integer number of parts, received {indices_or_sections!r}.")
    if indices_or_sections < 1:
        raise ValueError(f"array_split: expected at least one part, received {indices_or_sections}.")
    return jnp.array_split(array(x), indices_or_sections, axis)


@op
def argpartition(x, kth, axis=-1):
    """Return positions that put the `kth` smallest value in its place and smaller ones before it.

    >>> argpartition([3.0, 1.0, 2.0], 0)[0].item()
    1
    """
    x = array(x)
    return jnp.argpartition(x.ravel() if axis is None else x, kth, 0 if axis is None else axis)


@op
def argsort(x, axis=-1):
    """The places of the elements in ascending order along an axis; of all of them for None, and for a single number.

    >>> argsort(jnp.array([3, 1, 2])).tolist()
    [1, 2, 0]
    """
    x = array(x)
    return jnp.argsort(x, axis=axis if x.ndim else None)


def _sum_dtype(xs):
    """Products of 8-bit integers are added up in 32 bits."""
    return "int32" if all(x.dtype == "int8" for x in xs) else None


@op
def matmul(x1, x2):
    """Return the matrix product over the last two axes; of int8 as int32. (..., n, k), (..., k, m) -> (..., n, m)

    >>> matmul([[1.0, 2.0]], [[3.0], [4.0]]).tolist()
    [[11.0]]
    """
    x1, x2 = array(x1), array(x2)
    return jnp.matmul(x1, x2, preferred_element_type=_sum_dtype((x1, x2)))


@op
def einsum(subscripts, *operands, **kwargs):
    """Return the sum of products that the subscripts describe; of int8 as int32.

    >>> einsum("ij,j->i", [[1.0, 2.0]], [3.0, 4.0]).tolist()
    [11.0]
    """
    xs = arrays(operands)
    kwargs.setdefault("preferred_element_type", _sum_dtype(xs))
    return jnp.einsum(subscripts, *xs, **kwargs)


@op
def meshgrid(*x, indexing="xy"):
    """Return the coordinates of all points of a grid, one array per vector. `indexing` is "xy" or "ij".

    >>> [grid.shape for grid in meshgrid([1.0, 2.0], [1.0, 2.0, 3.0])]
    [(3, 2), (3, 2)]
    """
    return jnp.meshgrid(*arrays(x), indexing=indexing)


@op
def pad(x, pad_width, mode="constant", constant_values=None):
    """Put values before and after each axis: `pad_width` is an integer, a pair, or a pair for each axis.

    `mode` is "constant", "reflect", "symmetric" or another of NumPy's. Raises ValueError for constant values with
    another mode.

    >>> pad([1.0], ((1, 2),)).tolist()
    [0.0, 1.0, 0.0, 0.0]
    """
    given = {} if constant_values is None else {"constant_values": constant_values}
    if given and mode != "constant":
        raise ValueError(f"pad: constant_values go with mode='constant' only, received mode={mode!r}.")
    return jnp.pad(array(x), pad_width, mode, **given)


@op
def rot90(array, k=1, axes=(0, 1)):
    """Turn by `k` quarters in the plane of two axes, from the first towards the second.

    >>> rot90([[1.0, 2.0]]).tolist()
    [[2.0], [1.0]]
    """
    array = jnp.asarray(array)
    if array.ndim < 2:
        raise ValueError(f"rot90: expected at least two axes, received shape {array.shape}.")
    if len(axes) != 2 or axes[0] == axes[1]:
        raise ValueError(f"rot90: expected two different axes, received {axes}.")
    return jnp.rot90(array, k, axes)


@op
def searchsorted(sorted_sequence, values, side="left"):
    """Return where the values would go into a sorted vector, before (`side="left"`) or after equal ones.

    Raises ValueError unless the sequence is a vector.

    >>> searchsorted([1.0, 2.0], [1.5]).tolist()
    [1]
    """
    sequence = array(sorted_sequence)
    if sequence.ndim != 1:
        raise ValueError(f"searchsorted: expected a sorted vector, received shape {sequence.shape}; map over rows.")
    return jnp.searchsorted(sequence, array(values), side=side)


@op
def select(condlist, choicelist, default=0):
    """Take each value from the choice of the first condition that holds there, else the default.

    >>> select([[True, False]], [[1.0, 2.0]], 7.0).tolist()
    [1.0, 7.0]
    """
    for name, given in (("condlist", condlist), ("choicelist", choicelist)):
        if not isinstance(given, (list, tuple)) or not given:
            raise ValueError(f"select: expected {name} to be a list that is not empty, received {given!r}.")
    return jnp.select(arrays(condlist), arrays(choicelist), default)


@op
def where(condition, x1=None, x2=None):
    """Take values of `x1` where the condition holds and of `x2` elsewhere; alone, the positions where it holds.

    Raises ValueError if only one of `x1` and `x2` is given.

    >>> where([True, False], [1.0, 2.0], 0.0).tolist()
    [1.0, 0.0]
    """
    if (x1 is None) != (x2 is None):
        raise ValueError("where: give both x1 and x2, or neither.")
    condition = array(condition)
    if x1 is None:
        return jnp.where(condition)
    return jnp.where(condition, _operand(x1), _operand(x2))


def _operand(x):
    return x if isinstance(x, (bool, int, float)) else array(x)  # a Python number takes the other's dtype


@op
def slogdet(x):
    """Return the sign and the logarithm of the absolute value of the determinant. (..., n, n) -> (...), (...)

    >>> [v.item() for v in slogdet([[1.0, 0.0], [0.0, 1.0]])]
    [1.0, 0.0]
    """
    return tuple(jnp.linalg.slogdet(array(x)))


@op
def tile(x, repeats):
    """Repeat the array along each axis.

    >>> tile([1.0, 2.0], 2).tolist()
    [1.0, 2.0, 1.0, 2.0]
    """
    return jnp.tile(array(x), repeats)


@op
def unique(
    x,
    sorted=True,
    return_index=False,
    return_inverse=False,
    return_counts=False,
    axis=None,
    size=None,
    fill_value=None,
):
    """Return the different values (or, along `axis`, slices), and positions and counts as asked for.

    With `size` there are just so many, filled up with `fill_value`, and the function can be compiled.

    >>> unique([3.0, 1.0, 3.0]).tolist()
    [1.0, 3.0]
    """
    returned = {"return_index": return_index, "return_inverse": return_inverse, "return_counts": return_counts}
    kept = {"axis": axis, "equal_nan": False, "size": size, "fill_value": fill_value, "sorted": sorted}
    return jnp.unique(array(x), **returned, **kept)


def vectorize(pyfunc, *, excluded=None, signature=None):
    """Return a function that applies `pyfunc`, written for single values, to arrays that broadcast.

    `signature`, such as "(n),(n)->()", names axes that belong to one call.

    >>> vectorize(lambda a, b: a + b)(jnp.ones(2), 1.0).tolist()
    [2.0, 2.0]
    """
    return op(jnp.vectorize(pyfunc, excluded=set() if excluded is None else excluded, signature=signature))


@op
def view(x, dtype=None):
    """Return the bits of `x` read as another dtype.

    >>> view([1.0], "int32").tolist()
    [1065353216]
    """
    return array(x).view(known(dtype))


@op
def get_item(x, key):
    """Return `x[key]`.

    >>> get_item([1.0, 2.0], 0).item()
    1.0
    """
    return array(x)[key]


def size(x):
    """Return the number of values; None where an axis has no known length.

    >>> size([[1.0, 2.0]])
    2
    """
    if is_symbolic(x):
        return None if None in x.shape else math.prod(x.shape)
    return jnp.size(array(x))


def ndim(x):
    """Return the number of axes.

    >>> ndim([[1.0, 2.0]])
    2
    """
    return len(x.shape) if is_symbolic(x) else jnp.ndim(array(x))

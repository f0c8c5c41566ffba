"""Statistics, and elementwise functions whose dtypes differ from NumPy's."""

import jax.numpy as jnp
import numpy as np

from ..core import config
from ..core.symbolic import op
from ..nn.platform import on_cpu
from .table import array, inexact


def _is_float(x):
    return jnp.issubdtype(x.dtype, jnp.floating)


def _axes(axis):
    return tuple(axis) if isinstance(axis, list) else axis


def _below_zero(x):
    """`x` in float32 at least, with -0.0 a little below 0.0, as accelerators order them."""
    x = x.astype(jnp.promote_types(x.dtype, "float32"))
    return jnp.where((x == 0) & jnp.signbit(x), -jnp.finfo(x.dtype).tiny, x)


@op
def argmax(x, axis=None, keepdims=False):
    """Return the position of the first largest value along `axis`, or in the flattened array; 0.0 exceeds -0.0.

    >>> argmax([1.0, 3.0, 2.0]).item()
    1
    """
    x = array(x)
    return jnp.argmax(_below_zero(x) if _is_float(x) and x.ndim and on_cpu() else x, axis, keepdims=keepdims)


@op
def argmin(x, axis=None, keepdims=False):
    """Return the position of the first smallest value along `axis`, or in the flattened array; -0.0 is below 0.0.

    >>> argmin([1.0, 3.0, 0.0]).item()
    2
    """
    x = array(x)
    return jnp.argmin(_below_zero(x) if _is_float(x) and x.ndim and on_cpu() else x, axis, keepdims=keepdims)


@op
def mean(x, axis=None, keepdims=False):
    """Return the mean over `axis`; of integers as float32, of half floats computed in float32.

    >>> mean([1, 2]).item()
    1.5
    """
    x = array(x)
    wide = jnp.promote_types(x.dtype, "float32")
    return jnp.mean(x, _axes(axis), dtype=wide, keepdims=keepdims).astype(x.dtype if _is_inexact(x) else wide)


def _is_inexact(x):
    return jnp.issubdtype(x.dtype, jnp.inexact)


@op
def var(x, axis=None, keepdims=False):
    """Return the variance over `axis`; of integers as `floatx`, of half floats computed in float32.

    >>> var([1.0, 3.0]).item()
    1.0
    """
    x = array(x)
    wide = jnp.promote_types(x.dtype, "float32")
    dtype = x.dtype if _is_inexact(x) else config.floatx()
    return jnp.var(x, _axes(axis), dtype=wide, keepdims=keepdims).astype(dtype)


@op
def std(x, axis=None, keepdims=False):
    """Return the standard deviation over `axis`; of integers as float32, of half floats computed in float32.

    >>> std([1.0, 3.0]).item()
    1.0
    """
    x = array(x)
    wide = jnp.promote_types(x.dtype, "float32")
    found = jnp.std(x.astype(wide), _axes(axis), keepdims=keepdims)
    return found.astype(x.dtype) if _is_inexact(x) and found.dtype == wide else found


@op
def median(x, axis=None, keepdims=False):
    """Return the middle value along `axis`, or the mean of the two middle ones.

    >>> median([3.0, 1.0, 2.0]).item()
    2.0
    """
    return jnp.median(array(x), _axes(axis), keepdims=keepdims)


@op
def quantile(x, q, axis=None, method="linear", keepdims=False):
    """Return the values that shares `q`, numbers in [0, 1], of the values along `axis` do not exceed.

    `method` is "linear", "lower", "higher", "midpoint" or "nearest".

    >>> quantile([0.0, 1.0, 2.0], 0.5).item()
    1.0
    """
    return jnp.quantile(array(x), array(q), _axes(axis), method=method, keepdims=keepdims)


@op
def average(x, axis=None, weights=None):
    """Return the weighted mean over `axis`; the weights have the shape of `x`, or of the axis.

    >>> average([1.0, 3.0], weights=[3.0, 1.0]).item()
    1.5
    """
    x, *weights = inexact(x) if weights is None else inexact(x, weights)
    return jnp.average(x, axis, *weights)


@op
def count_nonzero(x, axis=None):
    """Return the number of values along `axis` that are not 0, as int32.

    >>> count_nonzero([0.0, 2.0, 3.0]).item()
    2
    """
    return jnp.count_nonzero(array(x), _axes(axis)).astype("int32")


@op
def bincount(x, weights=None, minlength=0, sparse=False):
    """Count how often each integer from 0 on occurs, or add up the weights of its occurrences. (n,) or (rows, n)

    There are as many counts as the largest integer asks for, at least `minlength`. Raises ValueError for `sparse=True`.

    >>> bincount([0, 2, 2]).tolist()
    [1, 0, 2]
    """
    if sparse:
        raise ValueError("bincount: sparse results are not supported; leave out sparse=True.")
    x = array(x)
    if x.ndim == 1:
        return jnp.bincount(x, None if weights is None else array(weights), minlength=minlength)
    length = max(int(jnp.max(x)) + 1, minlength)
    rows = [None] * len(x) if weights is None else array(weights)
    return jnp.stack([jnp.bincount(row, w, length=length) for row, w in zip(x, rows, strict=True)])


@op
def histogram(x, bins=10, range=None):
    """Count values in `bins` intervals of equal width over `range`, or from the smallest to the largest.

    Returns the counts and the `bins + 1` edges. Raises TypeError or ValueError for wrong bins or a range that falls.

    >>> [v.tolist() for v in histogram([0.0, 1.0, 1.0], bins=2)]
    [[1.0, 2.0], [0.0, 0.5, 1.0]]
    """
    if not isinstance(bins, int):
        raise TypeError(f"histogram: expected bins to be an integer, received {bins!r}.")
    if bins < 0:
        raise ValueError(f"histogram: expected bins to be at least 0, received {bins}.")
    if range and (not isinstance(range, tuple) or len(range) != 2 or range[1] < range[0]):
        raise ValueError(f"histogram: expected range to be a tuple (low, high) with low <= high, received {range!r}.")
    x = array(x)
    if x.ndim > 1:
        raise ValueError(f"histogram: expected a vector, received shape {x.shape}.")
    return tuple(jnp.histogram(x, bins, range))


@op
def clip(x, x_min, x_max):
    """Return `x` moved into [x_min, x_max]; truth values become int32.

    >>> clip([-1.0, 0.5, 3.0], 0.0, 1.0).tolist()
    [0.0, 0.5, 1.0]
    """
    x = array(x)
    return jnp.clip(x.astype("int32") if x.dtype == bool else x, x_min, x_max)


@op
def divide_no_nan(x1, x2):
    """Return `x1 / x2`, and 0 where `x2` is 0.

    >>> divide_no_nan([1.0, 1.0], [2.0, 0.0]).tolist()
    [0.5, 0.0]
    """
    x1, x2 = array(x1), array(x2)
    return jnp.where(x2 == 0, 0, jnp.divide(x1, jnp.where(x2 == 0, 1, x2)))


@op
def ldexp(x1, x2):
    """Return `x1 * 2**x2`. Raises TypeError unless the exponents are integers.

    >>> ldexp([1.0], [3]).tolist()
    [8.0]
    """
    x1, x2 = array(x1), array(x2)
    if not jnp.issubdtype(x2.dtype, jnp.integer):
        raise TypeError(f"ldexp: expected integer exponents, received dtype {x2.dtype.name!r}.")
    return jnp.ldexp(x1, x2)


@op
def round(x, decimals=0):
    """Return `x` rounded to `decimals` places, halves to even; negative places round integers too.

    >>> round([1.5, 2.5, 3.2]).tolist()
    [2.0, 2.0, 3.0]
    """
    x = array(x)
    if decimals >= 0 or not jnp.issubdtype(x.dtype, jnp.integer):
        return jnp.round(x, decimals)
    factor = np.float32(10.0**decimals)
    return (jnp.round(x.astype(config.floatx()) * factor) / factor).astype(x.dtype)


@op
def trunc(x):
    """Return `x` without its fractional part; integers as they are.

    >>> trunc([-1.5, 2.7]).tolist()
    [-1.0, 2.0]
    """
    x = array(x)
    return jnp.trunc(x) if _is_inexact(x) else x


@op
def trapezoid(y, x=None, dx=1.0, axis=-1):
    """Return the integral of `y` along `axis` by the trapezoidal rule, at points `x` or in steps of `dx`.

    >>> trapezoid([1.0, 2.0, 3.0]).item()
    4.0
    """
    return jnp.trapezoid(array(y), None if x is None else array(x), array(dx), axis)

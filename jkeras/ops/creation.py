"""Arrays from shapes, numbers and ranges; the default dtype is `floatx`."""

import jax.numpy as jnp

from ..core import config
from ..core.dtypes import array_dtype, is_float
from ..core.symbolic import op
from .table import known, make


def _filled(name, doc):
    def filled(shape, dtype=None):
        return getattr(jnp, name)(shape, array_dtype(dtype))

    filled.__name__ = filled.__qualname__ = name
    filled.__doc__ = f"""Return an array of the shape {doc}.

    >>> {name}((2, 3)).shape
    (2, 3)
    """
    return filled


zeros, ones = _filled("zeros", "filled with 0"), _filled("ones", "filled with 1")
empty = _filled("empty", "whose values do not matter")


@op
def full(shape, fill_value, dtype=None):
    """Return an array of the shape filled with one value.

    >>> full((2,), 3.0).tolist()
    [3.0, 3.0]
    """
    return jnp.full(shape, fill_value, array_dtype(dtype))


@op
def full_like(x, fill_value, dtype=None):
    """Return an array of the shape (and dtype) of `x` filled with one value.

    >>> full_like([1.0, 2.0], 3.0).tolist()
    [3.0, 3.0]
    """
    return jnp.full_like(jnp.asarray(x), fill_value, known(dtype))


@op
def array(x, dtype=None):
    """Return a new array with the values of `x`.

    >>> array([1, 2]).dtype.name
    'int32'
    """
    return jnp.array(x, known(dtype))


def arange(start, stop=None, step=None, dtype=None):
    """Return the numbers from `start` (0 if it stands alone) up to `stop`, which is left out.

    The dtype is that of the arguments; Python integers are int32 and floats `floatx`.

    >>> arange(3).tolist(), arange(0.0, 1.0, 0.5).tolist()
    ([0, 1, 2], [0.0, 0.5])
    """
    if dtype is None:
        given = [getattr(x, "dtype", None) or array_dtype(type(x)) for x in (start, stop, step) if x is not None]
        dtype = jnp.result_type(*given)
    return jnp.arange(start, stop, step, dtype=known(dtype))


def eye(N, M=None, k=0, dtype=None):
    """Return a matrix (N, M) with 1 on the k-th diagonal. Raises TypeError if a size is a float.

    >>> eye(2).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    for name, value in (("N", N), ("M", M)):
        if isinstance(value, float) or (hasattr(value, "dtype") and is_float(value.dtype)):
            raise TypeError(f"eye: expected {name} to be an integer, received {value!r}.")
    return jnp.eye(N, M, k, array_dtype(dtype))


def identity(n, dtype=None):
    """Return the identity matrix (n, n).

    >>> identity(1).tolist()
    [[1.0]]
    """
    return jnp.eye(n, dtype=array_dtype(dtype))


def tri(N, M=None, k=0, dtype=None):
    """Return a matrix (N, M) with 1 on and below the k-th diagonal.

    >>> tri(2).tolist()
    [[1.0, 0.0], [1.0, 1.0]]
    """
    return jnp.tri(N, M, k, array_dtype(dtype))


@op
def vander(x, N=None, increasing=False):
    """Return the Vandermonde matrix: powers of a vector in columns. (n,) -> (n, N)

    Raises ValueError unless `x` is a vector and `N` positive.

    >>> vander([1.0, 2.0], 3).tolist()
    [[1.0, 1.0, 1.0], [4.0, 2.0, 1.0]]
    """
    x = jnp.asarray(x)
    if x.ndim != 1:
        raise ValueError(f"vander: expected a vector, received shape {x.shape}.")
    if N is not None and (not isinstance(N, int) or N < 0):
        raise ValueError(f"vander: expected N to be None or an integer of at least 0, received {N!r}.")
    return jnp.vander(x, N, increasing)


globals().update(
    make(
        """
        geomspace(start, stop | num=50, endpoint=True, dtype=None, axis=0)
        linspace(start, stop | num=50, endpoint=True, retstep=False, dtype=None, axis=0)
        logspace(start, stop | num=50, endpoint=True, base=10, dtype=None, axis=0)
        """,
        jnp,
        __name__,
    )
)


def _window(name, doc):
    def window(x):
        return getattr(jnp, name)(int(x)).astype(config.floatx())

    window.__name__ = window.__qualname__ = name
    window.__doc__ = f"""Return the {doc} window of `x` points.

    >>> {name}(3).shape
    (3,)
    """
    return window


bartlett, blackman = _window("bartlett", "triangular"), _window("blackman", "Blackman")
hamming, hanning = _window("hamming", "Hamming"), _window("hanning", "Hann")


def kaiser(x, beta):
    """Return the Kaiser window of `x` points.

    >>> kaiser(3, 1.0).shape
    (3,)
    """
    return jnp.kaiser(int(x), beta).astype(config.floatx())

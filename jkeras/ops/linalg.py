"""keras.ops.linalg: decompositions, equations and norms of matrices in the last two axes.

Source: https://keras.io/api/ops/linalg/. All raise ValueError for arrays that are no matrices, or not square.
"""

import jax
import jax.numpy as jnp

from ..core.symbolic import op
from .table import array, inexact

__all__ = (
    "cholesky cholesky_inverse det eig eigh inv jvp lstsq lu_factor matrix_rank norm pinv qr solve "
    "solve_triangular svd "
).split()


def _matrix(name, x, square=True):
    x = array(x)
    if x.ndim < 2:
        raise ValueError(f"{name}: expected a matrix, or several along leading axes, received shape {x.shape}.")
    if square and x.shape[-1] != x.shape[-2]:
        raise ValueError(f"{name}: expected a square matrix, received shape {x.shape}.")
    return x


def _square(name, doc, example, expected):
    def function(x):
        return getattr(jnp.linalg, name)(_matrix(name, x))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""Return {doc}.

    >>> {example}
    {expected}
    """
    return op(function)


_EYE = "[[2.0, 0.0], [0.0, 2.0]]"
det = _square("det", "the determinant. (..., n, n) -> (...)", f"det({_EYE}).item()", "4.0")
inv = _square("inv", "the inverse. (..., n, n) -> (..., n, n)", f"inv({_EYE}).tolist()", "[[0.5, 0.0], [0.0, 0.5]]")
eig = _square("eig", "eigenvalues and eigenvectors, complex ones. Runs on the CPU only", f"len(eig({_EYE}))", "2")
eigh = _square("eigh", "eigenvalues and eigenvectors of a symmetric matrix", f"eigh({_EYE})[0].tolist()", "[2.0, 2.0]")


@op
def cholesky(x, upper=False):
    """Return the lower (or upper) triangular factor of a positive definite matrix.

    Raises ValueError if there is none, outside of compiled functions.

    >>> cholesky([[4.0, 0.0], [0.0, 9.0]]).tolist()
    [[2.0, 0.0], [0.0, 3.0]]
    """
    factor = jnp.linalg.cholesky(_matrix("cholesky", x), upper=upper)
    if not isinstance(factor, jax.core.Tracer) and bool(jnp.isnan(factor).any()):
        raise ValueError("cholesky: the matrix is not positive definite.")
    return factor


@op
def cholesky_inverse(x, upper=False):
    """Return the inverse of the matrix whose Cholesky factor, lower or upper, is given.

    >>> cholesky_inverse([[2.0, 0.0], [0.0, 1.0]]).tolist()
    [[0.25, 0.0], [0.0, 1.0]]
    """
    x = _matrix("cholesky_inverse", x)
    inverse = jax.scipy.linalg.solve_triangular(x, jnp.eye(x.shape[-1], dtype=x.dtype), lower=not upper)
    turned = jnp.swapaxes(inverse, -1, -2)
    return inverse @ turned if upper else turned @ inverse


@op
def lu_factor(x):
    """Return the factors L and U in one matrix, and the rows that were swapped. (..., n, m) -> (..., n, m), (..., n)

    >>> lu_factor([[2.0, 0.0], [0.0, 4.0]])[1].tolist()
    [0, 1]
    """
    lu, pivots, _ = jax.lax.linalg.lu(*inexact(_matrix("lu_factor", x, square=False)))
    return lu, pivots


@op
def norm(x, ord=None, axis=None, keepdims=False):
    """Return the 2-norm, or the norm `ord` as in `numpy.linalg.norm`, over one axis, two, or all; of half floats computed in
    float32.

    >>> norm([3.0, 4.0]).item()
    5.0
    """
    (x,) = inexact(x)
    wide = x.astype(jnp.promote_types(x.dtype, "float32"))
    found = jnp.linalg.norm(wide, ord=ord, axis=tuple(axis) if isinstance(axis, list) else axis, keepdims=keepdims)
    return found if wide.dtype == x.dtype else found.astype(x.dtype)


@op
def qr(x, mode="reduced"):
    """Return an orthogonal and an upper triangular factor. `mode` is "reduced" or "complete".

    >>> [v.shape for v in qr(jnp.ones((3, 2)))]
    [(3, 2), (2, 2)]
    """
    if mode not in ("reduced", "complete"):
        raise ValueError(f"qr(mode={mode!r}): expected 'reduced' or 'complete'.")
    return tuple(jnp.linalg.qr(_matrix("qr", x, square=False), mode=mode))


def _equations(name, a, b):
    a, b = _matrix(name, a), array(b)
    if not b.ndim or b.shape[-2 if a.ndim == b.ndim else -1] != a.shape[-1]:
        raise ValueError(f"{name}: the right side of shape {b.shape} does not fit the matrix of shape {a.shape}.")
    return a, b


@op
def solve(a, b):
    """Return x with `a @ x = b`. (..., n, n), (..., n) or (..., n, k) -> as b

    >>> solve([[2.0, 0.0], [0.0, 4.0]], [2.0, 4.0]).tolist()
    [1.0, 1.0]
    """
    a, b = _equations("solve", a, b)
    return jnp.linalg.solve(a, b[..., None])[..., 0] if b.ndim == a.ndim - 1 else jnp.linalg.solve(a, b)


@op
def solve_triangular(a, b, lower=False):
    """Return x with `a @ x = b` for a triangular matrix; only its lower (or upper) triangle is read.

    >>> solve_triangular([[2.0, 0.0], [0.0, 4.0]], [2.0, 4.0]).tolist()
    [1.0, 1.0]
    """
    a, b = _equations("solve_triangular", a, b)
    return jax.scipy.linalg.solve_triangular(a, b, lower=lower)


@op
def svd(x, full_matrices=True, compute_uv=True):
    """Return the singular value decomposition u, s, vh, or the singular values alone.

    >>> svd([[3.0, 0.0], [0.0, 4.0]], compute_uv=False).tolist()
    [4.0, 3.0]
    """
    found = jnp.linalg.svd(_matrix("svd", x, square=False), full_matrices=full_matrices, compute_uv=compute_uv)
    return tuple(found) if compute_uv else found


@op
def lstsq(a, b, rcond=None):
    """Return the x that makes `a @ x - b` smallest. (m, n), (m,) or (m, k) -> (n,) or (n, k)

    >>> lstsq([[1.0], [1.0]], [1.0, 3.0]).round(3).tolist()
    [2.0]
    """
    return jnp.linalg.lstsq(array(a), array(b), rcond=rcond)[0]


@op
def matrix_rank(x, tol=None):
    """Return the number of singular values above `tol` times the largest, as int32.

    >>> matrix_rank([[1.0, 1.0], [1.0, 1.0]]).item()
    1
    """
    return jnp.linalg.matrix_rank(_matrix("matrix_rank", x, square=False), tol).astype("int32")


@op
def pinv(x, rcond=None):
    """Return the Moore-Penrose inverse; singular values below `rcond` times the largest count as 0.

    >>> pinv([[2.0], [0.0]]).tolist()
    [[0.5, 0.0]]
    """
    return jnp.linalg.pinv(_matrix("pinv", x, square=False), rcond)


@op
def jvp(fun, primals, tangents, has_aux=False):
    """Return `fun(*primals)` and its derivative in the direction of the tangents, and what else it gives if `has_aux`.

    >>> [v.item() for v in jvp(lambda x: x**2, (3.0,), (1.0,))]
    [9.0, 6.0]
    """
    return jax.jvp(fun, primals, tangents, has_aux)

"""``tf.linalg`` over jax.numpy.linalg and jax.scipy.linalg."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .reductions import global_norm, l2_normalize, norm
from .rows import array, dtype_of, ints, one_of, only


def adjoint(x: Any) -> Any:
    """The conjugate transpose of matrices."""
    return jnp.conj(jnp.swapaxes(x, -1, -2))


def matmul(a: Any, b: Any, transpose_a: bool = False, transpose_b: bool = False, adjoint_a: bool = False,
           adjoint_b: bool = False, a_is_sparse: bool = False, b_is_sparse: bool = False, output_type: Any = None,
           grad_a: bool = False, grad_b: bool = False) -> Any:  # fmt: skip
    """The matrix product of the last two axes; that many elements are 0 changes no number."""
    for name, transposed, conjugated in (("a", transpose_a, adjoint_a), ("b", transpose_b, adjoint_b)):
        if transposed and conjugated:
            raise ValueError(f"tf.matmul: only one of transpose_{name} and adjoint_{name} can be True.")
    only("tf.matmul: grad_a", grad_a, False, "it belongs to TensorFlow's own gradients.")
    only("tf.matmul: grad_b", grad_b, False, "it belongs to TensorFlow's own gradients.")
    if min(a.ndim, b.ndim) < 2:
        raise ValueError(
            f"tf.matmul: expected matrices, received shapes {tuple(a.shape)} and {tuple(b.shape)}. Use tf.linalg.matvec or "
            "tf.tensordot for vectors."
        )
    a = jnp.swapaxes(a, -1, -2) if transpose_a else adjoint(a) if adjoint_a else a
    b = jnp.swapaxes(b, -1, -2) if transpose_b else adjoint(b) if adjoint_b else b
    found = jnp.matmul(a, b, preferred_element_type=None if output_type is None else dtype_of(output_type))
    return found


def matvec(a: Any, b: Any, transpose_a: bool = False, adjoint_a: bool = False, a_is_sparse: bool = False,
           b_is_sparse: bool = False) -> Any:  # fmt: skip
    """Matrices times vectors."""
    return matmul(a, b[..., None], transpose_a, False, adjoint_a, False, a_is_sparse, b_is_sparse)[..., 0]


def tensordot(a: Any, b: Any, axes: Any) -> Any:
    """The sum of products over axes of both."""
    axes = ints(axes) if np.ndim(axes) == 0 else [ints(x) for x in axes]
    return jnp.tensordot(a, b, axes)


def einsum(equation: str, *inputs: Any, optimize: Any = "greedy") -> Any:
    """Einstein's sums."""
    return jnp.einsum(equation, *map(array, inputs), optimize=optimize)


def svd(tensor: Any, full_matrices: bool = False, compute_uv: bool = True) -> Any:
    """Singular values, and the matrices of singular vectors: ``u diag(s) v^H``."""
    if not compute_uv:
        return jnp.linalg.svd(tensor, compute_uv=False)
    u, s, v = jnp.linalg.svd(tensor, full_matrices)
    return s, u, adjoint(v)


def band_part(input: Any, num_lower: Any, num_upper: Any) -> Any:
    """So many diagonals below and above the main one, all where negative; 0 elsewhere."""
    low, up = array(num_lower), array(num_upper)
    below = jnp.arange(input.shape[-2])[:, None] - jnp.arange(input.shape[-1])
    return jnp.where(((low < 0) | (below <= low)) & ((up < 0) | (-below <= up)), input, 0)


def _one(where: str, k: Any) -> int:
    k = ints(k)
    if isinstance(k, tuple) and len(set(k)) > 1:
        raise ValueError(
            f"{where}: bands of several diagonals (k={k}) are not offered on JAX; call it for each and add."
        )
    return k[0] if isinstance(k, tuple) else k


def diag(diagonal: Any, k: Any = 0, num_rows: Any = -1, num_cols: Any = -1, padding_value: Any = 0,
         align: str = "RIGHT_LEFT") -> Any:  # fmt: skip
    """Matrices with a diagonal, the ``k``-th above the main one; ``align`` means something for several diagonals only."""
    _align("tf.linalg.diag", align)
    k, n = _one("tf.linalg.diag", k), diagonal.shape[-1]
    rows, columns = ints(num_rows), ints(num_cols)
    if rows == columns == -1:  # a square
        rows = columns = n + abs(k)
    rows = n + max(-k, 0) if rows == -1 else rows
    columns = n + max(k, 0) if columns == -1 else columns
    if min(rows + min(k, 0), columns - max(k, 0)) != n:
        raise ValueError(
            f"tf.linalg.diag: {n} elements do not fit diagonal {k} of a matrix of shape {(rows, columns)}."
        )
    found = jnp.full((*diagonal.shape[:-1], rows, columns), array(padding_value), diagonal.dtype)
    return set_diag(found, diagonal, k)


def _align(where: str, align: str) -> str:
    return one_of(f"{where}: align", align, ("RIGHT_LEFT", "LEFT_RIGHT", "LEFT_LEFT", "RIGHT_RIGHT"))


def set_diag(input: Any, diagonal: Any, k: Any = 0, align: str = "RIGHT_LEFT") -> Any:
    """The matrices with another diagonal."""
    _align("tf.linalg.set_diag", align)
    k = _one("tf.linalg.set_diag", k)
    i = jnp.arange(diagonal.shape[-1])
    return input.at[..., i - min(k, 0), i + max(k, 0)].set(diagonal)


def diag_part(input: Any, k: Any = 0, padding_value: Any = 0, align: str = "RIGHT_LEFT") -> Any:
    """A diagonal of matrices; one diagonal needs no padding and no alignment."""
    _align("tf.linalg.diag_part", align)
    only("tf.linalg.diag_part: padding_value", padding_value, 0, "one diagonal needs none.")
    return jnp.diagonal(input, _one("tf.linalg.diag_part", k), -2, -1)


def tensor_diag(diagonal: Any) -> Any:
    """A tensor of twice the axes with the elements on its diagonal."""
    return jnp.diag(diagonal.reshape(-1)).reshape(*diagonal.shape, *diagonal.shape)


def tensor_diag_part(input: Any) -> Any:
    """The diagonal of a tensor of twice the axes."""
    shape = input.shape[: input.ndim // 2]
    return jnp.diagonal(input.reshape(int(np.prod(shape)), -1)).reshape(shape)


def inv(input: Any, adjoint: bool = False) -> Any:
    """The inverse, or its adjoint."""
    return jnp.linalg.inv(_adjoint(input) if adjoint else input)


def solve(matrix: Any, rhs: Any, adjoint: bool = False) -> Any:
    """``x`` with ``matrix x = rhs``, or with the matrix's adjoint."""
    if rhs.ndim < 2:
        raise ValueError(f"tf.linalg.solve: expected columns (..., n, m), received shape {tuple(rhs.shape)}.")
    return jnp.linalg.solve(_adjoint(matrix) if adjoint else matrix, rhs)


def triangular_solve(matrix: Any, rhs: Any, lower: bool = True, adjoint: bool = False) -> Any:
    """``x`` with ``matrix x = rhs`` for a triangular matrix, or its adjoint."""
    batch = jnp.broadcast_shapes(matrix.shape[:-2], rhs.shape[:-2])
    matrix, rhs = (jnp.broadcast_to(m, (*batch, *m.shape[-2:])) for m in (matrix, rhs))
    return jax.lax.linalg.triangular_solve(
        matrix, rhs, left_side=True, lower=bool(lower), transpose_a=bool(adjoint), conjugate_a=bool(adjoint)
    )


def lstsq(matrix: Any, rhs: Any, l2_regularizer: Any = 0.0, fast: bool = True) -> Any:
    """The least squares solution, of the smallest norm: by normal equations (``fast``), else by singular values."""
    if not fast:
        return jnp.linalg.pinv(matrix) @ rhs
    h, wide = adjoint(matrix), matrix.shape[-1] > matrix.shape[-2]
    gram = matrix @ h if wide else h @ matrix
    gram = gram + array(l2_regularizer) * jnp.eye(gram.shape[-1], dtype=gram.dtype)
    return h @ jnp.linalg.solve(gram, rhs) if wide else jnp.linalg.solve(gram, h @ rhs)


def cholesky_solve(chol: Any, rhs: Any) -> Any:
    """``x`` with ``L L^H x = rhs``."""
    return triangular_solve(chol, triangular_solve(chol, rhs), adjoint=True)


def eye(num_rows: Any, num_columns: Any = None, batch_shape: Any = None, dtype: Any = "float32") -> Any:
    """Ones on the diagonal."""
    found = jnp.eye(ints(num_rows), ints(num_columns), dtype=dtype_of(dtype))
    return found if batch_shape is None else jnp.broadcast_to(found, (*ints(batch_shape), *found.shape))


def normalize(tensor: Any, ord: Any = "euclidean", axis: Any = None) -> Any:
    """The tensor divided by its norm, and the norm."""
    found = norm(tensor, ord, axis, True)
    return tensor / found, found


def qr(input: Any, full_matrices: bool = False) -> Any:
    """An orthogonal and an upper triangular factor."""
    return tuple(jnp.linalg.qr(input, "complete" if full_matrices else "reduced"))


def lu(input: Any, output_idx_type: Any = "int32") -> Any:
    """Both triangular factors in one matrix, and the order of the rows."""
    packed, _, order = jax.lax.linalg.lu(input)
    return packed, order.astype(dtype_of(output_idx_type))


def sqrtm(input: Any) -> Any:
    """The square root of a matrix, by its Schur form."""
    found = jax.scipy.linalg.sqrtm(input)
    return found if jnp.iscomplexobj(input) else jnp.real(found)


def matrix_rank(a: Any, tol: Any = None, validate_args: bool = False) -> Any:
    """The number of singular values above a tolerance."""
    only("tf.linalg.matrix_rank: validate_args", validate_args, False, "shapes are always checked.")
    s = jnp.linalg.svd(a, compute_uv=False)
    eps = jnp.finfo(a.dtype).eps
    tol = eps * max(a.shape[-2:]) * jnp.max(s, -1, keepdims=True) if tol is None else array(tol)
    return jnp.sum(s > tol, -1).astype("int32")


def pinv(a: Any, rcond: Any = None, validate_args: bool = False) -> Any:
    """The pseudo-inverse of Moore and Penrose."""
    only("tf.linalg.pinv: validate_args", validate_args, False, "shapes are always checked.")
    rcond = 10.0 * max(a.shape[-2:]) * float(jnp.finfo(a.dtype).eps) if rcond is None else rcond
    return jnp.linalg.pinv(a, rtol=rcond)


def matrix_transpose(a: Any, conjugate: bool = False) -> Any:
    """Rows and columns exchanged."""
    return adjoint(a) if conjugate else jnp.swapaxes(a, -1, -2)


_adjoint = adjoint
MATRICES = {  # also functions of the root
    "matmul": matmul, "tensordot": tensordot, "einsum": einsum, "eye": eye, "norm": norm,
}  # fmt: skip
ROWS = {
    **MATRICES,
    "matvec": matvec, "svd": svd, "band_part": band_part, "diag": diag, "set_diag": set_diag, "diag_part": diag_part,
    "tensor_diag": tensor_diag, "tensor_diag_part": tensor_diag_part, "inv": inv, "solve": solve, "qr": qr, "lu": lu,
    "triangular_solve": triangular_solve, "lstsq": lstsq, "cholesky_solve": cholesky_solve, "normalize": normalize,
    "sqrtm": sqrtm, "matrix_rank": matrix_rank, "pinv": pinv, "matrix_transpose": matrix_transpose,
    "adjoint": lambda matrix: adjoint(matrix),
    "det": ("input", jnp.linalg.det),
    "slogdet": ("input", lambda x: tuple(jnp.linalg.slogdet(x))),
    "logdet": ("matrix", lambda x: 2.0 * jnp.sum(jnp.log(jnp.diagonal(jnp.linalg.cholesky(x), 0, -2, -1)), -1)),
    "cholesky": ("input", lambda x: jnp.linalg.cholesky(x)),
    "eigh": ("tensor", lambda x: tuple(jnp.linalg.eigh(x))),
    "eigvalsh": ("tensor", jnp.linalg.eigvalsh),
    "eig": ("tensor", lambda x: tuple(jnp.linalg.eig(x))),
    "eigvals": ("tensor", jnp.linalg.eigvals),
    "expm": ("input", jax.scipy.linalg.expm),
    "trace": ("x", lambda x: jnp.trace(x, axis1=-2, axis2=-1)),
    "cross": ("a b", lambda a, b: jnp.cross(a, b)),
    "global_norm": global_norm,
    "l2_normalize": l2_normalize,
}  # fmt: skip

"""``tf.linalg`` on triangular factors and three diagonals; ``tf.nn`` on sparse ids, and grey morphology."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .rows import array, ints, one_of, only
from .sparse_tensor import SparseTensor, host
from .tensor import Tensor, shim


def lu_reconstruct(lower_upper: Any, perm: Any, validate_args: bool = False) -> Any:
    """The matrix of its factors."""
    only("tf.linalg.lu_reconstruct: validate_args", validate_args, False, "shapes are always checked.")
    n = lower_upper.shape[-1]
    product = jnp.matmul(
        jnp.tril(lower_upper, -1) + jnp.eye(n, dtype=lower_upper.dtype), jnp.triu(lower_upper), precision="highest"
    )
    back = jnp.argsort(array(perm), -1)
    return jnp.take_along_axis(product, back[..., None], -2)


def lu_solve(lower_upper: Any, perm: Any, rhs: Any, validate_args: bool = False) -> Any:
    """The solution of a system whose matrix is given by its factors."""
    only("tf.linalg.lu_solve: validate_args", validate_args, False, "shapes are always checked.")
    b = jnp.take_along_axis(rhs, array(perm)[..., None], -2)
    first = jax.scipy.linalg.solve_triangular(lower_upper, b, lower=True, unit_diagonal=True)
    return jax.scipy.linalg.solve_triangular(lower_upper, first)


def lu_matrix_inverse(lower_upper: Any, perm: Any, validate_args: bool = False) -> Any:
    """The inverse of a matrix given by its factors."""
    unit = jnp.broadcast_to(jnp.eye(lower_upper.shape[-1], dtype=lower_upper.dtype), lower_upper.shape)
    return lu_solve(lower_upper, perm, unit, validate_args)


def _three(where: str, diagonals: Any, diagonals_format: str) -> tuple:
    """The diagonals above, on and below, each as long as the matrix; what is outside is 0."""
    form = one_of(f"{where}: diagonals_format", diagonals_format, ("compact", "sequence", "matrix"))
    if form == "compact":
        d = array(diagonals)
        upper, main, lower = d[..., 0, :], d[..., 1, :], d[..., 2, :]
    elif form == "matrix":
        d = array(diagonals)
        upper, main, lower = (jnp.diagonal(d, k, -2, -1) for k in (1, 0, -1))
    else:
        upper, main, lower = map(array, diagonals)
    n = main.shape[-1]
    if upper.shape[-1] == n - 1:
        upper = jnp.pad(upper, [(0, 0)] * (upper.ndim - 1) + [(0, 1)])
    if lower.shape[-1] == n - 1:
        lower = jnp.pad(lower, [(0, 0)] * (lower.ndim - 1) + [(1, 0)])
    return upper.at[..., -1].set(0), main, lower.at[..., 0].set(0)


def tridiagonal_matmul(diagonals: Any, rhs: Any, diagonals_format: str = "compact") -> Any:
    """A matrix of three diagonals times another."""
    upper, main, lower = _three("tf.linalg.tridiagonal_matmul", diagonals, diagonals_format)
    above, below = jnp.roll(rhs, -1, -2), jnp.roll(rhs, 1, -2)
    return upper[..., None] * above + main[..., None] * rhs + lower[..., None] * below


def tridiagonal_solve(
    diagonals: Any, rhs: Any, diagonals_format: str = "compact", transpose_rhs: bool = False, conjugate_rhs: bool = False,
    partial_pivoting: bool = True, perturb_singular: bool = False,
) -> Any:  # fmt: skip
    """The solution of a system whose matrix has three diagonals."""
    where = "tf.linalg.tridiagonal_solve"
    only(f"{where}: perturb_singular", perturb_singular, False, "change the diagonal yourself.")
    only(f"{where}: partial_pivoting", partial_pivoting, True, "pivots are chosen always.")
    upper, main, lower = _three(where, diagonals, diagonals_format)
    b = jnp.conj(rhs) if conjugate_rhs else rhs
    vector = b.ndim == main.ndim and not transpose_rhs
    b = b[..., None] if vector else jnp.swapaxes(b, -1, -2) if transpose_rhs else b
    matrix = sum(jnp.vectorize(lambda v, k=k: jnp.diag(v, k), signature="(n)->(m,m)")(d)
                 for d, k in ((upper[..., :-1], 1), (main, 0), (lower[..., 1:], -1)))  # fmt: skip
    found = jnp.linalg.solve(matrix, b)
    return found[..., 0] if vector else found


def eigh_tridiagonal(alpha: Any, beta: Any, eigvals_only: bool = True, select: str = "a", select_range: Any = None,
                     tol: Any = None) -> Any:  # fmt: skip
    """The eigenvalues (and vectors) of a symmetric matrix of a diagonal and the one beside it."""
    where = "tf.linalg.eigh_tridiagonal"
    only(f"{where}: tol", tol, None, "eigenvalues are as exact as they can be.")
    a, b = array(alpha), array(beta)
    select = one_of(f"{where}: select", select, ("a", "i", "v"))
    values, vectors = jnp.linalg.eigh(jnp.diag(a) + jnp.diag(b, 1) + jnp.diag(jnp.conj(b), -1))
    if select == "i":
        low, high = ints(select_range)
        values, vectors = values[low : high + 1], vectors[:, low : high + 1]
    elif select == "v":
        kept = (np.asarray(values) > float(select_range[0])) & (np.asarray(values) <= float(select_range[1]))
        values, vectors = values[kept], vectors[:, kept]
    return values if eigvals_only else (values, vectors)


def _morphology(name: str, sign: int) -> Any:
    def filtered(x: Any, kernel: Any, strides: Any, padding: Any, data_format: str, dilations: Any) -> Any:
        only(f"tf.nn.{name}: data_format", data_format, "NHWC", "transpose the pictures.")
        padding = one_of(f"tf.nn.{name}: padding", padding, ("SAME", "VALID"))
        (_, sh, sw, _), (_, dh, dw, _) = ints(strides), ints(dilations)
        h, w, _ = kernel.shape
        size = [(n, (k - 1) * d + 1, s) for n, k, d, s in zip(x.shape[1:3], (h, w), (dh, dw), (sh, sw), strict=True)]
        if padding == "SAME":
            total = [max((-(-n // s) - 1) * s + k - n, 0) for n, k, s in size]
            pads = [(t // 2, t - t // 2) for t in total]
            x = jnp.pad(x, [(0, 0), *pads, (0, 0)], constant_values=-sign * jnp.inf)
        rows, columns = (1 + (n - k) // s for n, (_, k, s) in zip(x.shape[1:3], size, strict=True))
        parts = [
            x[:, i * dh : i * dh + (rows - 1) * sh + 1 : sh, j * dw : j * dw + (columns - 1) * sw + 1 : sw] + sign * kernel[i, j]
            for i in range(h) for j in range(w)
        ]  # fmt: skip
        return (jnp.max if sign > 0 else jnp.min)(jnp.stack(parts), 0)

    return filtered


def dilation2d(input: Any, filters: Any, strides: Any, padding: Any, data_format: str, dilations: Any) -> Any:
    """The largest sum of pictures and filter within the filter."""
    return _morphology("dilation2d", 1)(input, filters, strides, padding, data_format, dilations)


def erosion2d(value: Any, filters: Any, strides: Any, padding: Any, data_format: str, dilations: Any) -> Any:
    """The smallest difference of pictures and mirrored filter within the filter."""
    flipped = array(filters)[::-1, ::-1]
    return _morphology("erosion2d", -1)(array(value), flipped, strides, padding, data_format, dilations)


def embedding_lookup_sparse(params: Any, sp_ids: Any, sp_weights: Any, combiner: Any = None, max_norm: Any = None,
                            name: Any = None, allow_fast_lookup: bool = False) -> Any:  # fmt: skip
    """The rows of each row's ids, weighted and put together: "mean", "sum" or "sqrtn"."""
    where = "tf.nn.embedding_lookup_sparse"
    only(f"{where}: max_norm", max_norm, None, "clip the rows yourself.")
    only(f"{where}: allow_fast_lookup", allow_fast_lookup, False, "leave it out.")
    combiner = one_of(f"{where}: combiner", "mean" if combiner is None else combiner, ("mean", "sum", "sqrtn"))
    at = host(sp_ids.indices)[:, 0]
    count = int(at.max(initial=-1)) + 1

    def put(table: Any, ids: Any, weights: Any) -> Any:
        w = jnp.ones(len(at), table.dtype) if weights is None else weights.astype(table.dtype)
        total = jnp.zeros((count, *table.shape[1:]), table.dtype).at[at].add(table[ids] * w[:, None])
        if combiner == "sum":
            return total
        share = jnp.zeros(count, table.dtype).at[at].add(w if combiner == "mean" else w * w)
        return total / (share if combiner == "mean" else jnp.sqrt(share))[:, None]

    table = params[0] if isinstance(params, (list, tuple)) and len(params) == 1 else params
    return shim(put)(table, sp_ids.values, None if sp_weights is None else sp_weights.values)


def _ctc(strategy: str) -> Any:
    def decode(inputs: Any, sequence_length: Any, **options: Any) -> tuple:
        from ...ops import ctc_decode

        x = np.swapaxes(np.asarray(inputs), 0, 1)
        found, score = ctc_decode(jnp.asarray(x), np.asarray(sequence_length), strategy=strategy, **options)
        sparse = []
        for one in np.asarray(found):
            at = np.argwhere(one >= 0)
            size = int((one >= 0).sum(1).max(initial=0))
            sparse.append(SparseTensor(at, Tensor(one[one >= 0].astype("int64")), [len(one), size]))
        return sparse, Tensor(jnp.asarray(score))

    return decode


def ctc_greedy_decoder(inputs: Any, sequence_length: Any, merge_repeated: bool = True, blank_index: Any = None,
                       name: Any = None) -> tuple:  # fmt: skip
    """The most likely class of each step, without repetitions and blanks: sparse labels, and minus the sum of the logits."""
    blank = inputs.shape[2] - 1 if blank_index is None else ints(blank_index) % inputs.shape[2]
    return _ctc("greedy")(inputs, sequence_length, merge_repeated=bool(merge_repeated), mask_index=blank)


def ctc_beam_search_decoder(inputs: Any, sequence_length: Any, beam_width: Any = 100, top_paths: Any = 1) -> tuple:
    """The most likely labels by a search among several: sparse labels, and their log probabilities."""
    return _ctc("beam_search")(inputs, sequence_length, beam_width=ints(beam_width), top_paths=ints(top_paths),
                               mask_index=inputs.shape[2] - 1)  # fmt: skip


LINALG = {
    f.__name__: f for f in (lu_reconstruct, lu_solve, lu_matrix_inverse, tridiagonal_matmul, tridiagonal_solve, eigh_tridiagonal)
}  # fmt: skip
NN = {"dilation2d": dilation2d, "erosion2d": erosion2d}
PLAIN = {"embedding_lookup_sparse": embedding_lookup_sparse, "ctc_greedy_decoder": ctc_greedy_decoder,
         "ctc_beam_search_decoder": ctc_beam_search_decoder}  # fmt: skip

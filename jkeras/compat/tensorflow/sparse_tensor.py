"""``tf.sparse``: tensors of which only some values are kept, with their places. Places are known on the host."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .creation import convert_to_tensor
from .ragged_tensor import host, whole
from .rows import dtype_of, ints, one_of
from .system import Space
from .tables import functions
from .tensor import COMPOSITES, DType, Tensor, TensorShape, shim, unwrap


class SparseTensor:
    """Values at places; everywhere else 0.

    https://www.tensorflow.org/api_docs/python/tf/sparse/SparseTensor

    >>> to_dense(SparseTensor([[0, 1]], [5], [2, 2])).numpy().tolist()
    [[0, 5], [0, 0]]
    """

    __array_priority__ = 300

    def __init__(self, indices: Any, values: Any, dense_shape: Any):
        self.indices, self.values, self.dense_shape = whole(_table(indices)), convert_to_tensor(values), whole(
            dense_shape if isinstance(dense_shape, Tensor) else host(list(dense_shape)))  # fmt: skip
        if self.indices.ndim != 2 or self.indices.shape[0] != self.values.shape[0] or (
            self.indices.shape[1] != self.dense_shape.shape[0]):  # fmt: skip
            raise ValueError(
                f"SparseTensor: expected indices (values, axes), received {tuple(self.indices.shape)} for "
                f"{tuple(self.values.shape)} values and {self.dense_shape.shape[0]} axes."
            )

    @classmethod
    def from_value(cls, sparse_tensor_value: Any) -> "SparseTensor":
        """From what has indices, values and dense_shape."""
        v = sparse_tensor_value
        return cls(v.indices, v.values, v.dense_shape)

    @property
    def shape(self) -> TensorShape:
        """Its shape."""
        return TensorShape(host(self.dense_shape).tolist())

    @property
    def dtype(self) -> DType:
        """The dtype of its values."""
        return self.values.dtype

    ndim = rank = property(lambda self: len(self.shape))

    def get_shape(self) -> TensorShape:
        """Its shape."""
        return self.shape

    def with_values(self, new_values: Any) -> "SparseTensor":
        """Other values at the same places."""
        return SparseTensor(self.indices, new_values, self.dense_shape)

    @property
    def _spec(self) -> "SparseTensorSpec":
        return SparseTensorSpec(self.shape, self.dtype)

    def numpy(self) -> Any:
        """The values with their places, as arrays."""
        return SimpleNamespace(
            indices=host(self.indices), values=self.values.numpy(), dense_shape=host(self.dense_shape)
        )

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> "SparseTensor":
        keys = key if isinstance(key, tuple) else (key,)
        if not all(isinstance(k, (slice, int, np.integer)) and getattr(k, "step", None) in (None, 1) for k in keys):
            raise ValueError("SparseTensor: expected numbers and slices of step 1 between the brackets.")
        sizes = list(self.shape)
        runs = [
            k.indices(n)[:2] if isinstance(k, slice) else (k % n, k % n + 1) for k, n in zip(keys, sizes, strict=False)
        ]
        begins = [a for a, _ in runs] + [0] * (len(sizes) - len(runs))
        lengths = [max(b - a, 0) for a, b in runs] + sizes[len(runs) :]
        found, kept = (
            cut(self, begins, lengths),
            [i for i in range(len(sizes)) if i >= len(keys) or isinstance(keys[i], slice)],
        )
        return SparseTensor(host(found.indices)[:, kept], found.values, np.asarray(lengths)[kept])

    def __iter__(self) -> Iterator:
        return (self[i] for i in range(len(self)))

    def __truediv__(self, y: Any) -> "SparseTensor":
        return self.with_values(self.values / _at(self, y))

    def __mul__(self, y: Any) -> "SparseTensor":
        return self.with_values(self.values * _at(self, y))

    def __neg__(self) -> "SparseTensor":
        return self.with_values(-self.values)

    def __array__(self, *_: Any, **__: Any) -> np.ndarray:
        raise TypeError("A SparseTensor is no array: use tf.sparse.to_dense.")

    def __repr__(self) -> str:
        return f"SparseTensor(indices={self.indices}, values={self.values}, dense_shape={self.dense_shape})"

    __hash__ = object.__hash__

    @staticmethod
    def _call(path: str, fn: Callable, args: tuple, kwargs: dict) -> Any:
        """A function of ``tf`` of one argument that leaves 0 as it is acts on the values."""
        name = path.rpartition(".")[2]
        if name in KEEPS_ZERO and isinstance(args[0] if args else None, SparseTensor):
            return args[0].with_values(fn(args[0].values, *args[1:], **kwargs))
        if name == "matmul":
            return matmul(*args, **kwargs)
        if name == "reduce_sum":
            return reduction("add")(*args, **kwargs)
        raise TypeError(f"{path} takes no SparseTensor: use tf.sparse.to_dense, or a function of tf.sparse.")


KEEPS_ZERO = (
    "abs sqrt square sin tan tanh sinh asin atan floor ceil round rint sign negative cast expm1 log1p relu".split()
)


class SparseTensorSpec:
    """What a SparseTensor looks like.

    https://www.tensorflow.org/api_docs/python/tf/SparseTensorSpec
    """

    def __init__(self, shape: Any = None, dtype: Any = "float32"):
        self.shape, self.dtype = TensorShape(shape or ()), DType(str(dtype))

    def __repr__(self) -> str:
        return f"SparseTensorSpec({self.shape}, {self.dtype!r})"


def _table(indices: Any) -> Any:
    found = unwrap(indices)
    return Tensor(host(found)) if not isinstance(found, jax.core.Tracer) else Tensor(found)


def _places(x: SparseTensor) -> tuple:
    return tuple(host(x.indices).T)


def _flat(x: SparseTensor) -> np.ndarray:
    """The place of each value in rows one behind the other."""
    return np.ravel_multi_index(_places(x), tuple(x.shape)) if len(host(x.indices)) else np.zeros(0, int)


def _at(x: SparseTensor, dense: Any) -> Any:
    """What a tensor has at the places of a sparse one."""
    at, shape = _places(x), tuple(x.shape)
    return shim(lambda d: jnp.broadcast_to(d, shape)[at])(convert_to_tensor(dense, x.dtype))


def to_dense(sp_input: Any, default_value: Any = None, validate_indices: bool = True, name: Any = None) -> Any:
    """A tensor with all values."""
    at, shape = _places(sp_input), tuple(sp_input.shape)
    if validate_indices:
        flat = _flat(sp_input)
        if np.any(np.diff(flat) <= 0):
            raise ValueError("tf.sparse.to_dense: the indices are not in order, or repeated. Use tf.sparse.reorder.")
    if sp_input.dtype == "string":
        found = np.full(shape, "" if default_value is None else unwrap(default_value), object)
        found[at] = np.asarray(unwrap(sp_input.values), object)
        return Tensor(found)
    fill = convert_to_tensor(0 if default_value is None else default_value)
    return shim(lambda v, f: jnp.full(shape, f.astype(v.dtype)).at[at].set(v))(sp_input.values, fill)


def from_dense(tensor: Any, name: Any = None) -> SparseTensor:
    """The values that are not 0 (or not empty)."""
    dense = convert_to_tensor(tensor)
    there = dense.numpy() != (b"" if dense.dtype == "string" else 0)
    at = np.nonzero(there)
    return SparseTensor(np.stack(at, -1), shim(lambda d: d[at])(dense), there.shape)


def reorder(sp_input: Any, name: Any = None) -> SparseTensor:
    """The values in the order of their places."""
    order = np.argsort(_flat(sp_input), kind="stable")
    return SparseTensor(host(sp_input.indices)[order], shim(lambda v: v[order])(sp_input.values), sp_input.dense_shape)


def matmul(sp_a: Any, b: Any, adjoint_a: bool = False, adjoint_b: bool = False, name: Any = None) -> Any:
    """The product of matrices, of which one or the other is sparse."""
    if not isinstance(sp_a, SparseTensor):  # b is the sparse one: (b' a')'
        turned = matmul(b, sp_a, not adjoint_b, not adjoint_a)
        return functions("")["transpose"](turned)
    if isinstance(b, SparseTensor):
        b = to_dense(reorder(b))
    rows, columns = _places(sp_a)[::-1] if adjoint_a else _places(sp_a)
    count = sp_a.shape[1 if adjoint_a else 0]

    def product(v: Any, d: Any) -> Any:
        d = d.conj().T if adjoint_b else d
        v = v.conj() if adjoint_a else v
        return jnp.zeros((count, d.shape[1]), jnp.result_type(v, d)).at[rows].add(v[:, None] * d[columns])

    size = sp_a.shape[0 if adjoint_a else 1]
    dense = convert_to_tensor(b)
    if dense.shape[1 if adjoint_b else 0] != size:
        raise ValueError(f"tf.sparse.sparse_dense_matmul: {tuple(sp_a.shape)} times {tuple(dense.shape)} does not fit.")
    return shim(product)(sp_a.values, dense)


def add(a: Any, b: Any, threshold: Any = 0) -> Any:
    """The sum; of two sparse tensors a sparse one, without values below a threshold."""
    if not isinstance(a, SparseTensor) or not isinstance(b, SparseTensor):
        one, other = (a, b) if isinstance(a, SparseTensor) else (b, a)
        at = _places(one)
        return shim(lambda v, d: d.at[at].add(v))(one.values, convert_to_tensor(other))
    if tuple(a.shape) != tuple(b.shape):
        raise ValueError(f"tf.sparse.add: shapes {tuple(a.shape)} and {tuple(b.shape)} differ.")
    found = _merged(a, b, "add")
    kept = np.abs(found.values.numpy()) >= unwrap(threshold) if unwrap(threshold) else np.ones(len(found.indices), bool)
    return retain(found, kept)


def _merged(a: SparseTensor, b: SparseTensor, how: str) -> SparseTensor:
    """Values at the places of either, put together where both have one."""
    flat = np.concatenate([_flat(a), _flat(b)])
    unique, at = np.unique(flat, return_inverse=True)
    n = a.indices.shape[0]

    def merge(x: Any, y: Any) -> Any:
        one, two = (jnp.zeros(len(unique), v.dtype).at[p].set(v) for v, p in ((x, at[:n]), (y, at[n:])))
        return {"add": jnp.add, "max": jnp.maximum, "min": jnp.minimum}[how](one, two)

    places = np.stack(np.unravel_index(unique, tuple(a.shape)), -1)
    return SparseTensor(places, shim(merge)(a.values, b.values), a.dense_shape)


def _extreme(how: str) -> Callable:
    return lambda sp_a, sp_b, name=None: _merged(sp_a, sp_b, how)


def retain(sp_input: Any, to_retain: Any) -> SparseTensor:
    """The values for which ``to_retain`` is true."""
    at = np.flatnonzero(np.asarray(unwrap(to_retain)))
    return SparseTensor(host(sp_input.indices)[at], shim(lambda v: v[at])(sp_input.values), sp_input.dense_shape)


def cut(sp_input: Any, start: Any, size: Any, name: Any = None) -> SparseTensor:
    """What lies in a box."""
    begin, wanted = host(list(start) if not isinstance(start, Tensor) else start), host(
        list(size) if not isinstance(size, Tensor) else size)  # fmt: skip
    at = host(sp_input.indices) - begin
    lengths = np.minimum(np.asarray(sp_input.shape) - begin, wanted)
    found = retain(sp_input, np.all((at >= 0) & (at < lengths), 1))
    return SparseTensor(host(found.indices) - begin, found.values, np.maximum(lengths, 0))


def concat(axis: Any, sp_inputs: Any, expand_nonconcat_dims: bool = False, name: Any = None) -> SparseTensor:
    """Sparse tensors one behind the other."""
    shapes = np.array([tuple(x.shape) for x in sp_inputs])
    place = ints(axis) % shapes.shape[1]
    others = np.delete(shapes, place, 1)
    if not expand_nonconcat_dims and np.any(others != others[0]):
        raise ValueError(f"tf.sparse.concat: shapes {shapes.tolist()} differ; use expand_nonconcat_dims=True.")
    before, moved = np.cumsum([0, *shapes[:-1, place]]), []
    for x, n in zip(sp_inputs, before, strict=True):
        at = host(x.indices).copy()
        at[:, place] += n
        moved.append(at)
    whole_shape = shapes.max(0)
    whole_shape[place] = shapes[:, place].sum()
    values = functions("")["concat"]([x.values for x in sp_inputs], 0)
    return reorder(SparseTensor(np.concatenate(moved), values, whole_shape))


def stacked(rows: Any) -> SparseTensor:
    """Sparse tensors along a new first axis."""
    return concat(0, [expand_dims(x, 0) for x in rows], True)


def expand_dims(sp_input: Any, axis: Any = None, name: Any = None) -> SparseTensor:
    """A new axis of length 1."""
    place = ints(-1 if axis is None else axis) % (sp_input.ndim + 1)
    at, shape = host(sp_input.indices), list(sp_input.shape)
    return SparseTensor(np.insert(at, place, 0, 1), sp_input.values, [*shape[:place], 1, *shape[place:]])


def reshape(sp_input: Any, shape: Any, name: Any = None) -> SparseTensor:
    """The values in another shape of as many elements."""
    wanted, total = list(np.atleast_1d(ints(shape))), int(np.prod(sp_input.shape))
    if -1 in wanted:
        rest = -int(np.prod(wanted))
        wanted[wanted.index(-1)] = total // max(rest, 1)
    if int(np.prod(wanted)) != total:
        raise ValueError(f"tf.sparse.reshape: {total} elements do not fill shape {wanted}.")
    return SparseTensor(np.stack(np.unravel_index(_flat(sp_input), wanted), -1), sp_input.values, wanted)


def transpose(sp_input: Any, perm: Any = None, name: Any = None) -> SparseTensor:
    """The axes in another order, by default reversed."""
    order = list(range(sp_input.ndim))[::-1] if perm is None else [int(p) for p in np.atleast_1d(ints(perm))]
    return reorder(SparseTensor(host(sp_input.indices)[:, order], sp_input.values, np.asarray(sp_input.shape)[order]))


def split(sp_input: Any = None, num_split: Any = None, axis: Any = None, name: Any = None) -> list:
    """Parts along an axis; the first ones are longer where it does not come out even."""
    place, shape = ints(axis) % sp_input.ndim, list(sp_input.shape)
    size, extra = divmod(shape[place], ints(num_split))
    begin, found = 0, []
    for i in range(ints(num_split)):
        n = size + (i < extra)
        start, wanted = [0] * len(shape), list(shape)
        start[place], wanted[place] = begin, n
        found.append(cut(sp_input, start, wanted))
        begin += n
    return found


def fill_empty_rows(sp_input: Any, default_value: Any, name: Any = None) -> tuple:
    """A value in each row that has none, and which rows these were."""
    at = host(sp_input.indices)
    empty = np.bincount(at[:, 0], minlength=sp_input.shape[0]) == 0
    rows = np.flatnonzero(empty)
    more = np.zeros((len(rows), at.shape[1]), "int32")
    more[:, 0] = rows
    fill = functions("")["broadcast_to"](convert_to_tensor(default_value, sp_input.dtype), (len(rows),))
    values = functions("")["concat"]([sp_input.values, fill], 0)
    return reorder(SparseTensor(np.concatenate([at, more]), values, sp_input.dense_shape)), convert_to_tensor(empty)


def mask(a: Any, mask_indices: Any, name: Any = None) -> Any:
    """Rows of IndexedSlices without some places."""
    from .creation import IndexedSlices

    kept = np.flatnonzero(~np.isin(host(a.indices), host(mask_indices)))
    take = shim(lambda v: jnp.asarray(v)[kept])
    return IndexedSlices(take(a.values), take(a.indices), a.dense_shape)


def reduction(how: str) -> Callable:
    """The sum or the largest value over axes, of the values that are there."""

    def reduced(
        sp_input: Any, axis: Any = None, keepdims: Any = None, output_is_sparse: bool = False, name: Any = None
    ) -> Any:
        axes = range(sp_input.ndim) if axis is None else [a % sp_input.ndim for a in np.atleast_1d(ints(axis)).tolist()]
        at, shape = host(sp_input.indices), list(sp_input.shape)
        left = [a for a in range(len(shape)) if a not in axes]
        sizes = [shape[a] for a in left]
        flat = np.ravel_multi_index(tuple(at[:, left].T), sizes) if left else np.zeros(len(at), int)

        def compute(v: Any) -> Any:
            n = int(np.prod(sizes))
            if how == "add":
                return jnp.zeros(n, v.dtype).at[flat].add(v)
            low = jnp.iinfo(v.dtype).min if jnp.issubdtype(v.dtype, jnp.integer) else -jnp.inf
            there = jnp.zeros(n, bool).at[flat].set(True)
            return jnp.where(there, jnp.full(n, low, v.dtype).at[flat].max(v), 0).astype(v.dtype)

        wanted = [1 if a in axes else n for a, n in enumerate(shape)] if keepdims else sizes
        found = shim(lambda v: compute(v).reshape(wanted))(sp_input.values)
        return from_dense(found) if output_is_sparse else found

    return reduced


def softmax(sp_input: Any, name: Any = None) -> SparseTensor:
    """Shares among the values of each row."""
    rows = _flat(sp_input) // sp_input.shape[-1]
    count = int(np.prod(sp_input.shape[:-1]))

    def shares(v: Any) -> Any:
        e = jnp.exp(v - jnp.full(count, -jnp.inf, v.dtype).at[rows].max(v)[rows])
        return e / jnp.zeros(count, v.dtype).at[rows].add(e)[rows]

    return sp_input.with_values(shim(shares)(sp_input.values))


def eye(num_rows: Any, num_columns: Any = None, dtype: Any = "float32", name: Any = None) -> SparseTensor:
    """Ones on the diagonal."""
    m = ints(num_rows)
    n = m if num_columns is None else ints(num_columns)
    at = np.arange(min(m, n))
    return SparseTensor(np.stack([at, at], 1), Tensor(jnp.ones(len(at), dtype_of(dtype))), [m, n])


def to_indicator(sp_input: Any, vocab_size: Any, name: Any = None) -> Any:
    """Which numbers are among the values of each row."""
    sizes, count = list(sp_input.shape), ints(vocab_size)
    at, values = host(sp_input.indices), np.asarray(unwrap(sp_input.values))
    found = np.zeros((*sizes[:-1], count), bool)
    found[(*at[:, :-1].T, values)] = True
    return convert_to_tensor(found)


def reset_shape(sp_input: Any, new_shape: Any = None) -> SparseTensor:
    """Another shape that holds all places; by default the smallest."""
    at = host(sp_input.indices)
    shape = at.max(0) + 1 if new_shape is None else ints(new_shape)
    if np.any(at >= np.asarray(shape)):
        raise ValueError(f"tf.sparse.reset_shape: some values lie outside of {list(shape)}.")
    return SparseTensor(at, sp_input.values, shape)


def map_values(op: Callable, *args: Any, **kwargs: Any) -> Any:
    """``op`` of the values of sparse arguments, which stand at the same places."""
    given = [x for x in (*args, *kwargs.values()) if isinstance(x, SparseTensor)]
    if not given:
        return op(*args, **kwargs)
    if any(not np.array_equal(host(x.indices), host(given[0].indices)) for x in given):
        raise ValueError("tf.sparse.map_values: the sparse tensors have values at different places.")
    values = lambda x: x.values if isinstance(x, SparseTensor) else x  # noqa: E731
    return given[0].with_values(op(*map(values, args), **{k: values(v) for k, v in kwargs.items()}))


def bincount(values: Any, weights: Any = None, axis: Any = 0, minlength: Any = None, maxlength: Any = None,
             binary_output: bool = False, name: Any = None) -> SparseTensor:  # fmt: skip
    """How often each number occurs, in all or (``axis=-1``) in each row."""
    one_of("tf.sparse.bincount: axis", axis, (None, 0, -1))
    if weights is not None or isinstance(values, SparseTensor):
        raise ValueError("tf.sparse.bincount: weights and sparse values are not offered; use tf.math.bincount.")
    x = host(values)
    rows = x.reshape(1, -1) if axis in (None, 0) or x.ndim == 1 else x
    count = max(int(x.max(initial=-1)) + 1, ints(minlength) or 0)
    count = count if maxlength is None else min(count, ints(maxlength))
    dense = np.stack([np.bincount(r[r < count], minlength=count)[:count] for r in rows]).astype("int32")
    dense = np.minimum(dense, 1) if binary_output else dense
    return from_dense(dense[0] if axis in (None, 0) or x.ndim == 1 else dense)


sparse = Space(
    "tf.sparse",
    SparseTensor=SparseTensor, add=add, bincount=bincount, concat=concat, expand_dims=expand_dims, eye=eye,
    fill_empty_rows=fill_empty_rows, from_dense=from_dense, map_values=map_values, mask=mask, maximum=_extreme("max"),
    minimum=_extreme("min"), reduce_max=reduction("max"), reduce_sum=reduction("add"), reorder=reorder,
    reset_shape=reset_shape, reshape=reshape, retain=retain, slice=cut, softmax=softmax, sparse_dense_matmul=matmul,
    split=split, to_dense=to_dense, to_indicator=to_indicator, transpose=transpose,
)  # fmt: skip


def _unflattened(_: Any, children: Any) -> SparseTensor:
    made = object.__new__(SparseTensor)
    made.indices, made.values, made.dense_shape = children
    return made


jax.tree_util.register_pytree_node(SparseTensor, lambda x: ((x.indices, x.values, x.dense_shape), None), _unflattened)
COMPOSITES.append(SparseTensor)

"""What functions of ``tf`` do with ragged tensors, and ``tf.ragged``."""

import operator
from collections.abc import Callable
from functools import reduce as folded
from typing import Any

import jax.numpy as jnp
import numpy as np

from .creation import convert_to_tensor
from .ragged_made import constant
from .ragged_tensor import RaggedTensor, coordinates, host, ids_of, length, parts, picked, spans, starts_of, whole
from .rows import dtype_of, ints
from .system import Space
from .tables import functions
from .tensor import Tensor, shim, unwrap

REDUCTIONS = "sum prod max min mean any all variance std".split()
# Functions of a namespace that work element by element, or add axes behind the last.
ELEMENTS = (
    "relu relu6 elu selu gelu silu swish leaky_relu crelu sigmoid tanh softplus softsign dropout l2_normalize one_hot "
    "lower upper strip length regex_replace regex_full_match to_number as_string substr to_hash_bucket to_hash_bucket_fast "
    "to_hash_bucket_strong unicode_transcode split bytes_split unicode_split unicode_decode where bitcast "
    "bitwise_and bitwise_or bitwise_xor left_shift right_shift invert decode_base64 encode_base64 decode_raw"
).split()
NOT_ELEMENTS = (
    "add_n accumulate_n polyval lbeta zero_fraction is_non_decreasing is_strictly_increasing invert_permutation".split()
)


def _same_rows(one: RaggedTensor, other: RaggedTensor) -> bool:
    if one is other:
        return True
    a, b = one.nested_row_splits, other.nested_row_splits
    return len(a) == len(b) and all(np.array_equal(host(x), host(y)) for x, y in zip(a, b, strict=True))


def _beside(path: str, x: Any, rows: RaggedTensor) -> Any:
    """What stands beside the flat values of ``rows`` for another argument."""
    if isinstance(x, RaggedTensor):
        if not _same_rows(x, rows):
            raise ValueError(f"{path}: the rows of two ragged tensors differ in length.")
        return x.flat_values
    shape = np.shape(unwrap(x)) if not hasattr(unwrap(x), "shape") else unwrap(x).shape
    if len(shape) < rows.ndim or isinstance(x, (str, bytes, type(None), type)):
        if 0 < len(shape) and len(shape) > rows.flat_values.ndim - 1 and shape[0] != 1 and not isinstance(x, str):
            raise ValueError(f"{path}: a tensor of shape {tuple(shape)} does not fit rows of several lengths.")
        return x
    places = [np.zeros_like(at) if n == 1 else at for at, n in zip(coordinates(rows), shape, strict=False)]
    if any(len(at) and at.max() >= n for at, n in zip(places, shape, strict=False)):
        raise ValueError(f"{path}: a tensor of shape {tuple(shape)} does not fit the rows.")
    return shim(lambda v: v[tuple(places)])(convert_to_tensor(x))


def elementwise(path: str, fn: Callable, args: tuple, kwargs: dict) -> Any:
    """``fn`` of the flat values, in the same rows."""
    ragged = [x for x in (*args, *kwargs.values()) if isinstance(x, RaggedTensor)]
    rows = max(ragged, key=lambda x: x.ragged_rank)
    flat = [_beside(path, a, rows) for a in args]
    named = {k: _beside(path, v, rows) for k, v in kwargs.items()}
    return rows.with_flat_values(fn(*flat, **named))


def call(path: str, fn: Callable, args: tuple, kwargs: dict) -> Any:
    """A function of ``tf`` that was given a ragged tensor."""
    name = path.rpartition(".")[2]
    short = path.removeprefix("tf.").removeprefix("math.")
    if short in HANDLERS:
        return HANDLERS[short](*args, **kwargs)
    from .elementwise import ROWS

    if name in ELEMENTS or name in ROWS and name not in NOT_ELEMENTS:
        return elementwise(path, fn, args, kwargs)
    raise TypeError(f"{path} takes no RaggedTensor: use its to_tensor(), or tf.ragged.map_flat_values.")


# ------------------------------------------------- reductions


def _filled(x: RaggedTensor, how: str) -> tuple[Any, Any]:
    """A tensor in which what is missing changes no reduction, and which places there are."""
    there = x.with_flat_values(functions("")["ones_like"](x.flat_values, dtype="bool"))
    flat = unwrap(x.flat_values)
    exact = jnp.issubdtype(flat.dtype, jnp.integer)
    low, high = (jnp.iinfo(flat.dtype).min, jnp.iinfo(flat.dtype).max) if exact else (-np.inf, np.inf)
    neutral = {"prod": 1, "max": low, "min": high, "all": True}.get(how, 0)
    return x.to_tensor(np.asarray(neutral).astype(flat.dtype)), there.to_tensor(False)


def _columns(x: RaggedTensor, how: str) -> Any:
    """Over the first axis: a tensor where the rows are one level deep."""
    if isinstance(x.values, RaggedTensor):
        splits = host(x.row_splits)
        lengths = np.diff(splits)
        columns = [picked(x.values, splits[:-1][lengths > j] + j) for j in range(int(lengths.max(initial=0)))]
        return stack([_columns(c, how) for c in columns])
    values, there = _filled(x, how)

    def reduced(v: Any, t: Any) -> Any:
        t = t.reshape(*t.shape, *[1] * (v.ndim - t.ndim))
        count = jnp.maximum(jnp.sum(t, 0), 1)
        if how == "mean":
            return (jnp.sum(v, 0) / count).astype(v.dtype)
        if how in ("variance", "std"):
            middle = jnp.sum(v, 0) / count
            found = jnp.sum(jnp.where(t, (v - middle) ** 2, 0), 0) / count
            return found if how == "variance" else jnp.sqrt(found)
        return getattr(jnp, how)(v, 0).astype(v.dtype)

    return shim(reduced)(values, there)


def _in_rows(x: RaggedTensor, how: str) -> Any:
    """Over the first ragged axis: one value for each row; of rows of rows a ragged tensor."""
    if isinstance(x.values, RaggedTensor):
        inner = [_columns(x[i], how) if len(x[i]) else None for i in range(len(x))]
        some = next(v for v in inner if v is not None)
        rows = [some[:0] if v is None else v for v in inner]
        return RaggedTensor(functions("")["concat"](rows, 0), starts_of([len(r) for r in rows]))
    ids, count, lengths = ids_of(x), len(x), np.diff(host(x.row_splits))

    def reduced(v: Any) -> Any:
        sizes = jnp.asarray(lengths.reshape(-1, *[1] * (v.ndim - 1)))
        total = lambda a: jnp.zeros((count, *a.shape[1:]), a.dtype).at[ids].add(a)  # noqa: E731
        if how == "mean":
            return (total(v) / sizes).astype(v.dtype)
        if how in ("variance", "std"):
            found = total((v - (total(v) / sizes)[ids]) ** 2) / sizes
            return found if how == "variance" else jnp.sqrt(found)
        start = {"sum": 0, "prod": 1, "any": False, "all": True}
        if how in start:
            at = jnp.full((count, *v.shape[1:]), start[how], v.dtype).at[ids]
            return {"sum": at.add, "prod": at.multiply, "any": at.max, "all": at.min}[how](v)
        info = jnp.iinfo(v.dtype) if jnp.issubdtype(v.dtype, jnp.integer) else jnp.finfo(v.dtype)
        at = jnp.full((count, *v.shape[1:]), info.min if how == "max" else info.max, v.dtype).at[ids]
        return at.max(v) if how == "max" else at.min(v)

    return shim(reduced)(x.values)


def _reduction(how: str) -> Callable:
    name = f"reduce_{how}"

    def reduce(input_tensor: Any, axis: Any = None, keepdims: Any = False, name: Any = None) -> Any:
        x = input_tensor
        if axis is None:
            if keepdims:
                raise ValueError(
                    f"tf.reduce_{how}: keepdims with all axes of a RaggedTensor is not offered; name an axis."
                )
            return plain(x.flat_values)
        axes = sorted({a % x.ndim for a in np.atleast_1d(ints(axis)).tolist()}, reverse=True)
        if len(axes) > 1 and how in ("mean", "variance", "std"):
            raise ValueError(
                f"tf.reduce_{how}: several axes of a RaggedTensor at once are not offered; reduce flat_values."
            )
        for one in axes:
            x = along(x, one, bool(keepdims))
        return x

    def along(x: Any, axis: int, keepdims: bool) -> Any:
        if not isinstance(x, RaggedTensor):
            return plain(x, axis=axis, keepdims=keepdims)
        if axis > 1:
            return x.with_values(along(x.values, axis - 1, keepdims))
        found = _columns(x, how) if axis == 0 else _in_rows(x, how)
        return _expanded(found, axis) if keepdims else found

    def plain(x: Any, **options: Any) -> Any:
        return functions("math")[name](x, **options)

    return reduce


# ------------------------------------------------- arrangement


def concat(values: Any, axis: Any, name: Any = None) -> Any:
    """Ragged tensors and tensors joined along an axis."""
    found = [_as_ragged(v, values) for v in values]
    place = ints(axis) % found[0].ndim
    if place == 0:
        return _behind(found)
    if place == 1:
        count = len(found[0])
        if any(len(x) != count for x in found):
            raise ValueError(f"tf.concat: expected as many rows in each, received {[len(x) for x in found]}.")
        every, lengths = _behind([_values(x) for x in found]), [np.diff(host(x.row_splits)) for x in found]
        bases = np.cumsum([0, *(length(x.values) for x in found)])
        begins = np.stack([host(x.row_splits)[:-1] + b for x, b in zip(found, bases, strict=False)], 1).reshape(-1)
        sizes = np.stack(lengths, 1)
        return RaggedTensor(picked(every, spans(begins, sizes.reshape(-1))), starts_of(sizes.sum(1)))
    if any(not np.array_equal(host(x.row_splits), host(found[0].row_splits)) for x in found):
        raise ValueError("tf.concat: the rows of the ragged tensors differ in length.")
    inner = [x.values for x in found]
    ragged = any(isinstance(v, RaggedTensor) for v in inner)
    joined = concat(inner, place - 1) if ragged else functions("")["concat"](inner, place - 1)
    return found[0].with_values(joined)


def _values(x: RaggedTensor) -> Any:
    return x.values


def _as_ragged(x: Any, others: Any) -> RaggedTensor:
    if isinstance(x, RaggedTensor):
        return x
    made, like = convert_to_tensor(x), next(v for v in others if isinstance(v, RaggedTensor))
    return RaggedTensor.from_tensor(made, ragged_rank=min(like.ragged_rank, made.ndim - 1))


def _behind(values: list) -> Any:
    """Values one behind the other."""
    if not any(isinstance(v, RaggedTensor) for v in values):
        return functions("")["concat"](values, 0)
    found = [_as_ragged(v, values) for v in values]
    lengths = np.concatenate([np.diff(host(x.row_splits)) for x in found])
    return RaggedTensor(_behind([x.values for x in found]), starts_of(lengths))


def stack(values: Any, axis: Any = 0, name: Any = None) -> Any:
    """Tensors of several lengths along a new axis.

    >>> stack([[1, 2], [3]]).to_list()
    [[1, 2], [3]]
    """
    rows = [parts(v) for v in values]
    place = ints(axis) % (rows[0].ndim + 1)
    if place == 0:
        if rows[0].ndim == 0:
            return functions("")["stack"](rows)
        return RaggedTensor(_behind(rows), starts_of([length(r) for r in rows]))
    return concat([_expanded(_as_ragged(r, rows) if r.ndim > 1 else r, place) for r in rows], place)


def _expanded(input: Any, axis: Any, name: Any = None) -> Any:
    """A new axis of length 1."""
    if not isinstance(input, RaggedTensor):
        return functions("")["expand_dims"](input, axis)
    place = ints(axis) % (input.ndim + 1)
    if place == 0:
        return RaggedTensor.from_uniform_row_length(input, len(input), 1)
    if place == 1:
        return RaggedTensor.from_uniform_row_length(input, 1, len(input))
    return input.with_values(_expanded(input.values, place - 1))


def gather(params: Any, indices: Any, validate_indices: Any = None, axis: Any = None, batch_dims: Any = 0,
           name: Any = None) -> Any:  # fmt: skip
    """Rows at places, of which either may be ragged."""
    if axis not in (None, 0, ints(batch_dims)) or validate_indices is not None:
        raise ValueError("tf.gather: with ragged tensors axis must be batch_dims, and validate_indices is not offered.")
    if ints(batch_dims) == 1:
        rows = [gather(parts(p), i) if isinstance(i, RaggedTensor) else picked(parts(p), host(i))
                for p, i in zip(params, indices, strict=True)]  # fmt: skip
        return stack(rows)
    if ints(batch_dims):
        raise ValueError("tf.gather: with ragged tensors batch_dims may be 0 or 1.")
    if isinstance(indices, RaggedTensor):
        return indices.with_flat_values(gather(params, indices.flat_values))
    if not isinstance(params, RaggedTensor):
        return functions("")["gather"](params, indices)
    at = host(indices)
    if np.any((at < 0) | (at >= len(params))):
        raise ValueError(f"tf.gather: indices must lie in [0, {len(params)}), received {at.tolist()}.")
    found = picked(params, at.reshape(-1)) if at.ndim else params[int(at)]
    for size in reversed(at.shape[1:]):
        found = RaggedTensor.from_uniform_row_length(found, size)
    return found


def boolean_mask(data: Any, mask: Any, axis: Any = None, name: Any = None) -> Any:
    """What stands where the mask is true; the rows of the mask stay.

    >>> boolean_mask([[1, 2], [3, 4]], [[True, False], [True, True]]).to_list()
    [[1], [3, 4]]
    """
    if axis not in (None, 0):
        raise ValueError("tf.ragged.boolean_mask: axis must be left out.")
    data, mask = parts(data), parts(mask)
    if mask.ndim == 1:
        return picked(data, np.flatnonzero(np.asarray(unwrap(mask))))
    if not isinstance(mask, RaggedTensor):
        mask = RaggedTensor.from_tensor(mask, ragged_rank=mask.ndim - 1)
    if not isinstance(data, RaggedTensor):
        data = RaggedTensor.from_tensor(data, ragged_rank=mask.ragged_rank)
    if not np.array_equal(host(data.row_splits), host(mask.row_splits)):
        raise ValueError("tf.ragged.boolean_mask: the rows of data and mask differ in length.")
    inner = boolean_mask(data.values, mask.values)
    if isinstance(mask.values, RaggedTensor):
        return RaggedTensor(inner, mask.row_splits)
    kept = np.asarray(unwrap(mask.values)).astype("int32")
    return RaggedTensor(inner, np.concatenate([[0], np.cumsum(kept)]).astype("int32")[host(mask.row_splits)])


def reverse(tensor: Any, axis: Any, name: Any = None) -> Any:
    """The other way round along axes."""
    for one in np.atleast_1d(ints(axis)).tolist():
        keys = [slice(None)] * (one % tensor.ndim)
        tensor = tensor[(*keys, slice(None, None, -1))]
    return tensor


def where(condition: Any, x: Any = None, y: Any = None, name: Any = None) -> Any:
    """One or the other, or with one argument the places of what is true."""
    if x is not None:
        return elementwise("tf.where", functions("")["where"], (condition, x, y), {})
    true = np.asarray(unwrap(condition.flat_values)).astype(bool)
    return Tensor(np.stack(coordinates(condition), -1)[true])


def softmax(logits: Any, axis: Any = -1, name: Any = None) -> Any:
    """Shares within the rows."""
    if ints(axis) % logits.ndim != 1 or logits.ragged_rank != 1:
        raise ValueError("tf.nn.softmax: of a RaggedTensor only its one ragged axis is offered.")
    ids, count = ids_of(logits), len(logits)

    def shares(v: Any) -> Any:
        top = jnp.full((count, *v.shape[1:]), -jnp.inf, v.dtype).at[ids].max(v)
        e = jnp.exp(v - top[ids])
        return e / jnp.zeros_like(top).at[ids].add(e)[ids]

    return logits.with_values(shim(shares)(logits.values))


def map_flat_values(op: Callable, *args: Any, **kwargs: Any) -> Any:
    """``op`` of the flat values of ragged arguments; other arguments as they are."""
    ragged = [x for x in (*args, *kwargs.values()) if isinstance(x, RaggedTensor)]
    if not ragged:
        return op(*args, **kwargs)
    if not all(_same_rows(x, ragged[0]) for x in ragged):
        raise ValueError("tf.ragged.map_flat_values: the rows of the ragged tensors differ in length.")
    flat = lambda x: x.flat_values if isinstance(x, RaggedTensor) else x  # noqa: E731
    return ragged[0].with_flat_values(op(*map(flat, args), **{k: flat(v) for k, v in kwargs.items()}))


def _range(starts: Any, limits: Any = None, deltas: Any = 1, dtype: Any = None, name: Any = None,
           row_splits_dtype: Any = "int64") -> RaggedTensor:  # fmt: skip
    dtype_of(row_splits_dtype)
    starts, limits = (0, starts) if limits is None else (starts, limits)
    found = np.broadcast_arrays(*(np.atleast_1d(np.asarray(unwrap(v))) for v in (starts, limits, deltas)))
    rows = [np.arange(a, b, c) for a, b, c in zip(*found, strict=True)]
    flat = jnp.asarray(np.concatenate(rows))
    return RaggedTensor(
        Tensor(flat if dtype is None else flat.astype(dtype_of(dtype))), starts_of([len(r) for r in rows])
    )


def _join(inputs: Any, separator: Any = "", name: Any = None) -> Any:
    """Corresponding texts joined."""
    return elementwise(
        "tf.strings.join", lambda *x: functions("strings")["join"](list(x), separator), tuple(inputs), {}
    )


def _reduce_join(inputs: Any, axis: Any = None, keepdims: bool = False, separator: Any = "", name: Any = None) -> Any:
    """The texts of rows joined."""
    join = functions("strings")["reduce_join"]
    if axis is None:
        return join(inputs.flat_values, keepdims=keepdims, separator=separator)
    place = ints(axis) % inputs.ndim
    if place > 1 or isinstance(inputs.values, RaggedTensor) and place == 1:
        if place == 1:
            raise ValueError("tf.strings.reduce_join: of rows of rows the innermost axis, or all, are offered.")
        return inputs.with_values(_reduce_join(inputs.values, place - 1, keepdims, separator))
    if place == 0:
        raise ValueError("tf.strings.reduce_join: over the first axis of a RaggedTensor is not offered.")
    rows = functions("")["stack"]([join(row, separator=separator) for row in inputs])
    return functions("")["expand_dims"](rows, 1) if keepdims else rows


def _ngrams(data: Any, ngram_width: Any, *args: Any, **kwargs: Any) -> Any:
    """Neighbouring words of each row joined."""
    if isinstance(data.values, RaggedTensor):
        return data.with_values(_ngrams(data.values, ngram_width, *args, **kwargs))
    return stack([functions("strings")["ngrams"](row, ngram_width, *args, **kwargs) for row in data])


def _segments(splits: Any, name: Any = None, out_type: Any = None) -> Tensor:
    return _in_type(np.repeat(np.arange(len(host(splits)) - 1), np.diff(host(splits))), out_type)


def _splits(segment_ids: Any, num_segments: Any = None, out_type: Any = None, name: Any = None) -> Tensor:
    return _in_type(host(RaggedTensor.from_value_rowids(segment_ids, segment_ids, num_segments).row_splits), out_type)


def _in_type(found: np.ndarray, dtype: Any) -> Tensor:
    return whole(found) if dtype is None else Tensor(found.astype(dtype_of(dtype)))


def _partitions(data: Any, partitions: Any, num_partitions: Any, name: Any = None) -> RaggedTensor:
    at = host(partitions)
    order = np.argsort(at, kind="stable")
    return RaggedTensor(picked(parts(data), order), starts_of(np.bincount(at, minlength=ints(num_partitions))))


def _encoded(input: Any, *args: Any, **kwargs: Any) -> Any:
    """Text of the numbers of letters in the innermost rows."""
    if isinstance(input.values, RaggedTensor):
        return input.with_values(_encoded(input.values, *args, **kwargs))
    return functions("")["stack"]([functions("strings")["unicode_encode"](row, *args, **kwargs) for row in input])


def _lookup(params: Any, ids: Any, max_norm: Any = None, name: Any = None) -> Any:
    return ids.with_flat_values(functions("nn")["embedding_lookup"](params, ids.flat_values, max_norm))


HANDLERS: dict[str, Callable] = {
    **{f"reduce_{how}": _reduction(how) for how in REDUCTIONS},
    "concat": concat, "stack": stack, "expand_dims": _expanded, "gather": gather, "boolean_mask": boolean_mask,
    "reverse": reverse, "where": where, "nn.softmax": softmax, "strings.join": _join, "strings.reduce_join": _reduce_join,
    "strings.ngrams": _ngrams, "strings.unicode_encode": _encoded, "nn.embedding_lookup": _lookup,
    "add_n": lambda inputs, name=None: folded(operator.add, inputs),
}  # fmt: skip
ragged = Space(
    "tf.ragged",
    constant=constant, stack=stack, boolean_mask=boolean_mask, map_flat_values=map_flat_values, range=_range,
    row_splits_to_segment_ids=_segments, segment_ids_to_row_splits=_splits, stack_dynamic_partitions=_partitions,
)  # fmt: skip


def _operators() -> None:
    RaggedTensor._call = staticmethod(call)  # type: ignore[attr-defined]
    names = "add sub mul truediv floordiv mod pow and or xor lt le gt ge eq ne".split()
    for name in names:
        compute = getattr(operator, name if name not in ("and", "or") else name + "_")

        def binary(self: Any, other: Any, compute: Callable = compute) -> Any:
            return elementwise("tf operator", lambda a, b: compute(convert_to_tensor(a), b), (self, other), {})

        def reflected(self: Any, other: Any, compute: Callable = compute) -> Any:
            return elementwise("tf operator", lambda a, b: compute(b, convert_to_tensor(a)), (self, other), {})

        setattr(RaggedTensor, f"__{name}__", binary)
        if name not in ("lt", "le", "gt", "ge", "eq", "ne"):
            setattr(RaggedTensor, f"__r{name}__", reflected)
    for name in "neg abs invert".split():
        setattr(RaggedTensor, f"__{name}__", _unary(getattr(operator, name)))


def _unary(compute: Callable) -> Callable:
    return lambda self: self.with_flat_values(compute(self.flat_values))


_operators()

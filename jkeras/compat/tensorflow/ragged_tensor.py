"""``tf.RaggedTensor``: rows of several lengths, kept as one array of values and the places where the rows begin and end.

Where rows begin is known on the host; a ``tf.function`` that is given such a tensor and asks for the lengths runs step by step.
"""

from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .creation import convert_to_tensor
from .rows import dtype_of, ints
from .tensor import COMPOSITES, DType, Tensor, TensorShape, shim, unwrap


def host(x: Any) -> np.ndarray:
    """Whole numbers as NumPy has them."""
    return np.asarray(unwrap(x)).astype("int32")


def whole(x: Any) -> Tensor:
    """Whole numbers as a tensor."""
    return x if isinstance(x, Tensor) else Tensor(np.asarray(x, "int32"))


def parts(x: Any) -> Any:
    """What can be the values of a RaggedTensor."""
    return x if isinstance(x, RaggedTensor) else convert_to_tensor(x)


def length(values: Any) -> int:
    """How many rows."""
    return values.shape[0]


def picked(values: Any, places: np.ndarray) -> Any:
    """Rows of a tensor, ragged or not."""
    if isinstance(values, RaggedTensor):
        splits = host(values.row_splits)
        sizes = splits[1:][places] - splits[:-1][places]
        return RaggedTensor(picked(values.values, spans(splits[:-1][places], sizes)), starts_of(sizes))
    return shim(lambda v: v[places])(values)


def spans(begins: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """The places of several runs, each given by its beginning and size, one behind the other."""
    return np.concatenate(
        [np.zeros(0, "int32"), *(np.arange(b, b + n, dtype="int32") for b, n in zip(begins, sizes, strict=True))]
    )


def starts_of(lengths: Any) -> np.ndarray:
    """The splits of rows of these lengths."""
    return np.concatenate([[0], np.cumsum(host(lengths))]).astype("int32")


class RaggedTensor:
    """Rows of several lengths: ``values``, which may be ragged themselves, and ``row_splits``.

    https://www.tensorflow.org/api_docs/python/tf/RaggedTensor

    >>> RaggedTensor.from_row_lengths([3, 1, 4], [2, 0, 1]).to_list()
    [[3, 1], [], [4]]
    """

    __array_priority__ = 300

    def __init__(self, values: Any, row_splits: Any, uniform_row_length: Any = None):
        self.values, self.row_splits = (
            values,
            whole(row_splits) if not hasattr(row_splits, "aval") else Tensor(row_splits),
        )
        self.uniform_row_length = uniform_row_length

    # ---- made of

    @classmethod
    def from_row_splits(cls, values: Any, row_splits: Any, name: Any = None, validate: bool = True) -> "RaggedTensor":
        """Row ``i`` is ``values[row_splits[i] : row_splits[i + 1]]``."""
        values = parts(values)
        if validate:
            splits = host(row_splits)
            if splits.ndim != 1 or not len(splits) or splits[0] != 0 or np.any(np.diff(splits) < 0):
                raise ValueError(
                    f"RaggedTensor: row_splits must begin with 0 and not fall, received {splits.tolist()}."
                )
            if splits[-1] != length(values):
                raise ValueError(
                    f"RaggedTensor: row_splits end at {splits[-1]}, but there are {length(values)} values."
                )
        return cls(values, row_splits)

    @classmethod
    def from_row_lengths(cls, values: Any, row_lengths: Any, name: Any = None, validate: bool = True) -> "RaggedTensor":
        """Rows of these lengths, one behind the other."""
        if validate and np.any(host(row_lengths) < 0):
            raise ValueError(f"RaggedTensor: expected row_lengths of 0 or more, received {host(row_lengths).tolist()}.")
        return cls.from_row_splits(values, starts_of(row_lengths), None, validate)

    @classmethod
    def from_row_starts(cls, values: Any, row_starts: Any, name: Any = None, validate: bool = True) -> "RaggedTensor":
        """Row ``i`` begins at ``row_starts[i]``."""
        values = parts(values)
        return cls.from_row_splits(values, np.append(host(row_starts), length(values)), None, validate)

    @classmethod
    def from_row_limits(cls, values: Any, row_limits: Any, name: Any = None, validate: bool = True) -> "RaggedTensor":
        """Row ``i`` ends before ``row_limits[i]``."""
        return cls.from_row_splits(values, np.append(0, host(row_limits)), None, validate)

    @classmethod
    def from_value_rowids(cls, values: Any, value_rowids: Any, nrows: Any = None, name: Any = None,
                          validate: bool = True) -> "RaggedTensor":  # fmt: skip
        """Value ``i`` belongs to row ``value_rowids[i]``; the numbers do not fall."""
        ids = host(value_rowids)
        if validate and np.any(np.diff(ids) < 0):
            raise ValueError(f"RaggedTensor: value_rowids must not fall, received {ids.tolist()}.")
        count = (int(ids[-1]) + 1 if len(ids) else 0) if nrows is None else ints(nrows)
        return cls.from_row_splits(values, starts_of(np.bincount(ids, minlength=count)), None, validate)

    @classmethod
    def from_uniform_row_length(cls, values: Any, uniform_row_length: Any, nrows: Any = None, validate: bool = True,
                                name: Any = None) -> "RaggedTensor":  # fmt: skip
        """Rows of one length."""
        values, size = parts(values), ints(uniform_row_length)
        count = ints(nrows) if nrows is not None else length(values) // max(size, 1)
        made = cls.from_row_splits(values, np.arange(count + 1) * size, None, validate)
        made.uniform_row_length = size
        return made

    @classmethod
    def _nested(cls, make: Callable, values: Any, levels: Any, validate: bool) -> Any:
        for level in reversed(list(levels)):
            values = make(values, level, validate=validate)
        return values

    @classmethod
    def from_nested_row_splits(
        cls, flat_values: Any, nested_row_splits: Any, name: Any = None, validate: bool = True
    ) -> Any:
        """Several ragged axes, the outermost splits first."""
        return cls._nested(cls.from_row_splits, flat_values, nested_row_splits, validate)

    @classmethod
    def from_nested_row_lengths(
        cls, flat_values: Any, nested_row_lengths: Any, name: Any = None, validate: bool = True
    ) -> Any:
        """Several ragged axes, the outermost lengths first."""
        return cls._nested(cls.from_row_lengths, flat_values, nested_row_lengths, validate)

    @classmethod
    def from_nested_value_rowids(cls, flat_values: Any, nested_value_rowids: Any, nested_nrows: Any = None, name: Any = None,
                                 validate: bool = True) -> Any:  # fmt: skip
        """Several ragged axes, the outermost row numbers first."""
        counts = [None] * len(nested_value_rowids) if nested_nrows is None else list(nested_nrows)
        for ids, count in zip(reversed(list(nested_value_rowids)), reversed(counts), strict=True):
            flat_values = cls.from_value_rowids(flat_values, ids, count, None, validate)
        return flat_values

    @classmethod
    def from_tensor(cls, tensor: Any, lengths: Any = None, padding: Any = None, ragged_rank: int = 1, name: Any = None,
                    row_splits_dtype: Any = "int64") -> "RaggedTensor":  # fmt: skip
        """The rows of a tensor: whole, cut to ``lengths``, or without the ``padding`` at their ends."""
        x = convert_to_tensor(tensor)
        dtype_of(row_splits_dtype)
        if lengths is not None and padding is not None:
            raise ValueError("RaggedTensor.from_tensor: give lengths or padding, not both.")
        if isinstance(lengths, (list, tuple)) and lengths and np.ndim(unwrap(lengths[0])) > 0:
            return cls._cut(x, lengths)
        if ragged_rank > 1 and lengths is None:
            flat = shim(lambda v: v.reshape(-1, *v.shape[2:]))(x)
            inner = cls.from_tensor(flat, None, padding, ragged_rank - 1)
            return cls.from_uniform_row_length(inner, x.shape[1], x.shape[0])._forgotten()
        if padding is not None:
            same = np.asarray(x.numpy() == convert_to_tensor(padding, x.dtype).numpy())
            same = same.reshape(*same.shape[:2], -1).all(-1)
            lengths = same.shape[1] - np.argmin(np.concatenate([same[:, ::-1], np.zeros((len(same), 1), bool)], 1), 1)
        n, size = x.shape[:2]
        wanted = np.full(n, size) if lengths is None else np.clip(host(lengths), 0, size)
        places = spans(np.arange(n) * size, wanted)
        return cls(shim(lambda v: v.reshape(-1, *v.shape[2:])[places])(x), starts_of(wanted))

    @classmethod
    def _cut(cls, x: Any, nested: Any) -> Any:
        """Rows cut along several axes."""
        outer = cls.from_tensor(x, nested[0])
        return outer if len(nested) == 1 else outer.with_values(cls._cut(outer.values, list(nested[1:])))

    def _forgotten(self) -> "RaggedTensor":
        self.uniform_row_length = None
        return self

    @classmethod
    def from_sparse(cls, st_input: Any, name: Any = None, row_splits_dtype: Any = "int64") -> "RaggedTensor":
        """The values of the rows of a SparseTensor, which stand without gaps."""
        dtype_of(row_splits_dtype)
        places, (n, _) = host(st_input.indices), host(st_input.dense_shape)
        counts = np.bincount(places[:, 0], minlength=n)
        if not np.array_equal(places[:, 1], spans(np.zeros(n, int), counts)):
            raise ValueError("RaggedTensor.from_sparse: the values of a row must stand at 0, 1, 2, ... .")
        return cls.from_row_lengths(st_input.values, counts)

    # ---- what it is

    @property
    def dtype(self) -> DType:
        """The dtype of its values."""
        return self.values.dtype

    @property
    def ragged_rank(self) -> int:
        """How many axes have rows of several lengths."""
        return 1 + (self.values.ragged_rank if isinstance(self.values, RaggedTensor) else 0)

    @property
    def flat_values(self) -> Any:
        """All values, in one tensor."""
        return self.values.flat_values if isinstance(self.values, RaggedTensor) else self.values

    @property
    def nested_row_splits(self) -> tuple:
        """The splits of all ragged axes, the outermost first."""
        return (self.row_splits, *(self.values.nested_row_splits if isinstance(self.values, RaggedTensor) else ()))

    @property
    def shape(self) -> TensorShape:
        """Its sizes, None where rows differ."""
        return TensorShape((self.row_splits.shape[0] - 1, self.uniform_row_length, *self.values.shape[1:]))

    def get_shape(self) -> TensorShape:
        """Its sizes, None where rows differ."""
        return self.shape

    ndim = property(lambda self: len(self.shape))

    @property
    def _spec(self) -> Any:
        from .ragged_made import RaggedTensorSpec

        return RaggedTensorSpec(self.shape, self.dtype, self.ragged_rank)

    def nrows(self, out_type: Any = None, name: Any = None) -> Tensor:
        """How many rows."""
        return _number(self.row_splits.shape[0] - 1, out_type)

    def row_lengths(self, axis: int = 1, name: Any = None) -> Any:
        """The lengths of rows: along the first ragged axis, or a later one."""
        if axis == 0:
            return self.nrows()
        if axis == 1:
            return shim(lambda s: s[1:] - s[:-1])(self.row_splits)
        if not isinstance(self.values, RaggedTensor):
            return self.map_row_lengths(axis)
        return self.with_values(self.values.row_lengths(axis - 1))

    def map_row_lengths(self, axis: int) -> Any:
        """The one length of an axis of the values."""
        return self.with_values(whole(np.full(length(self.values), self.values.shape[axis - 1])))

    def row_starts(self, name: Any = None) -> Tensor:
        """Where rows begin."""
        return shim(lambda s: s[:-1])(self.row_splits)

    def row_limits(self, name: Any = None) -> Tensor:
        """Before what rows end."""
        return shim(lambda s: s[1:])(self.row_splits)

    def value_rowids(self, name: Any = None) -> Tensor:
        """The row of each value."""
        return whole(ids_of(self))

    def nested_row_lengths(self, name: Any = None) -> tuple:
        """The lengths along all ragged axes."""
        return tuple(shim(lambda s: s[1:] - s[:-1])(s) for s in self.nested_row_splits)

    def nested_value_rowids(self, name: Any = None) -> tuple:
        """The row of each value, along all ragged axes."""
        inner = self.values.nested_value_rowids() if isinstance(self.values, RaggedTensor) else ()
        return (self.value_rowids(), *inner)

    def bounding_shape(self, axis: Any = None, name: Any = None, out_type: Any = None) -> Tensor:
        """The sizes of the smallest tensor that holds all rows."""
        sizes = [length(self), *(int(np.max(np.diff(host(s)), initial=0)) for s in self.nested_row_splits)]
        sizes = [*sizes, *self.flat_values.shape[1:]]
        return _number(sizes if axis is None else np.asarray(sizes)[np.asarray(ints(axis))], out_type)

    # ---- made from it

    def with_values(self, new_values: Any) -> "RaggedTensor":
        """Other values in the same rows."""
        made = parts(new_values)
        if length(made) != length(self.values):
            raise ValueError(f"with_values: expected {length(self.values)} values, received {length(made)}.")
        return RaggedTensor(made, self.row_splits, self.uniform_row_length)

    def with_flat_values(self, new_values: Any) -> "RaggedTensor":
        """Other values in the same rows of rows."""
        inner = isinstance(self.values, RaggedTensor)
        return self.with_values(self.values.with_flat_values(new_values) if inner else new_values)

    def with_row_splits_dtype(self, dtype: Any) -> "RaggedTensor":
        """Itself: whole numbers have 32 bits here."""
        if str(dtype) not in ("int32", "int64"):
            raise ValueError(f"with_row_splits_dtype: expected tf.int32 or tf.int64, received {dtype!r}.")
        return self

    def merge_dims(self, outer_axis: int, inner_axis: int) -> Any:
        """Axes from one to another in one."""
        outer, inner = outer_axis % self.ndim, inner_axis % self.ndim
        if outer >= inner:
            return self
        if outer > 0:
            values = self.values if isinstance(self.values, RaggedTensor) else None
            if values is not None:
                return self.with_values_of(values.merge_dims(outer - 1, inner - 1))
            kept = self.flat_values.shape
            size = int(np.prod(kept[outer - 1 : inner]))
            return self.with_values(
                shim(lambda v: v.reshape(*kept[: outer - 1], size, *kept[inner:]))(self.values)
            ) if outer > 1 else self._folded(inner)  # fmt: skip
        merged = self.values
        for _ in range(inner - 1):
            merged = merged.values if isinstance(merged, RaggedTensor) else shim(
                lambda v: v.reshape(-1, *v.shape[2:]))(merged)  # fmt: skip
        return merged

    def _folded(self, inner: int) -> Any:
        """The ragged axis and those of the values behind it in one."""
        factor = int(np.prod(self.values.shape[1:inner]))
        flat = shim(lambda v: v.reshape(-1, *v.shape[inner:]))(self.values)
        return RaggedTensor(flat, host(self.row_splits) * factor)

    def with_values_of(self, merged: Any) -> Any:
        """The rows of rows in one, after the axes inside were merged."""
        if length(merged) == length(self.values):
            return self.with_values(merged)
        splits, inner = host(self.row_splits), host(self.values.row_splits)
        return RaggedTensor(merged, inner[splits])

    def to_tensor(self, default_value: Any = None, name: Any = None, shape: Any = None) -> Tensor:
        """A tensor whose shorter rows are filled up with 0 (or an empty text), or with a value; cut or filled to ``shape``."""
        flat, places = self.flat_values, coordinates(self)
        sizes = host(self.bounding_shape()).tolist()
        if shape is not None:
            given = tuple(shape) if not isinstance(shape, Tensor) else ints(shape)
            sizes = [n if w in (None, -1) else int(unwrap(w)) for n, w in zip(sizes, given, strict=True)]
        kept = np.all([p < n for p, n in zip(places, sizes, strict=False)], 0)
        at, whole_sizes = tuple(p[kept] for p in places), tuple(sizes)
        inside = tuple(slice(0, min(n, m)) for n, m in zip(sizes[len(places) :], flat.shape[1:], strict=True))
        text = self.dtype == "string"
        fill = ("" if text else 0) if default_value is None else default_value

        def filled(values: Any, rest: Any) -> Any:
            values = values[kept][(slice(None), *inside)]
            if text:
                out = np.empty(whole_sizes, object)
                out[...] = np.asarray(rest, object)
                out[(*at, *inside)] = values
                return out
            out = jnp.broadcast_to(jnp.asarray(rest).astype(values.dtype), whole_sizes)
            return out.at[(*at, *inside)].set(values)

        return shim(filled)(flat, convert_to_tensor(fill))

    def to_sparse(self, name: Any = None) -> Any:
        """A SparseTensor: values and their places."""
        from .sparse_tensor import SparseTensor

        places, flat = np.stack(coordinates(self), -1), self.flat_values
        if flat.ndim > 1:
            raise ValueError("RaggedTensor.to_sparse: values with axes of their own are not offered; use to_tensor().")
        return SparseTensor(places, flat, self.bounding_shape())

    def to_list(self) -> list:
        """Nested lists."""
        inner = parts(self.values)
        values = inner.to_list() if isinstance(inner, RaggedTensor) else inner.numpy().tolist()
        splits = host(self.row_splits)
        return [values[a:b] for a, b in zip(splits[:-1], splits[1:], strict=True)]

    def numpy(self) -> np.ndarray:
        """An array; of arrays where the rows differ in length."""
        values, splits = parts(self.values).numpy(), host(self.row_splits)
        rows = [values[a:b] for a, b in zip(splits[:-1], splits[1:], strict=True)]
        if len({r.shape for r in rows}) == 1 and values.dtype != object:
            return np.stack(rows)
        found = np.empty(len(rows), object)
        for i, row in enumerate(rows):
            found[i] = row
        return found

    # ---- use

    def __getitem__(self, key: Any) -> Any:
        keys = key if isinstance(key, tuple) else (key,)
        return chosen(self, tuple(unwrap(k) for k in keys))

    def __len__(self) -> int:
        return length(self)

    def __iter__(self) -> Iterator:
        return (self[i] for i in range(len(self)))

    def __array__(self, *_: Any, **__: Any) -> np.ndarray:
        raise TypeError(
            "A RaggedTensor has rows of several lengths and is no array: use to_tensor(), and mask what it fills."
        )

    def __bool__(self) -> bool:
        raise TypeError("A RaggedTensor is neither true nor false.")

    def __repr__(self) -> str:
        traced = any(isinstance(unwrap(x), jax.core.Tracer) for x in (self.flat_values, *self.nested_row_splits))
        return f"tf.RaggedTensor(shape={tuple(self.shape)})" if traced else f"<tf.RaggedTensor {self.to_list()}>"

    def __hash__(self) -> int:
        return id(self)


def _number(x: Any, out_type: Any) -> Tensor:
    return Tensor(np.asarray(x, "int32" if out_type is None else dtype_of(out_type)))


def ids_of(x: RaggedTensor) -> np.ndarray:
    """The row of each value."""
    lengths = np.diff(host(x.row_splits))
    return np.repeat(np.arange(len(lengths), dtype="int32"), lengths)


def coordinates(x: RaggedTensor) -> list[np.ndarray]:
    """Where each flat value stands, along the first axis and the ragged ones."""
    found = [np.arange(len(x), dtype="int32")]
    while isinstance(x, RaggedTensor):
        ids, starts = ids_of(x), host(x.row_splits)[:-1]
        found = [*(c[ids] for c in found), np.arange(len(ids), dtype="int32") - starts[ids]]
        x = x.values
    return found


def chosen(x: Any, keys: tuple) -> Any:
    """``x[keys]``."""
    if not keys:
        return x
    if not isinstance(x, RaggedTensor):
        return x[keys]
    if Ellipsis in [k for k in keys if k is Ellipsis]:
        at = next(i for i, k in enumerate(keys) if k is Ellipsis)
        used = sum(k is not None for k in keys) - 1
        keys = (*keys[:at], *([slice(None)] * (x.ndim - used)), *keys[at + 1 :])
    first, rest = keys[0], keys[1:]
    if first is None:
        inner = chosen(x, rest)
        return RaggedTensor.from_uniform_row_length(inner, length(inner), 1)
    if not isinstance(first, slice):
        splits, place = host(x.row_splits), ints(first)
        if not -len(x) <= place < len(x):
            raise ValueError(f"RaggedTensor: row {place} of {len(x)} rows.")
        return chosen(x.values[int(splits[:-1][place]) : int(splits[1:][place])], rest)
    rows = x if first == slice(None) else picked(x, np.arange(len(x))[first])
    return _within(rows, rest) if rest else rows


def _within(x: RaggedTensor, keys: tuple) -> Any:
    """``x[:, keys]``."""
    first, rest = keys[0], keys[1:]
    if first is None:
        return RaggedTensor(x if not rest else _within(x, rest), np.arange(len(x) + 1), 1)
    if not isinstance(first, slice):
        if x.uniform_row_length is None:
            raise ValueError(
                "RaggedTensor: cannot take one place of each row, as rows differ in length; use [:, i:i+1]."
            )
        found = picked(x.values, host(x.row_splits)[:-1] + ints(first) % x.uniform_row_length)
        return chosen(found, (slice(None), *rest)) if rest else found
    values = x.values
    if first != slice(None):
        splits = host(x.row_splits)
        runs = [np.arange(a, b, dtype="int32")[first] for a, b in zip(splits[:-1], splits[1:], strict=True)]
        values = picked(values, np.concatenate([np.zeros(0, "int32"), *runs]))
        x = RaggedTensor(values, starts_of([len(r) for r in runs]))
    return x.with_values(chosen(values, (slice(None), *rest))) if rest else x


def _unflattened(uniform: Any, children: Any) -> RaggedTensor:
    made = object.__new__(RaggedTensor)
    made.values, made.row_splits = children
    made.uniform_row_length = uniform
    return made


jax.tree_util.register_pytree_node(
    RaggedTensor, lambda x: ((x.values, x.row_splits), x.uniform_row_length), _unflattened
)
COMPOSITES.append(RaggedTensor)

"""``tf.io.parse_example`` and its kind: features of records as tensors; tensors as bytes and back."""

import gzip
import zlib
from collections import namedtuple
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from . import wire
from .examples import Example, Feature, SequenceExample
from .ragged_functions import RaggedTensor, starts_of
from .rows import one_of
from .sparse_tensor import SparseTensor
from .tensor import Tensor, unwrap
from .texts import bytes_of

FixedLenFeature = namedtuple("FixedLenFeature", "shape dtype default_value", defaults=(None,))
FixedLenSequenceFeature = namedtuple(
    "FixedLenSequenceFeature", "shape dtype allow_missing default_value", defaults=(False, None)
)
VarLenFeature = namedtuple("VarLenFeature", "dtype")
SparseFeature = namedtuple("SparseFeature", "index_key value_key dtype size already_sorted", defaults=(False,))


class RaggedFeature(namedtuple("RaggedFeature", "dtype value_key partitions row_splits_dtype validate",
                               defaults=(None, (), "int32", False))):  # fmt: skip
    """Values of any number in rows."""

    RowSplits, RowLengths, RowStarts = (namedtuple(n, "key") for n in ("RowSplits", "RowLengths", "RowStarts"))
    RowLimits, ValueRowIds = (namedtuple(n, "key") for n in ("RowLimits", "ValueRowIds"))
    UniformRowLength = namedtuple("UniformRowLength", "length")


# the kind of list that holds values of a dtype
_LISTS = {"string": "bytes_list", "float32": "float_list", "int64": "int64_list"}
_NUMPY = {"bytes_list": object, "float_list": "float32", "int64_list": "int64"}


def _kind(where: str, dtype: Any) -> str:
    return _LISTS[one_of(f"{where}: dtype", str(getattr(dtype, "name", dtype)), tuple(_LISTS))]


def _values(where: str, key: str, features: dict, dtype: Any) -> Any:
    """The values of a feature; None where the record has none."""
    kind, found = _kind(where, dtype), features.get(key, Feature())
    own = found.WhichOneof("kind")
    if own is None:
        return None
    if own != kind:
        raise ValueError(f"{where}: feature {key!r} has a {own}, but dtype {str(dtype)} needs a {kind}.")
    values = getattr(found, kind).value
    made = np.empty(len(values), _NUMPY[kind])
    made[:] = values
    return made


def _empty(where: str, dtype: Any) -> np.ndarray:
    return np.empty(0, _NUMPY[_kind(where, dtype)])


def _fixed(where: str, key: str, features: dict, spec: Any) -> np.ndarray:
    shape = tuple(int(n) for n in ([spec.shape] if isinstance(spec.shape, int) else spec.shape))
    values = _values(where, key, features, spec.dtype)
    if values is None:
        if spec.default_value is None:
            raise ValueError(f"{where}: feature {key!r} is required, but the record has none; give default_value.")
        given = unwrap(spec.default_value)
        kind = _NUMPY[_kind(where, spec.dtype)]
        values = np.asarray(bytes_of(given) if kind is object else np.asarray(given, kind))
        return np.broadcast_to(values if values.size == 1 else values.reshape(shape), shape)
    if len(values) != int(np.prod(shape)):
        raise ValueError(f"{where}: feature {key!r} has {len(values)} values, which do not fill shape {shape}.")
    return values.reshape(shape)


def _sequence(where: str, key: str, features: dict, spec: Any) -> np.ndarray:
    values = _values(where, key, features, spec.dtype)
    if values is None and not spec.allow_missing:
        raise ValueError(f"{where}: feature {key!r} is required, but the record has none; use allow_missing=True.")
    values = _empty(where, spec.dtype) if values is None else values
    shape = tuple(spec.shape)
    if len(values) % max(int(np.prod(shape)), 1):
        raise ValueError(f"{where}: feature {key!r} has {len(values)} values, which do not fill rows of shape {shape}.")
    return values.reshape(-1, *shape)


def _any_number(where: str, key: str, features: dict, dtype: Any) -> np.ndarray:
    values = _values(where, key, features, dtype)
    return _empty(where, dtype) if values is None else values


def _as_sparse(rows: list[np.ndarray], batched: bool) -> SparseTensor:
    size = max(map(len, rows), default=0)
    at = [[i, j] if batched else [j] for i, row in enumerate(rows) for j in range(len(row))]
    values = Tensor(np.concatenate(rows))
    return SparseTensor(
        np.array(at, "int32").reshape(-1, 1 + batched), values, [len(rows), size] if batched else [size]
    )


def _by_places(where: str, records: list[dict], key: str, spec: Any, batched: bool) -> SparseTensor:
    """A SparseFeature: values, and their places in one or several other features."""
    keys = [spec.index_key] if isinstance(spec.index_key, str) else list(spec.index_key)
    sizes = [spec.size] if not isinstance(spec.size, (list, tuple)) else list(spec.size)
    places, values = [], []
    for i, features in enumerate(records):
        found = _any_number(where, spec.value_key, features, spec.dtype)
        at = np.stack([_any_number(where, k, features, "int64") for k in keys], -1).reshape(-1, len(keys))
        if len(at) != len(found):
            raise ValueError(f"{where}: feature {key!r} has {len(found)} values for {len(at)} places.")
        order = np.arange(len(at)) if spec.already_sorted else np.lexsort(at.T[::-1])
        places.append(np.insert(at[order], 0, i, 1) if batched else at[order])
        values.append(found[order])
    shape = [len(records), *sizes] if batched else sizes
    return SparseTensor(np.concatenate(places), Tensor(np.concatenate(values)), shape)


def _in_rows(where: str, key: str, features: dict, spec: Any) -> Any:
    """A RaggedFeature of one record."""
    made: Any = Tensor(_any_number(where, spec.value_key or key, features, spec.dtype))
    makers: dict[str, Callable] = {
        "RowSplits": RaggedTensor.from_row_splits, "RowLengths": RaggedTensor.from_row_lengths,
        "RowStarts": RaggedTensor.from_row_starts, "RowLimits": RaggedTensor.from_row_limits,
        "ValueRowIds": RaggedTensor.from_value_rowids,
    }  # fmt: skip
    for part in reversed(spec.partitions):
        kind = type(part).__name__
        if kind == "UniformRowLength":
            made = RaggedTensor.from_uniform_row_length(made, part.length)
        else:
            made = makers[kind](made, _any_number(where, part.key, features, "int64"), validate=bool(spec.validate))
    return made


def _parsed(where: str, records: list[dict], key: str, spec: Any, batched: bool) -> Any:
    """A feature of all records."""
    if isinstance(spec, FixedLenFeature):
        rows = [_fixed(where, key, r, spec) for r in records]
        return Tensor(np.stack(rows) if batched else rows[0])
    if isinstance(spec, VarLenFeature):
        return _as_sparse([_any_number(where, key, r, spec.dtype) for r in records], batched)
    if isinstance(spec, SparseFeature):
        return _by_places(where, records, key, spec, batched)
    if isinstance(spec, FixedLenSequenceFeature):
        rows = [_sequence(where, key, r, spec) for r in records]
        if not batched:
            return Tensor(rows[0])
        fill = b"" if rows[0].dtype == object else 0
        fill = fill if spec.default_value is None else unwrap(spec.default_value)
        out = np.full((len(rows), max(map(len, rows)), *rows[0].shape[1:]), fill, rows[0].dtype)
        for i, one in enumerate(rows):
            out[i, : len(one)] = one
        return Tensor(out)
    if isinstance(spec, RaggedFeature):
        from .ragged_functions import stack

        rows = [_in_rows(where, key, r, spec) for r in records]
        return stack(rows) if batched else rows[0]
    raise TypeError(f"{where}: feature {key!r}: expected tf.io.FixedLenFeature or another feature, received {spec!r}.")


def _checked(where: str, features: Any) -> dict:
    if not isinstance(features, dict) or not features:
        raise ValueError(f"{where}: expected a dict of features, received {features!r}.")
    return features


def parse_single_example(serialized: Any, features: Any, example_names: Any = None, name: Any = None) -> dict:
    """The features of a record of tf.train.Example."""
    where = _where("tf.io.parse_single_example", example_names)
    record = Example.FromString(bytes_of(unwrap(serialized)).item()).features.feature
    return {k: _parsed(where, [record], k, spec, False) for k, spec in _checked(where, features).items()}


def parse_example(serialized: Any, features: Any, example_names: Any = None, name: Any = None) -> dict:
    """The features of records of tf.train.Example, one a row."""
    where = _where("tf.io.parse_example", example_names)
    texts = bytes_of(unwrap(serialized))
    if texts.ndim == 0:
        return parse_single_example(serialized, features, example_names)
    records = [Example.FromString(t).features.feature for t in texts.reshape(-1)]
    return {k: _parsed(where, records, k, spec, True) for k, spec in _checked(where, features).items()}


def _where(path: str, example_names: Any) -> str:
    if example_names is None:
        return path
    return f"{path} ({', '.join(b.decode() for b in bytes_of(unwrap(example_names)).reshape(-1))})"


def parse_single_sequence_example(serialized: Any, context_features: Any = None, sequence_features: Any = None,
                                  example_name: Any = None, name: Any = None) -> tuple:  # fmt: skip
    """The features of a record of tf.train.SequenceExample, and those of its steps."""
    where = _where("tf.io.parse_single_sequence_example", example_name)
    record = SequenceExample.FromString(bytes_of(unwrap(serialized)).item())
    context = {k: _parsed(where, [record.context.feature], k, s, False) for k, s in (context_features or {}).items()}
    lists, steps = record.feature_lists.feature_list, {}
    for key, spec in (sequence_features or {}).items():
        if key not in lists and isinstance(spec, FixedLenSequenceFeature) and not spec.allow_missing:
            raise ValueError(f"{where}: the list {key!r} is required, but the record has none; use allow_missing=True.")
        rows = [{key: one} for one in lists.get(key, _NoSteps).feature]
        if isinstance(spec, FixedLenSequenceFeature):
            each = FixedLenFeature(spec.shape, spec.dtype)
            found = [_fixed(where, key, r, each) for r in rows]
            steps[key] = Tensor(np.stack(found) if found else _empty(where, spec.dtype).reshape(0, *spec.shape))
        elif isinstance(spec, RaggedFeature):
            parts = [_any_number(where, key, r, spec.dtype) for r in rows]
            flat = np.concatenate([_empty(where, spec.dtype), *parts])
            steps[key] = RaggedTensor(Tensor(flat), starts_of([len(p) for p in parts]))
        else:
            steps[key] = _parsed(where, rows, key, spec, True)
    return context, steps


class _NoSteps:
    feature = ()


# ------------------------------------------------- tensors as bytes

_TYPES = dict(zip(  # numbers of TensorFlow's DataType
    "float32 float64 int32 uint8 int16 int8 string complex64 int64 bool bfloat16 uint16 complex128 float16 uint32 uint64".split(),
    (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 14, 17, 18, 19, 22, 23), strict=True))  # fmt: skip
_NARROW = {"float64": "float32", "int64": "int32", "uint64": "uint32", "complex128": "complex64"}


def _numpy(name: str) -> Any:
    return jnp.bfloat16 if name == "bfloat16" else name


def serialize_tensor(tensor: Any, name: Any = None) -> Tensor:
    """A tensor as bytes (a TensorProto)."""
    value = unwrap(tensor)
    found = np.asarray(value if hasattr(value, "dtype") else as_array(value))
    text = found.dtype.kind in "OUS"
    kind = "string" if text else found.dtype.name
    sizes = b"".join(wire.field(2, wire.number(1, n)) for n in found.shape)
    head = wire.number(1, _TYPES[kind]) + wire.field(2, sizes)
    if text:
        body = b"".join(wire.field(8, b) for b in bytes_of(found).reshape(-1))
    else:
        body = wire.field(4, found.tobytes()) if found.size else b""
    return Tensor(np.array(head + body, dtype=object))


def as_array(value: Any) -> Any:
    """The array that tf.constant makes."""
    from .creation import constant

    return constant(value).value


def parse_tensor(serialized: Any, out_type: Any, name: Any = None) -> Tensor:
    """The tensor that bytes hold; ValueError where it has another dtype."""
    found = parsed_tensor(bytes_of(unwrap(serialized)).item())
    own, wanted = "string" if found.dtype == object else found.dtype.name, str(getattr(out_type, "name", out_type))
    if _NARROW.get(own, own) != _NARROW.get(wanted, wanted):
        raise ValueError(f"tf.io.parse_tensor: the bytes hold a tensor of {own}, asked for was {wanted}.")
    return Tensor(found)


def parsed_tensor(data: bytes) -> np.ndarray:
    """The array that bytes hold."""
    kind, sizes, content, texts, listed = 0, [], b"", [], []
    for place, form, value in wire.fields(data):
        if place == 1:
            kind = value
        elif place == 2:
            dims = [{n: v for n, _, v in wire.fields(d)} for p, _, d in wire.fields(value) if p == 2]
            sizes = [wire.signed(d.get(1, 0)) for d in dims]
        elif place == 4:
            content = value
        elif place == 8:
            texts.append(value)
        elif place in (5, 6):
            listed += wire.floats_of(form, value, "<f4" if place == 5 else "<f8")
        elif place in (7, 10, 11, 13, 16, 17):
            listed += wire.numbers_of(form, value)
    names = {number: word for word, number in _TYPES.items()}
    if kind not in names:
        raise ValueError("tf.io.parse_tensor: the bytes are no tensor of TensorFlow.")
    own = names[kind]
    if own == "string":
        flat = np.empty(len(texts), object)
        flat[:] = texts
    elif content:
        flat = np.frombuffer(content, _numpy(own))
    elif own in ("float16", "bfloat16"):
        flat = np.array(listed, "uint16").view(_numpy(own))
    else:
        flat = np.array(listed, _numpy(own))
    count = int(np.prod(sizes))
    if len(flat) < count and len(flat):  # the last value goes on
        flat = np.concatenate([flat, np.repeat(flat[-1:], count - len(flat))])
    if len(flat) != count:
        raise ValueError(f"tf.io.parse_tensor: {len(flat)} values do not fill shape {tuple(sizes)}.")
    return flat.reshape(sizes)


def decode_compressed(bytes: Any, compression_type: Any = "", name: Any = None) -> Tensor:
    """Bytes that were compressed."""
    kind = one_of("tf.io.decode_compressed: compression_type", unwrap(compression_type), ("", "GZIP", "ZLIB"))
    inflate = {"GZIP": gzip.decompress, "ZLIB": zlib.decompress, "": lambda b: b}[kind]
    return Tensor(np.asarray(np.frompyfunc(inflate, 1, 1)(bytes_of(unwrap(bytes))), dtype=object))


IO = {
    f.__name__: f for f in (
        FixedLenFeature, FixedLenSequenceFeature, VarLenFeature, SparseFeature, RaggedFeature, parse_single_example,
        parse_example, parse_single_sequence_example, serialize_tensor, parse_tensor, decode_compressed)
}  # fmt: skip

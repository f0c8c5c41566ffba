"""``tf.lookup``: tables of keys and values, on the host."""

from types import SimpleNamespace
from typing import Any

import numpy as np

from ...nn import fingerprints
from .ragged_tensor import RaggedTensor
from .rows import one_of, only
from .sparse_tensor import SparseTensor
from .system import Space
from .tensor import DType, Tensor, unwrap
from .texts import bytes_of

WHOLE_LINE, LINE_NUMBER = "whole_line", "line_number"


def _dtype(x: Any) -> str:
    return str(getattr(x, "name", x))


def _plain(x: Any, dtype: str) -> np.ndarray:
    """Keys or values as NumPy has them."""
    if dtype == "string":
        return bytes_of(unwrap(x))
    found = np.asarray(unwrap(x))
    if found.dtype.kind in "OUS":
        raise TypeError(f"tf.lookup: expected {dtype}, received text.")
    if dtype.startswith("int") and found.dtype.kind not in "iub":
        raise TypeError(f"tf.lookup: expected {dtype}, received {found.dtype}.")
    return found.astype(dtype)


def _guessed(x: Any) -> str:
    found = np.asarray(unwrap(x))
    return {"f": "float32", "i": "int32", "b": "bool"}.get(found.dtype.kind, "string") if not hasattr(
        unwrap(x), "dtype") else "string" if found.dtype.kind in "OUS" else str(found.dtype)  # fmt: skip


class KeyValueTensorInitializer:
    """Keys with their values.

    https://www.tensorflow.org/api_docs/python/tf/lookup/KeyValueTensorInitializer
    """

    def __init__(self, keys: Any, values: Any, key_dtype: Any = None, value_dtype: Any = None, name: Any = None):
        self.key_dtype = DType(_dtype(key_dtype) if key_dtype is not None else _guessed(keys))
        self.value_dtype = DType(_dtype(value_dtype) if value_dtype is not None else _guessed(values))
        found = _plain(keys, self.key_dtype).reshape(-1), _plain(values, self.value_dtype).reshape(-1)
        if len(found[0]) != len(found[1]):
            raise ValueError(f"KeyValueTensorInitializer: {len(found[0])} keys for {len(found[1])} values.")
        self._pairs = list(zip(found[0].tolist(), found[1].tolist(), strict=True))


class TextFileInitializer:
    """Keys and values from the lines of a file: whole lines, columns, or the numbers of lines.

    https://www.tensorflow.org/api_docs/python/tf/lookup/TextFileInitializer
    """

    def __init__(self, filename: Any, key_dtype: Any, key_index: Any, value_dtype: Any, value_index: Any, vocab_size: Any = None,
                 delimiter: str = "\t", name: Any = None, value_index_offset: int = 0):  # fmt: skip
        self.key_dtype, self.value_dtype = DType(_dtype(key_dtype)), DType(_dtype(value_dtype))
        path = bytes_of(unwrap(filename)).item().decode()
        with open(path, "rb") as file:
            lines = file.read().splitlines()
        if vocab_size is not None:
            if len(lines) < int(vocab_size):
                raise ValueError(f"{path}: expected {int(vocab_size)} lines, it has {len(lines)}.")
            lines = lines[: int(vocab_size)]
        mark = str(delimiter).encode()

        def column(which: Any, dtype: str, offset: int) -> list:
            which = which if isinstance(which, int) else one_of("TextFileInitializer", which, (WHOLE_LINE, LINE_NUMBER))
            if which == LINE_NUMBER:
                return [n + offset for n in range(len(lines))]
            if which == WHOLE_LINE:
                return lines
            parts = [line.split(mark) for line in lines]
            short = next((i for i, p in enumerate(parts) if len(p) <= int(which)), None)
            if short is not None:
                raise ValueError(f"{path}: line {short + 1} has no column {int(which)}.")
            found = [p[int(which)] for p in parts]
            return found if dtype == "string" else [(int if "int" in dtype else float)(v) for v in found]

        keys = column(key_index, self.key_dtype, 0)
        self._pairs = list(zip(keys, column(value_index, self.value_dtype, int(value_index_offset)), strict=True))


class Table:
    """What tables have in common: looking up tensors of keys, ragged and sparse ones, too."""

    key_dtype: Any
    value_dtype: Any
    name = "table"

    _one: Any = None  # the value of one key

    def lookup(self, keys: Any, name: Any = None) -> Any:
        """The values of keys."""
        if isinstance(keys, RaggedTensor):
            return keys.with_flat_values(self.lookup(keys.flat_values))
        if isinstance(keys, SparseTensor):
            return keys.with_values(self.lookup(keys.values))
        found = _plain(keys, self.key_dtype)
        values = [self._one(k) for k in found.reshape(-1).tolist()]
        inner = np.shape(values[0]) if values else ()
        made = np.empty((len(values), *inner), object if self.value_dtype == "string" else str(self.value_dtype))
        made[:] = values
        return Tensor(made.reshape((*found.shape, *inner)))

    def __getitem__(self, keys: Any) -> Any:
        return self.lookup(keys)


class StaticHashTable(Table):
    """A table that stays as it was made.

    https://www.tensorflow.org/api_docs/python/tf/lookup/StaticHashTable

    >>> table = StaticHashTable(KeyValueTensorInitializer(["a", "b"], [1, 2]), default_value=-1)
    >>> table.lookup(["b", "c"]).numpy().tolist()
    [2, -1]
    """

    def __init__(self, initializer: Any, default_value: Any, name: Any = None, experimental_is_anonymous: bool = False):
        self.key_dtype, self.value_dtype = initializer.key_dtype, initializer.value_dtype
        self.default_value = _plain(default_value, self.value_dtype).item()
        self._values: dict[Any, Any] = {}
        for key, value in initializer._pairs:
            if self._values.setdefault(key, value) != value:
                raise ValueError(
                    f"StaticHashTable: the key {key!r} has two values, {self._values[key]!r} and {value!r}."
                )
        self._initializer = initializer

    def _one(self, key: Any) -> Any:
        return self._values.get(key, self.default_value)

    def size(self, name: Any = None) -> Tensor:
        """How many keys."""
        return Tensor(np.asarray(len(self._values), "int64"))

    def export(self, name: Any = None) -> tuple:
        """All keys, and their values."""
        return _exported(self, self._values)


def _exported(table: Any, values: dict) -> tuple:
    kind = lambda d: object if d == "string" else str(d)  # noqa: E731
    keys, found = np.empty(len(values), kind(table.key_dtype)), list(values.values())
    keys[:] = list(values)
    made = np.empty((len(found), *(np.shape(found[0]) if found else ())), kind(table.value_dtype))
    made[:] = found
    return Tensor(keys), Tensor(made)


class StaticVocabularyTable(Table):
    """Numbers of keys; keys that are not there get one of ``num_oov_buckets`` numbers behind, by their hash.

    https://www.tensorflow.org/api_docs/python/tf/lookup/StaticVocabularyTable
    """

    def __init__(self, initializer: Any, num_oov_buckets: Any, lookup_key_dtype: Any = None, name: Any = None,
                 experimental_is_anonymous: bool = False):  # fmt: skip
        self._buckets = int(num_oov_buckets)
        if self._buckets < 1 and initializer is None:
            raise ValueError("StaticVocabularyTable: num_oov_buckets must be 1 or more where there is no initializer.")
        self._values = {} if initializer is None else dict(initializer._pairs)
        own = "string" if initializer is None else initializer.key_dtype
        if initializer is not None and initializer.value_dtype not in ("int64", "int32"):
            raise TypeError(f"StaticVocabularyTable: expected int64 values, received {initializer.value_dtype!r}.")
        self.key_dtype = DType(own if lookup_key_dtype is None else _dtype(lookup_key_dtype))
        self.value_dtype = DType("int64")

    def _one(self, key: Any) -> Any:
        if key in self._values:
            return self._values[key]
        if not self._buckets:
            return -1
        text = key if isinstance(key, bytes) else str(key).encode()
        return len(self._values) + fingerprints.fingerprint64(text) % self._buckets

    def size(self, name: Any = None) -> Tensor:
        """How many numbers there are, those for other keys included."""
        return Tensor(np.asarray(len(self._values) + self._buckets, "int64"))


class MutableHashTable(Table):
    """A table that grows.

    https://www.tensorflow.org/api_docs/python/tf/lookup/experimental/MutableHashTable
    """

    def __init__(self, key_dtype: Any, value_dtype: Any, default_value: Any, name: Any = "MutableHashTable",
                 checkpoint: bool = True, experimental_is_anonymous: bool = False):  # fmt: skip
        only("MutableHashTable: checkpoint", checkpoint, True, "save what export() gives.")
        self.key_dtype, self.value_dtype = DType(_dtype(key_dtype)), DType(_dtype(value_dtype))
        found = _plain(default_value, self.value_dtype)
        self.default_value = found.item() if found.ndim == 0 else found
        self._values: dict[Any, Any] = {}

    def _one(self, key: Any) -> Any:
        return self._values.get(key, self.default_value)

    def lookup(self, keys: Any, dynamic_default_values: Any = None, name: Any = None) -> Any:
        """The values of keys."""
        if dynamic_default_values is None:
            return super().lookup(keys)
        fill = _plain(dynamic_default_values, self.value_dtype)
        flat = _plain(keys, self.key_dtype).reshape(-1).tolist()
        fill = np.broadcast_to(fill, (len(flat), *np.shape(self.default_value)))
        found = np.array([self._values.get(k, d) for k, d in zip(flat, fill, strict=True)], fill.dtype)
        return Tensor(found.reshape((*np.shape(unwrap(keys)), *np.shape(self.default_value))))

    def insert(self, keys: Any, values: Any, name: Any = None) -> None:
        """Adds or replaces keys."""
        found = _plain(keys, self.key_dtype)
        rows = _plain(values, self.value_dtype).reshape(found.size, *np.shape(self.default_value))
        for key, value in zip(found.reshape(-1).tolist(), rows, strict=True):
            self._values[key] = value.item() if isinstance(value, np.generic) else value

    def insert_or_assign(self, keys: Any, values: Any, name: Any = None) -> None:
        """Adds or replaces keys."""
        self.insert(keys, values)

    def remove(self, keys: Any, name: Any = None) -> None:
        """Takes keys away, those that are there."""
        for key in _plain(keys, self.key_dtype).reshape(-1).tolist():
            self._values.pop(key, None)

    erase = remove

    def size(self, name: Any = None) -> Tensor:
        """How many keys."""
        return Tensor(np.asarray(len(self._values), "int64"))

    def export(self, name: Any = None) -> tuple:
        """All keys, and their values."""
        return _exported(self, self._values)


class DenseHashTable(MutableHashTable):
    """A table that grows, with two keys that nobody may use.

    https://www.tensorflow.org/api_docs/python/tf/lookup/experimental/DenseHashTable
    """

    def __init__(self, key_dtype: Any, value_dtype: Any, default_value: Any, empty_key: Any, deleted_key: Any,
                 initial_num_buckets: Any = None, name: Any = "MutableDenseHashTable", checkpoint: bool = True,
                 experimental_is_anonymous: bool = False):  # fmt: skip
        super().__init__(key_dtype, value_dtype, default_value, name, checkpoint)
        count = 4 if initial_num_buckets is None else int(initial_num_buckets)
        if count < 1:
            raise ValueError(f"DenseHashTable: expected initial_num_buckets of 1 or more, received {count}.")
        self._reserved = {_plain(k, self.key_dtype).item() for k in (empty_key, deleted_key)}
        if len(self._reserved) < 2:
            raise ValueError("DenseHashTable: empty_key and deleted_key must differ.")

    def insert(self, keys: Any, values: Any, name: Any = None) -> None:
        """Adds or replaces keys."""
        used = self._reserved & set(_plain(keys, self.key_dtype).reshape(-1).tolist())
        if used:
            raise ValueError(f"DenseHashTable: {used} are empty_key and deleted_key, which nobody may use.")
        super().insert(keys, values)


class DatasetInitializer:
    """Pairs of keys and values from a data set."""

    def __init__(self, dataset: Any):
        pairs = [(k.numpy(), v.numpy()) for k, v in dataset]
        self.key_dtype, self.value_dtype = (DType(_guessed(np.asarray(x))) for x in (pairs or [("", 0)])[0])
        self._pairs = [
            (k if isinstance(k, bytes) else k.item(), v if isinstance(v, bytes) else v.item()) for k, v in pairs
        ]


class TextFileIndex:
    """The part of a file that is meant: its whole lines, or their numbers."""

    WHOLE_LINE, LINE_NUMBER = WHOLE_LINE, LINE_NUMBER


lookup = Space(
    "tf.lookup",
    KeyValueTensorInitializer=KeyValueTensorInitializer, StaticHashTable=StaticHashTable,
    StaticVocabularyTable=StaticVocabularyTable, TextFileIndex=TextFileIndex, TextFileInitializer=TextFileInitializer,
    experimental=SimpleNamespace(
        MutableHashTable=MutableHashTable, DenseHashTable=DenseHashTable, DatasetInitializer=DatasetInitializer),
)  # fmt: skip

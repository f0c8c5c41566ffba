"""``tf.data.experimental.make_csv_dataset`` and ``CsvDataset``: rows of comma-separated files as elements."""

import csv
import glob
import gzip
import io
import itertools
import os
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .pipeline import Dataset
from .records import KINDS, FileDataset, names_in
from .rows import one_of
from .tensor import DType, unwrap
from .texts import bytes_of


def _opened(path: str, kind: str) -> Any:
    with open(path, "rb") as file:
        data = file.read()
    data = {"GZIP": gzip.decompress, "ZLIB": zlib.decompress, "": bytes}[kind](data)
    return io.StringIO(data.decode("utf-8", "surrogateescape"), newline="")


def _rows(path: str, kind: str, delim: str, quotes: bool) -> Iterator[list[str]]:
    quoting = csv.QUOTE_MINIMAL if quotes else csv.QUOTE_NONE
    return (row for row in csv.reader(_opened(path, kind), delimiter=delim, quoting=quoting) if row)


def _typed(where: str, text: str, default: Any, dtype: str, missing: str = "") -> np.ndarray:
    """A field as a number or text; the default where it is empty."""
    if text in ("", missing):
        if default is None:
            raise ValueError(f"{where}: a field is required, but empty.")
        text = default
    if dtype == "string":
        return np.array(text if isinstance(text, bytes) else str(text).encode("utf-8", "surrogateescape"), dtype=object)
    try:
        return np.asarray(int(text) if dtype.startswith("int") else float(text), dtype)
    except ValueError:
        raise ValueError(f"{where}: {text!r} is no {dtype}.") from None


def _default(value: Any) -> tuple[Any, str]:
    """The default and the dtype that a default or a dtype stands for."""
    if isinstance(value, (DType, type)) or value in ("float32", "int32", "int64", "float64", "string"):
        return None, str(DType(value)) if isinstance(value, str) else np.dtype(value).name
    found = np.asarray(unwrap(value)).reshape(-1)
    if found.dtype.kind in "OUS":
        return (bytes_of(found)[0] if len(found) else None), "string"
    dtype = {"f": "float32", "i": "int32"}.get(found.dtype.kind, found.dtype.name)
    return (found[0] if len(found) else None), dtype if not hasattr(unwrap(value), "dtype") else found.dtype.name


class CsvDataset(FileDataset):
    """The rows of comma-separated files as tuples.

    https://www.tensorflow.org/api_docs/python/tf/data/experimental/CsvDataset
    """

    def __init__(self, filenames: Any, record_defaults: Any = None, compression_type: Any = None, buffer_size: Any = None,
                 header: bool = False, field_delim: str = ",", use_quote_delim: bool = True, na_value: str = "",
                 select_cols: Any = None, exclude_cols: Any = None):  # fmt: skip
        kind = one_of("CsvDataset: compression_type", unwrap(compression_type) or "", KINDS)
        names, defaults = names_in("CsvDataset", filenames), [_default(d) for d in record_defaults]
        if select_cols is not None and exclude_cols is not None:
            raise ValueError("CsvDataset: give select_cols or exclude_cols, not both.")

        def start() -> Iterator:
            for path in names():
                rows = _rows(path, kind, field_delim, bool(use_quote_delim))
                for row in itertools.islice(rows, int(bool(header)), None):
                    places = range(len(row)) if select_cols is None else select_cols
                    kept = [row[i] for i in places if exclude_cols is None or i not in exclude_cols]
                    if len(kept) != len(defaults):
                        raise ValueError(f"{path}: expected {len(defaults)} fields, received {len(kept)}.")
                    yield tuple(_typed(path, t, *d, na_value) for t, d in zip(kept, defaults, strict=True))

        super().__init__(start)


def _guessed(values: list[str]) -> tuple[Any, str]:
    """Default and dtype of a column by its first values, as TensorFlow guesses: int32, int64, float32, then text."""
    for dtype, make, low in (("int32", int, 2**31), ("int64", int, 2**63), ("float32", float, None)):
        try:
            found = [make(v) for v in values if v != ""]
        except ValueError:
            continue
        if low is None or all(-low <= v < low for v in found):
            return make(0), dtype
    return b"", "string"


def make_csv_dataset(
    file_pattern: Any, batch_size: Any, column_names: Any = None, column_defaults: Any = None, label_name: Any = None,
    select_columns: Any = None, field_delim: str = ",", use_quote_delim: bool = True, na_value: str = "", header: bool = True,
    num_epochs: Any = None, shuffle: bool = True, shuffle_buffer_size: Any = 10000, shuffle_seed: Any = None,
    prefetch_buffer_size: Any = None, num_parallel_reads: Any = None, sloppy: bool = False, num_rows_for_inference: Any = 100,
    compression_type: Any = None, ignore_errors: bool = False, encoding: Any = "utf-8",
) -> Dataset:  # fmt: skip
    """Batches of the rows of comma-separated files: dicts of columns, and the labels where ``label_name`` is given.

    https://www.tensorflow.org/api_docs/python/tf/data/experimental/make_csv_dataset
    """
    where = "make_csv_dataset"
    one_of(f"{where}: encoding", encoding, ("utf-8",))
    kind = one_of(f"{where}: compression_type", compression_type or "", KINDS)
    files = sorted({f for p in bytes_of(unwrap(file_pattern)).reshape(-1) for f in glob.glob(os.fsdecode(p))})
    if not files:
        raise ValueError(f"{where}: no file matches {file_pattern!r}.")
    rows = lambda path: _rows(path, kind, field_delim, bool(use_quote_delim))  # noqa: E731
    if column_names is None:
        if not header:
            raise ValueError(f"{where}: give column_names where the files have no header.")
        column_names = next(rows(files[0]))
    names = list(column_names)
    kept = _selected(where, names, select_columns)
    if label_name is not None and label_name not in [names[i] for i in kept]:
        raise ValueError(f"{where}: there is no column {label_name!r}; there are {', '.join(names)}.")
    if column_defaults is None:
        first = list(itertools.islice(rows(files[0]), int(header), int(header) + int(num_rows_for_inference or 10**9)))
        defaults = [_guessed(["" if r[i] == na_value else r[i] for r in first]) for i in kept]
    else:
        defaults = [_default(d) for d in column_defaults]
        if len(defaults) != len(kept):
            defaults = [defaults[i] for i in kept] if len(defaults) == len(names) else defaults
    if len(defaults) != len(kept):
        raise ValueError(f"{where}: expected {len(kept)} column_defaults, received {len(defaults)}.")

    def start() -> Iterator:
        for path in files:
            for row in itertools.islice(rows(path), int(bool(header)), None):
                if len(row) != len(names):
                    raise ValueError(f"{path}: expected {len(names)} fields, received {len(row)}.")
                yield {names[i]: _typed(path, row[i], *d, na_value) for i, d in zip(kept, defaults, strict=True)}

    data = Dataset(start)
    data = data.ignore_errors() if ignore_errors else data
    data = data.shuffle(int(shuffle_buffer_size), seed=shuffle_seed) if shuffle else data
    data = data.repeat(num_epochs).batch(batch_size, drop_remainder=num_epochs is None)
    if label_name is not None:
        data = data.map(_apart(label_name))
    return data.prefetch(1 if prefetch_buffer_size is None else prefetch_buffer_size)


def _apart(label: str) -> Callable:
    return lambda columns: ({k: v for k, v in columns.items() if k != label}, columns[label])


def _selected(where: str, names: list, wanted: Any) -> list[int]:
    if wanted is None:
        return list(range(len(names)))
    strange = [w for w in wanted if not isinstance(w, int) and w not in names]
    if strange:
        raise ValueError(f"{where}: there is no column {strange[0]!r}; there are {', '.join(names)}.")
    return sorted(w if isinstance(w, int) else names.index(w) for w in wanted)

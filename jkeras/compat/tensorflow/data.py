"""tf.data: pipelines over numpy, their options, and what was experimental."""

import gzip
import io
import zlib
from collections.abc import Callable
from collections.abc import Iterator as Iterates
from types import SimpleNamespace
from typing import Any

import numpy as np

from .elements import Elements
from .pipeline import AUTOTUNE, INFINITE_CARDINALITY, UNKNOWN_CARDINALITY, Dataset
from .records import KINDS, FileDataset, FixedLengthRecordDataset, TFRecordDataset, TFRecordWriter, names_in
from .rows import one_of
from .tables_of_text import CsvDataset, make_csv_dataset
from .tensor import unwrap

__all__ = [
    "AUTOTUNE",
    "INFINITE_CARDINALITY",
    "UNKNOWN_CARDINALITY",
    "Dataset",
    "DatasetSpec",
    "FixedLengthRecordDataset",
    "Iterator",
    "NumpyIterator",
    "Options",
    "TFRecordDataset",
    "TextLineDataset",
    "experimental",
]


class TextLineDataset(FileDataset):
    """The lines of files."""

    def __init__(self, filenames: Any, compression_type: Any = None, buffer_size: Any = None, num_parallel_reads: Any = None,
                 name: Any = None):  # fmt: skip
        kind = one_of("TextLineDataset: compression_type", unwrap(compression_type) or "", KINDS)
        names = names_in("TextLineDataset", filenames)

        def start() -> Iterates:
            for one in names():
                with open(one, "rb") as file:
                    opened: Any = {"GZIP": gzip.open, "ZLIB": _unzipped, "": lambda f: f}[kind](file)
                    yield from (np.array(line.rstrip(b"\r\n"), dtype=object) for line in opened)

        super().__init__(start)


def _unzipped(file: Any) -> Any:
    return io.BytesIO(zlib.decompress(file.read()))


class Options:
    """Options of TensorFlow's runtime: hints about speed and order that change no element here; unknown ones raise."""

    _KNOWN = (
        "autotune deterministic experimental_deterministic experimental_distribute distribute experimental_optimization "
        "experimental_slack experimental_symbolic_checkpoint experimental_threading threading experimental_warm_start "
        "framework_type dataset_name service"
    ).split()

    def __init__(self) -> None:
        for name in self._KNOWN:
            vars(self)[name] = SimpleNamespace() if name[-4:] in ("ding", "tune", "bute", "tion", "vice") else None

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self._KNOWN:
            raise AttributeError(f"tf.data.Options has no option {name!r}; it has {', '.join(self._KNOWN)}.")
        vars(self)[name] = value


def _assert_cardinality(expected: Any) -> Callable:
    def checked(data: Dataset) -> Dataset:
        def start() -> Iterates:
            count = 0
            for element in data._start():
                count += 1
                yield element
            if count != int(expected):
                raise ValueError(f"assert_cardinality: expected {int(expected)} elements, received {count}.")

        return data._then(start, int(expected))

    return checked


class DatasetSpec:
    """What a data set in an element looks like."""

    def __init__(self, element_spec: Any, dataset_shape: Any = ()):
        self.element_spec, self.dataset_shape = element_spec, tuple(dataset_shape)


class _Written:
    """Writes a data set of texts as records."""

    def __init__(self, filename: Any, compression_type: Any = None):
        self._path, self._kind = filename, compression_type

    def write(self, dataset: Dataset) -> None:
        """All elements, one a record."""
        with TFRecordWriter(self._path, self._kind or "") as file:
            for element in dataset:
                file.write(element)


def _method(name: str) -> Callable:
    """A method as a function for ``Dataset.apply``."""
    return lambda *args, **kwargs: lambda dataset: getattr(dataset, name)(*args, **kwargs)


def _shuffle_and_repeat(buffer_size: Any, count: Any = None, seed: Any = None) -> Callable:
    return lambda dataset: dataset.shuffle(buffer_size, seed=seed).repeat(count)


def _map_and_batch(map_func: Callable, batch_size: Any, num_parallel_batches: Any = None, drop_remainder: bool = False,
                   num_parallel_calls: Any = None) -> Callable:  # fmt: skip
    workers = num_parallel_batches if num_parallel_calls is None else num_parallel_calls
    return lambda dataset: dataset.map(map_func, workers).batch(batch_size, drop_remainder)


def _parallel_interleave(map_func: Callable, cycle_length: Any, block_length: Any = 1, sloppy: Any = False,
                         buffer_output_elements: Any = None, prefetch_input_elements: Any = None) -> Callable:  # fmt: skip
    hints = (sloppy, buffer_output_elements, prefetch_input_elements)
    return lambda dataset: dataset.interleave(map_func, cycle_length, block_length) if hints else dataset


Iterator = Elements
NumpyIterator = type(iter(()))
experimental = SimpleNamespace(
    TFRecordWriter=_Written,
    CsvDataset=CsvDataset,
    make_csv_dataset=make_csv_dataset,
    shuffle_and_repeat=_shuffle_and_repeat,
    map_and_batch=_map_and_batch,
    parallel_interleave=_parallel_interleave,
    save=lambda dataset, path, *args, **kwargs: dataset.save(path, *args, **kwargs),
    load=lambda path, *args, **kwargs: Dataset.load(path, *args, **kwargs),
    Counter=lambda start=0, step=1, dtype=np.int64: Dataset.counter(start, step, dtype),
    RandomDataset=lambda seed=None: Dataset.random(seed),
    dense_to_ragged_batch=_method("ragged_batch"),
    dense_to_sparse_batch=_method("sparse_batch"),
    enumerate_dataset=_method("enumerate"),
    **{
        name: _method(name)
        for name in (
            "bucket_by_sequence_length group_by_window ignore_errors rejection_resample scan snapshot take_while unique"
        ).split()
    },
    prefetch_to_device=lambda device, buffer_size=None: lambda dataset: dataset.prefetch(buffer_size or AUTOTUNE),
    copy_to_device=lambda target_device, source_device="/cpu:0": lambda dataset: dataset,
    AUTOTUNE=AUTOTUNE,
    INFINITE_CARDINALITY=INFINITE_CARDINALITY,
    UNKNOWN_CARDINALITY=UNKNOWN_CARDINALITY,
    cardinality=lambda dataset: dataset.cardinality(),
    assert_cardinality=_assert_cardinality,
    get_single_element=lambda dataset: dataset.get_single_element(),
    choose_from_datasets=Dataset.choose_from_datasets,
    sample_from_datasets=Dataset.sample_from_datasets,
    unbatch=lambda: lambda dataset: dataset.unbatch(),
    AutoShardPolicy=SimpleNamespace(AUTO=0, FILE=1, DATA=2, HINT=3, OFF=-1),
)

"""tf.data: pipelines over numpy, their options, and what was experimental."""

import os
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np

from .pipeline import AUTOTUNE, INFINITE_CARDINALITY, UNKNOWN_CARDINALITY, Dataset
from .tensor import unwrap
from .texts import bytes_of

__all__ = [
    "AUTOTUNE",
    "INFINITE_CARDINALITY",
    "UNKNOWN_CARDINALITY",
    "Dataset",
    "Options",
    "TextLineDataset",
    "experimental",
]


class TextLineDataset(Dataset):
    """The lines of files."""

    def __init__(self, filenames: Any, compression_type: Any = None, buffer_size: Any = None, num_parallel_reads: Any = None,
                 name: Any = None):  # fmt: skip
        if callable(filenames):  # a step of one
            super().__init__(filenames, UNKNOWN_CARDINALITY if compression_type is None else compression_type)
            return
        if compression_type not in (None, "", "GZIP"):
            raise ValueError(
                f"TextLineDataset: expected compression_type None or 'GZIP', received {compression_type!r}."
            )
        import gzip

        reader = gzip.open if compression_type == "GZIP" else open
        names = [os.fsdecode(n) for n in bytes_of(unwrap(filenames)).reshape(-1)]

        def start() -> Iterator:
            for one in names:
                with reader(one, "rb") as file:
                    yield from (np.array(line.rstrip(b"\r\n"), dtype=object) for line in file)

        super().__init__(start)


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
        def start() -> Iterator:
            count = 0
            for element in data._start():
                count += 1
                yield element
            if count != int(expected):
                raise ValueError(f"assert_cardinality: expected {int(expected)} elements, received {count}.")

        return data._then(start, int(expected))

    return checked


experimental = SimpleNamespace(
    AUTOTUNE=AUTOTUNE,
    INFINITE_CARDINALITY=INFINITE_CARDINALITY,
    UNKNOWN_CARDINALITY=UNKNOWN_CARDINALITY,
    cardinality=lambda dataset: dataset.cardinality(),
    assert_cardinality=_assert_cardinality,
    get_single_element=lambda dataset: dataset.get_single_element(),
    choose_from_datasets=Dataset.choose_from_datasets,
    sample_from_datasets=Dataset.sample_from_datasets,
    unbatch=lambda: Dataset.unbatch,
    AutoShardPolicy=SimpleNamespace(AUTO=0, FILE=1, DATA=2, HINT=3, OFF=-1),
)

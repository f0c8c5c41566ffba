"""What scripts import from `keras.utils.data_utils`: data sets by index, the queues of Keras 2 and their workers."""

import numpy as np

from jkeras.train.data_sequence import (
    GeneratorEnqueuer,
    OrderedEnqueuer,
    PyDataset,
    Sequence,
    SequenceEnqueuer,
)
from jkeras.train.progress import Progbar
from jkeras.utils.file_utils import get_file, validate_file

__all__ = [
    "GeneratorEnqueuer", "OrderedEnqueuer", "Progbar", "PyDataset", "Sequence", "SequenceEnqueuer", "get_file",
    "get_index", "init_pool", "init_pool_generator", "next_sample", "validate_file",
]  # fmt: skip

_shared = {}  # in a worker: what it was started with, by number


def init_pool(seqs):
    """Gives a worker the data sets, a dict or list, that `get_index` takes batches from."""
    _shared.update(seqs if isinstance(seqs, dict) else enumerate(seqs))


def get_index(uid, i):
    """Batch `i` of the data set `uid`.

    >>> init_pool([["first", "second"]])
    >>> get_index(0, 1)
    'second'
    """
    return _shared[uid][i]


def init_pool_generator(gens, random_seed=None):
    """Gives a worker the generators that `next_sample` takes batches from, and seeds numpy in it."""
    init_pool(gens)
    if random_seed is not None:
        np.random.seed(random_seed)


def next_sample(uid):
    """The next batch of the generator `uid`."""
    return next(_shared[uid])

"""What the data sets share: where their files come from, and the seeded split."""

import os

import numpy as np

from jkeras.utils.file_utils import get_file

MIRROR = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"


def fetch(path, name, file_hash, cache_dir=None):
    """The local path of a file of the Keras mirror.

    A file at an absolute path that exists is the user's own and is used as it is. Everything else lies in the cache
    and has the known hash.
    """
    if os.path.isabs(path) and os.path.exists(path):
        return path
    return get_file(path, origin=MIRROR + name, file_hash=file_hash, cache_dir=cache_dir)


def load_arrays(path, *names):
    """Arrays of an npz file of numbers."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return [file[name] for name in names]
    except (OSError, ValueError, KeyError) as error:
        raise ValueError(f"{path} is not the npz file expected (with {', '.join(names)}): {error}") from error


def split(x, y, test_split, seed):
    """(x_train, y_train), (x_test, y_test) after one seeded shuffle: the draw that every Keras makes."""
    order = np.random.RandomState(seed).permutation(len(x))
    x, y = x[order], y[order]
    count = int(len(x) * (1 - test_split))
    return (x[:count], y[:count]), (x[count:], y[count:])

"""What CIFAR-10 and CIFAR-100 share (A. Krizhevsky, V. Nair, G. Hinton)."""

import os

import numpy as np

from jkeras.core import config
from jkeras.datasets.safe_arrays import load_pickle
from jkeras.utils.file_utils import cache_folder, get_file


def load_batch(fpath, label_key="labels"):
    """(images, labels) of one file: uint8 of shape (n, 3, 32, 32), and a list of n integers.

    The file is a pickle, of which only arrays, lists, strings and numbers are read; nothing in it can run.

    Source: https://www.cs.toronto.edu/~kriz/cifar.html.

    Raises ValueError where the file is damaged or has no such labels.
    """
    content = load_pickle(fpath)
    if "data" not in content or label_key not in content:
        raise ValueError(f"{fpath} has no 'data' or no {label_key!r}; it has {sorted(content)}.")
    return content["data"].reshape(-1, 3, 32, 32), content[label_key]


def load_parts(name, inner, file_hash, parts, label_key, cache_dir):
    """One (x, y) for each list of files in `parts`, in the image format that is set."""
    origin = f"https://www.cs.toronto.edu/~kriz/{name}-python.tar.gz"
    file = f"{inner}-target" if name == "cifar-10" else inner
    before = f"{inner}.tar.gz"  # the name in the cache before Keras 3
    cached = cache_folder(cache_dir, "datasets", before)
    if (cached / before).exists() and not (cached / f"{file}_archive").exists():
        file = before
    folder = get_file(file, origin, extract=True, file_hash=file_hash, cache_dir=cache_dir)
    for files in parts:
        batches = [load_batch(os.path.join(folder, inner, file), label_key) for file in files]
        x = np.concatenate([images for images, _ in batches])
        y = np.concatenate([np.asarray(labels, "uint8" if name == "cifar-10" else int) for _, labels in batches])
        if config.image_data_format() == "channels_last":
            x = x.transpose(0, 2, 3, 1)
        yield x, y.reshape(-1, 1)

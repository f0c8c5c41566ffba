"""Fashion-MNIST: 70,000 images of clothes in ten classes (Zalando, H. Xiao, K. Rasul, R. Vollgraf)."""

import gzip
import os
import zlib

import numpy as np

from jkeras.datasets.fetch import MIRROR
from jkeras.utils.file_utils import get_file

FOLDER = os.path.join("datasets", "fashion-mnist")
FILES = tuple(f"{part}-{kind}-ubyte.gz" for part in ("train", "t10k") for kind in ("labels-idx1", "images-idx3"))


def read_idx(path):
    """The uint8 array of an idx file (two zero bytes, the type 8, the number of axes, their sizes, the data)."""
    try:
        with gzip.open(path, "rb") as file:
            data = file.read()
        axes = data[3]
        shape = np.frombuffer(data, ">u4", count=axes, offset=4).astype(int)
        if data[:3] != b"\0\0\x08":
            raise ValueError("not an idx file of bytes")
        return np.frombuffer(data, np.uint8, offset=4 + 4 * axes).reshape(shape)
    except (OSError, EOFError, IndexError, ValueError, zlib.error) as error:
        raise ValueError(f"{path} is damaged ({error}). Delete it to download it again.") from error


def load_data(cache_dir=None):
    """(x_train, y_train), (x_test, y_test) of 28x28 images of clothes, downloaded once and cached.

    x: uint8 of shape (60000, 28, 28) and (10000, 28, 28), 0 to 255; y: uint8 of shape (60000,) and (10000,). Classes:
    0 T-shirt/top, 1 trouser, 2 pullover, 3 dress, 4 coat, 5 sandal, 6 shirt, 7 sneaker, 8 bag, 9 ankle boot.
    `cache_dir` replaces the folder $KERAS_HOME (~/.keras).

    Source: https://keras.io/api/datasets/fashion_mnist. License: MIT.

    Raises ValueError where a file is damaged, OSError where one cannot be downloaded.
    """
    paths = [get_file(name, origin=MIRROR + name, cache_subdir=FOLDER, cache_dir=cache_dir) for name in FILES]
    y_train, x_train, y_test, x_test = map(read_idx, paths)
    return (x_train, y_train), (x_test, y_test)

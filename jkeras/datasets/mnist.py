"""MNIST: 70,000 images of handwritten digits (Y. LeCun, C. Cortes, C. J. C. Burges)."""

from jkeras.datasets.fetch import fetch, load_arrays
from jkeras.utils.file_utils import get_file as get_file  # Keras 2 offers it here

HASH = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"


def load_data(path="mnist.npz", cache_dir=None):
    """(x_train, y_train), (x_test, y_test) of 28x28 handwritten digits, downloaded once and cached.

    x: uint8 of shape (60000, 28, 28) and (10000, 28, 28), 0 to 255; y: uint8 of shape (60000,) and (10000,). `path`
    is a name in the cache folder or the absolute path of a file, which is used as it is if it exists. `cache_dir`
    replaces the folder $KERAS_HOME (~/.keras).

    Source: https://keras.io/api/datasets/mnist. License: CC BY-SA 3.0.

    Raises ValueError where the cached file has another hash (see `jkeras.utils.get_file`) or is no such file, OSError
    where it cannot be downloaded.
    """
    x_train, y_train, x_test, y_test = load_arrays(
        fetch(path, "mnist.npz", HASH, cache_dir), "x_train", "y_train", "x_test", "y_test"
    )
    return (x_train, y_train), (x_test, y_test)

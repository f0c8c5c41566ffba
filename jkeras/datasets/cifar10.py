"""CIFAR-10: 60,000 small colour images in ten classes."""

from jkeras.datasets.cifar import load_batch as load_batch  # Keras 2 offers it here
from jkeras.datasets.cifar import load_parts
from jkeras.utils.file_utils import get_file as get_file

HASH = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"


def load_data(cache_dir=None):
    """(x_train, y_train), (x_test, y_test) of 32x32 colour images, downloaded once and cached.

    x: uint8 of shape (50000, 32, 32, 3) and (10000, 32, 32, 3) (the channels come first where the image data format
    says so), 0 to 255; y: uint8 of shape (50000, 1) and (10000, 1). Classes: 0 airplane, 1 automobile, 2 bird, 3 cat,
    4 deer, 5 dog, 6 frog, 7 horse, 8 ship, 9 truck. `cache_dir` replaces the folder $KERAS_HOME (~/.keras).

    Source: https://keras.io/api/datasets/cifar10.

    Raises ValueError where the file has another hash or is damaged, OSError where it cannot be downloaded.
    """
    train = [f"data_batch_{i}" for i in range(1, 6)]
    return tuple(load_parts("cifar-10", "cifar-10-batches-py", HASH, (train, ["test_batch"]), "labels", cache_dir))

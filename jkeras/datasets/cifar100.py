"""CIFAR-100: 60,000 small colour images in 100 classes, or in 20 coarse ones."""

from jkeras.datasets.cifar import load_batch as load_batch  # Keras 2 offers it here
from jkeras.datasets.cifar import load_parts
from jkeras.utils.file_utils import get_file as get_file

HASH = "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7"


def load_data(label_mode="fine", cache_dir=None):
    """(x_train, y_train), (x_test, y_test) of 32x32 colour images, downloaded once and cached.

    x: uint8 of shape (50000, 32, 32, 3) and (10000, 32, 32, 3) (the channels come first where the image data format
    says so), 0 to 255; y: integers of shape (50000, 1) and (10000, 1), of 100 classes ("fine") or 20 ("coarse").
    `cache_dir` replaces the folder $KERAS_HOME (~/.keras).

    Source: https://keras.io/api/datasets/cifar100.

    Raises ValueError for another `label_mode` and where the file has another hash or is damaged, OSError where it
    cannot be downloaded.
    """
    if label_mode not in ("fine", "coarse"):
        raise ValueError(f"label_mode must be 'fine' or 'coarse', received {label_mode!r}.")
    return tuple(
        load_parts("cifar-100", "cifar-100-python", HASH, (["train"], ["test"]), f"{label_mode}_labels", cache_dir)
    )

"""Optical recognition of handwritten digits: 1,797 small real images that ship with the package.

Source and attribution: E. Alpaydin and C. Kaynak (1998), Optical Recognition of Handwritten Digits, UCI Machine
Learning Repository, https://doi.org/10.24432/C50P49, licensed under Creative Commons Attribution 4.0 (CC BY 4.0). The
images are those of the test part of that set, as in scikit-learn's `load_digits`, unchanged.
"""

from pathlib import Path

import numpy as np

TRAIN = 1437


def load_data():
    """(x_train, y_train), (x_test, y_test) of 8x8 handwritten digits, without a download.

    x: uint8 of shape (1437, 8, 8) and (360, 8, 8), ink from 0 to 16; y: uint8 of shape (1437,) and (360,), the digit.
    The split is fixed: the first 1,437 images of the source in their order are for training, the last 360 for testing.
    The source is ordered by writer, so most test images come from hands that the training images do not show.

    Source: https://doi.org/10.24432/C50P49 (CC BY 4.0).

    >>> (x_train, y_train), (x_test, y_test) = load_data()
    >>> x_train.shape, y_train.shape, x_test.shape, y_test.shape
    ((1437, 8, 8), (1437,), (360, 8, 8), (360,))
    >>> x_train.dtype.name, int(x_train.max()), y_train[:5].tolist()
    ('uint8', 16, [0, 1, 2, 3, 4])
    """
    with np.load(Path(__file__).parent / "data" / "digits.npz", allow_pickle=False) as file:
        x, y = file["images"], file["labels"]
    return (x[:TRAIN], y[:TRAIN]), (x[TRAIN:], y[TRAIN:])

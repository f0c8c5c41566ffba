"""Writes jkeras/datasets/data/digits.npz from scikit-learn's copy of the UCI optical digits. Needs scikit-learn.

python tools/make_digits.py
"""

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

TARGET = Path(__file__).resolve().parent.parent / "jkeras" / "datasets" / "data" / "digits.npz"

digits = load_digits()
images = digits.images.astype("uint8")
assert images.shape == (1797, 8, 8) and (images == digits.images).all() and images.max() == 16
np.savez_compressed(TARGET, images=images, labels=digits.target.astype("uint8"))
print(TARGET.name, TARGET.stat().st_size, "bytes")

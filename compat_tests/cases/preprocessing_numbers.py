"""Rescaling, Normalization, Discretization, CategoryEncoding."""

import numpy as np

from compat_tests.case import Case, T

BOTH = ("keras3", "tf_keras")
DATA = np.random.RandomState(0).standard_normal((40, 3)).astype("float32")
CUBE = np.random.RandomState(1).standard_normal((9, 3, 2)).astype("float32")
INTS = {"dtype": "int32", "grads": False, "policies": False, "because": "integers"}
BINS = {"bin_boundaries": [-1.0, 0.0, 1.5]}
WHY = {"policies": False, "because": "integers do not follow the policy"}

CASES = [
    Case("rescaling", "Rescaling", {"scale": 1 / 255}, (2, 3), impls=BOTH),
    Case("rescaling_offset", "Rescaling", {"scale": 2.0, "offset": -1.0}, (2, 4, 4, 3), impls=BOTH),
    Case("rescaling_channels", "Rescaling", {"scale": [1.0, 2.0, 3.0], "offset": [0.0, 1.0, 2.0]}, (2, 4, 4, 3)),
    Case("normalization", "Normalization", {}, (4, 3), adapt=DATA, weights="keep"),
    Case("normalization_set", "Normalization", {"mean": 3.0, "variance": 4.0}, (4, 3), impls=BOTH),
    Case("normalization_list", "Normalization", {"mean": [1.0, 2.0], "variance": [4.0, 1.0], "invert": True}, (3, 2)),
    Case("normalization_none", "Normalization", {"axis": None}, (4, 3), adapt=DATA, weights="keep"),
    Case("normalization_axes", "Normalization", {"axis": (1, 2)}, (2, 3, 2), adapt=CUBE, weights="keep"),
    Case("normalization_first", "Normalization", {"axis": 1}, (2, 3, 2), adapt=CUBE, weights="keep"),
    Case("discretization", "Discretization", BINS, (3, 4), grads=False, impls=BOTH, **WHY),
    Case("discretization_one_hot", "Discretization", {**BINS, "output_mode": "one_hot"}, (4,), grads=False),
    Case("discretization_multi_hot", "Discretization", {**BINS, "output_mode": "multi_hot"}, (3, 4), grads=False),
    Case("discretization_count", "Discretization", {**BINS, "output_mode": "count"}, (3, 4), grads=False),
    Case("discretization_adapted", "Discretization", {"num_bins": 4}, (3, 4), adapt=DATA, grads=False, **WHY),
    Case(
        "discretization_coarse",
        "Discretization",
        {"num_bins": 3, "epsilon": 0.1},
        (3, 4),
        adapt=DATA,
        grads=False,
        **WHY,
    ),
    Case("category_multi_hot", "CategoryEncoding", {"num_tokens": 5}, (3, 2), high=5, impls=BOTH, **INTS),
    Case("category_one_hot", "CategoryEncoding", {"num_tokens": 5, "output_mode": "one_hot"}, (3,), high=5, **INTS),
    Case("category_one_hot_2", "CategoryEncoding", {"num_tokens": 5, "output_mode": "one_hot"}, (3, 1), high=5, **INTS),
    Case(
        "category_count",
        "CategoryEncoding",
        {"num_tokens": 5, "output_mode": "count"},
        (3, 4),
        high=5,
        impls=BOTH,
        **INTS,
    ),
    Case(
        "category_weighted",
        "CategoryEncoding",
        {"num_tokens": 5, "output_mode": "count"},
        (3, 4),
        high=5,
        call={"count_weights": T((3, 4))},
        **INTS,
    ),
]

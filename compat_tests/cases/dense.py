"""Dense, EinsumDense and what stands beside them in the core file."""

from compat_tests.case import Case

OLD = ("keras3", "tf_keras", "keras224")

CASES = [
    Case("dense_plain", "Dense", dict(units=3), (2, 4), impls=OLD),
    Case("dense_relu_3d", "Dense", dict(units=3, activation="relu"), (2, 3, 4), impls=OLD),
    Case("dense_no_bias_mask", "Dense", dict(units=2, use_bias=False), (3, 3, 4), mask="right", impls=OLD),
]

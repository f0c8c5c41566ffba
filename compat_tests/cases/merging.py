"""Layers of several inputs."""

from compat_tests.case import Case

OLD = ("keras3", "tf_keras", "keras224")
BOTH = ("keras3", "tf_keras")
ELEMENTWISE = ("Add", "Multiply", "Average", "Maximum", "Minimum")
PAIR = [(2, 3, 4), (2, 3, 4)]
HALF = [[[1, 0, 1], [0, 1, 1]], [[0, 0, 1], [1, 1, 0]]]

CASES = [
    *[Case(f"{name.lower()}_three", name, {}, [(2, 4), (2, 4), (2, 4)], impls=OLD) for name in ELEMENTWISE],
    *[Case(f"{name.lower()}_broadcast", name, {}, [(2, 3, 4), (2, 1, 4)], impls=OLD) for name in ELEMENTWISE],
    *[Case(f"{name.lower()}_ranks", name, {}, [(2, 3, 4), (2, 4)], impls=OLD) for name in ELEMENTWISE],
    *[Case(f"{name.lower()}_masked", name, {}, PAIR, mask=HALF, impls=("keras3",)) for name in ELEMENTWISE],
    *[Case(f"{name.lower()}_half_masked", name, {}, PAIR, mask=[HALF[0], None]) for name in ELEMENTWISE],
    Case("subtract", "Subtract", {}, [(2, 4), (2, 4)], impls=OLD),
    Case("subtract_broadcast", "Subtract", {}, [(2, 3, 4), (2, 1, 4)], impls=OLD),
    Case("subtract_masked", "Subtract", {}, PAIR, mask=HALF),
    Case("concatenate", "Concatenate", {}, [(2, 3), (2, 4), (2, 1)], impls=OLD),
    Case("concatenate_axis", "Concatenate", dict(axis=1), [(2, 3, 4), (2, 1, 4)], impls=OLD),
    Case("concatenate_masked", "Concatenate", {}, PAIR, mask=HALF),
    Case("concatenate_time_masked", "Concatenate", dict(axis=1), PAIR, mask=HALF),
    Case("concatenate_half_masked", "Concatenate", dict(axis=1), PAIR, mask=[HALF[0], None]),
    Case("dot_1", "Dot", dict(axes=1), [(2, 4), (2, 4)], impls=OLD),
    Case("dot_negative", "Dot", dict(axes=-1), [(2, 3, 4), (2, 5, 4)], impls=OLD),
    Case("dot_pair", "Dot", dict(axes=(1, 2)), [(2, 3, 5), (2, 4, 3)], impls=OLD),
    Case("dot_normalized", "Dot", dict(axes=1, normalize=True), [(2, 4), (2, 4)], impls=OLD),
    Case("dot_2_3", "Dot", dict(axes=(1, 2)), [(2, 4), (2, 3, 4)], impls=BOTH),
    Case("dot_3_2", "Dot", dict(axes=(2, 1), normalize=True), [(2, 3, 4), (2, 4)], impls=BOTH),
    Case("dot_4_3", "Dot", dict(axes=(3, 1)), [(2, 2, 3, 4), (2, 4, 5)], impls=("keras3",)),
    Case("dot_4_4", "Dot", dict(axes=(2, 2)), [(2, 2, 3, 4), (2, 5, 3, 2)]),
    Case("dot_masked", "Dot", dict(axes=2), PAIR, mask=HALF),
]

"""Pooling over windows, over all space, and to a given size."""

from compat_tests.case import Case

OLD = ("keras3", "tf_keras", "keras224")
BOTH = ("keras3", "tf_keras")
FIRST = dict(data_format="channels_first")
SHAPES = {1: (2, 7, 3), 2: (2, 6, 5, 3), 3: (2, 4, 5, 3, 2)}
SHAPES_FIRST = {1: (2, 3, 7), 2: (2, 3, 6, 5), 3: (2, 2, 4, 5, 3)}
TIES = [[[[[1.0], [1.0], [0.0]], [[1.0], [1.0], [2.0]], [[2.0], [0.0], [2.0]]]]]


def each(rank):
    """The rows that every kind of window gets."""
    shape, first, n = SHAPES[rank], SHAPES_FIRST[rank], rank
    for kind in ("Max", "Average"):
        layer, low = f"{kind}Pooling{n}D", kind.lower()
        yield Case(f"{low}{n}d", layer, dict(pool_size=2), shape, impls=OLD)
        yield Case(f"{low}{n}d_same", layer, dict(pool_size=3, strides=2, padding="same"), shape, impls=OLD)
        if rank == 2:
            yield Case(f"{low}{n}d_overlap", layer, dict(pool_size=3, strides=1), shape, impls=OLD)
            yield Case(f"{low}{n}d_gaps", layer, dict(pool_size=1, strides=2), shape, impls=OLD)
        yield Case(f"{low}{n}d_first", layer, dict(pool_size=2, padding="same", **FIRST), first)
        layer = f"Global{kind}Pooling{n}D"
        yield Case(f"global_{low}{n}d", layer, {}, shape, impls=OLD)
        yield Case(f"global_{low}{n}d_first", layer, dict(keepdims=True, **FIRST), first, impls=BOTH)
        layer = f"Adaptive{kind}Pooling{n}D"
        yield Case(f"adaptive_{low}{n}d", layer, dict(output_size=3), shape)
        yield Case(f"adaptive_{low}{n}d_first", layer, dict(output_size=2, **FIRST), first)


CASES = [
    *[case for rank in (1, 2, 3) for case in each(rank)],
    Case("max2d_default", "MaxPooling2D", {}, (2, 4, 4, 3), impls=OLD),
    Case(
        "max2d_uneven", "MaxPooling2D", dict(pool_size=(3, 2), strides=(1, 2), padding="same"), (2, 6, 5, 3), impls=OLD
    ),
    Case("max2d_ties", "MaxPooling2D", dict(pool_size=2, strides=1), inputs=TIES, impls=BOTH),
    Case("max2d_same_ties", "MaxPooling2D", dict(pool_size=2, padding="same"), inputs=TIES, impls=BOTH),
    Case("max2d_large", "MaxPooling2D", dict(pool_size=(33, 1), strides=1), (1, 34, 2, 1)),
    Case("average2d_large", "AveragePooling2D", dict(pool_size=(33, 1), strides=1), (1, 34, 2, 1)),
    Case("global_average1d_mask", "GlobalAveragePooling1D", {}, (3, 5, 2), mask="right", impls=BOTH),
    Case(
        "global_average1d_mask_first",
        "GlobalAveragePooling1D",
        dict(keepdims=True),
        (3, 5, 2),
        mask="right",
        impls=BOTH,
    ),
]

"""Layers that move, cut, pad and repeat."""

from compat_tests.case import Case

OLD = ("keras3", "tf_keras", "keras224")
BOTH = ("keras3", "tf_keras")
FIRST = dict(data_format="channels_first")

CASES = [
    Case("flatten_4d", "Flatten", {}, (2, 3, 2, 4), impls=OLD),
    Case("flatten_first", "Flatten", FIRST, (2, 3, 2, 4), impls=OLD),
    Case("flatten_1d", "Flatten", {}, (3,), impls=BOTH),
    Case("reshape_plain", "Reshape", dict(target_shape=(6, 2)), (2, 3, 4), impls=OLD),
    Case("reshape_inferred", "Reshape", dict(target_shape=(-1, 2, 2)), (2, 3, 4), impls=OLD),
    Case("permute", "Permute", dict(dims=(2, 1)), (2, 3, 4), impls=OLD),
    Case("permute_3", "Permute", dict(dims=(3, 1, 2)), (2, 3, 4, 2), impls=OLD),
    Case("repeat_vector", "RepeatVector", dict(n=3), (2, 4), impls=OLD),
    Case("cropping1d", "Cropping1D", {}, (2, 5, 2), impls=OLD),
    Case("cropping1d_pair", "Cropping1D", dict(cropping=(2, 0)), (2, 5, 2), impls=OLD),
    Case("cropping2d", "Cropping2D", dict(cropping=((1, 0), (0, 2))), (2, 4, 5, 2), impls=OLD),
    Case("cropping2d_first", "Cropping2D", dict(cropping=(1, 2), **FIRST), (2, 2, 4, 5), impls=OLD),
    Case("cropping2d_default", "Cropping2D", {}, (2, 4, 5, 2), impls=BOTH),
    Case("cropping3d", "Cropping3D", dict(cropping=((1, 0), (0, 1), (1, 1))), (2, 3, 3, 4, 2), impls=OLD),
    Case("cropping3d_first", "Cropping3D", FIRST, (2, 2, 4, 3, 3), impls=BOTH),
    Case("padding1d", "ZeroPadding1D", {}, (2, 3, 2), impls=OLD),
    Case("padding1d_pair", "ZeroPadding1D", dict(padding=(2, 0)), (2, 3, 2), impls=OLD),
    Case("padding1d_first", "ZeroPadding1D", dict(padding=2, **FIRST), (2, 2, 3)),
    Case("padding2d", "ZeroPadding2D", {}, (2, 3, 3, 2), impls=OLD),
    Case("padding2d_first", "ZeroPadding2D", dict(padding=((1, 0), (0, 2)), **FIRST), (2, 2, 3, 3), impls=OLD),
    Case("padding3d", "ZeroPadding3D", {}, (1, 2, 2, 2, 2), impls=OLD),
    Case(
        "padding3d_first", "ZeroPadding3D", dict(padding=((1, 0), (0, 1), (2, 0)), **FIRST), (1, 2, 2, 2, 2), impls=OLD
    ),
    Case("upsampling1d", "UpSampling1D", {}, (2, 3, 2), impls=OLD),
    Case("upsampling2d", "UpSampling2D", {}, (2, 3, 2, 2), impls=OLD),
    Case("upsampling2d_first", "UpSampling2D", dict(size=(2, 3), **FIRST), (2, 2, 3, 2), impls=("keras3",)),
    Case(
        "upsampling2d_bilinear", "UpSampling2D", dict(size=(2, 3), interpolation="bilinear"), (2, 3, 4, 2), impls=BOTH
    ),
    Case("upsampling2d_bicubic", "UpSampling2D", dict(size=2, interpolation="bicubic"), (2, 4, 5, 2)),
    Case("upsampling2d_lanczos3", "UpSampling2D", dict(size=2, interpolation="lanczos3"), (2, 4, 5, 2)),
    Case("upsampling2d_lanczos5", "UpSampling2D", dict(size=2, interpolation="lanczos5", **FIRST), (2, 2, 4, 5)),
    Case("upsampling3d", "UpSampling3D", {}, (1, 2, 3, 2, 2), impls=OLD),
    Case("upsampling3d_first", "UpSampling3D", dict(size=(1, 2, 3), **FIRST), (1, 2, 2, 3, 2), impls=("keras3",)),
]

"""Convolutions: plain, transposed, depthwise, separable and locally connected."""

from compat_tests.case import Case

OLD = ("keras3", "tf_keras", "keras224")
BOTH = ("keras3", "tf_keras")
LOCAL = ("tf_keras", "keras224")
FIRST = dict(data_format="channels_first")


def conv(rank, **config):
    return dict(dict(filters=4, kernel_size=3), **config)


IMAGE, SMALL, STEPS, VOLUME = (2, 6, 5, 3), (2, 4, 3, 3), (2, 7, 3), (1, 4, 5, 4, 2)

CASES = [
    Case("conv1d", "Conv1D", conv(1), STEPS, impls=OLD),
    Case("conv1d_same_stride", "Conv1D", conv(1, strides=2, padding="same", activation="relu"), STEPS, impls=OLD),
    Case("conv1d_causal", "Conv1D", conv(1, padding="causal", dilation_rate=2), STEPS, impls=OLD),
    Case("conv1d_causal_stride", "Conv1D", conv(1, padding="causal", strides=2), STEPS, impls=BOTH),
    Case("conv1d_groups", "Conv1D", conv(1, groups=2, use_bias=False), (2, 7, 4), impls=BOTH),
    Case("conv1d_first", "Conv1D", conv(1, **FIRST), (2, 3, 7)),
    Case("conv1d_first_causal", "Conv1D", conv(1, padding="causal", **FIRST), (2, 3, 7)),
    Case("conv1d_pointwise", "Conv1D", conv(1, kernel_size=1), STEPS, impls=OLD),
    Case("conv2d", "Conv2D", conv(2), IMAGE, impls=OLD),
    Case("conv2d_same", "Conv2D", conv(2, padding="SAME", kernel_size=(2, 3)), IMAGE, impls=OLD),
    Case("conv2d_stride", "Conv2D", conv(2, strides=(2, 1), padding="same", activation="tanh"), IMAGE, impls=OLD),
    Case("conv2d_stride_valid", "Conv2D", conv(2, strides=2, use_bias=False), IMAGE, impls=OLD),
    Case("conv2d_dilation", "Conv2D", conv(2, kernel_size=2, dilation_rate=(2, 3)), IMAGE, impls=OLD),
    Case("conv2d_dilation_same", "Conv2D", conv(2, dilation_rate=2, padding="same"), IMAGE, impls=OLD),
    Case("conv2d_groups", "Conv2D", conv(2, filters=6, groups=3), IMAGE),
    Case("conv2d_groups_few", "Conv2D", conv(2, filters=4, groups=2, padding="same"), (2, 4, 4, 4)),
    Case("conv2d_groups_first", "Conv2D", conv(2, filters=6, groups=3, **FIRST), (2, 3, 5, 4)),
    Case("conv2d_first", "Conv2D", conv(2, **FIRST), (2, 3, 6, 5)),
    Case("conv2d_first_same", "Conv2D", conv(2, strides=2, padding="same", **FIRST), (2, 3, 6, 5)),
    Case("conv2d_pointwise", "Conv2D", conv(2, kernel_size=1), IMAGE, impls=OLD),
    Case("conv2d_pointwise_stride", "Conv2D", conv(2, kernel_size=1, strides=(2, 3)), IMAGE, impls=OLD),
    Case("conv2d_pointwise_same", "Conv2D", conv(2, kernel_size=1, strides=2, padding="same"), IMAGE, impls=OLD),
    Case(
        "conv2d_regularized",
        "Conv2D",
        conv(
            2,
            kernel_initializer="he_normal",
            bias_initializer="ones",
            kernel_regularizer="l2",
            bias_regularizer="l1",
            activity_regularizer="l2",
            kernel_constraint="max_norm",
            bias_constraint="non_neg",
        ),
        IMAGE,
        impls=BOTH,
    ),
    Case("conv3d", "Conv3D", conv(3), VOLUME, impls=OLD),
    Case("conv3d_same", "Conv3D", conv(3, strides=(2, 1, 2), padding="same", kernel_size=(2, 3, 2)), VOLUME, impls=OLD),
    Case("conv3d_dilation", "Conv3D", conv(3, kernel_size=2, dilation_rate=2), VOLUME),
    Case("conv3d_groups", "Conv3D", conv(3, groups=2, kernel_size=2), VOLUME),
    Case("conv3d_first", "Conv3D", conv(3, kernel_size=2, **FIRST), (1, 2, 4, 3, 4)),
    Case("conv1d_transpose", "Conv1DTranspose", conv(1), STEPS, impls=BOTH),
    Case("conv1d_transpose_stride", "Conv1DTranspose", conv(1, strides=2, padding="same"), STEPS, impls=BOTH),
    Case("conv1d_transpose_wide", "Conv1DTranspose", conv(1, kernel_size=2, strides=3), STEPS, impls=BOTH),
    Case("conv1d_transpose_first", "Conv1DTranspose", conv(1, strides=2, **FIRST), (2, 3, 5)),
    Case("conv2d_transpose", "Conv2DTranspose", conv(2), SMALL, impls=OLD),
    Case("conv2d_transpose_same", "Conv2DTranspose", conv(2, strides=2, padding="same"), SMALL, impls=OLD),
    Case(
        "conv2d_transpose_even", "Conv2DTranspose", conv(2, kernel_size=4, strides=2, padding="same"), SMALL, impls=OLD
    ),
    Case("conv2d_transpose_valid", "Conv2DTranspose", conv(2, strides=(2, 3), activation="relu"), SMALL, impls=OLD),
    Case(
        "conv2d_transpose_output",
        "Conv2DTranspose",
        conv(2, strides=2, padding="same", output_padding=1),
        SMALL,
        impls=OLD,
    ),
    Case(
        "conv2d_transpose_output_valid",
        "Conv2DTranspose",
        conv(2, strides=(2, 3), output_padding=(1, 2), use_bias=False),
        SMALL,
        impls=OLD,
    ),
    Case("conv2d_transpose_dilation", "Conv2DTranspose", conv(2, dilation_rate=2), SMALL),
    Case("conv2d_transpose_first", "Conv2DTranspose", conv(2, strides=2, **FIRST), (2, 3, 4, 3)),
    Case("conv3d_transpose", "Conv3DTranspose", conv(3, kernel_size=2), (1, 2, 3, 2, 2), impls=OLD),
    Case("conv3d_transpose_same", "Conv3DTranspose", conv(3, strides=2, padding="same"), (1, 2, 3, 2, 2), impls=OLD),
    Case(
        "conv3d_transpose_output",
        "Conv3DTranspose",
        conv(3, strides=2, padding="same", output_padding=(1, 0, 1)),
        (1, 2, 3, 2, 2),
        impls=BOTH,
    ),
    Case("depthwise1d", "DepthwiseConv1D", dict(kernel_size=3), STEPS, impls=BOTH),
    Case("depthwise1d_many", "DepthwiseConv1D", dict(kernel_size=2, depth_multiplier=2, strides=2), STEPS, impls=BOTH),
    Case("depthwise1d_first", "DepthwiseConv1D", dict(kernel_size=2, padding="same", **FIRST), (2, 3, 7)),
    Case("depthwise2d", "DepthwiseConv2D", dict(kernel_size=3), IMAGE, impls=OLD),
    Case("depthwise2d_many", "DepthwiseConv2D", dict(kernel_size=(2, 3), depth_multiplier=3), IMAGE, impls=OLD),
    Case("depthwise2d_same", "DepthwiseConv2D", dict(kernel_size=3, padding="same", strides=2), IMAGE, impls=OLD),
    Case("depthwise2d_dilation", "DepthwiseConv2D", dict(kernel_size=2, dilation_rate=2), IMAGE, impls=BOTH),
    Case(
        "depthwise2d_plain", "DepthwiseConv2D", dict(kernel_size=1, use_bias=False, activation="relu"), IMAGE, impls=OLD
    ),
    Case("depthwise2d_first", "DepthwiseConv2D", dict(kernel_size=2, depth_multiplier=2, **FIRST), (2, 3, 5, 4)),
    Case("depthwise2d_one", "DepthwiseConv2D", dict(kernel_size=2, depth_multiplier=2), (2, 5, 4, 1), impls=OLD),
    Case("separable1d", "SeparableConv1D", conv(1), STEPS, impls=OLD),
    Case(
        "separable1d_many", "SeparableConv1D", conv(1, depth_multiplier=2, strides=2, padding="same"), STEPS, impls=OLD
    ),
    Case("separable1d_causal", "SeparableConv1D", conv(1, padding="causal"), STEPS, impls=("tf_keras",)),
    Case("separable2d", "SeparableConv2D", conv(2), IMAGE, impls=OLD),
    Case(
        "separable2d_many", "SeparableConv2D", conv(2, depth_multiplier=2, strides=2, padding="same"), IMAGE, impls=OLD
    ),
    Case(
        "separable2d_dilation",
        "SeparableConv2D",
        conv(2, kernel_size=2, dilation_rate=2, use_bias=False),
        IMAGE,
        impls=OLD,
    ),
    Case("separable2d_first", "SeparableConv2D", conv(2, **FIRST), (2, 3, 6, 5)),
    Case("local1d", "LocallyConnected1D", conv(1), STEPS, impls=LOCAL),
    Case(
        "local1d_stride",
        "LocallyConnected1D",
        conv(1, strides=2, activation="tanh", use_bias=False),
        STEPS,
        impls=LOCAL,
    ),
    Case("local1d_first", "LocallyConnected1D", conv(1, **FIRST), (2, 3, 7), impls=("tf_keras",)),
    Case("local1d_2", "LocallyConnected1D", conv(1, implementation=2, padding="same"), STEPS, impls=("tf_keras",)),
    Case("local1d_3", "LocallyConnected1D", conv(1, implementation=3, strides=2), STEPS, impls=("tf_keras",)),
    Case("local2d", "LocallyConnected2D", conv(2, kernel_size=(2, 3)), SMALL, impls=LOCAL),
    Case("local2d_stride", "LocallyConnected2D", conv(2, kernel_size=2, strides=(2, 1)), SMALL, impls=LOCAL),
    Case("local2d_first", "LocallyConnected2D", conv(2, kernel_size=2, **FIRST), (2, 3, 4, 3), impls=LOCAL),
    Case("local2d_2", "LocallyConnected2D", conv(2, implementation=2, padding="same"), SMALL, impls=("tf_keras",)),
    Case(
        "local2d_2_first", "LocallyConnected2D", conv(2, implementation=2, **FIRST), (2, 3, 4, 3), impls=("tf_keras",)
    ),
    Case("local2d_3", "LocallyConnected2D", conv(2, implementation=3, kernel_size=2), SMALL, impls=("tf_keras",)),
    Case(
        "local2d_3_first", "LocallyConnected2D", conv(2, implementation=3, **FIRST), (2, 3, 4, 3), impls=("tf_keras",)
    ),
]

"""MobileNetV2. Sandler et al., 2018, https://arxiv.org/abs/1801.04381"""

from .. import layers
from .blocks import architecture, begin, channels, conv, divisible, finish, norm, pad, top
from .imagenet_utils import correct_pad, decode_predictions, preprocessing
from .mobilenet import published_size, usual_size

__all__ = ["MobileNetV2", "decode_predictions", "preprocess_input"]

SIZES = (96, 128, 160, 192, 224)
ALPHAS = (0.35, 0.5, 0.75, 1.0, 1.3, 1.4)
# filters, strides, repetitions
BLOCKS = ((16, 1, 1), (24, 2, 2), (32, 2, 3), (64, 2, 4), (96, 1, 3), (160, 2, 3), (320, 1, 1))
NORM = {"epsilon": 1e-3, "momentum": 0.999}


def mobilenet_v2(asked, alpha):
    """Sandler et al., 2018, https://arxiv.org/abs/1801.04381"""
    shape = asked.input_shape
    if asked.input_tensor is not None:
        given = tuple(asked.input_tensor.shape)[1:]
        if shape is not None and any(a != b for a, b in zip(given, shape) if None not in (a, b)):
            raise ValueError(
                f"MobileNetV2: input_shape={shape} is not that of input_tensor, {given}. Pass one of them."
            )
        shape = given
    x, shape = start = begin(asked, usual_size(shape, SIZES), 32)
    rows = published_size(asked, shape, SIZES, ALPHAS, alpha)
    x = norm(conv(x, divisible(32 * alpha), 3, "Conv1", 2), "bn_Conv1", **NORM)
    x, block = layers.ReLU(6.0, name="Conv1_relu")(x), 0
    for filters, strides, repeats in BLOCKS:
        for i in range(repeats):
            x = inverted(x, divisible(int(filters * alpha)), strides if i == 0 else 1, block)
            block += 1
    width = divisible(1280 * alpha) if alpha > 1.0 else 1280
    x = norm(conv(x, width, 1, "Conv_1", padding="valid"), "Conv_1_bn", **NORM)
    x = layers.ReLU(6.0, name="out_relu")(x)
    asked.name = asked.name or f"mobilenetv2_{alpha:0.2f}_{rows}"
    stem = f"mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_{float(alpha)}_{rows}"
    files = [(f"{stem}.h5", None), (f"{stem}_no_top.h5", None)]
    return finish(asked, start[0], top(x, asked, names=(None, None), head_pool=None), files)


def inverted(x, filters, strides, block):
    """Wide in the middle, linear at the end, with a shortcut where the shapes agree."""
    inputs, width, name = x, x.shape[channels()], f"block_{block}_" if block else "expanded_conv_"
    if block:
        x = norm(conv(x, 6 * width, 1, f"{name}expand"), f"{name}expand_BN", **NORM)
        x = layers.ReLU(6.0, name=f"{name}expand_relu")(x)
    if strides == 2:
        x = pad(x, correct_pad(x, 3), f"{name}pad")
    kind = "same" if strides == 1 else "valid"
    x = layers.DepthwiseConv2D(3, strides=strides, padding=kind, use_bias=False, name=f"{name}depthwise")(x)
    x = layers.ReLU(6.0, name=f"{name}depthwise_relu")(norm(x, f"{name}depthwise_BN", **NORM))
    x = norm(conv(x, filters, 1, f"{name}project"), f"{name}project_BN", **NORM)
    return layers.Add(name=f"{name}add")([inputs, x]) if width == filters and strides == 1 else x


MobileNetV2 = architecture(
    mobilenet_v2,
    "MobileNetV2",
    model_name=None,
    arguments={"alpha": 1.0},
    stable=2,
    order="input_shape alpha include_top weights input_tensor pooling classes classifier_activation name".split(),
)
preprocess_input = preprocessing("tf")

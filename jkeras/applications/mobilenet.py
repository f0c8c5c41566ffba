"""MobileNet. Howard et al., 2017, https://arxiv.org/abs/1704.04861"""

import warnings

from .. import layers
from ..core import config
from .blocks import Asked, architecture, begin, conv, finish, norm, pad, pooled
from .imagenet_utils import decode_predictions, preprocessing, validate_activation

__all__ = ["MobileNet", "decode_predictions", "preprocess_input"]

SIZES = (128, 160, 192, 224)
TEXTS = {1.0: "1_0", 0.75: "7_5", 0.5: "5_0", 0.25: "2_5"}
BLOCKS = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1))


def side_of(shape):
    """(rows, columns) of an input shape."""
    return shape[1:3] if config.image_data_format() == "channels_first" else shape[:2]


def usual_size(shape, sizes):
    """The side of square pictures of a size that weights were published for, else 224."""
    rows, columns = side_of(shape) if shape is not None else (None, None)
    return rows if rows == columns and rows in sizes else 224


def published_size(asked, shape, sizes, alphas, alpha):
    """The size that the published weights are for: that of the pictures, or 224. It belongs into the model's name too."""
    rows, columns = side_of(shape)
    if asked.weights == "imagenet":
        if alpha not in alphas:
            raise ValueError(f"weights='imagenet' exist for alpha in {sorted(alphas)}, received alpha={alpha}.")
        if rows != columns or rows not in sizes:
            warnings.warn(f"No weights were published for pictures of shape {shape}; those for (224, 224) are loaded.")
            return 224
    return rows


def mobilenet(asked: Asked, alpha, depth_multiplier, dropout):
    """Howard et al., 2017, https://arxiv.org/abs/1704.04861"""
    x, shape = start = begin(asked, usual_size(asked.input_shape, SIZES), 32)
    if asked.weights == "imagenet" and depth_multiplier != 1:
        raise ValueError(f"weights='imagenet' exist for depth_multiplier=1, received {depth_multiplier}.")
    rows = published_size(asked, shape, SIZES, TEXTS, alpha)
    x = layers.ReLU(6.0, name="conv1_relu")(norm(conv(x, int(32 * alpha), 3, "conv1", 2), "conv1_bn"))
    for i, (filters, strides) in enumerate(BLOCKS, 1):
        if strides == 2:
            x = pad(x, ((0, 1), (0, 1)), f"conv_pad_{i}")
        x = layers.DepthwiseConv2D(
            3,
            strides=strides,
            padding="same" if strides == 1 else "valid",
            depth_multiplier=depth_multiplier,
            use_bias=False,
            name=f"conv_dw_{i}",
        )(x)
        x = layers.ReLU(6.0, name=f"conv_dw_{i}_relu")(norm(x, f"conv_dw_{i}_bn"))
        x = norm(conv(x, int(filters * alpha), 1, f"conv_pw_{i}"), f"conv_pw_{i}_bn")
        x = layers.ReLU(6.0, name=f"conv_pw_{i}_relu")(x)
    if asked.include_top:
        x = layers.Dropout(dropout, name="dropout")(layers.GlobalAveragePooling2D(keepdims=True)(x))
        x = layers.Reshape((asked.classes,), name="reshape_2")(conv(x, asked.classes, 1, "conv_preds", bias=True))
        validate_activation(asked.classifier_activation, asked.weights)
        x = layers.Activation(asked.classifier_activation, name="predictions")(x)
    else:
        x = pooled(x, asked.pooling)
    asked.name = asked.name or f"mobilenet_{alpha:0.2f}_{rows}"
    text = TEXTS.get(alpha)
    files = [(f"mobilenet/mobilenet_{text}_{rows}_tf{end}.h5", None) for end in ("", "_no_top")]
    return finish(asked, start[0], x, files)


MobileNet = architecture(
    mobilenet,
    "MobileNet",
    model_name=None,
    arguments={"alpha": 1.0, "depth_multiplier": 1, "dropout": 1e-3},
    order="input_shape alpha depth_multiplier dropout include_top weights input_tensor pooling classes "
    "classifier_activation name".split(),
)
preprocess_input = preprocessing("tf")

"""MobileNetV3. Howard et al., 2019, https://arxiv.org/abs/1905.02244"""

import warnings

from .. import layers
from ..core import config
from .blocks import act, architecture, channels, check, conv, divisible, finish, norm, pad, pooled, start
from .imagenet_utils import correct_pad, decode_predictions, preprocessing, validate_activation
from .mobilenet import side_of

__all__ = ["MobileNetV3Large", "MobileNetV3Small", "decode_predictions", "preprocess_input"]

HASHES = {
    "large_224_0.75_float": ("765b44a33ad4005b3ac83185abf1d0eb", "40af19a13ebea4e2ee0c676887f69a2e"),
    "large_224_1.0_float": ("59e551e166be033d707958cf9e29a6a7", "07fb09a5933dd0c8eaafa16978110389"),
    "large_minimalistic_224_1.0_float": ("675e7b876c45c57e9e63e6d90a36599c", "ec5221f64a2f6d1ef965a614bdae7973"),
    "small_224_0.75_float": ("cb65d4e5be93758266aa0a7f2c6708b7", "ebdb5cc8e0b497cd13a7c275d475c819"),
    "small_224_1.0_float": ("8768d4c2e7dee89b9d02b2d03d65d862", "d3e8ec802a04aa4fc771ee12a9a9b836"),
    "small_minimalistic_224_1.0_float": ("99cd97fb2fcdad2bf028eb838de69e37", "cde8136e733e811080d9fcd8a252f7e4"),
}
# expansion, filters, kernel, strides, squeeze-and-excite, relu (False, None, 5: what `minimalistic` takes away)
SMALL = (
    (1, 16, 3, 2, True, True), (72 / 16, 24, 3, 2, False, True), (88 / 24, 24, 3, 1, False, True), (4, 40, 5, 2, True, False),
    (6, 40, 5, 1, True, False), (6, 40, 5, 1, True, False), (3, 48, 5, 1, True, False), (3, 48, 5, 1, True, False),
    (6, 96, 5, 2, True, False), (6, 96, 5, 1, True, False), (6, 96, 5, 1, True, False),
)  # fmt: skip
LARGE = (
    (1, 16, 3, 1, False, True), (4, 24, 3, 2, False, True), (3, 24, 3, 1, False, True), (3, 40, 5, 2, True, True),
    (3, 40, 5, 1, True, True), (3, 40, 5, 1, True, True), (6, 80, 3, 2, False, False), (2.5, 80, 3, 1, False, False),
    (2.3, 80, 3, 1, False, False), (2.3, 80, 3, 1, False, False), (6, 112, 3, 1, True, False), (6, 112, 3, 1, True, False),
    (6, 160, 5, 2, True, False), (6, 160, 5, 1, True, False), (6, 160, 5, 1, True, False),
)  # fmt: skip
NORM = {"epsilon": 1e-3, "momentum": 0.999}


def mobilenet_v3(asked, size, rows, width, alpha, minimalistic, dropout_rate, include_preprocessing):
    """Howard et al., 2019, https://arxiv.org/abs/1905.02244"""
    x = begun = start(asked, input_shape(asked, alpha, minimalistic))
    relu = layers.ReLU
    activation = relu if minimalistic else (lambda: layers.Activation("hard_swish"))
    if include_preprocessing:
        x = layers.Rescaling(scale=1.0 / 127.5, offset=-1.0)(x)
    x = activation()(norm(conv(x, 16, 3, "conv", 2), "conv_bn", **NORM))
    for i, (expansion, filters, kernel, strides, excited, plain) in enumerate(rows):
        kernel, excited = (3, False) if minimalistic else (kernel, excited)
        x = inverted(
            x, expansion, divisible(filters * alpha), kernel, strides, excited, relu if plain else activation, i
        )
    x = norm(conv(x, divisible(x.shape[channels()] * 6), 1, "conv_1"), "conv_1_bn", **NORM)
    x = activation()(x)
    if asked.include_top:
        x = layers.GlobalAveragePooling2D(keepdims=True)(x)
        x = activation()(conv(x, divisible(width * alpha) if alpha > 1.0 else width, 1, "conv_2", bias=True))
        x = layers.Dropout(dropout_rate)(x) if dropout_rate > 0 else x
        x = layers.Flatten()(conv(x, asked.classes, 1, "logits", bias=True))
        validate_activation(asked.classifier_activation, asked.weights)
        x = act(x, asked.classifier_activation, "predictions")
    else:
        x = pooled(x, asked.pooling, ("avg_pool", "max_pool"))
    kind = f"{size}{'_minimalistic' if minimalistic else ''}_224_{float(alpha)}_float"
    ends = zip(("", "_no_top_v2"), HASHES.get(kind, (None, None)))
    files = [(f"mobilenet_v3/weights_mobilenet_v3_{kind}{end}.h5", digest) for end, digest in ends]
    return finish(asked, begun, x, files)


def input_shape(asked, alpha, minimalistic):
    """The shape of the pictures, of any size unless told."""
    check(asked)
    shape = asked.input_shape
    if asked.input_tensor is not None:
        given = tuple(asked.input_tensor.shape)[1:]
        if shape is not None and any(a != b for a, b in zip(given, shape) if None not in (a, b)):
            raise ValueError(
                f"{asked.name}: input_shape={shape} is not that of input_tensor, {given}. Pass one of them."
            )
        shape = given
    if shape is None:
        shape = (3, None, None) if config.image_data_format() == "channels_first" else (None, None, 3)
    rows, columns = side_of(shape)
    if rows and columns and min(rows, columns) < 32:
        raise ValueError(f"{asked.name}: input size must be at least 32x32, received input_shape={shape}.")
    if asked.weights == "imagenet":
        if alpha not in ((1.0,) if minimalistic else (0.75, 1.0)):
            raise ValueError(
                f"{asked.name}: weights='imagenet' exist for alpha 0.75 (not minimalistic) and 1.0, not {alpha}."
            )
        if rows != columns or rows != 224:
            warnings.warn(f"No weights were published for pictures of shape {shape}; those for (224, 224) are loaded.")
    return shape


def inverted(x, expansion, filters, kernel, strides, excited, activation, block):
    """Wide in the middle, perhaps with squeeze-and-excite there, and with a shortcut where the shapes agree."""
    shortcut, width = x, x.shape[channels()]
    name, wide = "expanded_conv_", divisible(width * expansion)
    if block:
        name = f"expanded_conv_{block}_"
        x = activation()(norm(conv(x, wide, 1, f"{name}expand"), f"{name}expand_bn", **NORM))
    if strides == 2:
        x = pad(x, correct_pad(x, kernel), f"{name}depthwise_pad")
    kind = "same" if strides == 1 else "valid"
    x = layers.DepthwiseConv2D(kernel, strides=strides, padding=kind, use_bias=False, name=f"{name}depthwise")(x)
    x = activation()(norm(x, f"{name}depthwise_bn", **NORM))
    if excited:
        x = excite(x, wide, f"{name}squeeze_excite_")
    x = norm(conv(x, filters, 1, f"{name}project"), f"{name}project_bn", **NORM)
    return layers.Add(name=f"{name}add")([shortcut, x]) if strides == 1 and width == filters else x


def excite(inputs, filters, name):
    x = layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}avg_pool")(inputs)
    x = layers.ReLU(name=f"{name}relu")(conv(x, divisible(filters * 0.25), 1, f"{name}conv", bias=True))
    x = conv(x, filters, 1, f"{name}conv_1", bias=True)
    return layers.Multiply(name=f"{name}mul")([inputs, layers.ReLU(6.0)(x + 3.0) * (1.0 / 6.0)])


FORM = {
    "arguments": {"alpha": 1.0, "minimalistic": False, "dropout_rate": 0.2, "include_preprocessing": True},
    "order": "input_shape alpha minimalistic include_top weights input_tensor classes pooling dropout_rate "
    "classifier_activation include_preprocessing name".split(),
}
MobileNetV3Small = architecture(
    mobilenet_v3, "MobileNetV3Small", model_name="MobileNetV3Small", size="small", rows=SMALL, width=1024, **FORM
)
MobileNetV3Large = architecture(
    mobilenet_v3, "MobileNetV3Large", model_name="MobileNetV3Large", size="large", rows=LARGE, width=1280, **FORM
)
preprocess_input = preprocessing(None)

"""EfficientNetV2. Tan & Le, 2021, https://arxiv.org/abs/2104.00298"""

import math

from .. import layers
from .blocks import act, architecture, begin, channels, conv, finish, norm, top
from .efficientnet import CONV, DENSE, KERNEL, excited
from .imagenet_utils import DEVIATIONS, MEANS, decode_predictions, preprocessing

HASHES = {
    "b0": ("21ecbf6da12460d5c40bb2f29ceb2188", "893217f2bb855e2983157299931e43ff"),
    "b1": ("069f0534ff22adf035c89e2d9547a9dc", "0e80663031ca32d657f9caa404b6ec37"),
    "b2": ("424e49f28180edbde1e94797771950a7", "1dfe2e7a5d45b6632553a8961ea609eb"),
    "b3": ("1f1fc43bd98a6e4fd8fdfd551e02c7a0", "f6abf7b5849ac99a89b50dd3fd532856"),
    "s": ("e1d88a8495beba45748fedd0cecbe016", "af0682fb74e8c54910f2d4393339c070"),
    "m": ("a3bf6aa3276309f4fc6a34aa114c95cd", "1b8dc055df72dde80d614482840fe342"),
    "l": ("27e6d408b53c7ebc868fefa357689935", "b0b66b5c863aef5b46e8608fe1711615"),
}
# width, depth, size of the pictures
SCALES = {
    "b0": (1.0, 1.0, 224), "b1": (1.0, 1.1, 240), "b2": (1.1, 1.2, 260), "b3": (1.2, 1.4, 300), "s": (1.0, 1.0, 384),
    "m": (1.0, 1.0, 480), "l": (1.0, 1.0, 480),
}  # fmt: skip
# repetitions, filters in, filters out, expansion, squeeze-and-excite, strides, fused: the two convolutions in one
BLOCKS = {
    "b": ((1, 32, 16, 1, 0, 1, 1), (2, 16, 32, 4, 0, 2, 1), (2, 32, 48, 4, 0, 2, 1), (3, 48, 96, 4, 0.25, 2, 0),
          (5, 96, 112, 6, 0.25, 1, 0), (8, 112, 192, 6, 0.25, 2, 0)),
    "s": ((2, 24, 24, 1, 0, 1, 1), (4, 24, 48, 4, 0, 2, 1), (4, 48, 64, 4, 0, 2, 1), (6, 64, 128, 4, 0.25, 2, 0),
          (9, 128, 160, 6, 0.25, 1, 0), (15, 160, 256, 6, 0.25, 2, 0)),
    "m": ((3, 24, 24, 1, 0, 1, 1), (5, 24, 48, 4, 0, 2, 1), (5, 48, 80, 4, 0, 2, 1), (7, 80, 160, 4, 0.25, 2, 0),
          (14, 160, 176, 6, 0.25, 1, 0), (18, 176, 304, 6, 0.25, 2, 0), (5, 304, 512, 6, 0.25, 1, 0)),
    "l": ((4, 32, 32, 1, 0, 1, 1), (7, 32, 64, 4, 0, 2, 1), (7, 64, 96, 4, 0, 2, 1), (10, 96, 192, 4, 0.25, 2, 0),
          (19, 192, 224, 6, 0.25, 1, 0), (25, 224, 384, 6, 0.25, 2, 0), (7, 384, 640, 6, 0.25, 1, 0)),
}  # fmt: skip
NORM = {"momentum": 0.9}


def efficientnet_v2(asked, kind, include_preprocessing):
    """Tan & Le, 2021, https://arxiv.org/abs/2104.00298"""
    wide, deep, size = SCALES[kind]
    x, shape = start = begin(asked, size, 32)
    if include_preprocessing:
        x = prepared(x, kind, shape[0 if channels() == 1 else -1])
    rows = BLOCKS[kind[0]]
    x = conv(x, rounded(rows[0][1], wide), 3, "stem_conv", 2, **KERNEL)
    x = act(norm(x, "stem_bn", **NORM), "swish", "stem_activation")
    total, count = sum(row[0] for row in rows), 0
    for i, (repeats, before, after, expansion, squeeze, strides, fused) in enumerate(rows):
        for j in range(math.ceil(deep * repeats)):
            first, name = j == 0, f"block{i + 1}{chr(j + 97)}_"
            width = rounded(before if first else after, wide)
            form = (width, rounded(after, wide), strides if first else 1, expansion, squeeze)
            x = block(x, name, 0.2 * count / total, bool(fused), *form)
            count += 1
    x = conv(x, rounded(1280, wide), 1, "top_conv", **KERNEL)
    x = act(norm(x, "top_bn", **NORM), "swish", "top_activation")
    x = top(x, asked, 0.2, kernel_initializer=DENSE)
    ends = zip(("", "_notop"), HASHES[kind])
    files = [(f"efficientnet_v2/efficientnetv2-{kind}{end}.h5", digest) for end, digest in ends]
    return finish(asked, start[0], x, files)


def rounded(filters, wide, divisor=8):
    """Like `divisible`, without its lower limit."""
    return max(divisor, int(filters * wide + divisor / 2) // divisor * divisor)


def prepared(x, kind, count):
    """Pixels in 0..255 as the weights want them."""
    if kind[0] != "b" or count != 3:
        return layers.Rescaling(scale=1.0 / 128.0, offset=-1)(x)
    variance = [deviation**2 for deviation in DEVIATIONS]
    x = layers.Rescaling(scale=1.0 / 255)(x)
    return layers.Normalization(mean=list(MEANS["torch"]), variance=variance, axis=channels() % 4)(x)


def block(inputs, name, drop, fused, before, after, strides, expansion, squeeze):
    """Wide in the middle, with a shortcut where the shapes agree; fused: without a depthwise convolution."""
    x, width = inputs, before * expansion
    if expansion != 1:
        kernel, step = (3, strides) if fused else (1, 1)
        x = norm(conv(x, width, kernel, f"{name}expand_conv", step, **KERNEL), f"{name}expand_bn", **NORM)
        x = act(x, "swish", f"{name}expand_activation")
    if not fused:
        x = layers.DepthwiseConv2D(
            3, strides=strides, padding="same", use_bias=False, depthwise_initializer=CONV, name=f"{name}dwconv2"
        )(x)
        x = act(norm(x, f"{name}bn", **NORM), "swish", f"{name}activation")
    if squeeze:
        x = excited(x, width, max(1, int(before * squeeze)), name)
    kernel, step = (3, strides) if fused and expansion == 1 else (1, 1)
    x = norm(conv(x, after, kernel, f"{name}project_conv", step, **KERNEL), f"{name}project_bn", **NORM)
    if fused and expansion == 1:
        x = act(x, "swish", f"{name}project_activation")
    if strides == 1 and before == after:
        x = layers.Dropout(drop, noise_shape=(None, 1, 1, 1), name=f"{name}drop")(x) if drop else x
        x = layers.add([x, inputs], name=f"{name}add")
    return x


globals().update(
    {
        f"EfficientNetV2{kind.upper()}": architecture(
            efficientnet_v2,
            f"EfficientNetV2{kind.upper()}",
            model_name=f"efficientnetv2-{kind}",
            arguments={"include_preprocessing": True},
            order="include_top weights input_tensor input_shape pooling classes classifier_activation include_preprocessing "
            "name".split(),
            kind=kind,
        )
        for kind in SCALES
    }
)
preprocess_input = preprocessing(None)
__all__ = [*(f"EfficientNetV2{kind.upper()}" for kind in SCALES), "decode_predictions", "preprocess_input"]

"""EfficientNet. Tan & Le, 2019, https://arxiv.org/abs/1905.11946"""

import math

from .. import layers
from .blocks import act, architecture, begin, channels, conv, divisible, finish, norm, pad, top
from .imagenet_utils import DEVIATIONS, correct_pad, decode_predictions, preprocessing

URL = "https://storage.googleapis.com/keras-applications/"
HASHES = (
    ("902e53a9f72be733fc0bcb005b3ebbac", "50bc09e76180e00e4465e1a485ddc09d"),
    ("1d254153d4ab51201f1646940f018540", "74c4e6b3e1f6a1eea24c589628592432"),
    ("b15cce36ff4dcbd00b6dd88e7857a6ad", "111f8e2ac8aa800a7a99e3239f7bfb39"),
    ("ffd1fdc53d0ce67064dc6a9c7960ede0", "af6d107764bb5b1abb91932881670226"),
    ("18c95ad55216b8f92d7e70b3a046e2fc", "ebc24e6d6c33eaebbd558eafbeedf1ba"),
    ("ace28f2a6363774853a83a0b21b9421a", "38879255a25d3c92d5e44e04ae6cec6f"),
    ("165f6e37dce68623721b423839de8be5", "9ecce42647a20130c1f39a5d4cb75743"),
    ("8c03f828fec3ef71311cd463b6759d99", "cbcfe4450ddf6f3ad90b1b398090fe4a"),
)
# width, depth, size of the pictures, dropout
SCALES = (
    (1.0, 1.0, 224, 0.2), (1.0, 1.1, 240, 0.2), (1.1, 1.2, 260, 0.3), (1.2, 1.4, 300, 0.3), (1.4, 1.8, 380, 0.4),
    (1.6, 2.2, 456, 0.4), (1.8, 2.6, 528, 0.5), (2.0, 3.1, 600, 0.5),
)  # fmt: skip
# kernel, repetitions, filters in, filters out, expansion, strides
BLOCKS = (
    (3, 1, 32, 16, 1, 1), (3, 2, 16, 24, 6, 2), (5, 2, 24, 40, 6, 2), (3, 3, 40, 80, 6, 2), (5, 3, 80, 112, 6, 1),
    (5, 4, 112, 192, 6, 2), (3, 1, 192, 320, 6, 1),
)  # fmt: skip


def scaling(scale, distribution):
    return {
        "class_name": "VarianceScaling",
        "config": {"scale": scale, "mode": "fan_out", "distribution": distribution},
    }


CONV, DENSE = scaling(2.0, "truncated_normal"), scaling(1.0 / 3.0, "uniform")
KERNEL = {"kernel_initializer": CONV}


def efficientnet(asked, number):
    """Tan & Le, 2019, https://arxiv.org/abs/1905.11946"""
    wide, deep, size, dropout = SCALES[number]
    x, _ = start = begin(asked, size, 32)
    x = layers.Normalization(axis=channels() % 4)(layers.Rescaling(1.0 / 255.0)(x))
    if asked.weights == "imagenet":
        x = layers.Rescaling([1.0 / math.sqrt(deviation) for deviation in DEVIATIONS])(x)
    x = conv(pad(x, correct_pad(x, 3), "stem_conv_pad"), divisible(32 * wide), 3, "stem_conv", 2, "valid", **KERNEL)
    x = act(norm(x, "stem_bn"), "swish", "stem_activation")
    repeats = [math.ceil(deep * block[1]) for block in BLOCKS]
    count = 0
    for i, ((kernel, _, before, after, expansion, strides), repeat) in enumerate(zip(BLOCKS, repeats)):
        for j in range(repeat):
            first, name = j == 0, f"block{i + 1}{chr(j + 97)}_"
            width = divisible((before if first else after) * wide)
            drop = 0.2 * count / sum(repeats)
            x = block(x, drop, name, width, divisible(after * wide), kernel, strides if first else 1, expansion)
            count += 1
    x = conv(x, divisible(1280 * wide), 1, "top_conv", **KERNEL)
    x = act(norm(x, "top_bn"), "swish", "top_activation")
    x = top(x, asked, dropout, kernel_initializer=DENSE)
    files = [(f"{URL}{asked.name}{end}.h5", digest) for end, digest in zip(("", "_notop"), HASHES[number])]
    return finish(asked, start[0], x, files)


def block(inputs, drop, name, before, after, kernel, strides, expansion):
    """Wide in the middle, squeezed and excited there, with a shortcut where the shapes agree."""
    x, width = inputs, before * expansion
    if expansion != 1:
        x = act(
            norm(conv(x, width, 1, f"{name}expand_conv", **KERNEL), f"{name}expand_bn"),
            "swish",
            f"{name}expand_activation",
        )
    if strides == 2:
        x = pad(x, correct_pad(x, kernel), f"{name}dwconv_pad")
    x = layers.DepthwiseConv2D(
        kernel,
        strides=strides,
        padding="same" if strides == 1 else "valid",
        use_bias=False,
        depthwise_initializer=CONV,
        name=f"{name}dwconv",
    )(x)
    x = act(norm(x, f"{name}bn"), "swish", f"{name}activation")
    x = excited(x, width, max(1, int(before * 0.25)), name)
    x = norm(conv(x, after, 1, f"{name}project_conv", **KERNEL), f"{name}project_bn")
    if strides == 1 and before == after:
        x = layers.Dropout(drop, noise_shape=(None, 1, 1, 1), name=f"{name}drop")(x) if drop > 0 else x
        x = layers.add([x, inputs], name=f"{name}add")
    return x


def excited(x, width, squeezed, name, kind="swish"):
    """Each channel times what a small network makes of all the channels' means."""
    y = layers.GlobalAveragePooling2D(name=f"{name}se_squeeze")(x)
    y = layers.Reshape((width, 1, 1) if channels() == 1 else (1, 1, width), name=f"{name}se_reshape")(y)
    y = conv(y, squeezed, 1, f"{name}se_reduce", bias=True, activation=kind, **KERNEL)
    y = conv(y, width, 1, f"{name}se_expand", bias=True, activation="sigmoid", **KERNEL)
    return layers.multiply([x, y], name=f"{name}se_excite")


globals().update(
    {f"EfficientNetB{i}": architecture(efficientnet, f"EfficientNetB{i}", number=i) for i in range(len(SCALES))}
)
preprocess_input = preprocessing(None)
__all__ = [*(f"EfficientNetB{i}" for i in range(len(SCALES))), "decode_predictions", "preprocess_input"]

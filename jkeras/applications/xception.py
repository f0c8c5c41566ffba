"""Xception. Chollet, 2016, https://arxiv.org/abs/1610.02357"""

from .. import layers
from .blocks import TF_KERNELS, act, architecture, begin, conv, finish, norm, top
from .imagenet_utils import decode_predictions, preprocessing

__all__ = ["Xception", "decode_predictions", "preprocess_input"]

HASHES = ("0a58e3b7378bc2990ea3b43d5981f1f6", "b0042744bf5b25fce3cb969f33bebb97")


def xception(asked):
    """Chollet, 2016, https://arxiv.org/abs/1610.02357"""
    x, _ = start = begin(asked, 299, 71)
    for i, (filters, strides) in enumerate(((32, 2), (64, 1)), 1):
        x = conv(x, filters, 3, f"block1_conv{i}", strides, "valid")
        x = act(norm(x, f"block1_conv{i}_bn"), name=f"block1_conv{i}_act")
    for block, widths in ((2, (128, 128)), (3, (256, 256)), (4, (728, 728))):
        x = entry_or_exit(x, block, widths)
    for block in range(5, 13):
        shortcut = x
        for i in (1, 2, 3):
            x = separable(act(x, name=f"block{block}_sepconv{i}_act"), 728, f"block{block}_sepconv{i}")
        x = layers.add([x, shortcut])
    x = entry_or_exit(x, 13, (728, 1024))
    for i, filters in enumerate((1536, 2048), 1):
        x = act(separable(x, filters, f"block14_sepconv{i}"), name=f"block14_sepconv{i}_act")
    files = [(f"xception/xception{end}", digest) for end, digest in zip(TF_KERNELS, HASHES)]
    return finish(asked, start[0], top(x, asked, names=(None, None)), files)


def separable(x, filters, name):
    x = layers.SeparableConv2D(filters, 3, padding="same", use_bias=False, name=name)(x)
    return norm(x, f"{name}_bn")


def entry_or_exit(x, block, widths):
    """Two separable convolutions and a pooling, beside a strided convolution."""
    shortcut = norm(conv(x, widths[-1], 1, strides=2))
    for i, filters in enumerate(widths, 1):
        x = act(x, name=f"block{block}_sepconv{i}_act") if block > 2 or i > 1 else x
        x = separable(x, filters, f"block{block}_sepconv{i}")
    x = layers.MaxPooling2D(3, strides=2, padding="same", name=f"block{block}_pool")(x)
    return layers.add([x, shortcut])


Xception = architecture(xception, "Xception")
preprocess_input = preprocessing("tf")

"""Inception V3. Szegedy et al., 2015, https://arxiv.org/abs/1512.00567"""

from .. import layers
from .blocks import TF_KERNELS, act, architecture, begin, channels, conv, finish, norm, top
from .imagenet_utils import decode_predictions, preprocessing

__all__ = ["InceptionV3", "decode_predictions", "preprocess_input"]

HASHES = ("9a0d58056eeedaa3f26cb7ebd46da564", "bcbd6486424b2319ff4ef7d526e38f63")
# A branch is its convolutions in a row: (filters, kernel); "s" after it: strides 2 without padding.
SMALL = ([(64, 1)], [(48, 1), (64, 5)], [(64, 1), (96, 3), (96, 3)])


def inception_v3(asked):
    """Szegedy et al., 2015, https://arxiv.org/abs/1512.00567"""
    x, _ = start = begin(asked, 299, 75)
    x = conv_bn(x, 32, 3, 2, "valid")
    x = conv_bn(conv_bn(x, 32, 3, 1, "valid"), 64, 3)
    x = layers.MaxPooling2D(3, strides=2)(x)
    x = conv_bn(conv_bn(x, 80, 1, 1, "valid"), 192, 3, 1, "valid")
    x = layers.MaxPooling2D(3, strides=2)(x)
    for i, pool in enumerate((32, 64, 64)):
        x = mixed(x, SMALL, f"mixed{i}", pool)
    x = mixed(x, ([(384, 3, "s")], [(64, 1), (96, 3), (96, 3, "s")]), "mixed3")
    for i, width in enumerate((128, 160, 160, 192), 4):
        row, column = (1, 7), (7, 1)
        twice = [(width, 1), (width, row), (192, column)]
        often = [(width, 1), (width, column), (width, row), (width, column), (192, row)]
        x = mixed(x, ([(192, 1)], twice, often), f"mixed{i}", 192)
    x = mixed(x, ([(192, 1), (320, 3, "s")], [(192, 1), (192, (1, 7)), (192, (7, 1)), (192, 3, "s")]), "mixed8")
    for i in range(2):
        x = last(x, i)
    files = [(f"inception_v3/inception_v3{end}", digest) for end, digest in zip(TF_KERNELS, HASHES)]
    return finish(asked, start[0], top(x, asked, names=(None, None)), files)


def conv_bn(x, filters, size, strides=1, padding="same"):
    return act(norm(conv(x, filters, size, None, strides, padding), scale=False))


def mixed(x, branches, name, pool=None):
    """Branches beside each other; the pooled one averages in place (`pool` filters) or halves the size."""
    found = []
    for branch in branches:
        y = x
        for filters, size, *reduces in branch:
            y = conv_bn(y, filters, size, *((2, "valid") if reduces else (1, "same")))
        found.append(y)
    if pool is None:
        found.append(layers.MaxPooling2D(3, strides=2)(x))
    else:
        found.append(conv_bn(layers.AveragePooling2D(3, strides=1, padding="same")(x), pool, 1))
    return layers.Concatenate(axis=channels(), name=name)(found)


def last(x, i):
    """The widest block, whose branches split once more."""

    def split(y, name=None):
        return layers.concatenate([conv_bn(y, 384, (1, 3)), conv_bn(y, 384, (3, 1))], axis=channels(), name=name)

    one = conv_bn(x, 320, 1)
    three = split(conv_bn(x, 384, 1), f"mixed9_{i}")
    double = split(conv_bn(conv_bn(x, 448, 1), 384, 3))
    pool = conv_bn(layers.AveragePooling2D(3, strides=1, padding="same")(x), 192, 1)
    return layers.concatenate([one, three, double, pool], axis=channels(), name=f"mixed{9 + i}")


InceptionV3 = architecture(inception_v3, "InceptionV3", model_name="inception_v3")
preprocess_input = preprocessing("tf")

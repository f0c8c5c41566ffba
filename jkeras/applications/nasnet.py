"""NASNet-A. Zoph et al., 2017, https://arxiv.org/abs/1707.07012"""

from .. import layers
from .blocks import STORE, act, architecture, begin, conv, finish, norm, pad, top
from .imagenet_utils import correct_pad, decode_predictions, preprocessing

__all__ = ["NASNetLarge", "NASNetMobile", "decode_predictions", "preprocess_input"]

HASHES = {
    "mobile": ("020fb642bf7360b370c678b08e0adf61", "1ed92395b5b598bdda52abe5c0dbfd63"),
    "large": ("11577c9a518f0070763c2b964a382f17", "d81d89dc07e6e56530c4e77faddd61b5"),
}
NORM = {"momentum": 0.9997, "epsilon": 1e-3}
HE = {"kernel_initializer": "he_normal"}


def nasnet(asked, kind, size, penultimate, depth, stem, skips):
    """Zoph et al., 2017, https://arxiv.org/abs/1707.07012"""
    if kind == "mobile" and not asked.include_top and asked.input_shape is None:
        asked.input_shape = (224, 224, 3)
    if asked.weights == "imagenet" and asked.input_shape is not None and None in asked.input_shape:
        raise ValueError(f"{asked.name}: weights='imagenet' want a static input_shape, received {asked.input_shape}.")
    x, _ = start = begin(asked, size, 32, last_only=True)
    filters = penultimate // 24
    x = norm(conv(x, stem, 3, "stem_conv1", 2, "valid", **HE), "stem_bn1", **NORM)
    x, previous = reduction(x, None, filters // 4, "stem_1")
    x, previous = reduction(x, previous, filters // 2, "stem_2")
    for stage in range(3):
        if stage:
            x, before = reduction(x, previous, filters * 2**stage, f"reduce_{stage * depth}")
            previous = previous if skips else before
        for i in range(depth):
            x, previous = normal(x, previous, filters * 2**stage, f"{stage * depth + i + (stage > 0)}")
    x = top(act(x), asked, names=(None, None), head_pool=None)
    files = [
        (f"{STORE}nasnet/NASNet-{kind}{minus}.h5|nasnet_{kind}{under}.h5", digest)
        for minus, under, digest in zip(("", "-no-top"), ("", "_no_top"), HASHES[kind])
    ]
    return finish(asked, start[0], x, files)


def separable(x, filters, size, name, strides=1):
    """Two separable convolutions, each after an activation."""
    x, kind = act(x), "same"
    if strides == 2:
        x, kind = pad(x, correct_pad(x, size), f"separable_conv_1_pad_{name}"), "valid"
    for i in (1, 2):
        x = act(x) if i == 2 else x
        x = layers.SeparableConv2D(
            filters,
            size,
            strides=strides if i == 1 else 1,
            padding=kind if i == 1 else "same",
            use_bias=False,
            name=f"separable_conv_{i}_{name}",
        )(x)
        x = norm(x, f"separable_conv_{i}_bn_{name}", **NORM)
    return x


def adjusted(p, x, filters, name):
    """What came before the previous cell, in the shape of that one."""
    if p is None:
        return x
    if p.shape[-2] != x.shape[-2]:
        p = act(p, name=f"adjust_relu_1_{name}")
        one = layers.AveragePooling2D(1, strides=2, padding="valid", name=f"adjust_avg_pool_1_{name}")(p)
        one = conv(one, filters // 2, 1, f"adjust_conv_1_{name}", **HE)
        two = layers.Cropping2D(((1, 0), (1, 0)))(pad(p, ((0, 1), (0, 1))))
        two = layers.AveragePooling2D(1, strides=2, padding="valid", name=f"adjust_avg_pool_2_{name}")(two)
        two = conv(two, filters // 2, 1, f"adjust_conv_2_{name}", **HE)
        return norm(layers.concatenate([one, two], axis=-1), f"adjust_bn_{name}", **NORM)
    if p.shape[-1] != filters:
        p = conv(act(p), filters, 1, f"adjust_conv_projection_{name}", **HE)
        return norm(p, f"adjust_bn_{name}", **NORM)
    return p


def pooled(kind, x, strides, name):
    padding = "same" if strides == 1 else "valid"
    return getattr(layers, f"{kind}Pooling2D")(3, strides=strides, padding=padding, name=name)(x)


def normal(x, p, filters, name):
    """A cell that keeps the size."""
    inputs, p = x, adjusted(p, x, filters, name)
    h = norm(conv(act(x), filters, 1, f"normal_conv_1_{name}", **HE), f"normal_bn_1_{name}", **NORM)
    left = separable(h, filters, 5, f"normal_left1_{name}")
    x1 = layers.add([left, separable(p, filters, 3, f"normal_right1_{name}")], name=f"normal_add_1_{name}")
    left = separable(p, filters, 5, f"normal_left2_{name}")
    x2 = layers.add([left, separable(p, filters, 3, f"normal_right2_{name}")], name=f"normal_add_2_{name}")
    x3 = layers.add([pooled("Average", h, 1, f"normal_left3_{name}"), p], name=f"normal_add_3_{name}")
    both = [pooled("Average", p, 1, f"normal_{side}4_{name}") for side in ("left", "right")]
    x4 = layers.add(both, name=f"normal_add_4_{name}")
    x5 = layers.add([separable(h, filters, 3, f"normal_left5_{name}"), h], name=f"normal_add_5_{name}")
    return layers.concatenate([p, x1, x2, x3, x4, x5], axis=-1, name=f"normal_concat_{name}"), inputs


def reduction(x, p, filters, name):
    """A cell that halves the size."""
    inputs, p = x, adjusted(p, x, filters, name)
    h = norm(conv(act(x), filters, 1, f"reduction_conv_1_{name}", **HE), f"reduction_bn_1_{name}", **NORM)
    h3 = pad(h, correct_pad(h, 3), f"reduction_pad_1_{name}")
    left = separable(h, filters, 5, f"reduction_left1_{name}", 2)
    x1 = layers.add([left, separable(p, filters, 7, f"reduction_right1_{name}", 2)], name=f"reduction_add_1_{name}")
    left = pooled("Max", h3, 2, f"reduction_left2_{name}")
    x2 = layers.add([left, separable(p, filters, 7, f"reduction_right2_{name}", 2)], name=f"reduction_add_2_{name}")
    left = pooled("Average", h3, 2, f"reduction_left3_{name}")
    x3 = layers.add([left, separable(p, filters, 5, f"reduction_right3_{name}", 2)], name=f"reduction_add3_{name}")
    x4 = layers.add([x2, pooled("Average", x1, 1, f"reduction_left4_{name}")])
    left = separable(x1, filters, 3, f"reduction_left4_{name}")
    x5 = layers.add([left, pooled("Max", h3, 2, f"reduction_right5_{name}")], name=f"reduction_add4_{name}")
    return layers.concatenate([x2, x3, x4, x5], axis=-1, name=f"reduction_concat_{name}"), inputs


FORM = "input_shape include_top weights input_tensor pooling classes classifier_activation name".split()
NASNetMobile = architecture(
    nasnet, "NASNetMobile", model_name="nasnet_mobile", order=FORM, kind="mobile", size=224, penultimate=1056, depth=4,
    stem=32, skips=False,
)  # fmt: skip
NASNetLarge = architecture(
    nasnet, "NASNetLarge", model_name="nasnet_large", order=FORM, kind="large", size=331, penultimate=4032, depth=6,
    stem=96, skips=True,
)  # fmt: skip
preprocess_input = preprocessing("tf")

"""Inception-ResNet V2. Szegedy et al., 2016, https://arxiv.org/abs/1602.07261"""

from .. import layers
from ..core.registry import register_keras_serializable
from .blocks import TF_KERNELS, act, architecture, begin, channels, conv, finish, norm, top
from .imagenet_utils import decode_predictions, preprocessing

__all__ = ["InceptionResNetV2", "decode_predictions", "preprocess_input"]

HASHES = ("e693bd0210a403b3192acc6073ad2e96", "d19885ff4a710c122648d3b5c3b684e4")
# kind: the branches, each its convolutions in a row
BRANCHES = {
    "block35": ([(32, 1)], [(32, 1), (32, 3)], [(32, 1), (48, 3), (64, 3)]),
    "block17": ([(192, 1)], [(128, 1), (160, (1, 7)), (192, (7, 1))]),
    "block8": ([(192, 1)], [(192, 1), (224, (1, 3)), (256, (3, 1))]),
}
STRIDED = {"strides": 2, "padding": "valid"}


@register_keras_serializable("keras.applications")
class CustomScaleLayer(layers.Layer):
    """The first input plus the second times a fixed number."""

    def __init__(self, scale, **kwargs):
        super().__init__(**kwargs)
        self.scale = scale

    def get_config(self):
        return {**super().get_config(), "scale": self.scale}

    def call(self, inputs):
        return inputs[0] + inputs[1] * self.scale


def inception_resnet_v2(asked):
    """Szegedy et al., 2016, https://arxiv.org/abs/1602.07261"""
    x, _ = start = begin(asked, 299, 75)
    x = conv_bn(conv_bn(conv_bn(x, 32, 3, **STRIDED), 32, 3, padding="valid"), 64, 3)
    x = layers.MaxPooling2D(3, strides=2)(x)
    x = conv_bn(conv_bn(x, 80, 1, padding="valid"), 192, 3, padding="valid")
    x = layers.MaxPooling2D(3, strides=2)(x)
    found = [row(x, branch) for branch in ([(96, 1)], [(48, 1), (64, 5)], [(64, 1), (96, 3), (96, 3)])]
    found.append(conv_bn(layers.AveragePooling2D(3, strides=1, padding="same")(x), 64, 1))
    x = layers.Concatenate(axis=channels(), name="mixed_5b")(found)
    for i in range(1, 11):
        x = residual(x, 0.17, "block35", i)
    x = reduced(x, ([(384, 3)], [(256, 1), (256, 3), (384, 3)]), "mixed_6a")
    for i in range(1, 21):
        x = residual(x, 0.1, "block17", i)
    x = reduced(x, ([(256, 1), (384, 3)], [(256, 1), (288, 3)], [(256, 1), (288, 3), (320, 3)]), "mixed_7a")
    for i in range(1, 11):
        x = residual(x, 0.2 if i < 10 else 1.0, "block8", i, "relu" if i < 10 else None)
    x = conv_bn(x, 1536, 1, name="conv_7b")
    stem = "inception_resnet_v2/inception_resnet_v2"
    files = [(f"{stem}{end}", digest) for end, digest in zip(TF_KERNELS, HASHES)]
    return finish(asked, start[0], top(x, asked, names=(None, None)), files)


def conv_bn(x, filters, size, strides=1, padding="same", name=None):
    x = conv(x, filters, size, name, strides, padding)
    return act(norm(x, name and f"{name}_bn", scale=False), name=name and f"{name}_ac")


def row(x, branch, **last):
    """Convolutions in a row; the last one may be strided."""
    for i, (filters, size) in enumerate(branch):
        x = conv_bn(x, filters, size, **(last if i == len(branch) - 1 else {}))
    return x


def reduced(x, branches, name):
    """Half the size."""
    found = [row(x, branch, **STRIDED) for branch in branches]
    return layers.Concatenate(axis=channels(), name=name)([*found, layers.MaxPooling2D(3, strides=2)(x)])


def residual(x, scale, kind, i, activation="relu"):
    """The input plus the branches, brought to its width and scaled."""
    name = f"{kind}_{i}"
    mixed = layers.Concatenate(axis=channels(), name=f"{name}_mixed")([row(x, branch) for branch in BRANCHES[kind]])
    up = conv(mixed, x.shape[channels()], 1, f"{name}_conv", bias=True)
    x = CustomScaleLayer(scale)([x, up])
    return x if activation is None else act(x, activation, f"{name}_ac")


InceptionResNetV2 = architecture(inception_resnet_v2, "InceptionResNetV2", model_name="inception_resnet_v2")
preprocess_input = preprocessing("tf")

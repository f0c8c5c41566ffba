"""VGG. Simonyan & Zisserman, 2014, https://arxiv.org/abs/1409.1556"""

from .. import layers
from .blocks import TF_KERNELS, begin, conv, finish, pooled
from .imagenet_utils import validate_activation

HASHES = {
    "vgg16": ("64373286793e3c8b2b4e3219cbf3544b", "6d6bbae143d832006294945121d1f1fc"),
    "vgg19": ("cbe5617147190e668d6c5d5026f83318", "253f8cb515780f3b799900260a226db6"),
}


def vgg(asked, kind, depths):
    """Simonyan & Zisserman, 2014, https://arxiv.org/abs/1409.1556"""
    x, _ = start = begin(asked, 224, 32)
    for block, (depth, filters) in enumerate(zip(depths, (64, 128, 256, 512, 512)), 1):
        for i in range(1, depth + 1):
            x = conv(x, filters, 3, f"block{block}_conv{i}", bias=True, activation="relu")
        x = layers.MaxPooling2D(2, 2, name=f"block{block}_pool")(x)
    if asked.include_top:
        x = layers.Flatten(name="flatten")(x)
        x = layers.Dense(4096, activation="relu", name="fc1")(x)
        x = layers.Dense(4096, activation="relu", name="fc2")(x)
        validate_activation(asked.classifier_activation, asked.weights)
        x = layers.Dense(asked.classes, activation=asked.classifier_activation, name="predictions")(x)
    else:
        x = pooled(x, asked.pooling)
    files = [(f"{kind}/{kind}{end}", digest) for end, digest in zip(TF_KERNELS, HASHES[kind])]
    return finish(asked, start[0], x, files)

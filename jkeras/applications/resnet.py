"""ResNet. He et al., 2015, https://arxiv.org/abs/1512.03385 and (V2) https://arxiv.org/abs/1603.05027"""

from .. import layers
from ..core.declare import era
from .blocks import TF_KERNELS, act, architecture, begin, conv, finish, norm, pad, pooled, top
from .imagenet_utils import decode_predictions, preprocessing, validate_activation

__all__ = ["ResNet50", "ResNet101", "ResNet152", "decode_predictions", "preprocess_input"]

HASHES = {
    "resnet50": ("2cb95161c43110f7111970584f804107", "4d473c1dd8becc155b73f8504c6f6626"),
    "resnet101": ("f1aeb4b969a6efcfb50fad2f0c20cfc5", "88cf7a10940856eca736dc7b7e228a21"),
    "resnet152": ("100835be76be38e30d865e96f2aaae62", "ee4c566cf9a93f14d82f913c2dc6dd0c"),
    "resnet50v2": ("3ef43a0b657b3be2300d5770ece849e0", "fac2f116257151a9d068a22e544a4917"),
    "resnet101v2": ("6343647c601c52e1368623803854d971", "c0ed64b8031c3730f411d2eb4eea35b5"),
    "resnet152v2": ("a49b44d1979771252814e80f8ec446f9", "ed17cf2e0169df9d443503ef94b23b33"),
}
OLD_FILES = "https://github.com/fchollet/deep-learning-models/releases/download/v0.2/resnet50"
OLD_HASHES = ("a7b3fe01876f51b976af0dea6bc144eb", "a268eb855778b3df3c7506639542a6af")
EPSILON = {"epsilon": 1.001e-5}


def resnet(asked, kind, depths, preact=False):
    """He et al., 2015, https://arxiv.org/abs/1512.03385 and (V2) https://arxiv.org/abs/1603.05027"""
    if kind == "resnet50" and era.name in ("1", "2.2"):
        return first_resnet50(asked)
    x, _ = start = begin(asked, 224, 32)
    x = conv(pad(x, 3, "conv1_pad"), 64, 7, "conv1_conv", 2, "valid", bias=True)
    if not preact:
        x = act(norm(x, "conv1_bn", **EPSILON), name="conv1_relu")
    x = layers.MaxPooling2D(3, strides=2, name="pool1_pool")(pad(x, 1, "pool1_pad"))
    stack = stack_v2 if preact else stack_v1
    last = len(depths) - 1
    for i, depth in enumerate(depths):
        strided = i != last if preact else i != 0
        x = stack(x, 64 * 2**i, depth, 2 if strided else 1, f"conv{i + 2}")
    if preact:
        x = act(norm(x, "post_bn", **EPSILON), name="post_relu")
    files = [(f"resnet/{kind}{end}", digest) for end, digest in zip(TF_KERNELS, HASHES[kind])]
    return finish(asked, start[0], top(x, asked), files)


def stack_v1(x, filters, depth, strides, name):
    """Blocks whose first one changes the size."""
    for i in range(1, depth + 1):
        shortcut, block, step = x, f"{name}_block{i}", strides if i == 1 else 1
        if i == 1:
            shortcut = norm(conv(x, 4 * filters, 1, f"{block}_0_conv", step, "valid", True), f"{block}_0_bn", **EPSILON)
        x = conv(x, filters, 1, f"{block}_1_conv", step, "valid", True)
        x = act(norm(x, f"{block}_1_bn", **EPSILON), name=f"{block}_1_relu")
        x = conv(x, filters, 3, f"{block}_2_conv", bias=True)
        x = act(norm(x, f"{block}_2_bn", **EPSILON), name=f"{block}_2_relu")
        x = norm(conv(x, 4 * filters, 1, f"{block}_3_conv", 1, "valid", True), f"{block}_3_bn", **EPSILON)
        x = act(layers.Add(name=f"{block}_add")([shortcut, x]), name=f"{block}_out")
    return x


def stack_v2(x, filters, depth, strides, name):
    """Blocks with the activation first, whose last one changes the size."""
    for i in range(1, depth + 1):
        block, step = f"{name}_block{i}", strides if i == depth else 1
        ready = act(norm(x, f"{block}_preact_bn", **EPSILON), name=f"{block}_preact_relu")
        if i == 1:
            shortcut = conv(ready, 4 * filters, 1, f"{block}_0_conv", step, "valid", True)
        else:
            shortcut = layers.MaxPooling2D(1, strides=step)(x) if step > 1 else x
        x = conv(ready, filters, 1, f"{block}_1_conv")
        x = act(norm(x, f"{block}_1_bn", **EPSILON), name=f"{block}_1_relu")
        x = conv(pad(x, 1, f"{block}_2_pad"), filters, 3, f"{block}_2_conv", step, "valid")
        x = act(norm(x, f"{block}_2_bn", **EPSILON), name=f"{block}_2_relu")
        x = conv(x, 4 * filters, 1, f"{block}_3_conv", bias=True)
        x = layers.Add(name=f"{block}_out")([shortcut, x])
    return x


def first_resnet50(asked):
    """ResNet50 with the names and the weight file that it had until Keras 2.2."""
    x, _ = start = begin(asked, 224, 32)
    x = conv(pad(x, 3, "conv1_pad"), 64, 7, "conv1", 2, "valid", bias=True)
    x = pad(act(norm(x, "bn_conv1")), 1, "pool1_pad")
    x = layers.MaxPooling2D(3, strides=2)(x)
    for stage, depth in enumerate((3, 4, 6, 3), 2):
        filters = 64 * 2 ** (stage - 2)
        for block in "abcdef"[:depth]:
            step = 2 if block == "a" and stage > 2 else 1
            shortcut, names = x, [f"{kind}{stage}{block}_branch" for kind in ("res", "bn")]
            for part, (width, size, strides) in zip("abc", ((filters, 1, step), (filters, 3, 1), (4 * filters, 1, 1))):
                x = conv(x, width, size, f"{names[0]}2{part}", strides, "same" if size == 3 else "valid", True)
                x = norm(x, f"{names[1]}2{part}")
                x = act(x) if part != "c" else x
            if block == "a":
                shortcut = conv(shortcut, 4 * filters, 1, f"{names[0]}1", step, "valid", True)
                shortcut = norm(shortcut, f"{names[1]}1")
            x = act(layers.add([x, shortcut]))
    if asked.include_top:
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
        validate_activation(asked.classifier_activation, asked.weights)
        x = layers.Dense(asked.classes, activation=asked.classifier_activation, name="fc1000")(x)
    else:
        x = pooled(x, asked.pooling)
    # The file of today has the same name; the old one is kept beside it.
    files = [
        (f"{OLD_FILES}{end}|resnet50_v0.2{end.removeprefix('_weights')}", digest)
        for end, digest in zip(TF_KERNELS, OLD_HASHES)
    ]
    return finish(asked, start[0], x, files)


ResNet50 = architecture(resnet, "ResNet50", kind="resnet50", depths=(3, 4, 6, 3))
ResNet101 = architecture(resnet, "ResNet101", kind="resnet101", depths=(3, 4, 23, 3))
ResNet152 = architecture(resnet, "ResNet152", kind="resnet152", depths=(3, 8, 36, 3))
preprocess_input = preprocessing("caffe")

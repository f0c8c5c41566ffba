"""DenseNet. Huang et al., 2016, https://arxiv.org/abs/1608.06993"""

from .. import layers
from .blocks import TF_KERNELS, act, architecture, begin, conv, finish, norm, pad, top
from .imagenet_utils import decode_predictions, preprocessing

__all__ = ["DenseNet121", "DenseNet169", "DenseNet201", "decode_predictions", "preprocess_input"]

HASHES = {
    "densenet121": ("9d60b8095a5708f2dcce2bca79d332c7", "30ee3e1110167f948a6b9946edeeb738"),
    "densenet169": ("d699b8f76981ab1b30698df4c175e90b", "b8c4d4c20dd625c148057b9ff1c1176b"),
    "densenet201": ("1ceb130c1ea1b78c3bf6114dbdfd8807", "c13680b51ded0fb44dff2d8f86ac8bb1"),
}
EPSILON = {"epsilon": 1.001e-5}


def densenet(asked, kind, depths):
    """Huang et al., 2016, https://arxiv.org/abs/1608.06993"""
    x, _ = start = begin(asked, 224, 32, last_only=True)
    x = conv(pad(x, 3), 64, 7, "conv1_conv", 2, "valid")
    x = pad(act(norm(x, "conv1_bn", **EPSILON), name="conv1_relu"), 1)
    x = layers.MaxPooling2D(3, strides=2, name="pool1")(x)
    for stage, depth in enumerate(depths, 2):
        for i in range(1, depth + 1):
            x = grown(x, f"conv{stage}_block{i}")
        if stage < 5:
            x = act(norm(x, f"pool{stage}_bn", **EPSILON), name=f"pool{stage}_relu")
            x = conv(x, x.shape[-1] // 2, 1, f"pool{stage}_conv", padding="valid")
            x = layers.AveragePooling2D(2, strides=2, name=f"pool{stage}_pool")(x)
    x = act(norm(x, "bn", **EPSILON), name="relu")
    files = [(f"densenet/{kind}{end}", digest) for end, digest in zip(TF_KERNELS, HASHES[kind])]
    return finish(asked, start[0], top(x, asked), files)


def grown(x, name):
    """32 more channels."""
    y = act(norm(x, f"{name}_0_bn", **EPSILON), name=f"{name}_0_relu")
    y = conv(y, 128, 1, f"{name}_1_conv", padding="valid")
    y = act(norm(y, f"{name}_1_bn", **EPSILON), name=f"{name}_1_relu")
    return layers.Concatenate(name=f"{name}_concat")([x, conv(y, 32, 3, f"{name}_2_conv")])


DenseNet121 = architecture(densenet, "DenseNet121", kind="densenet121", depths=(6, 12, 24, 16))
DenseNet169 = architecture(densenet, "DenseNet169", kind="densenet169", depths=(6, 12, 32, 32))
DenseNet201 = architecture(densenet, "DenseNet201", kind="densenet201", depths=(6, 12, 48, 32))
preprocess_input = preprocessing("torch")

"""ResNet-RS. Bello et al., 2021, https://arxiv.org/abs/2103.07579"""

from .. import layers
from ..core.naming import get_uid
from .blocks import act, architecture, begin, channels, conv, finish, norm, pad, top
from .efficientnet import KERNEL, excited
from .imagenet_utils import DEVIATIONS, MEANS, decode_predictions, preprocessing

HASHES = {
    "resnet-rs-101-i160.h5": "544b3434d00efc199d66e9058c7f3379",
    "resnet-rs-101-i160_notop.h5": "82d5b90c5ce9d710da639d6216d0f979",
    "resnet-rs-101-i192.h5": "eb285be29ab42cf4835ff20a5e3b5d23",
    "resnet-rs-101-i192_notop.h5": "f9a0f6b85faa9c3db2b6e233c4eebb5b",
    "resnet-rs-152-i192.h5": "8d72a301ed8a6f11a47c4ced4396e338",
    "resnet-rs-152-i192_notop.h5": "5fbf7ac2155cb4d5a6180ee9e3aa8704",
    "resnet-rs-152-i224.h5": "31a46a92ab21b84193d0d71dd8c3d03b",
    "resnet-rs-152-i224_notop.h5": "dc8b2cba2005552eafa3167f00dc2133",
    "resnet-rs-152-i256.h5": "ba6271b99bdeb4e7a9b15c05964ef4ad",
    "resnet-rs-152-i256_notop.h5": "fa79794252dbe47c89130f65349d654a",
    "resnet-rs-200-i256.h5": "a76930b741884e09ce90fa7450747d5f",
    "resnet-rs-200-i256_notop.h5": "bbdb3994718dfc0d1cd45d7eff3f3d9c",
    "resnet-rs-270-i256.h5": "20d575825ba26176b03cb51012a367a8",
    "resnet-rs-270-i256_notop.h5": "2c42ecb22e35f3e23d2f70babce0a2aa",
    "resnet-rs-350-i256.h5": "f4a039dc3c421321b7fc240494574a68",
    "resnet-rs-350-i256_notop.h5": "6e44b55025bbdff8f51692a023143d66",
    "resnet-rs-350-i320.h5": "7ccb858cc738305e8ceb3c0140bee393",
    "resnet-rs-350-i320_notop.h5": "ab0c1f9079d2f85a9facbd2c88aa6079",
    "resnet-rs-420-i320.h5": "ae0eb9bed39e64fc8d7e0db4018dc7e8",
    "resnet-rs-420-i320_notop.h5": "fe6217c32be8305b1889657172b98884",
    "resnet-rs-50-i160.h5": "69d9d925319f00a8bdd4af23c04e4102",
    "resnet-rs-50-i160_notop.h5": "90daa68cd26c95aa6c5d25451e095529",
}
# depth: (blocks in each stage, dropout, rate at which branches are dropped, sizes that weights were published for)
DEPTHS = {
    50: ((3, 4, 6, 3), 0.25, 0.0, (160,)),
    101: ((3, 4, 23, 3), 0.25, 0.0, (160, 192)),
    152: ((3, 8, 36, 3), 0.25, 0.0, (192, 224, 256)),
    200: ((3, 24, 36, 3), 0.25, 0.1, (256,)),
    270: ((4, 29, 53, 4), 0.25, 0.1, (256,)),
    350: ((4, 36, 72, 4), 0.4, 0.1, (256, 320)),
    420: ((4, 44, 87, 4), 0.4, 0.1, (320,)),
}
NORM = {"momentum": 0.0, "epsilon": 1e-5}


def resnet_rs(asked, depth, include_preprocessing):
    """Bello et al., 2021, https://arxiv.org/abs/2103.07579"""
    repeats, dropout, drop_rate, sizes = DEPTHS[depth]
    published = tuple(f"imagenet-i{size}" for size in sizes)
    if asked.weights == "imagenet":
        asked.weights = published[-1]
    x, shape = start = begin(asked, 224, 32, published)
    if include_preprocessing:
        x = layers.Rescaling(scale=1.0 / 255)(x)
        if shape[0 if channels() == 1 else -1] == 3:
            variance = [deviation**2 for deviation in DEVIATIONS]
            x = layers.Normalization(mean=list(MEANS["torch"]), variance=variance, axis=channels() % 4)(x)
    stem = f"stem_{get_uid('stem_')}_stem"
    for i, (filters, strides) in enumerate(((32, 2), (32, 1), (64, 1), (64, 2)), 1):
        x = norm(fixed(x, filters, 3, f"{stem}_conv_{i}", strides), f"{stem}_batch_norm_{i}", **NORM)
        x = act(x, name=f"{stem}_act_{i}")
    for i, repeat in enumerate(repeats):
        for j in range(repeat):
            name = f"BlockGroup{i + 2}__block_{j}_"
            x = block(x, 64 * 2**i, 2 if i and j == 0 else 1, j == 0, drop_rate * (i + 2) / 5, name)
    x = top(x, asked, dropout)
    variant = (asked.weights or "").rpartition("-")[2]
    names = [f"{asked.name}-{variant}{end}.h5" for end in ("", "_notop")]
    files = [(f"resnet_rs/{name}", HASHES.get(name)) for name in names]
    return finish(asked, start[0], x, files, published)


def fixed(x, filters, size, name, strides=1):
    """A convolution whose padding does not depend on the size of the picture."""
    if strides > 1:
        x = pad(x, ((size - 1) // 2, size - 1 - (size - 1) // 2))
    return conv(x, filters, size, name, strides, "same" if strides == 1 else "valid", **KERNEL)


def block(inputs, filters, strides, projects, drop, name):
    """Three convolutions, squeezed and excited, with a shortcut."""
    shortcut, x = inputs, inputs
    if projects:
        if strides == 2:
            shortcut = layers.AveragePooling2D(2, strides=2, padding="same", name=f"{name}_projection_pooling")(inputs)
        shortcut = fixed(shortcut, 4 * filters, 1, f"{name}_projection_conv")
        shortcut = norm(shortcut, f"{name}_projection_batch_norm", **NORM)
    x = norm(fixed(x, filters, 1, f"{name}_conv_1"), f"{name}batch_norm_1", **NORM)
    x = fixed(act(x, name=f"{name}_act_1"), filters, 3, f"{name}_conv_2", strides)
    x = act(norm(x, f"{name}_batch_norm_2", **NORM), name=f"{name}_act_2")
    x = norm(fixed(x, 4 * filters, 1, f"{name}_conv_3"), f"{name}_batch_norm_3", **NORM)
    x = excited(x, 4 * filters, filters, f"{name}_se_", "relu")
    if drop:
        x = layers.Dropout(drop, noise_shape=(None, 1, 1, 1), name=f"{name}_drop")(x)
    return act(layers.Add()([x, shortcut]), name=f"{name}_output_act")


ORDER = "include_top weights classes input_shape input_tensor pooling classifier_activation include_preprocessing name".split()
globals().update(
    {
        f"ResNetRS{depth}": architecture(
            resnet_rs,
            f"ResNetRS{depth}",
            model_name=f"resnet-rs-{depth}",
            arguments={"include_preprocessing": True},
            order=ORDER,
            depth=depth,
        )
        for depth in DEPTHS
    }
)
preprocess_input = preprocessing(None)
__all__ = [*(f"ResNetRS{depth}" for depth in DEPTHS), "decode_predictions", "preprocess_input"]

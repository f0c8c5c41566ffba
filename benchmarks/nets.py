"""The nets that are measured, once as Keras code (for every Keras there is) and once as JAX written by hand.

Nothing here imports a framework at the top: the file is read in environments that have only one of them.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

DIGITS = Path(__file__).resolve().parent.parent / "jkeras" / "datasets" / "data" / "digits.npz"


@dataclass(frozen=True)
class Net:
    """One row of the table."""

    title: str
    data: Callable  # () -> x, y
    build: Callable  # (keras) -> model, not compiled
    hand: str  # the class in handwritten.py
    batch: int
    rows: int  # of the data that are used
    optimizer: str = "adam"
    loss: str = "sparse_categorical_crossentropy"
    options: dict = field(default_factory=dict)  # of the class


def coffee():
    """Roasting temperature and time, good beans between two lines (made; two features, one label)."""
    rng = np.random.default_rng(0)
    x = rng.uniform([150, 11.5], [285, 15.5], (64_000, 2)).astype("float32")
    good = (x[:, 0] > 175) & (x[:, 0] < 260) & (x[:, 1] > 12) & (x[:, 1] < 15) & (x[:, 1] < 21 - x[:, 0] * 3 / 85)
    return (x - x.mean(0)) / x.std(0), good.astype("float32")[:, None]


def mnist():
    """The real MNIST where JKERAS_MNIST names it, else the digits that ship, enlarged and repeated."""
    if path := os.environ.get("JKERAS_MNIST"):
        with np.load(path) as file:
            x, y = file["x_train"], file["y_train"]
    else:
        with np.load(DIGITS) as file:
            x, y = np.pad(np.kron(file["images"], np.ones((1, 3, 3))) * 15.9, ((0, 0), (2, 2), (2, 2))), file["labels"]
        x, y = (np.concatenate([part] * 34)[:60_000] for part in (x, y))
    return (x / 255.0).astype("float32"), y.astype("int32")


def flat_mnist():
    x, y = mnist()
    return x.reshape(-1, 784), y


def mnist_images():
    x, y = mnist()
    return x[..., None], y


def made(*shape):
    """Normal data with labels that a linear rule can find."""

    def data():
        rng = np.random.default_rng(0)
        size = np.prod(shape)
        rows = 2048 if size < 10_000 else 256 if size < 100_000 else 64
        x = rng.standard_normal((rows, *shape), "float32")
        rule = rng.standard_normal((shape[-1], 10), "float32")
        return x, (x.mean(axis=tuple(range(1, x.ndim - 1))) @ rule).argmax(-1).astype("int32")

    return data


def dense(*units, inputs, last):
    def build(keras):
        layers = [keras.layers.Dense(n, activation="relu") for n in units[:-1]]
        return keras.Sequential(
            [keras.layers.Input((inputs,)), *layers, keras.layers.Dense(units[-1], activation=last)]
        )

    return build


def convnet(keras):
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )


def recurrent(kind):
    def build(keras):
        layers = keras.layers
        return keras.Sequential(
            [layers.Input((40, 32)), getattr(layers, kind)(64), layers.Dense(10, activation="softmax")]
        )

    return build


def transformer(keras):
    layers = keras.layers
    inputs = layers.Input((64, 128))
    x = layers.LayerNormalization(epsilon=1e-6)(inputs + layers.MultiHeadAttention(4, 32)(inputs, inputs))
    x = layers.LayerNormalization(epsilon=1e-6)(x + layers.Dense(128)(layers.Dense(512, activation="relu")(x)))
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(layers.GlobalAveragePooling1D()(x)))


def resnet(keras):
    layers = keras.layers
    inputs = x = layers.Input((56, 56, 64))
    for filters, size in ((64, 1), (64, 3)):
        x = layers.Conv2D(filters, size, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.BatchNormalization()(layers.Conv2D(256, 1, use_bias=False)(x))
    shortcut = layers.BatchNormalization()(layers.Conv2D(256, 1, use_bias=False)(inputs))
    x = layers.GlobalAveragePooling2D()(layers.ReLU()(layers.Add()([x, shortcut])))
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(x))


def one_conv(shape, filters, size=3, strides=1, depthwise=False):
    def build(keras):
        layers = keras.layers
        options = {"strides": strides, "padding": "same", "activation": "relu"}
        conv = layers.DepthwiseConv2D(size, **options) if depthwise else layers.Conv2D(filters, size, **options)
        rest = [layers.GlobalAveragePooling2D(), layers.Dense(10, activation="softmax")]
        return keras.Sequential([layers.Input(shape), conv, *rest])

    return build


def conv_net(title, **options):
    return Net(
        f"convolution {title}, batch 32",
        made(*options["shape"]),
        one_conv(**options),
        "OneConv",
        32,
        256,
        options=options,
    )


def resnet50(keras):
    """ResNet50 as a functional model: 175 layers, 320 weights."""
    layers = keras.layers

    def normed(x, filters, size, strides=1, activation=True):
        x = layers.BatchNormalization()(layers.Conv2D(filters, size, strides=strides, padding="same")(x))
        return layers.Activation("relu")(x) if activation else x

    inputs = layers.Input((224, 224, 3))
    x = layers.MaxPooling2D(3, 2, padding="same")(normed(inputs, 64, 7, 2))
    for filters, blocks, first in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
        for i in range(blocks):
            strides = 1 if i else first
            shortcut = x if i else normed(x, 4 * filters, 1, strides, False)
            y = normed(normed(x, filters, 1, strides), filters, 3)
            x = layers.Activation("relu")(layers.Add()([normed(y, 4 * filters, 1, 1, False), shortcut]))
    x = layers.Dense(1000, activation="softmax")(layers.GlobalAveragePooling2D()(x))
    return keras.Model(inputs, x)


def one_picture():
    return np.zeros((1, 224, 224, 3), "float32"), np.zeros(1, "int32")


BINARY = "binary_crossentropy"
NETS = {
    "coffee": Net(
        "2-25-15-1, batch 32", coffee, dense(25, 15, 1, inputs=2, last="sigmoid"), "Binary", 32, 64_000, loss=BINARY
    ),
    "mnist128": Net(
        "784-128-10, batch 3", flat_mnist, dense(128, 10, inputs=784, last="softmax"), "Dense128", 3, 12_000
    ),
    "mnist512": Net(
        "784-512-10, batch 128",
        flat_mnist,
        dense(512, 10, inputs=784, last="softmax"),
        "Dense512",
        128,
        60_000,
        "rmsprop",
    ),
    "convnet": Net("convnet 32-64, batch 128", mnist_images, convnet, "Convnet", 128, 1280),
    "lstm": Net("LSTM 64, batch 64, 40 steps", made(40, 32), recurrent("LSTM"), "Lstm", 64, 2048),
    "gru": Net("GRU 64, batch 64, 40 steps", made(40, 32), recurrent("GRU"), "Gru", 64, 2048),
    "transformer": Net("transformer block, batch 32", made(64, 128), transformer, "Transformer", 32, 1024),
    "resnet": Net("bottleneck 56x56x64, batch 32", made(56, 56, 64), resnet, "Bottleneck", 32, 64),
}
CONVS = {
    "conv_same": conv_net("3x3, 28x28x32 to 32", shape=(28, 28, 32), filters=32),
    "conv_stride": conv_net("3x3 stride 2, 28x28x64 to 128", shape=(28, 28, 64), filters=128, strides=2),
    "conv_1x1": conv_net("1x1, 28x28x64 to 256", shape=(28, 28, 64), filters=256, size=1),
    "conv_depthwise": conv_net("3x3 depthwise, 28x28x64", shape=(28, 28, 64), filters=64, depthwise=True),
    "conv_wide": conv_net("3x3, 14x14x256 to 256", shape=(14, 14, 256), filters=256),
}
NETS |= CONVS
NETS["resnet50"] = Net("ResNet50", one_picture, resnet50, "", 1, 1)
DENSE = ("coffee", "mnist128", "mnist512")

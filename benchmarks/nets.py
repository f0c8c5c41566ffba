"""The nets that are measured, once as Keras code (for every Keras there is) and once as JAX written by hand.

Nothing here imports a framework at the top: the file is read in environments that have only one of them.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
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
    epochs: int = 1  # timed at once


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
        x = rng.standard_normal((2048 if np.prod(shape) < 10_000 else 64, *shape), "float32")
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
DENSE = ("coffee", "mnist128", "mnist512")

"""Models whose files are exchanged with real Kerases: each is built alike by every implementation that can.

``build(k)`` gets the Keras module and gives a compiled model; ``data()`` gives inputs and targets.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

KERAS_2 = ("keras224", "tf_keras", "keras3")
SINCE_TF = ("tf_keras", "keras3")


@dataclass
class Case:
    """One model: ``impls`` can build it, ``open_by`` of its Keras 3 forms, ``step`` = its next training step is determined."""

    build: Any
    data: Any
    impls: tuple = KERAS_2
    kinds: tuple = ("keras", "h5", "weights")
    step: bool = True
    prepare: Any = None  # registers classes before a file is read
    approximate_in: tuple = ()  # these lose a part of the state: only predictions and the next loss are compared
    unsafe: bool = False
    trains: bool = True
    atol: float = 1e-5


def _random(seed, *shape):
    return np.random.RandomState(seed).uniform(-1, 1, shape).astype("float32")


def _ints(seed, high, *shape):
    return np.random.RandomState(seed).randint(0, high, shape).astype("int32")


def _one_hot(seed, classes, n):
    return np.eye(classes, dtype="float32")[_ints(seed, classes, n)]


# ------------------------------------------------- dense models, one for each optimizer


def _rate(k, name, rate, **more):
    cls = getattr(k.optimizers, name)
    word = "lr" if k.__version__.startswith("2.2.4") else "learning_rate"
    return cls(**{word: rate}, **more)


OPTIMIZERS = {
    "sgd": ("SGD", 0.1, {}),
    "momentum": ("SGD", 0.1, {"momentum": 0.9, "nesterov": True}),
    "rmsprop": ("RMSprop", 0.01, {}),
    "adagrad": ("Adagrad", 0.05, {}),
    "adadelta": ("Adadelta", 1.0, {}),
    "adam": ("Adam", 0.01, {}),
    "amsgrad": ("Adam", 0.01, {"amsgrad": True}),
    "adamax": ("Adamax", 0.01, {}),
    "nadam": ("Nadam", 0.01, {}),
    "adamw": ("AdamW", 0.01, {"weight_decay": 0.01}),
    "ftrl": ("Ftrl", 0.05, {}),
    "lion": ("Lion", 0.01, {}),
    "clipped": ("Adam", 0.01, {"clipnorm": 0.1}),
}


def _mlp(optimizer):
    def build(k):
        name, rate, more = OPTIMIZERS[optimizer]
        layers = k.layers
        model = k.models.Sequential(
            [layers.Dense(5, activation="tanh", input_shape=(4,), name="hidden"), layers.Dense(3, name="out")],
            name="mlp",
        )
        model.compile(optimizer=_rate(k, name, rate, **more), loss="mse", metrics=["mae"])
        return model

    return build


def _mlp_data():
    return _random(0, 8, 4), _random(1, 8, 3)


# ------------------------------------------------- pictures


def _convnet(k):
    la = k.layers
    model = k.models.Sequential(name="convnet")
    l2 = k.regularizers.l2(0.01)
    model.add(la.Conv2D(3, 3, padding="same", input_shape=(6, 6, 2), kernel_regularizer=l2, name="conv"))
    model.add(la.BatchNormalization(momentum=0.8, name="norm"))
    model.add(la.Activation("relu", name="relu"))
    model.add(la.MaxPooling2D(2, name="pool"))
    model.add(la.SeparableConv2D(4, 2, name="separable"))
    model.add(la.DepthwiseConv2D(2, name="depthwise"))
    model.add(la.Flatten(name="flat"))
    model.add(la.Dense(3, activation="softmax", name="classes"))
    model.compile(optimizer=_rate(k, "SGD", 0.05, momentum=0.5), loss="categorical_crossentropy", metrics=["accuracy"])
    return model


def _transposed(k):
    la = k.layers
    x = la.Input((4, 4, 2), name="picture")
    y = la.Conv2DTranspose(3, 3, strides=2, name="up")(x)
    y = la.ZeroPadding2D(1, name="padded")(y)
    y = la.Conv2D(2, 3, dilation_rate=2, name="dilated")(y)
    y = la.LeakyReLU(name="leaky")(y)
    y = la.PReLU(shared_axes=[1, 2], name="prelu")(y)
    y = la.UpSampling2D(2, name="larger")(y)
    y = la.Cropping2D(1, name="cropped")(y)
    y = la.GlobalAveragePooling2D(name="mean")(y)
    model = k.models.Model(x, y, name="transposed")
    model.compile(optimizer="sgd", loss="mse")
    return model


# ------------------------------------------------- sequences


def _recurrent(k):
    la = k.layers
    model = k.models.Sequential(name="recurrent")
    model.add(la.Embedding(9, 4, mask_zero=True, input_shape=(5,), name="words"))
    model.add(la.LSTM(3, return_sequences=True, recurrent_activation="hard_sigmoid", name="lstm"))
    model.add(la.GRU(3, return_sequences=True, reset_after=False, recurrent_activation="sigmoid", name="gru"))
    model.add(la.GRU(3, return_sequences=True, reset_after=True, recurrent_activation="sigmoid", name="gru_after"))
    model.add(la.SimpleRNN(2, name="simple"))
    model.compile(optimizer=_rate(k, "Adam", 0.01), loss="mse")
    return model


def _wrapped(k):
    la = k.layers
    x = la.Input((5, 3), name="steps")
    y = la.Bidirectional(la.LSTM(3, return_sequences=True, recurrent_activation="sigmoid"), name="both")(x)
    y = la.TimeDistributed(la.Dense(2, activation="relu"), name="each")(y)
    y = la.Bidirectional(
        la.GRU(2, reset_after=True, recurrent_activation="sigmoid"), merge_mode="sum", name="sum_of_both"
    )(y)
    model = k.models.Model(x, y, name="wrapped")
    model.compile(optimizer=_rate(k, "RMSprop", 0.01), loss="mse")
    return model


def _cells(k):
    la = k.layers
    x = la.Input((4, 3), name="steps")
    cells = [la.LSTMCell(3, recurrent_activation="sigmoid"), la.SimpleRNNCell(2)]
    y = la.RNN(cells, return_sequences=True, name="stacked")(x)
    y = la.Conv1D(2, 2, padding="causal", name="causal")(y)
    y = la.GlobalMaxPooling1D(name="largest")(y)
    model = k.models.Model(x, y, name="cells")
    model.compile(optimizer="sgd", loss="mse")
    return model


# ------------------------------------------------- graphs


def _nested(k):
    la = k.layers
    a, b = la.Input((3,), name="a"), la.Input((3,), name="b")
    i = la.Input((3,), name="inner_in")
    inner = k.models.Model(
        i, la.BatchNormalization(name="inner_norm")(la.Dense(4, use_bias=False, name="inner_dense")(i)), name="inner"
    )
    seq = k.models.Sequential([la.Dense(3, input_shape=(4,), name="first"), la.Dense(2, name="second")], name="seq")
    shared = la.Dense(3, activation="tanh", name="shared")
    left, right = inner(shared(a)), inner(shared(b))
    both = la.concatenate([left, right], name="both")
    one = la.Dense(1, activation="sigmoid", name="one")(both)
    two = la.add([seq(left), la.Dense(2, name="of_right")(right)], name="two")
    model = k.models.Model([a, b], [one, two], name="nested")
    model.compile(
        optimizer=_rate(k, "Adam", 0.01),
        loss={"one": "binary_crossentropy", "two": "mse"},
        loss_weights={"one": 1.0, "two": 0.5},
        metrics={"one": ["accuracy"], "two": ["mae"]},
    )
    return model


def _nested_data():
    y = (_random(4, 8, 1) > 0).astype("float32")
    return [_random(2, 8, 3), _random(3, 8, 3)], [y, _random(5, 8, 2)]


def _frozen(k):
    la = k.layers
    x = la.Input((4,), name="x")
    base = k.models.Sequential(
        [la.Dense(3, input_shape=(4,), name="fixed"), la.BatchNormalization(name="norm")], name="base"
    )
    base.layers[-2].trainable = False
    y = la.multiply([base(x), la.Dense(3, activation="softmax", name="gate")(x)], name="gated")
    y = la.Reshape((3, 1), name="column")(y)
    y = la.Permute((2, 1), name="row")(y)
    y = la.RepeatVector(2, name="twice")(la.Flatten(name="flat")(y))
    y = la.Dot(axes=2, name="gram")([y, y])
    model = k.models.Model(x, y, name="frozen")
    model.compile(optimizer=_rate(k, "SGD", 0.1), loss="mean_absolute_error")
    return model


# ------------------------------------------------- what Keras 3 and tf.keras have


def _policy(k):
    policy = "mixed_bfloat16"
    model = k.models.Sequential(
        [
            k.layers.Dense(5, activation="relu", input_shape=(4,), dtype=policy, name="hidden"),
            k.layers.Dense(3, dtype="float32", name="out"),
        ],
        name="policy",
    )
    model.compile(optimizer=_rate(k, "SGD", 0.1), loss="mse")
    return model


def _normalised(k):
    la = k.layers
    x = la.Input((4, 3), name="x")
    y = la.LayerNormalization(name="layer_norm")(x)
    y = la.MultiHeadAttention(2, 3, name="attention")(y, y)
    y = la.GroupNormalization(groups=3, name="groups")(y)
    y = la.EinsumDense("abc,cd->abd", output_shape=(None, 2), name="einsum")(y)
    y = la.Dropout(0.4, seed=3, name="dropped")(y)
    model = k.models.Model(x, y, name="normalised")
    model.compile(optimizer=_rate(k, "AdamW", 0.01), loss="mse")
    return model


def _vocabulary(k):
    la = k.layers
    words = la.Input((1,), dtype="string", name="words")
    text = la.Input((1,), dtype="string", name="text")
    numbers = la.Input((2,), name="numbers")
    lookup = la.StringLookup(vocabulary=["a", "b", "c"], output_mode="one_hot", name="lookup")
    vectors = la.TextVectorization(max_tokens=10, output_sequence_length=3, name="vectors")
    vectors.adapt(np.array(["the cat sat", "the dog", "a cat"]))
    scale = la.Normalization(name="scale")
    scale.adapt(np.array([[1.0, 2.0], [3.0, 8.0], [5.0, 5.0]], "float32"))
    hashed = la.CategoryEncoding(num_tokens=4, output_mode="multi_hot", name="encoded")
    bins = la.Discretization(bin_boundaries=[0.0, 2.0, 4.0], name="bins")
    seen = la.Embedding(10, 2, name="seen")(vectors(text))
    parts = [lookup(words), la.Flatten(name="flat")(seen), scale(numbers), hashed(bins(numbers))]
    y = la.Dense(2, name="out")(la.Concatenate(name="all")(parts))
    model = k.models.Model([words, text, numbers], y, name="vocabulary")
    model.compile(optimizer="sgd", loss="mse")
    return model


def _vocabulary_data():
    words = np.array([["a"], ["c"], ["x"]])
    text = np.array([["the cat"], ["a dog sat"], ["zebra"]])
    return [words, text, _random(7, 3, 2) * 4], _random(8, 3, 2)


_NETS: dict = {}


def _net(k):
    """A subclassed model, registered with an implementation."""
    if k.__name__ not in _NETS:

        @k.utils.register_keras_serializable("exchange")
        class Net(k.Model):
            def __init__(self, units=3, **kwargs):
                super().__init__(**kwargs)
                self.units = units
                self.first = k.layers.Dense(4, activation="tanh")
                self.rest = [k.layers.Dense(4), k.layers.Dense(units)]

            def call(self, x):
                return self.rest[1](self.rest[0](self.first(x)))

            def get_config(self):
                return {"units": self.units, "name": self.name}

            @classmethod
            def from_config(cls, config, **_):
                return cls(units=config["units"], name=config.get("name"))

        _NETS[k.__name__] = Net
    return _NETS[k.__name__]


def _subclassed(k):
    model = _net(k)(name="net")
    model(np.zeros((1, 4), "float32"))
    model.compile(optimizer=_rate(k, "Adam", 0.01), loss="mse")
    return model


# ------------------------------------------------- operations


def _operations(k):
    ops, la = k.ops, k.layers
    x = la.Input((4, 3), name="x")
    y = la.Dense(4, name="first")(x)
    y = ops.reshape(y * 2.0, (-1, 2, 8))
    y = ops.expand_dims(1.0 - y, axis=1)
    y = ops.squeeze(ops.concatenate([y, y + 1], axis=-1), axis=1)
    y = ops.transpose(y, (0, 2, 1))[:, 1:9]
    y = ops.matmul(y, ops.ones((2, 3))) / 3.0
    y = ops.mean(ops.relu(y), axis=1, keepdims=True) ** 2
    y = ops.stack([y, ops.clip(y, 0.0, 0.5)], axis=-1)
    y = ops.where(y > 0.25, y, ops.maximum(y, 0.1))
    y = ops.einsum("abcd->acd", y)
    y = ops.cast(ops.softmax(y, axis=-1), "float32")
    y = la.Dense(2, name="last")(y)
    model = k.models.Model(x, y, name="operations")
    model.compile(optimizer=_rate(k, "SGD", 0.1), loss="mse")
    return model


def _tf_operations(k):
    import tensorflow as tf

    la = k.layers
    x = la.Input((4, 3), name="x")
    y = la.Dense(4, name="first")(x)
    y = tf.reshape(y * 2.0, (-1, 2, 8))
    y = tf.expand_dims(1.0 - y, axis=1)
    y = tf.squeeze(tf.concat([y, y + 1], axis=-1), axis=1)
    y = tf.transpose(y, [0, 2, 1])[:, 1:9]
    y = tf.reduce_mean(tf.nn.relu(y), axis=1, keepdims=True) ** 2
    y = tf.stack([y, tf.clip_by_value(y, 0.0, 0.5)], axis=-1)
    y = tf.math.maximum(tf.cast(y, tf.float32), 0.1)
    y = k.backend.sum(y, axis=1)
    y = k.backend.square(tf.nn.softmax(y))
    y = la.Dense(2, name="last")(y[:, tf.newaxis, :, 1])
    model = k.models.Model(x, y, name="operations")
    model.compile(optimizer=_rate(k, "SGD", 0.1), loss="mse")
    return model


def _objectives(k):
    """Losses and metrics as objects with arguments of their own."""
    la = k.layers
    model = k.models.Sequential([la.Dense(3, activation="sigmoid", input_shape=(4,), name="only")], name="objectives")
    model.compile(
        optimizer=_rate(k, "SGD", 0.1),
        loss=k.losses.BinaryCrossentropy(label_smoothing=0.2),
        metrics=[k.metrics.AUC(num_thresholds=11), k.metrics.Precision(0.3), k.metrics.BinaryCrossentropy()],
        weighted_metrics=[k.metrics.RootMeanSquaredError()],
    )
    return model


def _objectives_data():
    return _random(0, 8, 4), (_random(1, 8, 3) > 0).astype("float32")


def _named_lambda(k):
    la = k.layers
    x = la.Input((4,), name="x")
    y = la.Lambda(k.activations.tanh, name="named")(la.Dense(3, name="first")(x))
    model = k.models.Model(x, y, name="named_lambda")
    model.compile(optimizer="sgd", loss="mse")
    return model


def _compiled(source):
    """A lambda whose bytecode names no file of this machine."""
    return eval(compile(source, "<lambda>", "eval"), {})


def _lambda(k):
    la = k.layers
    x = la.Input((4,), name="x")
    factor = 3.0
    body = _compiled("lambda factor: lambda v, power: v**power * factor")(factor)
    y = la.Lambda(body, name="body", arguments={"power": 3})(la.Dense(3, name="d")(x))
    y = la.Lambda(_compiled("lambda v: v + 1"), name="plain")(y)
    model = k.models.Model(x, y, name="lambda")
    model.compile(optimizer="sgd", loss="mse")
    return model


def _pair(*x_shape, y):
    return lambda: (_random(10, *x_shape), _random(11, *y))


def _quantized(mode):
    """A model whose matrices have few bits; biases go on training (in float8, a policy from the start, all does)."""

    def build(k):
        layers = k.layers
        more = {"dtype": "float8_from_float32"} if mode == "float8" else {}
        x = k.Input((3,), dtype="int32")
        y = layers.Dense(5, activation="tanh", name="wide", **more)(layers.Embedding(7, 4, name="table")(x))
        y = layers.EinsumDense("abc,cde->abde", (3, 2, 3), bias_axes="e", name="heads", **more)(y)
        model = k.Model(x, layers.Dense(2, name="out", **more)(layers.Flatten()(y)), name=f"quantized_{mode}")
        if mode != "float8":
            model.quantize(mode)
        model.compile("sgd", "mse")
        return model

    return build


def _indices():
    return _ints(3, 7, 4, 3), _random(2, 4, 2)


CASES = {f"mlp_{name}": Case(_mlp(name), _mlp_data) for name in OPTIMIZERS}
CASES["mlp_nadam"].approximate_in = ("tf_keras", "keras224")  # they do not save the product of momenta
for late in ("adamw", "ftrl", "lion"):
    CASES[f"mlp_{late}"].impls = SINCE_TF
CASES |= {
    "convnet": Case(_convnet, lambda: (_random(2, 8, 6, 6, 2), _one_hot(3, 3, 8)), approximate_in=("keras224",)),
    "transposed": Case(_transposed, _pair(4, 4, 4, 2, y=(4, 2))),
    "recurrent": Case(_recurrent, lambda: (_ints(4, 9, 6, 5), _random(5, 6, 2))),
    "wrapped": Case(_wrapped, _pair(4, 5, 3, y=(4, 2))),
    "cells": Case(_cells, _pair(4, 4, 3, y=(4, 2))),
    "nested": Case(_nested, _nested_data, approximate_in=("keras224",), atol=5e-5),
    "frozen": Case(_frozen, _pair(4, 4, y=(4, 2, 2))),
    "subclassed": Case(_subclassed, _mlp_data, SINCE_TF, ("keras", "weights"), prepare=_net),
    "policy": Case(_policy, _mlp_data, SINCE_TF, atol=0.02),
    "normalised": Case(_normalised, _pair(4, 4, 3, y=(4, 4, 2)), SINCE_TF, step=False),
    "operations": Case(_operations, _pair(4, 4, 3, y=(4, 3, 2)), ("keras3",)),
    "tf_operations": Case(_tf_operations, _pair(4, 4, 3, y=(4, 1, 2)), ("tf_keras",), ("keras", "h5")),
    "objectives": Case(_objectives, _objectives_data, SINCE_TF, kinds=("keras", "h5")),
    "named_lambda": Case(_named_lambda, _pair(4, 4, y=(4, 3)), ("keras3",), kinds=("keras", "h5")),
    "lambda": Case(_lambda, _pair(4, 4, y=(4, 3)), kinds=("keras", "h5"), unsafe=True),
    "vocabulary": Case(_vocabulary, _vocabulary_data, ("tf_keras", "keras3tf"), ("keras",), step=False, trains=False),
    "int8": Case(_quantized("int8"), _indices, ("keras3",)),
    "int4": Case(_quantized("int4"), _indices, ("keras3",)),
    "float8": Case(_quantized("float8"), _indices, ("keras3",)),
}

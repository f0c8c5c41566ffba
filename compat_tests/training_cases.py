"""Small training runs, written once for all Keras generations: model, arguments of compile and fit, data.

Each case is a function of ``k`` (the Keras module) that gives a Run; weights and data come from fixed NumPy seeds.
"""

import numpy as np

EVERYWHERE = ("keras3", "tf_keras", "keras224")


class Run:
    """A model to train, and how."""

    def __init__(self, model, compiled, fit, evaluate=None, steps=None):
        self.model, self.compiled, self.fit, self.evaluate, self.steps = model, compiled, fit, evaluate, steps


def data(*shapes, seed=0):
    rs = np.random.RandomState(seed)
    return [rs.uniform(-1, 1, s).astype("float32") for s in shapes]


def labels(n, classes, seed=1):
    return np.random.RandomState(seed).randint(0, classes, n)


def one_hot(y, classes):
    return np.eye(classes, dtype="float32")[y]


def sgd(k, rate=0.1, **more):
    try:
        return k.optimizers.SGD(learning_rate=rate, **more)
    except TypeError:
        return k.optimizers.SGD(lr=rate, **more)


def mlp(k, out=3, activation="softmax", **more):
    L = k.layers
    return k.models.Sequential(
        [
            L.Dense(5, activation="tanh", input_shape=(4,), name="hidden", **more),
            L.Dense(out, activation=activation, name="out"),
        ]
    )


def softmax_accuracy(k):
    """Categorical crossentropy with accuracy, a ragged last batch and a validation split."""
    (x,) = data((26, 4))
    y = one_hot(labels(26, 3), 3)
    return Run(
        mlp(k),
        dict(optimizer=sgd(k), loss="categorical_crossentropy", metrics=["accuracy"]),
        dict(x=x, y=y, batch_size=8, epochs=3, validation_split=0.25),
    )


def sparse_with_weights(k):
    """Sparse labels with sample weights, zeros among them."""
    (x,) = data((20, 4))
    w = np.random.RandomState(3).uniform(0, 2, 20).astype("float32")
    w[::4] = 0
    return Run(
        mlp(k),
        dict(optimizer=sgd(k), loss="sparse_categorical_crossentropy", metrics=["acc"]),
        dict(x=x, y=labels(20, 3), sample_weight=w, batch_size=6, epochs=2),
    )


def binary_momentum(k):
    """One sigmoid unit, binary crossentropy, momentum."""
    (x,) = data((18, 4))
    return Run(
        mlp(k, 1, "sigmoid"),
        dict(optimizer=sgd(k, 0.2, momentum=0.9), loss="binary_crossentropy", metrics=["acc"]),
        dict(x=x, y=labels(18, 2).astype("float32"), batch_size=6, epochs=3),
    )


def regression(k):
    """Mean squared error with two metrics, full names and short ones."""
    x, y = data((18, 4), (18, 2))
    return Run(
        mlp(k, 2, "linear"),
        dict(optimizer=sgd(k), loss="mse", metrics=["mae", "mean_squared_error"]),
        dict(x=x, y=y, batch_size=5, epochs=2, validation_data=tuple(data((7, 4), (7, 2), seed=5))),
    )


def class_weights(k):
    """Class weights, of labels as class numbers."""
    (x,) = data((20, 4))
    return Run(
        mlp(k),
        dict(optimizer=sgd(k), loss="sparse_categorical_crossentropy", metrics=["accuracy"]),
        dict(x=x, y=labels(20, 3), class_weight={0: 1.0, 1: 3.0, 2: 0.5}, batch_size=8, epochs=2),
    )


def two_outputs(k, loss=None, loss_weights=None):
    L = k.layers
    a, b = L.Input((4,), name="a"), L.Input((2,), name="b")
    h = L.concatenate([L.Dense(3, activation="tanh", name="h")(a), b])
    p = L.Dense(2, activation="softmax", name="p")(h)
    q = L.Dense(1, name="q")(h)
    xa, xb, yq = data((16, 4), (16, 2), (16, 1))
    yp = one_hot(labels(16, 2), 2)
    return Run(
        k.models.Model(inputs=[a, b], outputs=[p, q]),
        dict(
            optimizer=sgd(k),
            loss=loss or {"p": "categorical_crossentropy", "q": "mse"},
            loss_weights=loss_weights or {"p": 1.0, "q": 0.3},
            metrics={"p": ["accuracy"], "q": ["mae"]},
        ),
        dict(x=[xa, xb], y=[yp, yq], batch_size=6, epochs=2, validation_split=0.25),
    )


def two_outputs_lists(k):
    """Losses and their weights as lists."""
    return two_outputs(k, ["categorical_crossentropy", "mae"], [0.5, 2.0])


def regularized(k):
    """Weight and activity regularizers count in the loss."""
    r = k.regularizers
    more = dict(kernel_regularizer=r.l2(0.05), bias_regularizer=r.l1(0.02), activity_regularizer=r.l2(0.01))
    (x,) = data((12, 4))
    return Run(
        mlp(k, **more),
        dict(optimizer=sgd(k), loss="categorical_crossentropy", metrics=["accuracy"]),
        dict(x=x, y=one_hot(labels(12, 3), 3), batch_size=5, epochs=2),
    )


def batch_normalized(k):
    """Moving statistics follow the batches, the ragged one too."""
    L = k.layers
    x, y = data((18, 4), (18, 2))
    model = k.models.Sequential(
        [L.Dense(5, input_shape=(4,), name="d1"), L.BatchNormalization(momentum=0.8, name="bn"), L.Dense(2, name="d2")]
    )
    return Run(model, dict(optimizer=sgd(k), loss="mse"), dict(x=x, y=y, batch_size=8, epochs=2))


def masked_steps(k):
    """An Embedding masks padding; the loss of each step counts only where there is data."""
    L = k.layers
    x = labels((14, 5), 7, seed=4)
    x[:, -1] = 0
    (y,) = data((14, 5, 2))
    model = k.models.Sequential(
        [
            L.Embedding(7, 3, mask_zero=True, input_shape=(5,), name="e"),
            L.SimpleRNN(4, return_sequences=True, name="r"),
            L.TimeDistributed(L.Dense(2, name="d"), name="t"),
        ]
    )
    return Run(model, dict(optimizer=sgd(k), loss="mse"), dict(x=x, y=y, batch_size=6, epochs=2))


def convolutional(k):
    """A small convnet."""
    L = k.layers
    (x,) = data((12, 6, 6, 1))
    model = k.models.Sequential(
        [
            L.Conv2D(3, 3, activation="relu", input_shape=(6, 6, 1), name="c"),
            L.MaxPooling2D(2, name="m"),
            L.Flatten(name="f"),
            L.Dense(2, activation="softmax", name="d"),
        ]
    )
    return Run(
        model,
        dict(optimizer=sgd(k), loss="sparse_categorical_crossentropy", metrics=["accuracy"]),
        dict(x=x, y=labels(12, 2), batch_size=5, epochs=2),
    )


def weighted_metrics(k):
    """A metric with and one without sample weights."""
    x, y = data((16, 4), (16, 1))
    w = np.linspace(0.5, 2, 16).astype("float32")
    return Run(
        mlp(k, 1, "linear"),
        dict(optimizer=sgd(k), loss="mse", metrics=["mae"], weighted_metrics=["mape"]),
        dict(x=x, y=y + 3, sample_weight=w, batch_size=6, epochs=2),
    )


def custom_functions(k):
    """Loss and metric as functions of the user's."""

    def off(y_true, y_pred):
        return (y_true - y_pred) ** 2 * 0.5

    def bias(y_true, y_pred):
        return y_pred - y_true

    x, y = data((16, 4), (16, 2))
    return Run(
        mlp(k, 2, "linear"), dict(optimizer=sgd(k), loss=off, metrics=[bias]), dict(x=x, y=y, batch_size=6, epochs=2)
    )


CASES = {
    f.__name__: f
    for f in (
        softmax_accuracy, sparse_with_weights, binary_momentum, regression, class_weights, two_outputs, two_outputs_lists,
        regularized, batch_normalized, masked_steps, convolutional, weighted_metrics, custom_functions,
    )
}  # fmt: skip


def fixed_weights(model):
    """Weights from a fixed seed; moving variances stay positive."""
    rs = np.random.RandomState(11)
    values = []
    for w in model.get_weights():
        value = rs.uniform(-0.6, 0.6, w.shape)
        values.append((np.abs(value) if np.all(w == 1) else value).astype(w.dtype))
    model.set_weights(values)


def run(k, name):
    """(history, evaluation, names, final weights, predictions, batch logs) of a case."""
    case = CASES[name](k)
    model = case.model
    model.compile(**case.compiled)
    fixed_weights(model)
    fit = dict(case.fit)
    history = model.fit(fit.pop("x"), fit.pop("y"), shuffle=False, verbose=0, **fit).history
    x, y = case.fit["x"], case.fit["y"]
    evaluation = model.evaluate(x, y, batch_size=4, verbose=0)
    predicted = model.predict(x, batch_size=4, verbose=0)
    weights = [np.asarray(w) for w in model.get_weights()]
    first = [model.train_on_batch(x, y), model.test_on_batch(x, y)]
    return {
        "history": {key: [float(v) for v in values] for key, values in history.items()},
        "evaluation": np.ravel(evaluation),
        "names": list(model.metrics_names),
        "weights": weights,
        "predicted": [np.asarray(p) for p in (predicted if isinstance(predicted, list) else [predicted])],
        "on_batch": [np.ravel(v) for v in first],
    }

"""Evaluation of changing numbers of rows: two programs, and the numbers of the plain evaluation."""

import jax
import numpy as np
import pytest

import jkeras
from jkeras import layers, losses, metrics
from jkeras.train import filling

RNG = np.random.default_rng(0)
ROWS = [(70, 3, 64, 1, 131, 40), (1, 20, 131, 32, 500), (32, 1, 33, 2)]


def dense(last=3, activation="softmax"):
    return jkeras.Sequential([layers.Input((5,)), layers.Dense(4, "tanh"), layers.Dense(last, activation)])


def masked():
    return jkeras.Sequential(
        [layers.Input((6,), dtype="int32"), layers.Embedding(9, 4, mask_zero=True),
         layers.Dense(3, "softmax")]
    )  # fmt: skip


def data(rows, steps=None, classes=3):
    if steps:
        return RNG.integers(0, 4, (rows, steps)), RNG.integers(0, classes, (rows, steps))
    return RNG.normal(size=(rows, 5)).astype("float32"), RNG.integers(0, classes, rows)


def plainly(model, *args, **kwargs):
    """The result without filling."""
    before, filling.is_exact = filling.is_exact, lambda model: False
    model._programs.pop("session", None)
    try:
        return model.evaluate(*args, **kwargs)
    finally:
        filling.is_exact = before
        model._programs.pop("session", None)


def one_hot(y):
    return np.eye(3, dtype="float32")[y]


SCORES = [
    metrics.Precision,
    metrics.AUC,
    lambda: metrics.F1Score(average="macro"),
    metrics.RootMeanSquaredError,
    metrics.TopKCategoricalAccuracy,
]
CASES = {
    "mean": ("sparse_categorical_crossentropy", ["accuracy"], None, {}),
    "sum": (losses.SparseCategoricalCrossentropy(reduction="sum"), ["accuracy"], None, {}),
    "scores": ("categorical_crossentropy", SCORES, one_hot, {}),
    "weights": ("mse", ["mae"], one_hot, {"weighted": ["mse", metrics.Recall], "weights": "samples"}),
    "two axes": (losses.BinaryCrossentropy(), ["binary_accuracy"], one_hot, {}),
}


@pytest.mark.parametrize("case", CASES)
def test_evaluate_on_filled_data_gives_what_it_gives_on_the_rows_alone(case):
    loss, chosen, change, more = CASES[case]
    model = dense()
    model.compile("sgd", loss, metrics=[m if isinstance(m, str) else m() for m in chosen],
                  weighted_metrics=[m if isinstance(m, str) else m() for m in more.get("weighted", [])])  # fmt: skip
    x, y = data(70)
    y = y if change is None else change(y)
    weights = RNG.uniform(size=70).astype("float32") if "weights" in more else None
    found = model.evaluate(x, y, batch_size=32, sample_weight=weights, verbose=0)
    assert model._programs["session"].fills()
    wanted = plainly(model, x, y, batch_size=32, sample_weight=weights, verbose=0)
    np.testing.assert_allclose(found, wanted, rtol=2e-6)


@pytest.mark.parametrize("temporal", [False, True])
def test_masked_steps_and_weights_of_steps_count_as_before(temporal):
    model = masked()
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"], weighted_metrics=["accuracy"])
    x, y = data(21, 6)
    weights = RNG.uniform(size=(21, 6) if temporal else 21).astype("float32")
    found = model.evaluate(x, y, batch_size=8, sample_weight=weights, verbose=0)
    assert model._programs["session"].fills()
    wanted = plainly(model, x, y, batch_size=8, sample_weight=weights, verbose=0)
    np.testing.assert_allclose(found, wanted, rtol=2e-6)


def test_several_outputs_keep_their_own_losses():
    inputs = layers.Input((5,))
    normed = layers.BatchNormalization()(layers.Dense(4, kernel_regularizer="l2")(inputs))
    model = jkeras.Model(inputs, {"a": layers.Dense(3, name="a")(normed), "b": layers.Dense(1, name="b")(normed)})
    model.compile("sgd", {"a": losses.MeanAbsoluteError(), "b": "mse"}, {"a": 2.0, "b": 1.0}, metrics={"b": ["mae"]})
    x, y = data(37)
    targets = {"a": one_hot(y), "b": y[:, None].astype("float32")}
    found = model.evaluate(x, targets, batch_size=16, verbose=0, return_dict=True)
    assert model._programs["session"].fills()
    wanted = plainly(model, x, targets, batch_size=16, verbose=0, return_dict=True)
    assert found.keys() == wanted.keys()
    np.testing.assert_allclose(list(found.values()), list(wanted.values()), rtol=2e-6)


@pytest.mark.parametrize("numbers", ROWS)
def test_any_number_of_rows_compiles_at_most_two_programs(numbers):
    model = dense()
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    for rows in numbers:
        model.evaluate(*data(rows), batch_size=32, verbose=0)
    session = model._programs["session"]
    loops = [p._compiled for p in session._epoch.values()]
    assert sum(p._cache_size() for p in (*loops, session._filled[0])) == 2


@pytest.mark.parametrize("numbers", ROWS[1:])
def test_a_batch_alone_gives_what_it_gives_without_filling(numbers):
    model, hook, seen = dense(), jkeras.callbacks.LambdaCallback(), []
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    hook.on_test_batch_end = lambda batch, logs=None: seen.append((batch, dict(logs)))
    found, given = [], [data(rows) for rows in numbers]
    for x, y in given:
        found.append(model.evaluate(x, y, batch_size=32, verbose=0))
        assert float(model.metrics[0].result()) == pytest.approx(found[-1][0], rel=1e-6)
        assert model.evaluate(x, y, batch_size=32, verbose=0, callbacks=[hook]) == found[-1]
    wanted = [plainly(model, x, y, batch_size=32, verbose=0) for x, y in given]
    np.testing.assert_allclose(found, wanted, rtol=2e-6)
    assert seen[-1][1]["loss"] == found[-1][0]


def test_batches_of_a_stream_are_filled_up_to_the_first():
    model = dense()
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    x, y = data(40)
    cuts = (slice(0, 16), slice(16, 23), slice(23, 24), slice(24, 40))
    found = model.evaluate(iter([(x[c], y[c]) for c in cuts]), verbose=0)
    np.testing.assert_allclose(found, plainly(model, x, y, batch_size=40, verbose=0), rtol=2e-6)
    model.evaluate(iter([(x[c], y[c]) for c in cuts]), verbose=0)
    assert model._programs["session"]._streams["filled"]._cache_size() == 1


def test_data_larger_than_a_part_are_evaluated_in_parts(monkeypatch):
    monkeypatch.setattr(filling, "PART_BYTES", 2000)
    model, seen = dense(), []
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    x, y = data(131)
    hook = jkeras.callbacks.LambdaCallback()
    hook.on_test_batch_end = lambda batch, logs=None: seen.append(batch)
    found = model.evaluate(x, y, batch_size=16, verbose=0, callbacks=[hook])
    assert len(model._programs["session"]._sizes) == 1
    assert seen[-1] == 8 and seen == sorted(seen)
    np.testing.assert_allclose(found, plainly(model, x, y, batch_size=16, verbose=0), rtol=2e-6)
    found = model.evaluate(x, y, batch_size=16, steps=3, verbose=0)
    np.testing.assert_allclose(found, plainly(model, x[:48], y[:48], batch_size=16, verbose=0), rtol=2e-6)


class Doubled(jkeras.Sequential):
    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return 2 * super().compute_loss(x, y, y_pred, sample_weight, training)


def own_loss(y_true, y_pred):
    return jax.numpy.mean((y_true - y_pred) ** 2)


PLAIN = {
    "a loss of the user's": lambda m: m.compile("sgd", own_loss),
    "a metric of the user's": lambda m: m.compile("sgd", "mse", metrics=[own_loss]),
    "a loss over the batch": lambda m: m.compile("sgd", losses.Dice()),
    "a loss along another axis": lambda m: m.compile("sgd", losses.CosineSimilarity(axis=0)),
    "a metric of the whole batch": lambda m: m.compile("sgd", "mse", metrics=[metrics.R2Score()]),
    "a mean by weights": lambda m: m.compile("sgd", losses.MeanSquaredError(reduction="mean_with_sample_weight")),
}


@pytest.mark.parametrize("case", PLAIN)
def test_what_is_not_known_to_be_exact_is_evaluated_as_it_is(case):
    model = dense()
    PLAIN[case](model)
    model.evaluate(data(5)[0], one_hot(data(5)[1]), verbose=0)
    assert not model._programs["session"].fills()


@pytest.mark.parametrize("model", [
    Doubled([layers.Input((5,)), layers.Dense(3)]),
    jkeras.Sequential([layers.Input((5,)), layers.Dense(3, activity_regularizer="l2")]),
    jkeras.Sequential([layers.Input((5,)), layers.Lambda(lambda x: x - x.mean(0))]),
])  # fmt: skip
def test_models_that_look_at_the_whole_batch_are_evaluated_as_they_are(model):
    model.compile("sgd", "mse")
    x, y = data(5)
    target = one_hot(y) if model.output_shape[-1] == 3 else x
    model.evaluate(x, target, verbose=0)
    assert not model._programs["session"].fills()

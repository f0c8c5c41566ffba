"""fit, evaluate and predict: arguments, errors, callbacks, interruption, custom steps."""

import os
import signal
import threading

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jkeras as keras
from jkeras import Input, Model, Sequential, layers
from jkeras.callbacks import BackupAndRestore, Callback, EarlyStopping, LambdaCallback
from jkeras.core.purity import rows_are_independent
from jkeras.core.rng import set_seed

RS = np.random.RandomState(0)
X = RS.uniform(-1, 1, (22, 3)).astype("float32")
Y = RS.uniform(-1, 1, (22, 1)).astype("float32")
LABELS = RS.randint(0, 3, 22)


def regression(optimizer="sgd", loss="mse", **options):
    model = Sequential([Input((3,)), layers.Dense(4, activation="tanh", name="h"), layers.Dense(1, name="out")])
    model.compile(optimizer, loss, **options)
    return model


def classifier(loss="sparse_categorical_crossentropy", **options):
    model = Sequential([Input((3,)), layers.Dense(3, activation="softmax", name="out")])
    model.compile("sgd", loss, **options)
    return model


def same_weights(a, b):
    return all(np.array_equal(p, q) for p, q in zip(a.get_weights(), b.get_weights(), strict=True))


def trained(callbacks=None, seed=5, **options):
    set_seed(seed)
    keras.core.naming.reset_names()
    model = regression("adam", metrics=["mae"])
    history = model.fit(X, Y, batch_size=4, epochs=3, verbose=0, callbacks=callbacks, **options)
    return model, history


# ------------------------------------------------- reproducibility


def test_two_runs_with_one_seed_agree_to_the_bit():
    (a, ha), (b, hb) = trained(), trained()
    assert same_weights(a, b) and ha.history == hb.history


def test_how_steps_are_grouped_does_not_change_a_bit():
    one_by_one = LambdaCallback(on_train_batch_end=lambda batch, logs: None)
    assert same_weights(trained()[0], trained([one_by_one])[0])


def test_a_generator_of_the_same_batches_gives_the_same_weights():
    set_seed(5)
    keras.core.naming.reset_names()
    model = regression("adam", metrics=["mae"])
    initial = model.get_weights()
    model.fit(X, Y, batch_size=4, epochs=2, verbose=0, shuffle=False)
    other = regression("adam", metrics=["mae"])
    other.set_weights(initial)

    def batches():
        while True:
            for i in range(0, 22, 4):
                yield X[i : i + 4], Y[i : i + 4]

    other.fit(batches(), steps_per_epoch=6, epochs=2, verbose=0)
    for p, q in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(p, q, rtol=1e-6, atol=1e-7)


def test_run_eagerly_gives_the_same_numbers():
    model = regression()
    initial = model.get_weights()
    fast = model.fit(X, Y, batch_size=8, epochs=2, verbose=0, shuffle=False).history["loss"]
    model.set_weights(initial)
    model.compile("sgd", "mse", run_eagerly=True)
    slow = model.fit(X, Y, batch_size=8, epochs=2, verbose=0, shuffle=False).history["loss"]
    np.testing.assert_allclose(slow, fast, rtol=1e-5)


# ------------------------------------------------- mistakes, before anything is compiled


class Wrapped(Model):
    def __init__(self):
        super().__init__()
        self.inner = layers.Dense(1)
        self.compile("sgd", "mse")

    def call(self, x):
        return self.inner(x)


def two_outputs(loss="mse"):
    x = Input((3,))
    model = Model(x, [layers.Dense(1, name="p")(x), layers.Dense(1, name="q")(x)])
    model.compile("sgd", loss)
    return model


def two_inputs():
    a, b = Input((2,), name="a"), Input((2,), name="b")
    model = Model([a, b], layers.Dense(1, name="out")(a + b))
    model.compile("sgd", "mse")
    return model


def embedding():
    model = Sequential([Input((4,), dtype="int32"), layers.Embedding(5, 2), layers.Flatten(), layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


MISTAKES = {
    "not compiled": (lambda: Sequential([Input((3,)), layers.Dense(1)]).fit(X, Y), RuntimeError, "not compiled"),
    "evaluate not compiled": (lambda: Sequential([Input((3,)), layers.Dense(1)]).evaluate(X, Y), RuntimeError, "not compiled"),
    "index of predict": (lambda: embedding().predict(np.full((2, 4), 5), verbose=0), ValueError, "between 0 and 4.*5 to 5"),
    "index of a later batch": (
        lambda: embedding().predict(np.repeat([[0], [5]], 40, 0) * np.ones((1, 4), int), verbose=0), ValueError, "0 to 5",
    ),
    "wrong width": (lambda: regression().fit(X[:, :2], Y), ValueError, r"expects shape \(None, 3\), received shape \(22, 2\)"),
    "lengths differ": (lambda: regression().fit(X, Y[:5]), ValueError, "22.*5|5.*22"),
    "empty": (lambda: regression().fit(X[:0], Y[:0]), ValueError, "no samples|empty"),
    "no data": (lambda: regression().fit(), ValueError, "received None"),
    "no targets": (lambda: regression().fit(X), ValueError, "there are no targets"),
    "batch_size 0": (lambda: regression().fit(X, Y, batch_size=0), ValueError, "batch_size"),
    "batch_size in parts": (lambda: regression().fit(X, Y, batch_size=2.5), ValueError, "^batch_size: .*received 2.5"),
    "batch_size of text": (lambda: regression().fit(X, Y, batch_size="8"), TypeError, "^batch_size: .*'8' of type str"),
    "batch_size in parts for predict": (
        lambda: regression().predict(X, batch_size=2.5, verbose=0), ValueError, "^batch_size: .*received 2.5"),
    "steps_per_epoch in parts": (
        lambda: regression().fit(X, Y, steps_per_epoch=1.5), ValueError, "^steps_per_epoch: .*received 1.5"),
    "validation_steps in parts": (
        lambda: regression().fit(X, Y, validation_data=(X, Y), validation_steps=1.5), ValueError,
        "^validation_steps: .*received 1.5"),
    "validation_batch_size in parts": (
        lambda: regression().fit(X, Y, validation_data=(X, Y), validation_batch_size=1.5), ValueError,
        "^validation_batch_size: .*received 1.5"),
    "validation_freq in parts": (lambda: regression().fit(X, Y, validation_freq=1.5), ValueError, "validation_freq: expected"),
    "verbose in parts": (lambda: regression().fit(X, Y, verbose=0.5), ValueError, "verbose: expected 'auto', 0, 1 or 2"),
    "steps in parts": (lambda: regression().evaluate(X, Y, steps=1.5), ValueError, "^steps: .*received 1.5"),
    "epochs of text": (lambda: regression().fit(X, Y, epochs="2"), TypeError, "epochs: expected a whole number"),
    "negative epochs": (lambda: regression().fit(X, Y, epochs=-1), ValueError, "epochs: expected"),
    "unknown argument": (lambda: regression().fit(X, Y, epoch=1), TypeError, "Did you mean 'epochs'"),
    "unknown verbosity": (lambda: regression().fit(X, Y, verbose=7), ValueError, "verbose"),
    "text": (lambda: regression().fit(np.array([["a"] * 3] * 4), Y[:4]), (ValueError, TypeError), "text|string|dtype"),
    "objects": (lambda: regression().fit(np.array([[None] * 3] * 4), Y[:4]), (ValueError, TypeError), "object|None"),
    "split 2": (lambda: regression().fit(X, Y, validation_split=2.0), ValueError, "validation_split"),
    "one input for two": (lambda: two_inputs().fit(X, Y), ValueError, "2 inputs"),
    "wrong input name": (lambda: two_inputs().fit({"a": X[:, :2], "c": X[:, :2]}, Y), ValueError, "no data for input 'b'"),
    "labels too large": (lambda: classifier().fit(X, LABELS + 1), ValueError, "between 0 and 2, received 1 to 3"),
    "labels negative": (lambda: classifier().fit(X, LABELS - 1), ValueError, "between 0 and 2, received -1 to 1"),
    "one-hot for sparse": (lambda: classifier().fit(X, np.eye(3)[LABELS]), ValueError, "received one-hot targets"),
    "sparse for one-hot": (lambda: classifier("categorical_crossentropy").fit(X, LABELS), ValueError, "to_categorical"),
    "targets too wide": (lambda: regression().fit(X, np.ones((22, 4))), ValueError, "received targets of shape"),
    "index too large": (lambda: embedding().fit(np.full((4, 4), 5), np.ones((4, 1))), ValueError, "between 0 and 4"),
    "targets too wide for a subclass": (lambda: Wrapped().fit(X, np.ones((22, 4))), ValueError, "received targets of shape"),
    "one-hot too narrow": (
        lambda: classifier("kl_divergence").fit(X, np.eye(4)[LABELS]), ValueError, "kl_divergence compares targets"),
    "labels for focal": (
        lambda: classifier("categorical_focal_crossentropy").fit(X, LABELS), ValueError, "takes one-hot targets"),
    "labels with too many axes": (
        lambda: classifier().fit(X, np.stack([LABELS, LABELS], 1)), ValueError, r"class numbers of shape \(None,\)"),
    "labels that are fractions": (lambda: classifier().fit(X, LABELS + 0.5), ValueError, "between 0 and 2|must be whole"),
    "labels that are missing": (
        lambda: classifier().fit(X, np.where(LABELS == 1, np.nan, LABELS)), ValueError, "received nan"),
    "targets of text": (lambda: classifier().fit(X, LABELS.astype(str)), TypeError, "must be numbers, received text"),
    "weights of text": (
        lambda: classifier().fit(X, LABELS, sample_weight=LABELS.astype(str)), TypeError, "sample_weight must be numbers"),
    "weights of another shape": (
        lambda: regression().fit(X, Y, sample_weight=np.ones((22, 3))), ValueError, r"sample_weight of shape \(22, 3\)"),
    "weights for too many outputs": (
        lambda: two_outputs().fit(X, [Y, Y], sample_weight=[np.ones(22)] * 3), ValueError, "Expected sample_weight for 2"),
    "one array for two outputs": (lambda: two_outputs().fit(X, Y), ValueError, "2 outputs .p, q., received one array"),
    "targets of an unknown output": (lambda: two_outputs().fit(X, {"p": Y, "r": Y}), ValueError, "Unknown output 'r'"),
    "targets for one output of two": (lambda: two_outputs().fit(X, {"p": Y}), ValueError, "'q': it has a loss, but"),
    "index that is a fraction": (
        lambda: embedding().fit(np.full((4, 4), 1.5), np.ones((4, 1))), ValueError, "whole numbers"),
    "index of a generator": (
        lambda: embedding().fit(iter([(np.full((4, 4), 5), np.ones((4, 1)))])), ValueError, "between 0 and 4"),
    "index for validation": (
        lambda: embedding().fit(np.ones((4, 4)), np.ones((4, 1)), validation_data=(np.full((4, 4), 5), np.ones((4, 1)))),
        ValueError, "^validation_data: .*between 0 and 4"),
    "epochs in parts": (lambda: regression().fit(X, Y, epochs=1.5), ValueError, "epochs: expected"),
    "first epoch in parts": (lambda: regression().fit(X, Y, initial_epoch=0.5), ValueError, "initial_epoch: expected"),
    "validation_freq 0": (lambda: regression().fit(X, Y, validation_freq=0), ValueError, "validation_freq: expected"),
    "validation_batch_size 0": (
        lambda: regression().fit(X, Y, validation_split=0.5, validation_batch_size=0), ValueError, "batch_size"),
    "batch_size 0 of predict": (
        lambda: regression().predict(X, batch_size=0, verbose=0), ValueError, "batch_size"),
    "a scalar for predict": (lambda: regression().predict(np.array(1, "float32"), verbose=0), ValueError, "with a batch axis"),
    "many batches for one": (
        lambda: regression().predict_on_batch(iter([X])), ValueError, "^predict_on_batch: .*Use predict"),
    "many batches for a step": (
        lambda: regression().train_on_batch(iter([X])), ValueError, "^train_on_batch: .*Use fit or evaluate"),
    "too much for evaluate": (
        lambda: regression().evaluate(X, Y, 8, 0, None, None, None, 1, 2, False, True, 5), TypeError, "at most 4 .*received 5"),
    "too much for a step": (
        lambda: regression().train_on_batch(X, Y, None, None, True, True, 5), TypeError, "at most 2 .*received 3"),
    "too much for a generator": (
        lambda: regression().predict_generator(iter([X]), 1, 1, 1, False, 0, 5), TypeError, "at most 4 .*received 5"),
    "a switch of text": (lambda: regression(run_eagerly="yes"), TypeError, "run_eagerly must be True, False"),
    "steps of text": (lambda: regression(steps_per_execution="x"), TypeError, "steps_per_execution .*: expected"),
    "loss weights of text": (lambda: regression(loss_weights=["x"]), TypeError, "loss_weights must be numbers"),
    "target tensors of text": (lambda: regression(target_tensors="x"), TypeError, "target_tensors must be arrays"),
    "a loss without value": (lambda: regression(loss=lambda y, p: None).fit(X, Y), ValueError, "gave None"),
    "a layer on a number": (lambda: layers.Dense(3)(2.0), TypeError, "expected an array or a symbolic tensor, received 2.0"),
    "steps without features": (lambda: layers.LSTM(3)(Input((4,))), ValueError, r"expected 3 axes, received shape \(None, 4"),
    "another number of elements": (lambda: layers.Reshape((3,))(Input((4,))), ValueError, r"received 4, of shape \(4,\)"),
    "no learning rate": (lambda: keras.optimizers.SGD(None), ValueError, "expected learning_rate to be a number"),
    "misspelt argument of a layer": (lambda: layers.Dense(unit=3), TypeError, "Did you mean 'units'"),
    "unknown loss": (lambda: regression(loss="mze"), ValueError, "(?i)Did you mean 'mse'"),
    "unknown optimizer": (lambda: regression("adamm"), ValueError, "Did you mean '[aA]dam"),
    "unknown metric": (lambda: regression(metrics=["mea"]), ValueError, "Did you mean"),
    "misspelt class": (lambda: regression(loss="MeanSquareError"), ValueError, "Did you mean 'MeanSquaredError'"),
    "compile keyword": (lambda: regression(metric=["mae"]), TypeError, "Did you mean 'metrics'"),
    "loss for no output": (lambda: regression(loss={"oot": "mse"}).fit(X, Y), ValueError, "Did you mean 'out'"),
    "losses too many": (lambda: regression(loss=["mse", "mse"]).fit(X, Y), ValueError, "2 entries, the model has 1 output"),
    "both weights": (
        lambda: regression().train_on_batch(X, Y, sample_weight=np.ones(22), class_weight={0: 1}), ValueError, "not both"),
    "empty generator": (lambda: regression().fit(iter([])), ValueError, "no batch"),
    "callback class": (lambda: regression().fit(X, Y, callbacks=[EarlyStopping]), TypeError, r"EarlyStopping\(\)"),
    "temporal": (
        lambda: regression(sample_weight_mode="temporal").fit(X, Y, sample_weight=np.ones(22)), ValueError, "temporal"),
}  # fmt: skip


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_named_before_work_starts(case):
    make, error, message = MISTAKES[case]
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize("targets", [Y, [Y], [Y, None], {"p": Y}, [Y, Y]], ids="array list none dict both".split())
def test_an_output_without_a_loss_needs_no_targets(targets):
    for loss in (["mse", None], {"p": "mse"}):
        assert list(two_outputs(loss).fit(X, targets, verbose=0).history) == ["loss", "p_loss"]


def test_classes_may_lie_along_another_axis():
    model = Sequential([Input((3, 5)), layers.Softmax(axis=1)])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(axis=1))
    labels = np.arange(20).reshape(4, 5) % 3
    assert np.isfinite(model.evaluate(np.ones((4, 3, 5)), labels, verbose=0))
    with pytest.raises(ValueError, match="between 0 and 2, received 1 to 3"):
        model.evaluate(np.ones((4, 3, 5)), labels + 1, verbose=0)


# ------------------------------------------------- compile


# metrics, weighted metrics, names of their results in Keras 3.15 (sorted) and tf_keras 2.21 (None: it raises)
NAMES = [
    (["mae"], ["mae"], "loss mae weighted_mae", "loss mae weighted_mae"),
    (["mae", "mae"], ["mae", "mae"], "loss mae mae_1 weighted_mae weighted_mae_1", None),
    ([], ["mae", "mae"], "loss mae weighted_mae", "loss mae weighted_mae"),
    (["mse"], ["mae"], "loss mae mse", "loss mse mae"),
    (["mae", "MAE", "mean_absolute_error"], [], "MAE loss mae mean_absolute_error", "loss mae MAE mean_absolute_error"),
]


@pytest.mark.parametrize(("metrics", "weighted", "keras3", "tf_keras"), NAMES)
def test_weighted_metrics_that_would_share_a_name_are_called_weighted(metrics, weighted, keras3, tf_keras):
    assert list(regression(metrics=metrics, weighted_metrics=weighted).fit(X, Y, verbose=0).history) == keras3.split()
    if tf_keras is not None:
        with keras.compat.era("tf2"):
            assert regression(metrics=metrics, weighted_metrics=weighted).metrics_names == tf_keras.split()


def test_a_metric_of_the_model_that_shares_a_name_is_numbered_wherever_it_is_named():
    model = regression(metrics=["mae"])
    model.own = keras.metrics.Mean(name="mae")
    assert model.metrics_names == ["loss", "mae", "mae_1"]
    assert sorted(model.fit(X, Y, verbose=0).history) == model.metrics_names
    assert list(model.evaluate(X, Y, verbose=0, return_dict=True)) == model.metrics_names


class Numbered(keras.utils.PyDataset):
    def __len__(self):
        return 4

    def __getitem__(self, index):
        return np.zeros((2, 3)), np.full((2, 1), index)


class Iterated:
    def __iter__(self):
        return iter(Numbered())


ARRAYS = tuple(np.concatenate(parts) for parts in zip(*Numbered(), strict=True))
# validation data, and the mean of the squares of two of 0, 1, 2, 3 at each of three epochs
VALIDATION = [
    ("3", ARRAYS, {"validation_batch_size": 2}, [0.5, 0.5, 0.5]),
    ("3", Numbered(), {}, [0.5, 0.5, 0.5]),
    ("3", Iterated(), {}, [0.5, 0.5, 0.5]),
    ("2.2", Numbered(), {}, [0.5, 6.5, 0.5]),
]


@pytest.mark.parametrize(("era", "data", "options", "losses"), VALIDATION)
def test_every_validation_begins_with_the_first_batch_since_tf_keras(era, data, options, losses):
    with keras.compat.era(era):
        model = Sequential([Input((3,)), layers.Dense(1, use_bias=False)])
        model.compile(keras.optimizers.SGD(0.0), "mse")
        history = model.fit(X, Y, epochs=3, verbose=0, validation_data=data, validation_steps=2, **options)
    assert history.history["val_loss"] == losses


def test_a_generator_that_ends_ends_training_with_a_warning():
    with pytest.warns(UserWarning, match=r"data \(generator\) ran out after 1 of 3 epochs") as told:
        history = regression().fit(((X, Y) for _ in range(2)), epochs=3, verbose=0)
    assert history.epoch == [0] and [one.filename for one in told] == [__file__]


@pytest.mark.parametrize(("batches", "epochs"), [(4, 2), (5, 3)])
def test_training_ends_where_a_generator_of_some_epochs_ends(batches, epochs):
    with pytest.warns(UserWarning, match=f"The data ran out after {batches % 2} of 2 steps") as told:
        history = regression().fit(((X, Y) for _ in range(batches)), epochs=5, steps_per_epoch=2, verbose=0)
    assert (len(history.history["loss"]), len(told)) == (epochs, 1)


@pytest.mark.parametrize(("batches", "steps", "times"), [(3, None, 1), (4, 2, 2)])
def test_a_validation_generator_that_ends_ends_validation_with_one_warning(batches, steps, times):
    data = ((X, Y) for _ in range(batches))
    with pytest.warns(UserWarning, match=r"validation_data \(generator\) ran out") as told:
        history = regression().fit(X, Y, epochs=5, verbose=0, validation_data=data, validation_steps=steps)
    assert (len(history.history["loss"]), len(history.history["val_loss"]), len(told)) == (5, times, 1)


def test_weights_count_beside_inputs_and_targets_in_one_tuple():
    model = regression()
    assert model.evaluate((X, Y), sample_weight=np.zeros(22), verbose=0) == 0 < model.evaluate((X, Y), verbose=0)


def test_names_of_several_outputs_follow_the_era():
    given = {"loss": "mse", "metrics": [["mae"], ["mae"]], "weighted_metrics": [["mae"], ["mae"]]}
    for era, wanted in (
        ("3", "loss p_loss p_mae p_weighted_mae q_loss q_mae q_weighted_mae"),
        ("tf2", "loss p_loss q_loss p_mae p_weighted_mae q_mae q_weighted_mae"),
    ):
        with keras.compat.era(era):
            model = two_outputs()
            model.compile("sgd", **given)
            assert list(model.fit(X, [Y, Y], verbose=0).history) == wanted.split()


def test_compile_with_a_loss_alone_uses_rmsprop():
    model = Sequential([Input((3,)), layers.Dense(1)])
    model.compile(loss="mse")
    assert type(model.optimizer).__name__ == "RMSprop"


def test_any_optax_transformation_is_an_optimizer():
    model = regression(optax.chain(optax.clip(1.0), optax.adamw(1e-2)))
    assert model.fit(X, Y, verbose=0, epochs=2).history["loss"][1] < 10


def test_the_third_position_is_metrics_or_loss_weights_by_what_it_holds():
    model = Sequential([Input((3,)), layers.Dense(1)])
    model.compile("sgd", "mse", ["mae"])
    assert model.metrics_names == ["loss", "mae"]
    model.compile("sgd", "mse", [2.0])
    assert model._compiled.loss_weights == [2.0]


def test_target_tensors_are_the_targets():
    model = regression(target_tensors=[Y])
    assert model.fit(X, verbose=0).history["loss"][0] > 0


def test_the_learning_rate_acts_at_the_next_step_without_recompiling():
    model = regression("sgd")
    model.fit(X, Y, verbose=0)
    program = next(iter(model._programs["session"]._epoch.values()))._compiled
    before = model.get_weights()
    model.optimizer.lr = 0.0
    model.fit(X, Y, verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    model.optimizer.learning_rate.assign(0.1)
    model.fit(X, Y, verbose=0)
    assert not np.array_equal(before[0], model.get_weights()[0])
    assert program._cache_size() == 1


def test_weights_changed_by_a_callback_are_the_truth():
    model = regression("sgd")

    class Reset(Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.set_weights([np.zeros_like(w) for w in self.model.get_weights()])

    model.fit(X, Y, verbose=0, callbacks=[Reset()])
    assert all((w == 0).all() for w in model.get_weights())


def test_an_array_that_a_user_holds_outlives_training():
    model = regression("sgd")
    held = model.weights[0].value
    before = np.array(held)
    model.fit(X, Y, verbose=0, epochs=2)
    np.testing.assert_array_equal(held, before)


def test_what_trains_is_fixed_when_each_model_compiles():
    discriminator = Sequential([Input((2,)), layers.Dense(1, activation="sigmoid")])
    discriminator.compile("sgd", "binary_crossentropy")
    generator = Sequential([Input((3,)), layers.Dense(2)])
    discriminator.trainable = False
    z = Input((3,))
    stacked = Model(z, discriminator(generator(z)))
    stacked.compile("sgd", "binary_crossentropy")
    d0, g0 = discriminator.get_weights(), generator.get_weights()
    discriminator.train_on_batch(X[:, :2], np.ones(22))
    d1 = discriminator.get_weights()
    assert not np.array_equal(d0[0], d1[0])
    stacked.train_on_batch(X, np.ones(22))
    assert np.array_equal(d1[0], discriminator.get_weights()[0])
    assert not np.array_equal(g0[0], generator.get_weights()[0])


# ------------------------------------------------- interruption


class Boom(Callback):
    def __init__(self, at, error):
        super().__init__()
        self.at, self.error, self.seen = at, error, 0

    def on_train_batch_end(self, batch, logs=None):
        self.seen += 1
        if self.seen == self.at:
            if isinstance(self.error, int):
                os.kill(os.getpid(), self.error)
            else:
                raise self.error


@pytest.mark.parametrize(
    "error", [RuntimeError("boom"), signal.SIGINT, signal.SIGTERM], ids=["exception", "ctrl-c", "sigterm"]
)
def test_an_interrupted_fit_leaves_a_usable_model(error, usual_signals):
    model = regression("adam")
    expected = {signal.SIGINT: KeyboardInterrupt, signal.SIGTERM: SystemExit}.get(error, RuntimeError)
    with pytest.raises(expected):
        model.fit(X, Y, batch_size=4, epochs=3, verbose=0, callbacks=[Boom(8, error)])
    assert len(model.history.history["loss"]) == 1
    assert np.isfinite(model.predict(X, verbose=0)).all()
    assert model.fit(X, Y, verbose=0).history["loss"][0] > 0
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_exception_in_a_generator_reaches_the_user_and_leaves_a_usable_model():
    def broken():
        yield X[:4], Y[:4]
        raise OSError("disk gone")

    model = regression()
    with pytest.raises(OSError, match="disk gone"):
        model.fit(broken(), steps_per_epoch=5, verbose=0)
    assert model.fit(X, Y, verbose=0).history["loss"][0] > 0


def test_an_error_ends_the_thread_that_makes_batches():
    def endless():
        while True:
            yield X[:4], Y[:4]

    for stop in (
        lambda: regression().fit(endless(), steps_per_epoch=50, verbose=0, callbacks=[Boom(1, Stop())]),
        lambda: regression().predict(endless(), steps=50, verbose=0, callbacks=[LambdaCallback(
            on_predict_batch_end=lambda batch, logs: Boom(1, Stop()).on_train_batch_end(batch))]),
    ):  # fmt: skip
        with pytest.raises(Stop) as _kept:  # and with it the frames of the call
            stop()
        assert not [thread for thread in threading.enumerate() if thread.name == "jkeras-prefetch"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_after_the_last_step_is_not_lost(number, usual_signals):
    late = LambdaCallback(on_train_end=lambda logs: os.kill(os.getpid(), number))
    with pytest.raises(KeyboardInterrupt if number == signal.SIGINT else SystemExit):
        regression().fit(X, Y, verbose=0, callbacks=[late])


class Stop(Exception):
    pass


def dropout_net():
    model = Sequential(
        [Input((3,)), layers.Dense(8), layers.Dropout(0.5), layers.BatchNormalization(), layers.Dense(1)]
    )
    model.compile("adam", "mse", metrics=["mae"])
    return model


def a_run(folder, at=None, save_freq=1):
    set_seed(9)
    keras.core.naming.reset_names()
    model = dropout_net()
    callbacks = [Boom(at, Stop()), BackupAndRestore(folder, save_freq=save_freq), EarlyStopping("loss", patience=50)]
    try:
        history = model.fit(X, Y, batch_size=4, epochs=3, verbose=0, callbacks=callbacks, validation_split=0.2)
    except Stop:
        return None
    return model, history.history


@pytest.mark.parametrize("at", [1, 2, 5, 6, 7, 11, 14])
def test_a_run_stopped_at_any_step_and_started_again_ends_with_the_same_bits(tmp_path, at):
    whole, history = a_run(str(tmp_path / "whole"))
    assert a_run(str(tmp_path / "cut"), at) is None
    np.random.seed(1)  # whatever the new process does before
    again, later = a_run(str(tmp_path / "cut"))
    assert same_weights(whole, again) and history == later


# ------------------------------------------------- predict


def test_predict_on_batch_takes_the_inputs_that_predict_takes():
    model, batch = two_inputs(), {"a": X[:, :2], "b": X[:, 1:], "id": np.arange(22)}
    np.testing.assert_array_equal(model.predict_on_batch(batch), model.predict(batch, batch_size=22, verbose=0))


def test_the_most_steps_of_an_epoch_hold_for_all_passes():
    model, log = regression(), LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(batch))
    seen = []
    keras.config.set_max_steps_per_epoch(2)
    try:
        assert model.fit(X, Y, batch_size=4, verbose=0, callbacks=[log]).params["steps"] == 2
        rows = len(model.predict(X, batch_size=4, verbose=0))
        rows_of_a_stream = len(model.predict(iter([X[:3]] * 5), verbose=0))
    finally:
        keras.config.set_max_steps_per_epoch(None)
    assert (seen, rows, rows_of_a_stream) == ([0, 1], 8, 6)


@pytest.mark.parametrize("batch_size", [1, 4, 22, 100])
def test_predict_does_not_depend_on_the_batch_size(batch_size):
    model = regression()
    np.testing.assert_allclose(model.predict(X, batch_size=batch_size, verbose=0), model(X), rtol=1e-5, atol=1e-6)


def test_two_programs_predict_batches_of_any_number_of_rows():
    model = regression()
    whole = model(X)
    for rows in (len(X), 5, 1, 3, len(X) - 1, 2):
        np.testing.assert_allclose(model.predict(X[:rows], batch_size=8, verbose=0), whole[:rows], rtol=1e-5, atol=1e-6)
    assert model._programs["predict"]._run._cache_size() == 2


ALONG_ROWS = [
    (lambda x: keras.ops.sum(x, axis=0, keepdims=True) + x, lambda x: x.sum(0) + x),
    (layers.Lambda(keras.ops.flip), lambda x: x[::-1, ::-1]),
    (layers.Lambda(keras.ops.softmax, arguments={"axis": 0}), lambda x: np.exp(x) / np.exp(x).sum(0)),
    (layers.Activation(jnp.flip), lambda x: x[::-1, ::-1]),
]


@pytest.mark.parametrize(("layer", "expected"), ALONG_ROWS)
def test_rows_are_not_added_where_a_layer_works_along_them(layer, expected):
    x = Input((X.shape[1],))
    model = Model(x, layer(x))
    for rows in (2, 3):
        np.testing.assert_allclose(model.predict(X[:rows], batch_size=8, verbose=0), expected(X[:rows]), rtol=1e-5)


@pytest.mark.parametrize("activation", [keras.activations.gelu, keras.ops.relu, jax.nn.silu, jnp.tanh])
def test_rows_are_added_where_functions_work_on_each(activation):
    x = Input((X.shape[1],))
    assert rows_are_independent(Model(x, layers.Lambda(activation)(layers.Dense(2, activation=activation)(x))))


@pytest.mark.parametrize("make", [regression, Wrapped])
def test_predict_from_many_threads_is_right_from_the_first(make):
    from concurrent.futures import ThreadPoolExecutor

    model = make()
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: model.predict(X, verbose=0), range(16)))
    expected = np.asarray(model(X))
    for result in results:
        np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-6)


# ------------------------------------------------- steps of the user's


class Stateless(Model):
    """Keras 3's form of a custom step on JAX."""

    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(1)
        self.tracker = keras.metrics.Mean(name="mine")

    def call(self, x):
        return self.dense(x)

    def train_step(self, state, data):
        trainable, rest, optimizer, metrics = state
        x, y = data

        def objective(trainable, rest):
            pred, rest = self.stateless_call(trainable, rest, x, training=True)
            return jnp.mean((pred - y) ** 2), rest

        (loss, rest), grads = jax.value_and_grad(objective, has_aux=True)(trainable, rest)
        trainable, optimizer = self.optimizer.stateless_apply(optimizer, grads, trainable)
        own = [v.path for v in self.tracker.variables]
        new = dict(
            zip(
                own,
                self.tracker.stateless_update_state(
                    [m for m, v in zip(metrics, self.metrics_variables) if v.path in own], loss
                ),
            )
        )
        metrics = [new.get(v.path, m) for m, v in zip(metrics, self.metrics_variables)]
        return {"mine": loss}, (trainable, rest, optimizer, metrics)  # fmt: skip


def test_a_stateless_train_step_trains():
    model = Stateless()
    model.compile("sgd")
    losses = model.fit(X, Y, epochs=4, verbose=0).history["mine"]
    assert losses[-1] < losses[0]


class OwnLoss(Model):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(1)

    def call(self, x):
        return self.dense(x)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return jnp.mean(jnp.abs(y_pred - y)) + 0.0 * jnp.sum(x)


def test_an_overridden_compute_loss_is_minimised():
    model = OwnLoss()
    model.compile("sgd")
    losses = model.fit(X, Y, epochs=4, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


class OnSuper(Model):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(1)

    def call(self, x):
        return self.dense(x)

    def train_step(self, state, data):
        logs, state = super().train_step(state, data)
        return {**logs, "twice": 2 * logs["loss"]}, state


def test_super_train_step_does_the_default_step():
    model = OnSuper()
    model.compile("sgd", "mse")
    history = model.fit(X, Y, epochs=2, verbose=0).history
    np.testing.assert_allclose(history["twice"], 2 * np.array(history["loss"]), rtol=1e-6)


class Shows(OnSuper):
    """Shows one metric alone; the loss is measured all the same."""

    def __init__(self):
        super().__init__()
        self.own = keras.metrics.Mean(name="own")

    @property
    def metrics(self):
        return [self.own]

    def test_step(self, state, data):
        logs, state = super().test_step(state, data)
        return {"seen": logs["loss"]}, state


@pytest.mark.parametrize("kind", [OnSuper, Shows])
def test_super_train_step_follows_the_optimizer_whatever_metrics_are_shown(kind):
    weights = []
    for one in (kind(), Sequential([Input((3,)), layers.Dense(1)])):
        one.compile(keras.optimizers.SGD(0.1, momentum=0.9), "mse")
        one.build((None, 3))
        one.set_weights([np.ones((3, 1)), np.zeros(1)])
        one.fit(X, Y, verbose=0, shuffle=False, batch_size=8)
        one.optimizer.momentum = 0.5
        one.fit(X, Y, verbose=0, shuffle=False, batch_size=8)
        weights.append(one.get_weights()[0])
    np.testing.assert_allclose(*weights, rtol=1e-5)


def test_super_test_step_measures_what_is_not_shown():
    model = Shows()
    model.compile("sgd", "mse")
    seen = model.evaluate(X, Y, verbose=0, return_dict=True)["seen"]
    np.testing.assert_allclose(seen, np.mean((model.predict(X, verbose=0) - Y) ** 2), rtol=1e-5)


class Counting(Model):
    """A model without gradients: it keeps the mean of what it has seen."""

    def __init__(self):
        super().__init__()
        self.mean = self.add_weight("mean", (3,), initializer="zeros", trainable=False)
        self.count = self.add_weight("count", (), initializer="zeros", trainable=False)

    def call(self, x):
        return x - self.mean.value

    def train_step(self, data):
        x = data[0]
        n = self.count.value + x.shape[0]
        self.mean.assign(self.mean.value + jnp.sum(x - self.mean.value, axis=0) / n)
        self.count.assign(n)
        return {"seen": n}


def test_a_plain_train_step_may_assign_variables():
    model = Counting()
    model.compile()
    history = model.fit(X, batch_size=5, verbose=0)
    np.testing.assert_allclose(model.mean.numpy(), X.mean(0), rtol=1e-4, atol=1e-6)
    assert history.history["seen"] == [22.0]


# ------------------------------------------------- in the three old ways


def test_symbolic_losses_and_metrics_are_part_of_training():
    x = Input((3,))
    y = layers.Dense(3)(x)
    model = Model(x, y)
    model.add_loss(keras.losses.mse(x, y) * 0.5)
    model.add_metric(y[:, 0], name="first")
    model.compile("sgd")
    history = model.fit(X, epochs=2, verbose=0).history
    assert history["loss"][1] < history["loss"][0] and "first" in history


def test_history_answers_to_both_spellings():
    model = classifier(metrics=["acc"])
    history = model.fit(X, LABELS, verbose=0, validation_split=0.2).history
    assert history["acc"] == history["accuracy"] and history["val_acc"] == history["val_accuracy"]


def test_training_holds_the_data_once_on_the_device():
    x, y = np.zeros((4000, 300), "float32"), np.zeros((4000, 1), "float32")
    model = Sequential([Input((300,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    before = sum(a.nbytes for a in jax.live_arrays())
    seen = []

    class Watch(Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append(sum(a.nbytes for a in jax.live_arrays()) - before)

    model.fit(x, y, batch_size=500, epochs=2, verbose=0, callbacks=[Watch()])
    assert max(seen) < 1.05 * (x.nbytes + y.nbytes)

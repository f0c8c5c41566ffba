"""A run that is killed and started again ends with the very same bits; one that is interrupted leaves a usable model.

JKERAS_CAMPAIGN=12 kills each kind of run so often at random steps; the default is a few chosen places.
"""

import glob
import os
import random
import signal
import subprocess
import sys
import warnings

import numpy as np
import pytest

import jkeras as keras
from jkeras import Input, Sequential, callbacks, layers
from jkeras.train.callbacks import state_file

KILLS = int(os.environ.get("JKERAS_CAMPAIGN", "0"))
EPOCHS, STEPS, ROWS = 6, 7, 52  # the last batch of an epoch is smaller


class Kill(callbacks.Callback):
    """Ends the process in a hook, or while the backup is written, the n-th time it comes by."""

    def __init__(self, where, number, how=signal.SIGKILL):
        super().__init__()
        self.where, self.left, self.how = where, number, how

    def on_train_begin(self, logs=None):
        if self.where != "replace":
            return
        real = os.replace

        def replace(source, target):
            if target.endswith("training_state.npz"):
                self.pass_by("replace")
            real(source, target)

        os.replace = replace

    def pass_by(self, where):
        if where == self.where:
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), self.how)

    def on_train_batch_end(self, batch, logs=None):
        self.pass_by("batch")

    def on_epoch_begin(self, epoch, logs=None):
        self.pass_by("epoch begin")

    def on_test_batch_end(self, batch, logs=None):
        self.pass_by("validation")

    def on_epoch_end(self, epoch, logs=None):
        self.pass_by("epoch end")


class Draws(callbacks.Callback):
    """Keeps a number from each global generator at every epoch."""

    state_fields = ("drawn",)

    def __init__(self):
        super().__init__()
        self.drawn = []

    def on_epoch_end(self, epoch, logs=None):
        self.drawn = [*self.drawn, random.random(), float(np.random.rand())]


class Rows(keras.utils.Sequence):
    """Batches that are shuffled after every epoch, as users write them."""

    def __init__(self, x, y):
        super().__init__()
        self.x, self.y, self.order = x, y, np.arange(len(x))

    def __len__(self):
        return STEPS

    def __getitem__(self, index):
        rows = self.order[8 * index : 8 * index + 8]
        return self.x[rows], self.y[rows]


def data():
    draw = np.random.default_rng(0)
    x = draw.standard_normal((ROWS, 5)).astype("float32")
    return x, (x.sum(axis=1, keepdims=True) > 0).astype("float32")


def train(folder, kind="arrays", save_freq=3, kill=None):
    """The run; writes everything that must not depend on its having been killed into `result.npz`."""
    keras.utils.set_random_seed(11)
    model = Sequential(
        [
            Input((5,)),
            layers.Dense(6, activation="relu"),
            layers.BatchNormalization(),
            layers.Dropout(0.4),
            layers.Dense(1),
        ]
    )
    model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True), metrics=["accuracy"])
    x, y = data()
    used = [
        callbacks.BackupAndRestore(os.path.join(folder, "backup"), save_freq, delete_checkpoint=False),
        callbacks.EarlyStopping("val_loss", patience=4, restore_best_weights=True),
        callbacks.ReduceLROnPlateau("loss", patience=1, factor=0.5, min_delta=0.05),
        callbacks.ModelCheckpoint(os.path.join(folder, "best.weights.h5"), save_weights_only=True, save_best_only=True),
        callbacks.CSVLogger(os.path.join(folder, "log.csv"), append=True),
        Draws(),
    ]
    if kill is not None:
        used.insert(1, Kill(*kill))
    given = {"arrays": {"x": x, "y": y, "batch_size": 8}, "sequence": {"x": Rows(x, y)}}[kind]
    history = model.fit(
        **given, epochs=EPOCHS, verbose=0, callbacks=used, validation_data=(x[:20], y[:20]), validation_batch_size=10
    )
    with open(os.path.join(folder, "log.csv")) as f:
        log = f.read()
    model_of_best = keras.models.model_from_json(model.to_json())
    model_of_best.load_weights(os.path.join(folder, "best.weights.h5"))
    state = {
        "weights": model.get_weights(),
        "best": model_of_best.get_weights(),
        "optimizer": [v.numpy() for v in model.optimizer.variables],
        "metrics": [v.numpy() for v in model.metrics_variables],
        "history": {k: [float(n) for n in v] for k, v in history.history.items()},
        "epoch": history.epoch,
        "callbacks": [c.get_state() for c in used[-5:]],
        "random": [random.random(), float(np.random.rand()), int(keras.random.randint((1,), 0, 1 << 30)[0])],
        "log": log,
    }
    state_file.write(os.path.join(folder, "result.npz"), state)


def serve(folder, runs):
    """Runs in a process that has imported everything and computed nothing: each run is a fork of it."""
    warnings.simplefilter("ignore")
    for number, (kind, save_freq, kills) in enumerate(runs):
        place = os.path.join(folder, str(number))
        os.makedirs(place)
        for kill in [*kills, None]:
            child = os.fork()
            if not child:
                code = 1
                try:
                    train(place, kind, save_freq, kill)
                    code = 0
                finally:
                    sys.stderr.flush()
                    os._exit(code)
            status = os.waitpid(child, 0)[1]
            print(number, kill, os.waitstatus_to_exitcode(status), sorted(os.listdir(place)), flush=True)


# (data, save_freq, where the process is killed: it is started again after each)
PLACES = [
    ("arrays", 3, [("batch", 5), ("replace", 2), ("batch", 9, 15)]),
    ("sequence", 2, [("batch", 3)]),
]
MORE = [
    ("arrays", "epoch", [("epoch begin", 3), ("replace", 1), ("batch", 9, 15), ("batch", 3)]),
    ("arrays", 3, [("epoch end", 1), ("epoch begin", 2)]),
    ("sequence", 2, [("batch", 3), ("replace", 4), ("batch", 6, 15)]),
    ("sequence", "epoch", [("epoch begin", 3), ("validation", 2)]),
]


def some_places():
    draw = random.Random(0)
    kinds = ("batch", "batch", "validation", "replace", "epoch end", "epoch begin")
    return [
        (kind, freq, [(draw.choice(kinds), draw.randrange(1, 9)) for _ in range(KILLS)]) for kind, freq, _ in PLACES
    ]


def flat(state, where=""):
    if isinstance(state, dict):
        return {k: v for key in state for k, v in flat(state[key], f"{where}/{key}").items()}
    if isinstance(state, list | tuple):
        return {k: v for i, one in enumerate(state) for k, v in flat(one, f"{where}/{i}").items()}
    return {where: state.tobytes() if isinstance(state, np.ndarray) else repr(state)}


def test_a_killed_run_ends_with_the_bits_of_one_that_was_not(tmp_path):
    runs = [("arrays", 3, []), ("sequence", 3, []), *PLACES, *(some_places() if KILLS else [])]
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    code = f"import sys; sys.path[:0] = [{root!r}]; from tests import test_resume as t; t.serve({str(tmp_path)!r}, {runs!r})"
    count = sum(len(r[2]) + 1 for r in runs)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=root, timeout=60 + 15 * count
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == count
    results = [flat(state_file.read(tmp_path / str(i) / "result.npz")) for i in range(len(runs))]
    for number, (kind, _, kills) in enumerate(runs):
        truth = results[0 if kind == "arrays" else 1]
        different = [k for k in truth if results[number].get(k) != truth[k]]
        assert not different and len(results[number]) == len(truth), (kind, kills, different, done.stdout)
        assert not glob.glob(str(tmp_path / str(number) / "**" / "*.tmp"), recursive=True)
    ended = [line.split(")")[1].split()[0] for line in lines if ")" in line]
    assert ended.count("-9") >= 3 and "1" in ended, done.stdout + done.stderr  # SIGTERM is an exit, told by SystemExit


# ---------------------------------------------------------------- interruptions


X, Y = data()


class Raises(callbacks.Callback):
    """Raises in a hook."""

    def __init__(self, hook, error):
        super().__init__()

        def fail(*args):
            if isinstance(error, int):
                os.kill(os.getpid(), error)
            else:
                raise error

        setattr(self, hook, fail)


def compiled(*more):
    model = Sequential([Input((5,)), layers.Dense(4), *more, layers.Dense(1)])
    model.compile("adam", "mse", metrics=["mae"])
    return model


def is_usable(model):
    """Predicts, trains on, and has a History."""
    assert model.predict(X, verbose=0).shape == (ROWS, 1)
    assert np.asarray(model(X)).shape == (ROWS, 1)
    steps = int(model.optimizer.iterations)
    model.fit(X, Y, batch_size=13, verbose=0)
    assert int(model.optimizer.iterations) == steps + 4
    assert all(np.isfinite(w).all() for w in model.get_weights())


ERRORS = [KeyboardInterrupt(), SystemExit(3), ValueError("mine"), MemoryError(), signal.SIGINT]


@pytest.mark.parametrize("error", ERRORS, ids=repr)
@pytest.mark.parametrize("hook", ["on_train_batch_end", "on_epoch_end", "on_test_batch_end", "on_train_begin"])
def test_fit_that_breaks_off_leaves_a_usable_model_with_its_history(hook, error):
    model = compiled()
    model.fit(X, Y, epochs=2, batch_size=13, verbose=0)
    kind = KeyboardInterrupt if isinstance(error, int) else type(error)
    history = callbacks.History()
    with pytest.raises(kind):
        model.fit(
            X, Y, epochs=3, batch_size=13, verbose=0, validation_data=(X, Y), callbacks=[history, Raises(hook, error)]
        )
        if hook == "on_train_begin" and isinstance(error, int):
            raise KeyboardInterrupt
    assert model.history is history and isinstance(history.history, dict)
    before = signal.getsignal(signal.SIGINT)
    assert before is signal.default_int_handler
    is_usable(model)


@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_evaluate_and_predict_that_break_off_leave_a_usable_model(error):
    model = compiled()
    kind = KeyboardInterrupt if isinstance(error, int) else type(error)
    weights = model.get_weights()
    with pytest.raises(kind):
        model.evaluate(X, Y, batch_size=13, verbose=0, callbacks=[Raises("on_test_batch_end", error)])
    with pytest.raises(kind):
        model.predict(X, batch_size=13, verbose=0, callbacks=[Raises("on_predict_batch_end", error)])
    assert all(np.array_equal(a, b) for a, b in zip(weights, model.get_weights(), strict=True))
    is_usable(model)


class Fails(layers.Layer):
    """Raises while it is traced, as long as it is told to."""

    on = True

    def call(self, x):
        if self.on:
            raise RuntimeError("mine")
        return x


@pytest.mark.parametrize("method", ["fit", "evaluate", "predict", "predict_on_batch", "train_on_batch"])
def test_a_layer_that_raises_leaves_a_usable_model(method):
    fails = Fails()
    fails.on = False
    model = compiled(fails)
    fails.on = True
    given = (X[:13],) if "predict" in method else (X[:13], Y[:13])
    with pytest.raises(RuntimeError, match="mine"):
        getattr(model, method)(*given, **({} if "batch" in method else {"verbose": 0}))
    fails.on = False
    is_usable(model)


@pytest.mark.parametrize("method", ["fit", "evaluate", "predict"])
def test_a_generator_that_raises_leaves_a_usable_model(method):
    def batches():
        for _ in range(3):
            yield (X[:13], Y[:13]) if method != "predict" else (X[:13],)
        raise OSError("the disk is gone")

    model = compiled()
    steps = {"steps_per_epoch": 5} if method == "fit" else {"steps": 5}
    with pytest.raises(OSError, match="the disk is gone"):
        getattr(model, method)(batches(), verbose=0, **steps)
    if method == "fit":
        assert int(model.optimizer.iterations) == 3
    is_usable(model)


def test_a_loss_and_a_metric_that_raise_leave_a_usable_model():
    def bad(y_true, y_pred):
        raise RuntimeError("mine")

    model = compiled()
    for arguments in ({"loss": bad}, {"loss": "mse", "metrics": [bad]}):
        model.compile("adam", **arguments)
        with pytest.raises(RuntimeError, match="mine"):
            model.fit(X, Y, verbose=0)
    model.compile("adam", "mse")
    is_usable(model)


def test_the_history_of_a_broken_run_has_the_epochs_that_were_finished():
    model, seen = compiled(), []

    class Stop(callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append(batch)
            if len(seen) == 6:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y, epochs=5, batch_size=13, verbose=0, callbacks=[Stop()])
    assert model.history.epoch == [0] and len(model.history.history["loss"]) == 1
    assert int(model.optimizer.iterations) == 6

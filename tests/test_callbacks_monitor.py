"""EarlyStopping, ReduceLROnPlateau, LearningRateScheduler and the decisions of ModelCheckpoint and CSVLogger."""

import json
import pathlib
import warnings

import numpy as np
import pytest

from compat_tests.make_callbacks_golden import Model, decisions
from jkeras import callbacks
from jkeras.callbacks import EarlyStopping, LearningRateScheduler, ModelCheckpoint, ReduceLROnPlateau
from jkeras.core import declare

GOLDEN = pathlib.Path(__file__).parents[1] / "compat_tests" / "golden"
KERAS_2 = {
    ("MonitorCallback", "first_is_best"): False,
    ("MonitorCallback", "direction"): "acc",
    ("ModelCheckpoint", "saves_without_monitor"): False,
    ("ReduceLROnPlateau", "rate_name"): "lr",
    ("LearningRateScheduler", "rate_name"): "lr",
}
ERAS = {
    "keras3": {},
    "tf_keras": KERAS_2,
    "keras224": KERAS_2 | {("CSVLogger", "validation_columns"): False, ("EarlyStopping", "first_rules"): True},
}
# There the real one calls set_weights(None), which raises.
IMPOSSIBLE = [("keras224", "stop all nan", "restore_best_weights")]


@pytest.mark.parametrize("impl", ERAS)
def test_callbacks_decide_as_the_real_ones(impl, monkeypatch):
    monkeypatch.setattr(declare.era, "defaults", ERAS[impl])
    golden = json.loads((GOLDEN / f"callbacks_{impl}.json").read_text())["decisions"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mine = decisions(impl, callbacks, lambda: Model(0.1), lambda o: float(o.learning_rate))
    mine = json.loads(json.dumps(mine))
    skipped = [k for i, start, part in IMPOSSIBLE if i == impl for k in golden if k.startswith(start) and part in k]
    assert {k: mine[k] for k in golden if k not in skipped} == {k: v for k, v in golden.items() if k not in skipped}


def begun(callback, model=None):
    callback.set_model(model or Model(0.1))
    callback.set_params({"epochs": 10})
    callback.on_train_begin()
    return callback


LARGER = ["acc", "val_accuracy", "val_out_acc", "auc", "val_auc_1", "precision", "val_f1_score", "recall", "r2_score",
          "mean_io_u", "binary_iou", "val_sparse_categorical_accuracy", "top_k_categorical_accuracy",
          "precision_at_recall", "val_true_positives", "cosine_similarity", "val_dice_coef"]  # fmt: skip
SMALLER = ["loss", "val_loss", "out_loss", "mse", "val_mae", "mean_squared_error", "val_categorical_crossentropy",
           "kld", "hinge", "logcosh", "poisson", "false_negatives", "val_rmse", "lr"]  # fmt: skip


@pytest.mark.parametrize("name, larger", [(n, True) for n in LARGER] + [(n, False) for n in SMALLER])
def test_auto_mode_knows_what_is_better(name, larger):
    stop = begun(EarlyStopping(monitor=name))
    stop._set_monitor_op()
    assert stop.monitor_op is (np.greater if larger else np.less)


def test_auto_mode_asks_the_metric_first():
    model = Model(0.1)
    model.metrics = [type("Metric", (), {"name": "oddity", "_direction": "up"})()]
    stop = begun(EarlyStopping(monitor="val_oddity"), model)
    stop._set_monitor_op()
    assert stop.monitor_op is np.greater


@pytest.mark.parametrize("make", [EarlyStopping, ReduceLROnPlateau])
def test_an_unknown_quantity_needs_a_mode(make):
    with pytest.raises(ValueError, match="mode='max' or mode='min'"):
        begun(make(monitor="val_oddity")).on_epoch_end(0, {"val_oddity": 1.0})


@pytest.mark.parametrize("make", [EarlyStopping, ReduceLROnPlateau, lambda **o: ModelCheckpoint("a.keras", **o)])
def test_an_unknown_mode_is_warned_of(make):
    with pytest.warns(UserWarning, match="received 'best'"):
        assert make(mode="best").mode == "auto"


@pytest.mark.parametrize("monitor, name", [("val_acc", "val_accuracy"), ("val_mean_squared_error", "val_mse")])
def test_either_spelling_may_be_monitored(monitor, name):
    stop = begun(EarlyStopping(monitor=monitor))
    stop.on_epoch_end(0, {name: 0.5})
    assert stop.best == 0.5


@pytest.mark.parametrize(
    "make", [EarlyStopping, ReduceLROnPlateau, lambda: ModelCheckpoint("a.keras", save_best_only=True)]
)
def test_a_missing_monitor_says_what_there_is(make):
    with pytest.warns(
        UserWarning, match="'val_loss', which is not among the logged numbers: 'loss', 'acc'.*validation"
    ):
        begun(make()).on_epoch_end(0, {"loss": 1.0, "acc": 0.5})


def test_an_array_cannot_be_monitored():
    with pytest.warns(UserWarning, match=r"array of shape \(2,\)"):
        begun(EarlyStopping(monitor="loss")).on_epoch_end(0, {"loss": np.ones(2)})


def test_early_stopping_says_so_and_restores(capsys):
    model = Model(0.1)
    stop = begun(EarlyStopping("loss", patience=1, verbose=1, restore_best_weights=True), model)
    for epoch, loss in enumerate([1.0, 2.0]):
        model.epoch = epoch
        stop.on_epoch_end(epoch, {"loss": loss})
    stop.on_train_end()
    assert model.restored == [0] and model.stop_training
    assert capsys.readouterr().out.splitlines() == [
        "Epoch 2: early stopping",
        "Restoring the weights of the best epoch, 1.",
    ]


def test_early_stopping_forgets_when_training_begins_again():
    stop = begun(EarlyStopping("loss"))
    stop.on_epoch_end(0, {"loss": 1.0})
    begun(stop)
    assert (stop.best, stop.wait, stop.best_weights) == (None, 0, None)


@pytest.mark.parametrize("make", [lambda: EarlyStopping("loss", patience=2, restore_best_weights=True),
                                  lambda: ReduceLROnPlateau("loss", patience=2, cooldown=1)])  # fmt: skip
@pytest.mark.parametrize("cut", range(6))
def test_an_interrupted_run_decides_as_an_uninterrupted_one(make, cut):
    series = [3.0, 2.0, 2.5, 2.4, 1.0, 1.5, 1.6]

    def run(callback, model, epochs):
        for epoch in epochs:
            model.epoch = epoch
            callback.on_epoch_end(epoch, {"loss": series[epoch]})
        return float(model.optimizer.learning_rate), model.stop_training

    whole, model = begun(make()), Model(0.1)
    whole.set_model(model)
    expected = run(whole, model, range(len(series))), whole.get_state()
    first, model = begun(make()), Model(0.1)
    first.set_model(model)
    run(first, model, range(cut))
    second = begun(make())
    second.set_model(model)
    second.on_train_begin()
    second.set_state(first.get_state())
    assert (run(second, model, range(cut, len(series))), second.get_state()) == expected


def test_reduce_lr_logs_the_rate_and_says_when_it_reduces(capsys):
    plateau = begun(ReduceLROnPlateau("loss", patience=1, verbose=1))
    logs = {"loss": 1.0}
    plateau.on_epoch_end(0, logs)
    plateau.on_epoch_end(1, {"loss": 1.0})
    assert logs["learning_rate"] == 0.1
    assert "Epoch 2: ReduceLROnPlateau reducing learning rate to 0.01" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments, error, message",
    [
        ({"factor": 1.0}, ValueError, "factor must be below 1"),
        ({"epslion": 1}, TypeError, "epslion"),
    ],
)
def test_bad_arguments_of_reduce_lr_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        ReduceLROnPlateau(**arguments)


def test_old_argument_names_are_translated_where_they_are_known(monkeypatch):
    monkeypatch.setattr(declare.era, "translate", lambda cls, a, k: (a, {"min_delta": k["epsilon"]}))
    assert ReduceLROnPlateau(epsilon=0.5).min_delta == 0.5


def several():
    model = Model(0.1)
    parts = [type("Part", (), {"name": n, "learning_rate": r})() for n, r in (("one", 0.1), ("two", 0.2))]
    model.optimizer.optimizers = parts
    return model, parts


def test_several_optimizers_are_all_scheduled_and_reduced(capsys):
    model, parts = several()
    schedule = begun(LearningRateScheduler(lambda epoch, rate: rate / 2, verbose=1), model)
    logs = {}
    schedule.on_epoch_begin(0)
    schedule.on_epoch_end(0, logs)
    assert logs == {"learning_rate_one": 0.05, "learning_rate_two": 0.1}
    plateau = begun(ReduceLROnPlateau("loss", patience=1, verbose=1), model)
    for epoch in range(2):
        plateau.on_epoch_end(epoch, {"loss": 1.0})
    assert [round(p.learning_rate, 6) for p in parts] == [0.005, 0.01]
    out = capsys.readouterr().out
    assert "learning rate of one to 0.05" in out and "learning rate of two to 0.01" in out


SCHEDULES = {
    "epoch and rate": lambda epoch, rate: rate * 0.5,
    "epoch alone": lambda epoch: 0.05,
    "numpy": lambda epoch, rate: np.float32(0.05),
    "numpy array": lambda epoch, rate: np.array(0.05),
    "any arguments": lambda *a: a[1] / 2,
    "optional rate": lambda epoch, rate=None: rate / 2,
}


@pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES)
def test_schedules_set_the_rate_before_the_epoch(schedule, capsys):
    callback = begun(LearningRateScheduler(schedule, verbose=1))
    callback.on_epoch_begin(0)
    assert callback.model.optimizer.learning_rate == pytest.approx(0.05)
    assert "Epoch 1: LearningRateScheduler setting learning rate to 0.05" in capsys.readouterr().out


def test_a_type_error_inside_a_schedule_is_not_hidden():
    def schedule(epoch, rate):
        return rate + "a"

    with pytest.raises(TypeError, match="unsupported operand"):
        begun(LearningRateScheduler(schedule)).on_epoch_begin(0)


@pytest.mark.parametrize("value", [None, "0.1", 1, True, np.ones(2)])
def test_a_schedule_that_gives_no_float_is_refused(value):
    with pytest.raises(ValueError, match="must return a float"):
        begun(LearningRateScheduler(lambda epoch: value)).on_epoch_begin(0)


def test_a_schedule_must_be_a_function():
    with pytest.raises(TypeError, match="function of the epoch"):
        LearningRateScheduler(0.1)


def test_an_optimizer_without_a_rate_cannot_be_scheduled():
    model = Model(0.1)
    del model.optimizer.learning_rate
    with pytest.raises(ValueError, match='no "learning_rate"'):
        begun(LearningRateScheduler(lambda e: 0.1), model).on_epoch_begin(0)

"""Stores what real callbacks decide on given numbers: golden/callbacks_<impl>.json.

    python compat_tests/make_callbacks_golden.py IMPL     # IMPL: keras3, tf_keras or keras224, run in its environment

No model is trained: the callbacks' hooks are called with made-up logs and a stand-in for the model.
"""

import itertools
import json
import math
import os
import pathlib
import sys
import tempfile
import warnings

GOLDEN = pathlib.Path(__file__).parent / "golden"
NAN = math.nan

SERIES = {
    "falls": [5, 4, 3, 2, 1, 0.5],
    "rises": [1, 2, 3, 4, 5, 6],
    "valley": [5, 3, 2, 2.5, 3, 2.2, 1.9, 4, 5, 6],
    "flat": [2] * 8,
    "slow": [3, 2.95, 2.9, 2.85, 2.8, 2.75, 2.7, 2.65],
    "nan": [3, NAN, 2, NAN, NAN, NAN, NAN],
    "all nan": [NAN] * 6,
    "negative": [-1, -2, -1.5, -3, -2, -2, -2, -2],
}
STOPPING = [
    {"monitor": "val_loss"},
    {"monitor": "val_loss", "patience": 2},
    {"monitor": "val_loss", "patience": 2, "min_delta": 0.12},
    {"monitor": "val_loss", "patience": 2, "min_delta": -0.12},
    {"monitor": "val_loss", "patience": 3, "mode": "max"},
    {"monitor": "val_acc", "patience": 1, "mode": "max", "min_delta": 0.5},
    {"monitor": "val_loss", "patience": 1, "baseline": 2.6},
    {"monitor": "val_loss", "patience": 2, "restore_best_weights": True},
    {"monitor": "val_loss", "patience": 2, "restore_best_weights": True, "mode": "max"},
]
STARTING = [
    {"monitor": "val_loss", "patience": 1, "start_from_epoch": 4},
    {"monitor": "val_loss", "patience": 2, "start_from_epoch": 2, "restore_best_weights": True},
]
PLATEAU = [
    {"monitor": "val_loss", "patience": 1},
    {"monitor": "val_loss", "patience": 2, "factor": 0.5, "cooldown": 2},
    {"monitor": "val_loss", "patience": 1, "min_delta": 0.2, "factor": 0.3},
    {"monitor": "val_loss", "patience": 1, "mode": "max", "min_lr": 0.005},
    {"monitor": "val_acc", "patience": 2, "mode": "max", "min_delta": 0.0},
]
CHECKPOINT = [
    {"monitor": "val_loss"},
    {"monitor": "val_loss", "save_best_only": True},
    {"monitor": "val_loss", "save_best_only": True, "mode": "max"},
    {"monitor": "val_acc", "save_best_only": True, "mode": "max"},
]
BATCHES = [{"save_freq": 1}, {"save_freq": 3}, {"save_freq": 5}, {"save_freq": 7}]


class Model:
    """What callbacks need of a model; its weight is the number of the epoch."""

    def __init__(self, rate):
        self.stop_training, self.built = False, True
        self.optimizer = type("Optimizer", (), {})()
        self.optimizer.learning_rate = self.optimizer.lr = rate
        self.epoch, self.restored, self.saved = None, [], []
        self.metrics = []
        self._in_multi_worker_mode = lambda: False
        self.distribute_strategy = None
        self._get_distribution_strategy = None

    def get_weights(self):
        return [self.epoch]

    def set_weights(self, weights):
        self.restored.append(weights and weights[0])

    def save(self, path, overwrite=True, **options):
        self.saved.append(os.path.basename(path))

    save_weights = save


def logs_of(value):
    return {"loss": 1.0, "val_loss": float(value), "val_acc": float(value)}


def stopping(make, model, series, options):
    """[epoch stopped at, wait, epochs whose weights were restored]."""
    callback = make.EarlyStopping(**options)
    callback.set_model(model)
    callback.on_train_begin()
    for epoch, value in enumerate(series):
        model.epoch = epoch
        callback.on_epoch_end(epoch, logs_of(value))
        if model.stop_training:
            break
    stopped = epoch if model.stop_training else None
    callback.on_train_end()
    return [stopped, callback.wait, model.restored]


def plateau(make, model, series, options, rate_of):
    """The learning rate after each epoch."""
    callback = make.ReduceLROnPlateau(**options)
    callback.set_model(model)
    callback.on_train_begin()
    rates = []
    for epoch, value in enumerate(series):
        callback.on_epoch_end(epoch, logs_of(value))
        rates.append(float(f"{rate_of(model.optimizer):.5g}"))
    return rates


def checkpoint(make, model, series, options):
    """The names of the files saved."""
    callback = make.ModelCheckpoint("w.{epoch:02d}-{val_loss:.2f}.keras", **options)
    callback.set_model(model)
    callback.set_params({})
    callback.on_train_begin()
    for epoch, value in enumerate(series):
        getattr(callback, "on_epoch_begin", lambda *a: None)(epoch)
        callback.on_epoch_end(epoch, logs_of(value))
    return model.saved


def batches(make, model, options, jumps):
    """The names of the files saved within epochs of 6 batches that run in groups of `jumps`."""
    callback = make.ModelCheckpoint("w.{epoch}-{loss:.1f}.keras", **options)
    callback.set_model(model)
    callback.set_params({})
    callback.on_train_begin()
    for epoch in range(3):
        callback.on_epoch_begin(epoch)
        for batch in range(jumps - 1, 6, jumps):
            callback.on_train_batch_end(batch, {"loss": float(batch)})
        callback.on_epoch_end(epoch, logs_of(1))
    return model.saved


def csv_text(make, model, rows, options, existing=None):
    """The text of the file that CSVLogger writes."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "log.csv")
        if existing is not None:
            pathlib.Path(path).write_text(existing)
        callback = make.CSVLogger(path, **options)
        callback.set_model(model)
        callback.on_train_begin()
        for epoch, row in enumerate(rows):
            callback.on_epoch_end(epoch, dict(row))
        callback.on_train_end()
        return open(path, newline="").read()


ROWS = {
    "plain": [{"loss": 0.5, "acc": 0.1}, {"loss": 0.25, "acc": 0.2}],
    "validation": [{"loss": 0.5, "val_loss": 0.6}, {"loss": 0.25, "val_loss": 0.3}],
    "validation later": [{"loss": 0.5}, {"loss": 0.25, "val_loss": 0.3}],
    "one missing": [{"loss": 0.5, "acc": 1.0}, {"loss": 0.25}],
    "lists and text": [{"loss": [1.0, 2.0], "note": "a, b"}],
}
OPTIONS = {"": {}, "separator": {"separator": ";"}, "append": {"append": True}}


def decisions(impl, make, new_model, rate_of):
    """Everything that is stored."""
    found = {}
    modern = impl != "keras224"
    for (name, series), options in itertools.product(SERIES.items(), STOPPING + (STARTING if modern else [])):
        key = f"stop {name} {json.dumps(options, sort_keys=True)}"
        found[key] = stopping(make, new_model(), series, options)
    for (name, series), options in itertools.product(SERIES.items(), PLATEAU):
        key = f"plateau {name} {json.dumps(options, sort_keys=True)}"
        found[key] = plateau(make, new_model(), series, options, rate_of)
    more = [] if modern else [{"period": 2}, {"period": 3, "save_best_only": True}]
    for (name, series), options in itertools.product(SERIES.items(), CHECKPOINT + more):
        key = f"checkpoint {name} {json.dumps(options, sort_keys=True)}"
        found[key] = checkpoint(make, new_model(), series, options)
    if modern:
        for options, jumps in itertools.product(BATCHES, (1, 2, 3)):
            found[f"batches {options['save_freq']} {jumps}"] = batches(make, new_model(), options, jumps)
    for name, rows in ROWS.items():
        if impl == "keras224" and name == "one missing":
            continue  # KeyError there, unless training has stopped
        for kind, options in OPTIONS.items():
            if impl == "keras224" and name == "validation later":
                continue  # ValueError there: no such column
            found[f"csv {name} {kind}"] = csv_text(make, new_model(), rows, options)
    found["csv append to rows"] = csv_text(
        make, new_model(), ROWS["validation"], {"append": True}, "epoch,loss,val_loss\r\n0,1,2\r\n"
    )
    return found


def environment(impl):
    """(callbacks module, function that makes a model, function that reads an optimizer's rate, version)."""
    if impl == "keras3":
        import keras

        return keras.callbacks, lambda: Model(0.1), lambda o: float(o.learning_rate), keras.__version__
    if impl == "tf_keras":
        import tf_keras as keras
        from tf_keras import backend as K
    else:
        import keras
        import numpy
        from keras import backend as K

        numpy.inf = numpy.inf  # Keras 2.2.4 was written for an older numpy

    def new_model():
        return Model(K.variable(0.1))

    return keras.callbacks, new_model, lambda o: float(K.get_value(o.lr)), keras.__version__


def main(impl):
    """Writes the golden file of one implementation."""
    make, new_model, rate_of, version = environment(impl)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = decisions(impl, make, new_model, rate_of)
    path = GOLDEN / f"callbacks_{impl}.json"
    lines = ",\n".join(f" {json.dumps(k)}: {json.dumps(v)}" for k, v in sorted(found.items()))
    path.write_text(f'{{"made_by": "{impl} {version}", "decisions": {{\n{lines}\n}}}}\n')
    print(f"{path.name}: {len(found)} decisions")


if __name__ == "__main__":
    main(sys.argv[1])

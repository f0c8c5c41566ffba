"""Callbacks that write, while the disk fails at the n-th call: what was saved before is whole, and nothing is beside it.

JKERAS_CAMPAIGN lets Orbax fail at every call; the default is a few of them.
"""

import logging
import os
import shutil

import numpy as np
import pytest

from jkeras import Input, Sequential, layers
from jkeras.callbacks import BackupAndRestore, CallbackList, ModelCheckpoint, OrbaxCheckpoint
from jkeras.models import load_model
from tests.test_files_atomic import failing


@pytest.fixture(scope="module")
def model():
    made = Sequential([Input((3,)), layers.Dense(2)])
    made.compile("adam", "mse")
    made.optimizer.build(made.trainable_variables)
    return made


def fill(model, value):
    model.set_weights([np.full(w.shape, value, "float32") for w in model.get_weights()])


def checkpoint(name):
    def make(folder):
        only = name.endswith(".weights.h5")
        return ModelCheckpoint(folder / name, monitor="loss", save_best_only=True, save_weights_only=only)

    return make


MAKERS = {
    "m.keras": checkpoint("m.keras"),
    "m.h5": checkpoint("m.h5"),
    "w.weights.h5": checkpoint("w.weights.h5"),
    "backup": lambda folder: BackupAndRestore(folder, double_checkpoint=True),
    "orbax": lambda folder: OrbaxCheckpoint(folder, save_on_background=False, monitor="loss", save_best_only=True),
}
EPOCH = {"orbax": 0}  # repeats its step, which then has to make place for the new one


def begun(name, folder, model):
    found = CallbackList([MAKERS[name](folder)], model=model, epochs=3)
    found.on_train_begin()
    return found


def found_in(name, folder, model):
    """The value of the weights in what was saved last."""
    fill(model, 0.0)
    if name == "backup":
        begun(name, folder, model).callbacks[0]._stop_listening()
    elif name == "orbax":
        begun(name, folder, model).callbacks[0].load()
    elif name.endswith(".weights.h5"):
        model.load_weights(folder / name)
    else:
        model.set_weights(load_model(folder / name).get_weights())
    (value,) = {float(v) for w in model.get_weights() for v in np.unique(w)}
    return value


def names_in(name, folder):
    allowed = {"backup": {"training_state.npz", "training_state.previous.npz"}, "orbax": {"0"}}.get(name, {name})
    return {n for n in os.listdir(folder) if "orbax-checkpoint-tmp" not in n} - allowed  # those Orbax removes itself


def numbers(name):
    full = name != "orbax" or "JKERAS_CAMPAIGN" in os.environ
    return range(1, 200) if full else (1, 3, 9, 18, 60)


CALLS = dict.fromkeys(MAKERS, ("open", "fsync", "replace")) | {"orbax": ("open", "rename")}
CALLS["backup"] += ("fdopen", "link")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # threads of Orbax that were left alone
@pytest.mark.parametrize(("name", "what"), [(name, what) for name in MAKERS for what in CALLS[name]])
def test_a_save_that_fails_leaves_the_one_before_it(model, tmp_path, name, what):
    if name == "orbax":
        pytest.importorskip("orbax.checkpoint")
        logging.disable(logging.CRITICAL)
    try:
        for number in numbers(name):
            shutil.rmtree(tmp_path, ignore_errors=True)
            callbacks = begun(name, tmp_path, model)
            fill(model, 1.0)
            callbacks.on_epoch_end(0, {"loss": 1.0})
            fill(model, 2.0)
            error = None
            with pytest.MonkeyPatch.context() as patch:
                calls = failing(patch, what, number)
                try:
                    callbacks.on_epoch_end(EPOCH.get(name, 1), {"loss": 0.5})
                except OSError as raised:
                    error = raised
            if name == "backup":
                callbacks.callbacks[0]._stop_listening()
            else:
                assert callbacks.callbacks[0].best == (0.5 if error is None else 1.0)
            assert found_in(name, tmp_path, model) in ((2.0,) if error is None else (1.0, 2.0))
            assert not names_in(name, tmp_path)
            if len(calls) < number:
                assert error is None
                return
        raise AssertionError("it never ended")
    finally:
        logging.disable(logging.NOTSET)

"""Logs and History: both spellings of a name, values fetched once."""

import copy
import json
import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

from jkeras.train.history import History
from jkeras.train.logs import Logs, canonical

SAME = [
    ("acc", "accuracy"),
    ("val_acc", "val_accuracy"),
    ("out_acc", "out_accuracy"),
    ("val_out_acc", "val_out_accuracy"),
    ("acc_1", "accuracy_1"),
    ("mse", "mean_squared_error"),
    ("MSE", "mean_squared_error"),
    ("val_mae", "val_mean_absolute_error"),
    ("mape", "mean_absolute_percentage_error"),
    ("msle", "mean_squared_logarithmic_error"),
    ("cosine", "cosine_proximity"),
    ("cosine_proximity", "cosine_similarity"),
    ("kld", "kullback_leibler_divergence"),
    ("logcosh", "log_cosh"),
    ("lr", "learning_rate"),
    ("ce", "crossentropy"),
]
DIFFERENT = [
    ("acc", "binary_accuracy"),
    ("acc", "val_acc"),
    ("loss", "val_loss"),
    ("acc", "acc_1"),
    ("race", "racrossentropy"),
    ("blr", "blearning_rate"),
    ("mse", "root_mse"),
]


@pytest.mark.parametrize("one, other", SAME)
def test_both_spellings_name_one_quantity(one, other):
    assert canonical(one) == canonical(other)
    assert Logs({one: 1.0})[other] == 1.0 and Logs({other: 2.0})[one] == 2.0


@pytest.mark.parametrize("one, other", DIFFERENT)
def test_other_quantities_stay_apart(one, other):
    assert other not in Logs({one: 1.0})


def test_every_way_of_reading_knows_both_spellings():
    logs = Logs(loss=1.0, accuracy=0.5)
    assert "acc" in logs and logs.get("acc") == 0.5 and logs["acc"] == 0.5
    assert logs.get("val_acc") is None and logs.get("val_acc", 3) == 3
    assert logs.setdefault("acc", 9) == 0.5 and logs.setdefault("val_acc", 9) == 9
    assert logs.pop("acc") == 0.5 and "accuracy" not in logs and logs.pop("acc", 1) == 1
    del logs["val_accuracy"]
    assert logs == {"loss": 1.0}


def test_the_exact_name_wins():
    logs = Logs(accuracy=1.0, acc=2.0)
    assert (logs["acc"], logs["accuracy"]) == (2.0, 1.0)


def test_names_stay_as_the_user_wrote_them():
    assert list(Logs(acc=1, val_mse=2)) == ["acc", "val_mse"]


def test_a_missing_name_says_what_there_is():
    with pytest.raises(KeyError, match="'loss', 'accuracy'"):
        Logs(loss=1, accuracy=2)["val_loss"]


READS = {
    "item": lambda logs: logs["a"],
    "get": lambda logs: logs.get("a"),
    "items": lambda logs: dict(logs.items())["a"],
    "values": lambda logs: next(iter(logs.values())),
    "dict": lambda logs: dict(logs)["a"],
    "unpacking": lambda logs: {**logs}["a"],
    "copy": lambda logs: logs.copy()["a"],
    "copy.copy": lambda logs: copy.copy(logs)["a"],
    "deepcopy": lambda logs: copy.deepcopy(logs)["a"],
    "pop": lambda logs: logs.pop("a"),
    "popitem": lambda logs: logs.popitem()[1],
    "setdefault": lambda logs: logs.setdefault("a"),
    "or": lambda logs: (logs | {})["a"],
    "update": lambda logs: {} | logs and dict(logs)["a"],
    "pickle": lambda logs: pickle.loads(pickle.dumps(logs))["a"],
    "json": lambda logs: json.loads(json.dumps(logs))["a"],
}
MADE = {
    "device": lambda: Logs(a=jnp.float32(0.5)),
    "numpy": lambda: Logs(a=np.float32(0.5)),
    "later": lambda: Logs.later(["a"], lambda: {"a": jnp.float32(0.5)}),
}


@pytest.mark.parametrize("make", MADE.values(), ids=MADE)
@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_reading_gives_python_numbers(make, read):
    value = read(make())
    assert type(value) is float and value == 0.5


def test_values_stay_on_the_device_until_they_are_read_and_are_fetched_together(monkeypatch):
    fetched = []
    monkeypatch.setattr(jax, "device_get", lambda tree: fetched.append(list(tree)) or tree)
    logs = Logs(a=jnp.float32(1), b=jnp.float32(2))
    assert "a" in logs and len(logs) == 2 and not fetched
    assert logs["b"] == 2 and logs["a"] == 1
    assert fetched == [["a", "b"]]


def test_names_that_turn_out_to_be_others_are_gone():
    logs = Logs.later(["a", "m"], lambda: {"a": 1.0, "m_low": 2.0, "m_high": 3.0})
    assert dict(logs.items()) == {"a": 1.0, "m_low": 2.0, "m_high": 3.0} and "m" not in logs


def test_what_is_computed_later_is_computed_once():
    calls = []
    logs = Logs.later(["a", "b"], lambda: calls.append(1) or {"a": 1.0, "b": 2.0})
    assert list(logs.keys()) == ["a", "b"] and not calls
    assert dict(logs) == {"a": 1.0, "b": 2.0} and logs == {"a": 1.0, "b": 2.0} and calls == [1]


def test_arrays_are_kept_as_arrays():
    assert Logs(a=jnp.ones(2))["a"].tolist() == [1, 1]


def test_equality_and_text_are_those_of_a_dict():
    logs = Logs(a=jnp.float32(0.5))
    assert logs == {"a": 0.5} == logs and logs != {"a": 1} and repr(logs) == "{'a': 0.5}"
    logs |= {"b": 1}
    assert logs == Logs(a=0.5, b=1)


# ---------------------------------------------------------------- History


def recorded():
    history = History()
    history.on_train_begin()
    for epoch in range(3):
        history.on_epoch_end(epoch, {"loss": jnp.float32(epoch), "accuracy": 0.5})
    return history


def test_history_collects_the_numbers_of_each_epoch():
    history = recorded()
    assert history.epoch == [0, 1, 2] and history.history == {"loss": [0.0, 1.0, 2.0], "accuracy": [0.5] * 3}
    assert history.history["acc"] == [0.5] * 3


def test_history_becomes_a_data_frame():
    assert pd.DataFrame(recorded().history).shape == (3, 2)


def test_history_keeps_two_spellings_apart_where_both_are_logged():
    history = History()
    history.on_train_begin()
    history.on_epoch_end(0, Logs(acc=0.5, accuracy=0.75))
    assert dict(history.history) == {"acc": [0.5], "accuracy": [0.75]}


def test_history_begins_anew_with_each_training_as_in_keras_3():
    history = recorded()
    history.on_train_begin()
    history.on_epoch_end(0, {"loss": 9.0})
    assert history.epoch == [0] and history.history["loss"] == [0.0, 1.0, 2.0, 9.0]


def test_history_goes_on_after_a_restart():
    other = History()
    other.on_train_begin()
    other.set_state(json.loads(json.dumps(recorded().get_state())))
    other.on_epoch_end(3, {"loss": 3.0, "accuracy": 1.0})
    assert other.epoch == [0, 1, 2, 3] and other.history["val_loss" if "val_loss" in other.history else "loss"][-1] == 3


def test_the_model_knows_its_history():
    class Model:
        pass

    history = History()
    history.set_model(Model())
    history.on_epoch_end(0, None)
    assert history.model.history is history and "1 epochs" in repr(history)

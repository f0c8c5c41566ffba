"""Backups: whole or not at all, everything in them, and training that goes on from them."""

import os
import random
import signal
import threading

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest

from jkeras.callbacks import BackupAndRestore, Callback, CallbackList, EarlyStopping, History
from jkeras.core import rng
from jkeras.core.variable import Variable
from jkeras.optimizers.table import Adam
from jkeras.train.callbacks import state_file

STATE = {
    "numbers": [1, 2.5, True, None, "text", -0.0],
    "odd": [float("inf"), float("-inf")],
    "tuple": (1, (2, 3)),
    "big": 2**100,
    "nested": {"a": {"b": [np.arange(3), np.float64(2)]}},
    "bfloat16": np.array([1.5, 2], ml_dtypes.bfloat16),
    "empty": np.zeros((0, 3), np.float32),
    "device": jnp.ones((2, 2)),
}


def test_a_state_comes_back_as_it_was(tmp_path):
    state_file.write(tmp_path / "s", STATE)
    found = state_file.read(tmp_path / "s")
    assert jax.tree.structure(found) == jax.tree.structure(STATE)
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(STATE), strict=True):
        np.testing.assert_array_equal(np.asarray(a), np.asarray(b))
        assert np.asarray(a).dtype == np.asarray(b).dtype
    assert os.listdir(tmp_path) == ["s"]


def test_keys_and_nan_come_back(tmp_path):
    key = jax.random.key(3)
    state_file.write(tmp_path / "s", {"key": key, "nan": float("nan")})
    found = state_file.read(tmp_path / "s")
    assert jax.random.normal(found["key"]) == jax.random.normal(key) and np.isnan(found["nan"])


@pytest.mark.parametrize(
    "state, message",
    [
        ({"a": object()}, r"state\['a'\]: cannot be stored"),
        ({"a": [{1: 2}]}, r"state\['a'\]\[0\]: the keys"),
        ({"$a": 1}, "without a leading"),
        ({"a": np.array([object()])}, "arrays of objects"),
        ({"a": {1, 2}}, "cannot be stored"),
    ],
)
def test_what_cannot_be_stored_is_refused_and_leaves_the_old_file(tmp_path, state, message):
    state_file.write(tmp_path / "s", {"old": 1})
    with pytest.raises(TypeError, match=message):
        state_file.write(tmp_path / "s", state)
    assert state_file.read(tmp_path / "s") == {"old": 1} and os.listdir(tmp_path) == ["s"]


@pytest.mark.parametrize("step", ["fsync", "replace", "fdopen"])
def test_a_failing_disk_leaves_the_old_file_whole(tmp_path, step, monkeypatch):
    state_file.write(tmp_path / "s", {"old": 1})

    def fail(*args, **kwargs):
        raise OSError("no space left")

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(OSError, match="no space"):
        state_file.write(tmp_path / "s", {"new": np.zeros(1000)})
    monkeypatch.undo()
    assert state_file.read(tmp_path / "s") == {"old": 1} and os.listdir(tmp_path) == ["s"]


def test_changed_bytes_are_noticed(tmp_path):
    path = tmp_path / "s"
    state_file.write(path, {"a": np.arange(50), "b": [1, 2]})
    whole = path.read_bytes()
    draw = random.Random(0)
    for _ in range(200):
        damaged = bytearray(whole)
        damaged[draw.randrange(len(damaged))] ^= 1 << draw.randrange(8)
        if draw.random() < 0.3:
            damaged = damaged[: draw.randrange(len(damaged))]
        path.write_bytes(damaged)
        try:
            found = state_file.read(path)
        except OSError as error:
            assert "damaged" in str(error)
        else:
            assert found["b"] == [1, 2] and found["a"].tolist() == list(range(50))


def test_files_that_are_no_backup_are_refused(tmp_path):
    np.savez(tmp_path / "pickled.npz", state=np.array([{"a": 1}], object))
    (tmp_path / "text").write_text("hello")
    for name in ("pickled.npz", "text"):
        with pytest.raises(OSError, match="damaged"):
            state_file.read(tmp_path / name)


# ---------------------------------------------------------------- the callback


class Tiny:
    """A model of one weight with a real optimizer."""

    def __init__(self):
        self.weight = Variable(np.float32([1.0, 2.0]), name="weight")
        self.trainable_variables = [self.weight]
        self.optimizer = Adam(0.1)
        self.optimizer.build([self.weight])
        self.built, self.stop_training = True, False
        self.training_run = None

    def get_weights(self):
        return [self.weight.numpy()]

    def set_weights(self, weights):
        self.weight.assign(weights[0])


class RunState:
    """What a loop may know besides."""

    def __init__(self):
        self.state = {"order": np.zeros(1)}

    def get_state(self):
        return self.state

    def set_state(self, state):
        self.state = state


def train(folder, epochs, stop_at=None, steps=3, **options):
    """A stand-in for fit: noisy gradients from every source of randomness; may break off after `stop_at` steps."""
    model, backup = Tiny(), BackupAndRestore(folder, **options)
    stop = EarlyStopping("loss", patience=100)
    callbacks = CallbackList([backup, stop], add_history=True, model=model)
    callbacks.set_params({"epochs": epochs})
    callbacks.on_train_begin()
    done, first = 0, backup._batch
    for epoch in range(backup._epoch, epochs):
        callbacks.on_epoch_begin(epoch)
        for batch in range(first, steps):
            noise = np.random.rand(2) + random.random() + jax.random.uniform(rng.fresh_key())
            model.optimizer.apply([jnp.asarray(noise, "float32")], [model.weight])
            done += 1
            callbacks.on_train_batch_end(batch, {"loss": 1.0})
            if done == stop_at:
                return None
        first = 0
        callbacks.on_epoch_end(epoch, {"loss": float(model.weight.numpy().sum())})
    callbacks.on_train_end()
    return model.weight.numpy(), [v.numpy() for v in model.optimizer.variables], model.history.history, stop.get_state()


def seeded(*args, **options):
    rng.set_seed(7)
    return train(*args, **options)


@pytest.mark.parametrize("stop_at, save_freq", [(2, 1), (4, 1), (6, 1), (5, 2), (7, 2), (4, "epoch"), (8, "epoch")])
def test_an_interrupted_run_ends_with_the_same_bits(tmp_path, stop_at, save_freq):
    whole = seeded(tmp_path / "a", 3, save_freq=save_freq)
    assert seeded(tmp_path / "b", 3, stop_at, save_freq=save_freq) is None
    rng.set_seed(99)  # the restarted process has another random state
    again = train(tmp_path / "b", 3, save_freq=save_freq)
    np.testing.assert_array_equal(again[0], whole[0])
    for a, b in zip(again[1], whole[1], strict=True):
        np.testing.assert_array_equal(a, b)
    assert again[2:] == whole[2:]
    assert not (tmp_path / "b").exists()


def test_backups_may_be_kept(tmp_path):
    seeded(tmp_path, 1, delete_checkpoint=False)
    assert os.listdir(tmp_path) == ["training_state.npz"]


def test_other_files_in_the_folder_stay(tmp_path):
    (tmp_path / "mine.txt").write_text("keep")
    seeded(tmp_path, 1)
    assert os.listdir(tmp_path) == ["mine.txt"]


def test_the_backup_before_the_last_helps_where_the_last_is_damaged(tmp_path):
    seeded(tmp_path, 3, 7, double_checkpoint=True)
    path = tmp_path / "training_state.npz"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.warns(UserWarning, match="The backup before it is used"):
        assert len(train(tmp_path, 3, double_checkpoint=True)[2]["loss"]) == 3


def test_a_damaged_backup_alone_is_an_error_that_names_the_file(tmp_path):
    seeded(tmp_path, 3, 7)
    (tmp_path / "training_state.npz").write_bytes(b"nonsense")
    with pytest.raises(OSError, match="training_state.npz: the backup is damaged"):
        train(tmp_path, 3)


@pytest.mark.parametrize("state", [[1], {"format": 1}, {"format": 1, "epoch": 0, "batch": 0, "model": {}}, {}])
def test_another_file_of_the_same_kind_is_no_backup(tmp_path, state):
    state_file.write(tmp_path / "training_state.npz", state)
    with pytest.raises(OSError, match="training_state.npz: (it is no backup|made by another version)"):
        train(tmp_path, 3)


def test_what_the_loop_knows_is_backed_up(tmp_path):
    model = Tiny()
    model.training_run = RunState()
    model.training_run.state = {"order": np.arange(4)}
    backup = BackupAndRestore(tmp_path)
    CallbackList([backup], model=model).on_train_begin()
    backup.save()
    other = Tiny()
    other.training_run = RunState()
    CallbackList([BackupAndRestore(tmp_path)], model=other).on_train_begin()
    assert other.training_run.state["order"].tolist() == [0, 1, 2, 3] and other._initial_epoch == 0


def test_another_model_or_optimizer_is_refused_and_left_as_it_was(tmp_path):
    seeded(tmp_path, 3, 5)
    other = Tiny()
    other.weight = Variable(np.zeros(5, "float32"), name="weight")
    with pytest.raises(ValueError, match="another model"):
        CallbackList([BackupAndRestore(tmp_path)], model=other).on_train_begin()
    other = Tiny()
    other.optimizer = Adam(0.1, amsgrad=True)
    other.optimizer.build([other.weight])
    with pytest.raises(ValueError, match="another optimizer"):
        CallbackList([BackupAndRestore(tmp_path)], model=other).on_train_begin()
    assert other.weight.numpy().tolist() == [1, 2]


def test_an_unbuilt_model_is_refused(tmp_path):
    seeded(tmp_path, 3, 5)
    model = Tiny()
    model.built = False
    with pytest.raises(ValueError, match="must be built"):
        CallbackList([BackupAndRestore(tmp_path)], model=model).on_train_begin()


def test_a_callback_set_that_changed_is_warned_of(tmp_path):
    seeded(tmp_path, 3, 5)
    with pytest.warns(UserWarning, match="The backup was made with the callbacks"):
        CallbackList([BackupAndRestore(tmp_path), History()], model=Tiny()).on_train_begin()


@pytest.mark.parametrize("at", ["batch", "epoch"])
def test_sigterm_writes_the_backup_first(tmp_path, at):
    received = []
    before = signal.signal(signal.SIGTERM, lambda *_: received.append((tmp_path / "training_state.npz").exists()))
    try:
        callbacks = CallbackList([BackupAndRestore(tmp_path, save_freq=100)], model=Tiny())
        callbacks.on_train_begin()
        os.kill(os.getpid(), signal.SIGTERM)
        assert received == [] and os.listdir(tmp_path) == []
        callbacks.on_train_batch_end(0) if at == "batch" else callbacks.on_epoch_end(0)
        assert received == [True]
    finally:
        signal.signal(signal.SIGTERM, before)


def test_the_signal_is_given_back_after_training(tmp_path):
    before = signal.getsignal(signal.SIGTERM)
    callbacks = CallbackList([BackupAndRestore(tmp_path)], model=Tiny())
    for end in (callbacks.on_train_end, callbacks.on_train_error):
        callbacks.on_train_begin()
        assert signal.getsignal(signal.SIGTERM) != before
        end()
        assert signal.getsignal(signal.SIGTERM) == before


def test_training_outside_the_main_thread_works(tmp_path):
    failed = []

    def work():
        try:
            seeded(tmp_path, 1)
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert not failed


def test_backups_stop_the_loop_only_when_they_are_due(tmp_path):
    assert CallbackList([BackupAndRestore(tmp_path)]).batches_until_hook(0) is None
    callbacks = CallbackList([BackupAndRestore(tmp_path, save_freq=5)], model=Tiny())
    assert callbacks.batches_until_hook(0) == 5
    callbacks.on_train_batch_end(2)
    assert callbacks.batches_until_hook(3) == 2


def test_the_arguments_by_position_are_those_of_the_generation():
    backup = BackupAndRestore("a", "epoch", True, False)
    assert backup.double_checkpoint and not backup.delete_checkpoint


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"backup_dir": ""}, "backup_dir is empty"),
        ({"backup_dir": "a", "save_freq": "batch"}, "save_freq"),
        ({"backup_dir": "a", "save_freq": False}, "save_before_preemption=True"),
        ({"backup_dir": "a", "save_freq": 0}, "save_freq"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        BackupAndRestore(**arguments)


def test_states_of_users_callbacks_are_carried(tmp_path):
    class Counter(Callback):
        count = 0

        def get_state(self):
            return {"count": self.count}

        def set_state(self, state):
            self.count = state["count"]

    one, backup = Counter(), BackupAndRestore(tmp_path)
    CallbackList([one, backup], model=Tiny()).on_train_begin()
    one.count = 5
    backup.save()
    two = Counter()
    CallbackList([two, BackupAndRestore(tmp_path)], model=Tiny()).on_train_begin()
    assert two.count == 5

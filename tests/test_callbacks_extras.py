"""SwapEMAWeights, TensorBoard and OrbaxCheckpoint; the latter two where their packages are installed."""

import glob
import os
import sys

import jax.numpy as jnp
import numpy as np
import pytest

from jkeras import Input, Sequential, layers
from jkeras.callbacks import CallbackList, OrbaxCheckpoint, SwapEMAWeights, TensorBoard
from jkeras.callbacks.experimental import UpdateEmbeddingCallback as TimedUpdate
from jkeras.core import declare
from jkeras.core.variable import Variable
from jkeras.models import clone_model
from jkeras.optimizers.table import SGD


class Layer:
    def __init__(self, name, *weights):
        self.name, self.weights = name, list(weights)


class Embedding(Layer):
    pass


class Tiny:
    """A model of two layers, a real optimizer and a config."""

    def __init__(self, **options):
        self.kernel = Variable(np.float32([[1.0, 2.0], [3.0, 4.0]]), name="kernel")
        self.table = Variable(np.ones((5, 3), "float32"), name="table")
        self.layers = [Layer("dense", self.kernel), Embedding("words", self.table)]
        self.optimizer = SGD(0.5, **options)
        self.weights = self.trainable_variables = [self.kernel, self.table]
        self.optimizer.build(self.weights)
        self.built, self.stop_training = True, False

    def step(self):
        self.optimizer.apply([jnp.ones((2, 2)), jnp.zeros((5, 3))], self.weights)

    def get_layer(self, name):
        return next(layer for layer in self.layers if layer.name == name)

    def set_weights(self, weights):
        for cell, value in zip(self.weights, weights, strict=True):
            cell.assign(value)

    def to_json(self):
        return '{"class_name": "Sequential"}'


# ---------------------------------------------------------------- SwapEMAWeights


def ema(swap_on_epoch=False, epochs=2):
    model = Tiny(use_ema=True, ema_momentum=0.5)
    callback = SwapEMAWeights(swap_on_epoch)
    callback.set_model(model)
    callback.set_params({"epochs": epochs})
    callback.on_train_begin()
    model.step()
    model.step()
    return model, callback


def value(model):
    return float(model.kernel.numpy()[0, 0])


@pytest.mark.parametrize("mode", ["test", "predict"])
def test_averages_are_in_the_model_while_it_is_evaluated(mode):
    model, callback = ema()
    raw = value(model)
    for _ in range(2):
        getattr(callback, f"on_{mode}_begin")()
        assert value(model) != raw
        getattr(callback, f"on_{mode}_end")()
        assert value(model) == raw


def test_averages_stay_between_epochs_where_asked():
    model, callback = ema(True)
    raw = value(model)
    callback.on_epoch_end(0)
    average = value(model)
    assert average != raw
    callback.on_epoch_begin(1)
    assert value(model) == raw


@pytest.mark.parametrize("early", [False, True])
def test_after_the_last_epoch_the_averages_are_the_weights(early):
    model, callback = ema(True, epochs=9 if early else 1)
    model.stop_training = early
    callback.on_epoch_end(0)
    average = value(model)
    model.optimizer.finalize_variable_values(model.trainable_variables)
    assert value(model) == average


def test_an_optimizer_without_averages_is_refused():
    callback = SwapEMAWeights()
    callback.set_model(Tiny())
    with pytest.raises(ValueError, match="use_ema=True"):
        callback.on_train_begin()


def test_an_optimizer_that_is_not_built_has_nothing_to_swap():
    model = Tiny(use_ema=True)
    model.optimizer = SGD(0.5, use_ema=True)
    callback = SwapEMAWeights()
    callback.set_model(model)
    callback.on_test_begin()
    assert value(model) == 1.0


# ---------------------------------------------------------------- TensorBoard

BAD = [
    ({"update_freq": "step"}, "update_freq must be"),
    ({"update_freq": 0}, "update_freq must be"),
    ({"profile_batch": "a"}, "profile_batch must be"),
    ({"profile_batch": (5, 2)}, "must not run backwards"),
    ({"profile_batch": -1}, "must not run backwards"),
    ({"profile_batch": (1, 2, 3)}, "profile_batch must be"),
]


@pytest.mark.parametrize("arguments, message", BAD)
def test_bad_arguments_of_tensorboard_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        TensorBoard(**arguments)


@pytest.mark.parametrize("arguments", [{"write_grads": True}, {"embeddings_data": np.ones(3)}])
def test_what_tensorboard_does_not_write_any_more_is_warned_of(arguments):
    with pytest.warns(UserWarning, match="is not written"):
        TensorBoard(**arguments)


def test_the_arguments_of_tensorboard_by_position_are_those_of_the_generation(monkeypatch):
    board = TensorBoard("a", 1, False, True, True, "batch")
    assert (board.write_graph, board.write_images, board.write_steps_per_second) == (False, True, True)
    assert board.update_freq == 1 and board.log_dir == "a"
    order = ("batch_size", "write_graph", "write_grads", "write_images")
    monkeypatch.setitem(declare.era.defaults, ("TensorBoard", "positional"), order)
    assert TensorBoard("a", 1, 16, False).batch_size == 16


def test_tensorboard_stops_the_loop_only_where_it_writes_or_profiles():
    assert CallbackList([TensorBoard()]).batches_until_hook(0) is None
    board = TensorBoard(update_freq=4, write_graph=False)
    assert board.batches_until_hook(0) == 4
    board.on_train_batch_end(1)
    assert board.batches_until_hook(2) == 2
    board = TensorBoard(profile_batch=(3, 5))
    waits = []
    for batch in range(6):
        waits.append(board.batches_until_hook(batch))
        board._train_steps += 1
    assert waits == [2, 1, 3, 2, 1, None]


@pytest.mark.parametrize("module, make", [("tensorboardX", lambda d: TensorBoard(d).summary),
                                          ("orbax", lambda d: OrbaxCheckpoint(d))])  # fmt: skip
def test_a_missing_package_names_the_extra(module, make, tmp_path, monkeypatch):
    for name in [m for m in sys.modules if m.split(".")[0] == module]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=r"pip install \"jkeras\["):
        make(tmp_path)


def events(folder):
    """{tag: {step: value or the kind of value}} of all event files below a folder."""
    import struct

    from tensorboardX.proto.event_pb2 import Event

    found = {}
    for path in glob.glob(f"{folder}/**/events.out*", recursive=True):
        with open(path, "rb") as f:
            data = f.read()
        while data:
            (size,) = struct.unpack("<Q", data[:8])
            event = Event.FromString(data[12 : 12 + size])
            data = data[16 + size :]
            for v in event.summary.value:
                kind = v.WhichOneof("value")
                number = round(v.simple_value, 6) if kind == "simple_value" else kind
                found.setdefault(v.tag, {})[event.step] = number
    return found


def run_board(folder, epochs=2, **options):
    model, board = Tiny(), TensorBoard(folder, **options)
    callbacks = CallbackList([board], model=model)
    callbacks.on_train_begin()
    for epoch in range(epochs):
        callbacks.on_epoch_begin(epoch)
        for batch in range(3):
            callbacks.on_train_batch_begin(batch)
            callbacks.on_train_batch_end(batch, {"loss": batch})
        callbacks.on_test_begin()
        callbacks.on_test_batch_end(0)
        callbacks.on_test_end({"loss": 0.25})
        callbacks.on_epoch_end(epoch, {"loss": 0.5, "val_loss": 0.25})
    callbacks.on_train_end()
    return events(os.path.join(folder, "train")), events(os.path.join(folder, "validation"))


def test_tensorboard_writes_the_numbers_of_epochs(tmp_path):
    pytest.importorskip("tensorboardX")
    train, validation = run_board(tmp_path)
    assert train["epoch_loss"] == {0: 0.5, 1: 0.5} and train["epoch_learning_rate"] == {0: 0.5, 1: 0.5}
    assert validation == {"epoch_loss": {0: 0.25, 1: 0.25}, "evaluation_loss_vs_iterations": {0: 0.25}}
    assert train["keras"] == {0: "tensor"} and "batch_loss" not in train


def test_tensorboard_writes_the_numbers_of_batches(tmp_path):
    pytest.importorskip("tensorboardX")
    train, _ = run_board(tmp_path, update_freq=2, write_steps_per_second=True, write_graph=False)
    assert train["batch_loss"] == {2: 1.0, 4: 0.0, 6: 2.0}
    assert set(train["batch_steps_per_second"]) == {2, 4, 6} and set(train["epoch_steps_per_second"]) == {0, 1}
    assert "keras" not in train


def test_tensorboard_writes_weights(tmp_path):
    pytest.importorskip("tensorboardX")
    train, _ = run_board(tmp_path, histogram_freq=2, write_images=True)
    assert train["kernel/histogram"] == {0: "histo"} and train["kernel/image/0"] == {0: "image"}


def test_tensorboard_writes_embeddings(tmp_path):
    pytest.importorskip("tensorboardX")
    (tmp_path / "words.tsv").write_text("a\nb\nc\nd\ne\n")
    run_board(tmp_path, epochs=1, embeddings_freq=1, embeddings_metadata="words.tsv")
    assert (tmp_path / "train" / "projector_config.pbtxt").exists()
    with pytest.raises(ValueError, match=r"names the layers \['nobody'\]"):
        run_board(tmp_path, epochs=1, embeddings_freq=1, embeddings_metadata={"nobody": "words.tsv"})


def test_tensorboard_records_a_profile(tmp_path):
    pytest.importorskip("tensorboardX")
    run_board(tmp_path, epochs=1, profile_batch=(1, 2))
    assert glob.glob(f"{tmp_path}/train/plugins/profile/**/*", recursive=True)


# ---------------------------------------------------------------- OrbaxCheckpoint


def run_orbax(folder, epochs=3, **options):
    model, callback = Tiny(momentum=0.9), OrbaxCheckpoint(folder, **options)
    callbacks = CallbackList([callback], model=model)
    callbacks.on_train_begin()
    for epoch in range(epochs):
        for batch in range(2):
            model.step()
            callbacks.on_train_batch_end(batch, {"loss": 1.0})
        callbacks.on_epoch_end(epoch, {"loss": [2.0, 1.0, 3.0][epoch]})
    callbacks.on_train_end()
    return model, callback


@pytest.mark.parametrize("background", [False, True])
def test_orbax_checkpoints_hold_weights_and_optimizer(tmp_path, background):
    pytest.importorskip("orbax.checkpoint")
    model, callback = run_orbax(tmp_path, max_to_keep=2, save_on_background=background)
    assert sorted(callback.checkpointer.all_steps()) == [1, 2] and callback.is_primary_host()
    other = Tiny(momentum=0.9)
    again = OrbaxCheckpoint(tmp_path)
    again.set_model(other)
    assert again.load() == 2 and not again.is_multihost_enabled()
    np.testing.assert_array_equal(other.kernel.numpy(), model.kernel.numpy())
    model.step()
    other.step()
    np.testing.assert_array_equal(other.kernel.numpy(), model.kernel.numpy())


def test_orbax_saves_the_best_only_or_by_batches(tmp_path):
    pytest.importorskip("orbax.checkpoint")
    _, callback = run_orbax(tmp_path / "best", monitor="loss", save_best_only=True, max_to_keep=None)
    assert sorted(callback.checkpointer.all_steps()) == [0, 1]
    _, callback = run_orbax(tmp_path / "batches", save_freq=3, max_to_keep=None, save_weights_only=True)
    assert sorted(callback.checkpointer.all_steps()) == [3, 6] and callback.batches_until_hook(0) == 3


def test_orbax_puts_a_checkpoint_into_a_model_that_has_not_trained_yet(tmp_path):
    pytest.importorskip("orbax.checkpoint")

    def dense(units):
        made = Sequential([Input((3,)), layers.Dense(units)])
        made.compile("adam", "mse")
        return made

    model = dense(2)
    model.fit(np.ones((4, 3)), np.ones((4, 2)), verbose=0, callbacks=[OrbaxCheckpoint(tmp_path)])
    for other, reader in ((dense(2), {}), (clone_model(model), {"save_weights_only": True})):
        callback = OrbaxCheckpoint(tmp_path, **reader)
        callback.set_model(other)
        assert callback.load() == 0 and (other.optimizer is None or int(other.optimizer.iterations) == 1)
        np.testing.assert_array_equal(other.get_weights()[0], model.get_weights()[0])
    strange = dense(5)
    before = strange.get_weights()[0]
    callback.set_model(strange)
    with pytest.raises(ValueError, match="another model"):
        callback.load()
    np.testing.assert_array_equal(strange.get_weights()[0], before)


def test_orbax_without_a_checkpoint_says_so(tmp_path):
    pytest.importorskip("orbax.checkpoint")
    callback = OrbaxCheckpoint(tmp_path)
    callback.set_model(Tiny())
    with pytest.raises(FileNotFoundError, match="holds no checkpoint"):
        callback.load()


# ---------------------------------------------------------------- names


def test_every_public_name_loads_and_others_do_not():
    import jkeras.callbacks

    for name in dir(jkeras.callbacks):
        assert getattr(jkeras.callbacks, name).__name__ == name
    assert jkeras.callbacks.experimental.BackupAndRestore is jkeras.callbacks.BackupAndRestore
    with pytest.raises(AttributeError, match="no attribute 'Profilerr'"):
        jkeras.callbacks.Profilerr  # noqa: B018


def test_embeddings_are_updated_between_steps_when_it_is_time():
    calls = []
    layer = type("Dynamic", (), {"update_embeddings": lambda self, strategy: calls.append(strategy)})()
    callbacks = CallbackList([TimedUpdate(layer, interval=0), TimedUpdate(layer, interval=1000)])
    callbacks.on_train_begin()
    callbacks.on_train_batch_end(0)
    assert calls == [None] and not callbacks.needs_batch_hooks
    with pytest.raises(TypeError, match="no method update_embeddings"):
        TimedUpdate(3, interval=1)


def test_the_workers_of_keras_2_find_their_data():
    from jkeras.utils import data_utils

    data_utils.init_pool({"a": [1, 2]})
    data_utils.init_pool_generator([iter("xy")], random_seed=3)
    assert data_utils.get_index("a", 1) == 2 and data_utils.next_sample(0) == "x"
    first = np.random.rand()
    data_utils.init_pool_generator([iter("xy")], random_seed=3)
    assert np.random.rand() == first

"""Callbacks that write: checkpoints, CSV, servers; and the small ones."""

import csv
import http.server
import json
import threading
import urllib.parse

import numpy as np
import pytest

from compat_tests.make_callbacks_golden import Model
from jkeras.callbacks import (
    BaseLogger,
    CallbackList,
    CSVLogger,
    LambdaCallback,
    ModelCheckpoint,
    RemoteMonitor,
    TerminateOnNaN,
)
from jkeras.core import declare


class Saver(Model):
    """A model that writes files and remembers with which method."""

    def __init__(self):
        super().__init__(0.1)
        self.calls = []

    def save(self, path, overwrite=True):
        self.calls.append(("save", path))
        open(path, "w").close()

    def save_weights(self, path, overwrite=True):
        self.calls.append(("save_weights", path))
        open(path, "w").close()


def begun(callback, model=None):
    callback.set_model(model or Saver())
    callback.on_train_begin()
    return callback


# ---------------------------------------------------------------- ModelCheckpoint

PATHS = {
    "w.{epoch:02d}-{val_acc:.2f}.hdf5": "w.03-0.25.hdf5",
    "{epoch}-{val_accuracy:.3f}.keras": "3-0.250.keras",
    "{loss:.1e}.weights.h5": "5.0e-01.weights.h5",
    "deep/er/{epoch}": "deep/er/3",
    "plain.h5": "plain.h5",
}


@pytest.mark.parametrize("template, name", PATHS.items())
def test_file_names_take_any_ending_and_either_spelling(tmp_path, template, name):
    callback = begun(ModelCheckpoint(tmp_path / template))
    callback.on_epoch_end(2, {"loss": 0.5, "val_accuracy": 0.25})
    assert callback.model.calls == [("save", str(tmp_path / name))] and (tmp_path / name).exists()


def test_weights_only_uses_save_weights(tmp_path):
    callback = begun(ModelCheckpoint(str(tmp_path / "w.h5"), save_weights_only=True))
    callback.on_epoch_end(0, {})
    assert callback.model.calls == [("save_weights", str(tmp_path / "w.h5"))]


def test_only_better_models_than_the_threshold_are_saved(tmp_path, capsys):
    callback = begun(
        ModelCheckpoint(tmp_path / "{epoch}", "loss", verbose=1, save_best_only=True, initial_value_threshold=2.0)
    )
    for epoch, loss in enumerate([3.0, 1.0, 1.5]):
        callback.on_epoch_end(epoch, {"loss": loss})
    assert [p for _, p in callback.model.calls] == [str(tmp_path / "2")]
    out = capsys.readouterr().out
    assert (
        "loss did not improve from 2.00000" in out and "loss improved from 2.00000 to 1.00000, saving model to" in out
    )


def test_period_counts_epochs_and_verbose_says_so(tmp_path, capsys):
    callback = begun(ModelCheckpoint(tmp_path / "{epoch}", period=2, verbose=1))
    for epoch in range(5):
        callback.on_epoch_end(epoch, {})
    assert [p[-1] for _, p in callback.model.calls] == ["2", "4"]
    assert f"Epoch 4: saving model to {tmp_path}" in capsys.readouterr().out


def test_the_seventh_argument_is_that_of_the_generation(monkeypatch):
    assert ModelCheckpoint("a", "loss", 0, False, False, "auto", 5).save_freq == 5
    monkeypatch.setitem(declare.era.defaults, ("ModelCheckpoint", "positional"), ("period",))
    assert ModelCheckpoint("a", "loss", 0, False, False, "auto", 5).period == 5


def test_saving_by_batches_lets_the_loop_run_until_then(tmp_path):
    callback = ModelCheckpoint(tmp_path / "{epoch}-{batch}", save_freq=4)
    callbacks = CallbackList([callback], model=Saver())
    callbacks.on_train_begin()
    done, waits = 0, []
    while done < 10:  # as the loop does: as many steps as may run, then the hooks
        waits.append(callbacks.batches_until_hook(done))
        done = min(done + waits[-1], 10)
        callbacks.on_train_batch_end(done - 1, {})
    assert waits == [4, 4, 4] and [p[-3:] for _, p in callback.model.calls] == ["1-4", "1-8"]
    assert callback.batches_until_hook(0) == 2


def test_saving_by_epochs_does_not_stop_the_loop():
    assert not CallbackList([ModelCheckpoint("a")]).needs_batch_hooks
    assert CallbackList([ModelCheckpoint("a")]).batches_until_hook(0) is None


def test_a_checkpoint_goes_on_counting_after_a_restart(tmp_path):
    first, second = (begun(ModelCheckpoint(tmp_path / "a", "loss", save_freq=4, save_best_only=True)) for _ in range(2))
    first.on_epoch_end(0, {"loss": 1.0})
    first.on_train_batch_end(2, {"loss": 1.0})
    second.set_state(json.loads(json.dumps(first.get_state())))
    assert second.batches_until_hook(3) == 1 and second.best == first.best


BAD_CHECKPOINTS = [
    ({"filepath": ""}, ValueError, "filepath is empty"),
    ({"filepath": "a{"}, ValueError, "no valid template"),
    ({"filepath": "{epoch.__class__}"}, ValueError, "only {epoch}"),
    ({"filepath": "{0}"}, ValueError, "only {epoch}"),
    ({"filepath": "a", "save_freq": "batch"}, ValueError, "'epoch' or a number of batches"),
    ({"filepath": "a", "save_freq": 0}, ValueError, "'epoch' or a number of batches"),
    ({"filepath": "a", "save_freq": True}, ValueError, "'epoch' or a number of batches"),
    ({"filepath": "a", "options": 1}, ValueError, "options belong to TensorFlow"),
    ({"filepath": "a", "save_best": True}, TypeError, "save_best"),
]


@pytest.mark.parametrize("arguments, error, message", BAD_CHECKPOINTS)
def test_bad_arguments_of_checkpoints_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        ModelCheckpoint(**arguments)


def test_too_many_arguments_by_position_are_refused():
    with pytest.raises(TypeError, match="1 positional arguments too many"):
        ModelCheckpoint("a", "loss", 0, False, False, "auto", 5, None, 3)


def test_an_unknown_name_in_the_template_says_what_is_known(tmp_path):
    callback = begun(ModelCheckpoint(tmp_path / "{val_acc}"))
    with pytest.raises(KeyError, match="val_acc.*Known in it: loss, epoch"):
        callback.on_epoch_end(0, {"loss": 1.0})


def test_a_format_that_does_not_fit_is_explained(tmp_path):
    with pytest.raises(KeyError, match="cannot fill in"):
        begun(ModelCheckpoint(tmp_path / "{epoch:.2q}")).on_epoch_end(0, {})


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(IsADirectoryError, match="is a folder"):
        begun(ModelCheckpoint(tmp_path)).on_epoch_end(0, {})


# ---------------------------------------------------------------- CSVLogger


def rows(path, delimiter=","):
    with open(path, newline="") as f:
        return list(csv.reader(f, delimiter=delimiter))


def test_csv_goes_on_after_a_restart_without_the_rows_after_the_backup(tmp_path):
    path = tmp_path / "log.csv"
    first = begun(CSVLogger(path))
    first.on_epoch_end(0, {"loss": 1.0})
    state = json.loads(json.dumps(first.get_state()))
    first.on_epoch_end(1, {"loss": 9.0})
    first.on_train_end()
    second = begun(CSVLogger(path))
    second.set_state(state)
    second.on_epoch_end(1, {"loss": 2.0})
    second.on_train_end()
    assert rows(path) == [["epoch", "loss", "val_loss"], ["0", "1.0", "NA"], ["1", "2.0", "NA"]]


def test_appended_rows_stand_under_the_columns_of_the_file(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("epoch,loss,acc\r\n0,1,2\r\n")
    callback = begun(CSVLogger(path, append=True))
    with pytest.warns(UserWarning, match=r"no columns for \['mae'\]"):
        callback.on_epoch_end(1, {"accuracy": 0.5, "loss": 0.25, "mae": 1.0})
    callback.on_train_end()
    assert rows(path)[-1] == ["1", "0.25", "0.5"]


def test_csv_in_a_missing_folder_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        begun(CSVLogger(tmp_path / "no" / "log.csv"))


def test_training_again_begins_the_file_anew(tmp_path):
    callback = CSVLogger(tmp_path / "log.csv")
    for _ in range(2):
        begun(callback).on_epoch_end(0, {"loss": 1.0})
    callback.on_train_end()
    assert len(rows(tmp_path / "log.csv")) == 2 and callback.csv_file.closed


# ---------------------------------------------------------------- RemoteMonitor


@pytest.fixture
def server():
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            received.append((self.path, dict(self.headers), body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    received = []
    httpd = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=httpd.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{httpd.server_port}", received
    httpd.shutdown()
    httpd.server_close()
    thread.join()


def test_remote_monitor_sends_a_form(server):
    root, received = server
    RemoteMonitor(root, headers={"X-Key": "1"}).on_epoch_end(3, {"loss": np.float32(0.5), "acc": np.array(1.0)})
    ((path, headers, body),) = received
    assert path == "/publish/epoch/end/" and headers["X-Key"] == "1"
    assert json.loads(urllib.parse.parse_qs(body)["data"][0]) == {"epoch": 3, "loss": 0.5, "acc": 1.0}


def test_remote_monitor_sends_json(server):
    root, received = server
    RemoteMonitor(root, path="/x", send_as_json=True).on_epoch_end(0, {"loss": 1.0})
    ((path, headers, body),) = received
    assert path == "/x" and headers["Content-Type"] == "application/json" and json.loads(body)["loss"] == 1.0


def test_a_server_that_cannot_be_reached_is_warned_of():
    with pytest.warns(UserWarning, match="could not reach"):
        RemoteMonitor("http://127.0.0.1:9").on_epoch_end(0, {"loss": 1.0})


def test_remote_monitor_speaks_http_only():
    with pytest.raises(ValueError, match="expected an http address"):
        RemoteMonitor("file:///etc").on_epoch_end(0, {})


# ---------------------------------------------------------------- the small ones


def test_lambda_callback_takes_functions_for_every_hook():
    seen = []
    callback = LambdaCallback(
        on_epoch_end=lambda e, l: seen.append(("epoch", e)),
        on_batch_end=lambda b, l: seen.append(("batch", b)),
        on_test_begin=lambda logs: seen.append("test"),
        note=3,
    )
    callbacks = CallbackList([callback])
    callbacks.on_train_begin()
    callbacks.on_train_batch_end(1)
    callbacks.on_epoch_end(2)
    callbacks.on_test_begin()
    assert seen == [("batch", 1), ("epoch", 2), "test"] and callback.note == 3 and callbacks.needs_batch_hooks


def test_lambda_callback_takes_positions_in_the_order_of_the_generation(monkeypatch):
    begin = LambdaCallback(None, None, len)
    assert begin.on_train_begin is len
    order = ("on_batch_begin", "on_batch_end", "on_train_begin", "on_train_end")
    monkeypatch.setitem(declare.era.defaults, ("LambdaCallback", "positional"), order)
    assert LambdaCallback(None, None, len).on_batch_begin is len


@pytest.mark.parametrize("arguments", [{"on_epoch_ended": print}, {"on_epoch_end": 3}, {"on_batch_end": "x"}])
def test_lambda_callback_refuses_what_is_no_hook(arguments):
    with pytest.raises(TypeError, match="no hook 'on_epoch_ended'|must be a function"):
        LambdaCallback(**arguments)


@pytest.mark.parametrize("loss", [np.nan, np.inf, -np.inf, np.float32("nan")])
def test_terminate_on_nan_stops(loss, capsys):
    callback = begun(TerminateOnNaN())
    callback.on_train_batch_end(0, {"loss": 1.0})
    assert not callback.model.stop_training
    callback.on_train_batch_end(3, {"loss": loss})
    assert callback.model.stop_training and "Batch 3: the loss is" in capsys.readouterr().out


def test_terminate_on_nan_raises_where_asked():
    with pytest.raises(RuntimeError, match="the loss is nan at batch 3"):
        TerminateOnNaN(raise_error=True).on_batch_end(3, {"loss": np.nan})


def test_terminate_on_nan_does_not_stop_the_loop():
    assert not CallbackList([TerminateOnNaN()]).needs_batch_hooks
    TerminateOnNaN().on_batch_end(0, None)


def test_base_logger_averages_by_size():
    logger = BaseLogger(stateful_metrics=["count"])
    logger.set_params({"metrics": ["loss", "count", "val_loss"]})
    logger.on_epoch_begin(0)
    logger.on_batch_end(0, {"size": 3, "loss": 1.0, "count": 3})
    logger.on_batch_end(1, {"size": 1, "loss": 5.0, "count": 4})
    logs = {}
    logger.on_epoch_end(0, logs)
    assert logs == {"loss": 2.0, "count": 4}
    logger.on_epoch_end(0, None)

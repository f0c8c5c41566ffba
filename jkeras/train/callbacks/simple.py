"""Small callbacks: functions as hooks, logs to files and servers, a stop at nan."""

import csv
import json
import os
import warnings
from collections.abc import Iterable

import numpy as np

from jkeras.core.declare import era_default, resolve_default
from jkeras.train.callbacks import state_file
from jkeras.train.callbacks.base import HOOKS, Callback, by_position
from jkeras.train.logs import Logs
from jkeras.train.progress import print_msg


class LambdaCallback(Callback):
    """A callback made of functions: `on_epoch_end=lambda epoch, logs: ...` and so on for every hook.

    Hooks of epochs and batches take (number, logs), the others (logs). Source:
    https://keras.io/api/callbacks/lambda_callback/

    >>> shown = LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch, logs["loss"]))
    >>> shown.on_epoch_end(0, {"loss": 0.5})
    0 0.5
    """

    def __init__(
        self, on_epoch_begin=None, on_epoch_end=None, *args, on_train_begin=None, on_train_end=None,
        on_train_batch_begin=None, on_train_batch_end=None, on_batch_begin=None, on_batch_end=None, **kwargs,
    ):  # fmt: skip
        super().__init__()
        order = ("on_train_begin", "on_train_end", "on_train_batch_begin", "on_train_batch_end")
        given = {
            "on_epoch_begin": on_epoch_begin, "on_epoch_end": on_epoch_end, "on_train_begin": on_train_begin,
            "on_train_end": on_train_end, "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end, "on_batch_begin": on_batch_begin, "on_batch_end": on_batch_end,
        } | by_position(self, args, order) | kwargs  # fmt: skip
        for name, function in given.items():
            if name in kwargs and name not in HOOKS and name.startswith("on_"):
                raise TypeError(f"LambdaCallback: there is no hook {name!r}. Hooks: {', '.join(HOOKS)}.")
            if function is not None:
                if name.startswith("on_") and not callable(function):
                    raise TypeError(f"LambdaCallback: {name} must be a function, received {function!r}.")
                setattr(self, name, function)


class TerminateOnNaN(Callback):
    """Stops training when the loss becomes nan or infinite, or raises RuntimeError with `raise_error`.

    The loss is looked at between the groups of steps that run as one, at least ten times a second.
    Source: https://keras.io/api/callbacks/terminate_on_nan/
    """

    def __init__(self, raise_error=False):
        super().__init__()
        self.raise_error = raise_error

    def batches_until_hook(self, batch):
        """Any number: the average of the losses stays nan once one was."""
        return None

    def on_batch_end(self, batch, logs=None):
        """Looks at the loss."""
        loss = (logs or {}).get("loss")
        if loss is None or np.all(np.isfinite(loss)):
            return
        if self.raise_error:
            raise RuntimeError(
                f"TerminateOnNaN: the loss is {loss} at batch {batch}. Try a smaller learning rate or clipnorm=1."
            )
        print_msg(f"Batch {batch}: the loss is {loss}; training stops.")
        self.model.stop_training = True


class BaseLogger(Callback):
    """Averages the logs of batches over an epoch, weighted by logs["size"], as Keras 2 did for every model.

    `stateful_metrics` are passed on as they are.
    """

    def __init__(self, stateful_metrics=None):
        super().__init__()
        self.stateful_metrics = set(stateful_metrics or ())
        self.seen = 0
        self.totals = {}

    def on_epoch_begin(self, epoch, logs=None):
        """Begins the sums."""
        self.seen = 0
        self.totals = {}

    def on_batch_end(self, batch, logs=None):
        """Adds the numbers of a batch."""
        logs = logs or {}
        size = logs.get("size", 0)
        self.seen += size
        for key, value in logs.items():
            self.totals[key] = value if key in self.stateful_metrics else self.totals.get(key, 0) + value * size

    def on_epoch_end(self, epoch, logs=None):
        """Writes the averages into the logs."""
        if logs is None:
            return
        for key in self.params["metrics"]:
            if key in self.totals:
                total = self.totals[key]
                logs[key] = total if key in self.stateful_metrics else total / max(self.seen, 1)


class CSVLogger(Callback):
    """Writes the logs of each epoch as a row of a CSV file; `append` goes on with the file that is there.

    The columns are those of the first epoch, and those of validation even where it comes later.
    Source: https://keras.io/api/callbacks/csv_logger/
    """

    main_only = True  # of several processes one writes

    def __init__(self, filename, separator=",", append=False):
        super().__init__()
        self.sep = separator
        self.filename = os.fspath(filename)
        self.append = append
        self.writer = self.keys = self.csv_file = None
        self.append_header = True

    def on_train_begin(self, logs=None):
        """Opens the file."""
        self._open("a" if self.append else "w")

    def _open(self, mode):
        self.append_header = True
        header = None
        if mode == "a" and os.path.exists(self.filename):
            with open(self.filename, newline="") as f:
                header = next(csv.reader(f, delimiter=self.sep), None)
                self.append_header = header is None
        self._close()
        self.csv_file = open(self.filename, mode, newline="")
        if mode == "a" and _ends_within_a_line(self.filename):  # a process was killed while it wrote
            self.csv_file.write("\r\n")
        self.writer = None
        self.keys = header[1:] if header and header[0] == "epoch" else None

    def on_epoch_end(self, epoch, logs=None):
        """Writes a row."""
        logs = logs if isinstance(logs, Logs) else Logs(logs or {})
        if self.keys is None:
            self.keys = sorted(logs.keys())
            more = resolve_default(type(self), "validation_columns", VALIDATION_COLUMNS)
            if more and not any(k.startswith("val_") for k in self.keys):
                self.keys += [f"val_{k}" for k in self.keys]
        if self.writer is None:
            self.writer = csv.DictWriter(
                self.csv_file, ["epoch", *self.keys], delimiter=self.sep, lineterminator="\r\n"
            )
            if self.append_header:
                self.writer.writeheader()
            else:
                self._warn_of_new_columns(logs)
        self.writer.writerow({"epoch": epoch} | {k: _cell(logs.get(k, "NA")) for k in self.keys})
        self.csv_file.flush()

    def _warn_of_new_columns(self, logs):
        columns = Logs.fromkeys(self.keys)
        new = [k for k in logs if k not in columns]
        if new:
            warnings.warn(
                f"CSVLogger: {self.filename} has no columns for {new}; they are left out. Use another file, or "
                "append=False.",
                stacklevel=4,
            )

    def on_train_end(self, logs=None):
        """Closes the file."""
        self._close()
        self.writer = None

    def _close(self):
        if self.csv_file is not None and not self.csv_file.closed:
            self.csv_file.close()

    def get_state(self):
        """What the file holds now: rows written after a backup are written again when training resumes from it."""
        if not os.path.exists(self.filename):
            return {"text": ""}
        with open(self.filename, newline="") as f:
            return {"text": f.read()}

    def set_state(self, state):
        """Makes the file what it was."""
        self._close()
        state_file.replace(self.filename, state["text"].encode())
        self._open("a")


def _ends_within_a_line(path):
    with open(path, "rb") as f:
        size = f.seek(0, os.SEEK_END)
        f.seek(max(size - 1, 0))
        return f.read() not in (b"", b"\n")


VALIDATION_COLUMNS = era_default(True)  # Keras 2.2 had columns for what the first epoch logged only


def _cell(value):
    if isinstance(value, Iterable) and not isinstance(value, str) and np.ndim(value):
        return f'"[{", ".join(map(str, value))}]"'
    return value


class RemoteMonitor(Callback):
    """Sends the logs of each epoch to a server by HTTP POST: as JSON, or as a form whose `field` holds the JSON.

    A server that cannot be reached is warned of; training goes on.
    Source: https://keras.io/api/callbacks/remote_monitor/
    """

    main_only = True  # of several processes one writes

    timeout = 10.0  # seconds

    def __init__(
        self, root="http://localhost:9000", path="/publish/epoch/end/", field="data", headers=None, send_as_json=False
    ):
        super().__init__()
        self.root = root
        self.path = path
        self.field = field
        self.headers = headers
        self.send_as_json = send_as_json

    def on_epoch_end(self, epoch, logs=None):
        """Sends the logs."""
        from urllib import parse, request

        values = {k: v.item() if isinstance(v, np.ndarray | np.generic) else v for k, v in (logs or {}).items()}
        text = json.dumps({"epoch": epoch} | values)
        body = text if self.send_as_json else parse.urlencode({self.field: text})
        kind = "application/json" if self.send_as_json else "application/x-www-form-urlencoded"
        url = self.root + self.path
        if not url.startswith(("http://", "https://")):
            raise ValueError(f"RemoteMonitor: expected an http address, received {url!r}.")
        message = request.Request(url, body.encode(), {"Content-Type": kind, **(self.headers or {})})
        try:
            with request.urlopen(message, timeout=self.timeout) as answer:
                answer.read()
        except OSError as error:  # includes urllib's errors and timeouts
            warnings.warn(f"RemoteMonitor: could not reach {url}: {error}", stacklevel=2)

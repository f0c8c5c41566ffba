"""Saving the model, or its weights, while it trains."""

import os
import string

from jkeras.core.declare import era_default, resolve_default
from jkeras.train.callbacks.base import by_position, todays_words
from jkeras.train.callbacks.monitor import MonitorCallback
from jkeras.train.logs import Logs
from jkeras.train.progress import print_msg


class Every:
    """Counts batches: is it time to act, every `count` batches, and how many may run until then?"""

    def __init__(self, count):
        self.count = count
        self.seen = 0  # batches since the last time
        self.last = None  # number of the last batch in its epoch

    def batch_done(self, batch):
        """Counts up to this batch of the epoch; True every `count` batches."""
        new_epoch = self.last is None or batch <= self.last
        self.seen += batch + 1 if new_epoch else batch - self.last
        self.last = batch
        if self.seen < self.count:
            return False
        self.seen = 0
        return True

    def left(self):
        """Batches until it is time."""
        return self.count - self.seen


def check_frequency(callback, save_freq, allowed=("epoch",)):
    """A valid `save_freq`: "epoch" or a number of batches. Raises ValueError."""
    whole = isinstance(save_freq, int) and not isinstance(save_freq, bool) and save_freq >= 1
    if not whole and not any(save_freq is a or (isinstance(a, str) and save_freq == a) for a in allowed):
        raise ValueError(
            f"{type(callback).__name__}: save_freq must be 'epoch' or a number of batches, received {save_freq!r}."
        )
    return save_freq


class ModelCheckpoint(MonitorCallback):
    """Saves the model to `filepath` after every epoch, every `period` epochs, or every `save_freq` batches.

    `filepath` may hold {epoch}, {batch} and any logged name in either spelling: "w.{epoch:02d}-{val_acc:.2f}.keras".
    The ending chooses the format, as in `model.save` and, with `save_weights_only`, in `model.save_weights`. With
    `save_best_only` a file is written only when `monitor` is better than before (and than `initial_value_threshold`).
    Folders are made. The seventh argument by position is `save_freq`, in Keras 2 `period`.
    Source: https://keras.io/api/callbacks/model_checkpoint/

    >>> ModelCheckpoint("weights.{epoch:02d}-{val_acc:.2f}.h5", save_weights_only=True).save_freq
    'epoch'
    """

    state_fields = ("best", "epochs_since_last_save")

    def __init__(
        self, filepath, monitor="val_loss", verbose=0, save_best_only=False, save_weights_only=False, mode="auto",
        *args, save_freq="epoch", period=1, options=None, initial_value_threshold=None, **kwargs,
    ):  # fmt: skip
        given = {"save_freq": save_freq, "period": period, "initial_value_threshold": initial_value_threshold}
        given["options"] = options
        given |= by_position(self, args, ("save_freq", "initial_value_threshold"))
        given |= todays_words(self, kwargs, tuple(given))
        super().__init__(monitor, mode, given["initial_value_threshold"])
        if given["options"] is not None:
            raise ValueError(
                "ModelCheckpoint: options belong to TensorFlow's file writer, which is not used. Leave them out."
            )
        self.filepath = os.fspath(filepath)
        if not self.filepath:
            raise ValueError("ModelCheckpoint: filepath is empty. Give a path such as 'best.keras'.")
        _check_template(self.filepath)
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.save_freq = check_frequency(self, given["save_freq"])
        self.period = given["period"]
        self.epochs_since_last_save = 0
        self._every = None if self.save_freq == "epoch" else Every(self.save_freq)
        self._epoch = 0

    def batches_until_hook(self, batch):
        """Until the next save within an epoch; never for saves after epochs."""
        return None if self._every is None else self._every.left()

    def on_epoch_begin(self, epoch, logs=None):
        """Notes the epoch."""
        self._epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        """Saves where `save_freq` batches are over."""
        if self._every is not None and self._every.batch_done(batch):
            self._save_model(self._epoch, batch, logs)

    def on_epoch_end(self, epoch, logs=None):
        """Saves where the epoch is due."""
        if self.save_best_only:
            self._set_monitor_op()
        self.epochs_since_last_save += 1
        if self.save_freq == "epoch" and self.epochs_since_last_save >= self.period:
            self._save_model(epoch, None, logs)
            self.epochs_since_last_save = 0

    def get_state(self):
        """The best value and the counters."""
        every = self._every and {"seen": self._every.seen, "last": self._every.last}
        return super().get_state() | {"every": every}

    def set_state(self, state):
        """Goes on counting."""
        super().set_state(state)
        if self._every is not None and state.get("every"):
            self._every.seen, self._every.last = state["every"]["seen"], state["every"]["last"]

    def _save_model(self, epoch, batch, logs):
        logs = logs if isinstance(logs, Logs) else Logs(logs or {})
        wanted, better = self._wanted(epoch, logs)
        if not wanted:
            return
        path = self._path(epoch, batch, logs)
        if self.verbose > 0:
            print_msg(f"\nEpoch {epoch + 1}: {self._reason}saving model to {path}")
        if os.path.isdir(path):
            raise IsADirectoryError(f"ModelCheckpoint: {path} is a folder. Give a file name.")
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        (self.model.save_weights if self.save_weights_only else self.model.save)(path, overwrite=True)
        self.best = better  # once it is written: a save that fails has saved no better model

    def _wanted(self, epoch, logs):
        """Is the model to be saved, given what is monitored, and what is the best value then?"""
        self._reason = ""
        if not self.save_best_only:
            return True, self.best
        current = self._value(logs, "saving the best model only")
        if current is None:
            return resolve_default(type(self), "saves_without_monitor", SAVES_WITHOUT_MONITOR), self.best
        best = "none" if self.best is None else f"{self.best:.5f}"
        if not self._is_improvement(current, self.best):
            if self.verbose > 0:
                print_msg(f"\nEpoch {epoch + 1}: {self.monitor} did not improve from {best}")
            return False, self.best
        self._reason = f"{self.monitor} improved from {best} to {current:.5f}, "
        return True, current

    def _path(self, epoch, batch, logs):
        """The file name with its fields filled in."""
        values = Logs(logs)
        values["epoch"] = epoch + 1
        if batch is not None:
            values["batch"] = batch + 1
        try:
            return string.Formatter().vformat(self.filepath, (), values)
        except (KeyError, IndexError, ValueError, TypeError) as error:
            names = ", ".join(values.keys())
            raise KeyError(
                f"ModelCheckpoint: cannot fill in filepath={self.filepath!r}: {error}. Known in it: {names}."
            ) from None


SAVES_WITHOUT_MONITOR = era_default(True)  # Keras 2 saved nothing where the monitored number was missing


def _check_template(path):
    try:
        fields = [f for _, f, _, _ in string.Formatter().parse(path) if f is not None]
    except ValueError as error:
        raise ValueError(f"ModelCheckpoint: filepath={path!r} is no valid template: {error}.") from None
    for field in fields:
        if not field.isidentifier():
            raise ValueError(
                f"ModelCheckpoint: filepath={path!r} holds the field {{{field}}}; only {{epoch}}, {{batch}} and logged "
                "names can be filled in."
            )

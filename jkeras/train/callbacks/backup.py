"""Backups of a training run, from which it goes on exactly where it was."""

import os
import random
import signal
import threading
import warnings

import numpy as np

from jkeras.core import placement, rng
from jkeras.train.callbacks import state_file
from jkeras.train.callbacks.base import Callback, by_position
from jkeras.train.callbacks.checkpoint import Every, check_frequency

FILE, PREVIOUS = "training_state.npz", "training_state.previous.npz"
FORMAT = 1
_PARTS = {"epoch", "batch", "model", "random", "run", "callbacks"}


class BackupAndRestore(Callback):
    """Backs the whole run up, and goes on from the backup when the same `fit` is started again.

    Saved in the folder `backup_dir`, after every epoch or every `save_freq` batches, and when the process is told to
    end (SIGTERM): weights, optimizer, metrics, random state, position in the data, History and the states of all
    callbacks. A run that was killed ends with the same bits as one that was not. `double_checkpoint` keeps the backup
    before the last, too. `delete_checkpoint` removes the backups when training is complete. `save_freq=False` saves
    only on SIGTERM, and needs `save_before_preemption=True`.

    The loop that calls it may set `model.training_run`, an object with `get_state()` and `set_state(state)` for what it
    knows (epoch, batch, position in the data, keys, metrics); without one, training goes on at an epoch's begin.
    Source: https://keras.io/api/callbacks/backup_and_restore/
    """

    def __init__(
        self, backup_dir, save_freq="epoch", *args, double_checkpoint=False, delete_checkpoint=True,
        save_before_preemption=False,
    ):  # fmt: skip
        super().__init__()
        given = {
            "double_checkpoint": double_checkpoint, "delete_checkpoint": delete_checkpoint,
            "save_before_preemption": save_before_preemption,
        } | by_position(self, args, ("double_checkpoint", "delete_checkpoint"))  # fmt: skip
        if not backup_dir:
            raise ValueError("BackupAndRestore: backup_dir is empty. Give a folder for the backups.")
        self.backup_dir = os.fspath(backup_dir)
        self.save_freq = check_frequency(self, save_freq, ("epoch", False))
        self.__dict__.update(given)
        if self.save_freq is False and not self.save_before_preemption:
            raise ValueError("BackupAndRestore: save_freq=False saves nothing unless save_before_preemption=True.")
        self._every = Every(self.save_freq) if self.save_freq and self.save_freq != "epoch" else None
        self._epoch = self._batch = 0  # that come next
        self._list = None
        self._told_to_end = self._due = False
        self._old_handler = None

    @property
    def path(self):
        """The file of the last backup."""
        return os.path.join(self.backup_dir, FILE)

    def batches_until_hook(self, batch):
        """Until the next backup; any number where none is due within the epoch."""
        return None if self._every is None else self._every.left()

    def resume(self, callbacks):
        """Restores the backup, if there is one; the list calls it when every callback has begun."""
        self._list = callbacks
        self._epoch = self._batch = 0
        for name in (FILE, PREVIOUS):
            state_file.remove_left_over(os.path.join(self.backup_dir, name))
        self._listen()
        state = self._read()
        if state is None:
            return
        model = self.model
        if not getattr(model, "built", True):
            raise ValueError(
                "BackupAndRestore: the model must be built before fit() to be restored. Call it on a batch of data, or "
                "give an Input."
            )
        set_model_state(model, state["model"])
        set_random_state(state["random"])
        run = getattr(model, "training_run", None)
        if run is not None and state["run"] is not None:
            run.set_state(state["run"])
        self._epoch, self._batch = state["epoch"], state["batch"]
        model._initial_epoch = self._epoch
        callbacks.set_state(state["callbacks"])

    def on_epoch_begin(self, epoch, logs=None):
        """Notes the epoch."""
        self._epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        """Counts."""
        self._batch = batch + 1
        self._due = self._every is not None and self._every.batch_done(batch)

    def after_train_batch(self, batch, logs=None):
        """Saves where it is due, or where the process is told to end: the other callbacks have seen the batch."""
        if self._due:
            self.save()
        self._end_if_told()

    def on_epoch_end(self, epoch, logs=None):
        """Counts."""
        self._epoch, self._batch = epoch + 1, 0

    def after_epoch(self, epoch, logs=None):
        """Saves: the other callbacks have seen the epoch."""
        if self.save_freq == "epoch":
            self.save()
        self._end_if_told()

    def on_train_end(self, logs=None):
        """Training is complete: the backups go."""
        self._stop_listening()
        if self.delete_checkpoint and placement.is_main():
            for name in (FILE, PREVIOUS):
                path = os.path.join(self.backup_dir, name)
                if os.path.exists(path):
                    os.unlink(path)
            if os.path.isdir(self.backup_dir) and not os.listdir(self.backup_dir):
                os.rmdir(self.backup_dir)

    def save(self):
        """Writes a backup of the run as it is now."""
        run = getattr(self.model, "training_run", None)
        state = {
            "format": FORMAT,
            "epoch": self._epoch,
            "batch": self._batch,
            "model": model_state(self.model),
            "random": random_state(),
            "run": None if run is None else run.get_state(),
            "callbacks": [] if self._list is None else self._list.get_state(),
        }
        if not placement.is_main():  # of several processes one writes
            return
        os.makedirs(self.backup_dir, exist_ok=True)
        if self.double_checkpoint and os.path.exists(self.path):
            state_file.keep(self.path, os.path.join(self.backup_dir, PREVIOUS))
        state_file.write(self.path, state)

    def _read(self):
        """The last backup that is whole, or None."""
        previous = os.path.join(self.backup_dir, PREVIOUS)
        if not os.path.exists(self.path):
            return None
        try:
            state = state_file.read(self.path)
        except OSError as error:
            if not os.path.exists(previous):
                raise
            warnings.warn(f"{error} The backup before it is used.", stacklevel=2)
            state = state_file.read(previous)
        if not isinstance(state, dict) or "format" in state and _PARTS - set(state):
            raise OSError(f"{self.path}: it is no backup of a run. Delete it to start anew.")
        if state.get("format") != FORMAT:
            raise OSError(
                f"{self.path}: made by another version (format {state.get('format')!r}). Delete it to start anew."
            )
        return state

    def get_state(self):
        """When the next backup within an epoch is due."""
        return {} if self._every is None else {"seen": self._every.seen, "last": self._every.last}

    def set_state(self, state):
        """Goes on counting."""
        if self._every is not None and "seen" in state:
            self._every.seen, self._every.last = state["seen"], state["last"]

    # ------------------------------------------------------------ being told to end

    def _listen(self):
        self._told_to_end = False
        if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) != self._note:
            self._old_handler = signal.signal(signal.SIGTERM, self._note)

    def _note(self, number, frame):
        self._told_to_end = True

    def _stop_listening(self):
        if self._old_handler is not None:
            signal.signal(signal.SIGTERM, self._old_handler)
            self._old_handler = None

    def on_train_error(self):
        """Training ends by an exception: the signal is the process's again."""
        self._stop_listening()

    def _end_if_told(self):
        """At a step's end: writes the backup, then lets the signal do what it did before."""
        if self._told_to_end:
            self.save()
            self._stop_listening()
            os.kill(os.getpid(), signal.SIGTERM)


def model_state(model):
    """Weights and optimizer state as lists of arrays."""
    optimizer = getattr(model, "optimizer", None)
    state = {"weights": [np.asarray(w) for w in model.get_weights()], "optimizer": None}
    if optimizer is not None and getattr(optimizer, "built", False):
        state["optimizer"] = [np.asarray(v) for v in state_variables(optimizer)]
    return state


def state_variables(optimizer):
    """All variables that an optimizer's next step depends on."""
    return optimizer.state_variables if hasattr(optimizer, "state_variables") else optimizer.variables


def set_model_state(model, state):
    """Puts back what `model_state` gave; everything is checked before anything is assigned."""
    now = [np.shape(w) for w in model.get_weights()]
    then = [w.shape for w in state["weights"]]
    if now != then:
        raise ValueError(
            f"BackupAndRestore: the backup was made with another model: its weights have the shapes {then}, now {now}. "
            "Delete the backup to start anew."
        )
    cells = []
    if state["optimizer"] is not None:
        optimizer = model.optimizer
        if not optimizer.built:
            optimizer.build(model.trainable_variables)
        cells = list(state_variables(optimizer))
        if [tuple(c.shape) for c in cells] != [v.shape for v in state["optimizer"]]:
            raise ValueError(
                "BackupAndRestore: the backup was made with another optimizer or other settings of it. Delete the "
                "backup to start anew."
            )
    model.set_weights(state["weights"])
    for cell, value in zip(cells, state["optimizer"] or (), strict=True):
        cell.assign(value)


def random_state():
    """The state of Python's, numpy's and this package's global generators."""
    name, keys, position, has_gauss, cached = np.random.get_state()
    return {
        "python": random.getstate(),
        "numpy": [name, np.asarray(keys), position, has_gauss, cached],
        "root": rng.get_state(),
    }


def set_random_state(state):
    """Puts back what `random_state` gave."""
    random.setstate(state["python"])
    np.random.set_state(tuple(state["numpy"]))
    rng.set_state(state["root"])

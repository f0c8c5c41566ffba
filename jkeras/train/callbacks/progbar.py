"""The callback that shows progress."""

from jkeras.core.declare import era_default, resolve_default
from jkeras.train.callbacks.base import Callback
from jkeras.train.progress import Progbar, print_msg

COUNT_MODE = era_default("steps")  # what is counted; Keras 2 counted samples where it could


class ProgbarLogger(Callback):
    """Shows a progress bar for each epoch, with the metrics; at most ten updates a second.

    `count_mode` is "steps" or "samples". `stateful_metrics` is accepted for older scripts: all metrics are shown as
    the loop gives them, which is their average over the epoch. Raises ValueError for another `count_mode`.
    Source: https://keras.io/api/callbacks/
    """

    def __init__(self, count_mode=COUNT_MODE, stateful_metrics=None):
        super().__init__()
        count_mode = resolve_default(type(self), "count_mode", count_mode)
        if count_mode not in ("steps", "samples"):
            raise ValueError(f"ProgbarLogger: count_mode must be 'steps' or 'samples', received {count_mode!r}.")
        self.use_steps = count_mode == "steps"
        self.stateful_metrics = set(stateful_metrics or ())
        self.seen = 0
        self.progbar = None
        self.target = None
        self.verbose = 1
        self.epochs = 1
        self._in_fit = False

    def set_params(self, params):
        """Takes "verbose", "epochs", "steps" and, to count samples, "samples" and "batch_size"."""
        self.params = params
        self.verbose = 1 if params["verbose"] == "auto" else int(params["verbose"])
        self.epochs = params["epochs"]
        self._samples = not self.use_steps and params.get("samples") is not None
        self.target = params["samples"] if self._samples else params["steps"]

    def batches_until_hook(self, batch):
        """Any number: the bar shows what there is when time is due."""
        return None

    def on_train_begin(self, logs=None):
        """Inside `fit` validation shows no bar of its own."""
        self._in_fit = True

    def on_train_end(self, logs=None):
        """`evaluate` shows a bar again."""
        self._in_fit = False

    def on_epoch_begin(self, epoch, logs=None):
        """Announces the epoch."""
        self._begin()
        if self.verbose and (self.epochs > 1 or self.progbar.style.epoch_of_one):
            print_msg(f"Epoch {epoch + 1}/{self.epochs}")

    def on_test_begin(self, logs=None):
        """Begins the bar of `evaluate`."""
        if not self._in_fit:
            self._begin()

    def on_predict_begin(self, logs=None):
        """Begins the bar of `predict`."""
        self._begin()

    def on_train_batch_end(self, batch, logs=None):
        """Shows the bar where it is due."""
        self._update(batch, logs)

    def on_test_batch_end(self, batch, logs=None):
        """Shows the bar of `evaluate`."""
        if not self._in_fit:
            self._update(batch, logs)

    def on_predict_batch_end(self, batch, logs=None):
        """Shows the bar of `predict`."""
        self._update(batch, None)

    def on_epoch_end(self, epoch, logs=None):
        """Shows the epoch's result."""
        self._finish(logs)

    def on_test_end(self, logs=None):
        """Shows the result of `evaluate`."""
        if not self._in_fit:
            self._finish(logs)

    def on_predict_end(self, logs=None):
        """Completes the bar of `predict`."""
        self._finish(None)

    def _begin(self):
        self.seen = 0
        self.progbar = Progbar(self.target, verbose=self.verbose, interval=0.1, stateless_metrics=())

    def _update(self, batch, logs):
        first = not self.seen
        self.seen = batch + 1
        if self._samples:
            self.seen = min(self.seen * self.params["batch_size"], self.target)
        if self.verbose != 1:
            return
        last = self.target is not None and self.seen >= self.target
        if (self.progbar.style.shows_last_batch or not last) and self.progbar.due():
            self.progbar.update(self.seen, self._shown(logs), finalize=False)
        if first:
            self.progbar.first(self.seen)

    def _finish(self, logs):
        if self.target is None:
            self.target = self.progbar.target = self.seen
        self.progbar.update(self.target, self._shown(logs), finalize=True)

    @staticmethod
    def _shown(logs):
        return [] if logs is None else [(k, v) for k, v in logs.items() if k not in ("batch", "size")]

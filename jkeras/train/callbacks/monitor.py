"""Callbacks that watch one number: early stopping and the reduction of the learning rate."""

import re
import warnings

import numpy as np

from jkeras.core.declare import era_default, resolve_default
from jkeras.train.callbacks.base import Callback, todays_words
from jkeras.train.logs import Logs, canonical
from jkeras.train.progress import print_msg

# What the end of a canonical name says about the better direction.
LARGER = (
    r"accuracy|auc|precision|recall|fbeta_score|f1_score|iou|io_u|r2_score|cosine_similarity|sensitivity|specificity|"
    r"true_positives|true_negatives|dice_coef|dice_coefficient|jaccard|psnr|ssim|\w+_at_\w+"
)
SMALLER = (
    r"loss|error|crossentropy|divergence|hinge|log_cosh|poisson|huber|false_positives|false_negatives|learning_rate"
)
_LARGER, _SMALLER = (re.compile(rf"(?:^|.*_)(?:{names})(?:_\d+)?$") for names in (LARGER, SMALLER))
GUESS = era_default("known names")  # older generations: "acc" in the name means larger, anything else smaller
FIRST_IS_BEST = era_default(True)  # Keras 2 began with infinity, than which nan is not better


class MonitorCallback(Callback):
    """Base of callbacks that watch `monitor`: is it better than the best so far by more than `min_delta`?

    `mode` is "min", "max" or "auto", which goes by the metric or its name; an unknown name raises ValueError in the
    first epoch. `baseline` is the first best value.
    """

    def __init__(self, monitor="val_loss", mode="auto", baseline=None, min_delta=0):
        super().__init__()
        if mode not in ("auto", "min", "max"):
            warnings.warn(
                f"{type(self).__name__}: mode must be 'auto', 'min' or 'max', received {mode!r}; 'auto' is used.",
                stacklevel=3,
            )
            mode = "auto"
        self.monitor = monitor
        self.mode = mode
        self.best = baseline
        self.min_delta = abs(min_delta)
        self.monitor_op = {"min": np.less, "max": np.greater}.get(mode)

    def _set_monitor_op(self):
        """Decides what is better, once the model's metrics are known."""
        if self.monitor_op is None:
            self.monitor_op = np.greater if self._larger_is_better() else np.less

    def _larger_is_better(self):
        name = canonical(self.monitor).removeprefix("val_")
        if resolve_default(type(self), "direction", GUESS) == "acc":
            return "acc" in self.monitor or self.monitor.startswith("fmeasure") or self.monitor.endswith("auc")
        for metric in getattr(self.model, "metrics", None) or ():
            if canonical(getattr(metric, "name", "")) == name and getattr(metric, "_direction", None) is not None:
                return metric._direction == "up"
        for larger, pattern in ((True, _LARGER), (False, _SMALLER)):
            if pattern.match(name):
                return larger
        raise ValueError(
            f"{type(self).__name__}: cannot tell from monitor={self.monitor!r} whether larger or smaller is better. "
            "Pass mode='max' or mode='min'."
        )

    def _is_improvement(self, value, reference):
        self._set_monitor_op()
        sign = 1 if self.monitor_op is np.greater else -1
        if reference is None:
            if resolve_default(type(self), "first_is_best", FIRST_IS_BEST):
                return True
            reference = -sign * np.inf
        return bool(self.monitor_op(value - sign * self.min_delta, reference))

    def _value(self, logs, purpose):
        """The watched number; None, with a warning that says what there is, where it is missing or no number."""
        logs = logs if isinstance(logs, Logs) else Logs(logs or {})
        value = logs.get(self.monitor)
        if value is None:
            names = ", ".join(map(repr, logs.keys())) or "none"
            warnings.warn(
                f"{type(self).__name__}: {purpose} goes by {self.monitor!r}, which is not among the logged numbers: "
                f"{names}." + (" Pass validation data." if self.monitor.startswith("val_") else ""),
                stacklevel=3,
            )
            return None
        if np.ndim(value):
            warnings.warn(
                f"{type(self).__name__}: {self.monitor!r} is an array of shape {np.shape(value)}; {purpose} needs one "
                "number.",
                stacklevel=3,
            )
            return None
        return value


# Keras 2.2 began with the baseline as the best, could stop after the first epoch, and restored only where it stopped.
FIRST_RULES = era_default(False)


class EarlyStopping(MonitorCallback):
    """Stops training when `monitor` has not become better for `patience` epochs.

    Better means by more than `min_delta` than the best so far; `patience` counts again only when it is better than
    `baseline`, too. Epochs before `start_from_epoch` do not count. `restore_best_weights` puts the weights of the best
    epoch back when training ends. Source: https://keras.io/api/callbacks/early_stopping/

    >>> stop = EarlyStopping(monitor="loss", patience=3)
    >>> stop.patience
    3
    """

    state_fields = ("wait", "stopped_epoch", "best", "best_epoch", "best_weights")

    def __init__(
        self, monitor="val_loss", min_delta=0, patience=0, verbose=0, mode="auto", baseline=None,
        restore_best_weights=False, start_from_epoch=0,
    ):  # fmt: skip
        super().__init__(monitor, mode, min_delta=min_delta)
        self.patience = patience
        self.verbose = verbose
        self.baseline = baseline
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = start_from_epoch
        self._first_rules = resolve_default(type(self), "first_rules", FIRST_RULES)
        if self._first_rules:
            self.min_delta = min_delta  # below 0: a little worse counts as better
        self.wait = self.stopped_epoch = self.best_epoch = 0
        self.best_weights = None

    def on_train_begin(self, logs=None):
        """Forgets earlier runs."""
        self.wait = self.stopped_epoch = self.best_epoch = 0
        self.best = self.baseline if self._first_rules else None
        self.best_weights = None

    def on_epoch_end(self, epoch, logs=None):
        """Compares, and stops where patience is over."""
        self._set_monitor_op()
        current = self.get_monitor_value(logs)
        if current is None or epoch < self.start_from_epoch:
            return
        if self.restore_best_weights and self.best_weights is None and not self._first_rules:
            self._keep(epoch)  # in case that it never gets better than this, being nan for example
        self.wait += 1
        if self._is_improvement(current, self.best):
            self.best = current
            self.best_epoch = epoch
            if self.restore_best_weights:
                self._keep(epoch)
            if self.baseline is None or self._is_improvement(current, self.baseline):
                self.wait = 0
        elif self.wait >= self.patience and (epoch > 0 or self._first_rules):
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def _keep(self, epoch):
        self.best_epoch = epoch
        self.best_weights = self.model.get_weights()

    def on_train_end(self, logs=None):
        """Puts the best weights back."""
        if self.stopped_epoch > 0 and self.verbose > 0:
            print_msg(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if (
            self.restore_best_weights
            and self.best_weights is not None
            and (not self._first_rules or self.stopped_epoch)
        ):
            if self.verbose > 0:
                print_msg(f"Restoring the weights of the best epoch, {self.best_epoch + 1}.")
            self.model.set_weights(self.best_weights)

    def get_monitor_value(self, logs):
        """The watched number, or None with a warning."""
        return self._value(logs, "early stopping")


class ReduceLROnPlateau(MonitorCallback):
    """Multiplies the learning rate by `factor` when `monitor` has not become better for `patience` epochs.

    Not below `min_lr`, and not within `cooldown` epochs after a reduction. Raises ValueError for a factor of 1 or more.
    Source: https://keras.io/api/callbacks/reduce_lr_on_plateau/

    >>> ReduceLROnPlateau(factor=0.5).in_cooldown()
    False
    """

    state_fields = ("wait", "best", "cooldown_counter")

    def __init__(
        self, monitor="val_loss", factor=0.1, patience=10, verbose=0, mode="auto", min_delta=1e-4, cooldown=0, min_lr=0,
        **kwargs,
    ):  # fmt: skip
        min_delta = todays_words(self, kwargs, ("min_delta",)).get("min_delta", min_delta)
        super().__init__(monitor, mode, min_delta=min_delta)
        if factor >= 1.0:
            raise ValueError(f"ReduceLROnPlateau: factor must be below 1, received {factor}.")
        self.factor = factor
        self.min_lr = min_lr
        self.patience = patience
        self.verbose = verbose
        self.cooldown = cooldown
        self.cooldown_counter = self.wait = 0

    def on_train_begin(self, logs=None):
        """Forgets earlier runs."""
        self.best = None
        self.cooldown_counter = self.wait = 0

    def on_epoch_end(self, epoch, logs=None):
        """Logs the rate, compares, and reduces where patience is over."""
        self._set_monitor_op()
        logs = logs if logs is not None else {}
        log_learning_rate(self, logs)
        current = self._value(logs, "the learning rate")
        if current is None:
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self._is_improvement(current, self.best):
            self.best = current
            self.wait = 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience:
                self._reduce(epoch)

    def _reduce(self, epoch):
        reduced = False
        for name, optimizer in optimizers_of(self.model):
            old = float(optimizer.learning_rate)
            if old <= np.float32(self.min_lr):
                continue
            optimizer.learning_rate = new = max(old * self.factor, self.min_lr)
            reduced = True
            if self.verbose > 0:
                of = f" of {name}" if name else ""
                print_msg(f"\nEpoch {epoch + 1}: ReduceLROnPlateau reducing learning rate{of} to {new}.")
        if reduced:
            self.cooldown_counter = self.cooldown
            self.wait = 0

    def in_cooldown(self):
        """Has the rate been reduced within the last `cooldown` epochs?"""
        return self.cooldown_counter > 0


class LearningRateScheduler(Callback):
    """Sets the learning rate before each epoch to `schedule(epoch, rate)`, or `schedule(epoch)`.

    Raises ValueError where the schedule gives no float. Source: https://keras.io/api/callbacks/learning_rate_scheduler/

    >>> halve = LearningRateScheduler(lambda epoch, rate: rate / 2)
    """

    def __init__(self, schedule, verbose=0):
        super().__init__()
        if not callable(schedule):
            raise TypeError(f"LearningRateScheduler: expected a function of the epoch, received {schedule!r}.")
        self.schedule = schedule
        self.verbose = verbose

    def on_epoch_begin(self, epoch, logs=None):
        """Sets the rate."""
        for name, optimizer in optimizers_of(self.model):
            rate = self._rate(epoch, optimizer)
            optimizer.learning_rate = rate
            if self.verbose > 0:
                of = f" of {name}" if name else ""
                print_msg(f"\nEpoch {epoch + 1}: LearningRateScheduler setting learning rate{of} to {rate}.")

    def _rate(self, epoch, optimizer):
        if not hasattr(optimizer, "learning_rate"):
            raise ValueError('LearningRateScheduler: the optimizer has no "learning_rate" to set.')
        arguments = (epoch, float(optimizer.learning_rate))
        rate = self.schedule(*arguments[: _positional_count(self.schedule)])
        if hasattr(rate, "dtype") and np.ndim(rate) == 0:
            rate = np.asarray(rate).item()
        if isinstance(rate, bool) or not isinstance(rate, float):
            raise ValueError(
                f"LearningRateScheduler: the schedule must return a float, received {rate!r} for epoch {epoch}."
            )
        return rate

    def on_epoch_end(self, epoch, logs=None):
        """Logs the rate."""
        if logs is not None:
            log_learning_rate(self, logs)


def _positional_count(function):
    """1 for schedules of the epoch alone, as in Keras 1; 2 otherwise."""
    import inspect

    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return 2
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return 2
    return min(2, sum(p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters))


RATE_NAME = era_default("learning_rate")  # "lr" in Keras 2


def log_learning_rate(callback, logs):
    """Adds the learning rate of every optimizer of the callback's model to `logs`."""
    key = resolve_default(type(callback), "rate_name", RATE_NAME)
    for name, optimizer in optimizers_of(callback.model):
        logs[f"{key}_{name}" if name else key] = float(optimizer.learning_rate)


def optimizers_of(model):
    """Pairs (name, optimizer): one without a name, or all of an optimizer that holds several."""
    optimizer = model.optimizer
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)
    several = getattr(optimizer, "optimizers", None)
    return [(o.name, o) for o in several] if several else [("", optimizer)]

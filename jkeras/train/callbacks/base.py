"""The base class of callbacks, and the list that calls them."""

import warnings

from jkeras.core import placement
from jkeras.core.declare import era, era_default, resolve_default
from jkeras.core.errors import unknown
from jkeras.train.logs import Logs

BATCH_HOOKS = {mode: (f"on_{mode}_batch_begin", f"on_{mode}_batch_end") for mode in ("train", "test", "predict")}
HOOKS = (
    *(f"on_{mode}_{when}" for mode in ("train", "test", "predict") for when in ("begin", "end")),
    *(hook for pair in BATCH_HOOKS.values() for hook in pair),
    "on_epoch_begin",
    "on_epoch_end",
)


class Callback:
    """Base class of callbacks: override the hooks of interest; `fit`, `evaluate` and `predict` call them.

    `self.model` is the model and `self.params` a dict with "epochs", "steps" and "verbose". `logs` maps names to
    numbers and answers to both spellings of a name ("acc" and "accuracy"). `self.model.stop_training = True` ends
    training. `get_state` and `set_state` carry what must survive a restart; the fields named in `state_fields` are
    carried by themselves. Source: https://keras.io/api/callbacks/base_callback/

    >>> class Count(Callback):
    ...     epochs = 0
    ...     def on_epoch_end(self, epoch, logs=None):
    ...         self.epochs += 1
    >>> count = Count()
    >>> CallbackList([count]).on_epoch_end(0, {"loss": 1.0})
    >>> count.epochs
    1
    """

    # Class attributes: subclasses need not call super().__init__().
    params = None
    validation_data = None
    _model = None
    state_fields = ()

    def __init__(self):
        self.validation_data = None
        self.params = None
        self._model = None

    @property
    def model(self):
        """The model that is trained."""
        return self._model

    @model.setter
    def model(self, model):
        self._model = model

    def set_params(self, params):
        """Receives the parameters of the run."""
        self.params = params

    def set_model(self, model):
        """Receives the model."""
        self._model = model

    def on_epoch_begin(self, epoch, logs=None):
        """Called before an epoch of training; `epoch` counts from 0."""

    def on_epoch_end(self, epoch, logs=None):
        """Called after an epoch of training and its validation, whose logs begin with "val_"."""

    def on_batch_begin(self, batch, logs=None):
        """Called before a batch of training; the older name of `on_train_batch_begin`."""

    def on_batch_end(self, batch, logs=None):
        """Called after a batch of training; the older name of `on_train_batch_end`."""

    def on_train_batch_begin(self, batch, logs=None):
        """Called before a batch of training; `batch` counts from 0 in each epoch."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch, logs=None):
        """Called after a batch of training, with the averages since the epoch began."""
        self.on_batch_end(batch, logs)

    def on_test_batch_begin(self, batch, logs=None):
        """Called before a batch of `evaluate` or validation."""

    def on_test_batch_end(self, batch, logs=None):
        """Called after a batch of `evaluate` or validation."""

    def on_predict_batch_begin(self, batch, logs=None):
        """Called before a batch of `predict`."""

    def on_predict_batch_end(self, batch, logs=None):
        """Called after a batch of `predict`."""

    def on_train_begin(self, logs=None):
        """Called before training."""

    def on_train_end(self, logs=None):
        """Called after training, with the logs of the last epoch."""

    def on_test_begin(self, logs=None):
        """Called before `evaluate` or validation."""

    def on_test_end(self, logs=None):
        """Called after `evaluate` or validation."""

    def on_predict_begin(self, logs=None):
        """Called before `predict`."""

    def on_predict_end(self, logs=None):
        """Called after `predict`."""

    def batches_until_hook(self, batch):
        """How many batches from number `batch` on may run before the hooks are called, once, for the last of them.

        None means that any number may. Asked only of callbacks with batch hooks.
        """
        return 1

    def get_state(self):
        """What must survive a restart, as numbers, strings, arrays, and lists and dicts of these."""
        return {name: getattr(self, name) for name in self.state_fields}

    def set_state(self, state):
        """Puts back what `get_state` gave; called after `on_train_begin`."""
        for name in self.state_fields:
            if name in state:
                setattr(self, name, state[name])


# A default that calls an older hook counts as overridden where that one is.
_OLDER = {"on_train_batch_begin": "on_batch_begin", "on_train_batch_end": "on_batch_end"}


def overrides(callback, hook):
    """Does the callback do anything in this hook?"""
    if hook in getattr(callback, "__dict__", ()):
        return True
    own = getattr(type(callback), hook, None)
    if own is not None and own is not getattr(Callback, hook, None):
        return True
    return hook in _OLDER and overrides(callback, _OLDER[hook])


def _function(callback, hook):
    """The bound hook; an object written for Keras 2 may know the older name only."""
    return getattr(callback, hook, None) or getattr(callback, _OLDER.get(hook, hook))


def flatten(callbacks):
    """A flat list of callbacks from None, one callback, or lists and tuples of them."""
    if callbacks is None:
        return []
    if isinstance(callbacks, CallbackList):
        return list(callbacks.callbacks)
    if isinstance(callbacks, list | tuple | set):
        return [c for part in callbacks for c in flatten(part)]
    if isinstance(callbacks, type):
        raise TypeError(
            f"callbacks: received the class {callbacks.__name__}; pass an instance: {callbacks.__name__}()."
        )
    if not hasattr(callbacks, "set_model"):
        raise TypeError(
            f"callbacks: expected Callback objects, received {callbacks!r} of type {type(callbacks).__name__}. Derive "
            "your class from keras.callbacks.Callback, or wrap functions in LambdaCallback."
        )
    return [callbacks]


class CallbackList(Callback):
    """Calls a list of callbacks; only those that override a hook are called for it.

    `add_history` and `add_progbar` add a History and a ProgbarLogger where the list has none; `model` and further
    keywords go to `set_model` and `set_params`. Source: https://keras.io/api/callbacks/
    """

    def __init__(self, callbacks=None, add_history=False, add_progbar=False, model=None, **params):
        super().__init__()
        from jkeras.train.callbacks.progbar import ProgbarLogger
        from jkeras.train.history import History

        self.callbacks = flatten(callbacks)
        if not placement.is_main():  # of several processes one writes and prints
            add_progbar = False
        for wanted, kind in ((add_history, History), (add_progbar, ProgbarLogger)):
            if wanted and not any(isinstance(c, kind) for c in self.callbacks):
                self.callbacks.append(kind())
        self._history = next((c for c in self.callbacks if isinstance(c, History)), None)
        self._called = {}
        if model is not None:
            self.set_model(model)
        self.set_params(params)

    def __iter__(self):
        return iter(self.callbacks)

    def __len__(self):
        return len(self.callbacks)

    def _active(self):
        """The callbacks that act in this process."""
        main = placement.is_main()
        return [c for c in self.callbacks if main or not getattr(c, "main_only", False)]

    def append(self, callback):
        """Adds a callback at the end."""
        self.callbacks.extend(flatten(callback))
        self._called.clear()

    def set_params(self, params):
        """Passes the parameters of the run on."""
        self.params = params
        if params:
            for callback in self.callbacks:
                callback.set_params(params)

    def set_model(self, model):
        """Passes the model on."""
        if model is None:
            return
        self._model = model
        if self._history is not None:
            model.history = self._history
        for callback in self.callbacks:
            callback.set_model(model)

    def hooks(self, hook):
        """The functions that a hook calls."""
        if hook not in self._called:
            self._called[hook] = [_function(c, hook) for c in self._active() if overrides(c, hook)]
        return self._called[hook]

    def _call(self, hook, number, logs):
        called = self.hooks(hook)
        if called:
            logs = _as_logs(logs)
            for function in called:
                function(number, logs)

    def _call_plain(self, hook, logs):
        self._called.clear()  # callbacks may have been given hooks since
        logs = _as_logs(logs)
        for function in self.hooks(hook):
            function(logs)

    def on_train_begin(self, logs=None):
        """Calls `on_train_begin` of all callbacks, then `resume(list)` of those that take up an earlier run."""
        self._call_plain("on_train_begin", logs)
        for function in self.hooks("resume"):
            function(self)

    def on_epoch_end(self, epoch, logs=None):
        """Calls `on_epoch_end` of all callbacks, then `after_epoch` of those that save the states of the others."""
        logs = _as_logs(logs)
        self._call("on_epoch_end", epoch, logs)
        self._call("after_epoch", epoch, logs)

    def on_train_batch_end(self, batch, logs=None):
        """Calls `on_train_batch_end` of all callbacks, then `after_train_batch` of those that save their states."""
        if self.hooks("on_train_batch_end"):
            logs = _as_logs(logs)
            self._call("on_train_batch_end", batch, logs)
            self._call("after_train_batch", batch, logs)

    def on_train_error(self):
        """Tells callbacks that hold something of the process that training ended by an exception."""
        for function in self.hooks("on_train_error"):
            function()

    def batches_until_hook(self, batch, mode="train"):
        """How many batches from number `batch` on may run as one; None where no batch hook cares."""
        asked = self._called.get(mode)
        if asked is None:
            hooked = [c for c in self._active() if any(overrides(c, h) for h in BATCH_HOOKS[mode])]
            asked = self._called[mode] = [getattr(c, "batches_until_hook", lambda batch: 1) for c in hooked]
        waits = [ask(batch) for ask in asked]
        return min((w for w in waits if w is not None), default=None)

    @property
    def needs_batch_hooks(self):
        """Must the loop stop at every training batch?"""
        return self.batches_until_hook(0) == 1

    def get_state(self):
        """The states of all callbacks, in order."""
        return [
            {"class": type(c).__name__, "state": c.get_state()} if hasattr(c, "get_state") else None
            for c in self.callbacks
        ]

    def set_state(self, state):
        """Puts the states back; warns where the callbacks are not those that the state came from."""
        names = [s and s["class"] for s in state]
        mine = [type(c).__name__ if hasattr(c, "get_state") else None for c in self.callbacks]
        if names != mine and placement.is_main():
            warnings.warn(
                f"The backup was made with the callbacks {names}, now there are {mine}. Each gets the state of the "
                "first one of its class.",
                stacklevel=2,
            )
        left = [s for s in state if s]
        for callback in self._active():
            found = next((s for s in left if s["class"] == type(callback).__name__), None)
            if found is not None:
                left.remove(found)
                callback.set_state(found["state"])

    def make_logs(self, model, logs, outputs, mode, prefix=""):
        """Adds the outputs of a step to `logs`: by the model's metric names, or as "outputs" when predicting."""
        if str(mode) == "predict":
            logs[prefix + "outputs"] = outputs
        else:
            values = outputs if isinstance(outputs, list | tuple) else [outputs]
            logs.update({prefix + name: value for name, value in zip(model.metrics_names, values, strict=False)})
        return logs


def _as_logs(logs):
    return logs if isinstance(logs, Logs) else Logs(logs or {})


def _hook(name):
    """The method of CallbackList that calls a hook of all callbacks."""
    if "batch" in name:

        def hook(self, batch, logs=None):
            self._call(name, batch, logs)

    elif "epoch" in name:

        def hook(self, epoch, logs=None):
            self._call(name, epoch, logs)

    else:

        def hook(self, logs=None):
            self._call_plain(name, logs)

    hook.__name__, hook.__doc__ = name, f"Calls `{name}` of all callbacks."
    return hook


for _name in HOOKS:
    if _name not in vars(CallbackList):
        setattr(CallbackList, _name, _hook(_name))

CallbackList.on_batch_begin = CallbackList.on_train_batch_begin
CallbackList.on_batch_end = CallbackList.on_train_batch_end


def by_position(callback, arguments, names):
    """The arguments beyond those that all generations have at one place, by name: {name: value}.

    `names` is Keras 3's order; the orders of other generations are era defaults of the field "positional".
    """
    cls = type(callback)
    names = resolve_default(cls, "positional", era_default(tuple(names)))
    if len(arguments) > len(names):
        raise TypeError(f"{cls.__name__}: {len(arguments) - len(names)} positional arguments too many.")
    return dict(zip(names, arguments, strict=False))


def todays_words(callback, words, accepted):
    """Keyword arguments that are no parameters, in today's words; raises TypeError for those that nobody knows."""
    if words and era.translate is not None:
        _, words = era.translate(type(callback), (), words)
    for name in words:
        if name not in accepted:
            raise TypeError(f"{type(callback).__name__}: {unknown('argument', name, accepted)}")
    return words

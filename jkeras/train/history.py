"""The record of a run that `fit` returns."""

from jkeras.train.callbacks.base import Callback
from jkeras.train.logs import Logs


class History(Callback):
    """Records the logs of every epoch: `history.history["loss"]` is a list, `history.epoch` the epochs' numbers.

    `history` answers to both spellings of a name ("acc" and "accuracy"). `fit` returns one.
    Source: https://keras.io/api/callbacks/

    >>> history = History()
    >>> history.on_train_begin()
    >>> history.on_epoch_end(0, {"loss": 0.5, "accuracy": 0.75})
    >>> history.history, history.history["acc"]
    ({'loss': [0.5], 'accuracy': [0.75]}, [0.75])
    """

    def __init__(self):
        super().__init__()
        self.history = Logs()
        self.epoch = []

    def on_train_begin(self, logs=None):
        """Begins the list of epochs."""
        self.epoch = []

    def on_epoch_end(self, epoch, logs=None):
        """Appends the epoch's numbers."""
        self.epoch.append(epoch)
        for key, value in (logs if isinstance(logs, Logs) else Logs(logs or {})).items():
            dict.setdefault(self.history, key, []).append(value)  # by the very name: "acc" may stand beside "accuracy"
        if self.model is not None:
            self.model.history = self

    def get_state(self):
        """The record so far."""
        return {"epoch": list(self.epoch), "history": {k: list(v) for k, v in self.history.items()}}

    def set_state(self, state):
        """Goes on with an earlier record."""
        self.epoch = list(state["epoch"])
        self.history = Logs({k: list(v) for k, v in state["history"].items()})

    def __repr__(self):
        return f"<History of {len(self.epoch)} epochs: {', '.join(self.history.keys())}>"


__all__ = ["History", "Logs"]

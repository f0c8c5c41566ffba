"""Evaluating with averaged weights."""

from jkeras.train.callbacks.base import Callback
from jkeras.train.callbacks.monitor import optimizers_of


class SwapEMAWeights(Callback):
    """Puts the optimizer's moving averages of the weights into the model for evaluation and prediction, and back after.

    With `swap_on_epoch` they are in the model from the end of each epoch to the begin of the next, so that other
    callbacks save them. Raises ValueError where the optimizer has not `use_ema=True`.
    Source: https://keras.io/api/callbacks/swap_ema_weights/
    """

    def __init__(self, swap_on_epoch=False):
        super().__init__()
        self.swap_on_epoch = swap_on_epoch
        self._swapped = False

    def _averaging(self):
        """The optimizers that keep averages."""
        found = [o for _, o in optimizers_of(self.model) if getattr(o, "use_ema", False)]
        if not found:
            raise ValueError("SwapEMAWeights: the optimizer keeps no averages. Make it with use_ema=True.")
        return found

    def _pairs(self):
        """(weight, average) of every trained weight."""
        for optimizer in self._averaging():
            if not optimizer.built:
                continue  # nothing is trained yet
            for entry, cell in zip(optimizer._entries, optimizer._tracked, strict=True):
                if entry.group == "average":
                    yield optimizer._trainable_variables[entry.index], cell

    def _swap(self, wanted):
        if self._swapped == wanted:
            return
        for weight, average in list(self._pairs()):
            value = weight.value
            weight.assign(average.value)
            average.assign(value)
        self._swapped = wanted

    def on_train_begin(self, logs=None):
        """Checks the optimizer before anything runs."""
        self._averaging()

    def on_epoch_begin(self, epoch, logs=None):
        """Takes the averages out."""
        if self.swap_on_epoch:
            self._swap(False)

    def on_epoch_end(self, epoch, logs=None):
        """Puts the averages in; after the last epoch for good."""
        if not self.swap_on_epoch:
            return
        self._swap(True)
        if epoch == self.params["epochs"] - 1 or self.model.stop_training:
            # The end of training makes the averages the weights: let it find them in both places.
            for weight, average in list(self._pairs()):
                average.assign(weight.value)

    def on_test_begin(self, logs=None):
        """Puts the averages in."""
        self._swap(True)

    def on_test_end(self, logs=None):
        """Takes the averages out."""
        self._swap(False)

    def on_predict_begin(self, logs=None):
        """Puts the averages in."""
        self._swap(True)

    def on_predict_end(self, logs=None):
        """Takes the averages out."""
        self._swap(False)

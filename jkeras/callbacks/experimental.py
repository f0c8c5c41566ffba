"""Callbacks that tf.keras called experimental."""

import time

from jkeras.train.callbacks.backup import BackupAndRestore
from jkeras.train.callbacks.base import Callback

__all__ = ["BackupAndRestore", "UpdateEmbeddingCallback"]


class UpdateEmbeddingCallback(Callback):
    """Calls `update_embeddings(strategy)` of a layer with a changing vocabulary every `interval` seconds of training.

    Between two steps, never beside them. Raises TypeError for a layer without that method.
    """

    strategy = None

    def __init__(self, dynamic_embedding_layer, interval):
        super().__init__()
        if not hasattr(dynamic_embedding_layer, "update_embeddings"):
            raise TypeError(
                f"UpdateEmbeddingCallback: {dynamic_embedding_layer!r} has no method update_embeddings(strategy). Pass "
                "a DynamicEmbedding layer."
            )
        self.dynamic_embedding_layer = dynamic_embedding_layer
        self.interval = interval
        self._updated = time.monotonic()

    def on_interval(self):
        """Updates the vocabulary."""
        self._updated = time.monotonic()
        self.dynamic_embedding_layer.update_embeddings(self.strategy)

    def start(self):
        """Begins to count the time; training itself does the rest."""
        self._updated = time.monotonic()

    def stop(self):
        """Nothing to end: there is no thread."""

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *error):
        self.stop()

    def batches_until_hook(self, batch):
        """Any number: the time decides."""
        return None

    def on_train_begin(self, logs=None):
        """Begins to count the time."""
        self.start()

    def on_train_batch_end(self, batch, logs=None):
        """Updates where it is time."""
        if time.monotonic() - self._updated >= self.interval:
            self.on_interval()

"""``tf.keras.optimizers.experimental``: other names of the optimizers of today."""

from .optimizer import Optimizer
from .table import SGD, Adadelta, Adafactor, Adagrad, Adam, Adamax, AdamW, Ftrl, Nadam, RMSprop

__all__ = [
    "SGD",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Ftrl",
    "Nadam",
    "Optimizer",
    "RMSprop",
]

"""The values of a layer's weights, on the host: got, set, counted, and put where files are written."""

import math
from typing import Any

import numpy as np

from . import spec, tracking
from .variable import initialize


def get_weights(self: Any) -> list[np.ndarray]:
    """The weights as NumPy arrays."""
    initialize(self.weights)
    return [v.numpy() for v in self.weights]


def set_weights(self: Any, weights: Any) -> None:
    """Sets all weights; raises ValueError, and changes nothing, if number or shapes do not fit."""
    variables, values = self.weights, list(weights)
    if len(values) != len(variables):
        raise ValueError(
            f"{spec.describe(self)}: expected {len(variables)} weight arrays, received {len(values)}."
            + ("" if self.built else " The layer is not built yet: call it on data or give it an input shape first.")
        )
    values = [np.asarray(w) for w in values]
    for v, w in zip(variables, values, strict=True):
        if tuple(w.shape) != v.shape:
            raise ValueError(
                f"{spec.describe(self)}: weight {v.path!r} has shape {v.shape}, received {tuple(w.shape)}."
            )
    values = [w.astype(v.array_dtype, copy=False) for v, w in zip(variables, values, strict=True)]
    for v, w in zip(variables, values, strict=True):
        v.assign(w)


def count_params(self: Any) -> int:
    """Number of weight elements."""
    if not self.built and not self.weights:
        raise ValueError(f"{spec.describe(self)} is not built yet: call it on data or give it an input shape first.")
    return sum(math.prod(v.shape) for v in self.weights)


def save_own_variables(self: Any, store: dict) -> None:
    """Puts the layer's own weights into ``store`` as "0", "1", ..."""
    for i, v in enumerate(tracking.own_weights(self)):
        store[str(i)] = v


def load_own_variables(self: Any, store: Any) -> None:
    """Takes the layer's own weights out of ``store``; raises ValueError if they do not fit."""
    mine = tracking.own_weights(self)
    if len(store.keys()) != len(mine):
        raise ValueError(f"{spec.describe(self)}: expected {len(mine)} weights, the file has {len(store.keys())}.")
    for i, v in enumerate(mine):
        v.assign(store[str(i)])

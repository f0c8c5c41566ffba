"""Scores that weigh precision against recall."""

from typing import Any

import jax.numpy as jnp

from jkeras.core import config, dtypes
from jkeras.core.declare import declare

from .metric import Metric

AVERAGES = (None, "micro", "macro", "weighted")


class _FScore(Metric):
    """State and result of the F scores, with the fields ``average``, ``beta`` and ``threshold``."""

    _direction = "up"
    _counted = ("true_positives", "false_positives", "false_negatives", "intermediate_weights")
    beta = 1.0
    built = False

    def _make_state(self):
        name = type(self).__name__
        if self.average not in AVERAGES:
            raise ValueError(f"{name}: average must be one of {AVERAGES}, received {self.average!r}.")
        if not isinstance(self.beta, float) or self.beta <= 0.0:
            raise ValueError(f"{name}: beta must be a float above 0, received {self.beta!r}.")
        threshold = self.threshold
        if threshold is not None and not (isinstance(threshold, float) and 0.0 < threshold <= 1.0):
            raise ValueError(f"{name}: threshold must be None or a float in (0, 1], received {threshold!r}.")
        self.axis = None if self.average == "micro" else 0

    def build(self, y_true_shape, y_pred_shape):
        """Makes the state: one number per class. Raises ValueError for other ranks than 2."""
        if self.built:
            return
        if len(y_true_shape) != 2 or len(y_pred_shape) != 2 or y_pred_shape[-1] is None:
            raise ValueError(
                f"{type(self).__name__}: expected one-hot targets and predictions of shape (batch, classes), received "
                f"shapes {tuple(y_true_shape)} and {tuple(y_pred_shape)}."
            )
        shape = () if self.average == "micro" else (y_pred_shape[-1],)
        for name in self._counted:
            setattr(self, name, self.add_variable(shape, dtype=self.dtype, name=name))
        self.built = True

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Takes a batch into account."""
        dtype = dtypes.array_dtype(self.dtype)
        y_true, y_pred = jnp.asarray(y_true).astype(dtype), jnp.asarray(y_pred).astype(dtype)
        self.build(y_true.shape, y_pred.shape)
        if self.threshold is None:
            largest = jnp.max(y_pred, axis=-1, keepdims=True)
            decided = (y_pred >= largest) & (jnp.abs(y_pred) > 1e-9)
        else:
            decided = y_pred > self.threshold
        decided = decided.astype(dtype)
        weight = 1 if sample_weight is None else jnp.asarray(sample_weight).astype(dtype).reshape(-1, 1)
        batch = (decided * y_true, decided * (1 - y_true), (1 - decided) * y_true, y_true)
        for name, values in zip(self._counted, batch):
            getattr(self, name).assign_add(jnp.sum(values * weight, axis=self.axis))

    def result(self):
        """The score so far: one per class if ``average`` is None, else one number."""
        if not self.built:
            raise ValueError(f"{self} has no value yet: call update_state first.")
        tp, fp, fn, support = (getattr(self, name).value for name in self._counted)
        tiny = config.epsilon()
        precision, recall = tp / (tp + fp + tiny), tp / (tp + fn + tiny)
        square = self.beta**2
        score = (1 + square) * (precision * recall / (square * precision + recall + tiny))
        if self.average == "weighted":
            return jnp.sum(score * (support / (jnp.sum(support) + tiny)))
        return score if self.average is None else jnp.mean(score)


@declare
class FBetaScore(_FScore):
    """Harmonic mean of precision and recall, recall weighing ``beta`` times as much; targets are one-hot.

    ``average``: None (per class), "micro", "macro" or "weighted"; ``threshold``: None takes the largest prediction.
    https://keras.io/api/metrics/classification_metrics/#fbetascore-class

    >>> FBetaScore(beta=2.0, average="macro")([[1, 0], [0, 1]], [[0.9, 0.1], [0.6, 0.4]]).round(4).item()
    0.41669997572898865
    """

    average: str | None = None
    beta: float = 1.0
    threshold: float | None = None
    name: str | None = "fbeta_score"
    dtype: Any = None


@declare
class F1Score(_FScore):
    """Harmonic mean of precision and recall; targets are one-hot. Arguments as those of ``FBetaScore``.

    https://keras.io/api/metrics/classification_metrics/#f1score-class

    >>> F1Score(average="macro")([[1, 0], [0, 1]], [[0.9, 0.1], [0.6, 0.4]]).round(4).item()
    0.33329999446868896
    """

    average: str | None = None
    threshold: float | None = None
    name: str | None = "f1_score"
    dtype: Any = None

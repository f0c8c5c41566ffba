"""The area under a curve of two rates over all thresholds."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jkeras.core import config, dtypes
from jkeras.core.declare import declare
from jkeras.core.errors import unknown
from jkeras.losses.reduction import divide_no_nan

from . import counts
from .confusion import ThresholdMetric

CURVES = ("ROC", "PR", "PRGAIN")
SUMMATION_METHODS = ("interpolation", "majoring", "minoring")


def _one_of(value, known, what):
    value = getattr(value, "value", value)
    found = {k.lower(): k for k in known}.get(str(value).lower())
    if found is None:
        raise ValueError(unknown(f"AUC {what}", value, known))
    return found


@declare
class AUC(ThresholdMetric):
    """Area under the curve of (true, false) positive rates, of precision and recall, or of their gains.

    ``curve``: "ROC", "PR" or "PRGAIN"; ``summation_method``: "interpolation", "minoring" or "majoring";
    ``thresholds`` replaces ``num_thresholds`` even ones; ``multi_label``: the area of each label, then their mean,
    weighted by ``label_weights``; ``from_logits``: predictions are logits.
    https://keras.io/api/metrics/classification_metrics/#auc-class

    >>> AUC(num_thresholds=3)([0, 0, 1, 1], [0, 0.5, 0.3, 0.9]).item()
    0.75
    """

    num_thresholds: int = 200
    curve: str = "ROC"
    summation_method: str = "interpolation"
    name: str | None = None
    dtype: Any = None
    thresholds: Any = None
    multi_label: bool = False
    num_labels: int | None = None
    label_weights: Any = None
    from_logits: bool = False
    _counted = counts.Counts._fields

    def _make_state(self):
        self.curve = _one_of(self.curve, CURVES, "curve")
        self.summation_method = _one_of(self.summation_method, SUMMATION_METHODS, "summation method")
        self.init_thresholds = None if self.thresholds is None else sorted(self.thresholds)
        if self.init_thresholds is not None:
            inner = counts.as_thresholds(self.init_thresholds)
            self.num_thresholds = len(inner) + 2
        elif self.num_thresholds <= 1:
            raise ValueError(f"AUC: num_thresholds must be an integer above 1, received {self.num_thresholds}.")
        else:
            inner = [i / (self.num_thresholds - 1) for i in range(1, self.num_thresholds - 1)]
        self._even = self.init_thresholds is None or counts.are_even([0.0, *inner, 1.0])
        # a bit beyond both ends, so that predictions of exactly 0 and 1 are on one side
        self.thresholds = [-config.epsilon(), *inner, 1.0 + config.epsilon()]
        if self.label_weights is not None:
            self.label_weights = np.asarray(self.label_weights, dtypes.array_dtype(self.dtype))
        self.built = False
        if not self.multi_label and self.num_labels:
            raise ValueError("AUC: num_labels is for multi_label=True only.")
        if not self.multi_label or self.num_labels:
            self.build(None, (None, self.num_labels))

    def build(self, y_true_shape, y_pred_shape):
        """Makes the state: one number per threshold (and label)."""
        if self.built:
            return
        if self.multi_label and len(y_pred_shape) != 2:
            raise ValueError(
                f"AUC: multi_label=True expects predictions (batch, labels), received {tuple(y_pred_shape)}."
            )
        shape = (self.num_thresholds, y_pred_shape[1]) if self.multi_label else (self.num_thresholds,)
        for name in self._counted:
            setattr(self, name, self.add_variable(shape, name=name))
        self.built = True

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Takes a batch into account."""
        y_pred = jnp.asarray(y_pred)
        if self.multi_label:
            self.build(None, y_pred.shape)
        y_pred = jax.nn.sigmoid(y_pred) if self.from_logits else y_pred
        weights = None if self.multi_label else self.label_weights
        found = self._count(y_true, y_pred, sample_weight, multi_label=self.multi_label, label_weights=weights)
        for name in self._counted:
            getattr(self, name).assign_add(getattr(found, name))

    def result(self):
        """The area so far."""
        if self.curve == "PR" and self.summation_method == "interpolation":
            return self.interpolate_pr_auc()
        x, y = self._curve()
        how = {"interpolation": lambda a, b: (a + b) / 2.0, "minoring": jnp.minimum, "majoring": jnp.maximum}
        return self._sum((x[:-1] - x[1:]) * how[self.summation_method](y[:-1], y[1:]))

    def _sum(self, parts):
        if not self.multi_label:
            return jnp.sum(parts)
        areas = jnp.sum(parts, axis=0)
        if self.label_weights is None:
            return jnp.mean(areas)
        return divide_no_nan(jnp.sum(areas * self.label_weights), jnp.sum(self.label_weights))

    def _curve(self):
        tp, fp, tn, fn = self._values(*self._counted)
        recall = divide_no_nan(tp, tp + fn)
        if self.curve == "ROC":
            return divide_no_nan(fp, fp + tn), recall
        if self.curve == "PR":
            return recall, divide_no_nan(tp, tp + fp)
        # Flach and Kull 2015: precision and recall on the scale where chance is 0
        odds = divide_no_nan(tp + fn, tn + fp)
        recall_gain = jnp.where(tp == 0, 0.0, 1.0 - odds * divide_no_nan(fn, tp))
        precision_gain = jnp.where(tp == 0, 1.0, 1.0 - odds * divide_no_nan(fp, tp))
        return jnp.maximum(recall_gain, 0.0), precision_gain

    def interpolate_pr_auc(self):
        """The area under precision and recall, true positives interpolated (Davis and Goadrich 2006)."""
        tp, fp, _, fn = self._values(*self._counted)
        p = tp + fp
        dtp, dp = tp[:-1] - tp[1:], p[:-1] - p[1:]
        slope = divide_no_nan(dtp, jnp.maximum(dp, 0))
        intercept = tp[1:] - slope * p[1:]
        both = (p[:-1] > 0) & (p[1:] > 0)
        ratio = jnp.where(both, divide_no_nan(p[:-1], jnp.maximum(p[1:], 0)), 1.0)
        return self._sum(divide_no_nan(slope * (dtp + intercept * jnp.log(ratio)), jnp.maximum(tp[1:] + fn[1:], 0)))

    def get_config(self):
        """The arguments that make an equal metric."""
        found = super().get_config()
        if self.init_thresholds is None:
            del found["thresholds"]
        if self.label_weights is not None:
            found["label_weights"] = self.label_weights.tolist()
        return found

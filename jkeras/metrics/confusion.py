"""Metrics of decisions: counts of right and wrong ones, precision and recall."""

from typing import Any

import jax.numpy as jnp

from jkeras.core import dtypes
from jkeras.core.declare import declare
from jkeras.losses.reduction import divide_no_nan

from . import counts
from .metric import Metric


class ThresholdMetric(Metric):
    """State and update of metrics that count at thresholds; ``_counted`` names the counts that they keep."""

    _counted: tuple = ()
    _direction = "up"
    top_k = class_id = None

    def _make_counters(self, thresholds):
        self.thresholds = thresholds
        self._even = counts.are_even(thresholds)
        for name in self._counted:
            setattr(self, name, self.add_variable((len(thresholds),), name=name))

    def _count(self, y_true, y_pred, sample_weight, **options):
        dtype = dtypes.array_dtype(None)
        y_true, y_pred = jnp.asarray(y_true).astype(dtype), jnp.asarray(y_pred).astype(dtype)
        return counts.count(y_true, y_pred, self.thresholds, sample_weight, self._even, **options)

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Takes a batch into account."""
        found = self._count(y_true, y_pred, sample_weight, top_k=self.top_k, class_id=self.class_id)
        for name in self._counted:
            getattr(self, name).assign_add(getattr(found, name))

    def _values(self, *names):
        return [getattr(self, name).value for name in names]

    def _configured(self, name):
        return self.init_thresholds if name == "thresholds" else super()._configured(name)


class _ConditionCount(ThresholdMetric):
    """One of the four counts, kept in ``accumulator``."""

    _condition = ""

    def _make_state(self):
        self.init_thresholds = self.thresholds
        self._make_counters(counts.as_thresholds(self.thresholds))
        self.accumulator = self.add_variable((len(self.thresholds),), name="accumulator")

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Takes a batch into account."""
        self.accumulator.assign_add(getattr(self._count(y_true, y_pred, sample_weight), self._condition))

    def result(self):
        """The count so far; one for each threshold if there are several."""
        value = self.accumulator.value
        return value[0] if len(self.thresholds) == 1 else value


def _condition_count(name, what):
    body = {
        "__doc__": f"Weighted number of {what}, at each threshold.\n",
        "__module__": __name__,
        "__annotations__": {"thresholds": Any, "name": Any, "dtype": Any},
        "thresholds": None,
        "name": None,
        "dtype": None,
        "_condition": what.replace(" ", "_"),
        "_direction": None,
    }
    return declare(type(name, (_ConditionCount,), body))


TruePositives = _condition_count("TruePositives", "true positives")
FalsePositives = _condition_count("FalsePositives", "false positives")
TrueNegatives = _condition_count("TrueNegatives", "true negatives")
FalseNegatives = _condition_count("FalseNegatives", "false negatives")


class _Share(ThresholdMetric):
    """True positives as a share of something."""

    def _make_state(self):
        self.init_thresholds = self.thresholds
        default = 0.5 if self.top_k is None else counts.LOWEST
        self._make_counters(counts.as_thresholds(self.thresholds, default))

    def result(self):
        """The share so far; one for each threshold if there are several."""
        right, other = self._values(*self._counted)
        value = divide_no_nan(right, right + other)
        return value[0] if len(self.thresholds) == 1 else value


@declare
class Precision(_Share):
    """Share of the predicted positives that are right.

    ``thresholds``: a number or list in [0, 1], 0.5 if None; ``top_k``: only the k largest predictions of a sample
    may be positive; ``class_id``: only this class counts.
    https://keras.io/api/metrics/classification_metrics/#precision-class

    >>> Precision()([0, 1, 1, 1], [1, 0, 1, 1]).round(4).item()
    0.666700005531311
    """

    thresholds: Any = None
    top_k: int | None = None
    class_id: int | None = None
    name: str | None = None
    dtype: Any = None
    _counted = ("true_positives", "false_positives")


@declare
class Recall(_Share):
    """Share of the real positives that are found.

    Arguments as those of ``Precision``.
    https://keras.io/api/metrics/classification_metrics/#recall-class

    >>> Recall()([0, 1, 1, 1], [1, 0, 1, 1]).round(4).item()
    0.666700005531311
    """

    thresholds: Any = None
    top_k: int | None = None
    class_id: int | None = None
    name: str | None = None
    dtype: Any = None
    _counted = ("true_positives", "false_negatives")


class SensitivitySpecificityBase(ThresholdMetric):
    """The best of one rate at any threshold where another rate is at least ``value``."""

    _counted = counts.Counts._fields
    _given = ""  # the field that holds the value

    def _make_state(self):
        self.value = getattr(self, self._given)
        if not 0 <= self.value <= 1:
            raise ValueError(f"{type(self).__name__}: {self._given} must be in [0, 1], received {self.value}.")
        if self.num_thresholds <= 0:
            raise ValueError(
                f"{type(self).__name__}: num_thresholds must be a positive integer, received {self.num_thresholds}."
            )
        n = self.num_thresholds
        self._make_counters([0.5] if n == 1 else [i / (n - 1) for i in range(n)])

    def _rates(self):
        tp, fp, tn, fn = self._values(*self._counted)
        return {
            "recall": divide_no_nan(tp, tp + fn),
            "sensitivity": divide_no_nan(tp, tp + fn),
            "specificity": divide_no_nan(tn, tn + fp),
            "precision": divide_no_nan(tp, tp + fp),
        }

    def result(self):
        """The best rate so far; 0 where no threshold reaches the value."""
        rates = self._rates()
        return jnp.max(jnp.where(rates[self._given] >= self.value, rates[self._wanted], 0), initial=0)


def _best_rate(wanted, given):
    name = f"{wanted.capitalize()}At{given.capitalize()}"
    body = {
        "__doc__": f"The best {wanted} at a threshold where the {given} is at least the value given.\n",
        "__module__": __name__,
        "__annotations__": {given: Any, "num_thresholds": Any, "class_id": Any, "name": Any, "dtype": Any},
        "num_thresholds": 200,
        "class_id": None,
        "name": None,
        "dtype": None,
        "_given": given,
        "_wanted": wanted,
    }
    return declare(type(name, (SensitivitySpecificityBase,), body))


SensitivityAtSpecificity = _best_rate("sensitivity", "specificity")
SpecificityAtSensitivity = _best_rate("specificity", "sensitivity")
PrecisionAtRecall = _best_rate("precision", "recall")
RecallAtPrecision = _best_rate("recall", "precision")

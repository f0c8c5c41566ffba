"""Intersection over union of classes: the metrics of segmentation."""

import warnings
from typing import Any

import jax
import jax.numpy as jnp

from jkeras.core import config, dtypes
from jkeras.core.declare import declare, era_default

from .metric import Metric


def confusion_matrix(labels, predictions, num_classes, weights=None, dtype="int32"):
    """How often each class (row) was predicted as each other (column): -> (num_classes, num_classes).

    >>> confusion_matrix([0, 1, 1], [0, 0, 1], 2).tolist()
    [[1, 0], [1, 1]]
    """
    labels, predictions = jnp.asarray(labels).astype(jnp.int32), jnp.asarray(predictions).astype(jnp.int32)
    weights = jnp.ones_like(labels) if weights is None else weights
    weights = jnp.broadcast_to(jnp.asarray(weights).astype(dtypes.array_dtype(dtype)), labels.shape)
    pairs = labels * num_classes + predictions
    return jax.ops.segment_sum(weights, pairs, num_classes**2).reshape(num_classes, num_classes)


class _IoUBase(Metric):
    """Confusion matrix and result of the IoU metrics; what is no field of a class has the value here."""

    _direction = "up"
    _default_dtype = era_default("int32")  # tf.keras counts in floats
    ignore_class = None
    sparse_y_true = sparse_y_pred = True
    axis = -1
    target_class_ids = None

    def _make_state(self):
        ids = range(self.num_classes) if self.target_class_ids is None else self.target_class_ids
        self.target_class_ids = list(ids)
        if max(self.target_class_ids) >= self.num_classes:
            raise ValueError(
                f"{type(self).__name__}: target_class_ids {self.target_class_ids} must be below num_classes "
                f"{self.num_classes}."
            )
        shape = (self.num_classes, self.num_classes)
        self.total_cm = self.add_variable(shape, dtype=self.dtype, name="total_confusion_matrix")

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Takes a batch into account; labels outside [0, num_classes) and ``ignore_class`` do not count."""
        y_true, y_pred = jnp.asarray(y_true), jnp.asarray(y_pred)
        y_true = y_true if self.sparse_y_true else jnp.argmax(y_true, axis=self.axis)
        y_pred = y_pred if self.sparse_y_pred else jnp.argmax(y_pred, axis=self.axis)
        y_true, y_pred = (y.astype(jnp.int32).reshape(-1) for y in (y_true, y_pred))
        weight = self._weights(sample_weight, y_true.shape)
        valid = (y_true >= 0) & (y_true < self.num_classes) & (y_pred >= 0) & (y_pred < self.num_classes)
        if self.ignore_class is not None:
            valid &= y_true != self.ignore_class
        y_true, y_pred, weight = (jnp.where(valid, x, 0) for x in (y_true, y_pred, weight))
        self.total_cm.assign_add(confusion_matrix(y_true, y_pred, self.num_classes, weight, self.dtype))

    def _weights(self, sample_weight, shape):
        weight = jnp.asarray(1 if sample_weight is None else sample_weight)
        if jnp.issubdtype(weight.dtype, jnp.floating) and "int" in self.dtype:
            warnings.warn(
                f"{type(self).__name__} counts in {self.dtype}, so fractional sample weights are cut to integers. "
                "Pass dtype='float32' to the metric to keep them.",
                stacklevel=3,
            )
        weight = weight.astype(dtypes.array_dtype(self.dtype))
        weight = weight.reshape(-1) if weight.ndim > 1 else weight
        return jnp.broadcast_to(weight, shape)

    def result(self):
        """Mean over the target classes that occur."""
        cm = self.total_cm.value
        ids = jnp.asarray(self.target_class_ids)
        right = jnp.diag(cm)
        union = (jnp.sum(cm, axis=0) + jnp.sum(cm, axis=1) - right)[ids].astype(jnp.float32)
        right = right[ids].astype(jnp.float32)
        found = union > 1e-9
        shares = jnp.where(found, right / (union + config.epsilon()), 0.0)
        return jnp.sum(shares) / (jnp.sum(found.astype(jnp.float32)) + config.epsilon())


@declare
class IoU(_IoUBase):
    """Intersection over union of the classes ``target_class_ids``, averaged; labels are integers.

    ``sparse_y_true`` / ``sparse_y_pred`` False: one-hot along ``axis``; ``ignore_class``: labels that do not count.
    https://keras.io/api/metrics/segmentation_metrics/#iou-class

    >>> IoU(num_classes=2, target_class_ids=[0])([0, 0, 1, 1], [0, 1, 0, 1]).round(4).item()
    0.33329999446868896
    """

    num_classes: int
    target_class_ids: Any
    name: str | None = None
    dtype: Any = None
    ignore_class: int | None = None
    sparse_y_true: bool = True
    sparse_y_pred: bool = True
    axis: int = -1


@declare
class BinaryIoU(_IoUBase):
    """Intersection over union of the classes 0 and 1; predictions of at least ``threshold`` are class 1.

    https://keras.io/api/metrics/segmentation_metrics/#binaryiou-class

    >>> BinaryIoU(threshold=0.3)([0, 1, 0, 1], [0.1, 0.2, 0.4, 0.7]).round(4).item()
    0.33329999446868896
    """

    target_class_ids: Any = (0, 1)
    threshold: float = 0.5
    name: str | None = None
    dtype: Any = None
    num_classes = 2

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Takes a batch into account."""
        super().update_state(y_true, jnp.asarray(y_pred).astype(jnp.float32) >= self.threshold, sample_weight)


@declare
class MeanIoU(_IoUBase):
    """Intersection over union, averaged over all classes; labels are integers. Arguments as those of ``IoU``.

    https://keras.io/api/metrics/segmentation_metrics/#meaniou-class

    >>> MeanIoU(num_classes=2)([0, 0, 1, 1], [0, 1, 0, 1]).round(4).item()
    0.33329999446868896
    """

    num_classes: int
    name: str | None = None
    dtype: Any = None
    ignore_class: int | None = None
    sparse_y_true: bool = True
    sparse_y_pred: bool = True
    axis: int = -1


@declare
class OneHotIoU(_IoUBase):
    """``IoU`` of one-hot labels.

    https://keras.io/api/metrics/segmentation_metrics/#onehotiou-class

    >>> OneHotIoU(num_classes=2, target_class_ids=[1])([[1, 0], [0, 1]], [[0.9, 0.1], [0.2, 0.8]]).round(4).item()
    1.0
    """

    num_classes: int
    target_class_ids: Any
    name: str | None = None
    dtype: Any = None
    ignore_class: int | None = None
    sparse_y_pred: bool = False
    axis: int = -1
    sparse_y_true = False


@declare
class OneHotMeanIoU(_IoUBase):
    """``MeanIoU`` of one-hot labels.

    https://keras.io/api/metrics/segmentation_metrics/#onehotmeaniou-class

    >>> OneHotMeanIoU(num_classes=2)([[1, 0], [0, 1]], [[0.9, 0.1], [0.2, 0.8]]).round(4).item()
    1.0
    """

    num_classes: int
    name: str | None = None
    dtype: Any = None
    ignore_class: int | None = None
    sparse_y_pred: bool = False
    axis: int = -1
    sparse_y_true = False

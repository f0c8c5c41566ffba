"""Weights of classes turned into weights of samples."""

from collections.abc import Mapping

import numpy as np

from jkeras.core.config import floatx

from .data_arrays import is_nested, is_text


def class_weights(y, class_weight, *, where="class_weight"):
    """Weights of samples from weights of classes; same structure as `y`, whose arrays hold labels or one-hot rows.

    `class_weight` is {label: weight}, "balanced" (or "auto": samples / (classes * count)), or for several outputs a
    dict or list of these. A label without a weight counts 1, as in Keras 3. Shapes: labels
    (n,) or (n, 1) or one-hot (n, k) give (n,); one-hot (n, ..., k) gives (n, ...).

    >>> class_weights(np.array([0, 1, 1]), {0: 2.0, 1: 0.5}).tolist()
    [2.0, 0.5, 0.5]
    """
    if y is None:
        raise ValueError(f"{where}: given without targets. Pass y, the labels to be weighted.")
    if not is_nested(y):
        return _weights_of(y, class_weight, where)
    keys = list(y) if isinstance(y, Mapping) else range(len(y))
    if isinstance(class_weight, Mapping) and set(class_weight) <= set(keys) and _all_nested(class_weight):
        parts = class_weight
    elif isinstance(class_weight, list | tuple) and len(class_weight) == len(keys):
        parts = dict(zip(keys, class_weight, strict=True))
    elif len(keys) == 1:
        parts = {keys[0]: class_weight}
    else:
        raise ValueError(
            f"{where}: the model has {len(keys)} outputs; give a dict {{output: weights}} or a list with one entry for "
            f"each output, received {class_weight!r}."
        )
    made = {k: None if parts.get(k) is None else _weights_of(y[k], parts[k], f"{where}[{k!r}]") for k in keys}
    return made if isinstance(y, Mapping) else list(made.values())


def _all_nested(class_weight):
    return all(v is None or isinstance(v, Mapping | str) for v in class_weight.values())


def labels_of(y, where="class_weight"):
    """Integer labels of labels or one-hot rows."""
    y = np.asarray(y)
    if is_text(y):
        raise TypeError(f"{where}: the targets are text. Turn them into integer labels first.")
    if y.ndim > 1:
        y = y.argmax(-1) if y.shape[-1] != 1 else y[..., 0]
    if y.dtype.kind not in "iub":
        y = np.rint(y)
    return y.astype(np.int32)


def _weights_of(y, class_weight, where):
    labels = labels_of(y, where)
    present, inverse, counts = np.unique(labels, return_inverse=True, return_counts=True)
    if isinstance(class_weight, str):
        if class_weight not in ("balanced", "auto"):
            raise ValueError(f"{where}: expected a dict, 'balanced' or 'auto', received {class_weight!r}.")
        table = labels.size / (len(present) * counts)
    elif isinstance(class_weight, Mapping):
        table = _table(present, class_weight, where)
    else:
        raise TypeError(
            f"{where}: expected a dict {{label: weight}} or 'balanced', received {type(class_weight).__name__}."
        )
    return np.asarray(table, floatx())[inverse].reshape(labels.shape)


def _table(present, class_weight, where):
    try:
        known = {int(k): float(v) for k, v in class_weight.items()}
    except (TypeError, ValueError):
        raise TypeError(
            f"{where}: expected integer labels and numbers as weights, received {class_weight!r}."
        ) from None
    return [known.get(int(c), 1.0) for c in present]


def combine(weight, by_class):
    """Product of two pytrees of weights of one structure, either of which may be None; later axes are broadcast."""
    if weight is None or by_class is None:
        return by_class if weight is None else weight
    if isinstance(by_class, dict):
        return {k: combine(weight[k], v) for k, v in by_class.items()}
    if isinstance(by_class, list | tuple):
        return [combine(w, c) for w, c in zip(weight, by_class, strict=True)]
    if weight.ndim == 2 and weight.shape[1] == 1 and by_class.ndim == 1:
        return weight * by_class[:, None]
    return weight * by_class.reshape(by_class.shape + (1,) * max(weight.ndim - by_class.ndim, 0))

"""Labels and numbers."""

import jax
import jax.numpy as jnp
import numpy as np

from jkeras.core.declare import era_default, takes_old_words


@takes_old_words(renamed=("x",))
def to_categorical(x, num_classes=None, dtype=era_default(None)):
    """One-hot rows of integer labels. (*) or (*, 1) -> (*, num_classes)

    `num_classes` is the largest label + 1 unless given. A jax array gives a jax array (also under `jit`, where
    `num_classes` is needed), anything else a numpy array of `dtype`, float64 by default (float32 before Keras 3).

    Source: https://keras.io/api/utils/python_utils/#to_categorical-function.

    Raises ValueError for labels that are no integers or out of range.

    >>> to_categorical([0, 2, 1], num_classes=3)
    array([[1., 0., 0.],
           [0., 0., 1.],
           [0., 1., 0.]])
    """
    labels = integers(x, "to_categorical")
    if num_classes is None:
        num_classes = highest(labels, "to_categorical") + 1
    check_range(labels, num_classes, "to_categorical")
    if isinstance(labels, jax.Array):
        return jax.nn.one_hot(labels, num_classes, dtype=dtype or jnp.float32)
    rows = np.zeros((labels.size, num_classes), dtype or np.float64)
    rows[np.arange(labels.size), labels.reshape(-1)] = 1
    return rows.reshape(*labels.shape, num_classes)


@takes_old_words(renamed=("x",))
def to_ordinal(x, num_classes=None, dtype="float32"):
    """Rows that have as many ones as the label, for ordinal regression. (*) or (*, 1) -> (*, num_classes - 1)

    Source: https://www.tensorflow.org/api_docs/python/tf/keras/utils/to_ordinal.

    Raises ValueError for labels that are no integers or out of range.

    >>> to_ordinal([0, 2, 1], num_classes=3)
    array([[0., 0.],
           [1., 1.],
           [1., 0.]], dtype=float32)
    """
    labels = np.asarray(integers(x, "to_ordinal"))
    if num_classes is None:
        num_classes = highest(labels, "to_ordinal") + 1
    check_range(labels, num_classes, "to_ordinal")
    return (np.arange(num_classes - 1) < labels[..., None]).astype(dtype)


def integers(x, name):
    """The labels as an integer array, without a last axis of size 1."""
    labels = x if isinstance(x, jax.Array) else np.asarray(x)
    if labels.dtype == object or labels.dtype.kind in "USM":
        raise ValueError(f"{name}: expected integer labels, received an array of type {labels.dtype}.")
    if not isinstance(labels, jax.Array) and labels.dtype.kind == "f" and (labels != np.floor(labels)).any():
        raise ValueError(f"{name}: expected integer labels, received fractions, for example {labels.reshape(-1)[0]}.")
    labels = labels.astype(int)
    return labels.reshape(labels.shape[:-1]) if labels.ndim > 1 and labels.shape[-1] == 1 else labels


def highest(labels, name):
    if isinstance(labels, jax.core.Tracer):
        raise ValueError(f"{name}: num_classes is needed where the labels are not known yet (inside jit or vmap).")
    if not labels.size:
        raise ValueError(f"{name}: received no labels. Pass num_classes=... to get an array without rows.")
    return int(labels.max())


def check_range(labels, num_classes, name):
    if isinstance(labels, jax.core.Tracer) or not labels.size:
        return
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= num_classes:
        raise ValueError(
            f"{name}: labels must lie in 0..{num_classes - 1} for num_classes={num_classes}, received {low}..{high}. "
            "Shift the labels, or pass a larger num_classes."
        )


def normalize(x, axis=-1, order=2):
    """`x` divided by its norm of the given order along an axis; zeros stay zeros. Same shape.

    Source: https://keras.io/api/utils/python_utils/#normalize-function.

    >>> normalize(np.array([[3.0, 4.0], [0.0, 0.0]]))
    array([[0.6, 0.8],
           [0. , 0. ]])
    """
    if isinstance(x, jax.Array):
        norm = jnp.linalg.norm(x, order, axis, keepdims=True)
        return x / jnp.where(norm == 0, 1, norm)
    x = np.asarray(x)
    norm = np.linalg.norm(x, order, axis, keepdims=True)
    return x / np.where(norm == 0, 1, norm)


def probas_to_classes(y_pred):
    """Labels of predictions: the largest of several columns, or > 0.5 of a single one. (n, k) -> (n,)

    Source: Keras 1, `keras.utils.np_utils`.

    >>> probas_to_classes(np.array([[0.1, 0.9], [0.8, 0.2]])), probas_to_classes(np.array([[0.3], [0.7]]))
    (array([1, 0]), array([0, 1]))
    """
    y_pred = np.asarray(y_pred)
    if y_pred.ndim > 1 and y_pred.shape[1] > 1:
        return categorical_probas_to_classes(y_pred)
    return (y_pred.reshape(-1) > 0.5).astype(int)


def categorical_probas_to_classes(p):
    """The column of the largest value of each row. (n, k) -> (n,)

    Source: Keras 1, `keras.utils.np_utils`.

    >>> categorical_probas_to_classes([[0.1, 0.9], [0.8, 0.2]])
    array([1, 0])
    """
    return np.argmax(p, axis=1)

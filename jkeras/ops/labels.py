"""Class numbers as arrays of 0 and 1, and crossentropies, value by value."""

import jax
import jax.numpy as jnp

from ..core import config
from ..core.dtypes import array_dtype
from ..core.symbolic import op
from .table import array


@op
def one_hot(x, num_classes, axis=-1, dtype=None, sparse=False):
    """Return 1 in the place of each class number, along a new `axis`, and 0 elsewhere; numbers out of range give 0s.

    Raises ValueError for `sparse=True`.

    >>> one_hot([1], 3).tolist()
    [[0.0, 1.0, 0.0]]
    """
    _dense("one_hot", sparse)
    return jax.nn.one_hot(array(x), num_classes, axis=axis, dtype=array_dtype(dtype))


@op
def multi_hot(inputs, num_classes=None, axis=-1, dtype=None, sparse=False, **kwargs):
    """Return 1 in the place of each class number of a row, and 0 elsewhere. (n, numbers) -> (n, num_classes)

    Raises ValueError without `num_classes` and for `sparse=True`.

    >>> multi_hot([[0, 2]], 3).tolist()
    [[1.0, 0.0, 1.0]]
    """
    num_classes = kwargs.pop("num_tokens", num_classes)
    if kwargs:
        raise TypeError(f"multi_hot: unknown argument {next(iter(kwargs))!r}.")
    if num_classes is None:
        raise ValueError("multi_hot: num_classes is missing.")
    _dense("multi_hot", sparse)
    inputs = array(inputs).astype("int32")
    hot = jax.nn.one_hot(inputs, num_classes, axis=axis, dtype=array_dtype(dtype))
    return jnp.max(hot, 1 if inputs.ndim > 1 else 0)


def _dense(name, sparse):
    if sparse:
        raise ValueError(f"{name}: sparse results are not supported; leave out sparse=True.")


def _log_probabilities(output, from_logits, axis):
    if from_logits:
        return jax.nn.log_softmax(output, axis)
    output = output / jnp.sum(output, axis, keepdims=True)
    return jnp.log(jnp.clip(output, config.epsilon(), 1.0 - config.epsilon()))


def check_shapes(name, target, output):
    """Raise ValueError unless both shapes are the same."""
    if target != output:
        raise ValueError(f"{name}: targets of shape {target} do not fit the outputs' {output}.")


@op
def binary_crossentropy(target, output, from_logits=False):
    """Return the crossentropy of probabilities (or logits) with targets in [0, 1], value by value.

    >>> binary_crossentropy([1.0], [0.5]).round(3).tolist()
    [0.6930000185966492]
    """
    target, output = array(target), array(output)
    check_shapes("binary_crossentropy", target.shape, output.shape)
    if from_logits:
        return -target * jax.nn.log_sigmoid(output) - (1.0 - target) * jax.nn.log_sigmoid(-output)
    output = jnp.clip(output, config.epsilon(), 1.0 - config.epsilon())
    return -(target * jnp.log(output) + (1.0 - target) * jnp.log(1.0 - output))


@op
def categorical_crossentropy(target, output, from_logits=False, axis=-1):
    """Return the crossentropy of class probabilities (or logits) along `axis` with target probabilities.

    >>> categorical_crossentropy([[0.0, 1.0]], [[0.5, 0.5]]).round(3).tolist()
    [0.6930000185966492]
    """
    target, output = array(target), array(output)
    check_shapes("categorical_crossentropy", target.shape, output.shape)
    if not output.ndim:
        raise ValueError("categorical_crossentropy: expected at least one axis, received scalars.")
    return -jnp.sum(target * _log_probabilities(output, from_logits, axis), axis)


@op
def sparse_categorical_crossentropy(target, output, from_logits=False, axis=-1):
    """Return the crossentropy of class probabilities (or logits) along `axis` with class numbers.

    >>> sparse_categorical_crossentropy([1], [[0.5, 0.5]]).round(3).tolist()
    [0.6930000185966492]
    """
    target, output = array(target).astype("int32"), array(output)
    if target.ndim == output.ndim and target.shape[-1] == 1:
        target = target[..., 0]
    check_shapes("sparse_categorical_crossentropy", target.shape, output.shape[:-1])
    hot = jax.nn.one_hot(target, output.shape[axis], axis=axis)
    return -jnp.sum(hot * _log_probabilities(output, from_logits, axis), axis)

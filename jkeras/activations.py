"""Activation functions, by name or as functions of arrays, Variables and symbolic tensors.

Source: https://keras.io/api/layers/activations/. Every function returns an array of its input's shape; only `glu`
halves one axis.
"""

import functools
import types
import warnings

import jax
import jax.numpy as jnp

from .core import config, registry
from .core.declare import current_era, era, takes_old_words
from .core.registry import Family
from .core.symbolic import op

__all__ = [
    "celu",
    "deserialize",
    "elu",
    "exponential",
    "gelu",
    "get",
    "glu",
    "hard_shrink",
    "hard_sigmoid",
    "hard_sigmoid_fifth",
    "hard_silu",
    "hard_swish",
    "hard_tanh",
    "leaky_relu",
    "linear",
    "log_sigmoid",
    "log_softmax",
    "mish",
    "relu",
    "relu6",
    "selu",
    "serialize",
    "sigmoid",
    "silu",
    "soft_shrink",
    "softmax",
    "softplus",
    "softsign",
    "sparse_plus",
    "sparse_sigmoid",
    "sparsemax",
    "squareplus",
    "swish",
    "tanh",
    "tanh_shrink",
    "threshold",
]


_relu = jax.jit(jax.nn.relu)  # its slope is traced once for each shape, not at each use


@takes_old_words
@op
def relu(x, negative_slope=0.0, max_value=None, threshold=0.0):
    """Pass what lies above `threshold`, capped at `max_value`; below it, `negative_slope * (x - threshold)`.

    >>> relu([-2.0, 1.0, 9.0], negative_slope=0.5, max_value=6.0).tolist()
    [-1.0, 1.0, 6.0]
    """
    x = jnp.asarray(x)
    if threshold == 0 and max_value is None:
        return jax.nn.leaky_relu(x, negative_slope) if negative_slope else _relu(x)
    if threshold == 0 and max_value == 6:
        above = jax.nn.relu6(x)  # not clip(): its gradient at the corners is 0, theirs 1/2
    else:
        above = jnp.where(x > threshold, x, 0) if threshold else jax.nn.relu(x)
        if max_value is not None:
            above = jnp.clip(above, 0, max_value)
    return above - negative_slope * jax.nn.relu(threshold - x) if negative_slope else above


@op
def leaky_relu(x, negative_slope=0.2):
    """Return `x` where it is positive, else `negative_slope * x`.

    >>> leaky_relu([-1.0, 2.0], negative_slope=0.5).tolist()
    [-0.5, 2.0]
    """
    return jax.nn.leaky_relu(jnp.asarray(x), negative_slope)


@op
def relu6(x):
    """Return `min(max(x, 0), 6)`.

    >>> relu6([-1.0, 3.0, 8.0]).tolist()
    [0.0, 3.0, 6.0]
    """
    return jax.nn.relu6(jnp.asarray(x))


def _floating(x):
    x = jnp.asarray(x)
    return x if jnp.issubdtype(x.dtype, jnp.inexact) else x.astype(config.floatx())


def _wide(x):
    """The array in at least 32 bits: sums of exponentials lose too much in 16."""
    return x.astype(jnp.promote_types(x.dtype, jnp.float32))


@op
def softmax(x, axis=-1):
    """Return `exp(x) / sum(exp(x))`, the sum taken over `axis`, an int or a tuple of ints.

    >>> softmax([[1.0, 1.0]]).tolist()
    [[0.5, 0.5]]
    """
    x = _floating(x)
    if isinstance(axis, int) and -x.ndim <= axis < x.ndim and x.shape[axis] == 1:
        warnings.warn(
            f"softmax over axis {axis} of shape {x.shape}, which has size 1, always gives 1. Is sigmoid meant?",
            stacklevel=3,
        )
    return jax.nn.softmax(_wide(x), axis).astype(x.dtype)


@op
def log_softmax(x, axis=-1):
    """Return the logarithm of `softmax(x, axis)`, computed without overflow.

    >>> log_softmax([[0.0, 0.0]]).round(3).tolist()
    [[-0.6930000185966492, -0.6930000185966492]]
    """
    x = _floating(x)
    return jax.nn.log_softmax(_wide(x), axis).astype(x.dtype)


@op
def elu(x, alpha=1.0):
    """Return `x` where it is positive, else `alpha * (exp(x) - 1)` (Clevert et al., 2015).

    >>> elu([0.0, 2.0]).tolist()
    [0.0, 2.0]
    """
    return jax.nn.elu(jnp.asarray(x), alpha)


@op
def selu(x):
    """Return the self-normalising scaled `elu` of Klambauer et al. (2017).

    >>> selu([0.0]).tolist()
    [0.0]
    """
    return jax.nn.selu(jnp.asarray(x))


@op
def celu(x, alpha=1.0):
    """Return `max(x, 0) + min(0, alpha * (exp(x / alpha) - 1))` (Barron, 2017).

    >>> celu([0.0, 2.0]).tolist()
    [0.0, 2.0]
    """
    return jax.nn.celu(jnp.asarray(x), alpha)


@op
def softplus(x):
    """Return `log(exp(x) + 1)`.

    >>> softplus([0.0]).round(3).tolist()
    [0.6930000185966492]
    """
    return jax.nn.softplus(jnp.asarray(x))


@op
def softsign(x):
    """Return `x / (abs(x) + 1)`.

    >>> softsign([-1.0, 1.0]).tolist()
    [-0.5, 0.5]
    """
    return jax.nn.soft_sign(jnp.asarray(x))


@op
def soft_shrink(x, threshold=0.5):
    """Move `x` towards zero by `threshold`, stopping at zero.

    >>> soft_shrink([-1.0, 0.25, 1.0]).tolist()
    [-0.5, 0.0, 0.5]
    """
    x = jnp.asarray(x)
    return jnp.where(x > threshold, x - threshold, jnp.where(x < -threshold, x + threshold, 0.0))


@op
def hard_shrink(x, threshold=0.5):
    """Return `x` where `abs(x) > threshold`, else 0.

    >>> hard_shrink([-1.0, 0.25, 1.0]).tolist()
    [-1.0, 0.0, 1.0]
    """
    x = jnp.asarray(x)
    return jnp.where(jnp.abs(x) > threshold, x, 0.0)


@op
def tanh_shrink(x):
    """Return `x - tanh(x)`.

    >>> tanh_shrink([0.0]).tolist()
    [0.0]
    """
    x = jnp.asarray(x)
    return x - jnp.tanh(x)


@op
def sparse_plus(x):
    """Return 0 below -1, `x` above 1 and the parabola `(x + 1)**2 / 4` between.

    >>> sparse_plus([-2.0, 0.0, 2.0]).tolist()
    [0.0, 0.25, 2.0]
    """
    return jax.nn.sparse_plus(jnp.asarray(x))


@op
def sparse_sigmoid(x):
    """Return 0 below -1, 1 above 1 and `(x + 1) / 2` between.

    >>> sparse_sigmoid([-2.0, 0.0, 2.0]).tolist()
    [0.0, 0.5, 1.0]
    """
    return jax.nn.sparse_sigmoid(jnp.asarray(x))


@op
def sparsemax(x, axis=-1):
    """Push small entries along `axis` to exactly 0 (Martins and Astudillo, 2016).

    As in Keras, the threshold comes from the sum of the cumulative sums of the entries that stay; so where several
    stay the result sums to less than one, unlike in the paper.

    >>> sparsemax([[3.0, 1.0], [0.5, 0.5]]).tolist()
    [[1.0, 0.0], [0.25, 0.25]]
    """
    given = jnp.asarray(x)
    x = given.astype(jnp.promote_types(given.dtype, "float32"))  # the sums of half floats leave their range
    z = jnp.moveaxis(jnp.flip(jnp.sort(x, axis), axis), axis, -1)  # descending
    sums, rank = jnp.cumsum(z, -1), jnp.arange(1, z.shape[-1] + 1)
    support = z - (sums - 1) / rank > 0
    total = jnp.where(support, sums, 0.0).sum(-1, keepdims=True)
    tau = (total - 1) / support.sum(-1, keepdims=True)
    return jnp.maximum(x - jnp.moveaxis(tau, -1, axis), 0.0).astype(jnp.result_type(given, 0.0))


@op
def squareplus(x, b=4):
    """Return `(x + sqrt(x**2 + b)) / 2`, a smooth relu without exponentials (Barron, 2021).

    >>> squareplus([0.0]).tolist()
    [1.0]
    """
    return jax.nn.squareplus(jnp.asarray(x), b)


@op
def silu(x):
    """Return `x * sigmoid(x)`, also known as swish (Ramachandran et al., 2017).

    >>> silu([0.0]).tolist()
    [0.0]
    """
    return jax.nn.silu(jnp.asarray(x))


@op
def hard_silu(x):
    """Return `x * hard_sigmoid(x)`, also known as hard swish (Howard et al., 2019).

    >>> hard_silu([0.0, 4.0]).tolist()
    [0.0, 4.0]
    """
    return jax.nn.hard_silu(jnp.asarray(x))


@op
def gelu(x, approximate=False):
    """Return `x * P(X <= x)` for a standard normal X, by `erf` or, if `approximate`, `tanh` (Hendrycks, 2016).

    >>> gelu([0.0]).tolist()
    [0.0]
    """
    return jax.nn.gelu(jnp.asarray(x), approximate)


@op
def glu(x, axis=-1):
    """Split `axis` into halves a and b and return `a * sigmoid(b)` (Dauphin et al., 2016). (..., 2 n) -> (..., n)

    >>> glu([2.0, 0.0]).tolist()
    [1.0]
    """
    return jax.nn.glu(jnp.asarray(x), axis)


@op
def tanh(x):
    """Return the hyperbolic tangent.

    >>> tanh([0.0]).tolist()
    [0.0]
    """
    return jnp.tanh(jnp.asarray(x))


@op
def hard_tanh(x):
    """Return `x` clipped to [-1, 1].

    >>> hard_tanh([-3.0, 0.5, 3.0]).tolist()
    [-1.0, 0.5, 1.0]
    """
    return jax.nn.hard_tanh(jnp.asarray(x))


@op
def threshold(x, threshold, default_value):
    """Return `x` where it exceeds `threshold`, else `default_value`.

    >>> threshold([0.0, 2.0], 1.0, -1.0).tolist()
    [-1.0, 2.0]
    """
    x = jnp.asarray(x)
    return jnp.where(x > threshold, x, default_value)


@op
def sigmoid(x):
    """Return `1 / (1 + exp(-x))`.

    >>> sigmoid([0.0]).tolist()
    [0.5]
    """
    return jax.nn.sigmoid(jnp.asarray(x))


@op
def log_sigmoid(x):
    """Return the logarithm of `sigmoid(x)`, computed without underflow.

    >>> log_sigmoid([0.0]).round(3).tolist()
    [-0.6930000185966492]
    """
    return jax.nn.log_sigmoid(jnp.asarray(x))


@op
def hard_sigmoid(x):
    """Return `relu6(x + 3) / 6`, the piecewise linear sigmoid of slope 1/6.

    >>> hard_sigmoid([-3.0, 0.0, 3.0]).tolist()
    [0.0, 0.5, 1.0]
    """
    if era.defaults.get(("hard_sigmoid", "slope")) == 0.2:  # the generations before Keras 3
        return hard_sigmoid_fifth(x)
    return jax.nn.hard_sigmoid(jnp.asarray(x))


@op
def hard_sigmoid_fifth(x):
    """Return `clip(0.2 * x + 0.5, 0, 1)`, the piecewise linear sigmoid of slope 1/5 of Keras 1 and 2.

    >>> hard_sigmoid_fifth([-2.5, 0.0, 2.5]).tolist()
    [0.0, 0.5, 1.0]
    """
    return jnp.clip(0.2 * jnp.asarray(x) + 0.5, 0.0, 1.0)


@op
def exponential(x):
    """Return `exp(x)`.

    >>> exponential([0.0]).tolist()
    [1.0]
    """
    return jnp.exp(jnp.asarray(x))


@op
def mish(x):
    """Return `x * tanh(softplus(x))` (Misra, 2019).

    >>> mish([0.0]).tolist()
    [0.0]
    """
    x = jnp.asarray(x)
    return x * jnp.tanh(jax.nn.softplus(x))


def linear(x):
    """Return `x` itself.

    >>> linear(2.0)
    2.0
    """
    return x


swish, hard_swish = silu, hard_silu

_family = Family("keras.activations", kind="activation")
for _name in __all__:
    if _name not in ("deserialize", "get", "serialize"):
        _family.add(globals()[_name], _name)


def get(identifier):
    """Return the function that a name, function, callable object or config stands for; None is `linear`.

    Raises ValueError for an unknown name and TypeError for what cannot be called.

    >>> get("relu") is relu, get(None) is linear
    (True, True)
    """
    if identifier is None:
        return linear
    found = _family.get(identifier)
    if found is hard_sigmoid:  # an object keeps the one of the era in which it was made
        return _hard_sigmoid_of_era()
    if not callable(found):
        raise TypeError(f"{found!r} cannot be called and so is no activation. Pass a name, a function or a layer.")
    return found


def serialize(activation, use_legacy_format=False):
    """Return the name of an activation of this module, or the config of another function or object.

    `use_legacy_format` gives the bare name of any function, as Keras 2 did.

    >>> serialize(relu)
    'relu'
    """
    if activation is _hard_sigmoid_of_era():
        return "hard_sigmoid"
    name = getattr(activation, "__name__", None)
    if name is not None and (use_legacy_format or _family.objects.get(name) is activation):
        return name
    described = registry.serialize(activation)
    if isinstance(activation, types.FunctionType) and name != "<lambda>":
        described.update(config=registry.get_registered_name(activation), registered_name="function")
    return described


@functools.partial(takes_old_words, renamed=("config",))
def deserialize(config, custom_objects=None, use_legacy_format=False):
    """Return the function that `serialize` described; both formats are recognised, whatever `use_legacy_format` says.

    >>> deserialize("relu") is relu
    True
    """
    found = _family.deserialize(config, custom_objects)
    return _hard_sigmoid_of_era() if found is hard_sigmoid else found


def _hard_sigmoid_of_era():
    return hard_sigmoid if current_era() == "3" else hard_sigmoid_fifth

"""Penalties on weights and outputs that are added to the loss.

Source: https://keras.io/api/layers/regularizers/. A regularizer takes an array, Variable or symbolic tensor and gives a
scalar of the same dtype.
"""

import inspect
import math

import jax
import jax.numpy as jnp

from .core import connections
from .core.config import epsilon
from .core.declare import Configurable, Converter, declare, era, era_default
from .core.registry import Family
from .core.symbolic import op

_family = Family("keras.regularizers", kind="regularizer")


def _factor(default):
    """Field type: a number of at least 0; None stands for the default."""

    def convert(value):
        if value is None:
            return default
        if not isinstance(value, (int, float)) or not 0 <= value < math.inf:
            raise ValueError("expected a finite number of at least 0.")
        return float(value)

    return Converter(convert)


class Regularizer(Configurable):
    """Base class: subclasses define `__call__(x)`, which gives a scalar, and `get_config` if they have arguments.

    >>> class Twice(Regularizer):
    ...     def __call__(self, x):
    ...         return 2.0 * jnp.sum(x)
    >>> float(Twice()(jnp.ones(3)))
    6.0
    """

    def __call__(self, x):
        """Return the penalty of `x`: 0, unless a subclass says more."""
        return 0.0


@op
def _penalty(x, l1, l2):
    x = jnp.asarray(x)
    total = jnp.zeros((), x.dtype)
    if l1:
        total = total + jnp.asarray(l1, x.dtype) * jnp.sum(jnp.abs(x))
    if l2:
        total = total + jnp.asarray(l2, x.dtype) * jnp.sum(jnp.square(x))
    return total


@declare
class L1L2(Regularizer):
    """`l1 * sum(abs(x)) + l2 * sum(x**2)`.

    >>> float(L1L2(l1=1.0, l2=0.5)([2.0, -2.0]))
    8.0
    """

    l1: _factor(0.0) = 0.0
    l2: _factor(0.0) = 0.0

    def __call__(self, x):
        """Return the penalty of `x`."""
        return _penalty(x, self.l1, self.l2)


@declare
class L1(Regularizer):
    """`l1 * sum(abs(x))`.

    >>> float(L1(0.5)([2.0, -2.0]))
    2.0
    """

    l1: _factor(0.01) = 0.01

    def __call__(self, x):
        """Return the penalty of `x`."""
        return _penalty(x, self.l1, 0.0)


@declare
class L2(Regularizer):
    """`l2 * sum(x**2)`.

    >>> float(L2(0.5)([2.0, -2.0]))
    4.0
    """

    l2: _factor(0.01) = 0.01

    def __call__(self, x):
        """Return the penalty of `x`."""
        return _penalty(x, 0.0, self.l2)


@op
def _overlap(x, factor, mode):
    x = jnp.asarray(x)
    if x.ndim != 2:
        raise ValueError(f"OrthogonalRegularizer: expected a matrix, received shape {x.shape}.")
    rows = x if mode == "rows" else x.T
    rows = rows * jnp.minimum(jax.lax.rsqrt(jnp.sum(jnp.square(rows), -1, keepdims=True)), 1 / epsilon())
    count = rows.shape[0]
    others = 1.0 - jnp.eye(count, dtype=x.dtype)
    return factor * 0.5 * jnp.sum(jnp.abs(rows @ rows.T * others)) / (count * (count - 1.0) / 2.0)


@declare
class OrthogonalRegularizer(Regularizer):
    """`factor` times the mean absolute cosine between different "rows" or "columns" (`mode`) of a matrix.

    Raises ValueError for another mode and for arrays that are no matrices.

    >>> float(OrthogonalRegularizer(1.0)([[1.0, 0.0], [0.0, 2.0]]))
    0.0
    """

    factor: _factor(0.01) = 0.01
    mode: str = "rows"

    def __post_init__(self):
        if self.mode not in ("rows", "columns"):
            raise ValueError(f"OrthogonalRegularizer(mode={self.mode!r}): expected 'rows' or 'columns'.")

    def __call__(self, inputs):
        """Return the penalty of the matrix."""
        return _overlap(inputs, self.factor, self.mode)


l1, l2, orthogonal_regularizer = L1, L2, OrthogonalRegularizer


class l1_l2(L1L2):
    """`L1L2(l1, l2)`; the defaults are 0, and 0.01 up to Keras 2.

    >>> l1_l2(l1=0.5)
    L1L2(l1=0.5, l2=0.0)
    """

    def __new__(cls, l1=era_default(0.0), l2=era_default(0.0)):
        """An `L1L2`, under either name."""
        given = {"l1": l1, "l2": l2}
        given = {k: era.defaults.get(("l1_l2", k), v.value) if hasattr(v, "value") else v for k, v in given.items()}
        return L1L2(**given)


l1_l2.__signature__ = inspect.Signature(list(inspect.signature(l1_l2.__new__).parameters.values())[1:])


for _class in (L1L2, L1, L2, OrthogonalRegularizer, Regularizer):
    _family.add(_class)


def get(identifier):
    """Return the regularizer that a name, class, function, config or regularizer stands for; None stays None.

    Raises ValueError for an unknown name.

    >>> get("l2")
    L2(l2=0.01)
    """
    if isinstance(identifier, str) and identifier == "l1_l2":
        return L1L2(0.01, 0.01)  # what this name always meant, whatever the defaults of the function
    return l1_l2() if identifier is l1_l2 else _family.get(identifier)


def serialize(regularizer, use_legacy_format=False):
    """Return the config of a regularizer; without module names if `use_legacy_format`, as Keras 2 did.

    >>> serialize(L1(0.5))["config"]
    {'l1': 0.5}
    """
    config = _family.serialize(regularizer)
    return (
        {k: config[k] for k in ("class_name", "config")} if use_legacy_format and isinstance(config, dict) else config
    )


def deserialize(config, custom_objects=None, use_legacy_format=False):
    """Return the regularizer of a config; both formats are recognised, whatever `use_legacy_format` says.

    >>> deserialize({"class_name": "L2", "config": {"l2": 0.5}})
    L2(l2=0.5)
    """
    return get(config) if config == "l1_l2" else _family.deserialize(config, custom_objects)


__getattr__ = connections.old_names(__name__)

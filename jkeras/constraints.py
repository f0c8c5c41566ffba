"""Projections of weights that are applied after each step of an optimizer.

Source: https://keras.io/api/layers/constraints/. A constraint takes an array, Variable or symbolic tensor and gives an
array of the same shape.
"""

import jax.numpy as jnp
import numpy as np

from .core.config import epsilon
from .core.declare import Configurable, declare
from .core.registry import Family
from .core.symbolic import op

_family = Family("keras.constraints", kind="constraint")


class Constraint(Configurable):
    """Base class: subclasses define `__call__(w)`, and `get_config` if they have arguments.

    >>> class Halve(Constraint):
    ...     def __call__(self, w):
    ...         return w / 2
    >>> Halve()(jnp.ones(2)).tolist()
    [0.5, 0.5]
    """

    def __call__(self, w):
        """Return the constrained weight: `w` itself, unless a subclass says more."""
        return w


def _norms(w, axis):
    """The weight, and its 2-norms along the axes; both of at least 32 bits, since squares of half floats leave their range."""
    wide = w.astype(jnp.promote_types(w.dtype, "float32"))
    axis = tuple(axis) if isinstance(axis, list) else axis
    return wide, jnp.sqrt(jnp.sum(jnp.square(wide), axis=axis, keepdims=True))


def _as(w, result):
    return result.astype(w.dtype) if jnp.issubdtype(w.dtype, jnp.floating) else result


@op
def _scale_norms(w, axis, lower, upper, rate):
    """Bring the norms along `axis` to [lower, upper], or a part `rate` of the way."""
    w = jnp.asarray(w)
    wide, norms = _norms(w, axis)
    wanted = jnp.clip(norms, lower, upper)
    if rate != 1:
        wanted = rate * wanted + (1 - rate) * norms
    return _as(w, wide * (wanted / (epsilon() + norms)))


@declare
class MaxNorm(Constraint):
    """Shrink weights whose 2-norm along `axis` exceeds `max_value`.

    >>> print(MaxNorm(1.0)([[3.0], [4.0]]))
    [[0.6]
     [0.8]]
    """

    max_value: float = 2
    axis: object = 0

    def __call__(self, w):
        """Return the shrunk weight."""
        return _scale_norms(w, self.axis, 0, self.max_value, 1)


@declare
class MinMaxNorm(Constraint):
    """Bring the 2-norm along `axis` between `min_value` and `max_value`, or the part `rate` of the way there.

    >>> print(MinMaxNorm(0.0, 1.0, rate=0.5)([[0.0], [4.0]]))
    [[0. ]
     [2.5]]
    """

    min_value: float = 0.0
    max_value: float = 1.0
    rate: float = 1.0
    axis: object = 0

    def __call__(self, w):
        """Return the scaled weight."""
        return _scale_norms(w, self.axis, self.min_value, self.max_value, self.rate)


@op
def _positive(w):
    return jnp.maximum(jnp.asarray(w), 0)


@declare
class NonNeg(Constraint):
    """Set negative weights to 0.

    >>> NonNeg()([-1.0, 2.0]).tolist()
    [0.0, 2.0]
    """

    def __call__(self, w):
        """Return the weight without its negative part."""
        return _positive(w)


@op
def _unit(w, axis):
    w = jnp.asarray(w)
    wide, norms = _norms(w, axis)
    return _as(w, wide / (epsilon() + norms))


@declare
class UnitNorm(Constraint):
    """Scale weights to the 2-norm 1 along `axis`.

    >>> print(UnitNorm()([[3.0], [4.0]]))
    [[0.6]
     [0.8]]
    """

    axis: object = 0

    def __call__(self, w):
        """Return the scaled weight."""
        return _unit(w, self.axis)


@op
def _radial(w):
    w = jnp.asarray(w)
    if w.ndim != 4 or w.shape[0] != w.shape[1]:
        raise ValueError(
            f"RadialConstraint: expected a square convolution kernel (n, n, inputs, filters), received {w.shape}."
        )
    size = w.shape[0]
    half, odd = size // 2, size % 2
    # Rings around the centre; ring 0 takes the diagonal element before the middle, the others one further out each.
    from_centre = np.abs(np.arange(size) - (size - 1) / 2)
    ring = np.floor(np.maximum(from_centre[:, None], from_centre)).astype(int)
    source = np.where(ring == 0, half - 1, half + ring - odd)
    return w[source, source]


@declare
class RadialConstraint(Constraint):
    """Make convolution kernels constant on square rings around their centre, each with its value on the diagonal.

    Raises ValueError unless the weight is (n, n, inputs, filters).

    >>> RadialConstraint()(jnp.ones((3, 3, 1, 1))).shape
    (3, 3, 1, 1)
    """

    def __call__(self, w):
        """Return the kernel made constant on rings."""
        return _radial(w)


max_norm = maxnorm = MaxNorm
min_max_norm = MinMaxNorm
non_neg = nonneg = NonNeg
unit_norm = unitnorm = UnitNorm
radial_constraint = RadialConstraint

for _class in (MaxNorm, MinMaxNorm, NonNeg, UnitNorm, RadialConstraint, Constraint):
    _family.add(_class)


def get(identifier):
    """Return the constraint that a name, class, function, config or constraint stands for; None stays None.

    Raises ValueError for an unknown name.

    >>> get("max_norm")
    MaxNorm(max_value=2, axis=0)
    """
    return _family.get(identifier)


def serialize(constraint, use_legacy_format=False):
    """Return the config of a constraint; without module names if `use_legacy_format`, as Keras 2 did.

    >>> serialize(UnitNorm())["config"]
    {'axis': 0}
    """
    config = _family.serialize(constraint)
    return (
        {k: config[k] for k in ("class_name", "config")} if use_legacy_format and isinstance(config, dict) else config
    )


def deserialize(config, custom_objects=None, use_legacy_format=False):
    """Return the constraint of a config; both formats are recognised, whatever `use_legacy_format` says.

    >>> deserialize({"class_name": "UnitNorm", "config": {"axis": 1}})
    UnitNorm(axis=1)
    """
    return _family.deserialize(config, custom_objects)

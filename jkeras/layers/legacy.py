"""Layers that Keras no longer has, with the argument and weight names that old files hold.

``init`` is called ``kernel_initializer`` here, for every layer has a method ``init``. They are said in terms
of live layers where those compute the same.
"""

import math

import jax
import jax.numpy as jnp

from ..core import registry
from ..core.declare import BaseArgument, Converter, PositiveInt
from ..core.layer import Layer, layer
from ..core.spec import InputSpec, describe
from ..core.symbolic import NeedsHistory
from ..initializers import RandomNormal, RandomUniform
from . import merging
from .core import Lambda, last_size
from .fields import Activation, Constraint, Flag, Initializer, Regularizer, unless_set


class _Affine(Layer):
    def __post_init__(self):
        self.input_spec, self._initial_weights = InputSpec(ndim=2), self.given_weights
        if self.input_dim is not None:
            self._first_shape = (None, self.input_dim)

    def get_config(self):
        config = {**super().get_config(), "activity_regularizer": registry.serialize(self.activity_regularizer)}
        return unless_set(config, "weights")


@layer
class MaxoutDense(_Affine):
    """The largest of several affine maps: (batch, d) -> (batch, output_dim).

    Source: Goodfellow et al., 2013, https://arxiv.org/abs/1302.4389

    >>> MaxoutDense(3)(jnp.ones((2, 4))).shape
    (2, 3)
    """

    output_dim: PositiveInt
    nb_feature: PositiveInt = 4
    kernel_initializer: Initializer = "glorot_uniform"
    weights: object = None
    W_regularizer: Regularizer = None
    b_regularizer: Regularizer = None
    activity_regularizer: Regularizer = None
    W_constraint: Constraint = None
    b_constraint: Constraint = None
    bias: Flag = True
    input_dim: object = None

    def build(self, input_shape):
        shape = (self.nb_feature, last_size(self, input_shape), self.output_dim)
        self.W = self.add_weight("W", shape, initializer=self.kernel_initializer)
        self.b = self.add_weight("b", shape[::2], initializer="zeros") if self.bias else None

    def call(self, inputs):
        outputs = jnp.einsum("bd,fdo->bfo", inputs, self.W)
        return jnp.max(outputs if self.b is None else outputs + self.b, axis=1)


@layer
class Highway(_Affine):
    """A layer that may carry its input through: ``t * activation(x W + b) + (1 - t) * x``, ``t = sigmoid(x V + c)``.

    Source: Srivastava et al., 2015, https://arxiv.org/abs/1505.00387

    >>> Highway()(jnp.ones((2, 4))).shape
    (2, 4)
    """

    kernel_initializer: Initializer = "glorot_uniform"
    activation: Activation = None
    weights: object = None
    W_regularizer: Regularizer = None
    b_regularizer: Regularizer = None
    activity_regularizer: Regularizer = None
    W_constraint: Constraint = None
    b_constraint: Constraint = None
    bias: Flag = True
    input_dim: object = None

    def build(self, input_shape):
        size = last_size(self, input_shape)
        self.W = self.add_weight("W", (size, size), initializer=self.kernel_initializer)
        self.W_carry = self.add_weight("W_carry", (size, size), initializer=self.kernel_initializer)
        self.b = self.add_weight("b", (size,), initializer="zeros") if self.bias else None
        self.b_carry = self.add_weight("b_carry", (size,), initializer="ones") if self.bias else None

    def call(self, inputs):
        carry, own = inputs @ self.W_carry, inputs @ self.W
        if self.bias:
            carry, own = carry + self.b_carry, own + self.b
        share = jax.nn.sigmoid(carry)
        return share * self.activation(own) + (1 - share) * inputs

    def compute_output_shape(self, input_shape):
        return input_shape


# mode -> the live layer for it
MODES = {
    "sum": lambda m: merging.Add(dtype=m.dtype_policy),
    "mul": lambda m: merging.Multiply(dtype=m.dtype_policy),
    "ave": lambda m: merging.Average(dtype=m.dtype_policy),
    "max": lambda m: merging.Maximum(dtype=m.dtype_policy),
    "concat": lambda m: merging.Concatenate(m.concat_axis, dtype=m.dtype_policy),
    "dot": lambda m: merging.Dot(m.dot_axes, dtype=m.dtype_policy),
    "cos": lambda m: merging.Dot(m.dot_axes, normalize=True, dtype=m.dtype_policy),
}


def _mode(value):
    if not callable(value) and not isinstance(value, dict) and value not in MODES:
        raise ValueError(f"expected a function or one of {', '.join(MODES)}.")
    return registry.deserialize(value) if isinstance(value, dict) else value


@layer
class Merge(Layer):
    """Several inputs made one by ``mode``, a name or a function of the list of inputs.

    ``layers`` are the branches of a Sequential that begins with this layer.

    >>> Merge(mode="concat")([jnp.ones((2, 3)), jnp.ones((2, 1))]).shape
    (2, 4)
    """

    layers: Converter(
        lambda v: [registry.deserialize(b) if isinstance(b, dict) else b for b in v or []], registry.serialize
    ) = None
    mode: Converter(_mode, registry.serialize) = "sum"
    concat_axis: int = -1
    dot_axes: object = -1
    output_shape: object = None
    output_mask: object = None
    arguments: object = None
    supports_masking = True

    def __post_init__(self):
        if callable(self.mode):
            self.merge = Lambda(
                self.mode, self.given_output_shape, self.given_output_mask, self.arguments, dtype=self.dtype_policy
            )
        else:
            self.merge = MODES[self.mode](self)

    def call(self, inputs):
        if not isinstance(inputs, (list, tuple)):
            raise ValueError(f"{describe(self)}: expected a list of inputs, received shape {tuple(inputs.shape)}.")
        return self.merge(inputs)

    def compute_mask(self, inputs, mask=None):
        return self.merge.compute_mask(inputs, mask)

    @property
    def branches(self):
        """The layers and models whose outputs are merged."""
        return self.layers

    def begin(self):
        """(inputs, output) of a model that begins with this layer: the inputs of all branches, merged."""
        for one in self.layers:
            if not one._inbound_nodes and getattr(one, "_graph", None) is None:
                raise ValueError(
                    f"{describe(self)}: the branch '{one.name}' has no input shape; give its first layer one."
                )
        inputs = [
            x for one in self.layers for x in (one.input if isinstance(one.input, (list, tuple)) else [one.input])
        ]
        return inputs, self([one.output for one in self.layers])


def merge(
    inputs, mode="sum", concat_axis=-1, dot_axes=-1, output_shape=None, output_mask=None, arguments=None, name=None
):
    """``Merge`` as a function of a list of tensors.

    >>> merge([jnp.ones(2), jnp.ones(2)], mode="sum").tolist()
    [2.0, 2.0]
    """
    made = Merge(None, mode, concat_axis, dot_axes, output_shape, output_mask, arguments, name=name)
    try:
        return made(inputs)
    except NeedsHistory:
        return made.merge(inputs)


def _cauchy(shape, dtype, key):
    return jax.random.cauchy(key, shape, dtype)


KERNELS = {"gaussian": "standard_normal", "laplacian": _cauchy}


def _kernel(value):
    if isinstance(value, str) and value.lower() not in KERNELS:
        raise ValueError(f"expected one of {', '.join(KERNELS)}, or an initializer.")
    return value


@layer
class RandomFourierFeatures(Layer):
    """Random cosines whose products approximate a Gaussian or Laplacian kernel: (batch, d) -> (batch, output_dim).

    Source: Rahimi and Recht, 2007, https://papers.nips.cc/paper/3182; ``tf.keras.layers.experimental``.

    >>> RandomFourierFeatures(3)(jnp.ones((2, 4))).shape
    (2, 3)
    """

    output_dim: PositiveInt
    kernel_initializer: Converter(_kernel, registry.serialize) = "gaussian"
    scale: object = None
    trainable: BaseArgument = False
    name: BaseArgument = None

    def __post_init__(self):
        if self.scale is not None and self.scale <= 0:
            raise ValueError(f"{describe(self)}: expected a positive scale, received {self.scale}.")
        self.input_spec = InputSpec(ndim=2)

    def build(self, input_shape):
        size, kind = last_size(self, input_shape), self.kernel_initializer
        start = KERNELS[kind.lower()] if isinstance(kind, str) else kind
        start = RandomNormal(0.0, 1.0) if start == "standard_normal" else start
        if self.scale is None:
            self.scale = (size / 2.0) ** 0.5 if kind == "gaussian" else 1.0
        scale = self.scale
        self.unscaled_kernel = self.add_weight(
            "unscaled_kernel", (size, self.output_dim), initializer=start, trainable=False
        )
        turn = RandomUniform(0.0, 2 * math.pi)
        self.bias = self.add_weight("bias", (self.output_dim,), initializer=turn, trainable=False)
        self.kernel_scale = self.add_weight(
            "kernel_scale", (1,), initializer=lambda shape, dtype: jnp.full(shape, scale, dtype), constraint="non_neg"
        )

    def call(self, inputs):
        kernel = jnp.asarray(self.unscaled_kernel) / jnp.asarray(self.kernel_scale)
        return jnp.cos(inputs @ kernel + self.bias)

"""Activations as layers; most are functions of ``activations`` with their arguments as fields."""

import jax
import jax.numpy as jnp

from .. import activations
from ..core.declare import Converter, era_default
from ..core.layer import Layer, layer
from ..core.spec import InputSpec, describe
from ..nn import attention as nn
from .fields import Activation as ActivationField
from .fields import Constraint, Flag, Initializer, Regularizer, optional


def _number(value):
    if isinstance(value, dict) and value.get("class_name") == "__numpy__":
        value = value["config"]["value"]
    if not hasattr(value, "__float__"):
        raise TypeError("expected a number.")
    value = float(value)
    if not value >= 0:
        raise ValueError("expected a number of at least 0.")
    return value


Number = Converter(_number)
SharedAxes = Converter(lambda v: v if v is None else list(v) if isinstance(v, (list, tuple)) else [v])


@layer
class Activation(Layer):
    """Applies an activation given by name or as a function.  https://keras.io/api/layers/core_layers/activation/

    >>> Activation("relu")(jnp.array([-1.0, 2.0])).tolist()
    [0.0, 2.0]
    """

    activation: ActivationField
    supports_masking = True

    def call(self, inputs):
        return self.activation(inputs)

    def compute_output_shape(self, input_shape):
        return input_shape


@layer
class ReLU(Layer):
    """The positive part, capped and leaky on demand.  https://keras.io/api/layers/activation_layers/relu/

    >>> ReLU(max_value=1.0)(jnp.array([-1.0, 0.5, 2.0])).tolist()
    [0.0, 0.5, 1.0]
    """

    max_value: Converter(lambda v: None if v is None else _number(v)) = None
    negative_slope: Number = 0.0
    threshold: Number = 0.0
    supports_masking = True

    def call(self, inputs):
        return activations.relu(inputs, self.negative_slope, self.max_value, self.threshold)

    def compute_output_shape(self, input_shape):
        return input_shape


@layer
class LeakyReLU(Layer):
    """``x`` above 0, ``negative_slope * x`` below.  https://keras.io/api/layers/activation_layers/leaky_relu/

    >>> LeakyReLU(0.5)(jnp.array([-1.0, 2.0])).tolist()
    [-0.5, 2.0]
    """

    negative_slope: Number = 0.3
    supports_masking = True

    def call(self, inputs):
        return activations.leaky_relu(inputs, self.negative_slope)

    def compute_output_shape(self, input_shape):
        return input_shape


@layer
class PReLU(Layer):
    """Leaky ReLU whose slope ``alpha`` is learnt, per feature or shared along ``shared_axes``.

    Source: He et al., 2015, https://arxiv.org/abs/1502.01852

    >>> PReLU("ones")(jnp.array([[-1.0, 2.0]])).tolist()
    [[-1.0, 2.0]]
    """

    alpha_initializer: Initializer = era_default("zeros")
    alpha_regularizer: Regularizer = None
    alpha_constraint: Constraint = None
    shared_axes: SharedAxes = None
    supports_masking = True

    def build(self, input_shape):
        self.alpha = self.add_weight("alpha", shared_shape(self, input_shape))

    def call(self, inputs):
        return jax.nn.relu(inputs) - jnp.asarray(self.alpha) * jax.nn.relu(-inputs)

    def compute_output_shape(self, input_shape):
        return input_shape


def shared_shape(layer, input_shape):
    """Shape of a weight per feature, 1 along the shared axes; from now on inputs must fit it."""
    shared = layer.shared_axes or []
    shape = [1 if axis in shared else size for axis, size in enumerate(input_shape)][1:]
    if None in shape or any(not 0 < axis < len(input_shape) for axis in shared):
        what = (
            "known sizes outside of shared_axes" if None in shape else f"shared_axes from 1 to {len(input_shape) - 1}"
        )
        raise ValueError(f"{describe(layer)}: expected {what}, received shape {tuple(input_shape)} and {shared}.")
    axes = {axis: size for axis, size in enumerate(input_shape) if axis and axis not in shared} if shared else {}
    layer.input_spec = InputSpec(ndim=len(input_shape), axes=axes)
    return tuple(shape)


@layer
class ELU(Layer):
    """``x`` above 0, ``alpha * (exp(x) - 1)`` below.  https://keras.io/api/layers/activation_layers/elu/

    >>> ELU()(jnp.array([0.0, 2.0])).tolist()
    [0.0, 2.0]
    """

    alpha: Number = 1.0
    supports_masking = True

    def call(self, inputs):
        return activations.elu(inputs, self.alpha)

    def compute_output_shape(self, input_shape):
        return input_shape


@layer
class Softmax(Layer):
    """Softmax along one axis or several; where ``mask`` is False the result is 0.

    https://keras.io/api/layers/activation_layers/softmax/

    >>> Softmax()(jnp.zeros((1, 2)), mask=jnp.array([[True, False]])).tolist()
    [[1.0, 0.0]]
    """

    axis: Converter(lambda v: list(v) if isinstance(v, (list, tuple)) else v) = -1
    robust_masking: optional(Flag) = era_default(None)
    supports_masking = True

    def call(self, inputs, mask=None):
        axis = tuple(self.axis) if isinstance(self.axis, list) else self.axis
        if mask is None:
            return nn.softmax(inputs, axis=axis)
        mask = jnp.asarray(mask)
        mask = mask if mask.dtype == bool else mask > 0.5
        check_mask(self, mask.shape, inputs.shape)
        low = -3e4 if inputs.dtype == jnp.float16 else -1e9
        if self.robust_masking is not None:  # tf.keras: no zeros where all is masked; a large number put in, or added
            low = jnp.finfo(jnp.float16).min if inputs.dtype == jnp.float16 else -1e9
            masked = (
                jnp.where(mask, inputs, low)
                if self.robust_masking
                else inputs + (1.0 - mask.astype(inputs.dtype)) * low
            )
            return nn.softmax(masked, axis=axis)
        return jnp.where(mask, nn.softmax(jnp.where(mask, inputs, low), axis=axis), 0)

    def get_config(self):
        config = super().get_config()
        robust = config.pop("robust_masking")
        return {**config, "robust_masking": True} if robust else config


def check_mask(layer, mask, inputs):
    """Raises ValueError where a mask cannot be broadcast to the inputs."""
    if len(mask) > len(inputs) or any(m not in (1, n) for m, n in zip(mask[::-1], inputs[::-1])):
        raise ValueError(f"{describe(layer)}: expected a mask that fits {tuple(inputs)}, received {tuple(mask)}.")


@layer
class ThresholdedReLU(Layer):
    """``x`` above ``theta``, else 0.  https://keras.io/2/api/layers/activation_layers/threshold_relu/

    >>> ThresholdedReLU(1.0)(jnp.array([0.5, 1.0, 2.0])).tolist()
    [0.0, 0.0, 2.0]
    """

    theta: Number = 1.0
    supports_masking = True

    def call(self, inputs):
        return jnp.where(inputs > self.theta, inputs, 0)

    def compute_output_shape(self, input_shape):
        return input_shape


@layer
class ParametricSoftplus(Layer):
    """``alpha * log(1 + exp(beta * x))`` with both learnt per feature; a layer of Keras 1.

    >>> ParametricSoftplus()(jnp.zeros((1, 2))).shape
    (1, 2)
    """

    alpha_init: float = 0.2
    beta_init: float = 5.0
    shared_axes: SharedAxes = None
    supports_masking = True

    def build(self, input_shape):
        shape = shared_shape(self, input_shape)
        self.alphas = self.add_weight("alphas", shape, initializer=lambda s, dtype: jnp.full(s, self.alpha_init, dtype))
        self.betas = self.add_weight("betas", shape, initializer=lambda s, dtype: jnp.full(s, self.beta_init, dtype))

    def call(self, inputs):
        return jax.nn.softplus(inputs * jnp.asarray(self.betas)) * jnp.asarray(self.alphas)

    def compute_output_shape(self, input_shape):
        return input_shape


@layer
class SReLU(Layer):
    """Three line segments, joined at two learnt points per feature; a layer of Keras 1.

    Source: Jin et al., 2015, https://arxiv.org/abs/1512.07030

    >>> SReLU()(jnp.zeros((1, 2))).shape
    (1, 2)
    """

    t_left_init: Initializer = "zeros"
    a_left_init: Initializer = "glorot_uniform"
    t_right_init: Initializer = "glorot_uniform"
    a_right_init: Initializer = "ones"
    shared_axes: SharedAxes = None
    supports_masking = True

    def build(self, input_shape):
        shape = shared_shape(self, input_shape)
        for name in ("t_left", "a_left", "t_right", "a_right"):
            setattr(self, name, self.add_weight(name, shape, initializer=getattr(self, f"{name}_init")))

    def call(self, inputs):
        left, right = jnp.asarray(self.t_left), jnp.asarray(self.t_left) + jnp.abs(jnp.asarray(self.t_right))
        low = left + jnp.asarray(self.a_left) * (inputs - left)
        high = right + jnp.asarray(self.a_right) * (inputs - right)
        return jnp.where(inputs < left, low, jnp.where(inputs >= right, high, inputs))

    def compute_output_shape(self, input_shape):
        return input_shape

"""Layers that act while training: noise and dropout, and penalties on what passes."""

from typing import ClassVar

import jax
import jax.numpy as jnp

from ..core.declare import BaseArgument, Converter
from ..core.layer import Layer, layer
from ..core.rng import SeedGenerator
from ..core.spec import InputSpec, describe
from ..regularizers import L1L2
from .fields import DataFormat, Rate


def _noise_shape(value):
    if value is None:
        return None
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        raise TypeError("expected a tuple of sizes; None stands for the input's.")
    shape = tuple(value)
    if any(d is not None and (not isinstance(d, int) or d < 1) for d in shape):
        raise ValueError("expected positive integers, or None for the input's size.")
    return shape


def _stddev(value):
    if not 0 <= value <= 1:
        raise ValueError("expected a number between 0 and 1.")
    return value


NoiseShape = Converter(_noise_shape)


class _Random(Layer):
    supports_masking = True
    input_ndim = None

    def __post_init__(self):
        self.seed_generator = SeedGenerator(self.seed)
        if self.input_ndim is not None:
            self.input_spec = InputSpec(ndim=self.input_ndim)

    def call(self, inputs, training=False):
        amount = self.rate if "rate" in self._fields else self.stddev
        return self._disturb(inputs, self.seed_generator.next()) if training and amount else inputs

    def _keep(self, inputs, key):
        shape = self._noise_shape(inputs.shape)
        if len(shape) != inputs.ndim or any(n not in (1, d) for n, d in zip(shape, inputs.shape)):
            raise ValueError(f"{describe(self)}: noise_shape {shape} does not broadcast to the input's {inputs.shape}.")
        return jax.random.bernoulli(key, 1 - self.rate, shape)

    def _noise_shape(self, shape):
        wanted = self.noise_shape or (None,) * len(shape)
        return tuple(d if n is None else n for n, d in zip(wanted, shape)) + wanted[len(shape) :]

    def compute_output_shape(self, input_shape):
        return input_shape


@layer
class Dropout(_Random):
    """While training, sets a share ``rate`` of the inputs to 0 and divides the others by ``1 - rate``.

    ``noise_shape``: where it is 1, what is dropped is dropped along that whole axis.
    Source: Srivastava et al., 2014, https://jmlr.org/papers/v15/srivastava14a.html

    >>> Dropout(0.5)(jnp.ones(3)).tolist()
    [1.0, 1.0, 1.0]
    """

    rate: Rate
    noise_shape: NoiseShape = None
    seed: object = None

    def _disturb(self, inputs, key):
        if self.rate == 1:
            return jnp.zeros_like(inputs)
        return jnp.where(self._keep(inputs, key), inputs / (1 - self.rate), 0).astype(inputs.dtype)


class _SpatialDropout(Dropout):
    def _noise_shape(self, shape):
        first = getattr(self, "data_format", None) == "channels_first"
        return (
            (shape[0], shape[1], *[1] * (len(shape) - 2)) if first else (shape[0], *[1] * (len(shape) - 2), shape[-1])
        )

    def get_config(self):
        config = {**super().get_config(), "dtype": self.dtype}
        return {key: value for key, value in config.items() if key != "trainable"}


@layer
class SpatialDropout1D(_SpatialDropout):
    """Dropout of whole features of sequences: (batch, steps, features).

    Source: Tompson et al., 2014, https://arxiv.org/abs/1411.4280

    >>> SpatialDropout1D(0.5)(jnp.ones((1, 2, 3))).shape
    (1, 2, 3)
    """

    rate: Rate
    seed: object = None
    name: BaseArgument = None
    dtype: BaseArgument = None
    noise_shape: ClassVar = None
    input_ndim = 3


@layer
class SpatialDropout2D(_SpatialDropout):
    """Dropout of whole channels of images.  Source: Tompson et al., 2014, https://arxiv.org/abs/1411.4280

    >>> SpatialDropout2D(0.5)(jnp.ones((1, 2, 2, 3))).shape
    (1, 2, 2, 3)
    """

    rate: Rate
    data_format: DataFormat = None
    seed: object = None
    name: BaseArgument = None
    dtype: BaseArgument = None
    noise_shape: ClassVar = None
    input_ndim = 4


@layer
class SpatialDropout3D(_SpatialDropout):
    """Dropout of whole channels of volumes.  Source: Tompson et al., 2014, https://arxiv.org/abs/1411.4280

    >>> SpatialDropout3D(0.5)(jnp.ones((1, 2, 2, 2, 3))).shape
    (1, 2, 2, 2, 3)
    """

    rate: Rate
    data_format: DataFormat = None
    seed: object = None
    name: BaseArgument = None
    dtype: BaseArgument = None
    noise_shape: ClassVar = None
    input_ndim = 5


@layer
class GaussianNoise(_Random):
    """Adds normal noise while training.  https://keras.io/api/layers/regularization_layers/gaussian_noise/

    >>> GaussianNoise(0.1)(jnp.ones(2)).tolist()
    [1.0, 1.0]
    """

    stddev: Converter(_stddev)
    seed: object = None

    def _disturb(self, inputs, key):
        return inputs + self.stddev * jax.random.normal(key, inputs.shape, inputs.dtype)


@layer
class GaussianDropout(_Random):
    """Multiplies by normal noise of mean 1 and variance ``rate / (1 - rate)`` while training.

    Source: Srivastava et al., 2014, https://jmlr.org/papers/v15/srivastava14a.html

    >>> GaussianDropout(0.5)(jnp.ones(2)).tolist()
    [1.0, 1.0]
    """

    rate: Rate
    seed: object = None

    def _disturb(self, inputs, key):
        stddev = (self.rate / (1 - self.rate)) ** 0.5
        return inputs * (1 + stddev * jax.random.normal(key, inputs.shape, inputs.dtype))


@layer
class AlphaDropout(_Random):
    """Dropout that keeps mean and variance of what a SELU network passes on.

    Source: Klambauer et al., 2017, https://arxiv.org/abs/1706.02515

    >>> AlphaDropout(0.5)(jnp.ones(2)).tolist()
    [1.0, 1.0]
    """

    rate: Rate
    noise_shape: NoiseShape = None
    seed: object = None

    def _disturb(self, inputs, key):
        low = -1.0507009873554805 * 1.6732632423543772  # what SELU gives far below 0
        scale = ((1 - self.rate) * (1 + self.rate * low**2)) ** -0.5
        return scale * (jnp.where(self._keep(inputs, key), inputs, low) - low * self.rate).astype(inputs.dtype)


@layer
class ActivityRegularization(Layer):
    """Adds ``l1 * sum(|x|) + l2 * sum(x**2)`` of its inputs, over the batch size, to the loss.

    https://keras.io/api/layers/regularization_layers/activity_regularization/

    >>> ActivityRegularization(l1=0.5)(jnp.ones(2)).tolist()
    [1.0, 1.0]
    """

    l1: float = 0.0
    l2: float = 0.0
    supports_masking = True

    def __post_init__(self):
        self.activity_regularizer = L1L2(self.l1, self.l2)

    def call(self, inputs):
        return inputs

    def get_config(self):
        return {key: value for key, value in super().get_config().items() if key != "activity_regularizer"}

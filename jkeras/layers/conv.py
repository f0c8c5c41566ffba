"""Convolutions: plain, transposed, depthwise and separable, with one to three spatial axes.

One class for each idea; the classes that users name only say how many spatial axes there are.
"""

import jax.numpy as jnp

from ..core.declare import declare, era_default
from ..core.layer import Layer, layer
from ..core.spec import InputSpec, describe
from ..nn import columns
from ..nn import conv as nn
from . import adaptation
from .fields import (
    Activation,
    Constraint,
    DataFormat,
    Flag,
    Initializer,
    PositiveInt,
    Regularizer,
    optional,
    unless_set,
)
from .windows import Padding, Sizes, channels_of, over_batch, per_axis, windowed_shape


class _Conv(Layer):
    """What all convolutions share: checks, bias, activation."""

    rank = 0
    output_padding = None
    causal = False

    def __post_init__(self):
        names = ("kernel_size", "strides", "dilation_rate")
        per_axis(self, *names)
        if self.padding == "causal" and not (self.causal and self.rank == 1):
            raise ValueError(f"{describe(self)}: padding='causal' is for Conv1D; use 'valid' or 'same' here.")
        if max(self.strides) > 1 and max(self.dilation_rate) > 1 and not self.depth_multiplier:
            raise ValueError(
                f"{describe(self)}: strides={self.strides} and dilation_rate={self.dilation_rate} exclude each other; "
                "leave one of them 1."
            )
        self.input_spec = InputSpec(min_ndim=self.rank + 2)

    depth_multiplier = None

    @property
    def channel_axis(self):
        return -1 if self.data_format == "channels_last" else -1 - self.rank

    def _finish(self, outputs):
        if self.bias is not None:
            outputs = columns.add_bias(outputs, jnp.asarray(self.bias), self.channel_axis)
        return self.activation(outputs)

    def _window(self):
        return dict(strides=self.strides, padding=self.padding, dilation=self.dilation_rate, channels_last=self._last)

    @property
    def _last(self):
        return self.data_format == "channels_last"

    def _filters(self, input_shape):
        return self.filters

    def compute_output_shape(self, input_shape):
        def size(i, n):
            return nn.out_size(n, self.kernel_size[i], self.strides[i], self.dilation_rate[i], self.padding)

        return windowed_shape(self, input_shape, size, self._filters(input_shape))

    def _has_closed_form(self):
        # ``compute_output_shape`` holds for every class of this file, unless a user's activation changes the shape.
        return type(self).__module__ == __name__ and getattr(self.activation, "__module__", "").startswith("jkeras.")


@declare
class BaseConv(_Conv):
    """Convolution: (batch, *space, channels) -> (batch, *new space, filters).  https://keras.io/api/layers/convolution_layers/

    Raises ValueError for inputs of another rank or another number of channels, for ``groups`` that do not divide
    channels and filters, and where the window is larger than the input.
    """

    filters: PositiveInt
    kernel_size: Sizes
    strides: Sizes = era_default(1)
    padding: Padding = "valid"
    data_format: DataFormat = era_default(None)
    dilation_rate: Sizes = era_default(1)
    groups: PositiveInt = 1
    activation: Activation = None
    use_bias: Flag = True
    kernel_initializer: Initializer = "glorot_uniform"
    bias_initializer: Initializer = "zeros"
    kernel_regularizer: Regularizer = None
    bias_regularizer: Regularizer = None
    activity_regularizer: Regularizer = None
    kernel_constraint: Constraint = None
    bias_constraint: Constraint = None
    lora_rank: optional(PositiveInt) = None
    lora_alpha: object = None
    causal = True
    _adapted = "kernel"
    enable_lora = adaptation.enable_lora

    def __post_init__(self):
        super().__post_init__()
        if self.filters % self.groups:
            raise ValueError(f"{describe(self)}: groups={self.groups} must divide filters={self.filters}.")

    def build(self, input_shape):
        channels = channels_of(self, input_shape)
        if channels % self.groups:
            raise ValueError(
                f"{describe(self)}: groups={self.groups} must divide the {channels} channels of inputs of shape "
                f"{tuple(input_shape)}."
            )
        self.compute_output_shape(input_shape)
        self.kernel = self.add_weight("kernel", (*self.kernel_size, channels // self.groups, self.filters))
        self.bias = self.add_weight("bias", (self.filters,)) if self.use_bias else None
        adaptation.begin(self)

    def convolution_op(self, inputs, kernel):
        """The convolution alone, for subclasses that change the kernel first."""
        return nn.conv(inputs, jnp.asarray(kernel), groups=self.groups, **self._window())

    def call(self, inputs):
        self.compute_output_shape(inputs.shape)
        return self._finish(over_batch(self.rank, lambda x: self.convolution_op(x, self.kernel), inputs))

    def get_config(self):
        return unless_set(super().get_config(), *adaptation.ARGUMENTS)


@layer
class Conv1D(BaseConv):
    """Convolution along one axis: (batch, steps, channels) -> (batch, new_steps, filters).

    ``padding="causal"`` lets no output see later inputs.  https://keras.io/api/layers/convolution_layers/convolution1d/

    >>> Conv1D(1, 2, kernel_initializer="ones")(jnp.ones((1, 3, 1)))[0, :, 0].tolist()
    [2.0, 2.0]
    """

    rank = 1


@layer
class Conv2D(BaseConv):
    """Convolution of images: (batch, height, width, channels) -> (batch, new_height, new_width, filters).

    https://keras.io/api/layers/convolution_layers/convolution2d/

    >>> Conv2D(8, 3, padding="same")(jnp.ones((1, 5, 5, 3))).shape
    (1, 5, 5, 8)
    """

    rank = 2


@layer
class Conv3D(BaseConv):
    """Convolution of volumes: (batch, depth, height, width, channels) -> (batch, *new space, filters).

    https://keras.io/api/layers/convolution_layers/convolution3d/

    >>> Conv3D(8, 3)(jnp.ones((1, 5, 5, 5, 3))).shape
    (1, 3, 3, 3, 8)
    """

    rank = 3


@declare
class BaseConvTranspose(_Conv):
    """Transposed convolution: (batch, *space, channels) -> (batch, *larger space, filters).

    https://keras.io/api/layers/convolution_layers/convolution2d_transpose/
    """

    filters: PositiveInt
    kernel_size: Sizes
    strides: Sizes = era_default(1)
    padding: Padding = "valid"
    output_padding: object = None
    data_format: DataFormat = era_default(None)
    dilation_rate: Sizes = era_default(1)
    activation: Activation = None
    use_bias: Flag = True
    kernel_initializer: Initializer = "glorot_uniform"
    bias_initializer: Initializer = "zeros"
    kernel_regularizer: Regularizer = None
    bias_regularizer: Regularizer = None
    activity_regularizer: Regularizer = None
    kernel_constraint: Constraint = None
    bias_constraint: Constraint = None

    def __post_init__(self):
        super().__post_init__()
        if self.output_padding is None:
            return
        if isinstance(self.output_padding, list):
            self.output_padding = tuple(self.output_padding)
        per_axis(self, "output_padding")
        if any(not 0 <= extra < stride for extra, stride in zip(self.output_padding, self.strides, strict=True)):
            raise ValueError(
                f"{describe(self)}: output_padding={self.output_padding} must be at least 0 and less than "
                f"strides={self.strides} along each axis."
            )

    def build(self, input_shape):
        channels = channels_of(self, input_shape)
        self.kernel = self.add_weight("kernel", (*self.kernel_size, self.filters, channels))
        self.bias = self.add_weight("bias", (self.filters,)) if self.use_bias else None

    def call(self, inputs):
        def convolve(x):
            return nn.conv_transpose(x, jnp.asarray(self.kernel), output_padding=self.output_padding, **self._window())

        return self._finish(over_batch(self.rank, convolve, inputs))

    def compute_output_shape(self, input_shape):
        extra = self.output_padding or (None,) * self.rank

        def size(i, n):
            window = (self.kernel_size[i], self.strides[i], self.dilation_rate[i])
            return nn.transpose_out_size(n, *window, self.padding, extra[i])

        return windowed_shape(self, input_shape, size, self.filters)


@layer
class Conv1DTranspose(BaseConvTranspose):
    """Transposed convolution along one axis: (batch, steps, channels) -> (batch, new_steps, filters).

    https://keras.io/api/layers/convolution_layers/convolution1d_transpose/

    >>> Conv1DTranspose(1, 2, strides=2)(jnp.ones((1, 3, 1))).shape
    (1, 6, 1)
    """

    rank = 1


@layer
class Conv2DTranspose(BaseConvTranspose):
    """Transposed convolution of images: (batch, height, width, channels) -> (batch, larger, larger, filters).

    https://keras.io/api/layers/convolution_layers/convolution2d_transpose/

    >>> Conv2DTranspose(4, 3, strides=2, padding="same")(jnp.ones((1, 5, 5, 3))).shape
    (1, 10, 10, 4)
    """

    rank = 2


@layer
class Conv3DTranspose(BaseConvTranspose):
    """Transposed convolution of volumes: (batch, depth, height, width, channels) -> (batch, *larger space, filters).

    https://keras.io/api/layers/convolution_layers/convolution3d_transpose/

    >>> Conv3DTranspose(4, 2, strides=2)(jnp.ones((1, 2, 2, 2, 3))).shape
    (1, 4, 4, 4, 4)
    """

    rank = 3


@declare
class BaseDepthwiseConv(_Conv):
    """Each channel with its own filters: (batch, *space, channels) -> (batch, *new space, channels * depth_multiplier).

    https://keras.io/api/layers/convolution_layers/depthwise_convolution2d/
    """

    kernel_size: Sizes
    strides: Sizes = era_default(1)
    padding: Padding = "valid"
    depth_multiplier: PositiveInt = 1
    data_format: DataFormat = era_default(None)
    dilation_rate: Sizes = era_default(1)
    activation: Activation = None
    use_bias: Flag = True
    depthwise_initializer: Initializer = "glorot_uniform"
    bias_initializer: Initializer = "zeros"
    depthwise_regularizer: Regularizer = None
    bias_regularizer: Regularizer = None
    activity_regularizer: Regularizer = None
    depthwise_constraint: Constraint = None
    bias_constraint: Constraint = None

    def build(self, input_shape):
        channels = channels_of(self, input_shape)
        self.compute_output_shape(input_shape)
        self.kernel = self.add_weight(
            "kernel",
            (*self.kernel_size, channels, self.depth_multiplier),
            initializer=self.depthwise_initializer,
            regularizer=self.depthwise_regularizer,
            constraint=self.depthwise_constraint,
        )
        self.bias = self.add_weight("bias", (channels * self.depth_multiplier,)) if self.use_bias else None

    def call(self, inputs):
        self.compute_output_shape(inputs.shape)

        def convolve(x):
            return nn.depthwise_conv(x, jnp.asarray(self.kernel), **self._window())

        return self._finish(over_batch(self.rank, convolve, inputs))

    def _filters(self, input_shape):
        return input_shape[self.channel_axis] * self.depth_multiplier


@layer
class DepthwiseConv1D(BaseDepthwiseConv):
    """Each channel of a sequence with its own filters: (batch, steps, c) -> (batch, new_steps, c * depth_multiplier).

    https://keras.io/api/layers/convolution_layers/depthwise_convolution1d/

    >>> DepthwiseConv1D(2)(jnp.ones((1, 3, 4))).shape
    (1, 2, 4)
    """

    rank = 1


@layer
class DepthwiseConv2D(BaseDepthwiseConv):
    """Each channel of an image with its own filters: (batch, h, w, c) -> (batch, new_h, new_w, c * depth_multiplier).

    https://keras.io/api/layers/convolution_layers/depthwise_convolution2d/

    >>> DepthwiseConv2D(3, depth_multiplier=2)(jnp.ones((1, 5, 5, 4))).shape
    (1, 3, 3, 8)
    """

    rank = 2


@declare
class BaseSeparableConv(_Conv):
    """A depthwise convolution and then one over the channels alone: (batch, *space, c) -> (batch, *new space, filters).

    https://keras.io/api/layers/convolution_layers/separable_convolution2d/
    """

    filters: PositiveInt
    kernel_size: Sizes
    strides: Sizes = era_default(1)
    padding: Padding = "valid"
    data_format: DataFormat = era_default(None)
    dilation_rate: Sizes = era_default(1)
    depth_multiplier: PositiveInt = 1
    activation: Activation = None
    use_bias: Flag = True
    depthwise_initializer: Initializer = "glorot_uniform"
    pointwise_initializer: Initializer = "glorot_uniform"
    bias_initializer: Initializer = "zeros"
    depthwise_regularizer: Regularizer = None
    pointwise_regularizer: Regularizer = None
    bias_regularizer: Regularizer = None
    activity_regularizer: Regularizer = None
    depthwise_constraint: Constraint = None
    pointwise_constraint: Constraint = None
    bias_constraint: Constraint = None
    causal = True

    def build(self, input_shape):
        channels = channels_of(self, input_shape)
        self.compute_output_shape(input_shape)
        between = channels * self.depth_multiplier
        for name, shape in (
            ("depthwise", (*self.kernel_size, channels, self.depth_multiplier)),
            ("pointwise", (*(1,) * self.rank, between, self.filters)),
        ):
            weight = self.add_weight(
                f"{name}_kernel",
                shape,
                initializer=getattr(self, f"{name}_initializer"),
                regularizer=getattr(self, f"{name}_regularizer"),
                constraint=getattr(self, f"{name}_constraint"),
            )
            setattr(self, f"{name}_kernel", weight)
        self.bias = self.add_weight("bias", (self.filters,)) if self.use_bias else None

    def call(self, inputs):
        self.compute_output_shape(inputs.shape)

        def convolve(x):
            x = nn.depthwise_conv(x, jnp.asarray(self.depthwise_kernel), **self._window())
            return nn.conv(x, jnp.asarray(self.pointwise_kernel), channels_last=self._last)

        return self._finish(over_batch(self.rank, convolve, inputs))


@layer
class SeparableConv1D(BaseSeparableConv):
    """Depthwise, then pointwise convolution along one axis: (batch, steps, c) -> (batch, new_steps, filters).

    https://keras.io/api/layers/convolution_layers/separable_convolution1d/

    >>> SeparableConv1D(8, 2)(jnp.ones((1, 3, 4))).shape
    (1, 2, 8)
    """

    rank = 1


@layer
class SeparableConv2D(BaseSeparableConv):
    """Depthwise, then pointwise convolution of images: (batch, h, w, c) -> (batch, new_h, new_w, filters).

    https://keras.io/api/layers/convolution_layers/separable_convolution2d/

    >>> SeparableConv2D(8, 3)(jnp.ones((1, 5, 5, 4))).shape
    (1, 3, 3, 8)
    """

    rank = 2


Convolution1D, Convolution2D, Convolution3D = Conv1D, Conv2D, Conv3D
Convolution1DTranspose, Convolution2DTranspose, Convolution3DTranspose = (
    Conv1DTranspose,
    Conv2DTranspose,
    Conv3DTranspose,
)
SeparableConvolution1D, SeparableConvolution2D = SeparableConv1D, SeparableConv2D

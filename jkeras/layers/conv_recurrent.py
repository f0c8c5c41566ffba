"""Convolutional LSTMs: the gates are convolutions of the input and of the state.

Source: Shi et al., 2015, https://arxiv.org/abs/1506.04214
"""

import functools
from typing import ClassVar

import jax.numpy as jnp

from ..core.declare import IntTuple, declare, era_default, set_field
from ..core.layer import layer
from ..core.spec import describe
from ..nn import conv as convolution
from ..nn import recurrent as nn
from .fields import Activation, Constraint, DataFormat, Flag, Initializer, PositiveInt, Rate, Regularizer, choice
from .recurrent import RNN, OfCell, over
from .recurrent_cells import LSTMCell, batch_and_dtype, either_order


@declare
class ConvLSTMCell(LSTMCell):
    """One step of a convolutional LSTM on images of ``rank`` axes; gates i, f, c, o; states [h, c] in the output's shape."""

    units: ClassVar
    implementation: ClassVar = 1
    filters: PositiveInt
    kernel_size: object
    strides: object = era_default(1)
    padding: choice("valid", "same") = "valid"
    data_format: DataFormat = None
    dilation_rate: object = era_default(1)
    activation: Activation = "tanh"
    recurrent_activation: Activation = era_default("sigmoid")
    use_bias: Flag = True
    kernel_initializer: Initializer = "glorot_uniform"
    recurrent_initializer: Initializer = "orthogonal"
    bias_initializer: Initializer = "zeros"
    unit_forget_bias: Flag = True
    kernel_regularizer: Regularizer = None
    recurrent_regularizer: Regularizer = None
    bias_regularizer: Regularizer = None
    kernel_constraint: Constraint = None
    recurrent_constraint: Constraint = None
    bias_constraint: Constraint = None
    dropout: Rate = 0.0
    recurrent_dropout: Rate = 0.0
    seed: object = None
    rank = 2

    def __post_init__(self):
        for name in ("kernel_size", "strides", "dilation_rate"):
            set_field(self, self._fields[name]._replace(converter=IntTuple(self.rank)), getattr(self, name))
        self.units = self.filters
        super().__post_init__()
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError(
                f"{describe(self)}: strides={self.strides} and dilation_rate={self.dilation_rate} cannot both be above 1."
            )

    @property
    def _last(self):
        return self.data_format == "channels_last"

    def build(self, input_shape):
        shape = tuple(input_shape)
        if len(shape) != self.rank + 2:
            raise ValueError(f"{describe(self)}: expected {self.rank + 2} axes in a step, received shape {shape}.")
        channels, space = (shape[-1], shape[1:-1]) if self._last else (shape[1], shape[2:])
        if None in space:
            raise ValueError(f"{describe(self)}: expected known sizes, received shape {shape}. Name them in Input().")
        sizes = zip(space, self.kernel_size, self.strides, self.dilation_rate, strict=True)
        self._space = tuple(convolution.out_size(*one, self.padding) for one in sizes)
        if min(self._space) < 1:
            raise ValueError(
                f"{describe(self)}: kernel_size {self.kernel_size} does not fit into {space}. "
                "Use padding='same' or larger inputs."
            )
        self._add_kernels(channels, self.filters, self.kernel_size)
        self.bias = self._add_bias() if self.use_bias else None

    @either_order
    def get_initial_state(self, batch_size=None, inputs=None, dtype=None):
        """Two arrays of zeros in the shape of the output; arguments as in ``LSTMCell``."""
        batch_size, dtype = batch_and_dtype(batch_size, inputs, dtype)
        shape = (*self._space, self.filters) if self._last else (self.filters, *self._space)
        return [jnp.zeros((batch_size, *shape), dtype or self.compute_dtype) for _ in range(2)]

    def run(self, sequence, states, mask=None, training=False, reverse=False, unroll=False):
        if not self._last:
            sequence, states = jnp.moveaxis(sequence, 2, -1), [jnp.moveaxis(s, 1, -1) for s in states]
        outputs, states = self._gated(
            nn.LSTM, (self.activation, self.recurrent_activation),
            self._project(sequence, self.bias, training, self._convolve),
            tuple(states), (mask, training, reverse, unroll), product=_product(self.kernel_size),
        )  # fmt: skip
        if not self._last:
            outputs, states = jnp.moveaxis(outputs, -1, 2), tuple(jnp.moveaxis(s, -1, 1) for s in states)
        return outputs, states

    def input_conv(self, x, w, b=None, padding="valid"):
        """The convolution of the input of one step."""
        out = convolution.conv(x, jnp.asarray(w), self.strides, padding, self.dilation_rate, channels_last=self._last)
        return out if b is None else out + jnp.asarray(b).reshape(-1, *[1] * (0 if self._last else self.rank))

    def recurrent_conv(self, x, w):
        """The convolution of the state of one step."""
        return convolution.conv(x, jnp.asarray(w), padding="same", channels_last=self._last)

    def _convolve(self, sequence, kernel, bias=None):
        """The convolution of all steps in one."""
        merged = sequence.reshape(-1, *sequence.shape[2:])
        out = convolution.conv(merged, kernel, self.strides, self.padding, self.dilation_rate)
        out = out if bias is None else out + bias
        return out.reshape(*sequence.shape[:2], *out.shape[1:])


@functools.cache
def _product(window):
    return functools.partial(nn.recur_conv, window)


@declare
class ConvLSTM1DCell(ConvLSTMCell):
    """One step of ``ConvLSTM1D``."""

    rank = 1


@layer
class ConvLSTM2DCell(ConvLSTMCell):
    """One step of ``ConvLSTM2D``: (batch, rows, columns, channels), two states in the shape of the output.

    >>> cell, state = ConvLSTM2DCell(3, 2, padding="same"), jnp.zeros((1, 4, 4, 3))
    >>> output, states = cell(jnp.ones((1, 4, 4, 2)), [state, state])
    >>> output.shape
    (1, 4, 4, 3)
    """


@declare
class ConvLSTM3DCell(ConvLSTMCell):
    """One step of ``ConvLSTM3D``."""

    rank = 3


class _ConvLSTM(OfCell):
    time_major = False

    @property
    def ndim(self):
        """Number of axes of the input."""
        return self._cell_class.rank + 3


@over(ConvLSTM1DCell, "conv_lstm_cell", ("time_major",))
class ConvLSTM1D(_ConvLSTM):
    """LSTM of signals: (batch, time, n, channels) -> (batch, new n, filters), see ``RNN`` and ``Conv1D``.

    https://keras.io/api/layers/recurrent_layers/conv_lstm1d/

    >>> ConvLSTM1D(3, 2)(jnp.ones((1, 4, 5, 2))).shape
    (1, 4, 3)
    """


@over(ConvLSTM2DCell, "conv_lstm_cell", ("time_major",))
class ConvLSTM2D(_ConvLSTM):
    """LSTM of images: (batch, time, rows, columns, channels) -> (batch, new rows, new columns, filters), see ``RNN``.

    ``data_format="channels_first"`` takes and gives the channels before rows and columns.
    https://keras.io/api/layers/recurrent_layers/conv_lstm2d/

    >>> ConvLSTM2D(3, 2, return_sequences=True)(jnp.ones((1, 4, 5, 5, 2))).shape
    (1, 4, 4, 4, 3)
    """


@over(ConvLSTM3DCell, "conv_lstm_cell", ("time_major",))
class ConvLSTM3D(_ConvLSTM):
    """LSTM of volumes: (batch, time, a, b, c, channels) -> (batch, new a, new b, new c, filters), see ``RNN``.

    https://keras.io/api/layers/recurrent_layers/conv_lstm3d/

    >>> ConvLSTM3D(3, 2)(jnp.ones((1, 2, 3, 3, 3, 2))).shape
    (1, 2, 2, 2, 3)
    """


@layer
class ConvRNN2D(RNN):
    """``RNN`` with cells that work on images, as Keras 2 called it: (batch, time, rows, columns, channels).

    >>> ConvRNN2D(ConvLSTM2DCell(3, 2))(jnp.ones((1, 4, 5, 5, 2))).shape
    (1, 4, 4, 3)
    """

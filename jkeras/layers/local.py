"""Convolutions whose windows share no weights."""

import itertools
import math

import jax.numpy as jnp
import numpy as np

from ..core import connections
from ..core.declare import declare, era_default
from ..core.layer import Layer, layer
from ..core.spec import InputSpec, describe
from ..nn import conv as nn
from .fields import Activation, Constraint, DataFormat, Flag, Initializer, PositiveInt, Regularizer
from .windows import Padding, Sizes, channels_of, per_axis, windowed_shape


@declare
class BaseLocallyConnected(Layer):
    """A convolution with filters of its own for each window: (batch, *space, c) -> (batch, *new space, filters).

    ``implementation`` says how the kernel is kept: 1, one matrix a window (only with ``padding="valid"``); 2, one
    matrix from all inputs to all outputs, zero where nothing is connected; 3, the connected entries of that matrix as
    one vector. Computed is the same sum each time. https://keras.io/2.18/api/layers/locally_connected_layers/
    """

    filters: PositiveInt
    kernel_size: Sizes
    strides: Sizes = era_default(1)
    padding: Padding = "valid"
    data_format: DataFormat = None
    activation: Activation = None
    use_bias: Flag = True
    kernel_initializer: Initializer = "glorot_uniform"
    bias_initializer: Initializer = "zeros"
    kernel_regularizer: Regularizer = None
    bias_regularizer: Regularizer = None
    activity_regularizer: Regularizer = None
    kernel_constraint: Constraint = None
    bias_constraint: Constraint = None
    implementation: int = 1
    rank = 0

    def __post_init__(self):
        per_axis(self, "kernel_size", "strides")
        if self.implementation not in (1, 2, 3):
            raise ValueError(f"{describe(self)}: implementation wants 1, 2 or 3, received {self.implementation!r}.")
        if self.padding == "causal" or (self.padding == "same" and self.implementation == 1):
            raise ValueError(
                f"{describe(self)}: padding={self.padding!r} does not go with implementation={self.implementation}; "
                "use 'valid', or 'same' with implementation=2 or 3."
            )
        self.input_spec = InputSpec(ndim=self.rank + 2)

    @property
    def channel_axis(self):
        return -1 if self.data_format == "channels_last" else 1

    def build(self, input_shape):
        channels = channels_of(self, input_shape)
        self.input_spec = InputSpec(ndim=self.rank + 2, axes={self.channel_axis: channels})
        last = self.data_format == "channels_last"
        space = tuple(input_shape[1:-1] if last else input_shape[2:])
        if None in space:
            raise ValueError(f"{describe(self)}: space must be of known size, received shape {tuple(input_shape)}.")
        output = self.compute_output_shape(input_shape)
        new = output[1:-1] if last else output[2:]
        windows = math.prod(new)
        if self.implementation == 1:
            shape = (windows, math.prod(self.kernel_size) * channels, self.filters)
        elif self.implementation == 2:
            shape = (*space, channels, *new, self.filters) if last else (channels, *space, self.filters, *new)
        else:
            self._entries = self._connected(space, new, channels)
            shape = (self._entries.shape[1],)
        self.kernel = self.add_weight("kernel", shape)
        bias = (*new, self.filters)
        self.bias = self.add_weight("bias", bias) if self.use_bias else None

    def _connected(self, space, new, channels):
        """Output and input, as flat indices in the order of the data format, of each connection; sorted."""
        last = self.data_format == "channels_last"
        pads = [
            nn.pad_amounts(*sizes, 1, self.padding)[0]
            for sizes in zip(space, self.kernel_size, self.strides, strict=True)
        ]
        pairs = []
        for window in np.ndindex(*new):
            starts = [w * s - p for w, s, p in zip(window, self.strides, pads, strict=True)]
            ranges = [range(max(a, 0), min(a + k, n)) for a, k, n in zip(starts, self.kernel_size, space, strict=True)]
            for point in itertools.product(*ranges):
                for i, o in np.ndindex(channels, self.filters):
                    out = (*window, o) if last else (o, *window)
                    inside = (*point, i) if last else (i, *point)
                    out_shape = (*new, self.filters) if last else (self.filters, *new)
                    in_shape = (*space, channels) if last else (channels, *space)
                    pairs.append((np.ravel_multi_index(out, out_shape), np.ravel_multi_index(inside, in_shape)))
        return np.array(sorted(pairs)).T

    def call(self, inputs):
        output = (inputs.shape[0], *self.compute_output_shape(inputs.shape)[1:])
        if self.implementation == 1:
            y = self._by_windows(inputs, output)
        else:
            flat = inputs.reshape(inputs.shape[0], -1)
            y = (flat @ self._matrix(flat.shape[1], math.prod(output[1:]), inputs.shape, output)).reshape(output)
        if self.bias is not None:
            bias = jnp.asarray(self.bias)
            # the real layer reshapes its bias for channels first, and files hold it so
            y = y + (bias if self.channel_axis == -1 else bias.reshape(self.filters, *bias.shape[:-1]))
        return self.activation(y)

    def _by_windows(self, inputs, output):
        """One matmul a window, all at once."""
        x = jnp.moveaxis(inputs, self.channel_axis, -1)
        new = output[1:-1] if self.channel_axis == -1 else output[2:]
        parts = []
        for point in np.ndindex(*self.kernel_size):
            where = (slice(p, p + (n - 1) * s + 1, s) for p, n, s in zip(point, new, self.strides, strict=True))
            parts.append(x[(slice(None), *where)].reshape(x.shape[0], -1, x.shape[-1]))
        if self.channel_axis == -1:
            patches = jnp.concatenate(parts, -1)
        else:  # the order in which the kernel of this layout lists the inputs of a window
            patches = jnp.stack(parts, -1).reshape(x.shape[0], parts[0].shape[1], -1)
        y = jnp.einsum("nwi,wio->nwo", patches, jnp.asarray(self.kernel)).reshape(x.shape[0], *new, self.filters)
        return jnp.moveaxis(y, -1, self.channel_axis)

    def _matrix(self, n_in, n_out, input_shape, output):
        """The whole matrix from inputs to outputs."""
        kernel = jnp.asarray(self.kernel)
        if self.implementation == 3:
            out, inside = self._entries
            return jnp.zeros((n_in, n_out), kernel.dtype).at[inside, out].set(kernel)
        last = self.channel_axis == -1
        space, new = (input_shape[1:-1], output[1:-1]) if last else (input_shape[2:], output[2:])
        out, inside = self._connected(space, new, input_shape[self.channel_axis])
        connected = np.zeros((n_in, n_out), bool)
        connected[inside, out] = True
        return jnp.where(connected, kernel.reshape(n_in, n_out), 0)

    def compute_output_shape(self, input_shape):
        def size(i, n):
            return nn.out_size(n, self.kernel_size[i], self.strides[i], 1, self.padding)

        return windowed_shape(self, input_shape, size, self.filters)


@layer
class LocallyConnected1D(BaseLocallyConnected):
    """Filters of their own at each step: (batch, steps, channels) -> (batch, new_steps, filters).

    https://keras.io/2.18/api/layers/locally_connected_layers/locall_connected1d/

    >>> LocallyConnected1D(3, 2)(jnp.ones((1, 4, 2))).shape
    (1, 3, 3)
    """

    rank = 1


@layer
class LocallyConnected2D(BaseLocallyConnected):
    """Filters of their own at each point: (batch, height, width, channels) -> (batch, new_height, new_width, filters).

    https://keras.io/2.18/api/layers/locally_connected_layers/locall_connected2d/

    >>> LocallyConnected2D(3, 2)(jnp.ones((1, 4, 4, 2))).shape
    (1, 3, 3, 3)
    """

    rank = 2


__getattr__ = connections.old_names(__name__)

"""K: convolutions, pooling, padding and resizing."""

import jax.numpy as jnp
import numpy as np
from jax import lax

from .. import ops
from ..core.config import standardize_data_format
from ..core.declare import takes_old_words
from ..core.symbolic import op
from .tensors import _array, sizes_of, sizes_recipe

__all__ = [
    "bias_add", "conv1d", "conv2d", "conv2d_transpose", "conv3d", "conv3d_transpose", "depthwise_conv2d", "local_conv1d",
    "local_conv2d", "normalize_data_format", "pool2d", "pool3d", "resize_images", "resize_volumes", "separable_conv1d",
    "separable_conv2d", "spatial_2d_padding", "spatial_3d_padding", "temporal_padding", "transpose_shape",
]  # fmt: skip

normalize_data_format = takes_old_words(standardize_data_format, renamed=("data_format",))


@op
def bias_add(x, bias, data_format=None):
    """Adds a bias of one value per channel, or one of the shape of a sample."""
    x, bias = _array(x), _array(bias)
    if bias.ndim not in (1, x.ndim - 1):
        raise ValueError(
            f"K.bias_add: expected a bias with 1 or {x.ndim - 1} axes, received shape {tuple(bias.shape)}."
        )
    if standardize_data_format(data_format) == "channels_first" and x.ndim > 2:
        if bias.ndim == 1:
            return x + jnp.reshape(bias, (1, -1) + (1,) * (x.ndim - 2))
        return x + jnp.moveaxis(bias, -1, 0)[None]
    return x + bias


def _conv(rank, default_strides):
    def conv(x, kernel, strides=default_strides, padding="valid", data_format=None, dilation_rate=default_strides):
        causal = rank == 1 and padding == "causal"
        if causal:
            left = (kernel.shape[0] - 1) * (dilation_rate if isinstance(dilation_rate, int) else dilation_rate[0])
            x, padding = temporal_padding(x, (left, 0)), "valid"
        return ops.conv(x, kernel, strides, padding, standardize_data_format(data_format), dilation_rate)

    conv.__name__ = conv.__qualname__ = f"conv{rank}d"
    conv.__doc__ = f"Convolution over {rank} axes."
    return conv


conv1d, conv2d, conv3d = _conv(1, 1), _conv(2, (1, 1)), _conv(3, (1, 1, 1))


def _transposed(x, kernel, output_shape, strides, padding, data_format, dilation_rate):
    data_format = standardize_data_format(data_format)
    if padding not in ("valid", "same"):
        raise ValueError(f"K.conv_transpose: expected padding 'valid' or 'same', received {padding!r}.")
    shape = sizes_recipe(output_shape)
    return _conv_transpose(x, kernel, shape, strides, padding, data_format, dilation_rate)


@op
def _conv_transpose(x, kernel, output_shape, strides, padding, data_format, dilation_rate):
    """The gradient of the convolution that makes ``x`` from an array of ``output_shape``."""
    x, kernel, shape = _array(x), _array(kernel), sizes_of(output_shape)
    first = data_format == "channels_first"
    x = jnp.moveaxis(x, 1, -1) if first else x
    wanted, rank = shape[2:] if first else shape[1:-1], x.ndim - 2
    strides = (strides,) * rank if isinstance(strides, int) else tuple(strides)
    rates = (dilation_rate,) * rank if isinstance(dilation_rate, int) else tuple(dilation_rate)
    pads = []
    for n, w, k, s, d in zip(x.shape[1:-1], wanted, kernel.shape[:rank], strides, rates, strict=True):
        k = (k - 1) * d + 1
        w = w if w is not None else n * s if padding == "same" else n * s + max(k - s, 0)
        if -(-(w if padding == "same" else w - k + 1) // s) != n:
            raise ValueError(
                f"K.conv_transpose: no convolution with size {k}, stride {s} and padding {padding!r} makes {n} places from "
                f"{w}; received output_shape={shape} for an input of shape {tuple(x.shape)}."
            )
        before = max((n - 1) * s + k - w, 0) // 2 if padding == "same" else 0
        low = k - 1 - before
        pads.append((low, w - ((n - 1) * s + 1) + (k - 1) - low))
    spatial = "DHW"[3 - rank :]
    letters = ("N" + spatial + "C", spatial + "OI", "N" + spatial + "C")
    flipped = jnp.flip(kernel, tuple(range(rank)))
    y = lax.conv_general_dilated(x, flipped, (1,) * rank, pads, strides, rates, dimension_numbers=letters)
    return jnp.moveaxis(y, -1, 1) if first else y


def conv2d_transpose(x, kernel, output_shape, strides=(1, 1), padding="valid", data_format=None, dilation_rate=(1, 1)):
    """Transposed convolution over 2 axes."""
    return _transposed(x, kernel, output_shape, strides, padding, data_format, dilation_rate)


def conv3d_transpose(x, kernel, output_shape, strides=(1, 1, 1), padding="valid", data_format=None):
    """Transposed convolution over 3 axes."""
    return _transposed(x, kernel, output_shape, strides, padding, data_format, (1, 1, 1))


def separable_conv1d(
    x, depthwise_kernel, pointwise_kernel, strides=1, padding="valid", data_format=None, dilation_rate=1
):
    """Depthwise, then pointwise convolution over 1 axis."""
    data_format = standardize_data_format(data_format)
    return ops.separable_conv(x, depthwise_kernel, pointwise_kernel, strides, padding, data_format, dilation_rate)


def separable_conv2d(
    x, depthwise_kernel, pointwise_kernel, strides=(1, 1), padding="valid", data_format=None, dilation_rate=(1, 1)
):
    """Depthwise, then pointwise convolution over 2 axes."""
    data_format = standardize_data_format(data_format)
    return ops.separable_conv(x, depthwise_kernel, pointwise_kernel, strides, padding, data_format, dilation_rate)


def depthwise_conv2d(x, depthwise_kernel, strides=(1, 1), padding="valid", data_format=None, dilation_rate=(1, 1)):
    """Convolution of each channel by its own kernels."""
    data_format = standardize_data_format(data_format)
    return ops.depthwise_conv(x, depthwise_kernel, strides, padding, data_format, dilation_rate)


def _pool(x, pool_size, strides, padding, data_format, pool_mode):
    functions = {"max": ops.max_pool, "avg": ops.average_pool}
    if pool_mode not in functions:
        raise ValueError(f"K.pool: pool_mode must be 'max' or 'avg', received {pool_mode!r}.")
    return functions[pool_mode](x, pool_size, strides, padding, standardize_data_format(data_format))


def pool2d(x, pool_size, strides=(1, 1), padding="valid", data_format=None, pool_mode="max"):
    """Maximum or average over windows of 2 axes."""
    return _pool(x, pool_size, strides, padding, data_format, pool_mode)


def pool3d(x, pool_size, strides=(1, 1, 1), padding="valid", data_format=None, pool_mode="max"):
    """Maximum or average over windows of 3 axes."""
    return _pool(x, pool_size, strides, padding, data_format, pool_mode)


@op
def _pad(x, widths):
    return jnp.pad(_array(x), widths)


def temporal_padding(x, padding=(1, 1)):
    """Zeros before and after the steps of (batch, steps, channels)."""
    return _pad(x, [(0, 0), tuple(padding), (0, 0)])


def _spatial_padding(x, padding, data_format):
    widths = [tuple(p) for p in padding]
    first = standardize_data_format(data_format) == "channels_first"
    return _pad(x, [(0, 0), (0, 0), *widths] if first else [(0, 0), *widths, (0, 0)])


def spatial_2d_padding(x, padding=((1, 1), (1, 1)), data_format=None):
    """Zeros around images."""
    return _spatial_padding(x, padding, data_format)


def spatial_3d_padding(x, padding=((1, 1), (1, 1), (1, 1)), data_format=None):
    """Zeros around volumes."""
    return _spatial_padding(x, padding, data_format)


def resize_images(x, height_factor, width_factor, data_format, interpolation="nearest"):
    """Images enlarged by whole factors."""
    if interpolation == "nearest":
        return _repeated(x, (height_factor, width_factor), data_format)
    data_format = standardize_data_format(data_format)
    h, w = x.shape[1:3] if data_format == "channels_last" else x.shape[2:4]
    return ops.image.resize(
        x, (h * height_factor, w * width_factor), interpolation=interpolation, data_format=data_format
    )


def resize_volumes(x, depth_factor, height_factor, width_factor, data_format):
    """Volumes enlarged by whole factors."""
    return _repeated(x, (depth_factor, height_factor, width_factor), data_format)


@op
def _repeated(x, factors, data_format):
    x, first = _array(x), 1 if standardize_data_format(data_format) == "channels_last" else 2
    for i, factor in enumerate(factors):
        x = jnp.repeat(x, factor, axis=first + i)
    return x


@op
def local_conv1d(inputs, kernel, kernel_size, strides, data_format=None):
    """Convolution over 1 axis with a kernel (steps, size * channels, filters) of its own at each place."""
    return _local(_array(inputs), _array(kernel), kernel_size, strides, None, data_format)


@op
def local_conv2d(inputs, kernel, kernel_size, strides, output_shape, data_format=None):
    """Convolution over 2 axes with a kernel (places, size * channels, filters) of its own at each place."""
    return _local(_array(inputs), _array(kernel), kernel_size, strides, output_shape, data_format)


def _local(x, kernel, size, strides, output_shape, data_format):
    first = standardize_data_format(data_format) == "channels_first"
    x = jnp.moveaxis(x, 1, -1) if first else x
    rank = x.ndim - 2
    size, strides = tuple(size), tuple(strides)
    outs = tuple(output_shape or kernel.shape[:1])
    fit = [(n - k) // s + 1 for n, k, s in zip(x.shape[1:], size, strides)]
    if any(n > most for n, most in zip(outs, fit)) or np.prod(outs) != kernel.shape[0]:
        raise ValueError(
            f"K.local_conv: a kernel of {kernel.shape[0]} places for outputs of shape {outs} does not fit an input with "
            f"{tuple(fit)} places."
        )
    slices = []
    for offset in np.ndindex(size):
        index = [slice(o, o + (n - 1) * s + 1, s) for o, n, s in zip(offset, outs, strides)]
        slices.append(x[(slice(None), *index)])
    axis = 1 + rank
    patches = jnp.stack(slices, axis=axis)  # (batch, *outs, offsets, channels)
    if first and rank == 2:
        patches = jnp.swapaxes(patches, -1, -2)
    patches = patches.reshape(x.shape[0], kernel.shape[0], -1)
    out = jnp.einsum("bpk,pkf->bpf", patches, kernel).reshape(x.shape[0], *outs, -1)
    return jnp.moveaxis(out, -1, 1) if first else out


def transpose_shape(shape, target_format, spatial_axes):
    """A shape with channels last, in the order of ``target_format``."""
    if target_format == "channels_first":
        return tuple(shape)[:1] + tuple(shape)[-1:] + tuple(shape[i] for i in spatial_axes)
    if target_format == "channels_last":
        return tuple(shape)
    raise ValueError(f"transpose_shape: expected 'channels_first' or 'channels_last', received {target_format!r}.")

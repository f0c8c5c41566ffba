"""keras.ops.nn: activations, convolution, pooling, normalization, losses and attention as functions of arrays.

Source: https://keras.io/api/ops/nn/. `data_format` None is the one of the configuration.
"""

import jax
import jax.numpy as jnp

from ..activations import (  # noqa: F401 - the functions of the same parameters
    celu,
    elu,
    glu,
    hard_shrink,
    hard_sigmoid,
    hard_silu,
    hard_swish,
    hard_tanh,
    leaky_relu,
    log_sigmoid,
    log_softmax,
    relu6,
    selu,
    sigmoid,
    silu,
    soft_shrink,
    softmax,
    softplus,
    softsign,
    sparse_plus,
    sparse_sigmoid,
    sparsemax,
    squareplus,
    swish,
    tanh_shrink,
    threshold,
)
from ..core import config
from ..core.symbolic import op
from ..nn import attention, norm, pooling
from ..nn import conv as convolutions
from .ctc import ctc_decode, ctc_loss  # noqa: F401
from .labels import (  # noqa: F401
    binary_crossentropy,
    categorical_crossentropy,
    check_shapes,
    multi_hot,
    one_hot,
    sparse_categorical_crossentropy,
)
from .table import array, inexact

__all__ = (
    "adaptive_average_pool adaptive_max_pool average_pool batch_normalization binary_crossentropy "
    "categorical_crossentropy celu conv conv_transpose ctc_decode ctc_loss depth_to_space depthwise_conv "
    "dot_product_attention elu fold gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh "
    "layer_normalization leaky_relu log_sigmoid log_softmax max_pool moments multi_hot normalize one_hot polar "
    "psnr relu relu6 rms_normalization selu separable_conv sigmoid silu soft_shrink softmax softplus softsign "
    "space_to_depth sparse_categorical_crossentropy sparse_plus sparse_sigmoid sparsemax squareplus swish "
    "tanh_shrink threshold unfold "
).split()


@op
def relu(x):
    """Return `max(x, 0)`.

    >>> relu([-1.0, 2.0]).tolist()
    [0.0, 2.0]
    """
    return jax.nn.relu(array(x))


@op
def gelu(x, approximate=True):
    """Return `x * P(X <= x)` for a standard normal X, by `tanh` or, unless `approximate`, `erf` (Hendrycks, 2016).

    >>> gelu([0.0]).tolist()
    [0.0]
    """
    return jax.nn.gelu(array(x), approximate)


# ------------------------------------------------- convolution and pooling


def _geometry(name, x, padding, data_format):
    """(array, padding in small letters, channels last?)"""
    x, padding = array(x), padding.lower()
    if x.ndim not in (3, 4, 5):
        raise ValueError(f"{name}: expected one to three spatial axes between batch and channels, received {x.shape}.")
    if padding not in ("valid", "same"):
        raise ValueError(f"{name}(padding={padding!r}): expected 'valid' or 'same'.")
    return x, padding, config.standardize_data_format(data_format) == "channels_last"


def _whole(name, y):
    if 0 in y.shape or min(y.shape, default=1) < 0:
        raise ValueError(f"{name}: the window does not fit into the input; the result would have the shape {y.shape}.")
    return y


def _channels(x, last):
    return x.shape[-1 if last else 1]


@op
def conv(inputs, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1):
    """Convolve (n, *space, c) with a kernel (*window, c / groups, filters); the sizes tell the number of groups.

    Raises ValueError if the channels do not fit or the window is larger than the input.

    >>> conv(jnp.ones((1, 4, 1)), jnp.ones((2, 1, 3))).shape
    (1, 3, 3)
    """
    x, padding, last = _geometry("conv", inputs, padding, data_format)
    kernel = array(kernel)
    groups, rest = divmod(_channels(x, last), kernel.shape[-2])
    if rest or not groups:
        raise ValueError(
            f"conv: {_channels(x, last)} input channels are no multiple of the kernel's {kernel.shape[-2]} "
            f"(input {x.shape}, kernel {kernel.shape})."
        )
    x = x.astype(kernel.dtype)
    return _whole("conv", convolutions.conv(x, kernel, strides, padding, dilation_rate, groups, last))


@op
def depthwise_conv(inputs, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1):
    """Convolve each channel of (n, *space, c) with its own filters, kernel (*window, c, m). -> (n, *space, c m)

    >>> depthwise_conv(jnp.ones((1, 4, 2)), jnp.ones((2, 2, 3))).shape
    (1, 3, 6)
    """
    x, padding, last = _geometry("depthwise_conv", inputs, padding, data_format)
    kernel = array(kernel)
    if _channels(x, last) != kernel.shape[-2]:
        raise ValueError(
            f"depthwise_conv: {_channels(x, last)} input channels, but the kernel {kernel.shape} is for "
            f"{kernel.shape[-2]}."
        )
    y = convolutions.depthwise_conv(x, kernel, strides, padding, dilation_rate, last)
    return _whole("depthwise_conv", y)


@op
def separable_conv(
    inputs, depthwise_kernel, pointwise_kernel, strides=1, padding="valid", data_format=None, dilation_rate=1
):
    """Convolve each channel by itself, then mix the results at each point.

    >>> separable_conv(jnp.ones((1, 4, 2)), jnp.ones((2, 2, 1)), jnp.ones((1, 2, 5))).shape
    (1, 3, 5)
    """
    y = depthwise_conv(inputs, depthwise_kernel, strides, padding, data_format, dilation_rate)
    return conv(y, pointwise_kernel, 1, "valid", data_format)


@op
def conv_transpose(inputs, kernel, strides=1, padding="valid", output_padding=None, data_format=None, dilation_rate=1):
    """Transpose of a convolution with a kernel (*window, filters, c).

    >>> conv_transpose(jnp.ones((1, 4, 1)), jnp.ones((2, 3, 1)), strides=2).shape
    (1, 8, 3)
    """
    x, padding, last = _geometry("conv_transpose", inputs, padding, data_format)
    kernel = array(kernel)
    if _channels(x, last) != kernel.shape[-1]:
        raise ValueError(
            f"conv_transpose: {_channels(x, last)} input channels, but the kernel {kernel.shape} is for "
            f"{kernel.shape[-1]}."
        )
    return convolutions.conv_transpose(x, kernel, strides, padding, output_padding, dilation_rate, last)


@op
def max_pool(inputs, pool_size, strides=None, padding="valid", data_format=None):
    """Return the largest value in each window of (n, *space, c); the strides are the window if None.

    >>> max_pool(jnp.arange(4.0).reshape(1, 4, 1), 2).tolist()
    [[[1.0], [3.0]]]
    """
    x, padding, last = _geometry("max_pool", inputs, padding, data_format)
    return _whole("max_pool", pooling.max_pool(x, pool_size, strides, padding, last))


@op
def average_pool(inputs, pool_size, strides=None, padding="valid", data_format=None):
    """Return the mean of each window of (n, *space, c); points beyond the edge do not count.

    >>> average_pool(jnp.arange(4.0).reshape(1, 4, 1), 2).tolist()
    [[[0.5], [2.5]]]
    """
    x, padding, last = _geometry("average_pool", inputs, padding, data_format)
    return _whole("average_pool", pooling.average_pool(x, pool_size, strides, padding, last))


@op
def adaptive_max_pool(inputs, output_size, data_format=None):
    """Return the largest values of windows that divide space into so many parts.

    >>> adaptive_max_pool(jnp.arange(4.0).reshape(1, 4, 1), 2).tolist()
    [[[1.0], [3.0]]]
    """
    x, _, last = _geometry("adaptive_max_pool", inputs, "valid", data_format)
    return pooling.adaptive_max_pool(x, output_size, last)


@op
def adaptive_average_pool(inputs, output_size, data_format=None):
    """Return the means of windows that divide space into so many parts.

    >>> adaptive_average_pool(jnp.arange(4.0).reshape(1, 4, 1), 2).tolist()
    [[[0.5], [2.5]]]
    """
    x, _, last = _geometry("adaptive_average_pool", inputs, "valid", data_format)
    return pooling.adaptive_average_pool(x, output_size, last)


def _pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


@op
def unfold(x, kernel_size, dilation=1, padding=0, stride=1):
    """Put each window of an image into a column. (n, c, h, w) -> (n, c kh kw, windows)

    >>> unfold(jnp.ones((1, 2, 3, 3)), 2).shape
    (1, 8, 4)
    """
    x = array(x)
    if x.ndim != 4:
        raise ValueError(f"unfold: expected shape (n, c, h, w), received {x.shape}.")
    pads = [(p, p) for p in _pair(padding)]
    windows = jax.lax.conv_general_dilated_patches(
        x,
        _pair(kernel_size),
        _pair(stride),
        pads,
        rhs_dilation=_pair(dilation),
        precision=jax.lax.Precision.HIGHEST,  # the values are copied
    )
    return windows.reshape(*windows.shape[:2], -1)


@op
def fold(x, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """Add the columns of `unfold` up to images again. (n, c kh kw, windows) -> (n, c, *output_size)

    >>> fold(jnp.ones((1, 8, 4)), 3, 2)[0, 0].tolist()
    [[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]]
    """
    x = array(x)
    if x.ndim != 3:
        raise ValueError(f"fold: expected shape (n, c kh kw, windows), received {x.shape}.")
    window = _pair(kernel_size)
    channels = x.shape[1] // (window[0] * window[1])
    image = jax.ShapeDtypeStruct((x.shape[0], channels, *_pair(output_size)), x.dtype)
    # it is the transpose of unfold, which is linear
    transposed = jax.linear_transpose(lambda v: unfold(v, kernel_size, dilation, padding, stride), image)
    return transposed(x)[0]


@op
def depth_to_space(x, block_size, data_format="channels_last"):
    """Spread channels over blocks of points. (n, h, w, c) -> (n, h b, w b, c / b**2)

    >>> depth_to_space(jnp.ones((1, 1, 1, 4)), 2).shape
    (1, 2, 2, 1)
    """
    x, last, b = _blocks("depth_to_space", x, block_size, data_format)
    x = x if last else jnp.moveaxis(x, 1, -1)
    n, h, w, c = x.shape
    if last:
        y = x.reshape(n, h, w, b, b, c // b**2).transpose(0, 1, 3, 2, 4, 5)
    else:
        y = x.reshape(n, h, w, c // b**2, b, b).transpose(0, 1, 4, 2, 5, 3)
    y = y.reshape(n, h * b, w * b, c // b**2)
    return y if last else jnp.moveaxis(y, -1, 1)


@op
def space_to_depth(x, block_size, data_format="channels_last"):
    """Collect blocks of points in channels. (n, h, w, c) -> (n, h / b, w / b, c b**2)

    >>> space_to_depth(jnp.ones((1, 2, 2, 1)), 2).shape
    (1, 1, 1, 4)
    """
    x, last, b = _blocks("space_to_depth", x, block_size, data_format)
    x = x if last else jnp.moveaxis(x, 1, -1)
    n, h, w, c = x.shape
    y = x.reshape(n, h // b, b, w // b, b, c).transpose((0, 1, 3, 2, 4, 5) if last else (0, 1, 3, 5, 2, 4))
    y = y.reshape(n, h // b, w // b, c * b**2)
    return y if last else jnp.moveaxis(y, -1, 1)


def _blocks(name, x, block_size, data_format):
    x = array(x)
    if block_size < 2:
        raise ValueError(f"{name}: expected block_size to be at least 2, received {block_size}.")
    if x.ndim != 4:
        raise ValueError(f"{name}: expected a batch of images, four axes, received shape {x.shape}.")
    return x, config.standardize_data_format(data_format) == "channels_last", block_size


# ------------------------------------------------- normalization


def _epsilon(epsilon):
    return config.epsilon() if epsilon is None else epsilon


def _axes(axis):
    return (axis,) if isinstance(axis, int) else tuple(axis)


@op
def batch_normalization(x, mean, variance, axis, offset=None, scale=None, epsilon=1e-3):
    """Return `(x - mean) / sqrt(variance + epsilon) * scale + offset`, vectors along `axis`.

    >>> batch_normalization(jnp.full((1, 1), 3.0), [1.0], [4.0], -1, epsilon=0.0).tolist()
    [[1.0]]
    """
    x = array(x)
    mean, variance, scale, offset = (
        None if v is None else norm.along(array(v), [axis], x.shape) for v in (mean, variance, scale, offset)
    )
    return norm.scale_shift(x, mean, variance, scale, offset, epsilon)


@op
def layer_normalization(x, gamma=None, beta=None, axis=-1, epsilon=None, **kwargs):
    """Normalize over `axis`, one or several, then scale by `gamma` and shift by `beta` (Ba et al., 2016).

    >>> layer_normalization([[1.0, 3.0]], epsilon=0.0).tolist()
    [[-1.0, 1.0]]
    """
    rms_scaling = kwargs.pop("rms_scaling", False)  # divides by the deviation only; rms_normalization is the right one
    if kwargs:
        raise TypeError(f"layer_normalization: unknown argument {next(iter(kwargs))!r}.")
    gamma, beta = (None if v is None else array(v) for v in (gamma, beta))
    return norm.layer_norm(array(x), gamma, beta, sorted(_axes(axis)), _epsilon(epsilon), rms_scaling)


@op
def rms_normalization(x, scale=None, axis=-1, epsilon=None):
    """Divide by the root mean square over `axis`, then multiply by `scale` (Zhang and Sennrich, 2019).

    >>> rms_normalization([[2.0, -2.0]], epsilon=0.0).tolist()
    [[1.0, -1.0]]
    """
    scale = None if scale is None else array(scale)
    return norm.rms_norm(jnp.atleast_1d(array(x)), scale, sorted(_axes(axis)), _epsilon(epsilon))


@op
def moments(x, axes, keepdims=False, synchronized=False):
    """Return mean and variance over the axes; of half floats computed in float32 and kept within float16.

    Over devices they are those of the whole batch, whether `synchronized` or not.

    >>> [v.item() for v in moments([1.0, 3.0], (0,))]
    [2.0, 1.0]
    """
    x = array(x)
    axes = _axes(axes)
    wide = norm.widened(x)
    found = jnp.mean(wide, axes, keepdims=keepdims), jnp.var(wide, axes, keepdims=keepdims)
    if wide.dtype == x.dtype:
        return found
    limits = jnp.finfo(jnp.float16)
    return tuple(jnp.clip(v, limits.min, limits.max).astype(x.dtype) for v in found)


@op
def normalize(x, axis=-1, order=2, epsilon=None):
    """Divide by the norm of the order along `axis`, or by `epsilon` where the norm is smaller; half floats in float32.

    >>> normalize([[1.0, 3.0]], order=1).tolist()
    [[0.25, 0.75]]
    """
    if not isinstance(order, int) or order < 1:
        raise ValueError(f"normalize: expected order to be a positive integer, received {order!r}.")
    (x,), epsilon = inexact(jnp.atleast_1d(array(x))), _epsilon(epsilon)
    axis = tuple(axis) if isinstance(axis, list) else axis
    wide = x.astype(jnp.promote_types(x.dtype, "float32"))
    if order == 2:
        inverse = jax.lax.rsqrt(jnp.sum(jnp.square(wide), axis, keepdims=True))
        return (wide * jnp.minimum(inverse, min(1.0 / epsilon, float(jnp.finfo(inverse.dtype).max)))).astype(x.dtype)
    return (wide / jnp.maximum(jnp.linalg.norm(wide, ord=order, axis=axis, keepdims=True), epsilon)).astype(x.dtype)


# ------------------------------------------------- images and complex numbers


@op
def psnr(x1, x2, max_val):
    """Return the peak signal-to-noise ratio of two images in decibels, `max_val` being the largest possible value.

    >>> psnr([1.0], [0.0], 1.0).item()
    0.0
    """
    x1, x2 = array(x1), array(x2)
    check_shapes("psnr", x1.shape, x2.shape)
    return 20 * jnp.log10(array(max_val).astype(x2.dtype)) - 10 * jnp.log10(jnp.mean(jnp.square(x1 - x2)))


@op
def polar(abs_, angle):
    """Return complex numbers of the absolute values and angles.

    >>> polar(2.0, 0.0).item()
    (2+0j)
    """
    abs_, angle = (norm.widened(v) for v in inexact(abs_, angle))  # there are no complex numbers of half floats
    return jax.lax.complex(abs_ * jnp.cos(angle), abs_ * jnp.sin(angle))


# ------------------------------------------------- attention


@op
def dot_product_attention(
    query,
    key,
    value,
    bias=None,
    mask=None,
    scale=None,
    is_causal=False,
    flash_attention=None,
    attn_logits_soft_cap=None,
):
    """Attend over heads. (n, t, heads, d), (n, s, heads or a divisor, d) twice -> (n, t, heads, d)

    `mask` is True where a query may look, `bias` is added to the scores and `scale` is 1 / sqrt(d) if None.
    `flash_attention` True asks for the fused kernel and raises where there is none. Vaswani et al., 2017.

    >>> dot_product_attention(*[jnp.ones((1, 2, 1, 4))] * 3).shape
    (1, 2, 1, 4)
    """
    query, key, value = inexact(query, key, value)
    if attn_logits_soft_cap is not None:
        raise ValueError("dot_product_attention: attn_logits_soft_cap is for TPU kernels; leave it None.")
    if not query.ndim == key.ndim == value.ndim == 4:
        shapes = query.shape, key.shape, value.shape
        raise ValueError(f"dot_product_attention: expected four axes (n, length, heads, d), received {shapes}.")
    fits = attention.fits_flash(query, key, value, mask) and (bias is None or bias.ndim == 4)
    if flash_attention and not fits:
        raise ValueError("dot_product_attention: no flash attention for these arrays on this device; leave it None.")
    bias = None if bias is None else array(bias).astype(query.dtype)
    mask = None if mask is None else array(mask)
    kernel = "cudnn" if fits and flash_attention is not False else "xla"
    return jax.nn.dot_product_attention(
        query, key, value, bias, mask, scale=scale, is_causal=is_causal, implementation=kernel
    )

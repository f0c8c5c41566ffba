"""Convolutions of arrays with one to three spatial axes; the CPU gets the formulation that is fast there.

Accelerators run ``lax.conv_general_dilated`` as it is. On the CPU the rule of ``_on_cpu`` decides by shape alone,
never by value; the results agree to float32 rounding. Measured (``benchmarks/conv_shapes.py shapes``), processor time
in ms, forward / gradient of the input / gradient of the kernel, jax 0.10.2, 2 busy cores, with the compiler options of
``train/compiler.py`` on both sides:

- pointwise, 32x56x56x64 -> 256:        conv 54 / 17 / 95       matmul 56 / 17 / 29
- pointwise / 2, 32x56x56x64 -> 128:    conv 4 / 5 / 16         matmul 2 / 3 / 6
- depthwise 3x3, 32x56x56x64:           conv 346 / 311 / 68     sum over the window 12 / 5, dense blocks 54
- depthwise 3x3 / 2, 32x56x56x64:       conv 250 / 405 / 26     sum over the window 3 / 2, dense blocks 26
- depthwise 3x3 x2, 32x28x28x32:        conv 32 / 85 / 2382     sum over the window 2 / 3, dense blocks 7
- four groups 3x3, 32x28x28x64:         conv 12 / 10 / 669      dense blocks 6 / 6 / 10
- 3x3x3, 4x16x32x32x8 -> 16:            conv 28 / 59 / 48       2-D convolutions 7 / 9 / 9
"""

import functools
import itertools
import math
import operator
from collections.abc import Sequence

import jax
import jax.numpy as jnp
from jax import lax
from jax.custom_derivatives import SymbolicZero

from .platform import on_cpu
from .product import rows_matmul

LAYOUTS = {1: ("NWC", "WIO", "NWC"), 2: ("NHWC", "HWIO", "NHWC"), 3: ("NDHWC", "DHWIO", "NDHWC")}
LAYOUTS_FIRST = {1: ("NCW", "WIO", "NCW"), 2: ("NCHW", "HWIO", "NCHW"), 3: ("NCDHW", "DHWIO", "NCDHW")}

# Groups are joined until a block has this many input channels: Eigen is slow below, and joined groups multiply zeros.
BLOCK = 32

Ints = tuple[int, ...]
Pads = tuple[tuple[int, int], ...]


def out_size(size: int, window: int, stride: int, dilation: int, padding: str) -> int:
    """Length of an axis after a window has moved along it; below 1 where the window does not fit.

    >>> out_size(28, 3, 1, 1, "valid"), out_size(28, 3, 2, 1, "same")
    (26, 14)
    """
    if padding != "valid":
        return -(-size // stride)
    return (size - (window - 1) * dilation - 1) // stride + 1


def pad_amounts(size: int, window: int, stride: int, dilation: int, padding: str) -> tuple[int, int]:
    """Zeros before and after an axis for padding "valid", "same" or "causal".

    >>> pad_amounts(28, 3, 2, 1, "same"), pad_amounts(28, 3, 1, 2, "causal")
    ((0, 1), (4, 0))
    """
    reach = (window - 1) * dilation
    if padding == "valid":
        return 0, 0
    if padding == "causal":
        return reach, 0
    total = max((out_size(size, window, stride, dilation, "same") - 1) * stride + reach + 1 - size, 0)
    return total // 2, total - total // 2


def conv(
    x: jax.Array,
    kernel: jax.Array,
    strides: Sequence[int] | int = 1,
    padding: str = "valid",
    dilation: Sequence[int] | int = 1,
    groups: int = 1,
    channels_last: bool = True,
) -> jax.Array:
    """Convolution (cross-correlation) of (n, *space, c) with a kernel (*window, c / groups, filters).

    ``padding`` is "valid", "same" or "causal". ``channels_last=False`` takes and gives (n, c, *space).

    >>> conv(jnp.ones((1, 4, 4, 2)), jnp.ones((3, 3, 2, 1)))[0, :, :, 0].tolist()
    [[18.0, 18.0], [18.0, 18.0]]
    """
    rank = x.ndim - 2
    strides, dilation = _tuple(strides, rank), _tuple(dilation, rank)
    space = x.shape[1:-1] if channels_last else x.shape[2:]
    window = kernel.shape[:-2]
    pads = tuple(pad_amounts(n, k, s, d, padding) for n, k, s, d in zip(space, window, strides, dilation, strict=True))
    return _conv(x, kernel, strides, pads, dilation, groups, channels_last)


def depthwise_conv(
    x: jax.Array,
    kernel: jax.Array,
    strides: Sequence[int] | int = 1,
    padding: str = "valid",
    dilation: Sequence[int] | int = 1,
    channels_last: bool = True,
) -> jax.Array:
    """Each channel of (n, *space, c) with its own m filters, kernel (*window, c, m): (n, *space, c * m).

    >>> depthwise_conv(jnp.ones((1, 3, 2)), jnp.ones((2, 2, 1)))[0].tolist()
    [[2.0, 2.0], [2.0, 2.0]]
    """
    *window, channels, multiplier = kernel.shape
    flat = kernel.reshape(*window, 1, channels * multiplier)
    return conv(x, flat, strides, padding, dilation, channels, channels_last)


def conv_transpose(
    x: jax.Array,
    kernel: jax.Array,
    strides: Sequence[int] | int = 1,
    padding: str = "valid",
    output_padding: Sequence[int] | int | None = None,
    dilation: Sequence[int] | int = 1,
    channels_last: bool = True,
) -> jax.Array:
    """The transpose of a convolution, with a kernel (*window, filters, c); sizes as in Keras.

    >>> conv_transpose(jnp.ones((1, 2, 1)), jnp.ones((2, 1, 1)), strides=2)[0, :, 0].tolist()
    [1.0, 1.0, 1.0, 1.0]
    """
    rank = x.ndim - 2
    strides, dilation = _tuple(strides, rank), _tuple(dilation, rank)
    extra = (None,) * rank if output_padding is None else _tuple(output_padding, rank)
    window = kernel.shape[:-2]
    pads = tuple(
        _transpose_pads((k - 1) * d + 1, s, padding, o)
        for k, s, d, o in zip(window, strides, dilation, extra, strict=True)
    )
    flipped = jnp.flip(kernel, range(rank)).swapaxes(-1, -2)
    layouts = LAYOUTS if channels_last else LAYOUTS_FIRST
    return lax.conv_general_dilated(
        x, flipped.astype(x.dtype), (1,) * rank, pads, strides, dilation, dimension_numbers=layouts[rank]
    )


def _transpose_pads(reach: int, stride: int, padding: str, output_padding: int | None) -> tuple[int, int]:
    """Zeros around an axis that was spread by ``stride``, so that the result has Keras's length."""
    if padding == "valid":
        extra = max(stride - reach, 0) if output_padding is None else output_padding
        return reach - 1, reach - 1 + extra
    total = stride + reach - 2 if output_padding is None else reach + reach % 2 - 2 + output_padding
    before = min(total - total // 2, reach - 1)
    return before, total - before


def transpose_out_size(
    size: int, window: int, stride: int, dilation: int, padding: str, output_padding: int | None
) -> int:
    """Length of an axis after ``conv_transpose``.

    >>> transpose_out_size(4, 3, 2, 1, "same", None), transpose_out_size(4, 3, 2, 1, "valid", None)
    (8, 9)
    """
    reach = (window - 1) * dilation + 1
    return (size - 1) * stride + 2 - reach + sum(_transpose_pads(reach, stride, padding, output_padding))


def _tuple(value: Sequence[int] | int, rank: int) -> Ints:
    return (value,) * rank if isinstance(value, int) else tuple(value)


def _conv(
    x: jax.Array, kernel: jax.Array, strides: Ints, pads: Pads, dilation: Ints, groups: int, channels_last: bool
) -> jax.Array:
    """The one place where the machine decides."""
    kernel = kernel.astype(x.dtype)
    if not on_cpu():
        return _plain(x, kernel, strides, pads, dilation, groups, channels_last)
    if channels_last:
        return _on_cpu(x, kernel, strides, pads, dilation, groups)
    # XLA on the CPU would transpose too: it computes channels last only
    return jnp.moveaxis(_on_cpu(jnp.moveaxis(x, 1, -1), kernel, strides, pads, dilation, groups), -1, 1)


def _plain(x, kernel, strides, pads, dilation, groups, channels_last=True):
    layouts = LAYOUTS if channels_last else LAYOUTS_FIRST
    return lax.conv_general_dilated(
        x,
        kernel,
        strides,
        pads,
        rhs_dilation=dilation,
        dimension_numbers=layouts[x.ndim - 2],
        feature_group_count=groups,
    )


@functools.partial(jax.jit, static_argnums=(2, 3, 4, 5))
def _on_cpu(x, kernel, strides, pads, dilation, groups):
    # Compiled by itself for the sake of tracing: layers of one shape are traced and differentiated once. Measured (processor time,
    # with the same for statistics and biases): tracing the gradient of ResNet50 1.5 -> 0.9 s; the compiled step is the same.
    if x.ndim == 5:
        return _by_depth(x, kernel, strides, pads, dilation, groups)
    if groups == 1 and math.prod(kernel.shape[:-2]) == 1 and not any(map(any, pads)):
        return _pointwise(x, kernel, strides)
    if groups > 1 and kernel.shape[-2] == 1:
        return _depthwise(x, kernel, strides, pads, dilation)
    if groups > 1:
        return _by_blocks(x, kernel, strides, pads, dilation, groups)
    return _plain(x, kernel, strides, pads, dilation, groups)


def _by_depth(x, kernel, strides, pads, dilation, groups):
    """Three spatial axes: one 2-D convolution for each depth of the kernel, with depth among the samples."""
    x = jnp.pad(x, [(0, 0), pads[0], (0, 0), (0, 0), (0, 0)])
    depth = out_size(x.shape[1], kernel.shape[0], strides[0], dilation[0], "valid")
    parts = []
    for i in range(kernel.shape[0]):
        start = i * dilation[0]
        part = x[:, start : start + (depth - 1) * strides[0] + 1 : strides[0]]
        flat = part.reshape(part.shape[0] * depth, *part.shape[2:])
        parts.append(_on_cpu(flat, kernel[i], strides[1:], pads[1:], dilation[1:], groups))
    total = functools.reduce(operator.add, parts)
    return total.reshape(x.shape[0], depth, *total.shape[1:])


def _pointwise(x, kernel, strides):
    """A window of one point is a matmul."""
    if max(strides) > 1:
        x = x[(slice(None), *(slice(None, None, s) for s in strides))]
    return rows_matmul(x, kernel.reshape(kernel.shape[-2:]))


@functools.partial(jax.custom_jvp, nondiff_argnums=(2, 3, 4))
def _depthwise(x, kernel, strides, pads, dilation):
    """The sum over the window of shifted inputs times a vector: XLA fuses it into one pass."""
    channels, filters = x.shape[-1], kernel.shape[-1]
    x = jnp.pad(x, [(0, 0), *pads, (0, 0)])
    sizes = [
        out_size(n, k, s, d, "valid")
        for n, k, s, d in zip(x.shape[1:-1], kernel.shape[:-2], strides, dilation, strict=True)
    ]
    single, terms = filters == channels, []
    for point in itertools.product(*map(range, kernel.shape[:-2])):
        starts = [p * d for p, d in zip(point, dilation, strict=True)]
        where = (slice(a, a + (n - 1) * s + 1, s) for a, n, s in zip(starts, sizes, strides, strict=True))
        shifted = x[(slice(None), *where)]
        weights = kernel[point][0] if single else kernel[point].reshape(channels, -1)
        terms.append((shifted if single else shifted[..., None]) * weights)
    total = functools.reduce(operator.add, terms)
    return total.reshape(*total.shape[: x.ndim - 1], filters)


def _depthwise_tangent(strides, pads, dilation, primals, tangents):
    # What is written here is what is transposed: the input's gradient is as fast as the sum above, but its filter
    # gradient would be a reduction to a vector for each point of the window, which the CPU does with a scalar loop.
    (x, kernel), (dx, dkernel) = primals, tangents
    tangent = None
    if type(dx) is not SymbolicZero:
        tangent = _depthwise(dx, kernel, strides, pads, dilation)
    if type(dkernel) is not SymbolicZero:
        other = _by_blocks(x, dkernel, strides, pads, dilation, x.shape[-1])
        tangent = other if tangent is None else tangent + other
    y = _depthwise(x, kernel, strides, pads, dilation)
    return y, jnp.zeros_like(y) if tangent is None else tangent


_depthwise.defjvp(_depthwise_tangent, symbolic_zeros=True)


def _by_blocks(x, kernel, strides, pads, dilation, groups):
    """Groups joined to blocks of about ``BLOCK`` channels, each a convolution with a block-diagonal kernel."""
    *window, depth, filters = kernel.shape
    joined = max(m for m in range(1, groups + 1) if groups % m == 0 and (m == 1 or m * depth <= BLOCK))
    blocks, each = groups // joined, filters // groups
    kernel = kernel.reshape(*window, depth, blocks, joined, each)
    if joined > 1:
        kernel = kernel[..., None, :, :, :, :] * jnp.eye(joined, dtype=kernel.dtype)[:, None, None, :, None]
    kernel = kernel.reshape(*window, joined * depth, blocks, joined * each)
    width = joined * depth
    parts = [
        _plain(x[..., b * width : (b + 1) * width], kernel[..., b, :], strides, pads, dilation, 1)
        for b in range(blocks)
    ]
    return parts[0] if blocks == 1 else jnp.concatenate(parts, -1)

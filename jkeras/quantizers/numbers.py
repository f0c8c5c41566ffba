"""Numbers of fewer bits: int8, int4 (two in a byte), float8.  Source: https://keras.io/api/quantizers/"""

import math
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

EPSILON = 1e-7


def abs_max_quantize(inputs, axis, value_range=(-127, 127), dtype="int8", epsilon=EPSILON, to_numpy=False):
    """(integers, scale): inputs times ``value_range[1] / max |inputs|`` along `axis`, rounded. The scale keeps that axis.

    With `to_numpy` the work is done by the host, in numpy.

    >>> abs_max_quantize(jnp.array([1.0, -2.0]), axis=0)[0].tolist()
    [64, -127]
    """
    xp = np if to_numpy else jnp
    x = xp.asarray(inputs)
    axis = tuple(axis) if isinstance(axis, list) else axis
    scale = xp.divide(value_range[1], xp.max(xp.abs(x), axis=axis, keepdims=True) + epsilon).astype(x.dtype)
    found = xp.clip(xp.round(x * scale), *value_range).astype(dtype)
    return jnp.asarray(found), jnp.asarray(scale)


def abs_max_quantize_grouped_with_zero_point(
    inputs, block_size, value_range=(-8, 7), dtype="int8", epsilon=EPSILON, to_numpy=False
):
    """(integers (in, out), scales (groups, out), zero points (groups, out)) of a matrix (in, out), by groups of rows.

    Each group of `block_size` rows spans its own range from minimum to maximum; the last one is filled up with zeros.
    """
    xp = np if to_numpy else jnp
    x = xp.asarray(inputs)
    low, high = value_range
    rows, columns = x.shape
    groups = math.ceil(rows / block_size)
    blocks = xp.pad(x, ((0, groups * block_size - rows), (0, 0))).reshape(groups, block_size, columns)
    least, most = blocks.min(axis=1, keepdims=True), blocks.max(axis=1, keepdims=True)
    scale = (most - least + epsilon) / (high - low)
    zero = xp.clip(xp.round(-least / scale) + low, low, high)
    found = xp.clip(xp.round(blocks / scale) + zero, low, high).astype(dtype)
    found = found.reshape(groups * block_size, columns)[:rows]
    return jnp.asarray(found), jnp.asarray(scale[:, 0].astype(x.dtype)), jnp.asarray(zero[:, 0].astype("int8"))


def pack_int4(arr, axis=0, dtype="int8"):
    """(packed, its shape, original length): two numbers of 4 bits in each byte, along `axis`; the first is the low half.

    Raises ValueError for a dtype other than int8 and uint8, TypeError where the array is of another dtype.

    >>> packed, shape, length = pack_int4(np.array([1, -1, 2], "int8"))
    >>> packed.tolist(), length
    ([-15, 2], 3)
    """
    if dtype not in ("int8", "uint8"):
        raise ValueError(f"Expected dtype to be 'int8' or 'uint8', but got '{dtype}'.")
    x = np.asarray(arr)
    if x.dtype != dtype:
        raise TypeError(f"Expected {dtype} tensor for packing, got {x.dtype}.")
    x = np.moveaxis(x, axis, 0)
    length = x.shape[0]
    x = np.concatenate([x, np.zeros((length % 2, *x.shape[1:]), x.dtype)]).view("uint8") & 15
    packed = np.moveaxis((x[::2] | (x[1::2] << 4)).view(dtype), 0, axis)
    return jnp.asarray(packed), tuple(packed.shape), length


def unpack_int4(packed, orig_len, axis=0, dtype="int8"):
    """The numbers of 4 bits that ``pack_int4`` put into bytes, `orig_len` of them along `axis`; int8 is signed.

    Raises ValueError for a dtype other than int8 and uint8, TypeError where the array is of another dtype.

    >>> unpack_int4(jnp.array([-15, 2], "int8"), 3).tolist()
    [1, -1, 2]
    """
    if dtype not in ("int8", "uint8"):
        raise ValueError(f"Expected dtype to be 'int8' or 'uint8', but got '{dtype}'.")
    x = jnp.asarray(packed)
    if x.dtype != dtype:
        raise TypeError(f"Expected {dtype} tensor for unpacking, got {x.dtype}.")
    x = jnp.moveaxis(x, axis, 0)
    both = jnp.stack([x & 15, (x >> 4) & 15], axis=1).reshape(-1, *x.shape[1:])[:orig_len]
    both = jnp.where(both > 7, both - 16, both) if dtype == "int8" else both
    return jnp.moveaxis(both.astype(dtype), 0, axis)


def compute_float8_scale(amax, scale, dtype_max, margin=0):
    """The scale of float8 for numbers up to `amax`; the old one where that is 0 or not finite."""
    amax, scale = jnp.asarray(amax), jnp.asarray(scale)
    factor = dtype_max / amax / 2**margin
    return 1 / jnp.where((amax > 0) & jnp.isfinite(amax), factor, 1 / scale)


def compute_float8_amax_history(x, amax_history):
    """The history moved on by one place, with the largest magnitude of `x` in its first."""
    history = jnp.roll(jnp.asarray(amax_history), -1)
    return history.at[0].set(jnp.max(jnp.abs(jnp.asarray(x))).astype(history.dtype))


def quantize_and_dequantize(inputs, scale, quantized_dtype, compute_dtype):
    """Inputs as they come back from `quantized_dtype`, a float8, in steps of `scale`."""
    scale = jnp.asarray(scale).astype(compute_dtype)
    largest = jnp.asarray(float(jnp.finfo(quantized_dtype).max), compute_dtype)
    small = jnp.clip(jnp.asarray(inputs) / scale, -largest, largest).astype(quantized_dtype)
    return small.astype(compute_dtype) * scale


def fake_quant_with_min_max_vars(inputs, min_vals, max_vals, num_bits=8, narrow_range=False, axis=None):
    """Inputs rounded to ``2 ** num_bits`` steps between two bounds, which are moved so that 0 is a step.

    `axis`: the bounds are one for each place along it. Gradients pass where inputs lie inside, and go to the bounds
    outside.  Source: TensorFlow, `tf.quantization.fake_quant_with_min_max_vars`.

    >>> fake_quant_with_min_max_vars(jnp.array([0.2, 0.9]), 0.0, 1.0, num_bits=1).tolist()
    [0.0, 1.0]
    """
    x = jnp.asarray(inputs)
    axis = None if axis is None else axis % x.ndim
    return _fake(int(num_bits), bool(narrow_range), axis, x, jnp.asarray(min_vals), jnp.asarray(max_vals))


def _nudged(least, most, num_bits, narrow_range):
    """Bounds that have 0 on a step, and the size of a step."""
    kind = jnp.result_type(least.dtype, "float32")
    least, most = least.astype(kind), most.astype(kind)
    low, high = int(narrow_range), 2**num_bits - 1
    step = (most - least) / (high - low)
    zero = jnp.round(jnp.clip(low - least / step, low, high))
    return (low - zero) * step, (high - zero) * step, step, (high - low) / (most - least)


@partial(jax.custom_vjp, nondiff_argnums=(0, 1, 2))
def _fake(num_bits, narrow_range, axis, x, least, most):
    low, high, step, inverse = _nudged(least, most, num_bits, narrow_range)
    low, high, step, inverse = (_along(v, axis, x.ndim) for v in (low, high, step, inverse))
    zero = jnp.floor(-low * inverse + 0.5)
    inside = jnp.clip(x.astype(low.dtype), low, high) - low
    return (jnp.floor(inside * inverse - zero + 0.5) * step).astype(x.dtype)


def _along(bound, axis, ndim):
    """A bound for each place along an axis, shaped to meet the inputs."""
    return bound if axis is None or bound.ndim != 1 else bound.reshape([-1 if i == axis else 1 for i in range(ndim)])


def _fake_forward(num_bits, narrow_range, axis, x, least, most):
    return _fake(num_bits, narrow_range, axis, x, least, most), (x, least, most)


def _fake_backward(num_bits, narrow_range, axis, kept, upstream):
    x, least, most = kept
    low, high, *_ = (_along(v, axis, x.ndim) for v in _nudged(least, most, num_bits, narrow_range))
    rest = tuple(i for i in range(x.ndim) if i != axis)

    def to_bound(mask, bound):
        return jnp.sum(jnp.where(mask, upstream, 0.0), axis=rest).reshape(bound.shape).astype(bound.dtype)

    inside = jnp.where((x >= low) & (x <= high), upstream, 0.0)
    return inside, to_bound(x <= low, least), to_bound(x >= high, most)


_fake.defvjp(_fake_forward, _fake_backward)

"""Arrays of fewer bits: int8, int4 (two in a byte), float8, and groups with a zero point.  https://keras.io/api/quantizers/"""

import math
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

EPSILON = 1e-7


def abs_max_quantize(
    inputs: Any,
    axis: Any,
    value_range: tuple = (-127, 127),
    dtype: str = "int8",
    epsilon: float = EPSILON,
    to_numpy: bool = False,
) -> tuple[jax.Array, jax.Array]:
    """(integers, scale): inputs times ``value_range[1] / max |inputs|`` along `axis`, rounded. The scale keeps that axis.

    With `to_numpy` the work is done by the host, in numpy.

    >>> abs_max_quantize(jnp.array([1.0, -2.0]), axis=0)[0].tolist()
    [64, -127]
    """
    xp: Any = np if to_numpy else jnp
    x = xp.asarray(inputs)
    axis = tuple(axis) if isinstance(axis, list) else axis
    scale = xp.divide(value_range[1], xp.max(xp.abs(x), axis=axis, keepdims=True) + epsilon).astype(x.dtype)
    found = xp.clip(xp.round(x * scale), *value_range).astype(dtype)
    return jnp.asarray(found), jnp.asarray(scale)


def abs_max_quantize_grouped_with_zero_point(
    inputs: Any,
    block_size: int,
    value_range: tuple = (-8, 7),
    dtype: str = "int8",
    epsilon: float = EPSILON,
    to_numpy: bool = False,
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """(integers (in, out), scales (groups, out), zero points (groups, out)) of a matrix (in, out), by groups of rows.

    Each group of `block_size` rows spans its own range from minimum to maximum; the last one is filled up with zeros.
    """
    xp: Any = np if to_numpy else jnp
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


def pack_int4(arr: Any, axis: int = 0, dtype: str = "int8") -> tuple[jax.Array, tuple[int, ...], int]:
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


def unpack_int4(packed: Any, orig_len: int, axis: int = 0, dtype: str = "int8") -> jax.Array:
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


def compute_float8_scale(amax: Any, scale: Any, dtype_max: Any, margin: int = 0) -> jax.Array:
    """The scale of float8 for numbers up to `amax`; the old one where that is 0 or not finite."""
    amax, scale = jnp.asarray(amax), jnp.asarray(scale)
    factor = dtype_max / amax / 2**margin
    return 1 / jnp.where((amax > 0) & jnp.isfinite(amax), factor, 1 / scale)


def compute_float8_amax_history(x: Any, amax_history: Any) -> jax.Array:
    """The history moved on by one place, with the largest magnitude of `x` in its first."""
    history = jnp.roll(jnp.asarray(amax_history), -1)
    return history.at[0].set(jnp.max(jnp.abs(jnp.asarray(x))).astype(history.dtype))


def quantize_and_dequantize(inputs: Any, scale: Any, quantized_dtype: Any, compute_dtype: Any) -> jax.Array:
    """Inputs as they come back from `quantized_dtype`, a float8, in steps of `scale`."""
    scale = jnp.asarray(scale).astype(compute_dtype)
    largest = jnp.asarray(float(jnp.finfo(quantized_dtype).max), compute_dtype)
    small = jnp.clip(jnp.asarray(inputs) / scale, -largest, largest).astype(quantized_dtype)
    return small.astype(compute_dtype) * scale


def fake_quant_with_min_max_vars(
    inputs: Any, min_vals: Any, max_vals: Any, num_bits: int = 8, narrow_range: bool = False, axis: int | None = None
) -> jax.Array:
    """Inputs rounded to ``2 ** num_bits`` steps between two bounds, which are moved so that 0 is a step.

    `axis`: the bounds are one for each place along it. Gradients pass where inputs lie inside, and go to the bounds
    outside.  Source: TensorFlow, `tf.quantization.fake_quant_with_min_max_vars`.

    >>> fake_quant_with_min_max_vars(jnp.array([0.2, 0.9]), 0.0, 1.0, num_bits=1).tolist()
    [0.0, 1.0]
    """
    x = jnp.asarray(inputs)
    axis = None if axis is None else axis % x.ndim
    return _fake(int(num_bits), bool(narrow_range), axis, x, jnp.asarray(min_vals), jnp.asarray(max_vals))


def _nudged(least: Any, most: Any, num_bits: int, narrow_range: bool) -> tuple:
    """Bounds that have 0 on a step, and the size of a step."""
    kind = jnp.result_type(least.dtype, "float32")
    least, most = least.astype(kind), most.astype(kind)
    low, high = int(narrow_range), 2**num_bits - 1
    step = (most - least) / (high - low)
    zero = jnp.round(jnp.clip(low - least / step, low, high))
    return (low - zero) * step, (high - zero) * step, step, (high - low) / (most - least)


@partial(jax.custom_vjp, nondiff_argnums=(0, 1, 2))
def _fake(num_bits: int, narrow_range: bool, axis: int | None, x: Any, least: Any, most: Any) -> jax.Array:
    low, high, step, inverse = _nudged(least, most, num_bits, narrow_range)
    low, high, step, inverse = (_along(v, axis, x.ndim) for v in (low, high, step, inverse))
    zero = jnp.floor(-low * inverse + 0.5)
    inside = jnp.clip(x.astype(low.dtype), low, high) - low
    return (jnp.floor(inside * inverse - zero + 0.5) * step).astype(x.dtype)


def _along(bound: Any, axis: int | None, ndim: int) -> Any:
    """A bound for each place along an axis, shaped to meet the inputs."""
    return bound if axis is None or bound.ndim != 1 else bound.reshape([-1 if i == axis else 1 for i in range(ndim)])


def _fake_forward(num_bits: int, narrow_range: bool, axis: int | None, x: Any, least: Any, most: Any) -> tuple:
    return _fake(num_bits, narrow_range, axis, x, least, most), (x, least, most)


def _fake_backward(num_bits: int, narrow_range: bool, axis: int | None, kept: tuple, upstream: Any) -> tuple:
    x, least, most = kept
    low, high, *_ = (_along(v, axis, x.ndim) for v in _nudged(least, most, num_bits, narrow_range))
    rest = tuple(i for i in range(x.ndim) if i != axis)

    def to_bound(mask: Any, bound: Any) -> Any:
        return jnp.sum(jnp.where(mask, upstream, 0.0), axis=rest).reshape(bound.shape).astype(bound.dtype)

    inside = jnp.where((x >= low) & (x <= high), upstream, 0.0)
    return inside, to_bound(x <= low, least), to_bound(x >= high, most)


_fake.defvjp(_fake_forward, _fake_backward)


# ------------------------------------------------- groups with a scale and a zero point


def parameters(
    x: Any, bits: int, symmetric: bool = False, per_channel: bool = True, dtype: Any = "float32"
) -> tuple[jax.Array, jax.Array]:
    """(scale, zero point) with a second axis of 1, so that each row of a matrix spans 0 to ``2 ** bits - 1``.

    Without ``per_channel`` all rows share them.

    >>> scale, zero = parameters(jnp.array([[-1.0, 2.0]]), 2)
    >>> scale.tolist(), zero.tolist()
    ([[1.0]], [[1]])
    """
    x, steps = jnp.asarray(x), 2**bits - 1
    rows = x if per_channel else x.reshape(1, -1)
    least, most = rows.min(axis=1, keepdims=True), rows.max(axis=1, keepdims=True)
    if symmetric:
        most, least = jnp.maximum(jnp.abs(least), most), least
        least = jnp.where(least < 0, -most, least)
    same = least == most
    least, most = jnp.where(same, least - 1, least), jnp.where(same, most + 1, most)
    scale = (most - least) / jnp.asarray(steps, dtype)
    scale = jnp.where(scale <= 0, 1e-8, scale)
    zero = jnp.full_like(scale, (steps + 1) / 2) if symmetric else jnp.round(-least / scale)
    shape = (x.shape[0], 1)
    return jnp.broadcast_to(scale, shape), jnp.broadcast_to(zero, shape).astype("uint8")


def to_steps(x: Any, scale: Any, zero: Any, bits: int) -> jax.Array:
    """The number of the nearest of ``2 ** bits`` steps, as a float."""
    safe = jnp.where(scale == 0, 1e-8, scale)
    return jnp.clip(jnp.round(x / safe + zero.astype(safe.dtype)), 0, 2**bits - 1)


def from_groups(steps: Any, scale: Any, zero: Any, groups: Any, axis: int) -> jax.Array:
    """What numbers of steps stand for, where ``groups`` says for each place along ``axis`` whose scale and zero it has.

    >>> from_groups(jnp.array([3, 5]), jnp.array([2.0, 10.0]), jnp.array([1, 4]), jnp.array([0, 1]), 0).tolist()
    [4.0, 10.0]
    """
    places = jnp.asarray(groups).astype("int32")
    scale, zero = jnp.take(scale, places, axis=axis), jnp.take(zero, places, axis=axis)
    return (steps - zero.astype(scale.dtype)) * scale

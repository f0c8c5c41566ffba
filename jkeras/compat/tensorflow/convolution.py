"""``tf.nn``'s convolutions and pools, over jax.lax: every layout, stride, dilation and padding that TensorFlow names."""

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .rows import array, dtype_of, ints, one_of

SPACE = {1: "W", 2: "HW", 3: "DHW"}


def _layout(where: str, data_format: Any, rank: int) -> tuple[str, bool]:
    """The layout as letters, and are the channels last?"""
    last, first = f"N{SPACE[rank]}C", f"NC{SPACE[rank]}"
    found = one_of(f"{where}: data_format", last if data_format is None else data_format, (last, first))
    return found, found == last


def _sizes(where: str, value: Any, rank: int, last: bool) -> tuple[int, ...]:
    """A number, one per axis of space, or one per axis of the tensor, as one per axis of space."""
    value = ints(1 if value is None else value)
    value = (value,) if isinstance(value, int) else value
    if len(value) == 1:
        return value * rank
    if len(value) == rank:
        return value
    if len(value) == rank + 2:
        batch, channels = value[0], value[-1 if last else 1]
        if (batch, channels) != (1, 1):
            raise ValueError(f"{where}: the sizes of batch and channels must be 1, received {value}.")
        return value[1:-1] if last else value[2:]
    raise ValueError(f"{where}: expected 1, {rank} or {rank + 2} numbers, received {value}.")


def _padding(where: str, padding: Any, rank: int, last: bool) -> Any:
    """ "SAME", "VALID" or pairs for the axes of space."""
    if isinstance(padding, str):
        return one_of(f"{where}: padding", padding, ("SAME", "VALID"))
    pairs = [tuple(p) for p in np.asarray(padding).tolist()]
    if len(pairs) != rank + 2:
        raise ValueError(f"{where}: expected padding 'SAME', 'VALID' or {rank + 2} pairs, received {padding!r}.")
    return pairs[1:-1] if last else pairs[2:]


def _convolve(where: str, x: Any, kernel: Any, strides: Any, padding: Any, data_format: Any, dilations: Any,
              groups: int | None = None) -> Any:  # fmt: skip
    rank = kernel.ndim - 2
    if x.ndim < rank + 2:
        raise ValueError(f"{where}: expected an input of {rank + 2} axes or more, received shape {tuple(x.shape)}.")
    letters, last = _layout(where, data_format, rank)
    batch, x = x.shape[: x.ndim - rank - 1], x.reshape(-1, *x.shape[x.ndim - rank - 1 :])
    channels = x.shape[-1 if last else 1]
    groups = channels // kernel.shape[-2] if groups is None else groups
    if not groups or channels % groups or kernel.shape[-2] * groups != channels:
        raise ValueError(
            f"{where}: the input has {channels} channels, the filters {tuple(kernel.shape)} take {kernel.shape[-2]}."
        )
    x = x.astype(jnp.promote_types(x.dtype, kernel.dtype))
    found = jax.lax.conv_general_dilated(
        x,
        kernel.astype(x.dtype),
        _sizes(f"{where}: strides", strides, rank, last),
        _padding(where, padding, rank, last),
        rhs_dilation=_sizes(f"{where}: dilations", dilations, rank, last),
        dimension_numbers=(letters, SPACE[rank] + "IO", letters),
        feature_group_count=groups,
    )
    return found.reshape(*batch, *found.shape[1:])


def convolution(input: Any, filters: Any, strides: Any = None, padding: Any = "VALID", data_format: Any = None,
                dilations: Any = None) -> Any:  # fmt: skip
    """Convolution over one, two or three axes of space."""
    return _convolve("tf.nn.convolution", input, filters, strides, padding, data_format, dilations)


def _conv(rank: int) -> Callable:
    space, where = f"N{SPACE[rank]}C", f"tf.nn.conv{rank}d"

    def check(filters: Any) -> None:
        if filters.ndim != rank + 2:
            raise ValueError(f"{where}: expected filters of {rank + 2} axes, received shape {tuple(filters.shape)}.")

    if rank == 1:

        def conv1d(
            input: Any, filters: Any, stride: Any, padding: Any, data_format: Any = "NWC", dilations: Any = None
        ) -> Any:
            check(filters)
            return _convolve(where, input, filters, stride, padding, data_format, dilations)

        return conv1d

    def conv(
        input: Any, filters: Any, strides: Any, padding: Any, data_format: Any = space, dilations: Any = None
    ) -> Any:
        check(filters)
        return _convolve(where, input, filters, strides, padding, data_format, dilations)

    return conv


def _transposed(rank: int | None) -> Callable:
    def conv_transpose(input: Any, filters: Any, output_shape: Any, strides: Any, padding: Any = "SAME",
                       data_format: Any = None, dilations: Any = None) -> Any:  # fmt: skip
        name = "" if rank is None else f"{rank}d"
        where, wanted = f"tf.nn.conv{name}_transpose", filters.ndim - 2 if rank is None else rank
        if filters.ndim != wanted + 2:
            raise ValueError(f"{where}: expected filters of {wanted + 2} axes, received shape {tuple(filters.shape)}.")
        shape = jax.ShapeDtypeStruct(ints(output_shape), input.dtype)

        def forward(x: Any) -> Any:
            return _convolve(where, x, filters.astype(x.dtype), strides, padding, data_format, dilations)

        made = jax.eval_shape(forward, shape).shape
        if made != input.shape:
            raise ValueError(
                f"{where}: an output of shape {tuple(shape.shape)} belongs to an input of shape {tuple(made)}, received "
                f"{tuple(input.shape)}."
            )
        return jax.linear_transpose(forward, shape)(input)[0]

    return conv_transpose


def depthwise_conv2d(input: Any, filter: Any, strides: Any, padding: Any, data_format: Any = None,
                     dilations: Any = None) -> Any:  # fmt: skip
    """Each channel by its own filters."""
    where = "tf.nn.depthwise_conv2d"
    _, last = _layout(where, data_format, 2)
    channels = input.shape[-1 if last else -3]
    if filter.ndim != 4 or filter.shape[2] != channels:
        raise ValueError(f"{where}: {channels} channels do not go with filters of shape {tuple(filter.shape)}.")
    kernel = filter.reshape(*filter.shape[:2], 1, -1)
    return _convolve(where, input, kernel, strides, padding, data_format, dilations, channels)


def separable_conv2d(input: Any, depthwise_filter: Any, pointwise_filter: Any, strides: Any, padding: Any,
                     data_format: Any = None, dilations: Any = None) -> Any:  # fmt: skip
    """Each channel by its own filters, then all channels at each point."""
    found = depthwise_conv2d(input, depthwise_filter, strides, padding, data_format, dilations)
    return _convolve("tf.nn.separable_conv2d", found, pointwise_filter, 1, "VALID", data_format, 1)


def atrous_conv2d(value: Any, filters: Any, rate: Any, padding: Any) -> Any:
    """A convolution whose filters have holes."""
    return _convolve("tf.nn.atrous_conv2d", array(value), filters, 1, padding, None, rate)


def _pooled(where: str, kind: str, x: Any, ksize: Any, strides: Any, padding: Any, data_format: Any, dilations: Any = 1,
            rank: int | None = None) -> Any:  # fmt: skip
    rank = x.ndim - 2 if rank is None else rank
    if x.ndim != rank + 2 or rank not in SPACE:
        raise ValueError(
            f"{where}: expected an input of {(rank if rank in SPACE else 2) + 2} axes, received shape {tuple(x.shape)}."
        )
    _, last = _layout(where, data_format, rank)

    def full(sizes: tuple) -> tuple:
        return (1, *sizes, 1) if last else (1, 1, *sizes)

    window, step, holes = (full(_sizes(where, v, rank, last)) for v in (ksize, strides, dilations))
    border = _padding(where, padding, rank, last)
    if kind == "avg" and not isinstance(border, str):
        raise ValueError(f"{where}: expected padding 'SAME' or 'VALID', received {padding!r}.")
    pairs = border if isinstance(border, str) else [(0, 0), *border, (0, 0)] if last else [(0, 0), (0, 0), *border]
    slide = lambda v, first, join: jax.lax.reduce_window(v, first, join, window, step, pairs, None, holes)  # noqa: E731
    if kind == "max":
        least = -np.inf if jnp.issubdtype(x.dtype, jnp.floating) else jnp.iinfo(x.dtype).min
        return slide(x, np.asarray(least, x.dtype)[()], jax.lax.max)
    zero = np.zeros((), x.dtype)[()]
    return slide(x, zero, jax.lax.add) / slide(jnp.ones_like(x), zero, jax.lax.add)


def _pool(kind: str, rank: int | None) -> Callable:
    where = f"tf.nn.{kind}_pool{'' if rank is None else f'{rank}d'}"

    def pool(input: Any, ksize: Any, strides: Any, padding: Any, data_format: Any = None) -> Any:
        return _pooled(where, kind, input, ksize, strides, padding, data_format, 1, rank)

    return pool


def pool(input: Any, window_shape: Any, pooling_type: str, strides: Any = None, padding: Any = "VALID",
         data_format: Any = None, dilations: Any = None) -> Any:  # fmt: skip
    """The largest ("MAX") or the mean ("AVG") of windows."""
    kind = one_of("tf.nn.pool: pooling_type", pooling_type, ("MAX", "AVG")).lower()
    return _pooled("tf.nn.pool", kind, input, window_shape, strides, padding, data_format, dilations)


def max_pool_with_argmax(input: Any, ksize: Any, strides: Any, padding: Any, data_format: Any = "NHWC",
                         output_dtype: Any = "int64", include_batch_in_index: bool = False) -> Any:  # fmt: skip
    """The largest of windows, and where they were in the flattened picture (or batch)."""
    where = "tf.nn.max_pool_with_argmax"
    one_of(f"{where}: data_format", data_format, ("NHWC",))
    found = _pooled(where, "max", input, ksize, strides, padding, data_format)
    total = input.size if include_batch_in_index else input.size // input.shape[0]
    places = jnp.broadcast_to(jnp.arange(total).reshape(-1, *input.shape[1:]), input.shape)
    # the pull-back of a maximum picks its place
    patches = lambda v, fill: _patches(v, ksize, strides, padding, fill)  # noqa: E731
    values, indices = patches(input, -jnp.inf), patches(places.astype("float32"), -1.0)
    best = jnp.argmax(values, -1, keepdims=True)
    return found, jnp.take_along_axis(indices, best, -1)[..., 0].astype(dtype_of(output_dtype))


def _patches(x: Any, ksize: Any, strides: Any, padding: Any, fill: float) -> Any:
    """(n, h, w, c) -> (n, rows, columns, c, window)"""
    (kh, kw), (sh, sw) = (_sizes("tf.nn", v, 2, True) for v in (ksize, strides))
    border = _padding("tf.nn", padding, 2, True)
    if border == "SAME":
        border = []
        for size, k, s in zip(x.shape[1:3], (kh, kw), (sh, sw), strict=True):
            over = max((math.ceil(size / s) - 1) * s + k - size, 0)
            border.append((over // 2, over - over // 2))
    x = x if border == "VALID" else jnp.pad(x, [(0, 0), *border, (0, 0)], constant_values=fill)
    rows = [
        x[:, i : x.shape[1] - kh + i + 1 : sh, j : x.shape[2] - kw + j + 1 : sw] for i in range(kh) for j in range(kw)
    ]
    return jnp.stack(rows, -1)


ROWS = {
    "convolution": convolution,
    **{f"conv{rank}d": _conv(rank) for rank in SPACE},
    **{f"conv{rank}d_transpose": _transposed(rank) for rank in SPACE},
    "conv_transpose": _transposed(None),
    "depthwise_conv2d": depthwise_conv2d,
    "separable_conv2d": separable_conv2d,
    "atrous_conv2d": atrous_conv2d,
    **{
        f"{kind}_pool{'' if r is None else f'{r}d'}": _pool(kind, r) for kind in ("max", "avg") for r in (None, 1, 2, 3)
    },
    "pool": pool,
    "max_pool_with_argmax": max_pool_with_argmax,
}

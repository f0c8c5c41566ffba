"""How ``tf`` arranges tensors: shapes, slices, gathering and scattering, order; over jax.numpy, text over NumPy."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .rows import array, dtype_of, home_of, ints, known, one_of, shape_of


def transpose(a: Any, perm: Any = None, conjugate: bool = False) -> Any:
    """The axes in another order, reversed unless one is given."""
    found = home_of(a).transpose(a, ints(perm))
    return jnp.conj(found) if conjugate else found


def squeeze(input: Any, axis: Any = None) -> Any:
    """Without axes of size 1."""
    axis = ints(axis)
    return home_of(input).squeeze(input, None if axis == () else axis)


def stack(values: Any, axis: Any = 0) -> Any:
    """Tensors of one shape along a new axis."""
    arrays = [array(v) for v in values]
    return home_of(*arrays).stack(arrays, ints(axis))


def concat(values: Any, axis: Any) -> Any:
    """Tensors one behind the other along an axis."""
    arrays = [array(v) for v in values] if isinstance(values, (list, tuple)) else [array(values)]
    return home_of(*arrays).concatenate(arrays, ints(axis))


def split(value: Any, num_or_size_splits: Any, axis: Any = 0, num: Any = None) -> list:
    """Parts along an axis: so many equal ones, or of these sizes, of which one may be -1."""
    value, axis, wanted = array(value), ints(axis), ints(num_or_size_splits)
    if isinstance(wanted, int):
        if num is not None and num != wanted:
            raise ValueError(f"tf.split: num={num} does not go with num_or_size_splits={wanted}.")
        if value.shape[axis] % wanted:
            raise ValueError(f"tf.split: axis {axis} of shape {tuple(value.shape)} has no {wanted} equal parts.")
        return home_of(value).split(value, wanted, axis)
    if num is not None and num != len(wanted):
        raise ValueError(f"tf.split: num={num}, but there are {len(wanted)} sizes.")
    rest = value.shape[axis] - sum(n for n in wanted if n >= 0)
    sizes = [rest if n < 0 else n for n in wanted]
    if sum(sizes) != value.shape[axis] or rest < 0:
        raise ValueError(f"tf.split: sizes {list(wanted)} do not make up axis {axis} of shape {tuple(value.shape)}.")
    return home_of(value).split(value, np.cumsum(sizes)[:-1].tolist(), axis)


def unstack(value: Any, num: Any = None, axis: Any = 0) -> list:
    """The slices along an axis, as a list."""
    value = array(value)
    value = home_of(value).moveaxis(value, ints(axis), 0)
    if num is not None and num != len(value):
        raise ValueError(f"tf.unstack(num={num}): there are {len(value)} slices.")
    return [value[i] for i in range(len(value))]


def _within(where: str, indices: Any, sizes: Any) -> None:
    """Raises ValueError where indices that are known lie outside."""
    if known(indices) and indices.size:
        found = np.asarray(indices)
        if np.any(found < 0) or np.any(found >= np.asarray(sizes)):
            raise ValueError(f"{where}: indices must lie in [0, {sizes}), received {found.tolist()}.")


def gather(params: Any, indices: Any, validate_indices: Any = None, axis: Any = None, batch_dims: Any = 0) -> Any:
    """The slices of ``params`` at ``indices`` along an axis, in each batch by itself."""
    batch_dims = ints(batch_dims) % (indices.ndim + 1) if ints(batch_dims) < 0 else ints(batch_dims)
    axis = batch_dims if axis is None else ints(axis) % params.ndim
    if axis < batch_dims:
        raise ValueError(f"tf.gather: expected axis >= batch_dims, received axis {axis} and batch_dims {batch_dims}.")
    if validate_indices is not False:
        _within("tf.gather", indices, params.shape[axis])
    if batch_dims:
        take = lambda p, i: jnp.take(p, i, axis=axis - batch_dims, mode="clip")  # noqa: E731
        for _ in range(batch_dims):
            take = jax.vmap(take)
        return take(params, indices)
    if home_of(params) is np:
        return np.take(params, np.asarray(indices), axis=axis)
    return jnp.take(params, indices, axis=axis, mode="clip")


def _at(indices: Any) -> tuple:
    return tuple(indices[..., i] for i in range(indices.shape[-1]))


def gather_nd(params: Any, indices: Any, batch_dims: Any = 0, bad_indices_policy: str = "") -> Any:
    """The elements or slices at lists of indices."""
    if ints(batch_dims):
        return jax.vmap(lambda p, i: gather_nd(p, i, ints(batch_dims) - 1, bad_indices_policy))(params, indices)
    policy = one_of("tf.gather_nd: bad_indices_policy", bad_indices_policy, ("", "DEFAULT", "ERROR", "IGNORE"))
    sizes = params.shape[: indices.shape[-1]]
    if policy != "IGNORE":
        _within("tf.gather_nd", indices, sizes)
        return params[_at(indices if home_of(params) is jnp else np.asarray(indices))]
    inside = jnp.all((indices >= 0) & (indices < jnp.asarray(sizes)), -1)
    found = params[_at(indices)]
    return jnp.where(inside.reshape(*inside.shape, *[1] * (found.ndim - inside.ndim)), found, 0)


def scatter_nd(indices: Any, updates: Any, shape: Any, bad_indices_policy: str = "") -> Any:
    """Zeros with ``updates`` added at ``indices``."""
    return _update("add", bad_indices_policy, jnp.zeros(shape_of(shape), updates.dtype), indices, updates)


def _update(how: str, policy: str, tensor: Any, indices: Any, updates: Any) -> Any:
    policy = one_of("bad_indices_policy", policy, ("", "DEFAULT", "ERROR", "IGNORE"))
    sizes = tensor.shape[: indices.shape[-1]]
    if policy != "IGNORE":
        _within("Scattering", indices, sizes)
    indices = jnp.where(indices < 0, jnp.asarray(sizes), indices)  # dropped, as all that lies outside
    change = getattr(tensor.at[_at(indices)], {"sub": "add", "update": "set"}.get(how, how))
    return change(-updates if how == "sub" else updates, mode="drop")


def _scattered(how: str) -> Callable:
    def scattered(tensor: Any, indices: Any, updates: Any, bad_indices_policy: str = "") -> Any:
        return _update(how, bad_indices_policy, tensor, indices, updates.astype(tensor.dtype))

    return scattered


def where(condition: Any, x: Any = None, y: Any = None) -> Any:
    """Elements of ``x`` where the condition holds, else of ``y``; without them, the places where it holds."""
    if (x is None) != (y is None):
        raise ValueError("tf.where: give both x and y, or neither.")
    if x is None:
        if not known(condition):
            raise jax.errors.NonConcreteBooleanIndexError(condition)
        return jnp.argwhere(condition)
    return home_of(x, y).where(condition, x, y)


def boolean_mask(tensor: Any, mask: Any, axis: Any = None) -> Any:
    """The slices at which a mask is true; its axes begin at ``axis``."""
    start = ints(axis) or 0
    if tensor.shape[start : start + mask.ndim] != mask.shape:
        raise ValueError(
            f"tf.boolean_mask: a mask of shape {tuple(mask.shape)} does not fit a tensor of shape {tuple(tensor.shape)} "
            f"from axis {start} on."
        )
    return tensor[(slice(None),) * start + (mask if home_of(tensor) is jnp else np.asarray(mask),)]


def cut(input_: Any, begin: Any, size: Any) -> Any:
    """A box of the tensor: where it begins and how large it is, -1 for all the rest."""
    if known(begin):
        starts, sizes = shape_of(begin), shape_of(size)
        return input_[tuple(slice(b, None if n == -1 else b + n) for b, n in zip(starts, sizes, strict=True))]
    return jax.lax.dynamic_slice(input_, list(array(begin)), shape_of(size))


def strided_slice(input_: Any, begin: Any, end: Any, strides: Any = None, begin_mask: int = 0, end_mask: int = 0,
                  ellipsis_mask: int = 0, new_axis_mask: int = 0, shrink_axis_mask: int = 0) -> Any:  # fmt: skip
    """Python's slices given as lists; the bits of the masks say which are left open, are axes, or single elements."""
    begin, end = shape_of(begin), shape_of(end)
    strides = (1,) * len(begin) if strides is None else shape_of(strides)
    index: list[Any] = []
    for i, (b, e, s) in enumerate(zip(begin, end, strides, strict=True)):
        bit = 1 << i
        if ellipsis_mask & bit:
            index.append(...)
        elif new_axis_mask & bit:
            index.append(None)
        elif shrink_axis_mask & bit:
            index.append(b)
        else:
            index.append(slice(None if begin_mask & bit else b, None if end_mask & bit else e, s))
    return input_[tuple(index)]


def pad(tensor: Any, paddings: Any, mode: str = "CONSTANT", constant_values: Any = 0) -> Any:
    """The tensor with a border: of a constant, or mirrored with ("SYMMETRIC") or without ("REFLECT") the edge."""
    widths = np.asarray(paddings).tolist()
    mode = one_of("tf.pad: mode", mode, ("CONSTANT", "REFLECT", "SYMMETRIC"))
    if mode == "CONSTANT":
        return jnp.pad(tensor, widths, constant_values=array(constant_values))
    return jnp.pad(tensor, widths, mode=mode.lower())


def one_hot(
    indices: Any, depth: Any, on_value: Any = None, off_value: Any = None, axis: Any = None, dtype: Any = None
) -> Any:
    """Rows with one element ``on_value``."""
    given = [v for v in (on_value, off_value) if v is not None]
    to = (
        dtype_of(dtype) if dtype is not None else dtype_of("float32") if not given else jnp.result_type(array(given[0]))
    )
    axis = -1 if axis is None else ints(axis)
    hot = jnp.expand_dims(indices, axis)
    places = jnp.arange(ints(depth)).reshape([-1 if a == axis % hot.ndim else 1 for a in range(hot.ndim)])
    on, off = (array(d if v is None else v) for v, d in ((on_value, 1), (off_value, 0)))
    return jnp.where(hot == places, on, off).astype(to)


def roll(input: Any, shift: Any, axis: Any) -> Any:
    """Shifted along axes; what falls off comes in at the other end."""
    return jnp.roll(input, ints(shift), ints(axis))


def repeat(input: Any, repeats: Any, axis: Any = None) -> Any:
    """Each element, or slice along an axis, so many times."""
    return home_of(input).repeat(input, np.asarray(repeats) if known(repeats) else repeats, ints(axis))


def sequence_mask(lengths: Any, maxlen: Any = None, dtype: Any = "bool") -> Any:
    """Rows of so many true elements."""
    if maxlen is None:
        if not known(lengths):
            raise ValueError("tf.sequence_mask inside of a compiled function: give maxlen.")
        maxlen = int(np.max(lengths)) if lengths.size else 0
    return (jnp.arange(ints(maxlen)) < lengths[..., None]).astype(dtype_of(dtype))


def reverse_sequence(input: Any, seq_lengths: Any, seq_axis: Any = None, batch_axis: Any = None) -> Any:
    """The first so many elements of each row in reverse."""
    seq, batch = ints(seq_axis), ints(batch_axis) or 0
    x = jnp.moveaxis(input, (batch, seq), (0, 1))
    lengths = array(seq_lengths)[:, None]
    steps = jnp.arange(x.shape[1])[None]
    places = jnp.where(steps < lengths, lengths - 1 - steps, steps)
    found = jnp.take_along_axis(x, places.reshape(*places.shape, *[1] * (x.ndim - 2)), 1)
    return jnp.moveaxis(found, (0, 1), (batch, seq))


def meshgrid(*args: Any, indexing: str = "xy") -> list:
    """Coordinates of a grid."""
    return jnp.meshgrid(*map(array, args), indexing=one_of("tf.meshgrid: indexing", indexing, ("xy", "ij")))


def _descending(where: str, direction: str) -> bool:
    return one_of(f"{where}: direction", direction, ("ASCENDING", "DESCENDING")) == "DESCENDING"


def sort(values: Any, axis: Any = -1, direction: str = "ASCENDING") -> Any:
    """In order along an axis."""
    return jnp.sort(array(values), ints(axis), descending=_descending("tf.sort", direction))


def argsort(values: Any, axis: Any = -1, direction: str = "ASCENDING", stable: bool = False) -> Any:
    """The places of the elements in order; equal ones always keep their order, also where ``stable`` is false."""
    down = _descending("tf.argsort", direction)
    return jnp.argsort(array(values), ints(axis), descending=down, stable=True).astype("int32")


def searchsorted(sorted_sequence: Any, values: Any, side: str = "left", out_type: Any = "int32") -> Any:
    """Where values would be put into sorted rows."""
    side, values = one_of("tf.searchsorted: side", side, ("left", "right")), array(values)
    find = lambda s, v: jnp.searchsorted(s, v, side)  # noqa: E731
    for _ in range(sorted_sequence.ndim - 1):
        find = jax.vmap(find)
    return find(sorted_sequence, values).astype(dtype_of(out_type))


def unique_with_counts(x: Any, out_idx: Any = "int32") -> Any:
    """The distinct elements in the order in which they come, the place of each element among them, and how often."""
    if not known(x):
        raise jax.errors.NonConcreteBooleanIndexError(x)
    values = np.asarray(x)
    found, first, inverse, counts = np.unique(values, return_index=True, return_inverse=True, return_counts=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    to = dtype_of(out_idx)
    places, counts = jnp.asarray(rank[inverse.reshape(-1)], to), jnp.asarray(counts[order], to)
    return array(found[order]), places, counts


def dynamic_partition(data: Any, partitions: Any, num_partitions: Any) -> list:
    """The rows of each part."""
    if not known(partitions):
        raise jax.errors.NonConcreteBooleanIndexError(partitions)
    rows = data.reshape(-1, *data.shape[partitions.ndim :])
    return [rows[np.asarray(partitions).reshape(-1) == i] for i in range(ints(num_partitions))]


def dynamic_stitch(indices: Any, data: Any) -> Any:
    """Rows put at their places; the later ones win."""
    indices, data = [array(i) for i in indices], [array(d) for d in data]
    rows = [d.reshape(-1, *d.shape[i.ndim :]) for i, d in zip(indices, data, strict=True)]
    places = np.concatenate([np.asarray(i).reshape(-1) for i in indices])
    found = jnp.zeros((int(places.max()) + 1, *rows[0].shape[1:]), rows[0].dtype)
    for i, r in zip(indices, rows, strict=True):
        found = found.at[i.reshape(-1)].set(r)
    return found


dynamic_stitch.lists = ("indices", "data")  # type: ignore[attr-defined]


def linspace(start: Any, stop: Any, num: Any, axis: Any = 0) -> Any:
    """So many numbers at equal distances, both ends included."""
    start, stop = array(start), array(stop)
    return jnp.linspace(start, stop, ints(num), axis=ints(axis))


def ensure_shape(x: Any, shape: Any) -> Any:
    """The tensor, if it has the shape, in which None is any size."""
    wanted = None if shape is None else tuple(shape)
    if wanted is not None and (len(wanted) != x.ndim or any(
        w is not None and int(w) != n for w, n in zip(wanted, x.shape, strict=True))):  # fmt: skip
        raise ValueError(f"tf.ensure_shape: expected shape {wanted}, received {tuple(x.shape)}.")
    return x


def space_to_batch(input: Any, block_shape: Any, paddings: Any) -> Any:
    """Blocks of space as rows of the batch."""
    blocks = shape_of(block_shape)
    x = jnp.pad(input, [(0, 0), *np.asarray(paddings).tolist(), *[(0, 0)] * (input.ndim - 1 - len(blocks))])
    split_up = [n for size, b in zip(x.shape[1:], blocks, strict=False) for n in (size // b, b)]
    rest, m = x.shape[1 + len(blocks) :], len(blocks)
    x = x.reshape(x.shape[0], *split_up, *rest)
    x = x.transpose(*range(2, 2 * m + 1, 2), 0, *range(1, 2 * m, 2), *range(2 * m + 1, x.ndim))
    return x.reshape(-1, *split_up[::2], *rest)


def batch_to_space(input: Any, block_shape: Any, crops: Any) -> Any:
    """Rows of the batch as blocks of space."""
    blocks, m = shape_of(block_shape), len(shape_of(block_shape))
    space, rest = input.shape[1 : m + 1], input.shape[m + 1 :]
    x = input.reshape(*blocks, -1, *space, *rest)
    order = [m, *[a for i in range(m) for a in (m + 1 + i, i)], *range(2 * m + 1, x.ndim)]
    x = x.transpose(order).reshape(x.shape[m], *[s * b for s, b in zip(space, blocks, strict=True)], *rest)
    cuts = [slice(a, n - b) for n, (a, b) in zip(x.shape[1:], np.asarray(crops).tolist(), strict=False)]
    return x[(slice(None), *cuts)]


ROWS = {
    "reshape": lambda tensor, shape: tensor.reshape(shape_of(shape)),
    "transpose": transpose,
    "expand_dims": lambda input, axis: home_of(input).expand_dims(input, ints(axis)),
    "squeeze": squeeze,
    "tile": lambda input, multiples: home_of(input).tile(input, shape_of(multiples)),
    "stack": stack,
    "concat": concat,
    "split": split,
    "unstack": unstack,
    "gather": gather,
    "gather_nd": gather_nd,
    "scatter_nd": scatter_nd,
    **{f"tensor_scatter_nd_{how}": _scattered(how) for how in ("add", "sub", "max", "min", "update")},
    "where": where,
    "boolean_mask": boolean_mask,
    "slice": cut,
    "strided_slice": strided_slice,
    "pad": pad,
    "one_hot": one_hot,
    "reverse": lambda tensor, axis: jnp.flip(tensor, ints(axis)),
    "roll": roll,
    "repeat": repeat,
    "broadcast_to": lambda input, shape: home_of(input).broadcast_to(input, shape_of(shape)),
    "broadcast_dynamic_shape": lambda shape_x, shape_y: jnp.asarray(
        np.broadcast_shapes(shape_of(shape_x), shape_of(shape_y)), "int32"
    ),
    "sequence_mask": sequence_mask,
    "reverse_sequence": reverse_sequence,
    "meshgrid": meshgrid,
    "sort": sort,
    "argsort": argsort,
    "searchsorted": searchsorted,
    "unique": lambda x, out_idx="int32": unique_with_counts(x, out_idx)[:2],
    "unique_with_counts": unique_with_counts,
    "dynamic_partition": dynamic_partition,
    "dynamic_stitch": dynamic_stitch,
    "unravel_index": lambda indices, dims: jnp.stack(jnp.unravel_index(indices, shape_of(dims))),
    "linspace": linspace,
    "ensure_shape": ensure_shape,
    "bitcast": lambda input, type: jax.lax.bitcast_convert_type(input, dtype_of(type)),
    "space_to_batch": space_to_batch,
    "space_to_batch_nd": space_to_batch,
    "batch_to_space": batch_to_space,
}

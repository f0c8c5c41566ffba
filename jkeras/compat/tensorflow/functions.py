"""The functions of ``tf``, ``tf.math``, ``tf.nn``, ``tf.random`` and ``tf.linalg``: rows of tables over jax.numpy."""

import inspect
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ... import activations, ops, random
from ...backend import tensors as K
from ...core import dtypes
from ...core.variable import Variable
from .tensor import DType, Tensor, TensorShape, shim, unwrap, wrap

_REDUCTIONS = "sum mean max min prod any all std var".split()
_SAME = (  # named alike in jax.numpy; the second names are TensorFlow's
    "abs exp log log1p expm1 sqrt square sin cos tan sinh cosh tanh arcsin:asin arccos:acos arctan:atan arctan2:atan2 "
    "arcsinh:asinh arccosh:acosh arctanh:atanh floor ceil sign round maximum minimum add subtract multiply divide:truediv "
    "divide:divide power:pow logical_and logical_or logical_not logical_xor equal not_equal greater greater_equal less "
    "less_equal negative reciprocal isnan:is_nan isinf:is_inf isfinite:is_finite real imag conj angle zeros_like ones_like "
    "floor_divide:floordiv floor_divide:floor_div mod:floormod mod:mod cumsum cumprod sinc diff:diff einsum:einsum squeeze "
    "expand_dims rot90 roll:roll nan_to_num trace outer kron meshgrid"
)


def _reduction(name: str) -> Callable:
    compute = getattr(jnp, name)

    def reduce(input_tensor: Any, axis: Any = None, keepdims: bool = False, name: Any = None, **old: Any) -> Any:
        axis = old.get("reduction_indices", axis)
        axis = tuple(axis) if isinstance(axis, (list, tuple)) else axis
        return compute(jnp.asarray(input_tensor), axis=axis, keepdims=old.get("keep_dims", keepdims))

    return reduce


def _plain(fn: Callable) -> Callable:
    """A function of jax.numpy that takes TensorFlow's ``name=``, and lists where arrays are meant."""

    def call(*args: Any, name: Any = None, **kwargs: Any) -> Any:
        args = tuple(jnp.asarray(a) if isinstance(a, list) and fn is not jnp.einsum else a for a in args)
        return fn(*args, **kwargs)

    call.__name__ = getattr(fn, "__name__", "call")
    return call


def _shape_of(shape: Any) -> Any:
    shape = unwrap(shape)
    return tuple(int(n) for n in np.asarray(shape).reshape(-1)) if not isinstance(shape, int) else (shape,)


def cast(x: Any, dtype: Any, name: Any = None) -> Any:
    """The values in another dtype."""
    return jnp.asarray(x).astype(dtypes.array_dtype(dtypes.standardize_dtype(dtype)))


def constant(value: Any, dtype: Any = None, shape: Any = None, name: Any = None) -> Tensor:
    """A tensor of given values: floats become float32, whole numbers int32, text stays text."""
    value = unwrap(value)
    if dtype == "string" or np.asarray(value).dtype.kind in "OUST":
        return Tensor(np.array(value, dtype=object))
    given = np.asarray(value) if not hasattr(value, "dtype") else value
    if dtype is None and not hasattr(value, "dtype"):
        dtype = {"f": "float32", "i": "int32", "u": "int32"}.get(given.dtype.kind)
    array = jnp.asarray(given, None if dtype is None else dtypes.array_dtype(dtypes.standardize_dtype(dtype)))
    return Tensor(array if shape is None else jnp.broadcast_to(array, _shape_of(shape)))


def convert_to_tensor(value: Any, dtype: Any = None, dtype_hint: Any = None, name: Any = None) -> Any:
    """The values as a tensor; a tensor stays itself."""
    if isinstance(value, Tensor) and (dtype is None or value.dtype == dtype):
        return value
    if isinstance(value, (Tensor, Variable, jax.Array)):
        return shim(lambda x: x if dtype is None else cast(x, dtype))(value)
    return constant(value, dtype)


class TFVariable(Variable):
    """A Variable of a script: its operators are seen by tapes.

    https://www.tensorflow.org/api_docs/python/tf/Variable
    """

    def __init__(self, initial_value: Any = None, trainable: Any = True, *args: Any, name: Any = None, dtype: Any = None,
                 shape: Any = None, **kwargs: Any):  # fmt: skip
        value = initial_value() if callable(initial_value) else initial_value
        array = constant(value, dtype).value if not isinstance(value, Tensor) or dtype else value.value
        super().__init__(array, trainable=trainable is not False, name=(name or "Variable").split(":")[0].replace("/", "_"),
                         dtype=str(array.dtype))  # fmt: skip

    def read_value(self) -> Any:
        """The value as a tensor."""
        return shim(lambda x: x)(self)

    def assign(self, value: Any, use_locking: bool = False, name: Any = None, read_value: bool = True) -> Any:
        """Sets the value."""
        super().assign(unwrap(value))
        return self

    def assign_add(self, delta: Any, use_locking: bool = False, name: Any = None, read_value: bool = True) -> Any:
        """Adds to the value."""
        return self.assign(self._stored() + unwrap(delta))

    def assign_sub(self, delta: Any, use_locking: bool = False, name: Any = None, read_value: bool = True) -> Any:
        """Subtracts from the value."""
        return self.assign(self._stored() - unwrap(delta))

    def get_shape(self) -> TensorShape:
        """Its shape."""
        return TensorShape(self.shape)

    def ref(self) -> Any:
        """A key of dicts for this variable."""
        from .tensor import Reference

        return Reference(self)

    initialized_value = read_value


def _operators() -> None:
    for name in [n for n in vars(Tensor) if n.startswith("__") and callable(getattr(Tensor, n))]:
        method = vars(Tensor)[name]
        if name.strip("_").lstrip("r") in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "neg", "abs", "lt",
                                           "le", "gt", "ge") or name == "__getitem__":  # fmt: skip
            setattr(TFVariable, name, method)


_operators()


def gather(params: Any, indices: Any, axis: int = 0, batch_dims: int = 0, name: Any = None, **_: Any) -> Any:
    """The slices of ``params`` at ``indices``."""
    if batch_dims:
        inner = lambda p, i: gather(p, i, max(axis, batch_dims) - 1, batch_dims - 1)  # noqa: E731
        return jax.vmap(inner)(jnp.asarray(params), jnp.asarray(indices))
    return jnp.take(jnp.asarray(params), jnp.asarray(indices), axis=axis)


def gather_nd(params: Any, indices: Any, batch_dims: int = 0, name: Any = None) -> Any:
    """The elements or slices at lists of indices."""
    if batch_dims:
        return jax.vmap(lambda p, i: gather_nd(p, i, batch_dims - 1))(params, indices)
    indices = jnp.asarray(indices)
    return jnp.asarray(params)[tuple(indices[..., i] for i in range(indices.shape[-1]))]


def scatter_nd(indices: Any, updates: Any, shape: Any, name: Any = None) -> Any:
    """Zeros with ``updates`` added at ``indices``."""
    indices, updates = jnp.asarray(indices), jnp.asarray(updates)
    at = tuple(indices[..., i] for i in range(indices.shape[-1]))
    return jnp.zeros(_shape_of(shape), updates.dtype).at[at].add(updates)


def _updated(how: str) -> Callable:
    def update(tensor: Any, indices: Any, updates: Any, name: Any = None) -> Any:
        indices = jnp.asarray(indices)
        at = tuple(indices[..., i] for i in range(indices.shape[-1]))
        return getattr(jnp.asarray(tensor).at[at], how)(jnp.asarray(updates))

    return update


def clip_by_norm(t: Any, clip_norm: Any, axes: Any = None, name: Any = None) -> Any:
    """The tensor scaled down where its norm is above ``clip_norm``."""
    norm = jnp.sqrt(jnp.sum(jnp.square(t), axis=axes, keepdims=True))
    return jnp.asarray(t) * clip_norm / jnp.maximum(norm, clip_norm)


def global_norm(t_list: Any, name: Any = None) -> Any:
    """The norm of all tensors together."""
    return jnp.sqrt(sum(jnp.sum(jnp.square(t)) for t in t_list if t is not None))


def clip_by_global_norm(t_list: Any, clip_norm: Any, use_norm: Any = None, name: Any = None) -> Any:
    """The tensors scaled together, and their global norm before."""
    norm = global_norm(t_list) if use_norm is None else use_norm
    scale = clip_norm / jnp.maximum(norm, clip_norm)
    return [None if t is None else t * scale for t in t_list], norm


def matmul(a: Any, b: Any, transpose_a: bool = False, transpose_b: bool = False, name: Any = None, **_: Any) -> Any:
    """The matrix product of the last two axes."""
    a, b = jnp.asarray(a), jnp.asarray(b)
    return jnp.matmul(jnp.swapaxes(a, -1, -2) if transpose_a else a, jnp.swapaxes(b, -1, -2) if transpose_b else b)


def one_hot(indices: Any, depth: Any, on_value: Any = 1.0, off_value: Any = 0.0, axis: Any = -1, dtype: Any = "float32",
            name: Any = None) -> Any:  # fmt: skip
    """Rows with one element ``on_value``."""
    hot = jax.nn.one_hot(jnp.asarray(indices), int(depth), axis=-1 if axis is None else axis, dtype="bool")
    return jnp.where(hot, on_value, off_value).astype(dtypes.array_dtype(dtypes.standardize_dtype(dtype)))


def where(condition: Any, x: Any = None, y: Any = None, name: Any = None) -> Any:
    """Elements of ``x`` where the condition holds, else of ``y``; without them, the places where it holds."""
    if x is None:
        return jnp.argwhere(jnp.asarray(condition))
    return jnp.where(jnp.asarray(condition), jnp.asarray(x), jnp.asarray(y))


def split(value: Any, num_or_size_splits: Any, axis: int = 0, num: Any = None, name: Any = None) -> list:
    """Parts along an axis: so many, or of these sizes."""
    value = jnp.asarray(value)
    if isinstance(num_or_size_splits, int):
        return jnp.split(value, num_or_size_splits, axis)
    return jnp.split(value, np.cumsum(np.asarray(num_or_size_splits))[:-1].tolist(), axis)


def unstack(value: Any, num: Any = None, axis: int = 0, name: Any = None) -> list:
    """The slices along an axis, as a list."""
    value = jnp.moveaxis(jnp.asarray(value), axis, 0)
    return [value[i] for i in range(value.shape[0])]


def top_k(input: Any, k: int = 1, sorted: bool = True, name: Any = None) -> tuple:
    """The largest elements of the last axis, and their places."""
    return tuple(jax.lax.top_k(jnp.asarray(input), k))


def _crossentropy(sparse: bool) -> Callable:
    def crossentropy(labels: Any = None, logits: Any = None, axis: int = -1, name: Any = None) -> Any:
        logits = jnp.asarray(logits)
        scores = jax.nn.log_softmax(logits, axis=axis)
        if sparse:
            return -jnp.take_along_axis(scores, jnp.asarray(labels)[..., None], -1)[..., 0]
        return -jnp.sum(jnp.asarray(labels, logits.dtype) * scores, axis=axis)

    return crossentropy


def sigmoid_crossentropy(labels: Any = None, logits: Any = None, name: Any = None) -> Any:
    """The crossentropy of independent labels, elementwise."""
    labels, logits = jnp.asarray(labels), jnp.asarray(logits)
    return jnp.maximum(logits, 0) - logits * labels + jnp.log1p(jnp.exp(-jnp.abs(logits)))


def moments(x: Any, axes: Any, shift: Any = None, keepdims: bool = False, name: Any = None) -> tuple:
    """Mean and variance over axes."""
    axes = tuple(axes) if isinstance(axes, (list, tuple)) else axes
    return jnp.mean(x, axis=axes, keepdims=keepdims), jnp.var(x, axis=axes, keepdims=keepdims)


def l2_normalize(x: Any, axis: Any = None, epsilon: float = 1e-12, name: Any = None, **old: Any) -> Any:
    """The tensor divided by its norm."""
    total = jnp.sum(jnp.square(x), axis=old.get("dim", axis), keepdims=True)
    return x * jax.lax.rsqrt(jnp.maximum(total, epsilon))


def _pad_word(padding: Any) -> str:
    return padding.lower()


def conv2d(input: Any, filters: Any, strides: Any, padding: str, data_format: str = "NHWC", dilations: Any = None,
           name: Any = None) -> Any:  # fmt: skip
    """Two-dimensional convolution."""
    strides = strides if isinstance(strides, int) else tuple(strides)[1:3] if len(strides) == 4 else tuple(strides)
    order = "channels_last" if data_format == "NHWC" else "channels_first"
    return ops.conv(jnp.asarray(input), jnp.asarray(filters), strides, _pad_word(padding), order, dilations or 1)


def _pool(kind: str) -> Callable:
    def pool(input: Any, ksize: Any, strides: Any, padding: str, data_format: str = "NHWC", name: Any = None) -> Any:
        if data_format != "NHWC":
            raise ValueError(f"tf.nn.{kind}_pool: expected data_format 'NHWC', received {data_format!r}.")
        size, step = (v if isinstance(v, int) else tuple(v)[1:3] if len(v) == 4 else tuple(v) for v in (ksize, strides))
        return getattr(ops, f"{kind}_pool")(jnp.asarray(input), size, step, _pad_word(padding), "channels_last")

    return pool


def pad(tensor: Any, paddings: Any, mode: str = "CONSTANT", constant_values: Any = 0, name: Any = None) -> Any:
    """The tensor with a border."""
    widths = np.asarray(paddings).tolist()
    if mode.upper() == "CONSTANT":
        return jnp.pad(jnp.asarray(tensor), widths, constant_values=constant_values)
    return jnp.pad(jnp.asarray(tensor), widths, mode=mode.lower())


def tensor_scatter_nd_update(tensor: Any, indices: Any, updates: Any, name: Any = None) -> Any:
    """The tensor with other values at lists of indices."""
    return _updated("set")(tensor, indices, updates)


def _table() -> dict[str, Callable]:
    table: dict[str, Callable] = {}
    for word in _SAME.split():
        ours, _, theirs = word.partition(":")
        table[theirs or ours] = _plain(getattr(jnp, ours))
    table.update({f"reduce_{name}": _reduction(name) for name in _REDUCTIONS})
    table["reduce_variance"], table["reduce_std"] = table.pop("reduce_var"), table["reduce_std"]
    table.update(
        cast=cast, gather=gather, gather_nd=gather_nd, scatter_nd=scatter_nd, matmul=matmul, one_hot=one_hot, where=where,
        split=split, unstack=unstack, clip_by_norm=clip_by_norm, clip_by_global_norm=clip_by_global_norm, pad=pad,
        tensor_scatter_nd_update=tensor_scatter_nd_update, tensor_scatter_nd_add=_updated("add"),
        reduce_logsumexp=lambda input_tensor, axis=None, keepdims=False, name=None: jax.nn.logsumexp(
            jnp.asarray(input_tensor), axis=axis, keepdims=keepdims),
        reshape=lambda tensor, shape, name=None: jnp.reshape(jnp.asarray(tensor), _shape_of(shape)),
        transpose=lambda a, perm=None, conjugate=False, name=None: jnp.transpose(jnp.asarray(a), perm),
        tile=lambda input, multiples, name=None: jnp.tile(jnp.asarray(input), _shape_of(multiples)),
        stack=lambda values, axis=0, name=None: jnp.stack([jnp.asarray(v) for v in values], axis),
        concat=lambda values, axis, name=None: jnp.concatenate([jnp.asarray(v) for v in values], axis),
        tensordot=lambda a, b, axes, name=None: jnp.tensordot(a, b, axes),
        argmax=lambda input, axis=None, output_type="int64", name=None, **old: jnp.argmax(
            jnp.asarray(input), axis=old.get("dimension", axis or 0)).astype(dtypes.array_dtype(str(output_type))),
        argmin=lambda input, axis=None, output_type="int64", name=None, **old: jnp.argmin(
            jnp.asarray(input), axis=old.get("dimension", axis or 0)).astype(dtypes.array_dtype(str(output_type))),
        argsort=lambda values, axis=-1, direction="ASCENDING", stable=False, name=None: jnp.argsort(
            jnp.asarray(values), axis, descending=direction == "DESCENDING"),
        sort=lambda values, axis=-1, direction="ASCENDING", name=None: jnp.sort(
            jnp.asarray(values), axis, descending=direction == "DESCENDING"),
        clip_by_value=lambda t, clip_value_min, clip_value_max, name=None: jnp.clip(
            jnp.asarray(t), clip_value_min, clip_value_max),
        identity=lambda input, name=None: jnp.asarray(input) + 0 if not hasattr(input, "dtype") else input,
        stop_gradient=lambda input, name=None: jax.lax.stop_gradient(input),
        reverse=lambda tensor, axis, name=None: jnp.flip(jnp.asarray(tensor), axis),
        repeat=lambda input, repeats, axis=None, name=None: jnp.repeat(jnp.asarray(input), repeats, axis),
        boolean_mask=lambda tensor, mask, axis=0, name=None: jnp.asarray(tensor)[jnp.asarray(mask)],
        broadcast_to=lambda input, shape, name=None: jnp.broadcast_to(jnp.asarray(input), _shape_of(shape)),
        rsqrt=lambda x, name=None: jax.lax.rsqrt(jnp.asarray(x)),
        squared_difference=lambda x, y, name=None: jnp.square(x - y),
        divide_no_nan=lambda x, y, name=None: jnp.where(y == 0, 0, x / jnp.where(y == 0, 1, y)),
        multiply_no_nan=lambda x, y, name=None: jnp.where(y == 0, 0, x * y),
        add_n=lambda inputs, name=None: sum(inputs),
        accumulate_n=lambda inputs, name=None: sum(inputs),
        norm=lambda tensor, ord="euclidean", axis=None, keepdims=False, name=None: jnp.linalg.norm(
            tensor if axis is not None else jnp.ravel(tensor), None if ord == "euclidean" else ord, axis, keepdims),
        eye=None, linspace=lambda start, stop, num, name=None, axis=0: jnp.linspace(start, stop, num, axis=axis),
        slice=lambda input_, begin, size, name=None: jnp.asarray(input_)[
            tuple(slice(int(b), None if int(s) == -1 else int(b) + int(s)) for b, s in zip(begin, size, strict=True))],
        bincount=lambda arr, weights=None, minlength=0, maxlength=None, dtype="int32", name=None: jnp.bincount(
            jnp.asarray(arr), weights, minlength=minlength),
        unique=lambda x, out_idx="int32", name=None: jnp.unique(jnp.asarray(x), return_inverse=True),
        searchsorted=lambda sorted_sequence, values, side="left", name=None: jnp.searchsorted(
            jnp.asarray(sorted_sequence), jnp.asarray(values), side),
        sequence_mask=lambda lengths, maxlen=None, dtype="bool", name=None: (
            jnp.arange(int(maxlen or np.max(lengths))) < jnp.asarray(lengths)[..., None]).astype(str(dtype)),
        sigmoid=jax.nn.sigmoid, erf=jax.lax.erf, lgamma=jax.lax.lgamma, digamma=jax.lax.digamma, softplus=jax.nn.softplus,
        global_norm=global_norm, top_k=top_k,
        cumulative_logsumexp=lambda x, axis=0, name=None: jax.lax.cumlogsumexp(jnp.asarray(x), axis),
        segment_sum=lambda data, segment_ids, name=None: jax.ops.segment_sum(data, segment_ids),
        confusion_matrix=lambda labels, predictions, num_classes=None, weights=None, dtype="int32", name=None: jnp.zeros(
            (num_classes or int(max(np.max(labels), np.max(predictions))) + 1,) * 2, str(dtype)).at[
                jnp.asarray(labels), jnp.asarray(predictions)].add(1 if weights is None else weights),
        in_top_k=lambda targets, predictions, k, name=None: K.in_top_k(predictions, targets, k),
        l2_normalize=l2_normalize, lerp=None,
    )  # fmt: skip
    return {k: v for k, v in table.items() if v is not None}


def _nn() -> dict[str, Callable]:
    named = "relu relu6 elu selu leaky_relu softplus softsign silu swish gelu sigmoid tanh softmax log_softmax".split()
    table = {name: _plain(getattr(activations, name)) for name in named}
    table.update(
        softmax_cross_entropy_with_logits=_crossentropy(False), softmax_cross_entropy_with_logits_v2=_crossentropy(False),
        sparse_softmax_cross_entropy_with_logits=_crossentropy(True),
        sigmoid_cross_entropy_with_logits=sigmoid_crossentropy, moments=moments, l2_normalize=l2_normalize, conv2d=conv2d,
        max_pool=_pool("max"), max_pool2d=_pool("max"), avg_pool=_pool("average"), avg_pool2d=_pool("average"),
        l2_loss=lambda t, name=None: jnp.sum(jnp.square(t)) / 2, top_k=top_k, in_top_k=_TABLE["in_top_k"],
        bias_add=lambda value, bias, data_format=None, name=None: value + bias,
        dropout=lambda x, rate=0.5, noise_shape=None, seed=None, name=None: random.dropout(x, rate, noise_shape, seed),
        embedding_lookup=lambda params, ids, max_norm=None, name=None: jnp.take(params, jnp.asarray(ids), axis=0),
        softmax=lambda logits, axis=-1, name=None: jax.nn.softmax(jnp.asarray(logits), axis=axis),
        log_softmax=lambda logits, axis=-1, name=None: jax.nn.log_softmax(jnp.asarray(logits), axis=axis),
        leaky_relu=lambda features, alpha=0.2, name=None: jnp.where(features > 0, features, alpha * features),
        batch_normalization=lambda x, mean, variance, offset, scale, variance_epsilon, name=None: (
            (x - mean) * jax.lax.rsqrt(variance + variance_epsilon) * (1 if scale is None else scale)
            + (0 if offset is None else offset)),
        zero_fraction=lambda value, name=None: jnp.mean(jnp.asarray(value) == 0),
        depth_to_space=None,
    )  # fmt: skip
    return {k: v for k, v in table.items() if v is not None}


_TABLE = _table()


def _stateless(seed: Any) -> int:
    """One number of a seed of two."""
    first, second = np.asarray(unwrap(seed)).reshape(-1)[:2].tolist()
    return int(first * 1_000_003 + second) % 2**31


def _random() -> dict[str, Callable]:
    def drawn(draw: Callable) -> Callable:
        def call(
            shape: Any, *args: Any, dtype: Any = "float32", seed: Any = None, name: Any = None, **kwargs: Any
        ) -> Any:
            names = [p for p in inspect.signature(draw).parameters if p not in ("shape", "dtype", "seed")]
            given = {**dict(zip(names, args, strict=False)), **kwargs}
            if str(dtype).startswith("int") and draw is random.uniform:
                return random.randint(_shape_of(shape), given.get("minval", 0), given["maxval"], str(dtype), seed)
            return draw(_shape_of(shape), **given, dtype=str(dtype), seed=seed)

        return call

    return {
        "normal": drawn(random.normal), "uniform": drawn(random.uniform), "truncated_normal": drawn(random.truncated_normal),
        "gamma": lambda shape, alpha, beta=None, dtype="float32", seed=None, name=None: random.gamma(
            _shape_of(shape), alpha, str(dtype), seed) / (1 if beta is None else beta),
        "categorical": lambda logits, num_samples, dtype="int64", seed=None, name=None: random.categorical(
            logits, num_samples, str(dtype), seed),
        "shuffle": lambda value, seed=None, name=None: random.shuffle(jnp.asarray(value), 0, seed),
        "stateless_normal": lambda shape, seed, mean=0.0, stddev=1.0, dtype="float32", name=None: random.normal(
            _shape_of(shape), mean, stddev, str(dtype), _stateless(seed)),
        "stateless_uniform": lambda shape, seed, minval=0, maxval=1.0, dtype="float32", name=None: random.uniform(
            _shape_of(shape), minval, maxval, str(dtype), _stateless(seed)),
    }  # fmt: skip


_LINALG = {
    "matmul": matmul, "norm": _TABLE["norm"], "inv": jnp.linalg.inv, "det": jnp.linalg.det, "cholesky": jnp.linalg.cholesky,
    "svd": lambda tensor, full_matrices=False, compute_uv=True, name=None: (
        (lambda u, s, v: (s, u, jnp.swapaxes(v, -1, -2)))(*jnp.linalg.svd(tensor, full_matrices)) if compute_uv
        else jnp.linalg.svd(tensor, compute_uv=False)),
    "eigh": lambda tensor, name=None: tuple(jnp.linalg.eigh(tensor)), "qr": lambda input, name=None: tuple(jnp.linalg.qr(input)),
    "solve": lambda matrix, rhs, adjoint=False, name=None: jnp.linalg.solve(matrix, rhs),
    "diag": lambda diagonal, name=None: jnp.vectorize(jnp.diag, signature="(n)->(n,n)")(jnp.asarray(diagonal)),
    "diag_part": lambda input, name=None: jnp.diagonal(jnp.asarray(input), axis1=-2, axis2=-1),
    "trace": lambda x, name=None: jnp.trace(jnp.asarray(x), axis1=-2, axis2=-1),
    "band_part": lambda input, num_lower, num_upper, name=None: jnp.where(
        ((num_lower < 0) | (jnp.arange(input.shape[-2])[:, None] - jnp.arange(input.shape[-1]) <= num_lower))
        & ((num_upper < 0) | (jnp.arange(input.shape[-1]) - jnp.arange(input.shape[-2])[:, None] <= num_upper)), input, 0),
    "matrix_transpose": lambda a, name=None: jnp.swapaxes(a, -1, -2), "einsum": _TABLE["einsum"],
    "expm": lambda input, name=None: jax.scipy.linalg.expm(input), "l2_normalize": l2_normalize,
    "tensordot": _TABLE["tensordot"], "logdet": lambda matrix, name=None: jnp.linalg.slogdet(matrix)[1],
}  # fmt: skip


def _made(shape: Any, fill: Any, dtype: Any) -> Tensor:
    return Tensor(jnp.full(_shape_of(shape), unwrap(fill), None if dtype is None else dtypes.array_dtype(str(dtype))))


def shape_of(input: Any, out_type: Any = "int32", name: Any = None) -> Any:
    """The sizes of a tensor, known when it is traced: whole numbers in a tensor."""
    return Tensor(np.array(tuple(unwrap(input).shape if hasattr(input, "shape") else np.shape(input)), str(out_type)))


def arange(start: Any, limit: Any = None, delta: Any = 1, dtype: Any = None, name: str = "range") -> Tensor:
    """Numbers from ``start`` up to ``limit``."""
    start, limit, delta = unwrap((start, limit, delta))
    start, limit = (0, start) if limit is None else (start, limit)
    return Tensor(jnp.arange(start, limit, delta, None if dtype is None else str(dtype)))


def map_fn(fn: Callable, elems: Any, dtype: Any = None, **_: Any) -> Any:
    """The function on each slice along the first axis."""

    def at(i: int) -> Any:
        return jax.tree.map(lambda x: x[i], elems, is_leaf=lambda x: isinstance(x, Tensor))

    return stacked([fn(at(i)) for i in range(jax.tree.leaves(unwrap(elems))[0].shape[0])])


def scan(fn: Callable, elems: Any, initializer: Any = None, **_: Any) -> Any:
    """The results of a function that carries its last one along the first axis."""
    items = [elems[i] for i in range(len(elems))]
    last, found = (items.pop(0), []) if initializer is None else (initializer, [])
    if initializer is None:
        found.append(last)
    for item in items:
        last = fn(last, item)
        found.append(last)
    return stacked(found)


def stacked(results: list) -> Any:
    """Results of the same structure, stacked along a new first axis."""
    stack = shim(lambda *parts: jnp.stack([jnp.asarray(p) for p in parts]))
    return jax.tree.map(stack, *results, is_leaf=lambda x: isinstance(x, Tensor))


def cond(pred: Any, true_fn: Callable, false_fn: Callable, name: Any = None) -> Any:
    """One of two results, by a truth value; under tf.function both are computed and one is chosen."""
    value = unwrap(pred)
    if isinstance(value, jax.core.Tracer):
        choose = shim(lambda p, a, b: jnp.where(p, a, b))
        return jax.tree.map(
            lambda a, b: choose(pred, a, b), true_fn(), false_fn(), is_leaf=lambda x: isinstance(x, Tensor)
        )
    return true_fn() if value else false_fn()


def while_loop(cond: Callable, body: Callable, loop_vars: Any, **_: Any) -> Any:
    """Repeats a body as long as a condition holds."""
    values = tuple(loop_vars)
    if any(isinstance(unwrap(x), jax.core.Tracer) for x in values):
        from . import tape

        def inner(xs: tuple) -> tuple:
            with tape._Inside():
                return tuple(map(jnp.asarray, unwrap(tuple(body(*wrap(xs))))))

        start = tuple(map(jnp.asarray, unwrap(values)))
        return wrap(jax.lax.while_loop(lambda xs: jnp.asarray(unwrap(cond(*wrap(xs)))).reshape(()), inner, start))
    while bool(cond(*values)):
        made = body(*values)
        values = tuple(made) if isinstance(made, (list, tuple)) else (made,)
    return values


def custom_gradient(f: Callable) -> Callable:
    """A function that gives its result and how cotangents go back."""

    def call(*args: Any) -> Any:
        @jax.custom_vjp
        def inner(*values: Any) -> Any:
            return unwrap(f(*values)[0])

        def forward(*values: Any) -> tuple:
            return unwrap(f(*values)[0]), values

        def backward(values: tuple, upstream: Any) -> tuple:
            found = unwrap(f(*values)[1](upstream))
            return tuple(found) if isinstance(found, (list, tuple)) else (found,)

        inner.defvjp(forward, backward)
        return shim(inner)(*args)

    return call


def numpy_function(func: Callable, inp: Any, Tout: Any, stateful: bool = True, name: Any = None) -> Any:
    """A function of NumPy arrays on the host; outside of compiled functions."""
    if any(isinstance(unwrap(x), jax.core.Tracer) for x in inp):
        raise NotImplementedError("tf.numpy_function inside tf.function is not offered on JAX; call it outside of it.")
    return jax.tree.map(lambda a: constant(a), func(*(np.asarray(unwrap(x)) for x in inp)))


def py_function(func: Callable, inp: Any, Tout: Any, name: Any = None) -> Any:
    """A function of tensors, as it is."""
    return func(*map(convert_to_tensor, inp))


def tables() -> dict[str, dict[str, Any]]:
    """Namespace -> name -> what stands for it."""
    root = {name: shim(fn) for name, fn in _TABLE.items()}
    nn, draws, linalg = ({k: shim(v) for k, v in t.items()} for t in (_nn(), _random(), _LINALG))
    root.update(
        constant=constant, convert_to_tensor=convert_to_tensor, Variable=TFVariable, Tensor=Tensor, TensorShape=TensorShape,
        shape=shape_of, range=arange, map_fn=map_fn, vectorized_map=map_fn, scan=scan, cond=cond, while_loop=while_loop,
        custom_gradient=custom_gradient, numpy_function=numpy_function, py_function=py_function, DType=DType,
        zeros=lambda shape, dtype="float32", name=None: _made(shape, 0, dtype),
        ones=lambda shape, dtype="float32", name=None: _made(shape, 1, dtype),
        fill=lambda dims, value, name=None: _made(dims, value, None),
        eye=lambda num_rows, num_columns=None, dtype="float32", name=None: Tensor(jnp.eye(num_rows, num_columns, dtype=str(dtype))),
        rank=lambda input, name=None: Tensor(np.int32(np.ndim(unwrap(input)))),
        size=lambda input, name=None: Tensor(np.int32(np.size(unwrap(input)))),
        is_tensor=lambda x: isinstance(x, (Tensor, Variable)), nest=None,
        no_op=lambda *a, **k: None, group=lambda *a, **k: None,
        print=lambda *a, **k: print(*a),
    )  # fmt: skip
    for name in "float16 float32 float64 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string complex64".split():
        root[name] = DType(name)
    root.update(half=DType("float16"), double=DType("float64"))
    old = {
        "log": "log",
        "to_float": None,
        "random_normal": "normal",
        "random_uniform": "uniform",
        "truncated_normal": "truncated_normal",
    }
    root.update({k: draws[v] for k, v in old.items() if v in draws})
    root["to_float"], root["to_int32"] = (shim(lambda x, name=None, d=d: cast(x, d)) for d in ("float32", "int32"))
    draws["set_seed"] = root["set_random_seed"] = lambda seed: random_seed(seed)
    math = {
        **{k: v for k, v in root.items() if k in _TABLE},
        "softmax": nn["softmax"],
        "l2_normalize": nn["l2_normalize"],
    }
    return {"": root, "math": math, "nn": nn, "random": draws, "linalg": linalg}


def random_seed(seed: int) -> None:
    """Seeds what is drawn from here on."""
    from ...core.rng import set_seed

    set_seed(int(seed))

"""The TensorFlow functions that tf.keras writes into functional models (TFOpLambda), in terms of ``jkeras.ops``."""

from collections.abc import Callable
from typing import Any

# path below tf -> (path in jkeras.ops, names of the arguments after the first, in the order of the ops function)
_SAME = "exp log sqrt square sign sin cos tan floor ceil round"
_BINARY = {
    "multiply": "multiply",
    "add": "add",
    "subtract": "subtract",
    "divide": "divide",
    "truediv": "true_divide",
    "floordiv": "floor_divide",
    "mod": "mod",
    "floormod": "mod",
    "pow": "power",
    "maximum": "maximum",
    "minimum": "minimum",
    "greater": "greater",
    "greater_equal": "greater_equal",
    "less": "less",
    "less_equal": "less_equal",
    "equal": "equal",
    "not_equal": "not_equal",
    "logical_and": "logical_and",
    "logical_or": "logical_or",
    "atan2": "arctan2",
}
_REDUCED = {"mean": "mean", "sum": "sum", "max": "max", "min": "min", "prod": "prod", "std": "std"}
_REDUCED |= {"variance": "var", "any": "any", "all": "all", "logsumexp": "logsumexp"}

ROWS: dict[str, tuple[str, str]] = {
    **{f"math.{tf}": (name, "y") for tf, name in _BINARY.items()},
    **{f"math.reduce_{tf}": (name, "axis keepdims") for tf, name in _REDUCED.items()},
    **{f"math.{name}": (name, "") for name in _SAME.split()},
    "__operators__.add": ("add", "y"),
    "math.abs": ("absolute", ""),
    "math.negative": ("negative", ""),
    "math.reciprocal": ("reciprocal", ""),
    "math.rsqrt": ("rsqrt", ""),
    "math.log1p": ("log1p", ""),
    "math.expm1": ("expm1", ""),
    "math.erf": ("erf", ""),
    "math.logical_not": ("logical_not", ""),
    "math.is_nan": ("isnan", ""),
    "math.cumsum": ("cumsum", "axis"),
    "math.argmax": ("argmax", "axis"),
    "math.argmin": ("argmin", "axis"),
    "math.tanh": ("tanh", ""),
    "math.sigmoid": ("sigmoid", ""),
    "math.softplus": ("softplus", ""),
    "nn.relu": ("relu", ""),
    "nn.relu6": ("relu6", ""),
    "nn.elu": ("elu", ""),
    "nn.selu": ("selu", ""),
    "nn.silu": ("silu", ""),
    "nn.softsign": ("softsign", ""),
    "nn.leaky_relu": ("leaky_relu", "alpha"),
    "nn.softmax": ("softmax", "axis"),
    "nn.log_softmax": ("log_softmax", "axis"),
    "reshape": ("reshape", "shape"),
    "expand_dims": ("expand_dims", "axis"),
    "compat.v1.squeeze": ("squeeze", "axis"),
    "compat.v1.transpose": ("transpose", "perm"),
    "concat": ("concatenate", "axis"),
    "stack": ("stack", "axis"),
    "tile": ("tile", "multiples"),
    "cast": ("cast", "dtype"),
    "clip_by_value": ("clip", "clip_value_min clip_value_max"),
    "linalg.matmul": ("matmul", "b"),
    "zeros_like": ("zeros_like", ""),
    "ones_like": ("ones_like", ""),
    "stop_gradient": ("stop_gradient", ""),
    "reverse": ("flip", "axis"),
    "roll": ("roll", "shift axis"),
    "repeat": ("repeat", "repeats axis"),
}
_ALIASES = {
    "squeeze": "compat.v1.squeeze",
    "transpose": "compat.v1.transpose",
    "matmul": "linalg.matmul",
    "nn.tanh": "math.tanh",
    "nn.sigmoid": "math.sigmoid",
    "nn.softplus": "math.softplus",
    "nn.swish": "nn.silu",
    "sigmoid": "math.sigmoid",
    "tanh": "math.tanh",
    "math.softmax": "nn.softmax",
    "__operators__.eq": "math.equal",
    "__operators__.ne": "math.not_equal",
}
# the value at which an argument that is not in the table changes nothing
_NEUTRAL = {"conjugate": False, "exclusive": False, "reverse": False, "output_type": "int64"}
_NEUTRAL |= {f"{kind}_{side}": False for kind in ("transpose", "adjoint") for side in "ab"}
_NEUTRAL |= {"a_is_sparse": False, "b_is_sparse": False, "grad_a": False, "grad_b": False, "dtype": None}


def row_of(function: str) -> tuple[str, list[str]] | None:
    """(path below tf, names of the further arguments) for a function of ``ops``; None if there is none."""
    for path, (name, words) in ROWS.items():
        if name == function:
            return path, words.split()
    return None


def _by_row(path: str) -> Callable:
    name, words = ROWS[path]

    def call(x: Any, *args: Any, **kwargs: Any) -> Any:
        from .. import ops

        given = dict(zip(words.split(), args, strict=False))
        for word in words.split():
            if word in kwargs:
                given[word] = kwargs.pop(word)
        for word, value in kwargs.items():
            if word != "name" and value is not None and (word not in _NEUTRAL or value != _NEUTRAL[word]):
                raise ValueError(f"The TensorFlow function {path!r} is not known here with {word}={value!r}.")
        values: list[Any] = []
        for word in words.split():  # an argument left out ends the list, the rest goes by name
            if word not in given:
                break
            values.append(_hashable(given.pop(word)))
        if given:
            import inspect

            names = list(inspect.signature(getattr(ops, name)).parameters)[1:]
            known = dict(zip(words.split(), names, strict=False))
            return getattr(ops, name)(x, *values, **{known[k]: _hashable(v) for k, v in given.items()})
        return getattr(ops, name)(x, *values)

    return call


def _hashable(x: Any) -> Any:
    return tuple(map(_hashable, x)) if isinstance(x, list) else x


def _getitem(x: Any, slice_spec: Any) -> Any:
    index = [slice(s["start"], s["stop"], s["step"]) if isinstance(s, dict) and "start" in s else s for s in slice_spec]
    return x[tuple(Ellipsis if isinstance(s, dict) else s for s in index)]


def _squared_difference(x: Any, y: Any, name: Any = None) -> Any:
    from .. import ops

    return ops.square(ops.subtract(x, y))


def _l2_normalize(x: Any, axis: Any = None, epsilon: float = 1e-12, name: Any = None, dim: Any = None) -> Any:
    from .. import ops

    total = ops.sum(ops.square(x), axis=dim if axis is None else axis, keepdims=True)
    return ops.multiply(x, ops.rsqrt(ops.maximum(total, epsilon)))


def _einsum(equation: str, *inputs: Any, **kwargs: Any) -> Any:
    from .. import ops

    return ops.einsum(equation, *inputs)


def _gather(params: Any, indices: Any, validate_indices: Any = None, axis: Any = None, **kwargs: Any) -> Any:
    from .. import ops

    return ops.take(params, indices, axis=0 if axis is None else axis)


def _one_hot(indices: Any, depth: int, on_value: Any = None, off_value: Any = None, axis: Any = None, **_: Any) -> Any:
    from .. import ops

    if on_value not in (None, 1) or off_value not in (None, 0):
        raise ValueError("The TensorFlow function 'one_hot' is not known here with on_value and off_value.")
    return ops.one_hot(ops.cast(indices, "int32"), depth, axis=-1 if axis is None else axis)


def _where(condition: Any, x: Any = None, y: Any = None, name: Any = None) -> Any:
    from .. import ops

    return ops.where(condition, x, y)


def _split(value: Any, num_or_size_splits: Any, axis: int = 0, num: Any = None, name: Any = None) -> Any:
    from .. import ops

    if isinstance(num_or_size_splits, int):
        return ops.split(value, num_or_size_splits, axis=axis)
    ends = [sum(num_or_size_splits[: i + 1]) for i in range(len(num_or_size_splits) - 1)]
    return ops.split(value, ends, axis=axis)


def _gelu(features: Any, approximate: bool = False, name: Any = None) -> Any:
    from .. import ops

    return ops.gelu(features, approximate)


def _identity(x: Any, name: Any = None) -> Any:
    return x + 0


FUNCTIONS: dict[str, Callable] = {path: _by_row(path) for path in ROWS}
FUNCTIONS |= {alias: FUNCTIONS[path] for alias, path in _ALIASES.items()}
FUNCTIONS |= {path.removeprefix("math."): FUNCTIONS[path] for path in ROWS if path.startswith("math.")}
FUNCTIONS |= {
    "__operators__.getitem": _getitem,
    "math.squared_difference": _squared_difference,
    "math.l2_normalize": _l2_normalize,
    "nn.l2_normalize": _l2_normalize,
    "einsum": _einsum,
    "linalg.einsum": _einsum,
    "gather": _gather,
    "compat.v1.gather": _gather,
    "one_hot": _one_hot,
    "where": _where,
    "split": _split,
    "nn.gelu": _gelu,
    "identity": _identity,
}

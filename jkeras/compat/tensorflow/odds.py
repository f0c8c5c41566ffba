"""What scripts rarely use: ``tf.sets``, ``tf.edit_distance``, ``tf.dtypes``, ``tf.experimental.numpy``."""

import functools
from types import SimpleNamespace
from typing import Any

import jax.numpy as jnp
import numpy as np

from .creation import NAMES, Tensor
from .ragged_tensor import host
from .sparse_tensor import SparseTensor
from .system import Space, impossible
from .tables import functions
from .tensor import DType, shim, unwrap
from .texts import bytes_of


def _rows(x: Any) -> tuple[list[list], list[int]]:
    """The values of each row, and the sizes of the axes before the last."""
    if isinstance(x, SparseTensor):
        sizes = list(x.shape)[:-1]
        found: list[list] = [[] for _ in range(int(np.prod(sizes)))]
        at, values = host(x.indices), x.values.numpy().tolist()
        for place, value in zip(at[:, :-1], values, strict=True):
            found[int(np.ravel_multi_index(tuple(place), sizes)) if sizes else 0].append(value)
        return found, sizes
    dense = np.asarray(unwrap(x))
    dense = bytes_of(dense) if dense.dtype.kind in "OUS" else dense
    return dense.reshape(-1, dense.shape[-1]).tolist(), list(dense.shape[:-1])


def _of_rows(rows: list[list], sizes: list[int], dtype: Any) -> SparseTensor:
    width = max(map(len, rows), default=0)
    at = [[*np.unravel_index(i, sizes), j] for i, row in enumerate(rows) for j in range(len(row))]
    flat = [v for row in rows for v in row]
    values = np.array(flat, dtype=object) if dtype == "string" else np.array(flat, str(dtype))
    return SparseTensor(np.array(at, "int32").reshape(-1, len(sizes) + 1), Tensor(values), [*sizes, width])


def _combined(how: str) -> Any:
    def combine(a: Any, b: Any, aminusb: bool = True, validate_indices: bool = True) -> SparseTensor:
        """The values of corresponding rows put together, in order, each once."""
        (one, sizes), (two, other) = _rows(a), _rows(b)
        if validate_indices and sizes != other:
            raise ValueError(f"tf.sets.{how}: the axes before the last differ, {sizes} and {other}.")
        dtype = a.dtype if hasattr(a, "dtype") else np.asarray(unwrap(a)).dtype.name
        pairs = [(set(x), set(y)) if aminusb else (set(y), set(x)) for x, y in zip(one, two, strict=True)]
        return _of_rows([sorted(getattr(x, how)(y)) for x, y in pairs], sizes, dtype)

    return combine


_pairs = {how: _combined(how) for how in ("union", "intersection", "difference")}


def _size(a: Any, validate_indices: bool = True) -> Tensor:
    """How many different values each row has."""
    if validate_indices and not isinstance(a, SparseTensor):
        raise TypeError("tf.sets.size: expected a SparseTensor; use tf.sparse.from_dense.")
    rows, sizes = _rows(a)
    return Tensor(jnp.asarray(np.array([len(set(r)) for r in rows], "int32").reshape(sizes)))


sets = Space(
    "tf.sets",
    union=lambda a, b, validate_indices=True: _pairs["union"](a, b, True, validate_indices),
    intersection=lambda a, b, validate_indices=True: _pairs["intersection"](a, b, True, validate_indices),
    difference=_pairs["difference"],
    size=_size,
)


def edit_distance(
    hypothesis: SparseTensor, truth: SparseTensor, normalize: bool = True, name: str = "edit_distance"
) -> Tensor:
    """How many changes make a row of one sparse tensor that of another; by default divided by the length of the second.

    Levenshtein (1966)
    """
    (one, sizes), (two, _) = _rows(hypothesis), _rows(truth)
    found = []
    for a, b in zip(one, two, strict=True):
        row = list(range(len(b) + 1))
        for i, x in enumerate(a):
            last, row[0] = row[0], i + 1
            for j, y in enumerate(b):
                last, row[j + 1] = row[j + 1], min(row[j + 1] + 1, row[j] + 1, last + (x != y))
        changes = float(row[-1])
        found.append(changes if not normalize else changes / len(b) if b else np.inf if changes else 0.0)
    return Tensor(jnp.asarray(np.array(found, "float32").reshape(sizes)))


dtypes = SimpleNamespace(
    **{name: DType(name) for name in NAMES.split()}, DType=DType, half=DType("float16"), double=DType("float64"),
    as_dtype=lambda type_value: functions("")["as_dtype"](type_value), cast=lambda *a, **k: functions("")["cast"](*a, **k),
    saturate_cast=lambda *a, **k: functions("")["saturate_cast"](*a, **k),
    complex=lambda real, imag, name=None: functions("")["complex"](real, imag),
)  # fmt: skip


class _Numpy:
    """``tf.experimental.numpy``: the functions of jax.numpy, on tensors."""

    def experimental_enable_numpy_behavior(
        self, prefer_float32: bool = False, dtype_conversion_mode: Any = None
    ) -> None:
        """Nothing is to be switched on: tensors have NumPy's rules already."""
        if not isinstance(prefer_float32, bool) or dtype_conversion_mode not in (None, "legacy", "all", "safe", "off"):
            raise ValueError("experimental_enable_numpy_behavior: expected a truth value and a mode.")

    def __getattr__(self, name: str) -> Any:
        found = getattr(jnp, name, None)
        if found is None or name.startswith("_"):
            raise AttributeError(f"tf.experimental.numpy.{name} is not offered on JAX; jax.numpy has no {name!r}.")
        if not callable(found) or isinstance(found, type) or name in ("float32", "int32", "bool_"):
            return found
        return functools.wraps(found)(shim(lambda *args, **kwargs: found(*args, **kwargs)))


experimental = SimpleNamespace(
    numpy=_Numpy(),
    dispatch_for_api=impossible("tf.experimental.dispatch_for_api", "write a function of your own type."),
    function_executor_type=impossible("tf.experimental.function_executor_type", "leave it out."),
    async_scope=impossible("tf.experimental.async_scope", "leave it out: JAX computes asynchronously."),
)
types = SimpleNamespace(experimental=SimpleNamespace(
    TensorLike=Any, GenericFunction=Any, ConcreteFunction=Any, Callable=Any, SupportsTracingProtocol=Any))  # fmt: skip

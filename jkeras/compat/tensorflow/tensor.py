"""Tensors as TensorFlow has them: arrays with ``numpy()``, a shape with ``as_list()`` and operators that tapes record."""

import functools
import operator
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ...core import dtypes
from ...core import frame as frames
from ...core.symbolic import KerasTensor, is_symbolic
from ...core.variable import Variable


class DType(str):
    """A dtype: equal to its name, so that every function that takes a dtype takes it.

    >>> DType("float32") == "float32", DType("float32").is_floating
    (True, True)
    """

    __slots__ = ()

    @property
    def name(self) -> str:
        """The dtype as text."""
        return str(self)

    @property
    def as_numpy_dtype(self) -> Any:
        """The NumPy scalar type."""
        return np.object_ if self == "string" else np.dtype(dtypes.array_dtype(str(self))).type

    @property
    def is_floating(self) -> bool:
        """Is it a floating type?"""
        return dtypes.is_float(str(self))

    @property
    def is_integer(self) -> bool:
        """Is it an integer type?"""
        return "int" in self

    @property
    def is_bool(self) -> bool:
        """Is it the type of truth values?"""
        return self == "bool"

    @property
    def max(self) -> Any:
        """The largest value."""
        return (jnp.finfo if self.is_floating else jnp.iinfo)(str(self)).max

    @property
    def min(self) -> Any:
        """The smallest value."""
        return (jnp.finfo if self.is_floating else jnp.iinfo)(str(self)).min

    base_dtype = property(lambda self: self)

    def __repr__(self) -> str:
        return f"tf.{str(self)}"


class TensorShape(tuple):
    """A shape: a tuple with the methods of TensorFlow's.

    >>> TensorShape((2, 3)).as_list()
    [2, 3]
    """

    def as_list(self) -> list:
        """The sizes as a list."""
        return list(self)

    ndims = rank = property(len)

    def num_elements(self) -> Any:
        """How many elements, or None where a size is not known."""
        return None if None in self else int(np.prod(self, dtype=np.int64))

    def is_fully_defined(self) -> bool:
        """Are all sizes known?"""
        return None not in self

    def __getitem__(self, index: Any) -> Any:
        found = tuple.__getitem__(self, index)
        return TensorShape(found) if isinstance(index, slice) else found

    def __add__(self, other: Any) -> "TensorShape":
        return TensorShape((*self, *other))

    @property
    def dims(self) -> list:
        """The sizes."""
        return list(self)

    def is_compatible_with(self, other: Any) -> bool:
        """Can both be the shape of one tensor?"""
        found = tuple(other)
        return len(found) == len(self) and all(
            a is None or b is None or a == b for a, b in zip(self, found, strict=True)
        )

    def assert_is_compatible_with(self, other: Any) -> None:
        """Raises ValueError unless both can be the shape of one tensor."""
        if not self.is_compatible_with(other):
            raise ValueError(f"Shapes {tuple(self)} and {tuple(other)} are incompatible.")

    def assert_has_rank(self, rank: int) -> None:
        """Raises ValueError unless there are so many sizes."""
        if len(self) != rank:
            raise ValueError(f"Shape {tuple(self)} must have rank {rank}.")

    def assert_is_fully_defined(self) -> None:
        """Raises ValueError where a size is not known."""
        if None in self:
            raise ValueError(f"Shape {tuple(self)} is not fully defined.")

    def with_rank(self, rank: int) -> "TensorShape":
        """Itself, where there are so many sizes."""
        self.assert_has_rank(rank)
        return self

    def with_rank_at_least(self, rank: int) -> "TensorShape":
        """Itself, where there are so many sizes or more."""
        if len(self) < rank:
            raise ValueError(f"Shape {tuple(self)} must have rank at least {rank}.")
        return self

    def merge_with(self, other: Any) -> "TensorShape":
        """What both say of the sizes."""
        self.assert_is_compatible_with(other)
        return TensorShape(b if a is None else a for a, b in zip(self, tuple(other), strict=True))

    def concatenate(self, other: Any) -> "TensorShape":
        """This shape, then another."""
        return self + tuple(other)


COMPOSITES: list[type] = []  # ragged and sparse tensors, once a script has one


def composite_among(values: Any) -> Any:
    """The type of a ragged or sparse tensor among values and lists of them; None where there is none."""
    for x in values:
        if type(x) in COMPOSITES:
            return type(x)
        if type(x) in (list, tuple) and x and not isinstance(x[0], (int, float)):
            found = composite_among(x)
            if found is not None:
                return found
    return None


class Tensor:
    """An array, wrapped so that tapes can follow it.

    >>> (Tensor(jnp.ones(2)) * 3).numpy().tolist()
    [3.0, 3.0]
    """

    __slots__ = ("__weakref__", "_keras_mask", "place", "value")
    __array_priority__ = 200

    def __init__(self, value: Any):
        self.value, self.place = value, None  # the second: (variable, index) for a slice of a variable
        self._keras_mask = frames.get_mask(value)

    @property
    def shape(self) -> TensorShape:
        """Its shape."""
        return TensorShape(self.value.shape)

    @property
    def dtype(self) -> DType:
        """Its dtype."""
        return DType("string" if self.value.dtype.kind in "OUST" else str(self.value.dtype))

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.value.shape)

    rank = ndims = ndim

    def get_shape(self) -> TensorShape:
        """Its shape."""
        return self.shape

    def set_shape(self, shape: Any) -> None:
        """Checks the shape, which is known here."""
        wanted = None if shape is None else tuple(shape)
        if wanted is not None and (len(wanted) != self.ndim or any(
            w is not None and w != n for w, n in zip(wanted, self.value.shape, strict=True))):  # fmt: skip
            raise ValueError(f"set_shape({wanted}): the tensor has shape {tuple(self.value.shape)}.")

    def numpy(self) -> Any:
        """The values as NumPy has them: an array, or a scalar."""
        if isinstance(self.value, jax.core.Tracer):
            raise AttributeError(
                "'Tensor' object has no attribute 'numpy' inside a tf.function, whose values are not known yet."
            )
        found = np.asarray(self.value)
        if found.dtype.kind in "OUST":  # as TensorFlow has text
            found = np.asarray(_encoded(found.astype(object)), dtype=object)
        return found[()] if found.ndim == 0 else np.array(found)

    def __getattr__(self, name: str) -> Any:
        if name == "assign" and self.place is not None:
            return self._put
        raise AttributeError(f"'Tensor' object has no attribute {name!r}.")

    def _put(self, value: Any, use_locking: bool = False, name: Any = None, read_value: bool = True) -> Any:
        """Writes to the place in a variable that this was read from; gives the variable."""
        variable, index = self.place
        made = variable._stored().at[index].set(jnp.asarray(unwrap(value)))
        return variable.assign(made, use_locking, name, read_value)

    def ref(self) -> "Reference":
        """A key of dicts for this very tensor."""
        return Reference(self)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        found = np.asarray(self.value)
        return found if dtype is None else found.astype(dtype)

    def __jax_array__(self) -> Any:
        return self.value

    def __len__(self) -> int:
        if not self.value.shape:
            raise TypeError("A scalar tensor has no length.")
        return self.value.shape[0]

    def __iter__(self) -> Any:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, index: Any) -> "Tensor":
        index = unwrap(index)
        if self.value.dtype.kind == "O":
            return Tensor(np.asarray(self.value[index], dtype=object))
        return shim(lambda x: x[index])(self)

    def __bool__(self) -> bool:
        return bool(self.value)

    def __int__(self) -> int:
        return int(self.value)

    def __float__(self) -> float:
        return float(self.value)

    def __index__(self) -> int:
        return operator.index(self.value)

    def __format__(self, spec: str) -> str:
        return format(self.numpy() if self.value.ndim == 0 else str(self.numpy()), spec)

    def __str__(self) -> str:
        if isinstance(self.value, jax.core.Tracer):
            return f"Tensor(shape={tuple(self.shape)}, dtype={str(self.dtype)})"
        return f"tf.Tensor({self.numpy()}, shape={tuple(self.shape)}, dtype={str(self.dtype)})"

    def __repr__(self) -> str:
        if isinstance(self.value, jax.core.Tracer):
            return str(self)
        return f"<tf.Tensor: shape={tuple(self.shape)}, dtype={str(self.dtype)}, numpy={self.numpy()!r}>"

    def __hash__(self) -> int:
        return id(self)

    def __deepcopy__(self, memo: dict) -> "Tensor":
        return self


_encoded = np.frompyfunc(lambda s: s if isinstance(s, bytes) else str(s).encode("utf-8", "surrogateescape"), 1, 1)


class Reference:
    """Stands for one tensor or variable in dicts and sets."""

    def __init__(self, owner: Any):
        self._owner = owner

    def deref(self) -> Any:
        """The tensor or variable."""
        return self._owner

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reference) and self._owner is other._owner

    def __hash__(self) -> int:
        return id(self._owner)


def wrap(x: Any) -> Any:
    """Arrays in nested containers as tensors."""
    return jax.tree.map(lambda a: Tensor(a) if hasattr(a, "shape") and not _is_ours(a) else a, x, is_leaf=_is_ours)


def unwrap(x: Any) -> Any:
    """Tensors in nested containers as arrays."""
    if isinstance(x, Tensor):
        return x.value
    if type(x) in (list, tuple):
        return type(x)(map(unwrap, x))
    if isinstance(x, tuple) and hasattr(x, "_fields"):
        return type(x)(*map(unwrap, x))
    if type(x) is slice:
        return slice(*map(unwrap, (x.start, x.stop, x.step)))
    return {k: unwrap(v) for k, v in x.items()} if type(x) is dict else x


def _is_ours(x: Any) -> bool:
    return isinstance(x, (Tensor, Variable, KerasTensor))


def shim(fn: Callable) -> Callable:
    """A function of arrays as a function of tensors: recorded by tapes, a node on symbolic tensors."""
    from .tape import call_function

    @functools.wraps(fn)
    def shimmed(*args: Any, **kwargs: Any) -> Any:
        if any(map(is_symbolic, (*args, *kwargs.values()))):
            from ...core.symbolic import record

            return record(fn, args, kwargs)
        return call_function(fn, args, kwargs)

    return shimmed


def _define_operators() -> None:
    names = (
        "add sub mul truediv floordiv mod pow matmul and or xor lt le gt ge eq ne lshift rshift".split(),
        "neg pos abs invert".split(),
    )
    for name in names[0]:
        compute = getattr(operator, name if name not in ("and", "or") else name + "_")

        def binary(self: Any, other: Any, compute: Callable = compute) -> Any:
            if other is None or isinstance(other, str) and self.dtype != "string":
                return NotImplemented
            if self.dtype == "string":
                return _of_text(compute, self, other)
            return shim(lambda a, b: compute(_array(a, b), _array(b, a)))(self, other)

        def reflected(self: Any, other: Any, compute: Callable = compute) -> Any:
            return shim(lambda a, b: compute(_array(b, a), _array(a, b)))(self, other)

        setattr(Tensor, f"__{name}__", binary)
        if name not in ("lt", "le", "gt", "ge", "eq", "ne"):
            setattr(Tensor, f"__r{name}__", reflected)
    for name in names[1]:

        def unary(self: Any, compute: Callable = getattr(operator, name)) -> Any:  # noqa: B008
            return shim(compute)(self)

        setattr(Tensor, f"__{name}__", unary)


def _of_text(compute: Callable, x: Tensor, other: Any) -> Any:
    """Text compared, or put together."""
    other = np.asarray(unwrap(other), dtype=object)
    found = np.asarray(compute(np.asarray(_encoded(x.value), dtype=object), np.asarray(_encoded(other), dtype=object)))
    return Tensor(jnp.asarray(found.astype(bool)) if compute in (operator.eq, operator.ne) else found)


def _array(x: Any, other: Any) -> Any:
    """Lists and NumPy arrays beside a tensor take its dtype where that is a float, as in TensorFlow."""
    if isinstance(x, (list, tuple)) or isinstance(x, np.ndarray) and x.dtype == np.float64:
        dtype = getattr(other, "dtype", None)
        return jnp.asarray(x, dtype if dtype is not None and jnp.issubdtype(dtype, jnp.floating) else None)
    return x


_define_operators()

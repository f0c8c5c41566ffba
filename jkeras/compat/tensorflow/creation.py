"""Making tensors and variables: ``tf.constant``, ``tf.Variable``, ``tf.zeros``, ``tf.range``, ``tf.shape``."""

import weakref
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ...core import frame as frames
from ...core.symbolic import is_symbolic, record
from ...core.variable import Variable
from .elementwise import cast
from .rows import array, dtype_of, is_text, only, shape_of
from .tensor import COMPOSITES, DType, Reference, Tensor, TensorShape, shim, unwrap

NAMES = "float16 float32 float64 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string complex64 complex128"


def constant(value: Any, dtype: Any = None, shape: Any = None, name: Any = None) -> Tensor:
    """A tensor of given values: floats become float32, whole numbers int32, text stays text.

    >>> constant([1, 2]).dtype, constant(1.5).dtype
    (tf.int32, tf.float32)
    """
    value = unwrap(value)
    if dtype == "string" or is_text(value) or is_text(np.asarray(value) if isinstance(value, (list, tuple)) else None):
        made = np.array(value, dtype=object)
    else:
        made = _numbers(value, dtype)
    if shape is None:
        return Tensor(made)
    wanted = shape_of(shape)
    if made.size not in (1, int(np.prod(wanted))):
        raise TypeError(f"tf.constant: {made.size} values do not fill shape {wanted}.")
    home = np if made.dtype.kind == "O" else jnp
    return Tensor(home.broadcast_to(made, wanted) if made.size == 1 else made.reshape(wanted))


def _numbers(value: Any, dtype: Any) -> Any:
    if dtype is not None:
        to, given = dtype_of(dtype), np.asarray(value).dtype if not hasattr(value, "dtype") else value.dtype
        if jnp.issubdtype(to, jnp.integer) and jnp.issubdtype(given, jnp.inexact) and not hasattr(value, "dtype"):
            raise TypeError(f"tf.constant: cannot convert {value!r} to dtype {dtype!r}. Use tf.cast.")
        return jnp.asarray(value).astype(to)
    if hasattr(value, "dtype"):
        return jnp.asarray(value)
    if any(isinstance(x, jax.core.Tracer) for x in jax.tree.leaves(value)):
        return jnp.asarray(value)
    given = np.asarray(value)
    return jnp.asarray(
        given, {"f": "float32", "i": "int32", "u": "int32", "c": "complex64"}.get(given.dtype.kind, given.dtype)
    )


def convert_to_tensor(value: Any, dtype: Any = None, dtype_hint: Any = None, name: Any = None) -> Any:
    """The values as a tensor; a tensor stays itself, and ``dtype_hint`` is followed where it can be."""
    if type(value) in COMPOSITES:
        return value
    if is_symbolic(value):
        return value if dtype is None else shim(lambda x: cast(x, dtype))(value)
    if isinstance(value, (Tensor, Variable, jax.Array)):
        if dtype is not None and str(dtype_of(dtype)) != str(value.dtype) and isinstance(value, Tensor):
            raise ValueError(
                f"tf.convert_to_tensor: a tensor of dtype {str(value.dtype)} is not one of {dtype!r}. Use tf.cast."
            )
        return value if isinstance(value, Tensor) else shim(lambda x: x if dtype is None else cast(x, dtype))(value)
    if dtype is None and dtype_hint is not None:
        try:
            return constant(value, dtype_hint)
        except (TypeError, ValueError):
            return constant(value)
    return constant(value, dtype)


class IndexedSlices:
    """Rows of a larger tensor, and where they stand in it."""

    def __init__(self, values: Any, indices: Any, dense_shape: Any = None):
        self.values, self.indices, self.dense_shape = values, indices, dense_shape


class TFVariable(Variable):
    """A Variable of a script: its operators are seen by tapes.

    https://www.tensorflow.org/api_docs/python/tf/Variable
    """

    def __init__(self, initial_value: Any = None, trainable: Any = None, validate_shape: bool = True,
                 caching_device: Any = None, name: Any = None, variable_def: Any = None, dtype: Any = None,
                 import_scope: Any = None, constraint: Any = None, synchronization: Any = "auto",
                 aggregation: Any = "none", shape: Any = None, experimental_enable_variable_lifting: Any = None,
                 use_resource: Any = None, collections: Any = None):  # fmt: skip
        for label, given in (("caching_device", caching_device), ("variable_def", variable_def), ("import_scope", import_scope),
                             ("collections", collections)):  # fmt: skip
            only(f"tf.Variable: {label}", given, None, "leave it out.")
        only("tf.Variable: validate_shape", validate_shape, True, "a variable keeps its shape.")
        if initial_value is None:
            raise ValueError("tf.Variable: initial_value must be given.")
        value = initial_value() if callable(initial_value) and not hasattr(initial_value, "dtype") else initial_value
        made = unwrap(value) if dtype is None and isinstance(value, Tensor) else constant(value, dtype).value
        if made.dtype.kind == "O":
            raise TypeError("tf.Variable: variables of text are not offered on JAX; keep it in a Python attribute.")
        if shape is not None and tuple(shape) != made.shape:
            raise ValueError(
                f"tf.Variable(shape={shape}): the value has shape {tuple(made.shape)}, and a variable keeps its shape on JAX."
            )
        label = (name or "Variable").split(":")[0].replace("/", "_")
        super().__init__(made, trainable=trainable is not False, name=label, dtype=str(made.dtype),
                         synchronization=_word(synchronization), aggregation=_word(aggregation))  # fmt: skip
        frame = frames.current()
        while frame is not None and not hasattr(frame, "born"):
            frame = frame.parent
        if frame is not None:  # inside of a tf.function it lives for one call, unless somebody keeps it
            frame.values[self] = made
            frame.born.append(weakref.ref(self))
        self.constraint, self.dtype, self.shape = constraint, DType(self.dtype), TensorShape(self.shape)

    def __getitem__(self, index: Any) -> Any:
        found, index = shim(lambda x: x[unwrap(index)])(self), unwrap(index)
        if isinstance(found, Tensor):
            found.place = (self, index)
        return found

    def read_value(self) -> Any:
        """The value as a tensor."""
        return shim(lambda x: x)(self)

    def _set(self, value: Any) -> "TFVariable":
        super().assign(value)
        return self

    def assign(self, value: Any, use_locking: bool = False, name: Any = None, read_value: bool = True) -> Any:
        """Sets the value; gives the variable, or None where ``read_value`` is false. One step at a time runs anyway."""
        return self._set(unwrap(value)) if read_value else self._set(unwrap(value)) and None

    def assign_add(self, delta: Any, use_locking: bool = False, name: Any = None, read_value: bool = True) -> Any:
        """Adds to the value."""
        return self.assign(self._stored() + array(unwrap(delta)), use_locking, name, read_value)

    def assign_sub(self, delta: Any, use_locking: bool = False, name: Any = None, read_value: bool = True) -> Any:
        """Subtracts from the value."""
        return self.assign(self._stored() - array(unwrap(delta)), use_locking, name, read_value)

    def _scatter(self, how: str, sparse_delta: Any, use_locking: bool = False, name: Any = None) -> Any:
        places, rows = array(unwrap(sparse_delta.indices)), array(unwrap(sparse_delta.values))
        return self._set(getattr(self._stored().at[places], how)(rows))

    def _scatter_nd(self, how: str, indices: Any, updates: Any, name: Any = None) -> Any:
        from .arrangement import _update

        return self._set(_update(how, "", self._stored(), array(unwrap(indices)), array(unwrap(updates))))

    def get_shape(self) -> TensorShape:
        """Its shape."""
        return TensorShape(self.shape)

    def set_shape(self, shape: Any) -> None:
        """Checks the shape, which is known."""
        if tuple(shape) != self.shape:
            raise ValueError(f"set_shape({shape}): the variable has shape {self.shape}.")

    def ref(self) -> Any:
        """A key of dicts for this variable."""
        return Reference(self)

    def eval(self, session: Any = None) -> Any:
        """The value as NumPy has it."""
        return self.numpy()

    initialized_value = read_value


def _word(x: Any) -> str:
    return str(getattr(x, "value", x)).lower() if isinstance(getattr(x, "value", x), str) else "none"


def _methods() -> None:
    for how, name in (
        ("add", "add"),
        ("set", "update"),
        ("max", "max"),
        ("min", "min"),
        ("mul", "mul"),
        ("divide", "div"),
    ):
        setattr(TFVariable, f"scatter_{name}", lambda self, *a, how=how, **k: self._scatter(how, *a, **k))
    for how in ("add", "sub", "update", "max", "min"):
        setattr(TFVariable, f"scatter_nd_{how}", lambda self, *a, how=how, **k: self._scatter_nd(how, *a, **k))
    for name in [n for n in vars(Tensor) if n.startswith("__") and callable(getattr(Tensor, n))]:
        word = name.strip("_")
        if word in _OPERATORS or word.removeprefix("r") in _OPERATORS or word == "iter":
            setattr(TFVariable, name, vars(Tensor)[name])


_OPERATORS = "add sub mul truediv floordiv mod pow matmul neg abs lt le gt ge".split()
_methods()


def filled(shape: Any, fill: Any, dtype: Any) -> Tensor:
    """A tensor of one value; text stays text."""
    shape, fill = shape_of(shape), unwrap(fill)
    if is_text(fill) or dtype == "string":
        return Tensor(np.full(shape, "" if fill in (0, 1) else fill, dtype=object))
    to = dtype_of(dtype) if dtype is not None else array(fill).dtype
    return Tensor(jnp.full(shape, fill, to))


def zeros(shape: Any, dtype: Any = "float32", name: Any = None, layout: Any = None) -> Tensor:
    """A tensor of zeros."""
    only("tf.zeros: layout", layout, None, "use jkeras.distribution.")
    return filled(shape, 0, dtype)


def ones(shape: Any, dtype: Any = "float32", name: Any = None, layout: Any = None) -> Tensor:
    """A tensor of ones."""
    only("tf.ones: layout", layout, None, "use jkeras.distribution.")
    return filled(shape, 1, dtype)


def fill(dims: Any, value: Any, name: Any = None, layout: Any = None) -> Tensor:
    """A tensor of one value."""
    only("tf.fill: layout", layout, None, "use jkeras.distribution.")
    return filled(dims, value, None)


def arange(start: Any, limit: Any = None, delta: Any = 1, dtype: Any = None, name: str = "range") -> Tensor:
    """Numbers from ``start`` up to ``limit``."""
    start, limit, delta = unwrap((start, limit, delta))
    start, limit = (0, start) if limit is None else (start, limit)
    if any(isinstance(v, jax.core.Tracer) for v in (start, limit, delta)):
        raise jax.errors.ConcretizationTypeError(
            next(v for v in (limit, start, delta) if isinstance(v, jax.core.Tracer))
        )
    found = np.arange(np.asarray(start), np.asarray(limit), np.asarray(delta))
    return Tensor(jnp.asarray(found) if dtype is None else jnp.asarray(found).astype(dtype_of(dtype)))


def _static(x: Any) -> tuple:
    x = unwrap(x)
    if type(x) in COMPOSITES:
        raise ValueError(
            f"tf.shape: a {type(x).__name__} has rows of its own lengths; use bounding_shape(), row_lengths() or dense_shape."
        )
    return tuple(x.shape) if hasattr(x, "shape") else np.shape(x)


def _rank(x: Any) -> int:
    return len(x.shape) if type(x) in COMPOSITES else len(_static(x))


def shape(input: Any, out_type: Any = None, name: Any = None) -> Any:
    """The sizes of a tensor, known when it is traced: whole numbers in a tensor."""
    to = dtype_of("int32" if out_type is None else out_type)
    if is_symbolic(input) and None in input.shape:
        return record(lambda x: jnp.asarray(x.shape, to), (input,), {}, "shape")
    return Tensor(np.array(_static(input), to))


def size(input: Any, out_type: Any = None, name: Any = None) -> Any:
    """The number of elements."""
    to = dtype_of("int32" if out_type is None else out_type)
    if is_symbolic(input) and None in input.shape:
        return record(lambda x: jnp.asarray(x.size, to), (input,), {}, "size")
    if type(input) in COMPOSITES:
        input = input.flat_values if hasattr(input, "flat_values") else input.dense_shape
    return Tensor(np.array(int(np.prod(_static(input))), to))


def get_static_value(tensor: Any, partial: bool = False) -> Any:
    """The values, if they are known; None inside of a compiled function."""
    found = unwrap(tensor)
    return None if isinstance(found, jax.core.Tracer) else np.asarray(found)


def functions() -> dict[str, Any]:
    """Name -> what makes or describes tensors, in the root."""
    made = {name: DType(name) for name in NAMES.split()}
    made.update(half=made["float16"], double=made["float64"])
    made.update(
        constant=constant, convert_to_tensor=convert_to_tensor, Variable=TFVariable, Tensor=Tensor, TensorShape=TensorShape,
        DType=DType, IndexedSlices=IndexedSlices, zeros=zeros, ones=ones, fill=fill, range=arange, shape=shape, size=size,
        shape_n=lambda input, out_type="int32", name=None: [shape(x, out_type) for x in input],
        rank=lambda input, name=None: Tensor(np.array(_rank(input), "int32")),
        is_tensor=lambda x: isinstance(x, (Tensor, Variable)) or is_symbolic(x) or type(x) in COMPOSITES,
        as_dtype=lambda type_value: DType(str(dtype_of(type_value)) if str(type_value) not in made else str(type_value)),
        get_static_value=get_static_value,
        broadcast_static_shape=lambda shape_x, shape_y: TensorShape(np.broadcast_shapes(tuple(shape_x), tuple(shape_y))),
        identity_n=lambda input, name=None: [convert_to_tensor(x) for x in input],
    )  # fmt: skip
    return made

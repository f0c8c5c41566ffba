"""The small classes of ``tf``."""

import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import jax

from ...core.naming import snake_case
from ...core.variable import Variable
from .control import stacked
from .creation import convert_to_tensor
from .rows import dtype_of, ints, known, only, table
from .tensor import DType, Tensor, TensorShape, shim, unwrap

AUTOTUNE = -1


class TensorSpec:
    """What a tensor looks like.

    https://www.tensorflow.org/api_docs/python/tf/TensorSpec

    >>> TensorSpec((None, 3)).dtype
    tf.float32
    """

    def __init__(self, shape: Any = None, dtype: Any = "float32", name: str | None = None):
        self.shape, self.dtype, self.name = TensorShape(shape or ()), DType(dtype), name

    def __repr__(self) -> str:
        return f"TensorSpec(shape={tuple(self.shape)}, dtype={self.dtype!r}, name={self.name!r})"


class Module:
    """A holder of variables, found among its attributes.

    https://www.tensorflow.org/api_docs/python/tf/Module
    """

    def __init__(self, name: str | None = None):
        self._name = name

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)
        if "jkeras.compat.tensorflow.checkpoints" in sys.modules:  # a value may wait for it
            from .checkpoints import check_waiting

            check_waiting()

    @property
    def name(self) -> str:
        """Its name: that of the class, unless another was given."""
        return self._name or snake_case(type(self).__name__)

    @property
    def name_scope(self) -> Any:
        """A context; what is made in it is named by its place anyway."""
        from .control import name_scope

        return name_scope(self.name)

    @property
    def variables(self) -> tuple:
        """All variables below."""
        return tuple({id(v): v for value in vars(self).values() for v in _variables(value)}.values())

    @property
    def submodules(self) -> tuple:
        """All modules below."""
        return tuple({id(m): m for value in vars(self).values() for m in _modules(value)}.values())

    @classmethod
    def with_name_scope(cls, method: Callable) -> Callable:
        """The method; what it makes is named by its place anyway."""
        return method

    @property
    def non_trainable_variables(self) -> tuple:
        """The variables that do not train."""
        return tuple(v for v in self.variables if not v.trainable)

    @property
    def trainable_variables(self) -> tuple:
        """The variables that train."""
        return tuple(v for v in self.variables if v.trainable)


def _modules(value: Any) -> list:
    if isinstance(value, Module):
        return [value, *value.submodules]
    if isinstance(value, dict):
        value = list(value.values())
    return [m for item in value for m in _modules(item)] if isinstance(value, (list, tuple)) else []


def _variables(value: Any) -> list[Variable]:
    if isinstance(value, Variable):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [v for item in value for v in _variables(item)]
    return list(value.variables) if hasattr(value, "variables") and not isinstance(value, type) else []


class UnconnectedGradients:
    """What a tape gives where the target does not depend on a source."""

    NONE, ZERO = "none", "zero"


VariableAggregation = SimpleNamespace(NONE="none", SUM="sum", MEAN="mean", ONLY_FIRST_REPLICA="only_first_replica")
VariableSynchronization = SimpleNamespace(AUTO="auto", NONE="none", ON_WRITE="on_write", ON_READ="on_read")


def _leaf(x: Any) -> bool:
    return x is None or isinstance(x, (Tensor, Variable)) or not isinstance(x, (dict, list, tuple))


def _map_structure(func: Callable, *structure: Any, expand_composites: bool = False) -> Any:
    return jax.tree.map(func, *structure, is_leaf=_leaf)


def _pack(structure: Any, flat_sequence: Any, expand_composites: bool = False) -> Any:
    return jax.tree.unflatten(jax.tree.structure(structure, is_leaf=_leaf), flat_sequence)


def _same(nest1: Any, nest2: Any, check_types: bool = True, expand_composites: bool = False) -> None:
    one, two = (jax.tree.structure(n, is_leaf=_leaf) for n in (nest1, nest2))
    if one != two and (check_types or one.num_leaves != two.num_leaves):
        raise ValueError(f"The structures differ: {one} and {two}.")


nest = SimpleNamespace(
    flatten=lambda structure, expand_composites=False: jax.tree.leaves(structure, is_leaf=_leaf),
    map_structure=_map_structure,
    pack_sequence_as=_pack,
    assert_same_structure=_same,
    is_nested=lambda structure: isinstance(structure, (dict, list, tuple)),
)


class TensorArray:
    """Tensors in a list that is filled one by one; the places are numbers that are known.

    https://www.tensorflow.org/api_docs/python/tf/TensorArray

    >>> TensorArray("float32", size=2).write(0, 1.0).write(1, 2.0).stack().numpy().tolist()
    [1.0, 2.0]
    """

    def __init__(self, dtype: Any, size: Any = None, dynamic_size: Any = None, clear_after_read: Any = None,
                 tensor_array_name: Any = None, handle: Any = None, flow: Any = None, infer_shape: bool = True,
                 element_shape: Any = None, colocate_with_first_write_call: bool = True, name: Any = None):  # fmt: skip
        for label, given in (("handle", handle), ("flow", flow)):
            only(f"tf.TensorArray: {label}", given, None, "hand the TensorArray itself on.")
        self.dtype, self.dynamic_size, self.element_shape = DType(str(dtype)), bool(dynamic_size), element_shape
        self._infer_shape, self._clear = infer_shape, clear_after_read is not False
        self._items: list[Any] = [None] * (0 if size is None else ints(size))
        self._read: set[int] = set()

    def _place(self, index: Any) -> int:
        if not known(index):
            raise jax.errors.ConcretizationTypeError(unwrap(index))
        return ints(index)

    def write(self, index: Any, value: Any, name: Any = None) -> "TensorArray":
        """Puts a tensor at a place."""
        place, made = self._place(index), convert_to_tensor(value)
        if made.value.dtype != dtype_of(self.dtype):
            raise ValueError(f"TensorArray of {self.dtype!r}: received a tensor of {made.dtype!r}.")
        if place >= len(self._items):
            if not self.dynamic_size:
                raise ValueError(
                    f"TensorArray: place {place} lies beyond its size {len(self._items)}; use dynamic_size=True."
                )
            self._items += [None] * (place + 1 - len(self._items))
        shape = self.element_shape
        if shape is None and self._infer_shape:
            shape = next((x.shape for x in self._items if x is not None), None)
        if shape is not None and (len(shape) != made.ndim or any(
            w not in (None, n) for w, n in zip(tuple(shape), made.shape, strict=True))):  # fmt: skip
            raise ValueError(f"TensorArray: expected shape {tuple(shape)}, received {tuple(made.shape)}.")
        self._items[place] = made
        return self

    def read(self, index: Any, name: Any = None) -> Any:
        """The tensor at a place; once, unless ``clear_after_read`` is False."""
        place = self._place(index)
        if place in self._read:
            raise ValueError(f"TensorArray: place {place} was read before; use clear_after_read=False.")
        if self._clear:
            self._read.add(place)
        return self._whole()[place]

    def _whole(self) -> list[Any]:
        written = next((x for x in self._items if x is not None), None)
        zero = None if written is None else shim(lambda x: x * 0)(written)
        return [zero if x is None else x for x in self._items]

    def stack(self, name: Any = None) -> Any:
        """All tensors along a new first axis."""
        return stacked(self._whole())

    def concat(self, name: Any = None) -> Any:
        """All tensors one behind the other."""
        return _concat(self._whole(), 0)

    def gather(self, indices: Any, name: Any = None) -> Any:
        """The tensors at places."""
        return stacked([self._whole()[i] for i in ints(indices)])

    def unstack(self, value: Any, name: Any = None) -> "TensorArray":
        """Filled with the rows of a tensor."""
        return self.scatter(range(len(convert_to_tensor(value))), value)

    def scatter(self, indices: Any, value: Any, name: Any = None) -> "TensorArray":
        """Rows of a tensor put at places."""
        rows = convert_to_tensor(value)
        for i, place in enumerate(ints(list(indices) if isinstance(indices, range) else indices)):
            if place >= len(self._items):
                self._items += [None] * (place + 1 - len(self._items))
            self.write(place, rows[i])
        return self

    def split(self, value: Any, lengths: Any, name: Any = None) -> "TensorArray":
        """Filled with parts of a tensor of these lengths, which may differ."""
        start, rows = 0, convert_to_tensor(value)
        self._infer_shape = False
        self._items = [None] * len(ints(lengths))
        for i, n in enumerate(ints(lengths)):
            self.write(i, rows[start : start + n])
            start += n
        return self

    def size(self, name: Any = None) -> Any:
        """How many places there are."""
        return convert_to_tensor(len(self._items))

    def identity(self) -> "TensorArray":
        """Itself."""
        return self

    def close(self, name: Any = None) -> None:
        """Forgets all tensors."""
        self._items = []

    def __len__(self) -> int:
        return len(self._items)


def _joined(values: Any, axis: Any) -> Any:
    from .arrangement import concat

    return concat(values, axis)


_concat = table("", {"concat": _joined})["concat"]

"""Symbolic tensors: what a model will compute, recorded as a graph of nodes."""

import functools
import operator
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

import jax
import jax.numpy as jnp
import numpy as np

from . import dtypes
from . import frame as frames
from .declare import sizes
from .naming import unique_name

F = TypeVar("F", bound=Callable)

# Two sizes stand for an unknown one; what differs between the two results is unknown there too. They have many
# divisors, so that reshapes of unknown sizes work out.
TRIAL_SIZES = (240, 480)


class KerasTensor:
    """A tensor of known dtype and partly known shape (None = any size) whose values come later.

    Arithmetic, slicing, layers and ``jkeras.ops`` on it record nodes.  https://keras.io/api/layers/core_layers/input/

    >>> x = KerasTensor((None, 3))
    >>> (x[:, :2] * 2.0).shape
    (None, 2)
    """

    def __init__(
        self,
        shape: Sequence[int | None],
        dtype: Any = "float32",
        sparse: bool = False,
        ragged: bool = False,
        record_history: bool = True,
        name: str | None = None,
        ragged_rank: int | None = None,
    ):
        if sparse or ragged or ragged_rank:
            raise ValueError("KerasTensor: sparse and ragged tensors are not supported; pass dense arrays.")
        self.shape: tuple[int | None, ...] = sizes(shape)
        self.dtype = dtypes.standardize_dtype(dtype)
        self.name = name or unique_name("keras_tensor")
        self.sparse, self.ragged, self.record_history = False, False, record_history
        self._keras_history: Any = None
        self._keras_mask: Any = None

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    rank = ndim

    @property
    def node(self) -> "Node":
        """The node that computes it."""
        return self._keras_history.operation._inbound_nodes[self._keras_history.node_index]

    @property
    def _keras_shape(self) -> tuple[int | None, ...]:
        return self.shape

    def get_shape(self) -> "StaticShape":
        """The shape, with TensorFlow's ``as_list``."""
        return StaticShape(self.shape)

    @property
    def T(self) -> "KerasTensor":
        """Transposed."""
        return _transpose(self)

    ragged_rank = row_splits_dtype = None  # there are no ragged tensors

    def reshape(self, *shape: Any, newshape: Any = None) -> "KerasTensor":
        """Reshaped."""
        shape = shape if newshape is None else (newshape,)
        return _reshape(self, shape[0] if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape)

    def squeeze(self, axis: Any = None) -> "KerasTensor":
        """Without axes of size 1."""
        return _squeeze(self, axis)

    def astype(self, dtype: Any) -> "KerasTensor":
        """Cast."""
        return _cast(self, dtypes.standardize_dtype(dtype))

    def __getitem__(self, key: Any) -> "KerasTensor":
        return _getitem(self, key)

    def __len__(self) -> int:
        if not self.shape or self.shape[0] is None:
            raise TypeError(f"{self} has no known length: its first size is unknown until data comes.")
        return self.shape[0]

    def __bool__(self) -> bool:
        raise TypeError(_no_values(self, "as a condition (if, while, and, or)"))

    def __iter__(self) -> Any:
        if not self.shape or self.shape[0] is None:
            raise TypeError(_no_values(self, "in a loop"))
        return (self[i] for i in range(self.shape[0]))

    def __float__(self) -> float:
        raise TypeError(_no_values(self, "as a number"))

    __int__ = __index__ = __float__

    def __array__(self, *_: Any, **__: Any) -> np.ndarray:
        raise TypeError(_no_values(self, "as an array"))

    __array_priority__ = 100  # numpy leaves operators to those here

    def __jax_array__(self) -> "KerasTensor":
        return self  # an array's operators then leave the work to those here; its functions ask __array__

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}, sparse=False, ragged=False, name={self.name}>"


class StaticShape(tuple):
    """A shape as TensorFlow 1 gives it."""

    def as_list(self) -> list[int | None]:
        """The sizes as a list."""
        return list(self)


def _no_values(x: KerasTensor, use: str) -> str:
    return (
        f"{x} has no values yet and cannot be used {use}. Use a function of jkeras.ops or jkeras.backend, or put the "
        "computation into a Lambda layer or a layer's call()."
    )


class NeedsHistory(ValueError):
    """Arrays were given to what asks how its arguments were made."""


class History(NamedTuple):
    """Where a symbolic tensor comes from."""

    operation: Any
    node_index: int
    tensor_index: int


class Node:
    """One call of a layer or function on symbolic tensors."""

    def __init__(self, operation: Any, args: tuple, kwargs: dict, outputs: Any):
        self.operation, self.args, self.kwargs, self.outputs = operation, args, kwargs, outputs
        self.input_tensors: list[KerasTensor] = tensors_in((args, kwargs))
        self.output_tensors: list[KerasTensor] = tensors_in(outputs)
        index = len(operation._inbound_nodes)
        operation._inbound_nodes.append(self)
        if all(x.record_history for x in self.input_tensors):
            for i, x in enumerate(self.output_tensors):
                x._keras_history = History(operation, index, i)
        for x in self.input_tensors:
            source = x._keras_history
            if source is not None:
                source.operation._outbound_nodes.append(self)

    @property
    def layer(self) -> Any:
        """The layer that is called here."""
        return self.operation

    outbound_layer = layer

    @property
    def parent_nodes(self) -> list["Node"]:
        """The nodes that make the inputs."""
        return [x.node for x in self.input_tensors if x._keras_history is not None]

    @property
    def inbound_layers(self) -> list[Any]:
        """The layers that make the inputs."""
        return [n.operation for n in self.parent_nodes]

    @property
    def input_shapes(self) -> Any:
        """Shapes of the inputs; one shape if there is one input."""
        shapes = [x.shape for x in self.input_tensors]
        return shapes[0] if len(shapes) == 1 else shapes

    @property
    def output_shapes(self) -> Any:
        """Shapes of the outputs; one shape if there is one output."""
        shapes = [x.shape for x in self.output_tensors]
        return shapes[0] if len(shapes) == 1 else shapes

    @property
    def is_input(self) -> bool:
        """Does it stand for data that comes from outside?"""
        return not self.input_tensors

    def run(self, fill: Callable[[Any], Any]) -> Any:
        """Calls the operation on the values that ``fill`` gives for the symbolic arguments."""
        args, kwargs = fill(self.args), fill(self.kwargs)
        return self.operation(*args, **kwargs)


class Function:
    """A function of arrays as the operation of a node."""

    def __init__(self, fn: Callable, name: str):
        self.fn, self.name = fn, name
        self._inbound_nodes: list[Node] = []
        self._outbound_nodes: list[Node] = []

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.fn(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<Function {self.name}>"


def is_symbolic(x: Any) -> bool:
    """Is there a symbolic tensor in ``x`` or, where ``x`` is a container, in it?"""
    if isinstance(x, KerasTensor):
        return True
    if isinstance(x, (list, tuple)):
        return any(map(is_symbolic, x))
    return isinstance(x, dict) and any(map(is_symbolic, x.values()))


def tensors_in(x: Any) -> list[KerasTensor]:
    """The symbolic tensors in nested containers, in order; those of dicts by their keys, as Keras and JAX have them."""
    if isinstance(x, KerasTensor):
        return [x]
    if isinstance(x, (list, tuple)):
        return [t for v in x for t in tensors_in(v)]
    if isinstance(x, dict):
        return [t for key in sorted(x) for t in tensors_in(x[key])]
    return []


def map_tensors(fn: Callable[[KerasTensor], Any], x: Any) -> Any:
    """``x`` with each symbolic tensor replaced."""
    if isinstance(x, KerasTensor):
        return fn(x)
    if isinstance(x, tuple) and hasattr(x, "_fields"):
        return type(x)(*(map_tensors(fn, v) for v in x))
    if type(x) in (list, tuple):
        return type(x)(map_tensors(fn, v) for v in x)
    if isinstance(x, dict):
        return {k: map_tensors(fn, v) for k, v in x.items()}
    return x


def abstract_evaluate(fn: Callable, args: tuple, kwargs: dict) -> Any:
    """Calls ``fn`` on symbolic arguments without computing; gives its result with KerasTensors for arrays."""
    inputs = tensors_in((args, kwargs))
    unknown = any(d is None for x in inputs for d in x.shape)
    trials = [_trial(fn, args, kwargs, inputs, size) for size in (TRIAL_SIZES if unknown else TRIAL_SIZES[:1])]
    leaves, structure = jax.tree.flatten(trials[0])
    others = jax.tree.leaves(trials[-1])
    if len(others) != len(leaves):
        raise ValueError(f"{_name_of(fn)}: the number of outputs depends on an unknown size; fix that size.")
    made = []
    for a, b in zip(leaves, others, strict=True):
        if not isinstance(a, jax.ShapeDtypeStruct):
            made.append(None if isinstance(a, int) and a != b else a)  # of a size that is unknown
            continue
        if a.ndim != b.ndim:
            raise ValueError(f"{_name_of(fn)}: the rank of the output depends on an unknown size; fix that size.")
        shape = tuple(m if m == n else None for m, n in zip(a.shape, b.shape, strict=True))
        made.append(KerasTensor(shape, dtypes.standardize_dtype(a.dtype)))
    return jax.tree.unflatten(structure, made)


def _trial(fn: Callable, args: tuple, kwargs: dict, inputs: list[KerasTensor], size: int) -> Any:
    specs = [
        jax.ShapeDtypeStruct(tuple(size if d is None else d for d in x.shape), dtypes.array_dtype(x.dtype))
        for x in inputs
        if x.dtype != "string"
    ]
    order = {id(x): i for i, x in enumerate(x for x in inputs if x.dtype != "string")}
    static: list[Any] = []

    def run(arrays: list[Any]) -> Any:
        def fill(x: KerasTensor) -> Any:
            return arrays[order[id(x)]] if id(x) in order else x

        with frames.Frame(values={}, abstract=True, training=_outer_training()):
            result = fn(*map_tensors(fill, args), **map_tensors(fill, kwargs))
        leaves, structure = jax.tree.flatten(result, is_leaf=lambda v: isinstance(v, KerasTensor))
        static.append((structure, [v if _is_static(v) else None for v in leaves]))
        return [v for v in leaves if not _is_static(v)]

    shaped = iter(jax.eval_shape(run, specs))
    structure, fixed = static[-1]
    return jax.tree.unflatten(structure, [next(shaped) if v is None else v for v in fixed])


def _is_static(x: Any) -> bool:
    return isinstance(x, (int, float, bool, str, KerasTensor))


def _outer_training() -> Any:
    frame = frames.current()
    return None if frame is None else frame.training


def _name_of(fn: Callable) -> str:
    return getattr(fn, "__name__", None) or getattr(fn, "name", None) or type(fn).__name__


def record(fn: Callable, args: tuple, kwargs: dict, name: str | None = None) -> Any:
    """A node that will call ``fn``; gives its symbolic outputs."""
    name = name or _name_of(fn).strip("_")
    outputs = abstract_evaluate(fn, args, kwargs)
    if not tensors_in(outputs):
        return outputs  # a shape, say: known already
    Node(Function(fn, unique_name(name)), args, kwargs, outputs)
    return outputs


def op(fn: F) -> F:
    """Decorator: a function of arrays that records a node when an argument is symbolic.

    >>> double = op(lambda x: 2 * x)
    >>> double(KerasTensor((None, 3))).shape
    (None, 3)
    """

    @functools.wraps(fn)
    def dispatched(*args: Any, **kwargs: Any) -> Any:
        for x in args:
            if is_symbolic(x):
                return record(dispatched, args, kwargs)
        for x in kwargs.values():
            if is_symbolic(x):
                return record(dispatched, args, kwargs)
        if frames.recorder is not None and (found := frames.recorder.function(fn, args, kwargs)) is not NotImplemented:
            return found
        return fn(*args, **kwargs)

    return dispatched  # type: ignore[return-value]


@op
def _getitem(x: Any, index: Any) -> Any:
    return x[index]


@op
def _transpose(x: Any) -> Any:
    return jnp.transpose(x)


@op
def _reshape(x: Any, shape: Any) -> Any:
    return jnp.reshape(x, shape)


@op
def _squeeze(x: Any, axis: Any) -> Any:
    return jnp.squeeze(x, axis)


@op
def _cast(x: Any, dtype: str) -> Any:
    return x.astype(dtypes.array_dtype(dtype))


def _operator(name: str) -> Callable:
    compute = getattr(operator, f"__{name}__")

    def apply(a: Any, b: Any) -> Any:
        return compute(_value(a), _value(b))

    apply.__name__ = OPERATOR_NAMES.get(name, name)
    return op(apply)


def _reflected(forward: Callable) -> Callable:
    """``1 - x`` as the same operation with its arguments in order, as it is written into configs."""
    return lambda a, b: forward(b, a)


def _value(x: Any) -> Any:
    return jnp.asarray(x) if isinstance(x, (list, np.ndarray)) or hasattr(x, "__jax_array__") else x


# The names that Keras 3 gives to the operations behind Python's operators.
OPERATOR_NAMES = {
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "truediv": "true_divide",
    "floordiv": "floor_divide",
    "mod": "mod",
    "pow": "power",
    "matmul": "matmul",
    "and": "logical_and",
    "or": "logical_or",
    "xor": "logical_xor",
    "eq": "equal",
    "ne": "not_equal",
    "lt": "less",
    "le": "less_equal",
    "gt": "greater",
    "ge": "greater_equal",
    "neg": "negative",
    "abs": "absolute",
    "invert": "logical_not",
}

for _n in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor"):
    _forward = _operator(_n)
    setattr(KerasTensor, f"__{_n}__", _forward)
    setattr(KerasTensor, f"__r{_n}__", _reflected(_forward))
for _n in ("eq", "ne", "lt", "le", "gt", "ge"):
    setattr(KerasTensor, f"__{_n}__", _operator(_n))


def _unary_operator(name: str) -> Callable:
    compute = getattr(operator, f"__{name}__")

    def apply(a: Any) -> Any:
        return compute(a)

    apply.__name__ = OPERATOR_NAMES.get(name, name)
    return op(apply)


for _n in ("neg", "abs", "invert"):
    setattr(KerasTensor, f"__{_n}__", _unary_operator(_n))

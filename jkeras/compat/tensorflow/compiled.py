"""tf.function: the body is traced once through a frame, variables' reads and writes included, and then runs compiled."""

import functools
import logging
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from ...core import frame as frames
from ...core.variable import Variable, initialize
from .tape import traced_frames
from .tensor import Tensor, unwrap, wrap

logger = logging.getLogger("jkeras")
NEEDS_VALUES = (
    jax.errors.TracerBoolConversionError,
    jax.errors.TracerIntegerConversionError,
    jax.errors.TracerArrayConversionError,
    jax.errors.ConcretizationTypeError,
    jax.errors.NonConcreteBooleanIndexError,
)


class CompiledFunction:
    """A function of tensors, compiled for each kind of arguments.

    A body that needs values while it is traced (an ``if`` or ``for`` over a tensor) runs step by step instead, with one
    line in the log.
    """

    def __init__(self, fn: Callable, input_signature: Any = None, reduce_retracing: bool = False, **_: Any):
        functools.update_wrapper(self, fn)
        self.python_function, self.input_signature = fn, input_signature
        self._programs: dict[Any, tuple[Any, list[Variable], list[Variable], Any]] = {}
        self._eagerly = False

    def __get__(self, owner: Any, kind: Any = None) -> Any:
        if owner is None:
            return self
        bound = vars(owner).setdefault("_compiled_functions", {}) if hasattr(owner, "__dict__") else {}
        if self not in bound:
            bound[self] = CompiledFunction(functools.partial(self.python_function, owner), self.input_signature)
        return bound[self]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._eagerly or frames.current() is not None or eagerly[0]:
            return self.python_function(*args, **kwargs)
        leaves, structure = jax.tree.flatten((args, kwargs), is_leaf=lambda x: isinstance(x, (Tensor, Variable)))
        arrays = [unwrap(x) for x in leaves if _is_array(x)]
        fixed = [None if _is_array(x) else x for x in leaves]
        key = (structure, tuple((a.shape, str(a.dtype)) for a in arrays), tuple(map(_key, fixed)))
        try:
            if key not in self._programs:
                self._programs[key] = self._trace(structure, fixed, arrays)
            program, read, written, rebuild = self._programs[key]
            initialize(read)
            outputs, values = program([v.materialize() for v in read], arrays)
        except NEEDS_VALUES:
            logger.warning(
                "tf.function %s decides by the values of tensors, which are not known when it is compiled: it runs step by "
                "step. Use tf.where or tf.cond to have it compiled.", getattr(self, "__name__", "")
            )  # fmt: skip
            self._eagerly = True
            return self.python_function(*args, **kwargs)
        for v, value in zip(written, values, strict=True):
            v.assign(value)
        return rebuild(outputs)

    def _trace(self, structure: Any, fixed: list, arrays: list) -> tuple:
        others: list[Any] = []

        def body(arrays: list) -> list:
            given = iter(arrays)
            leaves = [x if x is not None else Tensor(next(given)) for x in fixed]
            args, kwargs = jax.tree.unflatten(structure, leaves)
            outputs = self.python_function(*args, **kwargs)
            found, tree = jax.tree.flatten(outputs, is_leaf=lambda x: isinstance(x, (Tensor, Variable)))
            kept = [x.value if isinstance(x, (Tensor, Variable)) else x for x in found]
            others[:] = [tree, [None if hasattr(x, "dtype") else x for x in kept]]
            return [x for x in kept if hasattr(x, "dtype")]

        def first(arrays: list) -> list:
            with _frame({}, abstract=True) as frame:
                body(arrays)
                seen[:] = [list(frame.values or ()), list(frame.updated)]
            return []

        seen: list[list[Variable]] = [[], []]
        jax.eval_shape(first, arrays)
        read = seen[0]

        def run(cells: list, arrays: list) -> tuple[list, list]:
            with _frame(dict(zip(read, cells, strict=True))) as frame:
                outputs = body(arrays)
                written[:] = [v for v in read if v in frame.updated]
                return outputs, [frame.values[v] for v in written]  # type: ignore[index]

        written: list[Variable] = []
        initialize(read)
        program = jax.jit(run)
        program.trace([v.materialize() for v in read], arrays)

        def rebuild(found: list, tree: Any = others[0], gaps: Any = tuple(others[1])) -> Any:
            left = iter(found)
            return jax.tree.unflatten(tree, [wrap(next(left)) if x is None else x for x in gaps])

        return program, read, list(written), rebuild

    def get_concrete_function(self, *args: Any, **kwargs: Any) -> "CompiledFunction":
        """The function itself: programs are made when it is called."""
        return self


eagerly = [False]  # what tf.config.run_functions_eagerly said


class _frame(frames.Frame):
    """A frame whose values are wrapped as in the script around it."""

    def __enter__(self) -> "frames.Frame":
        traced_frames.add(id(self))
        return super().__enter__()

    def __exit__(self, *details: object) -> None:
        super().__exit__(*details)
        traced_frames.discard(id(self))


def _is_array(x: Any) -> bool:
    if isinstance(x, Variable):
        return False
    return isinstance(x, (Tensor, jax.Array, np.ndarray)) and unwrap(x).dtype.kind not in "OUST"


def _key(x: Any) -> Any:
    if isinstance(x, (Tensor, np.ndarray)):
        return np.asarray(x).tobytes()
    try:
        hash(x)
    except TypeError:
        return id(x)
    return (type(x), x)


def function(func: Any = None, input_signature: Any = None, autograph: bool = True, **options: Any) -> Any:
    """Compiles a function of tensors; with or without arguments, as a decorator or a call.

    https://www.tensorflow.org/api_docs/python/tf/function

    >>> import jax.numpy as jnp
    >>> float(function(lambda x: x * 2)(Tensor(jnp.float32(4))))
    8.0
    """
    if func is None:
        return functools.partial(function, input_signature=input_signature, autograph=autograph, **options)
    return CompiledFunction(func, input_signature, **options)

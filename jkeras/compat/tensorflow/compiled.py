"""tf.function: the body is traced once through a frame, variables' reads and writes included, and then runs compiled."""

import functools
import gc
import logging
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ...core import frame as frames
from ...core.rng import fresh_seed
from ...core.variable import Variable, initialize
from .creation import convert_to_tensor
from .reachable import variables_in
from .rows import dtype_of, only
from .tape import call_function, call_program, traced_frames
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
    line in the log; with ``autograph=False`` it raises.
    """

    def __init__(self, fn: Callable, input_signature: Any = None, autograph: bool = True):
        functools.update_wrapper(self, fn, [n for n in functools.WRAPPER_ASSIGNMENTS if hasattr(fn, n)])
        self.python_function, self.input_signature, self._autograph = fn, input_signature, autograph
        self._programs: dict[Any, tuple[Any, list[Variable], list[Variable], Any, bool]] = {}
        self._eagerly = False

    def __get__(self, owner: Any, kind: Any = None) -> Any:
        if owner is None:
            return self
        bound = vars(owner).setdefault("_compiled_functions", {}) if hasattr(owner, "__dict__") else {}
        if self not in bound:
            method = functools.partial(self.python_function, owner)
            bound[self] = CompiledFunction(method, self.input_signature, self._autograph)
        return bound[self]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.input_signature is not None:
            args = _signed(self, args)
        if self._eagerly or frames.current() is not None or eagerly[0]:
            return self.python_function(*args, **kwargs)
        leaves, structure = jax.tree.flatten((args, kwargs), is_leaf=lambda x: isinstance(x, (Tensor, Variable)))
        if any(_is_text(x) for x in leaves):  # text cannot be compiled: each would be a program of its own
            return self.python_function(*args, **kwargs)
        given = [_strong(x) for x in leaves if _is_array(x)]
        fixed = [None if _is_array(x) else x for x in leaves]
        arrays = [unwrap(x) for x in given]
        key = (structure, tuple((a.shape, str(a.dtype)) for a in arrays), tuple(map(_key, fixed)))
        try:
            if key not in self._programs:
                self._programs[key] = self._trace(structure, fixed, arrays)
            program, read, written, rebuild, draws = self._programs[key]
            initialize(read)
            seed = np.uint32(fresh_seed() if draws else 0)
            outputs, values = call_program(functools.partial(program, seed), read, given)
        except NEEDS_VALUES as error:
            name = getattr(self, "__name__", "")
            if not self._autograph:
                raise TypeError(
                    f"tf.function(autograph=False) {name}: a tensor is used as a value of Python, which is not known when "
                    "the function is compiled. Use tf.where, tf.cond or tf.while_loop."
                ) from error
            logger.warning(
                "tf.function %s decides by the values of tensors, which are not known when it is compiled: it runs step by "
                "step. Use tf.where or tf.cond to have it compiled.", name
            )  # fmt: skip
            self._eagerly = True
            return self.python_function(*args, **kwargs)
        for v, value in zip(written, values, strict=True):
            v.assign(value)
        return rebuild(outputs)

    def _trace(self, structure: Any, fixed: list, arrays: list) -> tuple:
        """The program: traced once, and again only where it reads variables that nobody could have foreseen."""
        others: list[Any] = []

        def body(arrays: list) -> list:
            given = iter(arrays)
            leaves = [x if x is not None else Tensor(next(given)) for x in fixed]
            args, kwargs = jax.tree.unflatten(structure, leaves)
            outputs = self.python_function(*args, **kwargs)
            found, tree = jax.tree.flatten(outputs, is_leaf=lambda x: isinstance(x, (Tensor, Variable)))
            kept = [x.value if isinstance(x, (Tensor, Variable)) else x for x in found]
            others[:] = [tree, [None if _is_number(x) else x for x in kept]]
            return [x for x in kept if _is_number(x)]

        read = variables_in([self.python_function, *fixed])
        for _ in range(4):  # layers and optimizers make variables when they are first called
            found: list[Any] = []

            def run(seed: Any, cells: list, arrays: list, read: list = read, found: list = found) -> tuple[list, list]:
                with _frame(dict(zip(read, cells, strict=True))) as frame:
                    frame.seed = seed
                    outputs = body(arrays)
                    written = [v for v in read if v in frame.updated]
                    found[:] = [frame.missed, written, frame.drew, frame.born]
                    values = [frame.values[v] for v in written]  # type: ignore[index]
                    frame.values = None
                    return outputs, values

            initialize(read)
            program = jax.jit(run)
            program.trace(np.uint32(0), [v.materialize() for v in read], arrays)
            missed, written, drew, born = found
            if born:
                gc.collect()
            missed += [v for one in born if (v := one()) is not None]  # kept by somebody: they are to last
            if not missed:
                break
            read = [*read, *missed]
        else:
            raise ValueError(
                f"tf.function {getattr(self, '__name__', '')}: makes variables or layers each time it is traced. Make them "
                "once, outside of it."
            )

        def rebuild(found: list, tree: Any = others[0], gaps: Any = tuple(others[1])) -> Any:
            left = iter(found)
            return jax.tree.unflatten(tree, [wrap(next(left) if x is None else x) for x in gaps])

        return program, read, list(written), rebuild, drew

    def get_concrete_function(self, *args: Any, **kwargs: Any) -> "CompiledFunction":
        """The function itself: programs are made when it is called."""
        return self

    def experimental_get_tracing_count(self) -> int:
        """For how many kinds of arguments it was traced."""
        return len(self._programs)


def _signed(function: CompiledFunction, args: tuple) -> tuple:
    """The arguments as tensors of the signature; TypeError where they do not fit."""
    specs = tuple(function.input_signature)
    name = getattr(function, "__name__", "")
    if len(args) != len(specs):
        raise TypeError(f"tf.function {name}: its input_signature has {len(specs)} arguments, received {len(args)}.")
    return tuple(_fitted(name, x, spec) for x, spec in zip(args, specs, strict=True))


def _fitted(name: str, x: Any, spec: Any) -> Any:
    if isinstance(spec, (list, tuple)):
        return type(spec)(_fitted(name, a, s) for a, s in zip(x, spec, strict=True))
    if isinstance(spec, dict):
        return {key: _fitted(name, x[key], s) for key, s in spec.items()}
    found = x if isinstance(x, (Tensor, Variable)) else convert_to_tensor(x, spec.dtype)
    shape, wanted = tuple(found.shape), None if spec.shape is None else tuple(spec.shape)
    fits = wanted is None or len(wanted) == len(shape) and all(
        w in (None, n) for w, n in zip(wanted, shape, strict=True))  # fmt: skip
    if not fits or dtype_of(spec.dtype) != dtype_of(found.dtype):
        raise TypeError(
            f"tf.function {name}: expected shape {wanted} and dtype {str(spec.dtype)} by its input_signature, received shape "
            f"{shape} and dtype {str(found.dtype)}."
        )
    return found


eagerly = [False]  # what tf.config.run_functions_eagerly said


class _frame(frames.Frame):
    """A frame whose values are wrapped as in the script around it, and which knows whether anything was drawn."""

    seed: Any = None
    drew = False

    def __init__(self, values: dict):
        super().__init__(values)
        self.missed: list[Variable] = []
        self.born: list[Any] = []  # weak references to variables made meanwhile

    def lookup(self, variable: Any) -> Any:
        """The value of a Variable; zeros for one that nobody foresaw, so that the trace goes on and finds the others."""
        found = super().lookup(variable)
        if found is frames.UNBOUND:
            self.missed.append(variable)
            found = self.values[variable] = jnp.zeros(variable.shape, variable.array_dtype)  # type: ignore[index]
        return found

    def assign(self, variable: Any, value: Any) -> bool:
        """Binds a new value."""
        self.lookup(variable)
        return super().assign(variable, value)

    @property
    def step(self) -> Any:
        """What the draws of one call follow."""
        self.drew = self.drew or self.seed is not None
        return self.seed

    @step.setter
    def step(self, value: Any) -> None:
        self.seed = value

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


def _is_text(x: Any) -> bool:
    return isinstance(x, (Tensor, np.ndarray)) and unwrap(x).dtype.kind in "OUST"


def _is_number(x: Any) -> bool:
    return hasattr(x, "dtype") and hasattr(x, "shape") and getattr(x.dtype, "kind", "f") not in "OUST"


def _strong(x: Any) -> Any:
    """An array that was a number of Python has a dtype of its own from here on."""
    value = unwrap(x)
    if not getattr(value, "weak_type", False):
        return x
    return call_function(lambda v: v.astype(v.dtype), (x,), {})


def _key(x: Any) -> Any:
    if isinstance(x, (Tensor, np.ndarray)):
        return np.asarray(x).tobytes()
    try:
        hash(x)
    except TypeError:
        return id(x)
    return (type(x), x)


def function(func: Any = None, input_signature: Any = None, autograph: bool = True, jit_compile: Any = None,
             reduce_retracing: bool = False, experimental_implements: Any = None, experimental_autograph_options: Any = None,
             experimental_attributes: Any = None, experimental_relax_shapes: Any = None, experimental_compile: Any = None,
             experimental_follow_type_hints: Any = None) -> Any:  # fmt: skip
    """Compiles a function of tensors; with or without arguments, as a decorator or a call.

    It is compiled by XLA whatever ``jit_compile`` says, and traced anew for other shapes whatever ``reduce_retracing`` says.

    https://www.tensorflow.org/api_docs/python/tf/function

    >>> import jax.numpy as jnp
    >>> float(function(lambda x: x * 2)(Tensor(jnp.float32(4))))
    8.0
    """
    others = {
        "implements": experimental_implements, "autograph_options": experimental_autograph_options,
        "attributes": experimental_attributes, "follow_type_hints": experimental_follow_type_hints,
    }  # fmt: skip
    for label, given in others.items():
        only(f"tf.function: experimental_{label}", given, None, "leave it out.")
    if func is None:
        return functools.partial(
            function, input_signature=input_signature, autograph=autograph, jit_compile=jit_compile,
            reduce_retracing=reduce_retracing,
        )  # fmt: skip
    return CompiledFunction(func, input_signature, autograph)

"""GradientTape: each call of a function, layer or loss on what is watched is recorded with its pull-back.

Only public JAX is used: ``jax.vjp`` of one call at a time. A gradient taken while an outer tape runs is a call as any
other, so that derivatives of any order follow.
"""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from ...core import calling, rng, symbolic
from ...core import frame as frames
from ...core.variable import Variable, initialize
from .tensor import COMPOSITES, Tensor, unwrap, wrap

_active: ContextVar[tuple["GradientTape", ...]] = ContextVar("tapes", default=())
_inside: ContextVar[bool] = ContextVar("inside", default=False)  # a recorded call: what it calls is part of it
traced_frames: set[int] = set()  # ids of the frames of tf.functions, where values are wrapped as outside


class Record(NamedTuple):
    """One call: the objects it took, the tensors it made, and how cotangents go back."""

    inputs: list[Any]
    outputs: list[Tensor]
    pull: Callable[[list], list]
    fn: Callable  # of the inputs' values, gives the outputs' values
    primals: list[Any]


def _leaves(x: Any) -> list[Any]:
    if isinstance(x, (Tensor, Variable)):
        return [x]
    if isinstance(x, (list, tuple)):
        return [leaf for v in x for leaf in _leaves(v)]
    if isinstance(x, dict):
        return [leaf for v in x.values() for leaf in _leaves(v)]
    return []


def _replaced(x: Any, values: dict[int, Any]) -> Any:
    """Tensors and Variables replaced by values, or by their own."""
    if isinstance(x, (Tensor, Variable)):
        return values[id(x)] if id(x) in values else x.value
    if isinstance(x, tuple) and hasattr(x, "_fields"):
        return type(x)(*(_replaced(v, values) for v in x))
    if isinstance(x, (list, tuple)):
        return type(x)(_replaced(v, values) for v in x)
    return {k: _replaced(v, values) for k, v in x.items()} if isinstance(x, dict) else x


class _Inside:
    """Within a recorded call nothing else is recorded or wrapped."""

    def __enter__(self) -> None:
        self.tokens = _active.set(()), _inside.set(True)

    def __exit__(self, *_: object) -> None:
        _active.reset(self.tokens[0])
        _inside.reset(self.tokens[1])


def wraps_here() -> bool:
    """Is this a place of a script where values are tensors: outside of calls, or in the body of a tf.function?"""
    frame = frames.current()
    return not _inside.get() and (frame is None or id(frame) in traced_frames)


def call_function(fn: Callable, args: tuple, kwargs: dict) -> Any:
    """``fn`` on arrays; its results as tensors, recorded where a tape watches what it took."""
    found, tapes = _leaves((args, kwargs)), _active.get()
    tracked = _tracked(found, tapes)
    if not tracked:
        with _Inside():
            outputs = fn(*_replaced(args, {}), **_replaced(kwargs, {}))
        return wrap(outputs) if wraps_here() or tapes or any(isinstance(x, Tensor) for x in found) else outputs

    def on_values(values: list) -> Any:
        bound = dict(zip(map(id, tracked), values, strict=True))
        with _Inside():
            return fn(*_replaced(args, bound), **_replaced(kwargs, bound)), None

    return _record(tapes, tracked, on_values)[0]


def _tracked(found: list[Any], tapes: tuple) -> list[Any]:
    unique = {id(x): x for x in found}.values()
    return [x for x in unique if any(tape.follows(x) for tape in tapes) and _smooth(x)] if tapes else []


def _smooth(x: Any) -> bool:
    """Can there be a gradient?"""
    return x.dtype != "string" and jnp.issubdtype(x.dtype, jnp.inexact)


def _record(tapes: tuple, tracked: list[Any], fn: Callable[[list], tuple[Any, Any]]) -> tuple[Any, Any]:
    """Calls ``fn`` on the values of what is tracked; gives its outputs as tensors, and what else it gave."""
    primals = [x.value for x in tracked]
    structure: list[Any] = []
    drawn_before = rng.get_state()

    def differentiable(values: list) -> tuple[list, Any]:
        now = rng.get_state() if structure else None
        if now is not None:  # a second run, for higher derivatives, draws what the first drew
            rng.set_state(drawn_before)
        outputs, rest = fn(values)
        if now is not None:
            rng.set_state(now)
        leaves, tree = jax.tree.flatten(outputs)
        smooth = [jnp.issubdtype(jnp.result_type(y), jnp.inexact) for y in leaves]
        structure[:] = [tree, smooth]
        kept = [y for y, s in zip(leaves, smooth, strict=True) if s]
        return kept, ([None if s else y for y, s in zip(leaves, smooth, strict=True)], rest)

    kept, pull, (others, rest) = jax.vjp(differentiable, primals, has_aux=True)
    made = [Tensor(y) for y in kept]
    record = Record(tracked, made, pull, lambda values: differentiable(values)[0], primals)
    for tape in tapes:
        if any(tape.follows(x) for x in tracked):
            tape._add(record)
    left = iter(made)
    leaves = [next(left) if s else wrap(y) for y, s in zip(others, structure[1], strict=True)]
    return jax.tree.unflatten(structure[0], leaves), rest


def call_layer(layer: Any, args: tuple, kwargs: dict) -> Any:
    """A layer called on tensors or under a tape; NotImplemented where neither holds."""
    if args and hasattr(args[0], "iloc"):  # pandas
        return layer(args[0].to_numpy(), *args[1:], **kwargs)
    if args and type(args[0]) in COMPOSITES:
        from . import ragged_layers

        if not ragged_layers.is_own(layer):
            return ragged_layers.call(layer, args, kwargs, _inside.get())
    if _inside.get() or any(symbolic.is_symbolic(x) for x in (*args, *kwargs.values())):
        return NotImplemented
    tapes, found = _active.get(), _leaves((args, kwargs))
    if not tapes and not found and not wraps_here():
        return NotImplemented
    if not tapes:
        with _Inside():
            return wrap(layer(*unwrap(args), **unwrap(kwargs)))
    if not layer.built or any(not one.built for one in layer._flatten_layers()):
        _build(layer, args, kwargs)
    initialize(layer.variables)
    weights = [v for v in layer.trainable_variables if any(tape.follows(v) for tape in tapes)]
    others = [v for v in layer.variables if all(v is not w for w in weights)]
    tracked = list({id(x): x for x in (*weights, *_tracked(found, tapes))}.values())
    outer, kept = frames.current(), {v: v._stored() for v in others}

    def on_values(values: list) -> tuple[Any, Any]:
        bound = dict(zip(map(id, tracked), values, strict=True))
        variables = {v: bound[id(v)] for v in tracked if isinstance(v, Variable)}
        variables.update(kept)
        with _Inside(), frames.Frame(values=variables, training=outer and outer.training) as frame:
            outputs = calling.run(layer, frame, _replaced(args, bound), _replaced(kwargs, bound))
            losses = [loss for _, loss in frame.losses]
        return (outputs, losses), [(v, frame.values[v]) for v in others if v in frame.updated]  # type: ignore[index]

    (outputs, losses), changed = _record_with_variables(tapes, tracked, on_values)
    for v, value in changed:
        v.assign(value)
    calling.remember_losses(layer, losses)
    return outputs


def _record_with_variables(tapes: tuple, tracked: list, fn: Callable) -> tuple[Any, list]:
    changed: list[Variable] = []

    def on_values(values: list) -> tuple[Any, list]:
        outputs, updates = fn(values)
        changed[:] = [v for v, _ in updates]
        return outputs, [value for _, value in updates]

    outputs, values = _record(tapes, tracked, on_values) if tracked else _plainly(on_values)
    return outputs, list(zip(changed, values, strict=True))


def _plainly(fn: Callable) -> tuple[Any, Any]:
    outputs, rest = fn([])
    return wrap(outputs), rest


def _build(layer: Any, args: tuple, kwargs: dict) -> None:
    given = jax.tree.leaves(unwrap((args, kwargs)))
    arrays = [a for a in given if hasattr(a, "dtype") and not isinstance(a, Tensor) and a.dtype.kind not in "OUST"]

    def run(_: Any) -> None:
        with _Inside(), frames.Frame(values={}, abstract=True) as frame:
            calling.run(layer, frame, unwrap(args), unwrap(kwargs))

    jax.eval_shape(run, arrays)


def call_program(program: Callable, read: list[Any], args: list[Any]) -> tuple[Any, list]:
    """A compiled function of the values of variables and arrays, recorded as one call where a tape follows any of them."""
    tapes = _active.get()
    tracked = _tracked([*read, *(x for x in args if isinstance(x, Tensor))], tapes)
    arrays = [unwrap(x) for x in args]
    if not tracked:
        return program([v.materialize() for v in read], arrays)

    def on_values(values: list) -> tuple[Any, list]:
        bound = dict(zip(map(id, tracked), values, strict=True))
        cells = [bound.get(id(v), v.materialize()) for v in read]
        return program(cells, [bound.get(id(x), unwrap(x)) for x in args])

    return _record(tapes, tracked, on_values)


class GradientTape:
    """Records what happens to trainable variables and watched tensors, and gives gradients.

    https://www.tensorflow.org/api_docs/python/tf/GradientTape

    >>> x = Tensor(jnp.float32(3))
    >>> with GradientTape() as tape:
    ...     tape.watch(x)
    ...     y = x * x
    >>> float(tape.gradient(y, x))
    6.0
    """

    def __init__(self, persistent: bool = False, watch_accessed_variables: bool = True):
        self.persistent, self.watch_accessed_variables = persistent, watch_accessed_variables
        self._token: Any = None
        self.reset()

    def reset(self) -> None:
        """Forgets what was recorded."""
        self._records: list[Record] = []
        self._known: dict[int, Any] = {}
        self._used = False

    def __enter__(self) -> "GradientTape":
        _active.set((*_active.get(), self))
        return self

    def __exit__(self, *_: object) -> None:
        _active.set(tuple(tape for tape in _active.get() if tape is not self))

    def watch(self, tensor: Any) -> None:
        """Follows tensors or variables from here on."""
        for x in _leaves(tensor):
            if not jnp.issubdtype(x.dtype, jnp.inexact):
                raise ValueError(f"GradientTape.watch: a tensor of floats is wanted, received dtype {x.dtype}.")
            self._known[id(x)] = x

    def follows(self, x: Any) -> bool:
        """Does it record calls on this tensor or variable?"""
        return id(x) in self._known or isinstance(x, Variable) and x.trainable and self.watch_accessed_variables

    def watched_variables(self) -> tuple:
        """The variables among what was recorded."""
        seen = [x for record in self._records for x in record.inputs if isinstance(x, Variable)]
        watched = [x for x in self._known.values() if isinstance(x, Variable)]
        return tuple({id(x): x for x in (*seen, *watched)}.values())

    def stop_recording(self) -> "_Stopped":
        """A context in which this tape records nothing."""
        return _Stopped(self)

    def _add(self, record: Record) -> None:
        self._records.append(record)
        for y in record.outputs:
            self._known[id(y)] = y

    def gradient(
        self, target: Any, sources: Any, output_gradients: Any = None, unconnected_gradients: Any = "none"
    ) -> Any:
        """Gradients of the sum of ``target`` with respect to ``sources``, in their structure; None where unconnected."""
        if self._used and not self.persistent:
            raise RuntimeError(
                "A non-persistent GradientTape can only be used to compute one set of gradients. Use persistent=True."
            )
        self._used = True
        if not _leaves(target) and any(isinstance(t, (int, float)) for t in jax.tree.leaves(target)):
            raise TypeError(f"GradientTape.gradient: expected tensors as target, received {target!r}.")
        given = _leaves(output_gradients) or [None] * len(_leaves(target))
        start = [
            (y, Tensor(jnp.ones(y.shape, y.dtype)) if g is None else g)
            for y, g in zip(_leaves(target), given, strict=True)
        ]
        found = self._back(start)
        zero = str(getattr(unconnected_gradients, "value", unconnected_gradients)).lower() == "zero"

        def of(source: Any) -> Any:
            gradient = found.get(id(source))
            return Tensor(jnp.zeros(source.shape, source.dtype)) if gradient is None and zero else gradient

        result = jax.tree.map(of, sources, is_leaf=lambda x: isinstance(x, (Tensor, Variable)))
        if not self.persistent:
            self._records = []
        return result

    def _back(self, start: list[tuple[Any, Any]]) -> dict[int, Any]:
        gradients: dict[int, Any] = {}
        for y, g in start:
            gradients[id(y)] = gradients[id(y)] + g if id(y) in gradients else g
        for record in reversed(list(self._records)):
            if not any(id(y) in gradients for y in record.outputs):
                continue
            cotangents = [gradients.get(id(y)) for y in record.outputs]
            cotangents = [
                Tensor(jnp.zeros(y.shape, y.dtype)) if g is None else g
                for y, g in zip(record.outputs, cotangents, strict=True)
            ]
            for x, g in zip(record.inputs, _pulled(record, cotangents), strict=True):
                gradients[id(x)] = gradients[id(x)] + g if id(x) in gradients else g
        return gradients

    def jacobian(self, target: Any, sources: Any, unconnected_gradients: Any = "none", parallel_iterations: Any = None,
                 experimental_use_pfor: bool = True) -> Any:  # fmt: skip
        """The derivative of each element of ``target``: its axes first, then those of the source; None where unconnected.

        The last two arguments are hints about how TensorFlow computes it.
        """
        if self._used and not self.persistent:
            raise RuntimeError("A non-persistent GradientTape can only be used once. Use persistent=True.")
        rows = []
        self._used, before = False, self.persistent
        self.persistent = True
        for i in range(target.value.size):
            one = jnp.zeros(target.value.size, target.value.dtype).at[i].set(1).reshape(target.value.shape)
            rows.append(self.gradient(target, sources, Tensor(one), unconnected_gradients))
        self.persistent = before

        def stacked(*parts: Any) -> Any:
            if parts[0] is None:
                return None
            return Tensor(jnp.stack([p.value for p in parts]).reshape(*target.value.shape, *parts[0].value.shape))

        return jax.tree.map(stacked, *rows, is_leaf=lambda x: x is None or isinstance(x, Tensor))

    def batch_jacobian(self, target: Any, source: Any, unconnected_gradients: Any = "none", parallel_iterations: Any = None,
                       experimental_use_pfor: bool = True) -> Any:  # fmt: skip
        """The Jacobian of each row by itself: ``(rows, *of the target, *of the source)``."""
        found = self.jacobian(target, source, unconnected_gradients)
        if found is None:
            return None
        whole = found.value
        rows, axis = target.value.shape[0], target.value.ndim
        return Tensor(jnp.stack([jnp.take(whole[i], i, axis=axis - 1) for i in range(rows)]))


def _pulled(record: Record, cotangents: list[Any]) -> list[Any]:
    """The gradients of a record's inputs; recorded themselves where a tape runs."""
    if not _active.get():
        (found,) = record.pull([unwrap(g) for g in cotangents])
        return [Tensor(g) for g in found]
    count = len(record.inputs)

    def again(*values: Any) -> list:
        (found,) = jax.vjp(record.fn, list(values[:count]))[1](list(values[count:]))
        return found

    return call_function(again, (*record.inputs, *cotangents), {})


class _Stopped:
    def __init__(self, tape: GradientTape):
        self.tape = tape

    def __enter__(self) -> None:
        self.before = _active.get()
        _active.set(tuple(tape for tape in self.before if tape is not self.tape))

    def __exit__(self, *_: object) -> None:
        _active.set(self.before)


class Recorder:
    """What the core asks before it computes, once tensors are about."""

    layer = staticmethod(call_layer)

    given = staticmethod(wrap)  # what a step of a script is given, as tensors
    plain = staticmethod(unwrap)  # what a layer's call gave, tensors as arrays

    @staticmethod
    def shown(found: Any) -> Any:
        """What a metric gives, as tensors where the script asks for it."""
        return wrap(found) if wraps_here() else found

    @staticmethod
    def function(fn: Callable, args: tuple, kwargs: dict) -> Any:
        """A function of arrays, where a tensor is among its arguments or a tape runs."""
        given = _leaves((args, kwargs))
        if _inside.get() or not (_active.get() or any(isinstance(x, Tensor) for x in given) or given and wraps_here()):
            return NotImplemented
        return call_function(fn, args, kwargs)

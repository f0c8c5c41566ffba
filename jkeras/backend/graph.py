"""K: functions of symbolic tensors, their gradients, the learning phase, and control flow."""

import contextlib

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from ..core import frame as frames
from ..core import history, symbolic
from ..core.graph import Graph
from ..core.naming import unique_name
from ..core.symbolic import KerasTensor, is_symbolic, op, tensors_in
from ..core.variable import Variable, initialize
from ..layers.inputs import Input
from .tensors import _array
from .variables import Done, Later

__all__ = [
    "Function", "foldl", "foldr", "function", "gradients", "in_test_phase", "in_train_phase", "learning_phase",
    "learning_phase_scope", "map_fn", "placeholder", "rnn", "set_learning_phase", "switch",
]  # fmt: skip

_symbolic_phase = []


# ------------------------------------------------- the learning phase


def set_phase(value):
    """0, 1 or None, for the process."""
    frames.fixed_phase[0] = value


def set_learning_phase(value):
    """Fixes the learning phase for what is not told otherwise: 0 is inference, 1 is training."""
    if value not in (0, 1, True, False):
        raise ValueError(f"set_learning_phase: expected 0 or 1, received {value!r}.")
    set_phase(int(value))


def learning_phase():
    """Whether training is going on: a number inside a call or where it was fixed, else a symbol to feed to K.function."""
    frame = frames.current()
    if frame is not None and frame.training is not None:
        return frame.training if not isinstance(frame.training, (bool, int)) else int(frame.training)
    if frames.fixed_phase[0] is not None or frame is not None:
        return frames.fixed_phase[0] or 0
    if not _symbolic_phase:
        _symbolic_phase.append(Input(batch_shape=(), dtype="int32", name="keras_learning_phase"))
    return _symbolic_phase[0]


@contextlib.contextmanager
def learning_phase_scope(value):
    """Inside, the learning phase is fixed."""
    before = frames.fixed_phase[0]
    set_learning_phase(value)
    try:
        yield
    finally:
        set_phase(before)


def _is_phase(x):
    return any(x is p for p in _symbolic_phase)


def in_train_phase(x, alt, training=None):
    """``x`` while training, else ``alt``; either may be a function without arguments."""
    if training is None or _is_phase(training):
        frame = frames.current()
        training = None if frame is None or frame.training is None else frame.training
        symbolic_arguments = is_symbolic(x) or is_symbolic(alt)
        if training is None and frames.fixed_phase[0] is None and symbolic_arguments:
            return _by_phase(x() if callable(x) else x, alt() if callable(alt) else alt)
        training = training if training is not None else frames.fixed_phase[0] or 0
    if isinstance(training, (bool, int, np.bool_)):
        chosen = x if training else alt
        return chosen() if callable(chosen) else chosen
    return switch(training, x, alt)


def in_test_phase(x, alt, training=None):
    """``x`` while not training, else ``alt``."""
    return in_train_phase(alt, x, training)


@op
def _by_phase(x, alt):
    frame = frames.current()
    training = frame.training if frame is not None else None
    training = (frames.fixed_phase[0] or 0) if training is None else training
    return jnp.where(training, _array(x), _array(alt))


def switch(condition, then_expression, else_expression):
    """One of two values by a condition: a single truth value, or one per sample or element."""
    then = then_expression() if callable(then_expression) else then_expression
    other = else_expression() if callable(else_expression) else else_expression
    return _switch(condition, then, other)


@op
def _switch(condition, then, other):
    condition, then, other = _array(condition), _array(then), _array(other)
    if condition.ndim > then.ndim:
        raise ValueError(f"K.switch: the condition has {condition.ndim} axes, more than the expressions ({then.ndim}).")
    condition = jnp.reshape(condition, condition.shape + (1,) * (then.ndim - condition.ndim))
    return jnp.where(condition.astype(bool), then, other)


# ------------------------------------------------- functions and gradients


def placeholder(shape=None, ndim=None, dtype=None, sparse=False, name=None, ragged=False):
    """A symbolic tensor to feed to K.function."""
    if shape is None and not ndim:
        raise ValueError("K.placeholder: give a shape or ndim.")
    shape = (None,) * ndim if shape is None else tuple(shape)
    name = None if name is None else unique_name(str(name).replace("/", "_").replace(":", "_"))
    return Input(batch_shape=shape, dtype=dtype, sparse=sparse, ragged=ragged, name=name)


def _variables_of(graph):
    found = {}
    for operation in graph.operations:
        own = operation.variables if hasattr(operation, "variables") else []
        for v in own:
            found[id(v)] = v
    for node in graph.nodes:
        for leaf in jax.tree.leaves((node.args, node.kwargs), is_leaf=lambda v: isinstance(v, (Variable, KerasTensor))):
            if isinstance(leaf, Variable):
                found[id(leaf)] = leaf
    return list(found.values())


class Function:
    """Computes outputs from inputs, compiled; ``updates`` are assigned after each call.

    >>> x = placeholder((None, 2))
    >>> Function([x], [x * 2.0])([[[1.0, 2.0]]])[0].tolist()
    [[2.0, 4.0]]
    """

    def __init__(self, inputs, outputs, updates=None, name=None, **session_kwargs):
        if session_kwargs:
            raise ValueError(
                f"K.function: {sorted(session_kwargs)} are options of TensorFlow sessions, which are not there."
            )
        self._single = not isinstance(outputs, (list, tuple))
        self.inputs, self.outputs = list(inputs), [outputs] if self._single else list(outputs)
        self.name = name
        updates = [u for u in updates or [] if isinstance(u, tuple)]
        self._later = [(variable, value) for variable, value in updates if isinstance(value, Later)]
        self._fixed = [
            u for u in updates if not isinstance(u, Done) and not isinstance(u[1], Later) and not is_symbolic(u[1])
        ]
        updates = [u for u in updates if is_symbolic(u[1])]
        self._targets = [variable for variable, _ in updates]
        wanted = [*self.outputs, *(value for _, value in updates)]
        self._fed = [x for x in self.inputs if isinstance(x, KerasTensor)]
        self._symbolic = [x for x in wanted if isinstance(x, KerasTensor)]
        self._wanted = wanted
        given = self._fed or [_nothing()]
        self._graph = Graph(given, self._symbolic, "function") if self._symbolic else None
        self._variables = _variables_of(self._graph) if self._graph else []
        self._run = jax.jit(self._compute, static_argnums=2)

    def _compute(self, values, arrays, training):
        bound = dict(zip(self._variables, values, strict=True))
        with frames.Frame(values=bound, training=training) as frame:
            made = self._graph.run(arrays or [jnp.zeros(())])
        made = made if isinstance(made, (list, tuple)) else [made]
        changed = {i: frame.values[v] for i, v in enumerate(self._variables) if v in frame.updated}
        return list(made), changed

    def __call__(self, inputs=()):
        inputs = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
        if len(inputs) != len(self.inputs):
            raise ValueError(f"K.function: expected {len(self.inputs)} inputs, received {len(inputs)}.")
        training = None
        arrays = []
        for symbol, value in zip(self.inputs, inputs):
            if _is_phase(symbol):
                training = bool(value)
            if isinstance(symbol, KerasTensor):
                arrays.append(jnp.asarray(value, symbol.dtype))
            elif isinstance(symbol, (int, bool, np.integer)):
                training = bool(value)
        if training is None and frames.fixed_phase[0] is not None:
            training = bool(frames.fixed_phase[0])
        initialize(self._variables)
        made, changed = self._run([v.value for v in self._variables], arrays, training) if self._graph else ([], {})
        for i, value in changed.items():
            self._variables[i].assign(value)
        results = iter(made)
        values = [next(results) if isinstance(w, KerasTensor) else w for w in self._wanted]
        for variable, value in zip(self._targets, values[len(self.outputs) :]):
            variable.assign(value)
        for variable, value in self._fixed:
            variable.assign(value.value if isinstance(value, Variable) else value)
        for variable, value in self._later:
            variable.assign(value.compute())
        shown = [np.asarray(v.value if isinstance(v, Variable) else v) for v in values[: len(self.outputs)]]
        shown = [v[()] if v.ndim == 0 else v for v in shown]
        return shown[0] if self._single else shown


def _nothing():
    return Input(batch_shape=(), name=unique_name("nothing"))


def function(inputs, outputs, updates=None, name=None, **kwargs):
    """A compiled function of symbolic tensors; takes and gives lists of NumPy arrays."""
    return Function(inputs, outputs, updates=updates, name=name, **kwargs)


def gradients(loss, variables):
    """A list of the gradients of a symbolic loss with respect to symbolic tensors or Variables, symbolic too."""
    variables = list(variables) if isinstance(variables, (list, tuple)) else [variables]
    if isinstance(loss, (list, tuple)):
        loss = loss[0]
    if not isinstance(loss, KerasTensor):
        raise symbolic.NeedsHistory(
            "K.gradients: the loss must be a symbolic tensor. For arrays use jax.grad of a function."
        )
    sources = [s for s in history.get_source_inputs(loss) if not any(s is v for v in variables)]
    tensors = [v for v in variables if isinstance(v, KerasTensor)]
    inner = Graph([*tensors, *sources], loss, "gradients")

    def gradient(given, others, cells):
        def total(given, cells):
            bound = dict(zip([v for v in variables if isinstance(v, Variable)], cells))
            with frames.Frame(values=bound, training=_training()):
                return jnp.sum(inner.run([*given, *others]))

        a, b = jax.grad(total, argnums=(0, 1), allow_int=True)(list(given), list(cells))
        made_a, made_b = iter(a), iter(b)
        return [next(made_a) if isinstance(v, KerasTensor) else next(made_b) for v in variables]

    cells = [v for v in variables if isinstance(v, Variable)]

    def run(given, others):
        return gradient(given, others, [c.value for c in cells])

    made = symbolic.record(run, (tensors, sources), {}, name="gradients")
    node = tensors_in(made)[0].node
    node.operation.variables = _variables_of(inner)
    return made


def _training():
    frame = frames.current()
    return None if frame is None else frame.training


# ------------------------------------------------- loops


def map_fn(fn, elems, name=None, dtype=None):
    """``fn`` applied to each row."""
    return _map(fn, elems)


def _map(fn, elems):
    return op(lambda x: lax.map(fn, jax.tree.map(_array, x)))(elems)


def foldl(fn, elems, initializer=None, name=None):
    """``fn(so_far, row)`` over the rows from the first to the last."""
    return op(lambda x, start: _fold(fn, x, start, False))(elems, initializer)


def foldr(fn, elems, initializer=None, name=None):
    """``fn(so_far, row)`` over the rows from the last to the first."""
    return op(lambda x, start: _fold(fn, x, start, True))(elems, initializer)


def _fold(fn, elems, start, backwards):
    rows = _array(elems)
    rows = rows[::-1] if backwards else rows
    if start is None:
        start, rows = rows[0], rows[1:]
    return lax.scan(lambda carry, row: (fn(carry, row), None), jnp.asarray(start), rows)[0]


def rnn(
    step_function, inputs, initial_states, go_backwards=False, mask=None, constants=None, unroll=False, input_length=None,
    time_major=False, zero_output_for_mask=False, return_all_outputs=True,
):  # fmt: skip
    """(last output, outputs, new states) of ``step_function(input, states) -> output, new states`` over the steps.

    Where ``mask`` (batch, steps) is False, the output before (or zeros) and the states stay. An ``input_length`` per
    sample masks the steps from there on; a single number says nothing that the inputs do not.
    """

    def run(inputs, states, mask, constants, lengths):
        steps = _array(inputs) if time_major else jnp.swapaxes(_array(inputs), 0, 1)
        if mask is None and lengths is not None and _array(lengths).ndim == 1:
            within = jnp.arange(len(steps))[:, None] < _array(lengths)
            mask = within if time_major else within.T
        states, constants = [_array(s) for s in states], list(constants or [])
        keep = None if mask is None else _mask_steps(_array(mask), time_major)
        if go_backwards:
            steps = steps[::-1]
            keep = None if keep is None else keep[::-1]
        first, _ = jax.eval_shape(lambda x, s: step_function(x, [*s, *constants]), steps[0], states)
        before = jnp.zeros(first.shape, first.dtype)

        def body(carry, step):
            before, states = carry
            x, kept = step
            y, new = step_function(x, [*states, *constants])
            if kept is not None:
                new = [jnp.where(_fit(kept, n), n, s) for n, s in zip(new, states)]
                carried = jnp.where(_fit(kept, y), y, before)
                y = jnp.where(_fit(kept, y), y, 0) if zero_output_for_mask else carried
                return (y, list(new)), y
            return (y, list(new)), y

        (last, states), outputs = lax.scan(body, (before, states), (steps, keep), unroll=len(steps) if unroll else 1)
        outputs = outputs if return_all_outputs else last[None]
        return last, outputs if time_major else jnp.swapaxes(outputs, 0, 1), states

    run.__name__ = "rnn"
    return op(run)(inputs, list(initial_states), mask, constants, input_length)


def _mask_steps(mask, time_major):
    mask = mask[..., 0] if mask.ndim == 3 else mask
    return (mask if time_major else jnp.swapaxes(mask, 0, 1)).astype(bool)


def _fit(mask, like):
    return jnp.reshape(mask, mask.shape + (1,) * (like.ndim - mask.ndim))

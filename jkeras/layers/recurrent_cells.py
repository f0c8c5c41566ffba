"""Cells: one step of a recurrence, and its weights.

Built-in cells run whole sequences (``run``), so that what does not depend on the state is computed for all steps at once; a single
step (``call``) is a sequence of one. ``run_cell`` runs any cell: a user's is called step by step.
"""

import functools
import inspect

import jax
import jax.numpy as jnp

from .. import activations
from ..core import frame as frames
from ..core import registry, tracking
from ..core.declare import Converter, declare, era_default
from ..core.layer import Layer, layer
from ..core.rng import SeedGenerator
from ..core.spec import describe
from ..nn import recurrent as nn
from .fields import Activation, Constraint, Flag, Initializer, PositiveInt, Rate, Regularizer, choice

# Activations whose derivative the recurrences may take unit by unit; tanh and sigmoid in the form that they know best.
ELEMENTWISE = {
    getattr(activations, name): getattr(activations, name)
    for name in "relu relu6 leaky_relu elu selu celu softplus softsign soft_shrink hard_shrink tanh_shrink sparse_plus "
    "sparse_sigmoid squareplus silu hard_silu gelu hard_tanh log_sigmoid hard_sigmoid hard_sigmoid_fifth exponential mish "
    "linear".split()
} | {activations.tanh: jnp.tanh, activations.sigmoid: jax.nn.sigmoid}

Implementation = choice(0, 1, 2)


class Cell(Layer):
    """What the built-in cells share: weights of ``gates`` gates, dropout, and running along time."""

    gates = 1
    states = 1

    def __post_init__(self):
        self.state_size = self.units if self.states == 1 else [self.units] * self.states
        self.output_size = self.units
        self.seed_generator = SeedGenerator(self.seed)

    @property
    def dropout_masks(self):
        """Gates that have a dropout mask of their own, or 1 for one mask for all."""
        one_each = getattr(self, "implementation", 2) < 2 or (self.gates > 1 and self.recurrent_dropout > 0)
        return self.gates if one_each else 1

    def build(self, input_shape):
        self._add_kernels(input_shape[-1], self.units)
        self.bias = self._add_bias() if self.use_bias else None

    def _add_kernels(self, inputs, units, window=()):
        if inputs is None:
            raise ValueError(
                f"{describe(self)}: expected a known number of features, received None. Name it in Input()."
            )
        self.kernel = self.add_weight("kernel", (*window, inputs, units * self.gates))
        self.recurrent_kernel = self.add_weight(
            "recurrent_kernel", (*window, units, units * self.gates), initializer=self.recurrent_initializer,
            regularizer=self.recurrent_regularizer, constraint=self.recurrent_constraint,
        )  # fmt: skip

    def _add_bias(self):
        return self.add_weight("bias", (self.units * self.gates,))

    def call(self, inputs, states, training=False):
        given = isinstance(states, (list, tuple))
        states = tuple(states) if given else (states,)
        outputs, states = self.run(inputs[None], states, training=training)
        return outputs[0], list(states) if given else states[0]

    def run(self, sequence, states, mask=None, training=False, reverse=False, unroll=False):
        """Outputs of all steps and the last states, for a time-major sequence (time, batch, d)."""
        raise NotImplementedError

    def get_initial_state(self, *args, **kwargs):
        """Zeros: one array (batch, units), or a list of as many as the cell has states.

        Takes ``batch_size`` (Keras 3), or ``inputs``, ``batch_size`` and ``dtype`` (tf.keras), in these orders.
        """
        batch_size, dtype = batch_and_dtype(*args, **kwargs)
        return zeros_of(self.state_size, batch_size, dtype or self.compute_dtype)

    # ---- dropout: one mask for all steps of a sequence, for the key depends on the call and not on the step

    def get_dropout_mask(self, step_input):
        """What multiplies the input while training: one mask, or a list with one for each gate; None without dropout."""
        return _as_list(self._mask_of(self.dropout, step_input.shape, step_input.dtype, True), step_input.ndim)

    def get_recurrent_dropout_mask(self, step_input):
        """What multiplies the state while training: one mask, or a list with one for each gate; None without dropout."""
        return _as_list(
            self._mask_of(self.recurrent_dropout, step_input.shape, step_input.dtype, True), step_input.ndim
        )

    def reset_dropout_mask(self):
        """Does nothing: masks are not kept beyond a call."""

    def reset_recurrent_dropout_mask(self):
        """Does nothing: masks are not kept beyond a call."""

    def _mask_of(self, rate, shape, dtype, training):
        if not training or not 0 < rate < 1:
            return None
        keep = jax.random.bernoulli(self.seed_generator.next(), 1 - rate, (self.dropout_masks, *shape))
        masks = keep.astype(dtype) / jnp.asarray(1 - rate, dtype)
        return masks[0] if self.dropout_masks == 1 else masks

    def _project(self, sequence, bias, training, product=nn.project):
        mask = self._mask_of(self.dropout, sequence.shape[1:], sequence.dtype, training)
        kernel = jnp.asarray(self.kernel)
        if mask is None or self.dropout_masks == 1:
            return product(sequence if mask is None else sequence * mask, kernel, bias)
        parts = [product(sequence * m, k) for m, k in zip(mask, jnp.split(kernel, self.gates, axis=-1), strict=True)]
        return jnp.concatenate(parts, axis=-1) + (0 if bias is None else bias)

    def _gated(self, cell, acts, projected, states, options, inner=None, product=nn.recur):
        mask, training, reverse, unroll = options
        drop = self._mask_of(self.recurrent_dropout, states[0].shape, states[0].dtype, training)
        known = tuple(ELEMENTWISE.get(act, act) for act in acts)
        return nn.run(
            cell, known, projected, jnp.asarray(self.recurrent_kernel), inner, states, mask=mask, drop=drop,
            reverse=reverse, unroll=unroll, elementwise=all(act in ELEMENTWISE for act in acts), product=product,
        )  # fmt: skip

    def _stepped(self, step, projected, states, options):
        """Runs a step of ``nn`` whose derivative JAX finds itself."""
        mask, training, reverse, unroll = options
        drop = self._mask_of(self.recurrent_dropout, states[0].shape, states[0].dtype, training)
        acts, kernel = (self.activation, self.recurrent_activation), jnp.asarray(self.recurrent_kernel)
        return nn.scan(
            lambda x, states: step(acts, x, states, kernel, drop), projected, states,
            mask=mask, reverse=reverse, unroll=unroll, carried_output=lambda states: states[0],
        )  # fmt: skip

    def get_config(self):
        return hide(super().get_config(), activity_regularizer=None, implementation=2)


def _as_list(mask, ndim):
    return list(mask) if mask is not None and mask.ndim > ndim else mask


def hide(config, **usual):
    """A config without the entries that Keras 3 does not write, where they have their usual value."""
    return {k: v for k, v in config.items() if k not in usual or v != usual[k]}


def batch_and_dtype(*args, **kwargs):
    """(batch size, dtype) from the arguments of ``get_initial_state`` in the order of Keras 3 or of tf.keras."""
    alone = len(args) == 1 and not hasattr(args[0], "shape")
    given = {**dict(zip(("batch_size",) if alone else ("inputs", "batch_size", "dtype"), args)), **kwargs}
    batch_size = given.get("batch_size")
    return given["inputs"].shape[0] if batch_size is None else batch_size, given.get("dtype")


def zeros_of(size, batch, dtype):
    """Zero states of a cell's ``state_size``: an integer, or nested lists of integers and shapes."""
    if hasattr(size, "as_list"):
        return jnp.zeros((batch, *size.as_list()), dtype)
    if isinstance(size, (list, tuple)):
        return [zeros_of(one, batch, dtype) for one in size]
    return jnp.zeros((batch, size), dtype)


@layer
class SimpleRNNCell(Cell):
    """One step of the simple recurrence ``activation(x W + h U + b)``: (batch, d), state (batch, units).

    https://keras.io/api/layers/recurrent_layers/simple_rnn/

    >>> output, states = SimpleRNNCell(3)(jnp.ones((2, 4)), [jnp.zeros((2, 3))])
    >>> output.shape
    (2, 3)
    """

    units: PositiveInt
    activation: Activation = "tanh"
    use_bias: Flag = True
    kernel_initializer: Initializer = "glorot_uniform"
    recurrent_initializer: Initializer = "orthogonal"
    bias_initializer: Initializer = "zeros"
    kernel_regularizer: Regularizer = None
    recurrent_regularizer: Regularizer = None
    bias_regularizer: Regularizer = None
    kernel_constraint: Constraint = None
    recurrent_constraint: Constraint = None
    bias_constraint: Constraint = None
    dropout: Rate = 0.0
    recurrent_dropout: Rate = 0.0
    seed: object = None

    def run(self, sequence, states, mask=None, training=False, reverse=False, unroll=False):
        projected = self._project(sequence, self.bias, training)
        return self._gated(nn.SIMPLE, (self.activation,), projected, states, (mask, training, reverse, unroll))


@layer
class LSTMCell(Cell):
    """One step of the LSTM; gates in the order i, f, c, o; states [h, c], each (batch, units).

    ``implementation`` 1 gives each gate a dropout mask of its own, 2 one mask to all.
    Source: Hochreiter and Schmidhuber, 1997.  https://keras.io/api/layers/recurrent_layers/lstm/

    >>> output, (h, c) = LSTMCell(3)(jnp.ones((2, 4)), [jnp.zeros((2, 3)), jnp.zeros((2, 3))])
    >>> output.shape
    (2, 3)
    """

    units: PositiveInt
    activation: Activation = "tanh"
    recurrent_activation: Activation = era_default("sigmoid")
    use_bias: Flag = True
    kernel_initializer: Initializer = "glorot_uniform"
    recurrent_initializer: Initializer = "orthogonal"
    bias_initializer: Initializer = "zeros"
    unit_forget_bias: Flag = True
    kernel_regularizer: Regularizer = None
    recurrent_regularizer: Regularizer = None
    bias_regularizer: Regularizer = None
    kernel_constraint: Constraint = None
    recurrent_constraint: Constraint = None
    bias_constraint: Constraint = None
    dropout: Rate = 0.0
    recurrent_dropout: Rate = 0.0
    seed: object = None
    implementation: Implementation = era_default(2)
    gates, states = 4, 2

    def _add_bias(self, start=1):
        """The bias; that of the forget gate, ``start`` gates in, begins with ones."""
        units, initial = self.recurrent_kernel.shape[-2], self.bias_initializer

        def forgetful(shape, dtype=None, key=None):
            value = initialize(initial, shape, dtype, key)
            return value.at[start * units : (start + 1) * units].set(1)

        shape = ((4 if start == 1 else 8) * units,)
        return self.add_weight("bias", shape, initializer=forgetful if self.unit_forget_bias else initial)

    def run(self, sequence, states, mask=None, training=False, reverse=False, unroll=False):
        acts = (self.activation, self.recurrent_activation)
        projected = self._project(sequence, self._one_bias(), training)
        return self._gated(nn.LSTM, acts, projected, states, (mask, training, reverse, unroll))

    def _one_bias(self):
        return self.bias


def initialize(initializer, shape, dtype, key):
    """An initializer's array; our initializers take a key, users' need not."""
    takes_key = "key" in inspect.signature(initializer).parameters
    return jnp.asarray(initializer(shape, dtype=dtype, **({"key": key} if takes_key else {})))


@layer
class PeepholeLSTMCell(LSTMCell):
    """The LSTM whose gates also see the cell state, through one weight a unit and gate.

    Source: Gers and Schmidhuber, 2000; ``tf.keras.experimental.PeepholeLSTMCell``.

    >>> output, (h, c) = PeepholeLSTMCell(3)(jnp.ones((2, 4)), [jnp.zeros((2, 3)), jnp.zeros((2, 3))])
    >>> output.shape
    (2, 3)
    """

    recurrent_activation: Activation = "hard_sigmoid"

    def build(self, input_shape):
        super().build(input_shape)
        names = ["input_gate", "forget_gate", "output_gate"]
        self.peepholes = [
            self.add_weight(f"{n}_peephole_weights", (self.units,), initializer=self.kernel_initializer) for n in names
        ]

    def run(self, sequence, states, mask=None, training=False, reverse=False, unroll=False):
        peep = [jnp.asarray(w) for w in self.peepholes]
        projected = self._project(sequence, self.bias, training)
        step = functools.partial(nn.peephole_lstm_step, peep=peep)
        return self._stepped(step, projected, states, (mask, training, reverse, unroll))


@layer
class GRUCell(Cell):
    """One step of the GRU; gates in the order z, r, h; state (batch, units).

    ``reset_after=False`` is the form of Cho et al., 2014, with the reset gate before the product and one bias;
    ``True`` is cuDNN's, with a second bias. ``implementation`` 1 gives each gate a dropout mask of its own, 2 one to all.
    https://keras.io/api/layers/recurrent_layers/gru/

    >>> output, states = GRUCell(3)(jnp.ones((2, 4)), [jnp.zeros((2, 3))])
    >>> output.shape
    (2, 3)
    """

    units: PositiveInt
    activation: Activation = "tanh"
    recurrent_activation: Activation = era_default("sigmoid")
    use_bias: Flag = True
    kernel_initializer: Initializer = "glorot_uniform"
    recurrent_initializer: Initializer = "orthogonal"
    bias_initializer: Initializer = "zeros"
    kernel_regularizer: Regularizer = None
    recurrent_regularizer: Regularizer = None
    bias_regularizer: Regularizer = None
    kernel_constraint: Constraint = None
    recurrent_constraint: Constraint = None
    bias_constraint: Constraint = None
    dropout: Rate = 0.0
    recurrent_dropout: Rate = 0.0
    reset_after: Flag = era_default(True)
    seed: object = None
    implementation: Implementation = era_default(2)
    gates = 3

    def _add_bias(self):
        return self.add_weight("bias", (2, 3 * self.units) if self.reset_after else (3 * self.units,))

    def _biases(self):
        if self.bias is None or not self.reset_after:
            return self.bias, None
        both = jnp.asarray(self.bias)
        return both[0], both[1]

    def run(self, sequence, states, mask=None, training=False, reverse=False, unroll=False):
        outer, inner = self._biases()
        projected, options = self._project(sequence, outer, training), (mask, training, reverse, unroll)
        if not self.reset_after:
            return self._stepped(nn.gru_before_step, projected, states, options)
        return self._gated(nn.GRU, (self.activation, self.recurrent_activation), projected, states, options, inner)


@declare
class CuDNNLSTMCell(LSTMCell):
    """The LSTM with cuDNN's two biases, one behind the other."""

    recurrent_activation: Activation = "sigmoid"
    implementation: Implementation = 2

    def _add_bias(self):
        return super()._add_bias(start=5)

    def _one_bias(self):
        return sum(jnp.split(jnp.asarray(self.bias), 2))


@declare
class CuDNNGRUCell(GRUCell):
    """The GRU with cuDNN's two biases, one behind the other."""

    recurrent_activation: Activation = "sigmoid"
    reset_after: Flag = True
    implementation: Implementation = 2

    def _add_bias(self):
        return self.add_weight("bias", (6 * self.units,))

    def _biases(self):
        return jnp.split(jnp.asarray(self.bias), 2)


# ------------------------------------------------- any cell


@layer
class AbstractRNNCell(Layer):
    """Base for users' cells: define ``call(inputs, states)``, ``state_size`` and ``output_size``.

    https://www.tensorflow.org/api_docs/python/tf/keras/layers/AbstractRNNCell

    >>> class Sum(AbstractRNNCell):
    ...     state_size = output_size = 1
    ...     def call(self, inputs, states):
    ...         total = states[0] + inputs
    ...         return total, [total]
    >>> from jkeras.layers import RNN
    >>> RNN(Sum())(jnp.ones((1, 5, 1))).tolist()
    [[5.0]]
    """

    def call(self, inputs, states):
        raise NotImplementedError(f"{type(self).__name__} has no call(); define call(self, inputs, states).")

    @property
    def state_size(self):
        """The size of the state, or a list of sizes."""
        raise NotImplementedError(f"{type(self).__name__} has no state_size; define it.")

    @property
    def output_size(self):
        """The size of the output."""
        raise NotImplementedError(f"{type(self).__name__} has no output_size; define it.")

    def get_initial_state(self, inputs=None, batch_size=None, dtype=None):
        """Zeros of the state's sizes."""
        batch_size, dtype = batch_and_dtype(inputs, batch_size, dtype)
        return zeros_of(self.state_size, batch_size, dtype or self.compute_dtype)


def _cells(value):
    cells = list(value)
    for cell in cells:
        check_cell(cell)
    return cells


def check_cell(cell):
    """Raises ValueError for what cannot be a cell."""
    if not callable(getattr(cell, "call", None)):
        raise ValueError(f"a cell must have a call(inputs, states) method; received {cell!r}.")
    if not hasattr(cell, "state_size"):
        raise ValueError(f"a cell must have a state_size, the size of its states; received {cell!r}.")


@layer
class StackedRNNCells(Layer):
    """Several cells as one: each feeds the next.  https://keras.io/api/layers/recurrent_layers/stacked_rnn_cell/

    The states are a list with the state or states of each cell; ``nested_states=False`` makes it one flat list and
    ``reverse_state_order`` begins with the last cell, as Keras 2 could.

    >>> cell = StackedRNNCells([LSTMCell(3), GRUCell(2)])
    >>> cell.state_size
    [[3, 3], 2]
    """

    cells: Converter(_cells, registry.serialize)
    reverse_state_order: Flag = False
    nested_states: Flag = era_default(True)

    @property
    def state_size(self):
        sizes = [cell.state_size for cell in self._ordered(self.cells)]
        return sizes if self.nested_states else tuple(jax.tree.leaves(sizes))

    @property
    def output_size(self):
        return output_size(self.cells[-1])

    def _ordered(self, items):
        return list(items)[::-1] if self.reverse_state_order else list(items)

    def split(self, states):
        """The states of each cell, as a list of lists, in the order of the cells."""
        leaves, parts = jax.tree.leaves(list(states)), []
        for cell in self._ordered(self.cells):
            n = len(jax.tree.leaves(cell.state_size))
            parts.append(leaves[:n])
            leaves = leaves[n:]
        return self._ordered(parts)

    def join(self, parts):
        """The states of all cells in the structure of ``state_size``."""
        parts = self._ordered(parts)
        if not self.nested_states:
            return [state for part in parts for state in part]
        alone = [not isinstance(cell.state_size, (list, tuple)) for cell in self._ordered(self.cells)]
        return [part[0] if single else list(part) for part, single in zip(parts, alone, strict=True)]

    def build(self, input_shape):
        constants = []
        if isinstance(input_shape, list):
            input_shape, *constants = input_shape
        for cell in self.cells:
            build_cell(cell, input_shape, constants)
            input_shape = (input_shape[0], output_size(cell))

    def call(self, inputs, states, training=False, constants=None):
        parts = []
        for cell, part in zip(self.cells, self.split(states), strict=True):
            inputs, new = step_cell(cell, inputs, part, training, constants)
            parts.append(new)
        return inputs, self.join(parts)

    def get_initial_state(self, *args, **kwargs):
        """Zeros, or what the cells' own ``get_initial_state`` give; arguments as there."""
        batch_size, dtype = batch_and_dtype(*args, **kwargs)
        parts = [initial_state(cell, batch_size, dtype=dtype or self.compute_dtype) for cell in self.cells]
        return self.join(parts)

    def get_config(self):
        return hide(super().get_config(), reverse_state_order=False, nested_states=True)

    @classmethod
    def from_config(cls, config, custom_objects=None):
        cells = [registry.deserialize(cell, custom_objects) for cell in config["cells"]]
        return cls(**{**config, "cells": cells})


def output_size(cell):
    """The size of a cell's output: its ``output_size``, or else that of its first state."""
    size = getattr(cell, "output_size", None)
    return jax.tree.leaves(cell.state_size)[0] if size is None else size


def build_cell(cell, input_shape, constants=()):
    """Builds a cell, if it is a layer, for the input of one step (and for constants)."""
    if isinstance(cell, Layer) and not cell.built:
        takes = constants and "constants" in inspect.signature(cell.call).parameters
        with frames.scope(cell.name):
            cell._build_by_shapes({"inputs": [input_shape, *constants] if takes else input_shape})


def initial_state(cell, batch_size, dtype=None):
    """The initial states of any cell as a list."""
    make = getattr(cell, "get_initial_state", None)
    if make is None:
        states = zeros_of(cell.state_size, batch_size, dtype)
    else:
        params = inspect.signature(make).parameters
        anything = any(p.kind == p.VAR_KEYWORD for p in params.values())
        given = {"batch_size": batch_size, "dtype": dtype}
        if "inputs" in params and "batch_size" not in params:  # Keras 2's takes the batch from an array
            given["inputs"] = jnp.zeros((batch_size, 1), dtype)
        states = make(**{k: v for k, v in given.items() if anything or k in params})
    return list(states) if isinstance(states, (list, tuple)) else [states]


def step_cell(cell, inputs, states, training, constants):
    """One step of any cell: (output, list of new states in the structure of the old)."""
    takes = inspect.signature(cell.call).parameters
    kwargs = {"training": training} if "training" in takes else {}
    if constants and "constants" in takes:
        kwargs["constants"] = constants
    output, new = (cell if isinstance(cell, Layer) else cell.call)(inputs, list(states), **kwargs)
    before, after = jax.tree.leaves(states), jax.tree.leaves(new)
    if len(before) != len(after):
        raise ValueError(f"{cell!r}: expected call() to give {len(before)} new states, received {len(after)}.")
    after = [jnp.asarray(a).astype(b.dtype) for a, b in zip(after, before, strict=True)]
    return output, jax.tree.unflatten(jax.tree.structure(list(states)), after)


def run_cell(cell, sequence, states, *, mask=None, training=False, constants=None, reverse=False, unroll=False):
    """Runs any cell along a time-major sequence; gives all outputs and the list of last states."""
    options = {"mask": mask, "training": training, "reverse": reverse, "unroll": unroll}
    if _runs_sequences(cell):
        # a masked step changes no state, so what it feeds to the next cell does not matter
        parts = []
        for one, part in zip(*_layers_of(cell, states), strict=True):
            with frames.scope(one.name):
                sequence, part = _run_built_in(one, sequence, tuple(part), options)
            parts.append(list(part))
        return sequence, cell.join(parts) if isinstance(cell, StackedRNNCells) else parts[0]
    return _run_step_by_step(cell, sequence, states, constants, options)


def _layers_of(cell, states):
    return (cell.cells, cell.split(states)) if isinstance(cell, StackedRNNCells) else ([cell], [states])


def _runs_sequences(cell):
    if type(cell) is StackedRNNCells:
        return all(_runs_sequences(one) and not isinstance(one, StackedRNNCells) for one in cell.cells)
    return isinstance(cell, Cell) and type(cell).call is Cell.call


def _run_built_in(cell, sequence, states, options):
    frame = frames.current()
    outer = frame.compute_dtype
    frame.compute_dtype = cell.compute_dtype
    try:
        dtype = cell.compute_dtype
        return cell.run(sequence.astype(dtype), tuple(s.astype(dtype) for s in states), **options)
    finally:
        frame.compute_dtype = outer


def _run_step_by_step(cell, sequence, states, constants, options):
    """The loop for users' cells. What a step assigns is carried on to the next; each draws the same random numbers."""
    outer = frames.current()
    variables = cell.variables if isinstance(cell, Layer) else []
    seeds = (
        {id(v) for one in tracking.flatten_layers(cell) for v in tracking.own_seeds(one) if v.is_weight}
        if variables
        else set()
    )
    values = {v: v._stored() for v in variables}
    carried = [v for v in variables if not v.trainable and id(v) not in seeds]
    drawn = [v for v in variables if id(v) in seeds]
    owners, draws = [], {}

    def step(x, carry):
        states, held = carry
        bound = {**values, **dict(zip(carried, held, strict=True))}
        with frames.Frame(values=bound, training=options["training"], key=outer.key) as frame:
            frame.draws = dict(outer.draws)
            frame.compute_dtype = outer.compute_dtype
            output, states = step_cell(cell, x, states, options["training"], constants)
        owners[:] = [owner for owner, _ in frame.losses]
        draws.update(frame.draws)
        extra = ([frame.values[v] for v in drawn], [value for _, value in frame.losses])
        return (output, extra), (states, [frame.values[v] for v in carried])

    first = jax.tree.leaves(states)[0] if not isinstance(cell, StackedRNNCells) else cell.split(states)[-1][0]
    shape = jax.eval_shape(step, sequence[0], (states, [values[v] for v in carried]))[0][0]
    at = [i for i, s in enumerate(jax.tree.leaves(states)) if s is first][0]
    # the first state stands for the output where it can: so Keras fills masked steps
    same = (shape.shape, shape.dtype) == (first.shape, first.dtype)
    outputs, (states, held) = _scan(
        step, sequence, (states, [values[v] for v in carried]), at if same else None, options
    )
    outputs, (after, losses) = outputs
    outer.draws.update(draws)
    for v, value in zip(carried, held, strict=True):
        v.assign(value)
    for v, value in zip(drawn, after, strict=True):
        v.assign(value[-1])
    outer.losses += [(owner, jnp.sum(loss)) for owner, loss in zip(owners, losses, strict=True)]
    return outputs, states


def _scan(step, sequence, carry, at, options):
    mask, loop = options["mask"], {"reverse": options["reverse"], "unroll": options["unroll"]}
    if mask is None:
        return nn.scan(step, sequence, carry, **loop)

    def masked(x, carry):
        x, m = x
        states, held, before = carry
        (output, extra), (new, held) = step(x, (states, held))
        new = jax.tree.map(lambda a, b: jnp.where(nn.along(m, a), a, b), new, states)
        output = jnp.where(nn.along(m, output), output, before if at is None else jax.tree.leaves(states)[at])
        return (output, extra), (new, held, None if at is not None else output)

    before = None
    if at is None:
        shape = jax.eval_shape(step, sequence[0], carry)[0][0]
        before = jnp.zeros(shape.shape, shape.dtype)
    outputs, (states, held, _) = nn.scan(masked, (sequence, mask), (*carry, before), **loop)
    return outputs, (states, held)

"""Cells: one step of a recurrence, and its weights.

Built-in cells run whole sequences (``run``), so that what does not depend on the state is computed for all steps at once; a single
step (``call``) is a sequence of one.
"""

import functools
import inspect

import jax
import jax.numpy as jnp

from .. import activations
from ..core.declare import declare, era_default
from ..core.layer import Layer, layer
from ..core.rng import SeedGenerator
from ..core.spec import describe
from ..nn import recurrent as nn
from .fields import Activation, Constraint, Flag, Initializer, PositiveInt, Rate, Regularizer, choice


def either_order(method):
    """Says that the places of the arguments differ between generations; what they are tells them apart."""
    P = inspect.Parameter
    method.__signature__ = inspect.Signature(
        [P("self", P.POSITIONAL_ONLY), P("args", P.VAR_POSITIONAL), P("kwargs", P.VAR_KEYWORD)]
    )
    return method


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

    @either_order
    def get_initial_state(self, batch_size=None, inputs=None, dtype=None):
        """Zeros: one array (batch, units), or a list of as many as the cell has states.

        By position it also takes ``inputs``, ``batch_size`` and ``dtype``, the order of tf.keras.
        """
        batch_size, dtype = batch_and_dtype(batch_size, inputs, dtype)
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

    def _entered(self, sequence, bias, training):
        """The inputs and what ``nn.run`` may project them with itself; projected already where dropout is in the way."""
        if training and self.dropout > 0:
            return self._project(sequence, bias, training), None
        return sequence, (jnp.asarray(self.kernel), None if bias is None else jnp.asarray(bias))

    def _gated(self, cell, acts, projected, states, options, inner=None, product=nn.recur, entry=None):
        mask, training, reverse, unroll = options
        drop = self._mask_of(self.recurrent_dropout, states[0].shape, states[0].dtype, training)
        known = tuple(ELEMENTWISE.get(act, act) for act in acts)
        return nn.run(
            cell, known, projected, jnp.asarray(self.recurrent_kernel), inner, states, mask=mask, drop=drop,
            reverse=reverse, unroll=unroll, elementwise=all(act in ELEMENTWISE for act in acts), product=product,
            entry=entry,
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


def sequences_of(layer, inputs, kwargs):
    """The inputs of a recurrent layer, which Keras 3 names ``sequences``; raises TypeError where there are none."""
    if inputs is None and "sequences" not in kwargs:
        raise TypeError(f"{describe(layer)}: the required argument 'sequences' is missing.")
    return kwargs.pop("sequences") if inputs is None else inputs


def batch_and_dtype(batch_size, inputs, dtype):
    """(batch size, dtype) from the arguments of ``get_initial_state``, given in the order of Keras 3 or of tf.keras."""
    if hasattr(batch_size, "shape") or isinstance(inputs, int):
        batch_size, inputs = inputs, batch_size
    return inputs.shape[0] if batch_size is None else batch_size, dtype


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
        inputs, entry = self._entered(sequence, self._one_bias(), training)
        return self._gated(nn.LSTM, acts, inputs, states, (mask, training, reverse, unroll), entry=entry)

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

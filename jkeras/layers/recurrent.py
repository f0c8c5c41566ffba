"""Recurrent layers: a cell and the walk along time.

``LSTM``, ``GRU`` and the like are an ``RNN`` with a cell of theirs; their arguments are the cell's and the RNN's (``over``).
"""

import inspect
from typing import ClassVar

import jax
import jax.numpy as jnp

from .. import activations
from ..core import connections, registry
from ..core.declare import Converter, era_default
from ..core.layer import Layer, layer
from ..core.spec import InputSpec, describe
from ..nn import recurrent as nn
from . import recurrent_cells as cells
from . import recurrent_loop as loop
from .fields import Flag, Regularizer, choice
from .recurrent_cells import GRUCell as GRUCell
from .recurrent_cells import LSTMCell as LSTMCell
from .recurrent_cells import SimpleRNNCell as SimpleRNNCell
from .recurrent_cells import sequences_of
from .recurrent_loop import StackedRNNCells as StackedRNNCells


def _cell(value):
    if isinstance(value, dict):
        value = registry.deserialize(value)
    if isinstance(value, (list, tuple)):
        value = loop.StackedRNNCells(value)
    loop.check_cell(value)
    return value


class _OfSequences(Layer):
    """A layer whose input shape may be given as ``input_dim`` and ``input_length``."""

    _base_arguments: ClassVar = (*Layer._base_arguments, "input_length")

    def __init__(self, *, input_length=None, **kwargs):
        if "input_dim" in kwargs:
            kwargs["input_shape"] = (input_length, kwargs.pop("input_dim"))
        super().__init__(**kwargs)


@layer
class RNN(_OfSequences):
    """Runs a cell along time: (batch, time, d) -> (batch, units), or (batch, time, units) with ``return_sequences``.

    The cell has ``call(inputs, states) -> (output, new states)`` and ``state_size``, perhaps ``output_size`` and
    ``get_initial_state``; a list of cells is a stack. ``call`` takes ``initial_state``, a ``mask`` (batch, time) whose False steps
    are skipped, and ``constants`` for the cell. ``stateful`` begins each batch where the last one ended, ``time_major`` swaps the
    first two axes, ``unroll`` writes the loop out.  https://keras.io/api/layers/recurrent_layers/rnn/

    >>> from jkeras import layers
    >>> RNN(layers.LSTMCell(3), return_sequences=True)(jnp.ones((2, 5, 4))).shape
    (2, 5, 3)
    """

    cell: Converter(_cell, registry.serialize)
    return_sequences: Flag = False
    return_state: Flag = False
    go_backwards: Flag = False
    stateful: Flag = False
    unroll: Flag = False
    zero_output_for_mask: Flag = False
    time_major: Flag = False
    supports_masking = True
    _num_constants = None

    def __post_init__(self):
        self.states = None
        self.input_spec = InputSpec(min_ndim=3)

    @property
    def state_size(self):
        """The sizes of the states, as a list."""
        return list(size) if isinstance(size := self.cell.state_size, (list, tuple)) else [size]

    def __call__(self, inputs=None, initial_state=None, constants=None, **kwargs):
        inputs = sequences_of(self, inputs, kwargs)
        if isinstance(inputs, (list, tuple)):  # [sequences, state, ..., constant, ...]
            inputs, *rest = inputs
            split = len(rest) - (self._num_constants or 0)
            initial_state = rest[:split] or initial_state
            constants = rest[split:] or constants
        if initial_state is not None:
            kwargs["initial_state"] = initial_state
        if constants is not None:
            kwargs["constants"] = constants = list(constants) if isinstance(constants, (list, tuple)) else [constants]
            self._num_constants = len(constants)
        return super().__call__(inputs, **kwargs)

    def build(self, sequences_shape, initial_state_shape=None, constants_shape=None):
        shape = tuple(sequences_shape)
        batch = shape[1] if self.time_major else shape[0]
        loop.build_cell(self.cell, (batch, *shape[2:]), constants_shape or ())
        if self.stateful:
            if batch is None:
                raise ValueError(
                    f"{describe(self)}: a stateful layer must know its batch size, received shape {shape}. "
                    "Give batch_shape=(batch, time, features) to Input() or batch_input_shape= to the layer."
                )
            with jax.ensure_compile_time_eval():
                states = loop.initial_state(self.cell, batch, dtype=self.variable_dtype)
            self.states = jax.tree.map(lambda value: _state_variable(self, value), states)

    def call(self, sequences, initial_state=None, mask=None, training=False, constants=None):
        if constants and "constants" not in inspect.signature(self.cell.call).parameters:
            raise ValueError(
                f"{describe(self)}: its cell takes no constants; give its call() an argument of that name."
            )
        states = self._begin(sequences, initial_state)
        mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        kwargs = {"constants": constants} if constants else {}
        last, outputs, states = self.inner_loop(sequences, states, mask, training, **kwargs)
        if self.stateful:
            for variable, value in zip(jax.tree.leaves(self.states, is_leaf=_is_variable), jax.tree.leaves(states)):
                variable.assign(value)
        output = (outputs if self.return_sequences else last).astype(self.compute_dtype)
        if not self.return_state:
            return output
        return (output, *jax.tree.map(lambda s: s.astype(self.compute_dtype), states))

    def _begin(self, sequences, given):
        batch = sequences.shape[1 if self.time_major else 0]
        if given is None and not self.stateful:
            return loop.initial_state(self.cell, batch, dtype=self.compute_dtype)
        if given is None:
            given = jax.tree.map(lambda v: v.value, self.states, is_leaf=_is_variable)
        spec = jax.eval_shape(lambda: loop.initial_state(self.cell, batch, dtype=self.compute_dtype))
        wanted, structure = jax.tree.flatten(spec)
        return jax.tree.unflatten(structure, loop.fitting(self, "initial state", given, wanted))

    def inner_loop(self, sequences, initial_state, mask, training=False, constants=None):
        """(last output, all outputs, last states) for initial states; the place to put another loop in."""
        xs = sequences if self.time_major else jnp.swapaxes(sequences, 0, 1)
        if mask is not None:
            mask = jnp.asarray(mask).astype(bool).reshape(mask.shape[:2])
            mask = mask if self.time_major else mask.T
        outputs, states = self._run(xs, initial_state, mask, training, constants)
        if mask is not None and self.zero_output_for_mask:
            outputs = jnp.where(mask.reshape(mask.shape + (1,) * (outputs.ndim - 2)), outputs, 0)
        last = outputs[0 if self.go_backwards else -1]
        outputs = outputs[::-1] if self.go_backwards and self.return_sequences else outputs
        return last, outputs if self.time_major else jnp.swapaxes(outputs, 0, 1), states

    def _run(self, xs, states, mask, training, constants):
        return loop.run_cell(
            self.cell,
            xs,
            states,
            mask=mask,
            training=training,
            constants=constants,
            reverse=self.go_backwards,
            unroll=self.unroll,
        )

    def compute_mask(self, inputs, mask=None):
        mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        mask = mask if self.return_sequences else None
        return [mask] + [None] * len(jax.tree.leaves(self.cell.state_size)) if self.return_state else mask

    @cells.either_order
    def get_initial_state(self, batch_size=None, inputs=None, dtype=None):
        """The list of initial states for a ``batch_size``, or for ``inputs``."""
        batch_size, dtype = cells.batch_and_dtype(batch_size, inputs, dtype)
        return loop.initial_state(self.cell, batch_size, dtype=dtype or self.compute_dtype)

    def reset_state(self, states=None):
        """Sets the states of a stateful layer to zero, or to given values."""
        if states is not None and not self.stateful:
            raise AttributeError(f"{describe(self)} is not stateful; make it with stateful=True.")
        variables = jax.tree.leaves(self.states, is_leaf=_is_variable)
        zeros = [jnp.zeros(v.shape) for v in variables]
        for v, value in zip(
            variables, loop.fitting(self, "state", zeros if states is None else states, zeros), strict=True
        ):
            v.assign(value)

    def reset_states(self, states=None):
        """The same as ``reset_state``."""
        self.reset_state(states)

    def get_config(self):
        config = cells.hide(super().get_config(), time_major=False, activity_regularizer=None)
        return config if self._num_constants is None else {**config, "num_constants": self._num_constants}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        count = config.pop("num_constants", None)
        if "cell" in config:
            config["cell"] = registry.deserialize(config["cell"], custom_objects)
        made = cls(**config)
        made._num_constants = count
        return made


def _state_variable(rnn, value):
    def initial(shape, dtype=None):
        return value

    variable = rnn.add_weight("rnn_state", value.shape, initializer=initial, trainable=False)
    variable.is_weight = False
    return variable


def _is_variable(x):
    return hasattr(x, "assign")


# ------------------------------------------------- layers that make their cell

SEQUENCE = ("return_sequences", "return_state", "go_backwards", "stateful", "unroll")
LAST = ("zero_output_for_mask", "time_major", "implementation")


def over(cell_class, cell_name, leave_out=()):
    """Class decorator: a layer that takes the arguments of a cell, then the RNN's, then its own, in Keras's order."""

    def decorate(cls):
        own = {n: (kind, vars(cls).get(n)) for n, kind in inspect.get_annotations(cls).items()}
        known = {n: (f.converter or object, f.default) for n, f in {**RNN._fields, **cell_class._fields}.items()}
        order = []
        for name in cell_class._fields:
            order += [name, "activity_regularizer"] if name == "bias_regularizer" else [name]
        order = [n for n in (*order, *SEQUENCE) if n not in own and n not in LAST]
        order = [n for n in (*order, *own, *LAST) if n not in leave_out]
        known = {"activity_regularizer": (Regularizer, None), **known, **own}
        cls.__annotations__ = (
            {"cell": ClassVar} | dict.fromkeys(leave_out, ClassVar) | {n: known[n][0] for n in order if n in known}
        )
        for name in cls.__annotations__:
            if name in known and known[name][1] is not inspect.Parameter.empty:
                setattr(cls, name, known[name][1])
        cls = layer(cls)
        cls._cell_class, cls._cell_name = cell_class, cell_name
        for name in set(cell_class._fields) - set(leave_out):
            setattr(cls, name, _of_cell(name))
        return cls

    return decorate


def _of_cell(name):
    """A property that is the cell's; before there is a cell, what its constructor will get."""

    def read(self):
        return getattr(self.cell, name)

    def write(self, value):
        if "cell" in vars(self):
            setattr(self.cell, name, value)
        else:
            vars(self).setdefault("_cell_arguments", {})[name] = value

    return property(read, write)


class OfCell(RNN):
    """What LSTM and the like share: they make their cell."""

    ndim = 3

    def __post_init__(self):
        super().__post_init__()
        arguments = vars(self).pop("_cell_arguments")
        self.cell = self._cell_class(
            **arguments, name=self._cell_name, dtype=self.dtype_policy, trainable=self._trainable
        )
        self.input_spec = InputSpec(ndim=self.ndim)

    def get_config(self):
        activity = {"activity_regularizer": Regularizer.serialize(self.activity_regularizer)}
        return cells.hide({**super().get_config(), **activity}, implementation=2, use_cudnn="auto")


UseCudnn = choice("auto", True, False)


@over(cells.SimpleRNNCell, "simple_rnn_cell")
class SimpleRNN(OfCell):
    """Simple recurrence ``h' = activation(x W + h U + b)``: (batch, time, d) -> (batch, units), see ``RNN``.

    https://keras.io/api/layers/recurrent_layers/simple_rnn/

    >>> SimpleRNN(3)(jnp.ones((2, 5, 4))).shape
    (2, 3)
    """

    seed: object = None

    def get_config(self):
        return cells.hide(super().get_config(), seed=None)


@over(cells.LSTMCell, "lstm_cell")
class LSTM(OfCell):
    """Long short-term memory: (batch, time, d) -> (batch, units), see ``RNN``; gates i, f, c, o; states h and c.

    On NVIDIA GPUs cuDNN computes it where activations are tanh and sigmoid, with a bias, and without recurrent dropout and
    unrolling; ``use_cudnn`` True insists on it (ValueError where it cannot be), False forbids it (cuDNN has no forward-mode
    derivative).  Source: Hochreiter and Schmidhuber, 1997.  https://keras.io/api/layers/recurrent_layers/lstm/

    >>> LSTM(3, return_sequences=True)(jnp.ones((2, 5, 4))).shape
    (2, 5, 3)
    """

    use_cudnn: UseCudnn = "auto"

    def _run(self, xs, states, mask, training, constants):
        def plain(mask):
            return super(LSTM, self)._run(xs, states, mask, training, constants)

        if not self._fits_cudnn():
            return plain(mask)
        cell = self.cell
        drop = cell._mask_of(cell.dropout, xs.shape[1:], xs.dtype, training)
        kernels = [jnp.asarray(w) for w in (cell.kernel, cell.recurrent_kernel, cell._one_bias())]

        def fused(mask):
            inputs = xs if drop is None else xs * drop
            outputs, last = nn.lstm_cudnn(inputs, tuple(states), *kernels, mask=mask, reverse=self.go_backwards)
            return outputs, list(last)

        if mask is None:
            return fused(None)
        # cuDNN takes lengths: only masks that are True up to a point
        return jax.lax.cond(jnp.all(mask[:-1] >= mask[1:]), fused, plain, mask)

    def _fits_cudnn(self):
        cell = self.cell
        fits = (
            cell.activation is activations.tanh
            and cell.recurrent_activation is activations.sigmoid
            and cell.use_bias
            and not cell.recurrent_dropout
            and (cell.dropout_masks == 1 or not cell.dropout)
            and not self.unroll
        )
        if self.use_cudnn is True and not (fits and nn.cudnn_available()):
            raise ValueError(
                f"{describe(self)}: use_cudnn=True, but cuDNN needs an NVIDIA GPU, activation tanh, recurrent_activation sigmoid, "
                "use_bias, recurrent_dropout 0 and unroll False. Use use_cudnn='auto'."
            )
        return fits and bool(self.use_cudnn) and nn.cudnn_available()


@over(cells.GRUCell, "gru_cell")
class GRU(OfCell):
    """Gated recurrent unit: (batch, time, d) -> (batch, units), see ``RNN``; gates z, r, h; one state.

    ``reset_after`` chooses the form, see ``GRUCell``. ``use_cudnn=True`` raises ValueError: JAX offers no fused GRU.
    Source: Cho et al., 2014.  https://keras.io/api/layers/recurrent_layers/gru/

    >>> GRU(3)(jnp.ones((2, 5, 4))).shape
    (2, 3)
    """

    reset_after: Flag = era_default(True)
    use_cudnn: UseCudnn = "auto"

    def _run(self, xs, states, mask, training, constants):
        if self.use_cudnn is True:
            raise ValueError(f"{describe(self)}: use_cudnn=True, but there is no fused GRU. Use use_cudnn='auto'.")
        return super()._run(xs, states, mask, training, constants)


FIXED = (
    "activation recurrent_activation use_bias dropout recurrent_dropout implementation reset_after seed unroll "
    "zero_output_for_mask time_major".split()
)


class _CuDNN(OfCell):
    """The CuDNN layers of Keras 2: fixed activations, two biases, no masks."""

    unroll = zero_output_for_mask = time_major = False
    supports_masking = False
    activation = property(lambda self: self.cell.activation)
    recurrent_activation = property(lambda self: self.cell.recurrent_activation)

    def call(self, sequences, initial_state=None, mask=None, training=False, constants=None):
        if mask is not None:
            raise ValueError(
                f"{describe(self)} takes no masks; use LSTM or GRU, or remove the masking layer before it."
            )
        return super().call(sequences, initial_state, None, training, constants)


@over(cells.CuDNNLSTMCell, "lstm_cell", FIXED)
class CuDNNLSTM(_CuDNN):
    """Keras 2's LSTM on cuDNN: tanh and sigmoid, and a bias of 8 times ``units`` (input's, then recurrent).

    Runs on any device.  https://keras.io/2.15/api/layers/recurrent_layers/

    >>> CuDNNLSTM(3)(jnp.ones((2, 5, 4))).shape
    (2, 3)
    """

    def _run(self, xs, states, mask, training, constants):
        if not nn.cudnn_available():
            return super()._run(xs, states, mask, training, constants)
        weights = (jnp.asarray(w) for w in (self.cell.kernel, self.cell.recurrent_kernel, self.cell._one_bias()))
        outputs, last = nn.lstm_cudnn(xs, tuple(states), *weights, reverse=self.go_backwards)
        return outputs, list(last)


@over(cells.CuDNNGRUCell, "gru_cell", FIXED)
class CuDNNGRU(_CuDNN):
    """Keras 2's GRU on cuDNN: tanh, sigmoid, reset after the product, and a bias of 6 times ``units``.

    Runs on any device.  https://keras.io/2.15/api/layers/recurrent_layers/

    >>> CuDNNGRU(3)(jnp.ones((2, 5, 4))).shape
    (2, 3)
    """


__getattr__ = connections.old_names(__name__)

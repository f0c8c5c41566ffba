"""Running any cell along time: built-in ones as whole sequences, users' step by step; and cells made of cells."""

import inspect

import jax
import jax.numpy as jnp

from ..core import frame as frames
from ..core import registry, tracking
from ..core.declare import Converter, era_default
from ..core.layer import Layer, layer
from ..core.spec import describe
from ..nn import recurrent as nn
from .fields import Flag
from .recurrent_cells import Cell, batch_and_dtype, either_order, hide, zeros_of


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

    @either_order
    def get_initial_state(self, inputs=None, batch_size=None, dtype=None):
        """Zeros of the state's sizes."""
        batch_size, dtype = batch_and_dtype(batch_size, inputs, dtype)
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

    >>> from jkeras.layers import GRUCell, LSTMCell
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

    @either_order
    def get_initial_state(self, batch_size=None, inputs=None, dtype=None):
        """Zeros, or what the cells' own ``get_initial_state`` give; arguments as there."""
        batch_size, dtype = batch_and_dtype(batch_size, inputs, dtype)
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


def fitting(owner, what, given, wanted):
    """The given states, flat or nested, as a flat list of arrays; ValueError where they are not like the wanted ones."""
    states = [jnp.asarray(s) for s in jax.tree.leaves(given)]
    if len(states) != len(wanted):
        raise ValueError(
            f"{describe(owner)}: expected {len(wanted)} {what}s, received {len(states)}. "
            f"Its states have the sizes {owner.state_size}."
        )
    for i, (state, want) in enumerate(zip(states, wanted, strict=True)):
        if state.shape != tuple(want.shape):
            raise ValueError(f"{describe(owner)}: {what} {i} has shape {state.shape}, expected {tuple(want.shape)}.")
    return [s.astype(w.dtype) for s, w in zip(states, wanted, strict=True)]

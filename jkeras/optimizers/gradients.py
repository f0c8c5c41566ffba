"""Gradients of losses, and Keras 2's ``get_updates``: a step as a list of variables and new values."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp

from ..core import registry, symbolic
from ..core.frame import UNBOUND, Frame
from ..core.variable import Variable
from . import pipeline

if TYPE_CHECKING:
    from .optimizer import Optimizer


def of_loss(optimizer: "Optimizer", loss: Any, var_list: Any, tape: Any) -> list[tuple]:
    """Pairs of gradient and variable of a loss function of no argument, or of a loss that a tape recorded."""
    if tape is None and not callable(loss):
        raise ValueError(
            f"{optimizer.name}: loss must be a function of no argument; or give the tape that recorded it."
        )
    variables = list(var_list() if callable(var_list) else var_list)
    if tape is not None:
        if callable(loss):
            with tape:
                loss = loss()
        return list(zip(tape.gradient(loss, variables), variables))

    def value(values: list) -> Any:
        with Frame(dict(zip(variables, values))):
            return jnp.sum(jnp.asarray(loss()))

    return list(zip(jax.grad(value)([v.value for v in variables]), variables))


def symbolic_gradients(optimizer: "Optimizer", loss: Any, params: Sequence[Any]) -> list:
    """Gradient nodes of a symbolic loss; inside a step of ``get_updates``, the gradients of that step, clipped."""
    if optimizer._step_grads is not None:
        return pipeline.clip(optimizer, list(optimizer._step_grads))
    grads = registry.modules["keras.backend"]().gradients(loss, list(params))
    if any(g is None for g in grads):
        raise ValueError(f"{optimizer.name}: the loss does not depend on every one of the given variables.")
    return grads


def symbolic_updates(optimizer: "Optimizer", grads: Sequence[Any], params: Sequence[Any]) -> list[tuple[Any, Any]]:
    """Pairs (variable, new value) for weights and state; the values are computed when ``K.function`` runs."""
    params = list(params)
    optimizer.build(params)
    places = [optimizer._index(v) for v in params]
    weights, own = optimizer._trainable_variables, optimizer.state_variables

    def step(grads: list) -> list:
        full: list[Any] = [None] * len(weights)
        for place, g in zip(places, grads):
            full[place] = g
        new, state = optimizer._pure(full, [v._stored() for v in own], [v._stored() for v in weights])
        return [*new, *state]

    values = symbolic.record(step, (list(grads),), {}, name=f"{optimizer.name}_step")
    return list(zip([*weights, *own], values))


class _Made(Frame):
    """A frame for ``get_updates``: Variables that the method makes itself stand for the ones it made the first time."""

    def __init__(self, values: dict, slots: list):
        super().__init__(values)
        self.slots, self.made = slots, []

    def adopt(self, variable: Any) -> Any:
        """The kept value of the next Variable that was made in this call."""
        place = len(self.made)
        self.made.append(variable)
        self.values[variable] = found = self.slots[place] if place < len(self.slots) else variable.materialize()
        return found

    def lookup(self, variable: Any) -> Any:
        found = super().lookup(variable)
        return self.adopt(variable) if found is UNBOUND else found

    def assign(self, variable: Any, value: Any) -> bool:
        if super().lookup(variable) is UNBOUND:
            self.adopt(variable)
        return super().assign(variable, value)


def build_from_updates(optimizer: "Optimizer", variables: Sequence[Any]) -> None:
    """Finds out, by one abstract call, which Variables a class's own ``get_updates`` makes; they become its slots."""
    found: list[Variable] = []

    def discover(params: list) -> list:
        frame, _ = _call(optimizer, [jnp.zeros_like(p) for p in params], dict(zip(variables, params)), [], variables)
        found.extend(frame.made)
        return []

    jax.eval_shape(discover, [jax.ShapeDtypeStruct(v.shape, v.array_dtype) for v in variables])
    for v in found:
        optimizer._track(v)
    optimizer.__dict__["weights_made"] = found


def step_by_updates(optimizer: "Optimizer", grads: list, state: list, params: list) -> tuple[list, list]:
    """The step of a class that defines ``get_updates`` itself."""
    weights, own = optimizer._trainable_variables, optimizer.state_variables
    made = optimizer.__dict__["weights_made"]
    bound = dict(zip(own, state)) | dict(zip(weights, params))
    slots = [bound.pop(v) for v in made]
    filled = [jnp.zeros_like(p) if g is None else g for g, p in zip(grads, params)]
    frame, values = _call(optimizer, filled, bound, slots, weights)
    values.update(zip(made, [frame.values[v] for v in frame.made]))
    return [values[v] for v in weights], [values[v] for v in own]


def _call(optimizer: "Optimizer", grads: list, bound: dict, slots: list, weights: Sequence[Any]) -> tuple[_Made, dict]:
    """Runs ``get_updates`` in a frame; gives the frame and the values after the returned updates."""
    optimizer.__dict__["_step_grads"] = grads
    tracked, entries = list(optimizer._tracked), list(optimizer._entries)
    try:
        with _Made(dict(bound), slots) as frame:
            for known in optimizer.state_variables:  # the count and the rate are no new Variables
                if known not in frame.values:
                    frame.values[known] = known._cell if known._cell is not None else known.materialize()
            for update in optimizer.get_updates(None, list(weights)) or []:
                if isinstance(update, tuple) and len(update) == 2:
                    update[0].assign(update[1])
    finally:
        optimizer.__dict__["_step_grads"] = None
        optimizer._tracked[:], optimizer._entries[:] = tracked, entries
    return frame, dict(frame.values)

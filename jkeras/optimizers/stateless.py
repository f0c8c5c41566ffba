"""The pure door: the state as a flat list of arrays that is made, stepped and given back, nothing else touched."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from ..core.frame import Frame
from . import gradients, pipeline

if TYPE_CHECKING:
    from .optimizer import Optimizer


def init_state(optimizer: "Optimizer", params: Sequence[Any]) -> list[Any]:
    """The first state: one array per element of ``state_variables``."""
    params = [jnp.asarray(p) for p in params]
    if optimizer._needs_variables:
        return [jnp.array(v.value, copy=True) for v in optimizer.state_variables]
    found = pipeline.layout(optimizer, params)
    rule = optimizer._rule(0.0).init(params)
    view: dict[str, Any] = {"iteration": np.zeros((), np.int32), **rule.slots, **rule.shared}
    if optimizer._rate_is_variable:
        view["learning_rate"] = optimizer._learning_rate.value
    if optimizer.use_ema:
        view["average"] = [optimizer._first_average(p) for p in params]
    view["gradient_accumulator"] = [np.zeros(p.shape, p.dtype) for p in params]
    state = pipeline.pack(found.entries, view)
    # copies: who donates the state to a compiled step must not take the arrays of the Variables
    return [jnp.array(v, copy=True) for v in [*state, *optimizer._hyper_cells]]


def update(optimizer: "Optimizer", grads: list, state: list, params: list) -> tuple[list, list]:
    """New weights and new state, which may come without the hyper-parameters at its end."""
    if len(grads) != len(params):
        raise ValueError(f"{optimizer.name}: received {len(grads)} gradients for {len(params)} weights.")
    if all(g is None for g in grads):
        raise ValueError(pipeline.NO_GRADIENTS.format(optimizer.name))
    size = optimizer._state_size(params)
    short = size - len(state)
    if short and short == len(optimizer._hyper_cells):
        state += [cell.value for cell in optimizer._hyper_cells]
    elif short:
        raise ValueError(
            f"{optimizer.name}: expected a state of {size} arrays, received {len(state)}. "
            "Make it with init_state(params) or from state_variables."
        )
    if optimizer._overrides_apply:
        new, state = _step_by_apply(optimizer, grads, state, params)
    else:
        new, state = optimizer._pure(grads, state, params)
    return new, state[: size - short]


def step(optimizer: "Optimizer", grads: list, state: list, params: list) -> tuple[list, list]:
    """The step on a complete state."""
    if optimizer._own_updates:
        return gradients.step_by_updates(optimizer, grads, state, params)
    entries = optimizer._state_entries if optimizer.built else optimizer._entries_for(params)
    new, view = pipeline.step(optimizer, grads, pipeline.unpack(entries, state, len(params)), params)
    return new, pipeline.pack(entries, view)


def _step_by_apply(optimizer: "Optimizer", grads: list, state: list, params: list) -> tuple[list, list]:
    """The step of a class that overrides ``apply`` or ``apply_gradients``."""
    variables, weights = optimizer.state_variables, optimizer._trainable_variables
    values = dict(zip(variables, state)) | dict(zip(weights, params))
    with Frame(values) as frame:
        if optimizer._overrides("apply"):
            optimizer.apply(grads, weights)
        else:
            optimizer.apply_gradients(list(zip(grads, weights)))
    return [frame.values[v] for v in weights], [frame.values[v] for v in variables]


def apply(optimizer: "Optimizer", variables: Sequence, grads: Sequence, weights: Sequence) -> tuple:
    """Keras 3's pure step: (new weights, new optimizer variables)."""
    if not optimizer.built:
        raise ValueError(f"{optimizer.name}: stateless_apply needs a built optimizer. Call build(variables) first.")
    for what, given, known in (
        ("optimizer variables", variables, optimizer.variables),
        ("weights", weights, optimizer._trainable_variables),
    ):
        if len(given) != len(known):
            raise ValueError(f"{optimizer.name}: expected {len(known)} {what}, received {len(given)}.")
    return optimizer.update(grads, [jnp.asarray(v) for v in variables], weights)


def as_optax(optimizer: "Optimizer") -> optax.GradientTransformation:
    """The pure update as a transformation of any pytree of weights."""

    def init(params: Any) -> Any:
        return tuple(optimizer.init_state(jax.tree.leaves(params)))

    def update(grads: Any, state: Any, params: Any = None) -> Any:
        if params is None:
            raise ValueError(f"{optimizer.name}.to_optax(): pass the weights too: update(grads, state, params).")
        leaves, structure = jax.tree.flatten(params)
        given = jax.tree.flatten(grads, is_leaf=lambda g: g is None)[0]
        new, state = optimizer.update(given, state, leaves)
        return jax.tree.unflatten(structure, [n - p for n, p in zip(new, leaves)]), tuple(state)

    return optax.GradientTransformation(init, update)

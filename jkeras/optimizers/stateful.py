"""Steps on Variables: read, computed by the pure update, written back."""

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp

from . import pipeline

if TYPE_CHECKING:
    from .optimizer import Optimizer


def apply(optimizer: "Optimizer", grads: list, variables: Sequence[Any] | None) -> None:
    """One step on the given variables, or on all that the optimizer was built with."""
    variables = _variables_for(optimizer, grads, variables)
    if all(g is None for g in grads):
        raise ValueError(pipeline.NO_GRADIENTS.format(optimizer.name))
    missing = [v.path for g, v in zip(grads, variables) if g is None]
    if missing:
        warnings.warn(
            f"No gradients for {missing}: the loss does not depend on them, and they stay as they are.", stacklevel=4
        )
    weights, own = optimizer._trainable_variables, optimizer.state_variables
    given: list[Any] = [None] * len(weights)
    for g, v in zip(grads, variables):
        given[optimizer._index(v)] = g if g is None else jnp.asarray(g)
    new, state = _run(optimizer, given, [v._stored() for v in own], [v._stored() for v in weights])
    for v, value in zip([*weights, *own], [*new, *state]):
        v.assign(value)


def _variables_for(optimizer: "Optimizer", grads: list, variables: Sequence[Any] | None) -> list:
    if variables is None:
        if not optimizer.built:
            raise ValueError(
                f"{optimizer.name}: apply(grads) without variables needs a built optimizer. "
                "Call build(variables) first."
            )
        variables = optimizer._trainable_variables
    variables = list(variables)
    if len(grads) != len(variables):
        raise ValueError(f"{optimizer.name}: received {len(grads)} gradients for {len(variables)} variables.")
    if not optimizer.built:
        optimizer.build(variables)
    for g, v in zip(grads, variables):
        if g is not None and tuple(jnp.shape(g)) != tuple(v.shape):
            raise ValueError(
                f"{optimizer.name}: the gradient of {v.path!r} has shape {tuple(jnp.shape(g))}, "
                f"and the variable {tuple(v.shape)}."
            )
    return variables


def _run(optimizer: "Optimizer", grads: list, state: list, params: list) -> tuple[list, list]:
    traced = any(isinstance(x, jax.core.Tracer) for x in jax.tree.leaves((grads, state, params)))
    if traced or not optimizer.jit_compile:
        return optimizer._pure(grads, state, params)
    if optimizer.version not in optimizer._compiled:
        optimizer.__dict__["_compiled"] = {optimizer.version: jax.jit(lambda *step: optimizer._pure(*step))}
    return optimizer._compiled[optimizer.version](grads, state, params)


def apply_to_one(optimizer: "Optimizer", gradient: Any, variable: Any, rate: Any) -> None:
    """The rule on one variable and its slots."""
    index, weights, own = optimizer._index(variable), optimizer._trainable_variables, optimizer.state_variables
    entries = optimizer._state_entries
    view = pipeline.unpack(entries, [v._stored() for v in own], len(weights))
    rate = pipeline.learning_rate(optimizer, view) if rate is None else jnp.asarray(rate)
    grads = [jnp.asarray(gradient) if i == index else None for i in range(len(weights))]
    new, view = pipeline.rule_step(optimizer, grads, view, [v._stored() for v in weights], rate)
    weights[index].assign(new[index])
    for entry, v in zip(entries, own):
        if entry.index == index:
            v.assign(view[entry.group][index])

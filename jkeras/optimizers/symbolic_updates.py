"""Keras 2's ``get_updates``: a step as pairs of variable and symbolic new value."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..core import symbolic
from . import pipeline

if TYPE_CHECKING:
    from .optimizer import Optimizer


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
        view = pipeline.unpack(optimizer._state_entries, [v._stored() for v in own], len(weights))
        new, view = pipeline.step(optimizer, full, view, [v._stored() for v in weights])
        return [*new, *pipeline.pack(optimizer._state_entries, view)]

    step.__name__ = f"{optimizer.name}_step"
    values = symbolic.record(step, (list(grads),), {})
    return list(zip([*weights, *own], values))

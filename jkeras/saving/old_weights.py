"""Weights as Keras 1 and 2 laid them out, in today's layout."""

from typing import Any

import numpy as np


def converted(layer: Any, values: list[np.ndarray], era: str, backend: str | None) -> list[np.ndarray]:
    """The weights of one layer of a file, so that they fit today's layer."""
    return values


def resume_averages(model: Any) -> None:
    """Keras 2.2 starts its moving averages from nothing and does not save how far they are; the optimizer's steps tell."""
    graph, optimizer = getattr(model, "_graph", None), model.optimizer
    if graph is None or optimizer is None or not optimizer.built:
        return
    calls: dict[int, tuple[Any, int]] = {}
    _count(graph, 1, calls)
    steps = int(np.asarray(optimizer._iterations.numpy()))
    for layer, times in calls.values():
        if getattr(layer, "_debiased", False):
            layer._steps.assign(steps * times)


def _count(graph: Any, times: int, calls: dict[int, tuple[Any, int]]) -> None:
    for node in graph.nodes:
        inner = getattr(node.operation, "_graph", None)
        if inner is not None:
            _count(inner, times, calls)
        else:
            calls[id(node.operation)] = (node.operation, calls.get(id(node.operation), (None, 0))[1] + times)

"""Counts for which shapes the steps of a model were compiled, and says so when that gets out of hand."""

import logging
from typing import Any

import jax

CHANGES = 4  # a shape may change that often before a line is logged: the last batch of data is often smaller
CALLS = {"train": "fit", "test": "evaluate", "predict": "predict"}

logger = logging.getLogger("jkeras")


class Shapes:
    """The shapes that the steps of one model were compiled for, since it was compiled itself."""

    def __init__(self, model: Any):
        self.model = model
        self.seen: dict[str, list[tuple]] = {}

    def note(self, mode: str, batch: Any) -> None:
        """Called whenever a step is traced: a compilation follows, unless it is on disk already."""
        leaves = jax.tree.leaves(batch)
        if not leaves or not isinstance(leaves[0], jax.core.Tracer):
            return  # computed without compiling
        shapes = tuple(tuple(a.shape) for a in leaves)
        seen = self.seen.setdefault(mode, [])
        if shapes not in seen:
            seen.append(shapes)
            if len(seen) == CHANGES + 1:
                logger.info("%s", self._sentence(mode, batch))

    def _sentence(self, mode: str, batch: Any) -> str:
        seen, names = self.seen[mode], _names(self.model, batch)
        same_number = [s for s in seen if len(s) == len(names)]
        told, axes = [], set()
        for i, name in enumerate(names):
            shapes = list(dict.fromkeys(s[i] for s in same_number))
            if len(shapes) > 1:
                told.append(f"{name} had the shapes {', '.join(map(str, shapes))}")
                if len({*map(len, shapes)}) == 1:
                    axes |= {axis for axis, sizes in enumerate(zip(*shapes, strict=True)) if len(set(sizes)) > 1}
        if axes == {0}:
            advice = (
                "Give batches of one size: leave the smaller ones out (drop_remainder=True), or pad them and give what "
                "was added a sample weight of 0."
            )
        else:
            advice = (
                "Pad to one shape, or to a few of them (pad_sequences, with mask_zero or a Masking layer), and leave "
                "smaller last batches out (drop_remainder=True)."
            )
        return (
            f"Model '{self.model.name}': the step of {CALLS[mode]} was compiled {len(seen)} times, since the shapes of its data "
            f"change: {'; '.join(told) or 'the number of arrays differs'}. Each new shape costs a compilation. {advice}"
        )


def _names(model: Any, batch: Any) -> list[str]:
    graph = getattr(model, "_graph", None)
    x, y, weight = batch
    count = len(jax.tree.leaves(x))
    if isinstance(x, dict):
        names = [f"input {name!r}" for name in sorted(x)]
    elif graph is not None and len(graph.input_names) == count:
        names = [f"input {name!r}" for name in graph.input_names]
    else:
        names = ["the input"] if count == 1 else [f"input {i}" for i in range(count)]
    if len(names) != count:
        names = [f"input {i}" for i in range(count)]
    for part, name in ((y, "the targets"), (weight, "the sample weights")):
        names += [name] * len(jax.tree.leaves(part))
    return names


def shapes_of(model: Any) -> Shapes:
    """The record of a model; a new one after ``compile``."""
    return model._programs.setdefault("shapes", Shapes(model))


def note(model: Any, mode: str, batch: Any) -> None:
    """Records that the step of a model is being traced for batches like this."""
    shapes_of(model).note(mode, batch)


def compilations(model: Any) -> dict[str, int]:
    """How often ``fit``, ``evaluate`` and ``predict`` of a model were compiled: once for each shape of their batches.

    ``compile`` starts the count anew. The calls not made yet are left out.

    >>> from jkeras import Sequential, layers
    >>> import numpy as np
    >>> model = Sequential([layers.Dense(2)])
    >>> model.compile("sgd", "mse")
    >>> for rows in (4, 4, 3):
    ...     _ = model.train_on_batch(np.ones((rows, 3)), np.ones((rows, 2)))
    >>> compilations(model)
    {'fit': 2}
    """
    return {CALLS[mode]: len(seen) for mode, seen in shapes_of(model).seen.items()}

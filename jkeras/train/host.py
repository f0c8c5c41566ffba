"""Layers that cannot be compiled (text, sizes drawn at random): run before the compiled part, where they stand first."""

from typing import Any

from .step import Batch


def stands_first(model: Any) -> bool:
    """Are there such layers, all of them between the inputs and the rest of the model, which takes numbers?"""
    found, graph = {id(one) for one in model._flatten_layers() if not one.supports_jit}, model._graph
    if not found or graph is None or not found <= {id(node.operation) for node in graph.host_nodes}:
        return False
    return all(x.dtype != "string" for x in graph.prepared_tensors)


def can_compile(model: Any) -> bool:
    """Can the model be compiled, once the layers that stand first have run?"""
    return all(one.supports_jit for one in model._flatten_layers()) or stands_first(model)


def prepared(model: Any, batch: Batch, training: bool) -> Batch:
    """The batch with what the layers that stand first make of its inputs."""
    return (model._graph.prepare(batch[0], training), *batch[1:])

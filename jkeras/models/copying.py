"""Copies of whole models: what ``copy.deepcopy`` and ``pickle`` do with them."""

import copy
import inspect
import os
import tempfile
from typing import Any

from ..core import connections
from ..core.graph import Graph
from ..core.layer import Layer
from ..core.symbolic import Function, map_tensors

# What belongs to one object alone: its compiled programs and the run that is going on
FRESH = {"_programs": dict, "training_run": lambda: None, "_live_layers": lambda: None}


def deepcopy(model: Any, memo: dict) -> Any:
    """A model with weights, optimizer and graph of its own; layers that it shares with other models are copied, too."""
    initial = {name: make() for name, make in FRESH.items()}
    graph, given = model._graph, dict(vars(model))
    if graph is not None:
        _copy_nodes(graph, memo)
    vars(model).update(initial, _graph=None)
    try:
        clone = Layer.__deepcopy__(model, memo)
    finally:
        vars(model).update(given)
    if graph is not None:
        inside = [map_tensors(lambda x: memo[id(x)], x) for x in (graph.inputs, graph.outputs, graph.extras)]
        vars(clone)["_graph"] = Graph(inside[0], inside[1], graph.name, inside[2])
    return clone


def _copy_nodes(graph: Graph, memo: dict) -> None:
    """In order of computation, so that the depth of recursion does not grow with that of the model."""
    starts = [x for x in graph.input_tensors if id(x) not in memo]
    memo.update({id(x): copy.copy(x) for x in starts if not x.node.is_input})  # made by layers outside the model
    known = set(map(id, graph.nodes))
    for node in [*(x.node for x in starts if x.node.is_input and id(x.node) not in known), *graph.nodes]:
        op = node.operation
        if id(op) not in memo and isinstance(op, Function):
            memo[id(op)] = copy.copy(op)
            vars(memo[id(op)]).update(_inbound_nodes=[], _outbound_nodes=[])
        mine = copy.deepcopy(op, memo)
        made = copy.deepcopy(node, memo)
        for x in made.output_tensors:
            x._keras_history = x._keras_history._replace(node_index=len(mine._inbound_nodes))
        mine._inbound_nodes.append(made)
        for x in made.input_tensors:
            x._keras_history.operation._outbound_nodes.append(made)


def reduced(model: Any) -> tuple:
    """For pickle: the bytes of a .keras file and the classes that it needs, or the attributes of a subclassed model."""
    if model._graph is None:
        state = {k: v for k, v in Layer.__getstate__(model).items() if k not in FRESH and k != "_compiled"}
        return rebuilt, (type(model), state)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.keras")
        connections.modules["keras.saving"]().save_model(model, path)
        with open(path, "rb") as file:
            return from_bytes, (file.read(), _own_objects(model))


def rebuilt(cls: type, state: dict) -> Any:
    """The subclassed model of these attributes, compiled anew."""
    model = cls.__new__(cls)
    vars(model).update(state)
    if state.get("_compile_arguments"):
        model.compile(**{**state["_compile_arguments"], "optimizer": state["optimizer"]})
    return model


def from_bytes(content: bytes, custom_objects: dict) -> Any:
    """The model of a .keras file."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.keras")
        with open(path, "wb") as file:
            file.write(content)
        # a pickle runs code anyway, so its lambdas may be read
        return connections.modules["keras.saving"]().load_model(path, custom_objects, safe_mode=False)


def _own_objects(model: Any) -> dict[str, Any]:
    """Classes and functions of the user among a model's layers and what it was compiled with."""
    found: dict[str, Any] = {}

    def add(value: Any) -> None:
        if isinstance(value, (list, tuple)):
            for one in value:
                add(one)
        elif isinstance(value, dict):
            add(list(value.values()))
        elif value is not None and not isinstance(value, (str, int, float, bool)):
            what = value if inspect.isfunction(value) or inspect.isclass(value) else type(value)
            if not what.__module__.startswith(("jkeras.", "builtins", "numpy")) and what.__name__ != "<lambda>":
                found[what.__name__] = what

    for one in model._flatten_layers():
        add(one)
        add([v for v in vars(one).values() if inspect.isfunction(v) or hasattr(v, "get_config")])
    add(getattr(model, "_compile_arguments", None))
    return found

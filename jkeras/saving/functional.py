"""Configs of functional models in the format of Keras 3; those of Keras 1 and 2 are read too."""

import inspect
from typing import Any

from ..core import registry
from ..core.declare import current_era
from ..core.layer import family
from ..core.symbolic import Function, KerasTensor, is_symbolic, map_tensors, tensors_in
from ..layers.inputs import InputLayer
from . import operations


def functional_config(model: Any) -> dict[str, Any]:
    """The config of a functional model."""
    graph = model._graph
    index = _node_numbers(graph)
    layers = [_layer_config(op, graph, index) for op in graph.operations]
    old = current_era() != "3"

    def place(t: KerasTensor) -> list[Any]:
        name, node, tensor = _place(t, index)
        return [name, node + (_counts_itself(t._keras_history.operation) if old else 0), tensor]

    def places(x: Any) -> Any:
        return [place(x)] if old and isinstance(x, KerasTensor) else map_tensors(place, x)

    return {
        "name": model.name,
        "trainable": model._trainable,
        "layers": layers,
        "input_layers": places(graph.inputs),
        "output_layers": places(model.output),
    }


def _node_numbers(graph: Any) -> dict[int, int]:
    """Number of each node among those of its operation in this graph."""
    mine = {id(n) for n in graph.nodes} | {id(t.node) for t in graph.input_tensors}
    numbers: dict[int, int] = {}
    for op in graph.operations:
        count = 0
        for node in op._inbound_nodes:
            if id(node) in mine:
                numbers[id(node)] = count
                count += 1
    return numbers


def _place(x: KerasTensor, index: dict[int, int]) -> list[Any]:
    history = x._keras_history
    return [history.operation.name, index[id(x.node)], history.tensor_index]


def _layer_config(op: Any, graph: Any, index: dict[int, int]) -> dict[str, Any]:
    nodes = [n for n in op._inbound_nodes if id(n) in index and not n.is_input]
    if current_era() != "3":
        return _old_layer_config(op, nodes, index)
    if isinstance(op, Function):
        return operations.describe(op, lambda x: _described(x, index), nodes)
    return {**registry.serialize(op), "name": op.name, "inbound_nodes": [_node_config(n, index) for n in nodes]}


def _node_config(node: Any, index: dict[int, int]) -> dict[str, Any]:
    return {"args": _described(list(node.args), index), "kwargs": _described(node.kwargs, index)}


def _described(x: Any, index: dict[int, int]) -> Any:
    if isinstance(x, KerasTensor):
        place = {"shape": x.shape, "dtype": x.dtype, "keras_history": _place(x, index)}
        return {"class_name": "__keras_tensor__", "config": place}
    if isinstance(x, (list, tuple)):
        return [_described(v, index) for v in x] if not isinstance(x, tuple) else tuple(_described(v, index) for v in x)
    if isinstance(x, dict):
        return {k: _described(v, index) for k, v in x.items()}
    return registry.serialize(x)


# ------------------------------------------------- writing as Keras 2 did


def _old_layer_config(op: Any, nodes: list, index: dict[int, int]) -> dict[str, Any]:
    """Keras 2 has the tensors of a call as [layer, node, tensor, arguments of the call]; a nested model counts from 1."""

    def place(x: KerasTensor) -> list[Any]:
        name, node, tensor = _place(x, index)
        return [name, node + _counts_itself(x._keras_history.operation), tensor]

    if isinstance(op, Function):
        if current_era() != "tf2":
            raise ValueError(
                f"Keras 2.2 has layers only in its models, and {op.name!r} is a function. Put it into a Lambda layer."
            )
        return operations.describe_for_tf(op, place, nodes)
    calls = []
    for node in nodes:
        names = list(inspect.signature(op.call).parameters)[1:]
        kwargs = {**node.kwargs, **dict(zip(names, node.args[1:], strict=False))}
        states = [
            x for k in ("initial_state", "constants") if is_symbolic(kwargs.get(k)) for x in tensors_in(kwargs.pop(k))
        ]
        kwargs = {k: v for k, v in kwargs.items() if v is not None}
        if current_era() != "tf2" and is_symbolic(kwargs):
            raise ValueError(f"Keras 2.2 cannot describe how {op.name!r} is called: with tensors as keyword arguments.")
        kwargs = {k: map_tensors(place, v) for k, v in kwargs.items()}
        if isinstance(node.args[0], dict):
            calls.append({k: [*place(v), kwargs] for k, v in node.args[0].items()})
        else:  # initial states are inputs there
            calls.append([[*place(x), kwargs] for x in [*tensors_in(node.args[0]), *states]])
    return {**registry.serialize(op), "name": op.name, "inbound_nodes": calls}


def _counts_itself(op: Any) -> int:
    return 1 if getattr(op, "_is_model", False) and getattr(op, "_graph", None) is not None else 0


# ------------------------------------------------- reading


def functional_from_config(cls: Any, config: dict, custom_objects: dict | None = None) -> Any:
    """The model that a config describes."""
    from ..models.model import Model

    made = {c["config"].get("name", c.get("name")): (c, _operation(c, custom_objects)) for c in config["layers"]}
    tensors = _Tensors()
    waiting = []
    for name, (described, op) in made.items():
        if isinstance(op, InputLayer):
            tensors[name, 0, 0] = op._inbound_nodes[0].outputs
        nodes = described.get("inbound_nodes") or []
        if getattr(op, "_is_model", False) and nodes and not _is_new(nodes[0]):
            tensors.nested[name] = len(nodes)
        tensors.names.add(name)
        waiting += [(name, op, i, node) for i, node in enumerate(nodes)]
    _call_all(waiting, tensors, custom_objects)
    inputs = _places(config["input_layers"], tensors)
    outputs = _places(config["output_layers"], tensors)
    made_by = Model if cls.__name__ in ("Model", "Functional") else cls
    model = made_by(inputs, outputs, name=config.get("name"))
    model._trainable = config.get("trainable", True)
    return model


class _Tensors(dict):
    """(layer, call, tensor) -> symbolic tensor; knows the nested models of Keras 2, whose calls are counted from 1."""

    def __init__(self) -> None:
        super().__init__()
        self.nested: dict[str, int] = {}
        self.names: set[str] = set()
        self.counted_from_1: set[str] = set()

    def at(self, place: Any) -> Any:
        """The tensor at a place of Keras 2, or None."""
        name, node, tensor = place[:3]
        if name in self.nested and (name in self.counted_from_1 or node >= self.nested[name]):
            self.counted_from_1.add(name)
            node -= 1
        return self.get((name, node, tensor))

    def note(self, places: Any) -> None:
        """Looks for nested models whose calls are counted from 1, before anything is called."""
        for place in _old_places(places, self.names):
            if place[0] in self.nested and place[1] >= self.nested[place[0]]:
                self.counted_from_1.add(place[0])


def _is_new(node: Any) -> bool:
    return isinstance(node, dict) and "args" in node


def _old_places(x: Any, names: set[str]) -> list:
    if _is_place(x, names):
        return [x, *_old_places(list(x[3:]), names)]
    if isinstance(x, dict):
        x = list(x.values())
    return [p for v in x for p in _old_places(v, names)] if isinstance(x, (list, tuple)) else []


def _is_place(x: Any, names: Any) -> bool:
    if not isinstance(x, (list, tuple)) or len(x) not in (3, 4) or not isinstance(x[0], str):
        return False
    return x[0] in names and type(x[1]) is int and type(x[2]) is int


def _operation(config: dict, custom_objects: dict | None) -> Any:
    if operations.is_operation(config):
        return operations.function_of(config)
    module = config.get("module") or ""
    return registry.deserialize({**config, "module": _public(module)}, custom_objects, family=family)


def _public(module: str) -> str | None:
    if module.startswith("keras.src.models"):
        return "keras"
    return module or None


def _call_all(waiting: list, tensors: _Tensors, custom_objects: dict | None) -> None:
    """Calls the operations as soon as their inputs are there; raises ValueError where that never happens."""
    tensors.note([node for *_, node in waiting if not _is_new(node)])
    while waiting:
        later = []
        for name, op, i, node in waiting:
            args, kwargs = _arguments(node, tensors, custom_objects)
            if args is None or any((name, k, 0) not in tensors for k in range(i)):
                later.append((name, op, i, node))
                continue
            for j, out in enumerate(tensors_in(op(*args, **kwargs))):
                tensors[name, i, j] = out
        if len(later) == len(waiting):
            raise ValueError(f"The config of a model is broken: {later[0][0]!r} waits for inputs that nobody makes.")
        waiting = later


def _arguments(node: Any, tensors: _Tensors, custom_objects: dict | None) -> tuple[Any, dict]:
    if not _is_new(node):
        return _old_arguments(node, tensors)
    missing: list[Any] = []

    def made(x: Any) -> Any:
        if isinstance(x, dict) and x.get("class_name") == "__keras_tensor__":
            place = tuple(x["config"]["keras_history"])
            if place not in tensors:
                missing.append(place)
            return tensors.get(place)
        if isinstance(x, (list, tuple)):
            return type(x)(made(v) for v in x)
        if isinstance(x, dict) and "class_name" not in x:
            return {k: made(v) for k, v in x.items()}
        return registry.deserialize(x, custom_objects)

    args, kwargs = made(list(node["args"])), made(dict(node["kwargs"]))
    return (None, {}) if missing else (args, kwargs)


def _old_arguments(node: Any, tensors: _Tensors) -> tuple[Any, dict]:
    """The arguments of a call as Keras 1 and 2 describe it."""
    missing: list[Any] = []

    def tensor(place: Any) -> Any:
        if place[0] == "_CONSTANT_VALUE":
            return place[2]
        found = tensors.at(place)
        if found is None:
            missing.append(place)
        return found

    def filled(x: Any) -> Any:
        if _is_place(x, tensors.names):
            return tensor(x)
        if isinstance(x, (list, tuple)) and x and isinstance(x[0], (list, tuple)) and _old_places(x, tensors.names):
            return [filled(v) for v in x]
        if isinstance(x, (list, tuple)) and len(x) in (3, 4) and x[0] == "_CONSTANT_VALUE":
            return x[2]
        return registry.deserialize(x) if isinstance(x, dict) and "class_name" in x else x

    if isinstance(node, dict):
        first: Any = {k: tensor(v) for k, v in node.items()}
        given = next((v[3] for v in node.values() if len(v) > 3 and v[3]), {})
    elif node and isinstance(node[0], str):  # a function's only tensor
        first, given = tensor(node), node[3] if len(node) > 3 else {}
    else:
        found = [tensor(p) for p in node]
        first = found[0] if len(found) == 1 else found
        given = next((p[3] for p in node if len(p) > 3 and p[3]), {})
    kwargs = {k: filled(v) for k, v in given.items()}
    return (None, {}) if missing else ([first], kwargs)


def _places(described: Any, tensors: _Tensors) -> Any:
    if isinstance(described, dict):
        return {k: _places(v, tensors) for k, v in described.items()}
    if described and isinstance(described[0], str):
        found = tensors.at(described)
        if found is None:
            raise ValueError(f"The config of a model is broken: there is no tensor {list(described[:3])}.")
        return found
    made = [_places(d, tensors) for d in described]
    return made[0] if len(made) == 1 else made

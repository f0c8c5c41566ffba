"""Configs of functional models in the format of Keras 3; those of Keras 1 and 2 are read too."""

from typing import Any

from ..core import registry
from ..core.layer import family
from ..core.symbolic import Function, KerasTensor, map_tensors, tensors_in
from ..layers.inputs import InputLayer


def functional_config(model: Any) -> dict[str, Any]:
    """The config of a functional model."""
    graph = model._graph
    index = _node_numbers(graph)
    layers = [_layer_config(op, graph, index) for op in graph.operations]
    return {
        "name": model.name,
        "trainable": model._trainable,
        "layers": layers,
        "input_layers": map_tensors(lambda t: _place(t, index), graph.inputs),
        "output_layers": map_tensors(lambda t: _place(t, index), graph.outputs),
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
    if isinstance(op, Function):
        config = {"module": _ops_module(op), "class_name": _class_name(op), "registered_name": None}
        config["config"] = {"name": op.name}
    else:
        config = registry.serialize(op)
    nodes = [n for n in op._inbound_nodes if id(n) in index and not n.is_input]
    return {**config, "name": op.name, "inbound_nodes": [_node_config(n, index) for n in nodes]}


def _ops_module(op: Function) -> str:
    """The module in which Keras 3 has the operation."""
    from .. import ops

    name = op.fn.__name__.strip("_")
    for home in ("nn", "linalg", "image"):
        if name in getattr(ops, home).__all__ and name not in ops.numpy.__all__:
            return f"keras.src.ops.{home}"
    return "keras.src.ops.numpy"


def _class_name(op: Function) -> str:
    name = op.fn.__name__.strip("_")
    return {"getitem": "GetItem"}.get(name) or "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def _node_config(node: Any, index: dict[int, int]) -> dict[str, Any]:
    def described(x: Any) -> Any:
        if isinstance(x, KerasTensor):
            place = {"shape": x.shape, "dtype": x.dtype, "keras_history": _place(x, index)}
            return {"class_name": "__keras_tensor__", "config": place}
        if isinstance(x, (list, tuple)):
            return [described(v) for v in x] if not isinstance(x, tuple) else tuple(described(v) for v in x)
        if isinstance(x, dict):
            return {k: described(v) for k, v in x.items()}
        return registry.serialize(x)

    return {"args": described(list(node.args)), "kwargs": described(node.kwargs)}


# ------------------------------------------------- reading


def functional_from_config(cls: Any, config: dict, custom_objects: dict | None = None) -> Any:
    """The model that a config describes."""
    from ..models.model import Model

    operations = {c["config"].get("name", c.get("name")): (c, _operation(c, custom_objects)) for c in config["layers"]}
    tensors: dict[tuple, KerasTensor] = {}
    waiting = []
    for name, (described, op) in operations.items():
        if isinstance(op, InputLayer):
            tensors[name, 0, 0] = op._inbound_nodes[0].outputs
        waiting += [(name, op, i, node) for i, node in enumerate(described.get("inbound_nodes") or [])]
    _call_all(waiting, tensors)
    inputs = _places(config["input_layers"], tensors)
    outputs = _places(config["output_layers"], tensors)
    made = Model if cls.__name__ in ("Model", "Functional") else cls
    model = made(inputs, outputs, name=config.get("name"))
    model._trainable = config.get("trainable", True)
    return model


def _operation(config: dict, custom_objects: dict | None) -> Any:
    module = config.get("module") or ""
    if module.startswith("keras.src.ops") or _is_bare_operation(config):
        return _function(config["class_name"])
    return registry.deserialize({**config, "module": _public(module)}, custom_objects, family=family)


def _is_bare_operation(config: dict) -> bool:
    """Keras 3's HDF5 files name operations without a module: a Multiply of one tensor and a number, say."""
    if config.get("module") or set(config.get("config") or {}) != {"name"}:
        return False
    nodes = config.get("inbound_nodes") or []
    return bool(nodes) and all(isinstance(n, dict) and not isinstance(n["args"][0], list) for n in nodes)


def _public(module: str) -> str | None:
    if module.startswith("keras.src.models"):
        return "keras"
    return module or None


def _function(class_name: str) -> Any:
    """The function behind an operation: from ops, the operators, or K, and nowhere else."""
    from .. import backend, ops
    from ..core import symbolic
    from ..core.naming import snake_case

    if class_name == "GetItem":
        return symbolic._getitem
    name = snake_case(class_name)
    for home in (ops, backend):
        if name in home.__all__:
            return getattr(home, name)
    raise ValueError(f"A config names the unknown operation {class_name!r}.")


def _call_all(waiting: list, tensors: dict) -> None:
    """Calls the operations as soon as their inputs are there; raises ValueError where that never happens."""
    while waiting:
        later = []
        for name, op, i, node in waiting:
            args, kwargs = _arguments(node, tensors)
            if args is None or any((name, k, 0) not in tensors for k in range(i)):
                later.append((name, op, i, node))
                continue
            for j, out in enumerate(tensors_in(op(*args, **kwargs))):
                tensors[name, i, j] = out
        if len(later) == len(waiting):
            raise ValueError(f"The config of a model is broken: {later[0][0]!r} waits for inputs that nobody makes.")
        waiting = later


def _arguments(node: Any, tensors: dict) -> tuple[Any, dict]:
    if isinstance(node, dict):
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
            return registry.deserialize(x)

        args, kwargs = made(list(node["args"])), made(dict(node["kwargs"]))
        return (None, {}) if missing else (args, kwargs)
    places = [tuple(p[:3]) for p in (node if node and isinstance(node[0], list) else [node])]
    if any(p not in tensors for p in places):
        return None, {}
    found = [tensors[p] for p in places]
    kwargs = next((p[3] for p in (node if isinstance(node[0], list) else [node]) if len(p) > 3 and p[3]), {})
    return [found[0] if len(found) == 1 else found], dict(kwargs)


def _places(described: Any, tensors: dict) -> Any:
    if isinstance(described, dict):
        return {k: _places(v, tensors) for k, v in described.items()}
    if described and isinstance(described[0], str):
        return tensors[tuple(described[:3])]
    found = [_places(d, tensors) for d in described]
    return found[0] if len(found) == 1 else found

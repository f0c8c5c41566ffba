"""Functional models as configs: written as Keras 3 does, read as any generation wrote them."""

import inspect
import re
from typing import Any

from ..core.layer import Layer, family
from ..core.registry import deserialize, serialize
from ..core.symbolic import KerasTensor, map_tensors, tensors_in

# Functions whose Keras 3 class is not the name in camel case.
CLASSES = {"_getitem": "GetItem", "_transpose": "Transpose", "_reshape": "Reshape", "_squeeze": "Squeeze", "_cast": "Cast"}
NAMES = {"GetItem": "_getitem", "Cast": "_cast"}
_NN = "relu relu6 sigmoid softmax log_softmax softplus softsign silu swish gelu elu selu celu glu leaky_relu one_hot"
_MODULES = {"keras.src.ops.nn": set(_NN.split())}
_ARGUMENTS = {"shape": "newshape"}  # static arguments that Keras 3's classes call otherwise


def functional_config(model: Any) -> dict[str, Any]:
    """The config of a functional model."""
    graph = model._graph
    places: dict[int, list] = {}
    calls: dict[int, list[Any]] = {id(op): [] for op in graph.operations}
    for node in graph.operations and _all_nodes(graph):
        index = len(calls[id(node.operation)])
        calls[id(node.operation)].append(node)
        for i, x in enumerate(node.output_tensors):
            places[id(x)] = [node.operation.name, index, i]
    def tensor(x: KerasTensor) -> dict:
        return {"class_name": "__keras_tensor__", "config": {"shape": list(x.shape), "dtype": x.dtype, "keras_history": places[id(x)]}}

    layers = [_operation_config(op, calls[id(op)], tensor) for op in graph.operations]
    where = {"input_layers": graph.inputs, "output_layers": graph.outputs}
    return {
        "name": model.name,
        "trainable": model._trainable,
        "layers": layers,
        **{key: map_tensors(lambda x: places[id(x)], value) for key, value in where.items()},
    }


def _all_nodes(graph: Any) -> list[Any]:
    inputs = {id(x.node): x.node for x in graph.input_tensors}
    return [*inputs.values(), *(n for n in graph.nodes if id(n) not in inputs)]


def _operation_config(op: Any, nodes: list[Any], tensor: Any) -> dict[str, Any]:
    if not isinstance(op, Layer) and not hasattr(op, "get_config"):
        return _function_config(op, nodes[0], tensor)
    made = serialize(op)
    made["name"] = op.name
    made["inbound_nodes"] = [_call_config(n.args, n.kwargs, tensor) for n in nodes if not n.is_input]
    return made


def _call_config(args: Any, kwargs: Any, tensor: Any) -> dict[str, Any]:
    return {"args": list(_plain(args, tensor)), "kwargs": _plain(kwargs, tensor)}


def _plain(x: Any, tensor: Any) -> Any:
    if isinstance(x, KerasTensor):
        return tensor(x)
    if isinstance(x, (list, tuple)):
        return [_plain(v, tensor) for v in x]
    if isinstance(x, dict):
        return {k: _plain(v, tensor) for k, v in x.items()}
    return serialize(x)


def _function_config(op: Any, node: Any, tensor: Any) -> dict[str, Any]:
    name = op.fn.__name__
    cls = CLASSES.get(name) or "".join(part.capitalize() for part in name.strip("_").split("_"))
    args, kwargs, config = list(node.args), dict(node.kwargs), {"name": op.name}
    if name != "_getitem":
        names = list(inspect.signature(op.fn).parameters)
        while len(args) > 1 and not tensors_in(args[-1]) and not isinstance(args[-1], (int, float)):
            kwargs[names[len(args) - 1]] = args.pop()
        for key in [k for k, v in kwargs.items() if not tensors_in(v)]:
            config[_ARGUMENTS.get(key, key)] = serialize(kwargs.pop(key))
    module = next((m for m, known in _MODULES.items() if name in known), "keras.src.ops.numpy")
    shown = {"module": module, "class_name": cls, "config": config, "registered_name": cls, "name": op.name}
    return {**shown, "inbound_nodes": [_call_config(args, kwargs, tensor)]}


# ------------------------------------------------- reading


def functional_from_config(cls: Any, config: dict[str, Any], custom_objects: dict | None = None) -> Any:
    """The model of a config of any generation."""
    reader = _Reader(config["layers"], custom_objects)
    reader.run()
    inputs, outputs = reader.places(config["input_layers"]), reader.places(config["output_layers"])
    given = {k: v for k, v in config.items() if k in ("name", "trainable")}
    extra = {k: v for k, v in config.items() if k not in ("layers", "input_layers", "output_layers", *given, "dtype")}
    return cls(inputs=inputs, outputs=outputs, **given, **extra)


class _Reader:
    def __init__(self, layers: list[dict], custom_objects: dict | None):
        self.custom_objects = custom_objects
        self.made: dict[str, Any] = {}
        self.outputs: dict[str, list[Any]] = {}
        self.waiting: list[tuple[str, Any]] = []
        for given in layers:
            name = given.get("name") or given["config"]["name"]
            self.made[name] = made = self._make(given)
            start = [made._inbound_nodes[0].outputs] if type(made).__name__ == "InputLayer" else []
            self.outputs[name] = start
            self.waiting += [(name, call) for call in given.get("inbound_nodes", [])]

    def _make(self, given: dict) -> Any:
        if ".ops." in str(given.get("module")):
            return _function(given)
        return deserialize(given, self.custom_objects, family)

    def run(self) -> None:
        """Makes the calls, each as soon as its inputs are there; those of one layer in their order."""
        while self.waiting:
            later, blocked = [], set()
            for name, call in self.waiting:
                try:
                    if name in blocked:
                        raise LookupError
                    args, kwargs = self._arguments(call)
                except LookupError:
                    blocked.add(name)
                    later.append((name, call))
                    continue
                self.outputs[name].append(self.made[name](*args, **kwargs))
            if len(later) == len(self.waiting):
                raise ValueError(f"The config's layer {later[0][0]!r} has inputs that no layer makes.")
            self.waiting = later

    def tensor(self, name: str, node: int, index: int) -> KerasTensor:
        """The symbolic tensor at a place; LookupError if it is not made yet."""
        made = self.outputs[name]
        return tensors_in(made[node])[index] if node < len(made) else _later()

    def _old(self, place: list) -> KerasTensor:
        name, node, index = place[0], int(place[1]), int(place[2])
        nested = getattr(self.made[name], "_graph", None) is not None or type(self.made[name]).__name__ == "Sequential"
        return self.tensor(name, max(0, node - 1) if nested else node, index)  # nested models count their own node

    def _arguments(self, call: Any) -> tuple[tuple, dict]:
        if isinstance(call, dict) and "args" in call:
            return tuple(self._fill(call["args"])), self._fill(call["kwargs"])
        if isinstance(call, dict):
            return ({k: self._old(v) for k, v in call.items()},), {}
        call = [call] if call and isinstance(call[0], str) else call
        tensors = [self._old(place) for place in call]
        given = next((place[3] for place in call if len(place) > 3 and place[3]), {})
        kwargs = {k: self._old(v) if _is_place(v, self.made) else v for k, v in given.items()}
        return ((tensors[0] if len(tensors) == 1 else tensors),), kwargs

    def _fill(self, x: Any) -> Any:
        if isinstance(x, dict) and x.get("class_name") == "__keras_tensor__":
            return self.tensor(*x["config"]["keras_history"])
        if isinstance(x, dict) and "class_name" in x:
            return deserialize(x, self.custom_objects)
        if isinstance(x, (list, tuple)):
            return [self._fill(v) for v in x]
        return {k: self._fill(v) for k, v in x.items()} if isinstance(x, dict) else x

    def places(self, x: Any) -> Any:
        """The tensors in a structure of places."""
        if _is_place(x, self.made):
            try:
                return self.tensor(x[0], x[1], x[2])
            except LookupError:
                return self._old(x)
        if isinstance(x, dict):
            return {k: self.places(v) for k, v in x.items()}
        return [self.places(v) for v in x]


def _later() -> Any:
    raise LookupError


def _is_place(x: Any, made: dict) -> bool:
    ints = isinstance(x, (list, tuple)) and len(x) in (3, 4) and isinstance(x[0], str) and x[0] in made
    return bool(ints and isinstance(x[1], int) and isinstance(x[2], int))


def _function(given: dict) -> Any:
    """The function behind an operation of Keras 3, from ``jkeras.ops`` only."""
    from .. import ops
    from ..core import symbolic

    cls = given["class_name"]
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", cls).lower()
    fn = getattr(symbolic, NAMES[cls]) if cls in NAMES else vars(ops).get(snake) or getattr(ops, snake, None)
    if not callable(fn) or isinstance(fn, type):
        raise ValueError(f"The config uses the unknown operation {cls!r}.")
    back = {v: k for k, v in _ARGUMENTS.items()} if cls in ("Reshape", "BroadcastTo") else {}
    config = {back.get(k, k): deserialize(v) for k, v in given["config"].items() if k != "name"}
    config = {"newshape" if k == "shape" and "newshape" in inspect.signature(fn).parameters else k: v for k, v in config.items()}

    def call(*args: Any, **kwargs: Any) -> Any:
        if cls == "GetItem":
            return fn(args[0], tuple(args[1]) if isinstance(args[1], list) else args[1])
        return fn(*args, **{**config, **kwargs})

    return call

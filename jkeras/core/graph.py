"""A graph of nodes between given inputs and outputs: ordered once, run as often as wanted."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from . import frame as frames
from .declare import current_era
from .symbolic import KerasTensor, Node, map_tensors, tensors_in


@jax.tree_util.register_pytree_node_class
class Prepared:
    """What the layers that cannot be compiled made of the inputs, with the other inputs: goes in their place."""

    def __init__(self, values: list[Any]):
        self.values = values

    def tree_flatten(self) -> tuple[list[Any], None]:
        """Its arrays."""
        return self.values, None

    @classmethod
    def tree_unflatten(cls, _: None, values: Any) -> "Prepared":
        """From its arrays."""
        return cls(list(values))


class Graph:
    """What computes ``outputs`` from ``inputs`` (nested lists, tuples and dicts of symbolic tensors)."""

    def __init__(self, inputs: Any, outputs: Any, name: str = "model", extras: Any = ()):
        self.inputs, self.outputs, self.name = inputs, outputs, name
        self.extras = list(extras)  # further tensors to compute, beside the outputs: losses and metrics
        self.input_tensors, self.output_tensors = tensors_in(inputs), tensors_in(outputs)
        self._check()
        self.nodes, self.operations = _order(self.input_tensors, self.output_tensors)
        if self.extras:
            self._add_extras()
        self._check_connected()

    def _add_extras(self) -> None:
        """Runs what leads to the extras, too; layers that only they need belong to the model since tf.keras."""
        self.nodes, operations = _order(self.input_tensors, self.output_tensors + self.extras)
        if current_era() in ("1", "2.2"):
            return
        mine = [
            one for op in self.operations for one in (op._flatten_layers() if hasattr(op, "_flatten_layers") else [op])
        ]
        known = set(map(id, mine))
        self.operations = [*self.operations, *(op for op in operations if id(op) not in known)]

    def _check(self) -> None:
        for what, tensors in (("inputs", self.input_tensors), ("outputs", self.output_tensors)):
            if not tensors:
                raise ValueError(
                    f"Model: {what} must be symbolic tensors as Input() and layers give them, received none."
                )
            for x in tensors:
                if x._keras_history is None:
                    raise ValueError(f"Model: {what} contain {x}, which comes from no Input() and no layer.")
        if len({id(x) for x in self.input_tensors}) < len(self.input_tensors):
            raise ValueError("Model: the same input is listed twice.")

    def _check_connected(self) -> None:
        known = {id(x) for x in self.input_tensors}
        for node in self.nodes:
            foreign = [x for x in node.input_tensors if id(x) not in known]
            if node.is_input and getattr(node.operation, "fed", None) is None:
                foreign = node.output_tensors
            if foreign:
                raise ValueError(
                    f"Model: graph disconnected: {foreign[0]} does not depend on the given inputs. List its Input() among "
                    "the inputs."
                )
            known.update(id(x) for x in node.output_tensors)
        for x in self.output_tensors + self.extras:
            if id(x) not in known:
                raise ValueError(f"Model: the output {x} does not depend on the given inputs.")

    @property
    def input_names(self) -> list[str]:
        """Names of the inputs: those of their layers."""
        return [x._keras_history.operation.name for x in self.input_tensors]

    def flatten_inputs(self, given: Any) -> list[Any]:
        """The given arrays in the order of the inputs; raises ValueError where number, names or shapes do not fit."""
        expected = self.input_tensors
        if isinstance(given, dict):
            names = self._names_of(given)
            missing = [n for n in names if n not in given]
            if missing:
                raise ValueError(f"Model '{self.name}': no data for input {missing[0]!r}; received {sorted(given)}.")
            arrays = [given[n] for n in names]
        elif isinstance(given, (list, tuple)):
            arrays = _flatten(given)
        else:
            arrays = [given]
        if len(arrays) != len(expected):
            raise ValueError(f"Model '{self.name}': expected {len(expected)} inputs, received {len(arrays)}.")
        return [self._fit(x, a) for x, a in zip(expected, arrays, strict=True)]

    def chosen(self, given: Any) -> Any:
        """A dict without what belongs to no input, which generators of old carry along; all else as it is."""
        if not isinstance(given, dict):
            return given
        names = self._names_of(given)
        return {n: given[n] for n in names} if len(given) > len(names) and all(n in given for n in names) else given

    @property
    def own_inputs(self) -> list[Any] | None:
        """The values that all inputs were made with, ``Input(tensor=...)``; None where one has none."""
        made = [x._keras_history.operation for x in self.input_tensors]
        return [op.fed for op in made] if made and all(getattr(op, "fed", None) is not None for op in made) else None

    def _names_of(self, given: dict) -> list[str]:
        if isinstance(self.inputs, dict) and all(isinstance(v, KerasTensor) for v in self.inputs.values()):
            keys = sorted(self.inputs)
            if all(k in given for k in keys):
                return keys
        return self.input_names

    def _fit(self, x: KerasTensor, array: Any) -> Any:
        shape = getattr(array, "shape", None)
        if shape is None:
            return array
        want = x.shape
        if getattr(getattr(array, "dtype", None), "kind", "f") in "OUST" and x.dtype != "string":
            raise ValueError(
                f"Model '{self.name}': input {x._keras_history.operation.name!r} expects numbers ({x.dtype}), received text or "
                f"objects (dtype {array.dtype}). Convert them, for example with a StringLookup or TextVectorization layer."
            )
        if len(shape) == len(want) - 1 and want[-1] == 1:
            return _reshaped(array, lambda a: a[..., None])
        if len(shape) == len(want) + 1 and shape[-1] == 1:
            return _reshaped(array, lambda a: a[..., 0])
        bad = len(shape) != len(want) or any(
            w is not None and g is not None and w != g for w, g in zip(want[1:], shape[1:], strict=True)
        )
        if bad:
            hint = ""
            known = [d for d in want[1:] if d is not None]
            if len(known) == len(want) - 1 and None not in shape[1:] and np.prod(known) == np.prod(shape[1:]):
                hint = f" Reshape the data: x.reshape(-1, {', '.join(map(str, want[1:]))})."
            raise ValueError(
                f"Model '{self.name}': input {x._keras_history.operation.name!r} expects shape {want}, "
                f"received shape {tuple(shape)}.{hint}"
            )
        return array

    @functools.cached_property
    def host_nodes(self) -> list[Node]:
        """The nodes of layers that cannot be compiled, as far as they need only inputs and one another."""
        ready, found = set(map(id, self.input_tensors)), []
        for node in self.nodes:
            if not getattr(node.operation, "supports_jit", True) and all(id(x) in ready for x in node.input_tensors):
                found.append(node)
                ready.update(id(x) for x in node.output_tensors)
        return found

    @functools.cached_property
    def prepared_tensors(self) -> list[KerasTensor]:
        """What the rest of the graph takes once the host nodes have run."""
        host = {id(node) for node in self.host_nodes}
        wanted = {id(x) for node in self.nodes if id(node) not in host for x in node.input_tensors}
        wanted.update(map(id, self.output_tensors + self.extras))
        made = [x for node in self.host_nodes for x in node.output_tensors]
        return [x for x in (*self.input_tensors, *made) if id(x) in wanted]

    def prepare(self, given: Any, training: bool) -> Prepared:
        """Runs the host nodes on given inputs."""
        values: dict[int, Any] = dict(zip(map(id, self.input_tensors), self.flatten_inputs(given), strict=True))
        with frames.Frame(training=training):
            self._run_nodes(self.host_nodes, values)
        return Prepared([values[id(x)] for x in self.prepared_tensors])

    def run(self, given: Any, training: Any = None) -> Any:
        """The outputs for given inputs."""
        return self.run_all(given, training)[0]

    def run_all(self, given: Any, training: Any = None) -> tuple[Any, list[Any]]:
        """The outputs and the extras for given inputs."""
        frame = frames.current()
        if frame is not None and training is not None:
            frame.training = training
        nodes = self.nodes
        if isinstance(given, Prepared):
            values = dict(zip(map(id, self.prepared_tensors), given.values, strict=True))
            nodes = [node for node in nodes if node not in self.host_nodes]
        else:
            values = dict(zip(map(id, self.input_tensors), self.flatten_inputs(given), strict=True))
        self._run_nodes(nodes, values)
        return map_tensors(lambda t: values[id(t)], self.outputs), [values[id(t)] for t in self.extras]

    @staticmethod
    def _run_nodes(nodes: list[Node], values: dict[int, Any]) -> None:
        def fill(x: Any) -> Any:
            return map_tensors(lambda t: values[id(t)], x)

        for node in nodes:
            made = node.operation.fed if node.is_input else node.run(fill)
            outputs = tensors_in_values(made, node.outputs)
            for x, y in zip(node.output_tensors, outputs, strict=True):
                values[id(x)] = y


def tensors_in_values(values: Any, like: Any) -> list[Any]:
    """The values at the places where ``like`` has symbolic tensors."""
    if isinstance(like, KerasTensor):
        return [values]
    if isinstance(like, (list, tuple)):
        return [v for a, b in zip(values, like, strict=True) for v in tensors_in_values(a, b)]
    if isinstance(like, dict):
        return [v for key in sorted(like) for v in tensors_in_values(values[key], like[key])]
    return []


def _reshaped(array: Any, change: Any) -> Any:
    if isinstance(array, KerasTensor):
        return change(array)
    y = change(array if hasattr(array, "ndim") else jnp.asarray(array))
    mask = frames.get_mask(array)
    if mask is not None:
        frames.set_mask(y, mask)
    return y


def _flatten(x: Any) -> list[Any]:
    if isinstance(x, (list, tuple)) and not (x and isinstance(x[0], (int, float))):
        return [leaf for v in x for leaf in _flatten(v)]
    if isinstance(x, dict):
        return [leaf for key in sorted(x) for leaf in _flatten(x[key])]
    return [x]


def _order(inputs: list[KerasTensor], outputs: list[KerasTensor]) -> tuple[list[Node], list[Any]]:
    """Nodes in order of execution, and operations in Keras's order: by depth, then by traversal from the outputs.

    Files with weights in layer order depend on exactly this order.
    """
    stop = {id(x) for x in inputs}
    finished: list[Node] = []
    done: set[int] = set()
    first_seen: dict[int, int] = {}
    for output in outputs:
        _visit(output, stop, finished, done, first_seen)
    node_depth: dict[int, int] = {}
    op_depth: dict[int, int] = {}
    operations: dict[int, Any] = {}
    for node in reversed(finished):
        op = node.operation
        operations[id(op)] = op
        depth = max(node_depth.get(id(node), 0), op_depth.get(id(op), 0))
        op_depth[id(op)] = node_depth[id(node)] = depth
        if all(id(x) in stop for x in node.output_tensors):
            continue
        for x in node.input_tensors:
            parent = x.node
            node_depth[id(parent)] = max(depth + 1, node_depth.get(id(parent), 0))
    for x in inputs:
        op = x._keras_history.operation
        if id(op) not in operations:
            operations[id(op)] = op
            op_depth[id(op)] = 0
            finished.append(x.node)
            node_depth[id(x.node)] = 0
        first_seen.setdefault(id(op), -1)
    order = sorted(operations.values(), key=lambda op: (-op_depth[id(op)], first_seen[id(op)]))
    nodes = sorted(finished, key=lambda node: -node_depth[id(node)])
    return [n for n in nodes if not all(id(x) in stop for x in n.output_tensors)], order


def _visit(start: KerasTensor, stop: set[int], finished: list, done: set[int], first_seen: dict[int, int]) -> None:
    """Depth-first from an output to the inputs, without recursion: graphs may be hundreds of layers deep."""
    stack: list[tuple[Node, bool]] = [(start.node, False)]
    while stack:
        node, expanded = stack.pop()
        if expanded:
            finished.append(node)
            continue
        if id(node) in done:
            continue
        done.add(id(node))
        first_seen.setdefault(id(node.operation), len(first_seen))
        stack.append((node, True))
        if all(id(x) in stop for x in node.output_tensors):
            continue
        stack.extend((x.node, False) for x in reversed(node.input_tensors) if x._keras_history is not None)

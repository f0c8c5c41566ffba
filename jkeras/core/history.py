"""What the graph knows of a layer: its inputs and outputs at each call on symbolic tensors."""

from typing import Any

from .spec import describe
from .symbolic import KerasTensor, Node


def node_at(layer: Any, index: int) -> Node:
    """The index-th call of a layer; raises AttributeError if it was never called, ValueError if not so often."""
    nodes = layer._inbound_nodes
    if not nodes:
        raise AttributeError(
            f"{describe(layer)} has not been called on symbolic tensors, so it has no input or output yet."
        )
    if not -len(nodes) <= index < len(nodes):
        raise ValueError(f"{describe(layer)} was called {len(nodes)} times; there is no call {index}.")
    return nodes[index]


def _only(layer: Any, what: str) -> Node:
    if len(layer._inbound_nodes) > 1:
        raise AttributeError(f"{describe(layer)} was called several times; use get_{what}_at(index).")
    return node_at(layer, 0)


def _one_or_list(values: list) -> Any:
    return values[0] if len(values) == 1 else values


def _inputs(node: Node) -> Any:
    if node.is_input:
        return _one_or_list(node.output_tensors)
    return _one_or_list(node.input_tensors)


def _shapes(x: Any) -> Any:
    return [t.shape for t in x] if isinstance(x, list) else x.shape


def _masks(x: Any) -> Any:
    return [t._keras_mask for t in x] if isinstance(x, list) else x._keras_mask


def input_of(layer: Any) -> KerasTensor | list[KerasTensor]:
    """The symbolic input, or a list of several."""
    return _inputs(_only(layer, "input"))


def output_of(layer: Any) -> Any:
    """The symbolic output, or a list of several."""
    return _only(layer, "output").outputs


def input_mask_of(layer: Any) -> Any:
    """The mask of the symbolic input."""
    return _masks(input_of(layer))


def output_mask_of(layer: Any) -> Any:
    """The mask of the symbolic output."""
    return _masks(_one_or_list(_only(layer, "output").output_tensors))


def input_shape_of(layer: Any) -> Any:
    """The shape of the input, or a list of shapes."""
    if not layer._inbound_nodes and getattr(layer, "_build_shape", None) is not None:
        return layer._build_shape
    shapes = {str(_shapes(_inputs(n))) for n in layer._inbound_nodes}
    return _shapes(_inputs(node_at(layer, 0))) if len(shapes) == 1 else _shapes(input_of(layer))


def output_shape_of(layer: Any) -> Any:
    """The shape of the output, or a list of shapes."""
    if not layer._inbound_nodes and getattr(layer, "_build_shape", None) is not None:
        return layer.compute_output_shape(layer._build_shape)
    shapes = {str(n.output_shapes) for n in layer._inbound_nodes}
    return (node_at(layer, 0) if len(shapes) == 1 else _only(layer, "output")).output_shapes


def get_input_at(layer: Any, node_index: int) -> Any:
    """The symbolic input of a call."""
    return _inputs(node_at(layer, node_index))


def get_output_at(layer: Any, node_index: int) -> Any:
    """The symbolic output of a call."""
    return node_at(layer, node_index).outputs


def get_input_shape_at(layer: Any, node_index: int) -> Any:
    """The shape of the input of a call."""
    return _shapes(_inputs(node_at(layer, node_index)))


def get_output_shape_at(layer: Any, node_index: int) -> Any:
    """The shape of the output of a call."""
    return node_at(layer, node_index).output_shapes


def get_input_mask_at(layer: Any, node_index: int) -> Any:
    """The mask of the input of a call."""
    return _masks(_inputs(node_at(layer, node_index)))


def get_output_mask_at(layer: Any, node_index: int) -> Any:
    """The mask of the output of a call."""
    return _masks(_one_or_list(node_at(layer, node_index).output_tensors))


def get_source_inputs(tensor: KerasTensor, layer: Any = None, node_index: int | None = None) -> list[KerasTensor]:
    """The model inputs that a symbolic tensor, or a call of a layer, depends on."""
    if layer is None and tensor._keras_history is None:
        return []
    found: dict[int, KerasTensor] = {}
    seen: set[int] = set()
    stack = [tensor.node if layer is None else node_at(layer, node_index or 0)]
    while stack:  # graphs may be hundreds of layers deep
        node = stack.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if node.is_input:
            found.update((id(x), x) for x in node.output_tensors)
        stack.extend(x.node for x in reversed(node.input_tensors) if x._keras_history is not None)
    return list(found.values())

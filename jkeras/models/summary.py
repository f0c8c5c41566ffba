"""summary(): the layers of a model as a table, in the layout of Keras 3 or of the era's Keras 2."""

import io
import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from ..core import placement
from ..core.declare import current_era
from ..core.dtypes import array_dtype
from ..core.layer import Layer
from ..core.symbolic import Node


class Row(NamedTuple):
    """One line of the table."""

    depth: int
    name: str
    kind: str
    shape: str
    params: str
    connected: list[str]
    trainable: str


def print_summary(
    model: Any,
    line_length: int | None = None,
    positions: list[float] | None = None,
    print_fn: Callable | None = None,
    expand_nested: bool = False,
    show_trainable: bool = False,
    layer_range: Any = None,
) -> None:
    """Prints a table of the layers of a model; of several processes the main one does."""
    if print_fn is None and not placement.is_main():
        return
    layers = _in_range(model, layer_range)
    connected = _is_branched(model)
    if current_era() == "3":
        text = _modern(model, layers, connected, line_length, positions, expand_nested, show_trainable)
        if print_fn is None:
            print(text)
        else:
            print_fn(text)
        return
    for line in _classic(model, layers, connected, line_length, positions, expand_nested, show_trainable):
        (print_fn or print)(line)


def _in_range(model: Any, layer_range: Any) -> list[Layer]:
    layers = model.layers
    if layer_range is None:
        return layers
    if len(layer_range) != 2 or not all(isinstance(s, str) for s in layer_range):
        raise ValueError(f"summary: layer_range must be two names (first, last), received {layer_range!r}.")
    import re

    found = [[i for i, one in enumerate(layers) if re.match(pattern, one.name)] for pattern in map(str, layer_range)]
    if not found[0] or not found[1]:
        raise ValueError(f"summary: no layers match layer_range={layer_range!r}.")
    first, last = min(found[0]), max(found[1])
    return layers[min(first, last) : max(first, last) + 1]


def _is_branched(model: Any) -> bool:
    """Is there more than a chain of layers, so that connections are worth a column?"""
    graph = getattr(model, "_graph", None)
    if graph is None or type(model).__name__ == "Sequential":
        return False
    if any(len(node.input_tensors) > 1 for node in graph.nodes) or len(graph.input_tensors) > 1:
        return True
    uses: dict[int, int] = {}
    for node in graph.nodes:
        for x in node.input_tensors:
            uses[id(x)] = uses.get(id(x), 0) + 1
    return any(n > 1 for n in uses.values())


def _rows(model: Any, layers: list[Any], expand_nested: bool, depth: int = 0) -> Iterator[Row]:
    graph = getattr(model, "_graph", None)
    nodes = {id(n) for n in graph.nodes} if graph is not None else set()
    for one in _with_functions(model, layers):
        is_layer = isinstance(one, Layer)
        weights = is_layer and one.weights
        yield Row(
            depth,
            one.name,
            type(one).__name__
            if is_layer
            else "".join(part.capitalize() for part in one.fn.__name__.strip("_").split("_")),
            _shape(one),
            _params(one),
            _sources(one, nodes) if depth == 0 else [],
            ("Y" if one.trainable else "N") if weights else "-",
        )
        inner = one.layers if expand_nested and is_layer and hasattr(one, "layers") else []
        if inner:
            yield from _rows(one, inner, True, depth + 1)


def _with_functions(model: Any, layers: list[Any]) -> list[Any]:
    graph = getattr(model, "_graph", None)
    if graph is None or type(model).__name__ == "Sequential":
        return layers
    chosen = {id(one) for one in layers}
    every = len(layers) == len(model.layers)
    return [op for op in graph.operations if id(op) in chosen or (every and not isinstance(op, Layer))]


def _shape(one: Any) -> str:
    nodes: list[Node] = one._inbound_nodes
    if nodes:
        shapes = [t.shape for t in nodes[0].output_tensors]
    else:
        built = getattr(one, "_build_shape", None)
        if built is None:
            return "?"
        try:
            found = one.compute_output_shape(built)
        except Exception:  # a user's layer may not say, and the table is still wanted
            return "?"
        shapes = found if isinstance(found, list) else [found]
    return ", ".join(str(tuple(s)) for s in shapes)


def _params(one: Any) -> str:
    if not isinstance(one, Layer):
        return "0"
    count = sum(math.prod(v.shape) for v in one.weights)
    if not one.built and not count:
        return "0 (unbuilt)"
    return f"{count:,}"


def _sources(one: Any, nodes: set[int]) -> list[str]:
    found = []
    for node in one._inbound_nodes:
        if id(node) not in nodes:
            continue
        for x in node.input_tensors:
            history = x._keras_history
            found.append(f"{history.operation.name}[{history.node_index}][{history.tensor_index}]")
    return found


# ------------------------------------------------- Keras 3


def _modern(
    model: Any,
    layers: list,
    connected: bool,
    line_length: int | None,
    positions: list[float] | None,
    expand_nested: bool,
    show_trainable: bool,
) -> str:
    import rich.box
    import rich.console
    import rich.markup
    import rich.table

    names = ["Layer (type)", "Output Shape", "Param #"]
    names += (["Connected to"] if connected else []) + (["Trainable"] if show_trainable else [])
    if positions is None:
        positions = [0.3, 0.56, 0.74, 1.0] if connected else [0.45, 0.8, 1.0]
        if show_trainable:
            positions = [p * (0.9 if p < 1.0 or not connected else 0.9) for p in positions] + [1.0]
    line_length = line_length or (108 if connected else 88)
    if positions[-1] <= 1:
        positions = [p * line_length for p in positions]
    widths = [b - a for a, b in zip([0, *positions], positions, strict=False)][: len(names)]
    table = rich.table.Table(width=line_length, show_lines=True, box=rich.box.HEAVY_HEAD)
    for name, width in zip(names, widths, strict=False):
        justify: Any = "right" if name == "Param #" else "center" if name == "Trainable" else "left"
        table.add_column(name, width=max(1, int(width) - 3), justify=justify)
    for row in _rows(model, layers, expand_nested):
        indent = "   " * row.depth + ("└ " if row.depth else "")
        cells = [f"{indent}{row.name} ({row.kind})", row.shape, row.params]
        cells += [", ".join(row.connected) or "-"] if connected else []
        cells += [row.trainable] if show_trainable else []
        table.add_row(*map(rich.markup.escape, cells))
    buffer = io.StringIO()
    console = rich.console.Console(file=buffer, width=line_length, color_system=None, force_terminal=False)
    console.print(f'Model: "{rich.markup.escape(model.name)}"')
    console.print(table)
    for label, count, size in _totals(model):
        console.print(f" {label}: {count:,} ({readable_size(size)})", highlight=False)
    return buffer.getvalue().rstrip("\n")


def _totals(model: Any) -> list[tuple[str, int, int]]:
    train, rest = model.trainable_weights, model.non_trainable_weights
    optimizer = list(model.optimizer.variables) if model.optimizer is not None and model.optimizer.built else []
    groups = [
        ("Total params", [*train, *rest, *optimizer]),
        ("Trainable params", train),
        ("Non-trainable params", rest),
    ]
    if optimizer:
        groups.append(("Optimizer params", optimizer))
    return [(label, _count(vs), _bytes(vs)) for label, vs in groups]


def _count(variables: list) -> int:
    return sum(math.prod(v.shape) for v in variables)


def _bytes(variables: list) -> int:
    return sum(math.prod(v.shape) * array_dtype(v.dtype).itemsize for v in variables)


def readable_size(size: float) -> str:
    """Bytes in the largest unit that leaves at least 1.

    >>> readable_size(105 * 1024)
    '105.00 KB'
    """
    for unit in ("B", "KB", "MB", "GB", "TB"):
        if size < 1024 or unit == "TB":
            return f"{size:.2f} {unit}"
        size /= 1024
    return ""


# ------------------------------------------------- Keras 1 and 2


def _classic(
    model: Any,
    layers: list,
    connected: bool,
    line_length: int | None,
    positions: list[float] | None,
    expand_nested: bool,
    show_trainable: bool,
) -> Iterator[str]:
    newer = current_era() == "tf2"
    if not connected:
        line_length, positions = line_length or 65, positions or [0.45, 0.85, 1.0]
    else:
        line_length, positions = line_length or 98, positions or [0.33, 0.55, 0.67, 1.0]
    stops = [int(line_length * p) for p in positions] if positions[-1] <= 1 else [int(p) for p in positions]
    fields = ["Layer (type)", "Output Shape", "Param #"] + (["Connected to"] if connected else [])
    if show_trainable:
        line_length += 11
        stops.append(line_length)
        fields.append("Trainable")
    lead = " " if newer else ""
    if newer:
        yield f'Model: "{model.name}"'
    yield "_" * line_length
    yield lead + _columns(fields, stops)
    yield "=" * line_length
    rows = list(_rows(model, layers, expand_nested))
    for i, row in enumerate(rows):
        cells = [f"{row.name} ({row.kind})", row.shape, row.params.split(" ")[0].replace(",", "")]
        extra = row.connected[1:]
        cells += [row.connected[0] if row.connected else ""] if connected else []
        cells += [row.trainable] if show_trainable else []
        yield lead + _columns(cells, stops)
        for source in extra if connected else []:
            yield lead + _columns(["", "", "", source], stops)
        if newer:
            yield " " * line_length if i < len(rows) - 1 else "=" * line_length
        else:
            yield ("_" if i < len(rows) - 1 else "=") * line_length
    for label, count, size in _totals(model)[:3]:
        total = _count(model.weights) if label == "Total params" else count
        total_size = _bytes(model.weights) if label == "Total params" else size
        yield (
            f"{label}: {total} ({readable_size(total_size).replace(' B', ' Byte')})" if newer else f"{label}: {total:,}"
        )
    yield "_" * line_length


def _columns(cells: list[str], stops: list[int]) -> str:
    line = ""
    for cell, stop in zip(cells, stops, strict=False):
        line = (line + " " if line else "") + str(cell)
        line = line[:stop].ljust(stop)
    return line

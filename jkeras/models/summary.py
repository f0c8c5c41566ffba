"""summary(): the layers of a model as a table, in the layout of Keras 3 or of the era's Keras 2."""

import io
import math
import re
import shutil
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from ..core import placement
from ..core.declare import current_era
from ..core.dtypes import array_dtype
from ..core.layer import Layer


class Row(NamedTuple):
    """One layer, or one function of the graph."""

    name: str
    kind: str
    shape: Any  # a tuple, a list or dict of tuples, or None: unknown
    params: int | None  # None: not built
    sources: list[str]
    trains: bool
    weighs: bool  # are there weights?
    inner: list["Row"]


class Layout(NamedTuple):
    """How the table is to look."""

    line_length: int | None
    positions: list[float] | None
    connected: bool
    show_trainable: bool

    def header(self) -> list[str]:
        """The names of the columns."""
        names = ["Layer (type)", "Output Shape", "Param #"]
        return names + ["Connected to"] * self.connected + ["Trainable"] * self.show_trainable


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
    layout = Layout(line_length, positions, _is_branched(model), show_trainable)
    rows = list(_rows(model, _in_range(model, layer_range), expand_nested))
    if current_era() == "3":
        _modern(model, rows, layout, print_fn)
        return
    from .summary_classic import lines

    for line in lines(model.name, rows, layout, totals(model)):
        (print_fn or print)(line)


# ------------------------------------------------- what is in the table


def _in_range(model: Any, layer_range: Any) -> list[Layer]:
    layers = model.layers
    if layer_range is None:
        return layers
    if len(layer_range) != 2 or not all(isinstance(s, str) for s in layer_range):
        raise ValueError(f"summary: layer_range must be two names (first, last), received {layer_range!r}.")
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


def _rows(model: Any, layers: list[Any], expand_nested: bool) -> Iterator[Row]:
    graph = getattr(model, "_graph", None)
    nodes = {id(n) for n in graph.nodes} if graph is not None else set()
    for one in _with_functions(model, layers):
        if not isinstance(one, Layer):
            kind = "".join(part.capitalize() for part in one.fn.__name__.strip("_").split("_"))
            yield Row(one.name, kind, _shape(one), 0, _sources(one, nodes), True, False, [])
            continue
        count = _count(one.weights)
        inner = one.layers if expand_nested and hasattr(one, "layers") else []
        yield Row(
            one.name,
            type(one).__name__,
            _shape(one),
            count if one.built or count else None,
            _sources(one, nodes),
            one.trainable,
            bool(one.weights),
            list(_rows(one, inner, True)) if inner else [],
        )


def _with_functions(model: Any, layers: list[Any]) -> list[Any]:
    graph = getattr(model, "_graph", None)
    if graph is None or type(model).__name__ == "Sequential":
        return layers
    chosen = {id(one) for one in layers}
    every = len(layers) == len(model.layers)
    return [op for op in graph.operations if id(op) in chosen or (every and not isinstance(op, Layer))]


def _shape(one: Any) -> Any:
    if one._inbound_nodes:
        shapes = [tuple(t.shape) for t in one._inbound_nodes[0].output_tensors]
        return shapes[0] if len(shapes) == 1 else shapes
    built = getattr(one, "_build_shape", None)
    if built is None:
        return None
    try:
        return one.compute_output_shape(built)
    except Exception:  # a user's layer may not say, and the table is still wanted
        return None


def _sources(one: Any, nodes: set[int]) -> list[str]:
    found = []
    for node in one._inbound_nodes:
        if id(node) not in nodes:
            continue
        for x in node.input_tensors:
            history = x._keras_history
            found.append(f"{history.operation.name}[{history.node_index}][{history.tensor_index}]")
    return found


def totals(model: Any) -> list[tuple[str, int, int]]:
    """What stands below the table: (label, number of parameters, bytes)."""
    train, rest = model.trainable_weights, model.non_trainable_weights
    optimizer = list(model.optimizer.variables) if model.optimizer is not None and model.optimizer.built else []
    if current_era() != "3":
        optimizer = []
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


# ------------------------------------------------- Keras 3

CLASS, NUMBER, UNKNOWN, OFF = (f"color({n})" for n in (33, 34, 45, 9))


def _modern(model: Any, rows: list[Row], layout: Layout, print_fn: Callable | None) -> None:
    import rich.console
    from rich.text import Text

    from ..train import progress

    if print_fn is None and not progress.is_interactive_logging_enabled():
        print_fn = progress.print_msg
    buffer = io.StringIO()
    if print_fn is None:  # the console sees itself whether it is a terminal, a notebook or a file
        console = rich.console.Console(highlight=False)
    else:
        console = rich.console.Console(
            highlight=False, force_terminal=False, color_system=None, force_jupyter=False, file=buffer
        )
    console.print(Text(f'Model: "{model.name}"', "bold"))
    console.print(_table(rows, layout))
    for label, count, size in totals(model):
        console.print(Text.assemble((f" {label}: ", "bold"), (f"{count:,}", NUMBER), f" ({readable_size(size)})"))
    if print_fn is not None:
        print_fn(buffer.getvalue().rstrip("\n"))


def _table(rows: list[Row], layout: Layout) -> Any:
    import rich.table

    standard = [0.3, 0.56, 0.74, 1.0] if layout.connected else [0.45, 0.8, 1.0]
    positions, longest = layout.positions or standard, 108 if layout.connected else 88
    if layout.show_trainable:
        longest += 12
    length = layout.line_length or min(longest, shutil.get_terminal_size().columns - 4)
    if positions[-1] > 1:  # in characters
        positions = [p / length for p in positions]
    if layout.show_trainable:
        positions = [*(p * 0.9 for p in positions), 1.0]
    stops = [int(p * length) for p in positions]
    widths = [b - a for a, b in zip([0, *stops], stops, strict=False)]
    if min(widths) < 4:
        raise ValueError(f"summary: columns of {widths} characters are too narrow. Give a larger line_length.")
    columns = [
        rich.table.Column(name, width=width, justify=JUSTIFY.get(name, "left"))
        for name, width in zip(layout.header(), widths, strict=False)
    ]
    table = rich.table.Table(*columns, width=length, show_lines=True)
    for row, depth in _flat(rows):
        table.add_row(*_cells(row, depth, layout))
    return table


JUSTIFY: Any = {"Param #": "right", "Trainable": "center"}


def _flat(rows: list[Row], depth: int = 0) -> Iterator[tuple[Row, int]]:
    for row in rows:
        yield row, depth
        yield from _flat(row.inner, depth + 1)


def _cells(row: Row, depth: int, layout: Layout) -> list[Any]:
    from rich.text import Text

    indent = "   " * depth + "└ " if depth else ""
    params = "0 (unbuilt)" if row.params is None else f"{row.params:,}"
    cells = [
        Text.assemble(indent + row.name, " (", (row.kind, CLASS), ")"),
        _coloured(_shape_text(row.shape)),
        _coloured(params),
    ]
    if layout.connected:
        cells.append(_coloured(", ".join(row.sources) or "-", r"(?<=\[)\d+(?=\])"))
    if layout.show_trainable:
        said = "-" if not row.weighs else "Y" if row.trains else "N"
        cells.append(Text(said, {"-": "bold", "Y": f"bold {NUMBER}", "N": f"bold {OFF}"}[said]))
    return cells


def _coloured(text: str, numbers: str = r"[\d,]*\d") -> Any:
    from rich.text import Text

    made = Text(text)
    made.highlight_regex(numbers, NUMBER)
    made.highlight_regex("None", UNKNOWN)
    return made


def _shape_text(shape: Any) -> str:
    if shape is None:
        return "?"
    if isinstance(shape, list):
        return f"[{', '.join(map(_shape_text, shape))}]"
    if isinstance(shape, dict):
        return f"{{{', '.join(f'{k}: {_shape_text(v)}' for k, v in shape.items())}}}"
    return f"({', '.join(map(str, shape))})"

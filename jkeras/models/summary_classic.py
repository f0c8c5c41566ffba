"""The table of summary() as Keras 1 and 2 and tf.keras drew it, with underscores and equals signs."""

from collections.abc import Iterator
from typing import Any

from ..core.declare import current_era
from .summary import Layout, Row, readable_size

BREAKS = ("),", "},", "],", "',")  # tf.keras begins a new line behind these


def lines(name: str, rows: list[Row], layout: Layout, totals: list[tuple[str, int, int]]) -> Iterator[str]:
    """The lines of the table of a model; ``totals`` are (label, number of parameters, bytes)."""
    newer = current_era() == "tf2"
    if layout.connected:
        length, positions = layout.line_length or 98, layout.positions
        positions = positions or ([0.3, 0.6, 0.7, 1.0] if newer else [0.33, 0.55, 0.67, 1.0])
    else:
        length, positions = layout.line_length or 65, layout.positions or [0.45, 0.85, 1.0]
    stops = [int(length * p) for p in positions] if positions[-1] <= 1 else [int(p) for p in positions]
    if layout.show_trainable:
        length += 11
        stops.append(length)
    if newer:
        yield f'Model: "{name}"'
    yield "_" * length
    yield from _wrapped(layout.header(), stops) if newer else [_cut(layout.header(), stops)]
    yield "=" * length
    if newer:
        yield from _with_inner(rows, layout, stops, length)
    else:
        yield from _with_rules(rows, layout, stops, length)
    yield "=" * length
    for label, count, size in totals:
        shown = f"{count} ({readable_size(size).replace(' B', ' Byte')})" if newer else f"{count:,}"
        yield f"{label}: {shown}"
    yield "_" * length


def _cells(row: Row, layout: Layout, sources: Any) -> list[str]:
    cells = [
        f"{row.name} ({row.kind})",
        _shape_text(row.shape),
        "0 (unused)" if row.params is None else str(row.params),
    ]
    cells += [str(sources)] * layout.connected
    return cells + ["Y" if row.trains else "N"] * layout.show_trainable


def _shape_text(shape: Any) -> str:
    return "?" if shape is None else str(shape)


# ------------------------------------------------- Keras 1 and 2


def _with_rules(rows: list[Row], layout: Layout, stops: list[int], length: int) -> Iterator[str]:
    flat = list(_flat(rows))
    for row in flat:
        first, *others = row.sources or [""]
        yield _cut(_cells(row, layout, first), stops)
        for source in others if layout.connected else ():
            yield _cut(["", "", "", source], stops)
        if row is not flat[-1]:
            yield "_" * length


def _flat(rows: list[Row]) -> Iterator[Row]:
    for row in rows:
        yield row
        yield from _flat(row.inner)


def _cut(cells: list[str], stops: list[int]) -> str:
    """One line; what is too long is cut off."""
    line = ""
    for cell, stop in zip(cells, stops, strict=False):
        line = line[:-1] + " " + cell if line else cell
        line = line[:stop].ljust(stop)
    return line


# ------------------------------------------------- tf.keras


def _with_inner(rows: list[Row], layout: Layout, stops: list[int], length: int, depth: int = 0) -> Iterator[str]:
    """The rows at a depth; those of a nested model stand in a frame."""
    edge = "|" * depth
    for row in rows:
        if row.kind == "InputLayer":
            row = row._replace(shape=[row.shape])
        yield from _wrapped(_cells(row, layout, row.sources), stops, depth)
        if row.inner:
            yield edge + "|" + "¯" * (length - 2 * depth - 2) + "|" + edge
            yield from _with_inner(row.inner, layout, stops, length, depth + 1)
            yield edge + "¯" * (length - 2 * depth) + edge
        if not row.inner and (not depth or row is not rows[-1]):
            yield edge + " " * (length - 2 * depth) + edge


def _wrapped(cells: list[str], stops: list[int], depth: int = 0) -> Iterator[str]:
    """As many lines as the longest cell needs; ``depth`` bars stand at both sides."""
    left = list(cells)
    last = len(stops) - 1
    while any(left):
        line = "|" * depth + " "
        for i, stop in enumerate(stops):
            width = stop - (stops[i - 1] if i else 0) - (0 if i == last else 3) - (0 if i else depth)
            part = left[i][:width]
            ends = [part.find(mark) + len(mark) for mark in BREAKS if mark in part]
            part = part[: min(ends)] if ends else part
            left[i] = left[i][len(part) :]
            line += part + " " * (0 if i == last else 2)
            line = line.ljust(stop - (depth if i == last else 0))
        yield line + "|" * depth

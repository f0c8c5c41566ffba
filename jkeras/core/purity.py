"""Which layers are known to do nothing but compute: those of this package, without code of the user's in them."""

from typing import Any

_KNOWN = frozenset(("jkeras", "jax", "jaxlib", "builtins", "numpy", "collections"))


def is_ours(layer: Any) -> bool:
    """Is a built layer of this package, and everything that it holds?"""
    if not layer.built or not type(layer).__module__.startswith("jkeras.") or not layer.supports_jit:
        return False
    return all(map(_is_known, vars(layer).values()))


def _is_known(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return all(map(_is_known, value))
    if isinstance(value, dict):
        return all(map(_is_known, value.values()))
    module = getattr(value if callable(value) and not hasattr(type(value), "call") else type(value), "__module__", None)
    return module is None or module.split(".")[0] in _KNOWN


def rows_are_independent(model: Any) -> bool:
    """Does each row of a prediction depend on its own row of the inputs alone, so that rows may be added and dropped?

    Said only of graphs of this package's layers, none of which keeps state between calls or works along the rows.
    """
    graph = model._graph
    if graph is None or not all(map(is_ours, model._flatten_layers())):
        return False
    tensors = [x for node in graph.nodes for x in (*node.input_tensors, *node.output_tensors)]
    if any(x.ndim < 2 or x.shape[0] is not None for x in tensors):
        return False
    # operators and functions of tensors may take any axis
    if not all(getattr(node.operation, "_tracked_as", None) == "layer" for node in graph.nodes):
        return False
    return not any(map(_mixes_rows, model._flatten_layers()))


# Where the functions live that a layer may hold and that work on each row, and those which work on each element anywhere.
_BY_ROW = tuple(f"jkeras.{name}." for name in "activations core initializers layers nn ops.nn".split()) + (
    "jax._src.nn.",
)
_BY_ELEMENT = frozenset("abs absolute cos exp log negative sign sin sqrt square tanh".split())


def _works_by_row(value: Any) -> bool:
    name = getattr(value, "__name__", None)
    if name is None or isinstance(value, type) or name in _BY_ELEMENT:
        return True
    return f"{value.__module__}.".startswith(_BY_ROW)


def _mixes_rows(layer: Any) -> bool:
    if getattr(layer, "stateful", False) or getattr(layer, "time_major", False):
        return True
    if getattr(layer, "arguments", None) or not all(map(_works_by_row, vars(layer).values())):
        return True
    axes = getattr(layer, "axis", None)
    axes = [] if axes is None else axes if isinstance(axes, (list, tuple)) else [axes]
    return any(axis == 0 or axis < -1 for axis in axes)

"""The variables that a function may read: those of its closure, its arguments and the globals that it names."""

import functools
import types
from typing import Any

from ...core.variable import Variable

DEPTH = 6  # of containers and functions within one another


def variables_in(values: list[Any]) -> list[Variable]:
    """The Variables that can be reached from functions, layers, optimizers, modules and containers of them.

    >>> v = Variable(1.0)
    >>> variables_in([{"weights": [v]}])[0] is v
    True
    """
    found: dict[int, Variable] = {}
    seen: set[int] = set()
    for value in values:
        _walk(value, found, seen, DEPTH)
    return list(found.values())


def _walk(value: Any, found: dict[int, Variable], seen: set[int], depth: int) -> None:
    if depth == 0 or id(value) in seen or isinstance(value, (str, bytes, int, float, type, types.ModuleType)):
        return
    seen.add(id(value))
    if isinstance(value, Variable):
        found[id(value)] = value
        return
    for part in _parts(value):
        _walk(part, found, seen, depth - 1)


def _parts(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, (list, tuple, set)):
        return list(value)
    if isinstance(value, functools.partial):
        return [value.func, *value.args, *value.keywords.values()]
    if isinstance(value, types.MethodType):
        return [value.__func__, value.__self__]
    if isinstance(value, types.FunctionType):
        return _of_function(value)
    if hasattr(value, "python_function"):
        return [value.python_function]
    variables = getattr(value, "variables", None)
    if isinstance(variables, (list, tuple)):  # a layer, model, metric, optimizer or module; and what it holds besides
        return [*variables, *vars(value).values()] if hasattr(value, "__dict__") else list(variables)
    plain = type(value).__module__ == "__main__" or not type(value).__module__.startswith(
        ("jax", "numpy", "jkeras", "builtins")
    )
    return list(vars(value).values()) if plain and hasattr(value, "__dict__") else []


def _of_function(fn: types.FunctionType) -> list[Any]:
    if fn.__module__ and fn.__module__.startswith(("jax", "numpy", "jkeras.")):
        return []
    cells = [c.cell_contents for c in fn.__closure__ or () if _filled(c)]
    names = _names(fn.__code__)
    return [*cells, *(fn.__defaults__ or ()), *(fn.__globals__[n] for n in names if n in fn.__globals__)]


def _filled(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:
        return False
    return True


def _names(code: types.CodeType) -> set[str]:
    inner = (c for c in code.co_consts if isinstance(c, types.CodeType))
    return set(code.co_names).union(*map(_names, inner))

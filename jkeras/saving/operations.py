"""Functions as nodes of functional models: in the words of Keras 3, of tf.keras, and for what only jkeras has, its own.

What a config names is looked up in closed tables; nothing is imported.
"""

import functools
import inspect
from collections.abc import Callable
from typing import Any

from ..core import registry, symbolic
from ..core.naming import snake_case
from ..core.symbolic import Function, tensors_in
from .keras3_operations import TABLE
from .lambdas import backend_function
from .tf_functions import FUNCTIONS, row_of

# They take functions, which a file must not bring
_WITHOUT = frozenset("AssociativeScan Cond ForiLoop JVP Map Scan Switch VectorizedMap WhileLoop".split())
_OWN = "jkeras.backend"
_PRIVATE = {"getitem": "GetItem"}


@functools.cache
def _table() -> dict[str, tuple[str, str, tuple[str, ...]]]:
    """Class of Keras 3 -> (module, function in ``ops``, arguments of the config)."""
    found, module = {}, ""
    for word in TABLE.split():
        if word.endswith(":"):
            module = word[:-1]
            continue
        head, _, arguments = word.partition(":")
        cls, _, function = head.partition("=")
        if cls not in _WITHOUT:
            found[cls] = (module, function or snake_case(cls), tuple(arguments.split(",")) if arguments else ())
    return found


@functools.cache
def _classes() -> dict[str, str]:
    return {function: cls for cls, (_, function, _) in reversed(_table().items())}


def _in_ops(path: str) -> Any:
    from .. import ops

    return functools.reduce(lambda home, name: getattr(home, name, None), path.split("."), ops)


# ------------------------------------------------- writing


def describe(op: Function, describe_argument: Callable[[Any], Any], nodes: list) -> dict[str, Any]:
    """The config of a function's node, its calls included, as Keras 3 has it."""
    name, cls = op.fn.__name__.strip("_"), _keras3_class(op.fn)
    if cls is None:
        return _own_config(op, name, describe_argument, nodes)
    module, function, static = _table()[cls]
    config: dict[str, Any] = {"name": op.name}
    args, kwargs = _bound(_in_ops(function), nodes[0]) if cls != "GetItem" else (list(nodes[0].args), {})
    for key in static:
        if key in kwargs and not tensors_in(kwargs[key]):
            config[key] = registry.serialize(kwargs.pop(key))
    described = {"module": f"keras.src.ops.{module}", "class_name": cls, "config": config, "registered_name": cls}
    calls = [{"args": describe_argument(args), "kwargs": describe_argument(kwargs)}]
    return {**described, "name": op.name, "inbound_nodes": calls}


def _keras3_class(fn: Callable) -> str | None:
    """The class of Keras 3 that computes the same as a function; None where there is none."""
    name = fn.__name__.strip("_")
    if name in _PRIVATE:
        return _PRIVATE[name]
    cls = _classes().get(name)
    if cls is None or fn is _in_ops(_table()[cls][1]):
        return cls
    here = getattr(fn, "__module__", "")
    return cls if here in (symbolic.__name__, "jkeras.activations") else None


def _bound(fn: Callable, node: Any) -> tuple[list[Any], dict[str, Any]]:
    """Tensors as positional arguments in order, all that follows by name."""
    names = list(inspect.signature(fn).parameters)
    given = dict(zip(names, node.args, strict=False)) | node.kwargs
    if names[1:2] == ["operands"]:  # einsum
        return list(node.args[1:]), {names[0]: node.args[0]}
    positional = [given.pop(n) for n in _leading(names, given)]
    return positional + list(node.args[len(names) :]), given


def _leading(names: list[str], given: dict[str, Any]) -> list[str]:
    last = max((i for i, n in enumerate(names) if n in given and tensors_in(given[n])), default=0)
    found = [n for n in names[: last + 1] if n in given]
    if found and len(found) == 1 and len(names) > 1 and names[:2] in (["x1", "x2"], ["x", "y"]) and names[1] in given:
        found.append(names[1])  # x * 2: the number is an argument of the call
    return found if names[: len(found)] == found else names[:1]


def _own_config(op: Function, name: str, describe_argument: Callable, nodes: list) -> dict[str, Any]:
    if backend_function(name) is not op.fn:
        raise ValueError(
            f"The function {name!r} inside a functional model cannot be written into a config. Put it into a Lambda layer, "
            "or into the call() of a layer."
        )
    described = {"module": _OWN, "class_name": name, "config": {"name": op.name}, "registered_name": None}
    calls = [{"args": describe_argument(list(n.args)), "kwargs": describe_argument(n.kwargs)} for n in nodes]
    return {**described, "name": op.name, "inbound_nodes": calls}


def describe_for_tf(op: Function, place: Callable[[Any], Any], nodes: list) -> dict[str, Any]:
    """The config of a function's node as tf.keras wrote it; raises ValueError where it has no such function."""
    cls = _keras3_class(op.fn)
    name = op.fn.__name__.strip("_")
    if cls == "GetItem":
        x, index = nodes[0].args
        parts = [_slice(v) for v in (index if isinstance(index, tuple) else (index,))]
        config = {"name": op.name, "trainable": True, "dtype": "float32", "function": "__operators__.getitem"}
        calls = [[*place(x), {"slice_spec": parts}]]
        return {"class_name": "SlicingOpLambda", "config": config, "name": op.name, "inbound_nodes": calls}
    row = row_of(_table()[cls][1] if cls else name)
    if row is None:
        raise ValueError(f"tf.keras has no function like {name!r} that a functional model could be written with.")
    path, words = row
    names = list(inspect.signature(_in_ops(_table()[cls][1]) if cls else op.fn).parameters)
    given = dict(zip(names, nodes[0].args, strict=False)) | nodes[0].kwargs
    first, rest = given.pop(names[0]), {}
    for old, new in zip(names[1:], words, strict=False):
        if old in given:
            value = given.pop(old)
            rest[new] = place(value)[:3] if tensors_in(value) else registry.serialize(value)
    if any(v is not None for v in given.values()):
        raise ValueError(f"tf.keras's {path!r} has no arguments {sorted(given)}.")
    if isinstance(first, (list, tuple)):
        calls = [[[*place(x)[:3], rest] for x in first]]
    else:
        calls = [[*(place(first)[:3] if tensors_in(first) else ["_CONSTANT_VALUE", -1, first]), rest]]
    config = {"name": op.name, "trainable": True, "dtype": "float32", "function": path}
    return {"class_name": "TFOpLambda", "config": config, "name": op.name, "inbound_nodes": calls}


def _slice(x: Any) -> Any:
    return {"start": x.start, "stop": x.stop, "step": x.step} if isinstance(x, slice) else x


# ------------------------------------------------- reading


def is_operation(config: dict) -> bool:
    """Does a config describe a function rather than a layer?"""
    module, name = config.get("module") or "", config.get("class_name")
    if name in ("TFOpLambda", "SlicingOpLambda") or module.startswith("keras.src.ops") or module == _OWN:
        return True
    if module or name not in _table():
        return False
    inner = set(config.get("config") or {})  # Keras 3's HDF5 files name no module: a layer has more in its config
    return (
        "name" in inner
        and inner - {"name"} <= set(_table()[name][2])
        and not inner & {"trainable", "dtype"} - {a for a in _table()[name][2] if a == "dtype"}
    )


def function_of(config: dict) -> Callable:
    """The function that a config describes, its own arguments filled in; raises ValueError for an unknown one."""
    name, inner = config["class_name"], dict(config.get("config") or {})
    own_name = inner.pop("name", None)
    if name in ("TFOpLambda", "SlicingOpLambda"):
        fn = FUNCTIONS.get(inner.get("function", ""))
        if fn is None:
            raise ValueError(
                f"The config uses the TensorFlow function {inner.get('function')!r}, which is not known here."
            )
    elif config.get("module") == _OWN:
        fn = backend_function(name)
        if fn is None:
            raise ValueError(f"A config names the unknown function {name!r}.")
    elif name == "GetItem":
        fn = _get_item
    else:
        if name not in _table():
            raise ValueError(f"A config names the unknown operation {name!r}.")
        _, path, static = _table()[name]
        unknown = set(inner) - set(static)
        if unknown:
            raise ValueError(f"The operation {name!r} has no arguments {sorted(unknown)}.")
        fn = _filled(_in_ops(path), {k: _hashable(registry.deserialize(v)) for k, v in inner.items()})
    return _Named(fn, own_name)


def _filled(fn: Callable, config: dict[str, Any]) -> Callable:
    names = [p.name for p in inspect.signature(fn).parameters.values() if p.kind is not p.VAR_KEYWORD]
    if not config or names[0] not in config:
        return functools.partial(fn, **config)
    return functools.partial(fn, config.pop(names[0]), **config)  # einsum: the formula comes before the tensors


class _Named:
    """A function whose first node gets the name that it has in the file."""

    def __init__(self, fn: Callable, name: str | None):
        self.fn, self.name = fn, name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not tensors_in((args, kwargs)):
            raise ValueError(f"The operation {self.name!r} of a config has no symbolic inputs.")
        made = self.fn(*args, **kwargs)
        outputs = tensors_in(made)
        if self.name is not None and outputs and isinstance(outputs[0]._keras_history.operation, Function):
            outputs[0]._keras_history.operation.name, self.name = self.name, None
        return made


def _get_item(x: Any, key: Any) -> Any:
    return x[tuple(key) if isinstance(key, list) else key]


def _hashable(x: Any) -> Any:
    return tuple(map(_hashable, x)) if isinstance(x, list) else x

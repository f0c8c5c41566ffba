"""Names and objects: the families of each Keras module, and configs that never import or run anything.

A config names an object by module and class name. Only what a family holds, what the user registered and what the
caller passes as ``custom_objects`` can be found: a closed registry.
"""

import contextlib
import contextvars
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from . import dtypes, errors
from .connections import modules

families: dict[str, "Family"] = {}

_registered: dict[str, Any] = {}  # "package>name" -> object
_registered_names: dict[int, tuple[str, Any]] = {}  # id(object) -> "package>name", and the object, which keeps its id
_scoped: contextvars.ContextVar[tuple[dict[str, Any], ...]] = contextvars.ContextVar("custom_objects", default=())


# ------------------------------------------------- custom objects


def register_keras_serializable(package: str = "Custom", name: str | None = None) -> Callable:
    """Decorator: makes a class or function known to loading under ``package>name``.

    >>> @register_keras_serializable("docs")
    ... def double(x):
    ...     return 2 * x
    >>> get_registered_name(double)
    'docs>double'
    """

    def register(obj: Any) -> Any:
        if inspect.isclass(obj) and not hasattr(obj, "get_config"):
            raise ValueError(f"register_keras_serializable: class {obj.__name__} has no get_config(); add one.")
        full = f"{package}>{name or obj.__name__}"
        _registered[full] = obj
        _registered_names[id(obj)] = full, obj
        return obj

    return register


def get_registered_name(obj: Any) -> str:
    """The name an object was registered under, or its own."""
    known = _registered_names.get(id(obj))
    return known[0] if known is not None else getattr(obj, "__name__", str(obj))


def get_registered_object(
    name: str, custom_objects: dict[str, Any] | None = None, module_objects: dict[str, Any] | None = None
) -> Any:
    """The object registered under a name, or None."""
    for known in (*reversed(_scoped.get()), custom_objects or {}, _registered, module_objects or {}):
        if name in known:
            return known[name]
    return None


def get_custom_objects() -> dict[str, Any]:
    """The live dict of custom objects."""
    return _registered


class CustomObjectScope:
    """Inside ``with CustomObjectScope({...}):`` the given names are known to loading.

    >>> with CustomObjectScope({"twice": lambda x: 2 * x}):
    ...     get_registered_object("twice")(4)
    8
    """

    def __init__(self, custom_objects: dict[str, Any], *more: dict[str, Any]):
        self.custom_objects = {name: obj for given in (custom_objects, *more) for name, obj in (given or {}).items()}
        self._tokens: list[contextvars.Token] = []

    def __enter__(self) -> "CustomObjectScope":
        self._tokens.append(_scoped.set((*_scoped.get(), self.custom_objects)))
        return self

    def __exit__(self, *_: Any) -> None:
        _scoped.reset(self._tokens.pop())


custom_object_scope = CustomObjectScope


# ------------------------------------------------- families


def _fold(name: str) -> str:
    return name.lower().replace("_", "")


class Family:
    """The named objects of one Keras module, such as all losses."""

    def __init__(self, module: str, kind: str):
        self.module, self.kind = module, kind
        self.objects: dict[str, Any] = {}
        self._folded: dict[str, Any] = {}
        families[module] = self

    def add(self, obj: Any, *aliases: str) -> Any:
        """Makes an object known under its own name and its aliases; usable as a decorator."""
        for name in (obj.__name__, *aliases):
            self.objects[name] = obj
            self._folded.setdefault(_fold(name), obj)
        if inspect.isclass(obj) and "_keras_module" not in vars(obj):
            obj._keras_module = self.module  # type: ignore[attr-defined]
        return obj

    def find(self, name: str, custom_objects: dict[str, Any] | None = None) -> Any:
        """The class or function of a name in any case; raises ValueError with the nearest known name."""
        found = get_registered_object(name, custom_objects, self.objects)
        if found is None:
            found = self._folded.get(_fold(name))
        if found is None:
            raise ValueError(errors.unknown(self.kind, name, [*self.objects, *(custom_objects or {})]))
        return found

    def get(self, identifier: Any, custom_objects: dict[str, Any] | None = None) -> Any:
        """The object that a string, class, config dict, instance or function stands for; None stays None."""
        if identifier is None:
            return None
        if isinstance(identifier, str):
            found = self.find(identifier, custom_objects)
            return found() if inspect.isclass(found) else found
        if isinstance(identifier, dict):
            return self.deserialize(identifier, custom_objects)
        if inspect.isclass(identifier):
            return identifier()
        if callable(identifier) or hasattr(identifier, "get_config"):
            return identifier
        raise ValueError(
            f"Could not interpret {identifier!r} as a {self.kind}: expected a name, a {self.kind} object, a function or a config."
        )

    def serialize(self, obj: Any) -> Any:
        """The config of an object of this family; functions give their name."""
        if obj is None or isinstance(obj, (str, dict)):
            return obj
        if not hasattr(obj, "get_config"):
            return get_registered_name(obj)
        return serialize(obj)

    def deserialize(self, config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
        """The object of a name or config; configs of all Keras generations."""
        if not isinstance(config, dict):
            return self.get(config, custom_objects)
        name = config.get("class_name")
        if name is None:
            raise ValueError(f"Config of a {self.kind} without 'class_name': {config!r}.")
        if name == "function":
            registered = config.get("registered_name")  # Keras 3 writes "function" here and the name in "config"
            return self.find(config["config"] if registered in (None, "function") else registered, custom_objects)
        if "module" in config:
            return deserialize(config, custom_objects, family=self)
        return _build(self.find(name, custom_objects), config.get("config"), custom_objects)


# ------------------------------------------------- configs


def serialize(obj: Any) -> Any:
    """The config of any object, as plain data that json can write; Keras 3's format.

    >>> serialize((1, "a"))
    (1, 'a')
    """
    if obj is None or isinstance(obj, (bool, int, float, str)):
        return obj
    if isinstance(obj, np.generic):
        return obj.item()
    if isinstance(obj, (bytes, bytearray)):
        return {"class_name": "__bytes__", "config": {"value": bytes(obj).decode("utf-8", "surrogateescape")}}
    if isinstance(obj, slice):
        parts = [serialize(v) for v in (obj.start, obj.stop, obj.step)]
        return {"class_name": "__slice__", "config": dict(zip(("start", "stop", "step"), parts, strict=True))}
    if obj is Ellipsis:
        return {"class_name": "__ellipsis__", "config": {}}
    if isinstance(obj, (list, tuple)):  # named tuples as lists: their class is not written
        values = [serialize(v) for v in obj]
        return tuple(values) if type(obj) is tuple else values
    if isinstance(obj, dict):
        return {key: serialize(value) for key, value in obj.items()}
    if isinstance(obj, np.dtype) or (inspect.isclass(obj) and issubclass(obj, np.generic)):
        return dtypes.standardize_dtype(obj)
    if hasattr(obj, "_keras_history"):
        return _serialize_symbolic(obj)
    if hasattr(obj, "get_config"):
        return _serialize_configurable(obj)
    if hasattr(obj, "__array__"):
        array = np.asarray(obj)
        kind = "__numpy__" if isinstance(obj, np.ndarray) else "__tensor__"
        return {"class_name": kind, "config": {"value": array.tolist(), "dtype": array.dtype.name}}
    if callable(obj):
        return _serialize_function(obj)
    raise TypeError(f"Cannot describe {obj!r} as a config; give its class get_config().")


def _serialize_symbolic(x: Any) -> dict:
    history = x._keras_history
    return {
        "class_name": "__keras_tensor__",
        "config": {
            "shape": tuple(x.shape),
            "dtype": x.dtype,
            "keras_history": [history[0].name, history[1], history[2]],
        },
    }


def _public_module(obj: Any) -> tuple[str | None, str | None]:
    """(module, registered name) as Keras 3 writes them; module is None for user-written code."""
    registered = _registered_names.get(id(obj))
    if registered is not None:
        return getattr(obj, "__module__", None), registered[0]
    module = vars(obj).get("_keras_module") if inspect.isclass(obj) else getattr(obj, "_keras_module", None)
    if module is not None:
        return module, None
    return None, obj.__name__


def _serialize_configurable(obj: Any) -> dict:
    if type(obj) is dtypes.DTypePolicy:
        return {
            "module": "keras",
            "class_name": type(obj).__name__,
            "config": obj.get_config(),
            "registered_name": None,
        }
    cls = obj if inspect.isclass(obj) else type(obj)
    module, registered = _public_module(cls)
    config = {key: serialize(value) for key, value in obj.get_config().items()}
    result = {"module": module, "class_name": cls.__name__, "config": config, "registered_name": registered}
    if getattr(obj, "built", False) and hasattr(obj, "get_build_config"):
        build_config = obj.get_build_config()
        if build_config is not None:
            result["build_config"] = build_config
    if getattr(obj, "_compile_arguments", None) is not None:
        compiled = obj.get_compile_config()
        if compiled:
            result["compile_config"] = serialize(compiled)
    return result


def _serialize_function(fn: Callable) -> dict:
    if getattr(fn, "__name__", "") == "<lambda>":
        return {"class_name": "__lambda__", "config": modules["keras.saving"]().lambda_config(fn)}
    module, registered = _public_module(fn)
    return {
        "module": module or "builtins",
        "class_name": "function",
        "config": fn.__name__,
        "registered_name": registered or fn.__name__,
    }


_trusted: contextvars.ContextVar[bool] = contextvars.ContextVar("trusted", default=False)
trust_always = [False]  # what keras.config.enable_unsafe_deserialization sets


@contextlib.contextmanager
def trusting(trusted: bool = True) -> Iterator[None]:
    """Inside, the caller of a loader has said whether code in files may run."""
    token = _trusted.set(trusted)
    try:
        yield
    finally:
        _trusted.reset(token)


def trusts_code() -> bool:
    """May code in files run? Only where the caller has said so."""
    return _trusted.get() or trust_always[0]


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None, family: Family | None = None) -> Any:
    """The object that ``serialize`` described. Finds classes in the closed registry only."""
    if config is None or isinstance(config, (bool, int, float, str)):
        return config
    if isinstance(config, (list, tuple)):
        return type(config)(deserialize(v, custom_objects) for v in config)
    if not isinstance(config, dict):
        return config
    name = config.get("class_name")
    if not isinstance(name, str) or "config" not in config:
        return {key: deserialize(value, custom_objects) for key, value in config.items()}
    inner = config["config"]
    if name.startswith("__"):
        return _deserialize_plain(name, inner, custom_objects)
    if name == "function":
        if family is None and config.get("module") in (None, "builtins"):  # it says only what the function is called
            known = get_registered_object(inner, custom_objects)
            return modules["keras.saving"]().named_function(inner) if known is None else known
        return find_object(config.get("module"), inner, config.get("registered_name"), custom_objects, family)
    cls = find_object(config.get("module"), name, config.get("registered_name"), custom_objects, family)
    obj = _build(cls, inner, custom_objects)
    if config.get("build_config") and hasattr(obj, "build_from_config"):
        obj.build_from_config(deserialize(config["build_config"], custom_objects))
    if config.get("compile_config") and hasattr(obj, "compile_from_config"):
        obj.compile_from_config(config["compile_config"])
    return obj


def _deserialize_plain(name: str, inner: Any, custom_objects: dict[str, Any] | None) -> Any:
    if name == "__tuple__":
        return tuple(deserialize(v, custom_objects) for v in inner)
    if name in ("__numpy__", "__tensor__"):
        return np.array(inner["value"], dtype=dtypes.array_dtype(inner["dtype"]))
    if name == "__bytes__":
        return inner["value"].encode("utf-8", "surrogateescape")
    if name == "__slice__":
        return slice(*(deserialize(inner[k], custom_objects) for k in ("start", "stop", "step")))
    if name == "__ellipsis__":
        return Ellipsis
    if name == "__lambda__":
        return modules["keras.saving"]().lambda_from_config(inner)
    raise ValueError(f"A config names the unknown type {name!r}.")


def _is_family_function(module: str | None, name: str, found: Any) -> bool:
    """Functions are taken from families alone: a config must not name just any function of the package."""
    family = families.get(module or "")
    return family is not None and found is not None and family.objects.get(name) is found


def find_object(
    module: str | None,
    name: str,
    registered_name: str | None = None,
    custom_objects: dict[str, Any] | None = None,
    family: Family | None = None,
) -> Any:
    """The class or function that a config names, from the closed registry; raises ValueError for any other."""
    for key in (registered_name, name):
        found = get_registered_object(key, custom_objects) if key else None
        if found is not None:
            return found
    if module == "keras" and name.startswith("DTypePolicy"):
        return dtypes.DTypePolicy
    homes = [module] if module in modules else []
    homes += [family.module] if family is not None and family.module in modules else []
    for home in homes:  # families load their classes on first use
        found = getattr(modules[home](), name, None)
        if hasattr(found, "from_config") or _is_family_function(home, name, found):
            return found
    if family is not None:
        return family.find(name, custom_objects)
    where = f" of module {module!r}" if module else ""
    raise ValueError(
        f"Unknown object {name!r}{where}. If it is your own, pass it in custom_objects or register it with "
        "@register_keras_serializable()."
    )


def _build(cls: Any, config: Any, custom_objects: dict[str, Any] | None) -> Any:
    if not hasattr(cls, "from_config"):
        return cls if config in (None, {}) or not inspect.isclass(cls) else cls(**config)
    config = {} if config is None else config
    with custom_object_scope(custom_objects or {}):
        if isinstance(config, dict) and not getattr(cls, "_reads_own_config", False):
            config = {key: deserialize(value) for key, value in config.items()}
        return cls.from_config(config)

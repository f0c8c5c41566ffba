"""Objects declared by their fields: one mechanism for layers, losses, metrics, optimizers and the rest.

``@declare`` turns the annotations of a class into ``__init__`` with a real signature, ``__repr__``,
``get_config`` and ``from_config``.
"""

import functools
import inspect
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple, Self, get_origin

from . import errors

MISSING: Any = inspect.Parameter.empty


class Converter:
    """A field type: how a given value becomes the stored one, and what stands for it in a config.

    ``assigned``: what is assigned to the attribute later is converted too.
    """

    def __init__(
        self, get: Callable[[Any], Any], serialize: Callable[[Any], Any] = lambda value: value, assigned: bool = False
    ):
        self.get, self.serialize, self.assigned = get, serialize, assigned


class _Converted:
    """An attribute that converts what is assigned to it."""

    def __init__(self, name: str, get: Callable[[Any], Any]):
        self.name, self.get = name, get

    def __get__(self, owner: Any, cls: type) -> Any:
        if owner is None:
            return self
        try:
            return vars(owner)[self.name]
        except KeyError:
            raise AttributeError(f"{cls.__name__!r} object has no attribute {self.name!r}") from None

    def __set__(self, owner: Any, value: Any) -> None:
        vars(owner)[self.name] = self.get(value)


# The type of a field that only gives an argument of the base class, such as ``name``, a place among the positional ones.
BaseArgument: Any = Converter(lambda value: value)


class EraDefault:
    """A default that differs between Keras generations; the value is today's."""

    def __init__(self, value: Any):
        self.value = value

    def __repr__(self) -> str:
        return repr(self.value)


def era_default(value: Any) -> Any:
    """Marks a default that differs between Keras generations; the others stand in ``compat``."""
    return EraDefault(value)


class Field(NamedTuple):
    """One declared hyper-parameter."""

    name: str
    converter: Converter | None
    default: Any
    attribute: str  # where an object keeps it: under its name, unless a read-only property has that


class Era:
    """Which Keras generation's defaults hold, and what they are where they are not today's."""

    def __init__(self) -> None:
        self.name = "3"
        self.defaults: dict[tuple[str, str], Any] = {}
        # compat puts a function here: (class, args, kwargs) -> (args, kwargs) in today's words
        self.translate: Callable[[type, tuple, dict], tuple[tuple, dict]] | None = None
        # and here: how many arguments of a class stand in the same places in all generations, None for all
        self.stable: Callable[[type], int | None] = lambda cls: None


era = Era()


def current_era() -> str:
    """The generation whose defaults hold: "1", "2.2", "tf2" or "3".

    >>> current_era()
    '3'
    """
    return era.name


def resolve_default(cls: type, name: str, default: Any) -> Any:
    """The default of a field under the current era."""
    if isinstance(default, EraDefault):
        if era.defaults:
            for owner in cls.__mro__:
                if (owner.__name__, name) in era.defaults:
                    return era.defaults[owner.__name__, name]
        return default.value
    return default


def _fields_of(cls: type) -> dict[str, Field]:
    fields: dict[str, Field] = {}
    for base in reversed(cls.__mro__):
        if base is not cls and "_own_fields" not in vars(base):
            continue
        for name, kind in inspect.get_annotations(base).items():
            if kind is ClassVar or get_origin(kind) is ClassVar or name.startswith("_"):
                fields.pop(name, None)  # a subclass takes an inherited field away so
                continue
            default = vars(base).get("_field_defaults", vars(base)).get(name, MISSING)
            fields.pop(name, None)
            hidden = any(isinstance(p, property) and p.fset is None for p in (vars(b).get(name) for b in cls.__mro__))
            attribute = f"given_{name}" if hidden else name
            fields[name] = Field(name, kind if isinstance(kind, Converter) else None, default, attribute)
    return fields


def _base_init(cls: type) -> Callable:
    for base in cls.__mro__[1:]:
        init = vars(base).get("__init__")
        if init is not None and not getattr(init, "declared", False):
            return init
    return object.__init__


def declare(cls: type) -> type:
    """Gives a class the constructor, config and repr that its annotated fields describe."""
    cls._own_fields = True  # type: ignore[attr-defined]
    own = inspect.get_annotations(cls)
    cls._field_defaults = {n: vars(cls)[n] for n in own if n in vars(cls)}  # type: ignore[attr-defined]
    fields = _fields_of(cls)
    own_fields = {n: f for n, f in fields.items() if f.converter is not BaseArgument}
    # the same dict where it may be: a family may put its fields into another order afterwards
    cls._fields = fields if len(own_fields) == len(fields) else own_fields  # type: ignore[attr-defined]
    for name, field in fields.items():
        if name in own and field.converter is not None and field.converter.assigned and field.attribute == name:
            setattr(cls, name, _Converted(name, field.converter.get))
    for name in cls._field_defaults:  # type: ignore[attr-defined]
        if name in fields and fields[name].attribute != name:
            delattr(cls, name)  # the property of the base comes to light again
    if "__init__" in vars(cls):  # a class may write its constructor itself and still have fields
        return cls
    base_init = _base_init(cls)

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        values, rest = bind(self, cls, fields, args, kwargs)
        rest.update({n: v for n, v in values.items() if fields[n].converter is BaseArgument and v is not None})
        base_init(self, **rest)
        for name, value in values.items():
            if fields[name].converter is not BaseArgument:
                set_field(self, fields[name], value)
        self.__post_init__()

    __init__.declared = True  # type: ignore[attr-defined]
    __init__.__qualname__ = f"{cls.__name__}.__init__"
    __init__.__signature__ = _signature(fields, base_init, era.stable(cls))  # type: ignore[attr-defined]
    cls.__init__ = __init__  # type: ignore[misc]
    return cls


def _signature(fields: dict[str, Field], base_init: Callable, stable: int | None) -> inspect.Signature:
    P = inspect.Parameter
    params = [P("self", P.POSITIONAL_ONLY)]
    optional = False
    for place, f in enumerate(fields.values()):
        optional = optional or f.default is not MISSING
        moves = stable is not None and place >= stable  # it has other places in other generations
        kind = P.KEYWORD_ONLY if moves or optional and f.default is MISSING else P.POSITIONAL_OR_KEYWORD
        params.append(P(f.name, kind, default=f.default))
    if stable is not None:
        params.append(P("args", P.VAR_POSITIONAL))
    base = inspect.signature(base_init).parameters if base_init is not object.__init__ else {}
    known = {p.name for p in params}
    params += [
        p.replace(kind=P.KEYWORD_ONLY) for p in list(base.values())[1:] if p.kind in (1, 3) and p.name not in known
    ]
    params.sort(key=lambda p: p.kind)
    if stable is not None or any(p.kind == P.VAR_KEYWORD for p in base.values()):
        params.append(P("kwargs", P.VAR_KEYWORD))
    return inspect.Signature(params)


def _translated(owner: type, fields: dict[str, Field], args: tuple, kwargs: dict) -> tuple[tuple, dict]:
    """Old words become today's, where there is reason to suspect any."""
    if era.translate is None:
        return args, kwargs
    accepted = getattr(owner, "_base_arguments", ())
    strange = len(args) > 1 or era.name != "3" or any(k not in fields and k not in accepted for k in kwargs)
    strange = strange or any(type(first) in (float, dict) for first in args)
    return era.translate(owner, args, kwargs) if strange else (args, kwargs)


class _Required:
    def __repr__(self) -> str:
        return "required"


REQUIRED: Any = _Required()  # shown for an argument that must be given, under this or an older name


def takes_old_words(fn: Any = None, renamed: tuple[str, ...] = (), stable: int | None = None) -> Any:
    """Decorator: a function whose keywords may be those of older versions, as far as ``compat`` knows them.

    ``renamed`` are required arguments that had other names; ``stable`` is how many arguments (of methods: with self)
    stand in the same places in all versions, if not all do. A default may be an ``era_default``.
    """
    if fn is None:
        return functools.partial(takes_old_words, renamed=renamed, stable=stable)
    sig = inspect.signature(fn)
    known = frozenset(sig.parameters)
    moving = [
        (i, p.name, p.default) for i, p in enumerate(sig.parameters.values()) if isinstance(p.default, EraDefault)
    ]
    title = fn.__qualname__.removesuffix(".__init__")

    @functools.wraps(fn)
    def call(*args: Any, **kwargs: Any) -> Any:
        moved = stable is not None and len(args) > stable and era.name != "3"
        if era.translate is not None and (moved or kwargs and not known.issuperset(kwargs)):
            args, kwargs = era.translate(fn, args, kwargs) if moved else (args, era.translate(fn, (), kwargs)[1])
        for place, name, default in moving:
            if place >= len(args) and name not in kwargs:
                kwargs[name] = era.defaults.get((title, name), default.value)
        return fn(*args, **kwargs)

    P = inspect.Parameter
    first = min((i for i, name in enumerate(sig.parameters) if name in renamed), default=len(known))
    shown = [
        p.replace(default=REQUIRED) if i >= first and p.default is P.empty and p.kind < P.VAR_POSITIONAL else p
        for i, p in enumerate(sig.parameters.values())
    ]
    if stable is not None:
        shown[stable:] = [p if p.kind > P.VAR_POSITIONAL else p.replace(kind=P.KEYWORD_ONLY) for p in shown[stable:]]
        shown.insert(stable, P("args", P.VAR_POSITIONAL))
    if not any(p.kind == p.VAR_KEYWORD for p in shown):
        shown.append(P("kwargs", P.VAR_KEYWORD))
    call.__signature__ = sig.replace(parameters=shown)  # type: ignore[attr-defined]
    return call


def bind(self: Any, owner: type, fields: dict[str, Field], args: tuple, kwargs: dict) -> tuple[dict, dict]:
    """Matches arguments with fields; returns (field values, arguments for the base class)."""
    args, kwargs = _translated(owner, fields, args, kwargs)
    cls, names = type(self), list(fields)
    if len(args) > len(names):
        raise TypeError(
            f"{cls.__name__} takes at most {len(names)} positional arguments ({', '.join(names)}), received {len(args)}."
        )
    values = dict(zip(names, args, strict=False))
    rest = {}
    for name, value in kwargs.items():
        if name not in fields:
            rest[name] = value
        elif name in values:
            raise TypeError(f"{cls.__name__}: argument {name!r} was given twice, by position and by name.")
        else:
            values[name] = value
    accepted = getattr(cls, "_base_arguments", None)
    if accepted is not None:
        check_known(cls, rest, [*names, *accepted], accepted)
    elif rest and _base_init(owner) is object.__init__:
        check_known(cls, rest, names, ())
    for name, field in fields.items():
        if name not in values:
            if field.default is MISSING:
                raise TypeError(f"{cls.__name__}: the required argument {name!r} is missing.")
            values[name] = resolve_default(cls, name, field.default)
        elif isinstance(values[name], EraDefault):
            values[name] = resolve_default(cls, name, values[name])
    return values, rest


def check_known(owner: type | str, given: dict, names: list[str], accepted: Any) -> None:
    """Raises TypeError for the first argument that is not accepted, with the nearest that is."""
    for name in given:
        if name not in accepted:
            where = owner if isinstance(owner, str) else owner.__name__
            raise TypeError(f"{where}: {errors.unknown('argument', name, names)}")


def set_field(self: Any, field: Field, value: Any) -> None:
    """Stores one field, converted; errors name the class and the argument."""
    if field.converter is not None:
        try:
            value = field.converter.get(value)
        except (ValueError, TypeError) as error:
            raise type(error)(f"{type(self).__name__}({field.name}={value!r}): {error}") from None
    setattr(self, field.attribute, value)


class Configurable:
    """Base of everything that is declared by fields and described by a config dict."""

    _fields: ClassVar[dict[str, Field]] = {}

    def __post_init__(self) -> None:
        """Checks and derives, after the fields are set."""

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal object, as plain data."""
        config = {}
        for name, field in self._fields.items():
            value = getattr(self, field.attribute)
            config[name] = field.converter.serialize(value) if field.converter is not None else value
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The object that ``get_config`` described."""
        return cls(**config)

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}={getattr(self, f.attribute, None)!r}" for name, f in self._fields.items())
        return f"{type(self).__name__}({inside})"


def _integer(value: Any, minimum: int, text: str) -> int:
    if isinstance(value, bool) or not (hasattr(value, "__index__") or isinstance(value, float) and value.is_integer()):
        raise TypeError(f"expected {text}.")
    number = int(value)
    if number < minimum:
        raise ValueError(f"expected {text}.")
    return number


def sizes(shape: Any, where: str = "shape") -> tuple[Any, ...]:
    """A shape with its sizes as integers, None for unknown ones; raises ValueError for a part, as a division may give."""
    for d in shape:
        if type(d) is not int and d is not None and d != int(d):
            raise ValueError(f"{where} {tuple(shape)}: the size of an axis must be a whole number, received {d!r}.")
    return tuple(None if d is None else int(d) for d in shape)


def _pair(rank: int) -> Callable[[Any], tuple[int, ...]]:
    def get(value: Any) -> tuple[int, ...]:
        text = f"a positive integer or a tuple of {rank} positive integers"
        if isinstance(value, (tuple, list)):
            if len(value) != rank:
                raise ValueError(f"expected {text}.")
            return tuple(_integer(v, 1, text) for v in value)
        return (_integer(value, 1, text),) * rank

    return get


PositiveInt: Any = Converter(lambda v: _integer(v, 1, "a positive integer"))
NaturalInt: Any = Converter(lambda v: _integer(v, 0, "an integer of at least 0"))


def IntTuple(rank: int) -> Any:
    """Field type: ``rank`` positive integers, given as a tuple or as one integer for all."""
    return Converter(_pair(rank))


def optional(kind: Converter) -> Any:
    """Field type: None, or what ``kind`` takes."""
    return Converter(
        lambda v: None if v is None else kind.get(v),
        lambda v: None if v is None else kind.serialize(v),
    )

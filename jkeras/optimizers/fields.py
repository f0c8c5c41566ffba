"""How an optimizer stores its learning rate and the hyper-parameters that may change while it trains."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core import config
from ..core import frame as frames
from ..core.declare import current_era, declare
from ..core.naming import snake_case, unique_name
from ..core.variable import Variable
from . import schedules

BASE_FIELDS = (
    "learning_rate weight_decay clipnorm clipvalue global_clipnorm use_ema ema_momentum ema_overwrite_frequency "
    "loss_scale_factor gradient_accumulation_steps name"
).split()
NOT_A_RATE = (
    "{who}: expected learning_rate to be a number, a LearningRateSchedule, or a function that gives the learning rate "
    "(of no argument or of the step); received {value!r}."
)


def as_number(value: Any) -> float | None:
    """A Python float of anything that is a single real number, or None."""
    if isinstance(value, (bool, str)) or value is None:
        return None
    try:
        array = np.asarray(value)
    except TypeError:
        return None
    return float(array) if array.ndim == 0 and array.dtype.kind in "fiuV" else None


class LearningRate:
    """The attribute ``learning_rate``: a Variable, or a schedule or function evaluated at the current step."""

    def __get__(self, optimizer: Any, owner: Any = None) -> Any:
        if optimizer is None:
            return self
        rate = optimizer._learning_rate
        if rate is None or isinstance(rate, Variable):
            return rate
        return optimizer._rate_at(optimizer._iterations)

    @staticmethod
    def _may_be_none(optimizer: Any) -> bool:
        field = optimizer._fields.get("learning_rate")
        return field is None or field.default is None

    def __set__(self, optimizer: Any, value: Any) -> None:
        now = optimizer.__dict__.get("_learning_rate")
        if isinstance(value, dict):
            value = schedules.deserialize(value)
        number = None if isinstance(value, Variable) else as_number(value)
        if isinstance(now, schedules.LearningRateSchedule) and number is not None:
            raise TypeError(
                f"{type(optimizer).__name__} follows a {type(now).__name__}, so its learning rate cannot be set. "
                "Give a number as learning_rate when making the optimizer if you want to change it."
            )
        if number is not None and isinstance(now, Variable):
            now.assign(number)
            return
        if number is not None:
            value = Variable(np.float32(number), dtype=config.floatx(), trainable=False, name="learning_rate")
            value.path = f"{optimizer.name}/learning_rate" if "name" in optimizer.__dict__ else value.path
        elif not (value is None and self._may_be_none(optimizer) or isinstance(value, Variable) or callable(value)):
            raise ValueError(NOT_A_RATE.format(who=type(optimizer).__name__, value=value))
        optimizer._learning_rate = value
        optimizer._changed()


class Hyper:
    """A number that is a part of the state, so that a new value acts at the next step without compiling anew.

    Keras 3 shows it as a float, Keras 2 as a variable for ``K.set_value``.
    """

    def __init__(self, name: str):
        self.name = name

    def __get__(self, optimizer: Any, owner: Any = None) -> Any:
        if optimizer is None:
            return self
        number, cell = optimizer._hypers.get(self.name, (None, None))
        if cell is None:
            raise AttributeError(f"'{type(optimizer).__name__}' object has no attribute {self.name!r}")
        if optimizer._generation in ("2.2", "legacy"):
            return cell
        frame = frames.current()
        bound = frames.UNBOUND if frame is None else frame.lookup(cell)
        if bound is not frames.UNBOUND:
            return bound
        stored = float(cell.value)
        return number if np.float32(number) == np.float32(stored) else stored

    def __set__(self, optimizer: Any, value: Any) -> None:
        known = optimizer._hypers.get(self.name)
        if isinstance(value, Variable):
            optimizer._hypers[self.name] = (float(value), value)
            optimizer._changed()
            return
        number = as_number(value)
        if number is None:
            raise ValueError(f"{type(optimizer).__name__}({self.name}={value!r}): expected a number.")
        if known is None:
            cell = Variable(np.float32(number), dtype=config.floatx(), trainable=False, name=self.name)
            optimizer._hypers[self.name] = (number, cell)
            optimizer._changed()
            return
        optimizer._check_hyper(self.name, number)
        known[1].assign(number)
        optimizer._hypers[self.name] = (number, known[1])


class Name:
    """The attribute ``name``: None becomes a unique name made from the class's."""

    def __get__(self, optimizer: Any, owner: Any = None) -> Any:
        if optimizer is None:
            return self
        found = optimizer.__dict__.get("name")
        if found is None:
            found = optimizer.__dict__["name"] = _usual_name(optimizer)
        return found

    def __set__(self, optimizer: Any, value: Any) -> None:
        if value is not None and not isinstance(value, str):
            raise ValueError(f"{type(optimizer).__name__}(name={value!r}): expected a string.")
        if value is None and optimizer.__dict__.get("name") is not None:
            return
        optimizer.__dict__["name"] = value or _usual_name(optimizer)


def _usual_name(optimizer: Any) -> str:
    """tf.keras calls optimizers like their class."""
    own = type(optimizer).__name__
    return own if optimizer._generation in ("tf2", "legacy") else unique_name(snake_case(own))


def declared(family: Any, *aliases: str) -> Callable[[type], type]:
    """Decorator of an optimizer class: fields in Keras's order, changeable hyper-parameters, a name in the family.

    Arguments that all generations of Keras have at the same place (the first ``_positional``) show so in the signature.
    """

    def decorate(cls: type) -> type:
        own = [name for name in vars(cls).get("__annotations__", {}) if not name.startswith("_")]
        # Another default for what all optimizers have does not change its place.
        common = list(next(c for c in reversed(cls.__mro__) if vars(c).get("_fields"))._fields)
        stay = {*common} - {"learning_rate", "weight_decay", "name"}
        declare(cls)
        _accept_old_order(cls)
        fields = cls._fields
        first = own[: max((i + 1 for i, name in enumerate(own) if name not in stay), default=0)]
        rest = [*(name for name in fields if name not in common), *common]
        order = [*first, *(name for name in rest if name not in first)]
        ordered = {name: fields[name] for name in order if name in fields}
        fields.clear()
        fields.update(ordered)
        for name in own:
            if name in vars(cls):
                delattr(cls, name)
            if name in cls._dynamic:
                setattr(cls, name, Hyper(name))
        _sign(cls)
        return family.add(cls, *aliases)

    return decorate


def _accept_old_order(cls: Any) -> None:
    """The places of an era's own arguments.

    Keras 1 and 2 have ``decay`` among them, also where a flag is given as a number; tf.keras has ``jit_compile``.
    """
    made = cls.__init__
    if not getattr(made, "declared", False) or cls._fixed_generation == "legacy":
        return

    @functools.wraps(made)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        names = list(cls._fields)
        if current_era() == "tf2" and args:
            kwargs = {**dict(zip(_order_of_tf(cls, names), args, strict=False)), **kwargs}
            args = args[len(_order_of_tf(cls, names)) :]
        flags = [a for name, a in zip(names, args) if cls._fields[name].default is False]
        odd = any(not isinstance(a, (bool, np.bool_)) for a in flags)
        if len(args) > 1 and (odd or current_era() in ("1", "2.2")) and len(args) <= len(cls._old_order):
            kwargs = {**dict(zip(cls._old_order, args)), **kwargs}
            args = ()
        made(self, *args, **kwargs)

    __init__.declared = True  # type: ignore[attr-defined]
    cls.__init__ = __init__


def _order_of_tf(cls: Any, names: list[str]) -> list[str]:
    own = [n for n in vars(cls).get("_extra_arguments", {}) if n == "adaptive_epsilon"]  # Adam's
    order = [one for name in names for one in (name, *(own if name == "epsilon" else ()))]
    return [{"loss_scale_factor": "jit_compile"}.get(n, n) for n in order if n != "gradient_accumulation_steps"]


def _sign(cls: Any) -> None:
    P = inspect.Parameter
    given = cls._positional
    params = []
    for i, field in enumerate(cls._fields.values()):
        kind = P.POSITIONAL_OR_KEYWORD if given is None or i < given else P.KEYWORD_ONLY
        params.append(P(field.name, kind, default=field.default))
    if given is not None:
        params.insert(given, P("args", P.VAR_POSITIONAL))
    cls.__signature__ = inspect.Signature([*params, P("kwargs", P.VAR_KEYWORD)])


def signature_of_base(cls: Any) -> inspect.Signature:
    """What the base takes: its fields by name, and whatever earlier generations took besides."""
    fields = [inspect.Parameter(n, inspect.Parameter.KEYWORD_ONLY, default=f.default) for n, f in cls._fields.items()]
    args = inspect.Parameter("args", inspect.Parameter.VAR_POSITIONAL)
    return inspect.Signature([args, *fields, inspect.Parameter("kwargs", inspect.Parameter.VAR_KEYWORD)])

"""Configs of optimizers in the words of each Keras generation, and the checks of their arguments."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ..core import registry
from ..core.variable import Variable
from . import schedules
from .fields import BASE_FIELDS, as_number

if TYPE_CHECKING:
    from .optimizer import Optimizer

BASE = {
    "3": "name learning_rate weight_decay clipnorm global_clipnorm clipvalue use_ema ema_momentum "
    "ema_overwrite_frequency loss_scale_factor gradient_accumulation_steps",
    "tf2": "name weight_decay clipnorm global_clipnorm clipvalue use_ema ema_momentum ema_overwrite_frequency",
    "legacy": "name learning_rate decay",
    "2.2": "lr",
}
CLIPS = ("clipnorm", "clipvalue", "global_clipnorm")


def rate_of(optimizer: "Optimizer") -> Any:
    """The learning rate as plain data."""
    rate = optimizer._learning_rate
    if isinstance(rate, Variable):
        return float(rate._stored())
    if isinstance(rate, schedules.LearningRateSchedule):
        return schedules.serialize(rate)
    return registry.serialize(rate)


def config_of(optimizer: "Optimizer") -> dict[str, Any]:
    """The config, with the keys that the optimizer's generation of Keras writes."""
    generation = optimizer._generation
    own = [name for name in optimizer._fields if name not in BASE_FIELDS]
    config = {name: value_of(optimizer, name) for name in BASE[generation].split()}
    if generation in ("legacy", "2.2"):
        config.update({name: getattr(optimizer, name) for name in CLIPS if getattr(optimizer, name) is not None})
    if generation == "tf2":
        config.update(jit_compile=False, is_legacy_optimizer=False, learning_rate=rate_of(optimizer))
    config.update({name: value_of(optimizer, name) for name in own})
    for name, usual in optimizer._later.get(generation, {}).items():
        if config.get(name) == usual:  # an argument that this generation does not have
            del config[name]
    for name, usual in {"decay": 0.0, **optimizer._extra_arguments}.items():
        value = value_of(optimizer, name)
        if name in optimizer._always.get(generation, ()) or value != usual:
            config[name] = value
    return config


def value_of(optimizer: "Optimizer", name: str) -> Any:
    """One argument as plain data."""
    if name in ("learning_rate", "lr"):
        return rate_of(optimizer)
    if name == "decay" and (optimizer._generation == "legacy" or name not in optimizer._hypers):
        return optimizer.initial_decay
    value = getattr(optimizer, name)
    if isinstance(value, (Variable, np.generic)):
        return float(value)
    return value


def from_config(cls: type, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
    """The optimizer that a config of any generation describes."""
    config = dict(config)
    if "lr" in config:
        config.setdefault("learning_rate", config["lr"])
        del config["lr"]
    rate = config.get("learning_rate")
    if isinstance(rate, dict):
        config["learning_rate"] = registry.deserialize(rate, custom_objects, family=schedules.family)
    return cls(**config)


def check(optimizer: "Optimizer") -> None:
    """Raises ValueError for arguments that make no sense, alone or together."""
    who = type(optimizer).__name__
    for name in (*CLIPS, "loss_scale_factor", "weight_decay"):
        value = getattr(optimizer, name)
        if value is None:
            continue
        number = as_number(value)
        if number is None or number < 0:
            raise ValueError(f"{who}({name}={value!r}): expected None or a number of at least 0.")
    given = [name for name in CLIPS if getattr(optimizer, name) is not None]
    both = {"3": given, "tf2": set(given) - {"clipvalue"}}.get(optimizer._generation, set(given) - {"clipvalue"})
    if len(both) > 1:
        shown = ", ".join(f"{name}={getattr(optimizer, name)!r}" for name in sorted(both))
        raise ValueError(f"{who}: only one way of clipping can be used at a time, received {shown}.")
    steps = optimizer.gradient_accumulation_steps
    if steps and (isinstance(steps, bool) or not isinstance(steps, (int, np.integer)) or steps < 2):
        raise ValueError(f"{who}(gradient_accumulation_steps={steps!r}): expected None or an integer of at least 2.")
    if optimizer.use_ema:
        _check_ema(optimizer, who)


def _check_ema(optimizer: "Optimizer", who: str) -> None:
    momentum, every = as_number(optimizer.ema_momentum), optimizer.ema_overwrite_frequency
    if momentum is None or not 0 <= momentum <= 1:
        raise ValueError(f"{who}(ema_momentum={optimizer.ema_momentum!r}): expected a number from 0 to 1.")
    if every and (isinstance(every, bool) or not isinstance(every, (int, np.integer)) or every < 1):
        raise ValueError(f"{who}(ema_overwrite_frequency={every!r}): expected None or an integer of at least 1.")

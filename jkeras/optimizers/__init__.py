"""Optimizers and learning rate schedules, over optax.  https://keras.io/api/optimizers/"""

import inspect
from typing import Any

from ..core import registry
from ..core.declare import current_era
from . import experimental, legacy, schedules
from .from_optax import OptaxOptimizer, TFOptimizer
from .optimizer import Optimizer
from .table import (
    SGD,
    Adadelta,
    Adafactor,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    Ftrl,
    Lamb,
    Lion,
    Muon,
    Nadam,
    RMSprop,
    ScheduleFreeAdamW,
    family,
)
from .wrappers import LossScaleOptimizer, MultiOptimizer, OptimizerMap

sgd, rmsprop, adagrad, adadelta, adam, adamax, nadam = SGD, RMSprop, Adagrad, Adadelta, Adam, Adamax, Nadam

# Names of earlier Keras generations in configs.
for _name in ("SGD", "Adam", "Adagrad", "Adadelta"):
    family.add(family.objects[_name], f"Experimental{_name}")
family.add(LossScaleOptimizer, "LossScaleOptimizerV1", "LossScaleOptimizerV3")


def get(identifier: Any, **kwargs: Any) -> Any:
    """The optimizer that a name in any case, class, config dict, instance or optax transformation stands for.

    ``use_legacy_optimizer=True`` takes names from ``legacy``. Raises ValueError for anything else.

    >>> get("SGD").name[:3], get({"class_name": "Adam", "config": {"beta_1": 0.8}}).beta_1
    ('sgd', 0.8)
    """
    use_legacy = _flag("get", kwargs)
    if identifier is None or isinstance(identifier, Optimizer):
        return identifier
    if isinstance(identifier, str):
        return deserialize({"class_name": identifier, "config": {}}, use_legacy_optimizer=use_legacy)
    if isinstance(identifier, dict):
        return deserialize(identifier, use_legacy_optimizer=use_legacy)
    if inspect.isclass(identifier) and issubclass(identifier, Optimizer):
        return identifier()
    if hasattr(identifier, "init") and hasattr(identifier, "update") and not inspect.isclass(identifier):
        return OptaxOptimizer(identifier)
    raise ValueError(
        f"Could not interpret {identifier!r} as an optimizer: expected a name such as 'adam', an optimizer, its class, "
        "a config dict or an optax.GradientTransformation."
    )


def _flag(who: str, kwargs: dict[str, Any]) -> bool:
    found = kwargs.pop("use_legacy_optimizer", False)
    for name in kwargs:
        raise TypeError(f"{who}() got an unexpected keyword argument {name!r}")
    return bool(found)


def deserialize(
    config: Any, custom_objects: dict[str, Any] | None = None, use_legacy_format: bool = False, **kwargs: Any
) -> Any:
    """The optimizer that a config of any Keras generation describes; class names in any case.

    >>> deserialize(serialize(SGD(0.5, momentum=0.9))).momentum
    0.9
    """
    use_legacy = _flag("deserialize", kwargs)
    if not isinstance(config, dict) or "class_name" not in config:
        raise ValueError(
            f"Expected the config of an optimizer, a dict with 'class_name' and 'config'; received {config!r}."
        )
    inner = config.get("config")
    wanted = inner.get("is_legacy_optimizer", use_legacy) if isinstance(inner, dict) else use_legacy
    chosen = legacy.family if wanted else family
    config = {**config, "class_name": _known(config["class_name"], chosen, custom_objects)}
    return chosen.deserialize(config, custom_objects)


def _known(name: Any, chosen: registry.Family, custom_objects: dict[str, Any] | None) -> str:
    """Keras 2 writes functions' names in lower case; the registry wants the class's own."""
    if registry.get_registered_object(name, custom_objects) is not None:
        return name
    try:
        found = chosen.find(name, custom_objects)
    except ValueError:
        if not str(name).islower() and "_" not in str(name):
            return name  # perhaps registered under its package
        raise
    return found.__name__


def serialize(optimizer: Any, use_legacy_format: bool = False) -> Any:
    """The config of an optimizer, as Keras 3 writes it; ``use_legacy_format`` gives Keras 2's.

    >>> serialize(SGD(0.5))["config"]["learning_rate"]
    0.5
    """
    if use_legacy_format or current_era() in ("1", "2.2"):
        return {"class_name": type(optimizer).__name__, "config": optimizer.get_config()}
    return family.serialize(optimizer)


def optimizer_from_config(config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
    """The optimizer of a config of Keras 1, or of any later one.

    >>> optimizer_from_config({"name": "SGD", "lr": 0.5}).learning_rate.numpy().item()
    0.5
    """
    if "class_name" in config:
        return deserialize(config, custom_objects)
    inner = {key: value for key, value in config.items() if key != "name"}
    return deserialize({"class_name": config.get("name"), "config": inner}, custom_objects)


def clip_norm(g: Any, c: float, n: Any) -> Any:
    """A gradient times ``c / n`` where the norm ``n`` is at least ``c``; Keras 2's helper.

    >>> import jax.numpy as jnp
    >>> clip_norm(jnp.asarray([3.0, 4.0]), 1.0, 5.0).tolist()
    [0.6..., 0.8...]
    """
    import jax.numpy as jnp

    if c <= 0:
        return g
    return jnp.where(jnp.asarray(n) >= c, g * c / n, g)


__all__ = [
    "SGD",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Ftrl",
    "Lamb",
    "Lion",
    "LossScaleOptimizer",
    "MultiOptimizer",
    "Muon",
    "Nadam",
    "OptaxOptimizer",
    "Optimizer",
    "OptimizerMap",
    "RMSprop",
    "ScheduleFreeAdamW",
    "TFOptimizer",
    "adadelta",
    "adagrad",
    "adam",
    "adamax",
    "clip_norm",
    "deserialize",
    "experimental",
    "get",
    "legacy",
    "nadam",
    "optimizer_from_config",
    "rmsprop",
    "schedules",
    "serialize",
    "sgd",
]

"""The state of optimizers in files, in the order and number that each Keras expects."""

import warnings
from typing import Any

import numpy as np

from ..core import registry
from ..core.declare import current_era
from . import hdf5


def state_of(optimizer: Any) -> list[tuple[str, Any]]:
    """(name, value) of what the era's Keras saves of an optimizer."""
    era = current_era()
    variables = optimizer.weights_in({"1": "2.2", "tf2": "tf2"}.get(era, era))
    named = [(getattr(v, "path", None) or v.name, v) for v in variables]
    if (
        era == "tf2" and type(optimizer).__name__ == "SGD" and len(named) == 1
    ):  # tf.keras has slots without momentum, too
        named += [(f"SGD/m/{w.path}", np.zeros(w.shape, "float32")) for w in optimizer._trainable_variables]
    return named


def pairs_of_tree(group: Any, model: Any, path: str) -> list[tuple[Any, np.ndarray]]:
    """Variables of a model's optimizer with their values in a file of Keras 3's layout."""
    at = group.get("optimizer/vars")
    if at is None or getattr(model, "optimizer", None) is None:
        return []
    return _pairs(model, [hdf5.values_of(at[k], path) for k in sorted(at.keys(), key=int)], path)


def assign(model: Any, values: list[np.ndarray], path: str) -> None:
    """Gives the optimizer of a model the state of a file, or warns and leaves it fresh where they do not fit."""
    for v, value in _pairs(model, values, path):
        v.assign(value)


def _pairs(model: Any, values: list[np.ndarray], path: str) -> list[tuple[Any, np.ndarray]]:
    optimizer = model.optimizer
    before = dict(vars(optimizer))
    try:
        if not optimizer.built:
            optimizer.build(model.trainable_variables)
        shapes = [v.shape for v in values]
        for generation in dict.fromkeys((optimizer._generation, "3", "tf2", "legacy", "2.2")):
            targets = optimizer.weights_in(generation)
            if generation == "tf2" and len(targets) == 1 < len(shapes) and type(optimizer).__name__ == "SGD":
                shapes, values = shapes[:1], values[:1]  # slots that without momentum are zeros
            if type(optimizer).__name__ == "SGD" and shapes == [()] and not optimizer.momentum:
                targets = targets[:1]
            if [tuple(v.shape) for v in targets] == shapes:
                for v, value in zip(targets, values, strict=True):
                    hdf5.check_kind(value, v, path)
                return [*zip(targets, values, strict=True), *_product_of_nadam(optimizer, targets, values)]
        warnings.warn(
            f"{path}: its optimizer state ({len(values)} arrays) is not one of {optimizer.name!r} "
            f"({len(optimizer.variables)} arrays) and is left out.",
            stacklevel=2,
        )
        return []
    except BaseException:
        vars(optimizer).clear()
        vars(optimizer).update(before)
        raise


def _product_of_nadam(optimizer: Any, targets: list[Any], values: list[np.ndarray]) -> list[tuple[Any, np.ndarray]]:
    """Keras 2 does not save Nadam's product of momenta; it follows from the number of steps."""
    missing = [v for v in optimizer.variables if not any(v is t for t in targets) and v.name.endswith("u_product")]
    if type(optimizer).__name__ != "Nadam" or not missing:
        return []
    steps = int(np.asarray(values[0])) if np.ndim(values[0]) == 0 else 0
    decay = float(optimizer.schedule_decay)
    beta, product = np.float32(optimizer.beta_1), np.float32(1.0)
    for t in range(1, steps + 1):
        product *= beta * (np.float32(1.0) - np.float32(0.5) * np.float32(0.96) ** np.float32(t * decay))
    return [(missing[0], product)]


def described(optimizer: Any) -> Any:
    """The config of an optimizer in the words of the era's Keras."""
    own = vars(optimizer)
    before = own.get("_generation")
    if before is None:
        return registry.serialize(optimizer)
    era = {"1": "2.2"}.get(current_era(), current_era())
    if era == "2.2":
        _check_for_22(optimizer)
    if not (before == "legacy" and era == "tf2"):
        own["_generation"] = era
    try:
        config = registry.serialize(optimizer)
    finally:
        own["_generation"] = before
    if era == "2.2":  # where a run starts from: the state says more
        config["config"].pop("initial_accumulator_value", None)
    if era != "tf2" and config.get("module") == "keras.optimizers.legacy":
        config["module"] = "keras.optimizers"
    return config


def _check_for_22(optimizer: Any) -> None:
    for name in ("weight_decay", "global_clipnorm", "loss_scale_factor", "gradient_accumulation_steps", "use_ema"):
        if getattr(optimizer, name, None):
            raise ValueError(
                f"Keras 2.2's optimizers have no {name}, which {optimizer.name!r} uses. Save for Keras 3, or with "
                "include_optimizer=False."
            )

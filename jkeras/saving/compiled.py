"""The arguments of compile as plain data."""

from typing import Any

from ..core import registry
from . import optimizer_state


def compile_config(model: Any) -> dict[str, Any] | None:
    """What ``compile_from_config`` needs; None for a model that is not compiled."""
    compiled = model._compiled
    if compiled is None:
        return None
    wanted = "loss loss_weights metrics weighted_metrics".split()
    given = {name: compiled.arguments.get(name) for name in wanted}
    given.update(
        run_eagerly=compiled.run_eagerly, steps_per_execution=compiled.steps_per_execution, jit_compile=compiled.jit
    )
    described = {name: registry.serialize(value) for name, value in given.items()}
    return {**described, "optimizer": optimizer_state.described(model.optimizer)}


def compile_from_config(model: Any, config: dict[str, Any]) -> None:
    """Compiles as the config says, and makes the optimizer's variables if the model is built."""
    known = {k: registry.deserialize(v) for k, v in config.items() if v is not None}
    model.compile(**known)
    if model.built and model.trainable_variables:
        model.optimizer.build(model.trainable_variables)

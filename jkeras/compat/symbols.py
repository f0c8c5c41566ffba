"""What a compiled model of Keras 2.2 showed: symbolic targets, weights and loss, and its functions of lists."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from ..core.symbolic import KerasTensor, record
from ..layers.inputs import Input
from ..train import checks, compiling, measuring


def _compiled(model: Any) -> Any:
    checks.is_compiled(model, "targets, total_loss and the like")
    if model._graph is None:
        raise ValueError(f"Model '{model.name}' has no symbolic outputs: it was not made from symbolic inputs.")
    compiled = model._compiled
    if getattr(compiled, "symbols", None) is None:
        losses = compiling._spread(compiled.loss, compiling.output_names(model), "loss")
        shapes = [_target_shape(loss, x.shape) for loss, x in zip(losses, model.outputs, strict=True)]
        names = [f"{name}_{what}" for name in compiling.output_names(model) for what in ("target", "sample_weights")]
        targets = [Input(batch_shape=s, name=n) for s, n in zip(shapes, names[::2], strict=True)]
        weights = [Input(batch_shape=(None,), name=n) for n in names[1::2]]
        compiled.symbols = (targets, weights)
    return compiled


def _target_shape(loss: Any, shape: tuple) -> tuple:
    return (*shape[:-1], 1) if str(getattr(loss, "name", "")).startswith("sparse") else shape


def targets(model: Any) -> list[KerasTensor]:
    """A symbolic target for each output."""
    return list(_compiled(model).symbols[0])


def sample_weights(model: Any) -> list[KerasTensor]:
    """Symbolic weights of the samples for each output."""
    return list(_compiled(model).symbols[1])


def total_loss(model: Any) -> KerasTensor:
    """The loss that training minimises, as a symbolic function of inputs, targets and sample weights."""
    compiled = _compiled(model)
    ys, ws = compiled.symbols
    losses = compiling._spread(compiled.loss, compiling.output_names(model), "loss")
    scale = compiling._spread(compiled.loss_weights, compiling.output_names(model), "loss_weights")

    def total(targets: list, outputs: list, weights: list) -> Any:
        value = jnp.zeros(())
        for loss, factor, y, p, w in zip(losses, scale, targets, outputs, weights, strict=True):
            if loss is not None:
                value = value + measuring.loss_value(loss, y, p, w, compiled.era) * (1.0 if factor is None else factor)
        for penalty in model._regularization_losses():
            value = value + jnp.sum(penalty)
        return value

    total.__name__ = "total_loss"
    return record(total, (ys, list(model.outputs), ws), {}, name="total_loss")


def _split(model: Any, values: Any, names: tuple[str, ...]) -> list[list[Any]]:
    """The flat list that a function of Keras 2.2 takes, in parts; a learning phase may end it."""
    counts = {"x": len(model.inputs), "y": len(model.outputs), "w": len(model.outputs)}
    values, parts = list(values), []
    wanted = sum(counts[n] for n in names)
    if len(values) not in (wanted, wanted + 1):
        raise ValueError(f"Model '{model.name}': expected a list of {wanted} arrays, received {len(values)}.")
    for name in names:
        parts.append([np.asarray(v) for v in values[: counts[name]]])
        values = values[counts[name] :]
    return parts


def _one(values: list) -> Any:
    return values[0] if len(values) == 1 else values


def train_function(model: Any) -> Any:
    """A function of ``[*inputs, *targets, *sample_weights]``: one training step; gives the loss and the metrics."""

    def run(values: Any) -> list[Any]:
        x, y, w = _split(model, values, ("x", "y", "w"))
        return np.ravel(model.train_on_batch(_one(x), _one(y), sample_weight=_one(w))).tolist()

    return run


def test_function(model: Any) -> Any:
    """A function of ``[*inputs, *targets, *sample_weights]``: loss and metrics of a batch."""

    def run(values: Any) -> list[Any]:
        x, y, w = _split(model, values, ("x", "y", "w"))
        return np.ravel(model.test_on_batch(_one(x), _one(y), sample_weight=_one(w))).tolist()

    return run


def predict_function(model: Any) -> Any:
    """A function of ``[*inputs]``: the list of outputs of a batch."""

    def run(values: Any) -> list[Any]:
        (x,) = _split(model, values, ("x",))
        found = model.predict_on_batch(_one(x))
        return list(found) if isinstance(found, (list, tuple)) else [found]

    return run

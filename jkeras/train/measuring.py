"""The losses and metrics of a batch: computed, and named as ``fit`` and ``evaluate`` give them."""

import functools
import inspect
from typing import Any

import jax
import jax.numpy as jnp

from .. import losses as losses_module
from ..core import frame as frames
from ..core import pure, tracking
from ..core.variable import Variable
from . import compiling


def loss_of(model: Any, x: Any, y: Any, y_pred: Any, sample_weight: Any, training: Any) -> Any:
    """``model.compute_loss``, which in users' classes may take no ``training``."""
    takes = "training" in inspect.signature(model.compute_loss).parameters
    more = {"training": training} if takes else {}
    return model.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, **more)


def loss_value(loss: Any, y: Any, y_pred: Any, weight: Any, era: str) -> jax.Array:
    """The loss of one output; older eras divide by the number of weights that are not zero."""
    if era in ("1", "2.2") and isinstance(loss, losses_module.Loss):
        values, mask = loss.values_and_mask(y, y_pred)
        return losses_module.reduce_weighted(values, weight, mask, loss.reduction, era=era)
    return loss(y, y_pred, weight)


def compute_loss(
    model: Any, x: Any, y: Any, y_pred: Any, sample_weight: Any, training: bool = True, rows: Any = None
) -> jax.Array:
    """The sum of the outputs' weighted losses and of what the layers add; keeps the outputs' own losses.

    ``rows`` is the number of rows that count, where it is not that of the predictions.
    """
    total = loss_of_outputs(model, x, y, y_pred, sample_weight, rows)
    for value in model.losses:
        total = total + frames.recorded(_as_scalar, value)
    return total


def loss_of_outputs(model: Any, x: Any, y: Any, y_pred: Any, sample_weight: Any, rows: Any = None) -> jax.Array:
    """The sum of the outputs' weighted losses."""
    compiled = compiling.resolve(model, x, y)
    total, values = frames.recorded(functools.partial(_losses, compiled), y, y_pred, sample_weight)
    rows = jax.tree.leaves(y_pred)[0].shape[0] if rows is None else rows
    for output, value in zip(compiled.outputs or [], values, strict=True):
        if output.tracker is not None and value is not None:
            output.tracker.update_state(value, sample_weight=rows)
    return total


def _losses(compiled: compiling.Compiled, y: Any, y_pred: Any, sample_weight: Any) -> tuple[jax.Array, list[Any]]:
    """The weighted sum of the outputs' losses, and each of them."""
    total: Any = jnp.zeros(())
    values: list[Any] = []
    predictions = jax.tree.leaves(y_pred)
    targets, weights = compiled.parts(y), compiled.parts(sample_weight)
    for output, t, p, w in zip(compiled.outputs or [], targets, predictions, weights, strict=True):
        if output.loss is None or t is None:
            values.append(None)
            continue
        value = loss_value(output.loss, t, p, w, compiled.era)
        value = jnp.mean(value) if jnp.ndim(value) else value
        values.append(value)
        weighted = value if output.weight is None else value * output.weight
        total = total + weighted.astype(jnp.float32)
    return total, values


def _as_scalar(value: Any) -> jax.Array:
    return jnp.sum(jnp.asarray(value)).astype(jnp.float32)


def compute_metrics(model: Any, x: Any, y: Any, y_pred: Any, sample_weight: Any) -> dict[str, Any]:
    """Updates the metrics of all outputs; gives the results by name."""
    update_metrics(model, x, y, y_pred, sample_weight)
    return metrics_result(model)


def update_metrics(model: Any, x: Any, y: Any, y_pred: Any, sample_weight: Any) -> None:
    """Updates the metrics of all outputs."""
    compiled = compiling.resolve(model, x, y)
    predictions = jax.tree.leaves(y_pred)
    targets, weights = compiled.parts(y), compiled.parts(sample_weight)
    for output, t, p, w in zip(compiled.outputs or [], targets, predictions, weights, strict=True):
        if t is not None:
            update_output(output, t, p, w, compiled.era)


def update_output(output: compiling.Output, y: Any, y_pred: Any, weight: Any, era: str, counts: Any = None) -> None:
    """Updates the metrics of one output; ``counts`` (batch,) says where rows are not to count at all."""
    if era != "3" and jnp.ndim(y) == 1 and y_pred.ndim == 2:
        y = y[:, None]  # as every Keras before the third gave them to its metrics
    more = {} if counts is None else {"sample_weight": counts}
    for m in output.metrics:
        m.update_state(y, y_pred, **more)
    for m in output.weighted:
        _update_weighted(m, y, y_pred, weight, era)


def _update_weighted(metric: Any, y: Any, y_pred: Any, weight: Any, era: str) -> None:
    """Before tf.keras, a weighted metric was divided by the number of weights that are not zero, not by their sum."""
    fn = getattr(metric, "_fn", None)
    if era not in ("1", "2.2") or weight is None or fn is None:
        metric.update_state(y, y_pred, sample_weight=weight)
        return
    value = losses_module.reduce_weighted(fn(y, y_pred), weight, frames.get_mask(y_pred), era=era)
    count = y_pred.shape[0]
    metric.total.assign_add(value * count)
    metric.count.assign_add(float(count))


def metrics_of(model: Any) -> list[Any]:
    """The metrics of ``compile`` and those among the attributes of the model and its layers."""
    own = tracking.metrics(model)
    compiled = model._compiled
    if compiled is None:
        return own
    mine = compiled.trackers()
    known = set(map(id, mine))
    return mine + [m for m in own if id(m) not in known]


def metrics_variables(model: Any) -> list[Variable]:
    """The Variables of all metrics."""
    return tracking.unique([v for m in metrics_of(model) for v in m.variables])


def _named(model: Any) -> list[tuple[str, Any]]:
    """(name in logs, metric) of all metrics, in order."""
    compiled = model._compiled
    named = compiled.named_results() if compiled is not None else []
    known = {id(m) for _, m in named}
    named += [(m.name, m) for m in tracking.metrics(model) if id(m) not in known]
    return compiling.unique_names(named)


def metrics_result(model: Any) -> dict[str, Any]:
    """Results of all metrics by name."""
    results: dict[str, Any] = {}
    for name, metric in _named(model):
        value = metric.result()
        if isinstance(value, dict):
            results.update(value)
        else:
            results[name] = value
    return results


def metrics_names(model: Any) -> list[str]:
    """The names of what ``evaluate`` gives, in order."""
    compiled = model._compiled
    if compiled is None:
        return []
    if compiled.outputs is None and getattr(model, "_graph", None) is not None:
        try:
            compiling.resolve(model, None, None)
        except ValueError:  # needs targets to choose: known after the first data
            compiled.outputs = None
    return [name for name, _ in _named(model)]


def loss_and_updates(
    model: Any, trainable: Any, non_trainable: Any, metric_values: Any, batch: tuple, training: bool, optimizer: Any
) -> Any:
    """The forward pass and its loss as a pure function: (scaled loss, (loss, outputs, non-trainable, metric values))."""
    x, y, sample_weight = batch
    values = _bound(model, "compute_loss_and_updates", trainable, non_trainable, metric_values)
    with frames.Frame(values=values, training=training) as frame:
        y_pred = model(x, training=training)
        loss = loss_of(model, x, y, y_pred, sample_weight, training)
    _, *after = _values_by_group(model, frame.values)
    scaled = loss
    if training and optimizer is not None and hasattr(model.optimizer, "scale_loss"):
        with frames.Frame(values=dict(zip(model.optimizer.variables, optimizer, strict=False))):
            scaled = model.optimizer.scale_loss(loss)
    return scaled, (loss, y_pred, *after)


def stateless_compute_loss(
    model: Any,
    trainable: Any,
    non_trainable: Any,
    metric_values: Any,
    x: Any,
    y: Any,
    y_pred: Any,
    sample_weight: Any,
    training: bool,
) -> Any:
    """Keras 3's pure form of ``compute_loss``."""
    values = _bound(model, "stateless_compute_loss", trainable, non_trainable, metric_values)
    with frames.Frame(values=values, training=training) as frame:
        loss = loss_of(model, x, y, y_pred, sample_weight, training)
    return loss, tuple(_values_by_group(model, frame.values))


_GROUPS = ("trainable_variables", "non_trainable_variables", "metrics_variables")


def _bound(model: Any, what: str, *given: Any) -> dict[Variable, Any]:
    """The Variables of a model with the values that are given for each group."""
    values: dict[Variable, Any] = {}
    for group, arrays in zip(_GROUPS, given, strict=True):
        values.update(pure.bind(getattr(model, group), arrays, f"{what}: {group}"))
    return values


def _values_by_group(model: Any, values: Any) -> list[list[Any]]:
    return [[values[v] for v in getattr(model, group)] for group in _GROUPS]

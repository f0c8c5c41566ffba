"""Training, evaluation and prediction of one batch as pure functions, made from model, loss, metrics and optimizer."""

import inspect
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax

from ..core import calling
from ..core import frame as frames
from ..core.variable import Variable, initialize
from ..nn.platform import held
from . import measuring, recompiling

Batch = tuple[Any, Any, Any]  # inputs, targets, sample weights


class Carry(NamedTuple):
    """What a training step takes and gives back: one array for each Variable of the plan."""

    params: list[jax.Array]
    state: list[jax.Array]
    optimizer: list[jax.Array]
    metrics: list[jax.Array]


class Plan(NamedTuple):
    """The Variables behind a carry."""

    params: list[Variable]
    state: list[Variable]
    optimizer: list[Variable]
    metrics: list[Variable]
    flags: dict[int, bool]

    def bound(self, carry: Carry) -> dict[Variable, Any]:
        """Each Variable with its array."""
        return {v: a for group, arrays in zip(self[:4], carry, strict=True) for v, a in zip(group, arrays, strict=True)}

    def carry_from(self, values: dict[Variable, Any]) -> Carry:
        """The carry after a call that left these values."""
        return Carry(*([values[v] for v in group] for group in self[:4]))


def make_plan(model: Any, make: bool = True) -> Plan:
    """Which Variables train, which only change, and which belong to optimizer and metrics; makes their arrays if asked."""
    compiled = model._compiled
    flags = compiled.trainable_flags
    train = model._trainable_ids(flags)
    variables = model.variables
    params = [v for v in variables if id(v) in train]
    if params and not model.optimizer.built:
        if make:
            initialize(variables)
        model.optimizer.build(params)
    elif params:
        _check_same(model, params)
    optimizer = list(model.optimizer.state_variables)
    known = {*map(id, params), *map(id, optimizer)}
    metrics = [v for v in measuring.metrics_variables(model) if id(v) not in known]
    known.update(map(id, metrics))
    state = [v for v in variables if id(v) not in known]
    plan = Plan(params, state, optimizer, metrics, flags)
    if make:
        initialize([v for group in plan[:4] for v in group])
    return plan


def _check_same(model: Any, params: Sequence[Variable]) -> None:
    built = getattr(model.optimizer, "_trainable_variables", None)
    if built and {id(v) for v in built} != {id(v) for v in params}:
        raise ValueError(
            f"Model '{model.name}': the optimizer was made for {len(built)} weights, and other ones train now "
            f"({len(params)}). Give compile() a new optimizer."
        )


# ------------------------------------------------- steps


def form_of(model: Any, name: str) -> str:
    """How ``train_step`` and its kin are written: "default", "stateless" (state, data) or "plain" (data)."""
    from ..core.layer import Layer

    method = getattr(type(model), name)
    definer = next(c for c in type(model).__mro__ if name in vars(c))
    if definer.__module__ == "jkeras.models.model" or definer is Layer:
        return "default"
    params = [p for p in inspect.signature(method).parameters.values() if p.kind in (0, 1)]
    return "stateless" if len(params) > 2 else "plain"


def train_step(model: Any, plan: Plan) -> Callable[[Carry, Batch], tuple[Carry, dict]]:
    """``carry, logs = step(carry, batch)``; logs are those of an overridden step, else empty: metrics are in the carry."""
    form = form_of(model, "train_step")
    if form == "default":
        return _noted(model, "train", lambda carry, batch: _default_train(model, plan, carry, batch))
    return _noted(model, "train", _overridden(model, plan, "train_step", form, training=True))


def test_step(model: Any, plan: Plan) -> Callable[[Carry, Batch], tuple[Carry, dict]]:
    """The same for evaluation: parameters and optimizer stay as they are."""
    form = form_of(model, "test_step")
    if form == "default":
        return _noted(model, "test", lambda carry, batch: _default_test(model, plan, carry, batch))
    return _noted(model, "test", _overridden(model, plan, "test_step", form, training=False))


def _noted(model: Any, mode: str, step: Callable) -> Callable:
    """``step``, which counts for which shapes it is compiled: its own code runs when it is traced."""

    def noted(carry: Carry, batch: Batch) -> tuple[Carry, dict]:
        recompiling.note(model, mode, batch)
        return step(carry, batch)

    return noted


def frame_for(plan: Plan, values: dict, training: bool) -> frames.Frame:
    """The frame of a step: values bound, what trains as it was when the model was compiled."""
    frame = frames.Frame(values=values, training=training)
    frame.trainable_flags = plan.flags
    return frame


def _forward(model: Any, plan: Plan, values: dict, batch: Batch, training: bool) -> tuple[Any, Any]:
    x, y, weight = batch
    with frame_for(plan, values, training) as frame:
        frame.step = values[plan.optimizer[0]] if training and plan.optimizer else None
        y_pred = calling.call(model, (x,), {"training": training})
        loss = measuring.loss_of(model, x, y, y_pred, weight, training)
        masks = [frames.get_mask(p) for p in jax.tree.leaves(y_pred)]
        added = [(name, value) for _, (name, value, _) in frame.metrics]
        for name, value in added:
            if name in model._compiled.added:
                model._compiled.added[name].update_state(value)
    return loss, (y_pred, masks, frame.values)


def _count_batch(x: Any) -> int:
    return jax.tree.leaves(x)[0].shape[0]


def _measure(
    model: Any, plan: Plan, values: dict, batch: Batch, loss: Any, y_pred: Any, masks: list
) -> tuple[dict, dict]:
    """Updates the metrics; gives all values after it and the logs of an overridden ``compute_metrics``."""
    x, y, weight = batch
    logs: dict = {}
    custom = form_of(model, "compute_metrics") != "default" or form_of(model, "get_metrics_result") != "default"
    with frame_for(plan, values, False) as frame:
        for p, m in zip(jax.tree.leaves(y_pred), masks, strict=True):
            if m is not None:
                frames.set_mask(p, m)
        model._compiled.loss_tracker.update_state(loss, sample_weight=_count_batch(x))
        if custom:
            logs = model.compute_metrics(x, y, y_pred, weight)
        else:
            measuring.update_metrics(model, x, y, y_pred, weight)
    return frame.values, logs  # type: ignore[return-value]


def _default_train(model: Any, plan: Plan, carry: Carry, batch: Batch) -> tuple[Carry, dict]:
    bound = plan.bound(carry)
    scale = getattr(model.optimizer, "scale_loss", None)

    def objective(params: list) -> tuple[Any, Any]:
        values = {**bound, **dict(zip(plan.params, params, strict=True))}
        loss, (y_pred, masks, after) = _forward(model, plan, values, batch, training=True)
        scaled = loss
        if scale is not None:
            with frame_for(plan, dict(after), True):
                scaled = scale(loss)
        rest = {v: after[v] for group in (plan.state, plan.optimizer, plan.metrics) for v in group}
        return scaled, (loss, y_pred, masks, list(rest.values()))

    (_, (loss, y_pred, masks, rest)), grads = jax.value_and_grad(objective, has_aux=True)(carry.params)
    grads = [held(g) for g in grads]
    params, optimizer = model.optimizer.update(grads, carry.optimizer, carry.params) if grads else ([], carry.optimizer)
    n = len(plan.state)
    values = {
        **dict(zip(plan.params, params, strict=True)),
        **dict(zip(plan.state, rest[:n], strict=True)),
        **dict(zip(plan.optimizer, optimizer, strict=True)),
        **dict(zip(plan.metrics, rest[n + len(plan.optimizer) :], strict=True)),
    }
    values, logs = _measure(model, plan, values, batch, loss, y_pred, masks)
    return plan.carry_from(values), logs


def _default_test(model: Any, plan: Plan, carry: Carry, batch: Batch) -> tuple[Carry, dict]:
    loss, (y_pred, masks, values) = _forward(model, plan, plan.bound(carry), batch, training=False)
    values, logs = _measure(model, plan, values, batch, loss, y_pred, masks)
    return plan.carry_from(values), logs


def as_data(batch: Batch) -> tuple:
    """A batch as Keras hands it to ``train_step``: (x,), (x, y) or (x, y, sample_weight)."""
    x, y, weight = batch
    return (x, y, weight) if weight is not None else (x, y) if y is not None else (x,)


def as_batch(data: Any) -> Batch:
    """(x, y, sample_weight) from what Keras calls data."""
    x, y, weight = (*data, None, None)[:3] if isinstance(data, (tuple, list)) else (data, None, None)
    return x, y, weight


def _shown(model: Any, plan: Plan) -> list[int]:
    """Which metrics the class shows, in its order: it may be others than all there are."""
    place = {v: i for i, v in enumerate(plan.metrics)}
    return list(dict.fromkeys(place[v] for m in model.metrics for v in m.variables if v in place))


def _overridden(model: Any, plan: Plan, name: str, form: str, training: bool) -> Callable:
    method = getattr(model, name)
    shown = _shown(model, plan)

    def with_metrics(carry: Carry, after: Any) -> list:
        metrics = list(carry.metrics)
        for i, value in zip(shown, after, strict=True):
            metrics[i] = value
        return metrics

    def stateless(carry: Carry, batch: Batch) -> tuple[Carry, dict]:
        count = len(model.optimizer.variables)
        optimizer, hyper = carry.optimizer[:count], carry.optimizer[count:]
        metrics = [carry.metrics[i] for i in shown]
        if name == "train_step":
            given = (carry.params, carry.state, optimizer, metrics)
        else:
            given = (carry.params, carry.state, metrics)
        # what the step's author is not given is there for ``super().train_step``
        unseen = dict(zip(plan.optimizer[count:], hyper, strict=True))
        unseen.update((v, carry.metrics[i]) for i, v in enumerate(plan.metrics) if i not in shown)
        with frame_for(plan, unseen, training):
            logs, after = method(given, as_data(batch))
        if name == "train_step":
            params, state, optimizer, metrics = (list(group) for group in after)
            return Carry(params, state, optimizer + hyper, with_metrics(carry, metrics)), dict(logs)
        params, state, metrics = (list(group) for group in after)
        return Carry(params, state, carry.optimizer, with_metrics(carry, metrics)), dict(logs)

    def plain(carry: Carry, batch: Batch) -> tuple[Carry, dict]:
        data = as_data(batch)
        if frames.recorder is not None:  # a script for TensorFlow, whose tapes follow tensors
            data = frames.recorder.given(data)
        with frame_for(plan, plan.bound(carry), training) as frame:
            logs = method(data)
        return plan.carry_from(frame.values), _arrays(dict(logs or {}))  # type: ignore[arg-type]

    return stateless if form == "stateless" else plain


def _arrays(found: Any) -> Any:
    """What a step of a script gave, Variables and tensors as arrays."""
    own = lambda v: not isinstance(v, jax.Array) and hasattr(v, "__jax_array__")  # noqa: E731
    return jax.tree.map(lambda v: v.__jax_array__() if own(v) else v, found)


def predict_step(model: Any, params: list[Variable], state: list[Variable]) -> Callable:
    """``outputs, {place in state: value} = step(params, state, x)``; only what the call changed comes back."""
    form = form_of(model, "predict_step")

    def step(params_now: list, state_now: list, x: Any) -> tuple[Any, dict[int, Any]]:
        recompiling.note(model, "predict", (x, None, None))
        values = dict(zip([*params, *state], [*params_now, *state_now], strict=True))
        with frames.Frame(values=values, training=False) as frame:
            if form == "plain":
                outputs = _arrays(model.predict_step((x,)))
            elif form == "stateless":
                outputs, _ = model.predict_step((params_now, state_now), (x,))
            else:
                outputs = calling.call(model, (x,), {"training": False})
        changed = {i: frame.values[v] for i, v in enumerate(state) if v in frame.updated}
        return outputs, changed

    return step


def default_step(model: Any, name: str, args: tuple) -> Any:
    """``super().train_step(...)`` and the like inside an overridden step."""
    plan = model._programs.get("plan")
    if plan is None:
        raise RuntimeError(f"{name}: call it inside fit(), evaluate() or predict().")
    step = _default_train if name == "train_step" else _default_test
    if len(args) == 2:
        groups, data = args
        count = len(model.optimizer.variables)
        if name == "train_step":
            params, state, optimizer, metrics = (list(g) for g in groups)
        else:
            (params, state, metrics), optimizer = (list(g) for g in groups), []
        hyper = [v.value for v in plan.optimizer[len(optimizer) if optimizer else 0 :]]
        shown = _shown(model, plan)
        known = dict(zip(shown, metrics, strict=True))
        metrics = [known[i] if i in known else v.value for i, v in enumerate(plan.metrics)]
        carry, _ = step(model, plan, Carry(params, state, optimizer + hyper, metrics), as_batch(data))
        with frame_for(plan, plan.bound(carry), False):
            logs = model.get_metrics_result()
        metrics = [carry.metrics[i] for i in shown]
        if name == "train_step":
            return logs, (carry.params, carry.state, carry.optimizer[:count], metrics)
        return logs, (carry.params, carry.state, metrics)
    frame = frames.current()
    assert frame is not None and frame.values is not None
    carry, _ = step(model, plan, plan.carry_from(frame.values), as_batch(args[0]))
    for v, a in plan.bound(carry).items():
        frame.assign(v, a)
    return model.get_metrics_result()

"""One optimizer step as a pure function: clipping, weight decay, the rule, accumulation, averages, constraints.

The state of an optimizer is a flat list of arrays, one per ``Entry`` of its layout; here it is a dict by group.
"""

import inspect
from collections.abc import Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from ..core.frame import Frame
from ..core.variable import Variable
from . import schedules, transforms

if TYPE_CHECKING:
    from .optimizer import Optimizer

NO_GRADIENTS = "{}: no gradients provided for any variable. Does the loss depend on the weights?"


class Entry(NamedTuple):
    """One array of the state: what it is, and of which weight."""

    group: str
    index: int | None = None


class Layout(NamedTuple):
    """What the state consists of."""

    entries: list[Entry]
    slots: tuple[str, ...]
    shared: tuple[str, ...]


def layout(optimizer: "Optimizer", params: Sequence[Any]) -> Layout:
    """The entries of the state in Keras 3's order, without the hyper-parameters."""
    count, kept = range(len(params)), overwritten(optimizer, len(params))
    state = optimizer._rule(0.0).init([jax.ShapeDtypeStruct(p.shape, p.dtype) for p in params])
    entries = [Entry("iteration")]
    if optimizer._rate_is_variable:
        entries.append(Entry("learning_rate"))
    if optimizer.use_ema:
        entries += [Entry("average", i) for i in count if not kept[i]]
    if optimizer.gradient_accumulation_steps:
        entries += [Entry("gradient_accumulator", i) for i in count]
    apart = [name for name in state.slots if name in optimizer._separate_slots]
    together = [name for name in state.slots if name not in apart]
    for group in (together, *([name] for name in apart)):
        entries += [Entry(name, i) for i in count for name in group if state.slots[name][i] is not None and not kept[i]]
    return Layout(entries + [Entry(name) for name in state.shared], tuple(state.slots), tuple(state.shared))


def overwritten(optimizer: "Optimizer", count: int) -> list[bool]:
    """Which weights take what stands in the place of their gradient as it is, as the scales of float8 do."""
    weights = optimizer._trainable_variables
    return [getattr(v, "overwrite_with_gradient", False) for v in weights] if len(weights) == count else [False] * count


def unpack(entries: Sequence[Entry], flat: Sequence[Any], count: int) -> dict[str, Any]:
    """The state by group; per-weight groups become lists with None where a weight has no such array."""
    view: dict[str, Any] = {}
    for entry, value in zip(entries, flat, strict=True):
        if entry.index is None:
            view[entry.group] = value
        else:
            view.setdefault(entry.group, [None] * count)[entry.index] = value
    return view


def pack(entries: Sequence[Entry], view: dict[str, Any]) -> list[Any]:
    """The flat state."""
    return [view[e.group] if e.index is None else view[e.group][e.index] for e in entries]


def step(optimizer: "Optimizer", grads: list, view: dict[str, Any], params: list) -> tuple[list, dict[str, Any]]:
    """New weights and new state; gradients may be None, and such weights stay as they are."""
    flags = overwritten(optimizer, len(params))
    if any(flags):
        return _step_around(optimizer, flags, grads, view, params)
    return _step(optimizer, grads, view, params)


def _step_around(optimizer: "Optimizer", flags: list, grads: list, view: dict, params: list) -> tuple[list, dict]:
    """A step that leaves out the weights with a flag, which get their new values; over several steps the largest."""
    values = [g if flag else None for flag, g in zip(flags, grads)]
    rest = [None if flag else g for flag, g in zip(flags, grads)]
    steps, sums, now = optimizer.gradient_accumulation_steps, view.get("gradient_accumulator"), jnp.bool_(True)
    if steps:
        values = [v if v is None else jnp.maximum(v, a) for v, a in zip(values, sums)]
        now = (view["iteration"] + 1) % steps == 0
    new, view = _step(optimizer, rest, view, params)
    if steps:
        sums = [a if v is None else jnp.where(now, 0, v) for v, a in zip(values, view["gradient_accumulator"])]
        view = {**view, "gradient_accumulator": sums}
    return [n if v is None else jnp.where(now, v, n).astype(n.dtype) for n, v in zip(new, values)], view


def _step(optimizer: "Optimizer", grads: list, view: dict[str, Any], params: list) -> tuple[list, dict[str, Any]]:
    if optimizer.loss_scale_factor is not None:
        grads = [g if g is None else g / optimizer.loss_scale_factor for g in grads]
    if optimizer.gradient_accumulation_steps:
        new, view = _accumulate(optimizer, grads, view, params)
    else:
        new, view = _advance(optimizer, grads, view, params)
    view = dict(view)
    if optimizer.use_ema:
        new, view["average"] = _average(optimizer, new, view)
    limits = optimizer._constraints(len(params))
    new = [p if g is None or limit is None else limit(p) for g, p, limit in zip(grads, new, limits)]
    view["iteration"] = view["iteration"] + 1
    return [n.astype(p.dtype) for n, p in zip(new, params)], view


def _accumulate(optimizer: "Optimizer", grads: list, view: dict, params: list) -> tuple[list, dict]:
    steps, sums = optimizer.gradient_accumulation_steps, view["gradient_accumulator"]
    total = [g if g is None else g + a for g, a in zip(grads, sums)]

    def update(_: None) -> tuple[list, dict]:
        mean = [g if g is None else g / steps for g in total]
        new, changed = _advance(optimizer, mean, view, params)
        cleared = [a if g is None else jnp.zeros_like(a) for g, a in zip(grads, sums)]
        return new, {**changed, "gradient_accumulator": cleared}

    def wait(_: None) -> tuple[list, dict]:
        kept = [a if g is None else g.astype(a.dtype) for g, a in zip(total, sums)]
        return params, {**view, "gradient_accumulator": kept}

    return jax.lax.cond((view["iteration"] + 1) % steps == 0, update, wait, None)


def _advance(optimizer: "Optimizer", grads: list, view: dict, params: list) -> tuple[list, dict]:
    grads = clip(optimizer, grads)
    rate = learning_rate(optimizer, view)
    decays = optimizer._weight_decays(params)
    decayed = [
        p if g is None or decay is None else p - p * jnp.asarray(decay, p.dtype) * rate.astype(p.dtype)
        for g, p, decay in zip(grads, params, decays)
    ]
    if optimizer._updates_by_hand:
        return by_hand(optimizer, grads, view, decayed, rate)
    return rule_step(optimizer, grads, view, decayed, rate)


def scalars(optimizer: "Optimizer", view: dict | None) -> SimpleNamespace:
    """The changeable hyper-parameters: from the state, or as they are now."""
    found = SimpleNamespace()
    for name, (number, _) in optimizer._hypers.items():
        if view is None or f"hyper/{name}" not in view:
            setattr(found, name, float(number))
        else:  # Keras 3 computes 1 - beta in double precision, Keras 2 in single
            exact = optimizer._generation in ("3", "tf2")
            rest = float(number) - float(np.float32(number)) if exact else 0.0
            setattr(found, name, transforms.Scalar(view[f"hyper/{name}"], rest))
    return found


def rule_step(optimizer: "Optimizer", grads: list, view: dict, params: list, rate: Any) -> tuple[list, dict]:
    """The optimizer's transformation alone."""
    rule = optimizer._rule(rate, scalars(optimizer, view))
    found = layout(optimizer, params)
    slots = {name: view.get(name, [None] * len(params)) for name in found.slots}
    shared = {name: view[name] for name in found.shared}
    done = update_count(optimizer, view)
    updates, new = rule.update(grads, transforms.State(done, slots, shared), params)
    moved = [p if g is None else p + u for g, p, u in zip(grads, params, updates)]
    return moved, {**view, **new.slots, **new.shared}


def update_count(optimizer: "Optimizer", view: dict) -> Any:
    """Updates done so far: steps, or accumulated steps."""
    steps = optimizer.gradient_accumulation_steps
    return view["iteration"] // steps if steps else view["iteration"]


def by_hand(optimizer: "Optimizer", grads: list, view: dict, params: list, rate: Any) -> tuple[list, dict]:
    """The step of a class that defines ``update_step`` itself: its assignments to Variables are collected."""
    entries, variables = optimizer._state_entries, optimizer.state_variables
    weights = optimizer._trainable_variables
    values = dict(zip(variables, pack(entries, view))) | dict(zip(weights, params))
    takes_rate = len(inspect.signature(optimizer.update_step).parameters) > 2
    with Frame(values) as frame:
        for g, v in zip(grads, weights):
            if g is not None:
                optimizer.update_step(g, v, rate) if takes_rate else optimizer.update_step(g, v)
    return [values[v] for v in weights], unpack(entries, [frame.values[v] for v in variables], len(params))


def learning_rate(optimizer: "Optimizer", view: dict) -> Any:
    """The learning rate of the step: the stored one, the schedule's or the function's, and time decay."""
    step = view["iteration"]
    rate = jnp.asarray(view["learning_rate"] if optimizer._rate_is_variable else optimizer._rate_at(step))
    if not jnp.issubdtype(rate.dtype, jnp.floating):
        rate = rate.astype(jnp.float32)
    if "hyper/decay" in view:
        rate = rate * (1.0 / (1.0 + view["hyper/decay"] * step.astype(jnp.float32)))
    return rate


def clip(optimizer: "Optimizer", grads: list) -> list:
    """Clipped gradients; Keras 2 may combine the ways, and in Keras 2.2 ``clipnorm`` means the norm of them all."""
    present = [g for g in grads if g is not None]
    era = optimizer._generation
    for way in CLIPPING_ORDER[era]:
        limit = getattr(optimizer, way)
        if not limit:
            continue
        if way == "clipvalue":
            present = optax.clip(limit).update(present, optax.EmptyState())[0]
        elif way == "global_clipnorm" or era == "2.2":
            present = by_global_norm(present, limit)
        else:
            present = [by_norm(g, limit) for g in present]
        if era in ("3", "tf2"):
            break
    clipped = iter(present)
    return optimizer._transformed([g if g is None else next(clipped) for g in grads])


CLIPPING_ORDER = {
    "3": ("clipnorm", "global_clipnorm", "clipvalue"),
    "tf2": ("clipnorm", "global_clipnorm", "clipvalue"),
    "2.2": ("clipnorm", "global_clipnorm", "clipvalue"),
    "legacy": ("clipvalue", "clipnorm", "global_clipnorm"),
}


def by_norm(g: Any, limit: float) -> Any:
    """A gradient scaled down to a norm of at most ``limit``."""
    norm = jnp.sqrt(jnp.sum(jnp.square(g)))
    return g * limit / jnp.maximum(norm, limit)


def by_global_norm(grads: list, limit: float) -> list:
    """Gradients scaled down together to a norm of at most ``limit``; one that is not finite makes them all NaN."""
    norm = optax.tree.norm(grads)
    scale = limit * jnp.minimum(1.0 / norm, 1.0 / limit) + (norm - norm)
    return [g * scale.astype(g.dtype) for g in grads]


def _average(optimizer: "Optimizer", params: list, view: dict) -> tuple[list, list]:
    """Moving averages of the weights; every few steps the weights become their averages."""
    done, momentum = update_count(optimizer, view), optimizer.ema_momentum
    if optimizer._generation == "3":  # Keras 3 starts from zeros and takes the first weights as they are
        momentum = jnp.where(done != 0, momentum, 0.0)
    averages = [
        a if a is None else (momentum * a + (1 - momentum) * p).astype(a.dtype)
        for a, p in zip(view["average"], params, strict=True)
    ]
    if optimizer.ema_overwrite_frequency:
        now = (done + 1) % optimizer.ema_overwrite_frequency == 0
        params = [p if a is None else jnp.where(now, a, p) for a, p in zip(averages, params)]
    return params, averages


def rate_at(optimizer: "Optimizer", rate: Any, step: Any) -> Any:
    """What a schedule or function gives for a step."""
    if rate is None:
        raise ValueError(f"{optimizer.name} has no learning rate yet; set learning_rate.")
    if isinstance(rate, schedules.LearningRateSchedule):
        return rate(step.value if isinstance(step, Variable) else step)
    takes_step = any(
        p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        for p in inspect.signature(rate).parameters.values()
    )
    found = rate(step) if takes_step else rate()
    if takes_step or isinstance(found, jax.Array) or not isinstance(step, jax.core.Tracer):
        return found.value if isinstance(found, Variable) else found
    # A function of no argument that computes on the host is asked at every step, not once when compiling.
    shape = jax.ShapeDtypeStruct((), jnp.float32)
    return jax.pure_callback(lambda _: np.float32(rate()), shape, step, vmap_method="sequential")

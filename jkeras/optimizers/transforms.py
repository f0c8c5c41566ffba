"""Keras's update rules as optax transformations.

Each function gives an ``optax.GradientTransformation``; its updates are to be added to the weights. Numbers may be
Python floats, arrays or tracers. Where a formula differs between Keras generations, an argument chooses.
"""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax


class State(NamedTuple):
    """What a rule carries from step to step."""

    count: Any  # steps done
    slots: dict[str, list]  # name -> one array (or None) per weight
    shared: dict[str, Any]  # name -> scalar of the whole optimizer


class Scalar(NamedTuple):
    """A number kept in float32, and what that rounding left out: ``1 - 0.999`` wants more digits than float32 has."""

    value: Any
    rest: float = 0.0


def number(x: Any, dtype: Any) -> Any:
    """``x`` as a scalar of a weight's dtype."""
    return jnp.asarray(x.value if isinstance(x, Scalar) else x).astype(dtype)


def complement(x: Any, dtype: Any) -> Any:
    """``1 - x`` as a scalar of a weight's dtype, rounded once."""
    if isinstance(x, Scalar):
        # XLA would take the rest from the 1 first, and lose it
        return (jax.lax.optimization_barrier(1.0 - x.value) - x.rest).astype(dtype)
    return jnp.asarray(1.0 - x).astype(dtype)


def rule(
    slots: dict[str, Callable],
    step: Callable,
    begin: Callable,
    shared: dict[str, float] | None = None,
    share: Callable | None = None,
) -> optax.GradientTransformation:
    """A transformation from the parts in which Keras's optimizers differ.

    ``slots`` gives the initial array of each slot of a weight. ``begin(t, dtype)`` gives a dict of the scalars of step
    ``t`` (1, 2, ...), once per dtype. ``step(gradient, weight, slots, scalars)`` gives the update and the new
    slots. ``share(t, shared)`` advances the shared scalars before. Weights without gradient (None) stay as they are.
    """

    def init(params: Any) -> State:
        leaves = jax.tree.leaves(params)
        first = leaves[0].dtype if leaves else jnp.float32
        return State(
            np.zeros((), np.int32),
            {name: [make(p) for p in leaves] for name, make in slots.items()},
            {name: np.asarray(value, first) for name, value in (shared or {}).items()},
        )

    def update(grads: Any, state: State, params: Any = None) -> tuple[Any, State]:
        weights, structure = jax.tree.flatten(params)
        gradients = jax.tree.flatten(grads, is_leaf=lambda g: g is None)[0]
        t = state.count + 1
        common = share(t, state.shared) if share is not None else state.shared
        scalars: dict[Any, tuple[dict, dict]] = {}
        updates, new = [], {name: list(values) for name, values in state.slots.items()}

        def one(g: Any, p: Any, own: dict, arrays: dict, wide: Any) -> tuple:
            seen = SimpleNamespace(**{n: v if v is None else jnp.asarray(v).astype(wide) for n, v in own.items()})
            delta, changed = step(g.astype(wide), p.astype(wide), seen, SimpleNamespace(**arrays, **scalars[wide][1]))
            return delta.astype(p.dtype), {n: value.astype(own[n].dtype) for n, value in changed.items()}

        if any(isinstance(g, jax.core.Tracer) for g in gradients):
            # traced once for weights alike: ResNet50 has 161 of 28 kinds
            one = jax.jit(one, static_argnums=4)
        for i, (g, p) in enumerate(zip(gradients, weights, strict=True)):
            if g is None:
                updates.append(jnp.zeros_like(p))
                continue
            wide = jnp.promote_types(p.dtype, jnp.float32)  # in half precision 1 - 0.999 is 0
            if wide not in scalars:
                shown = {name: value.astype(wide) for name, value in common.items()}
                scalars[wide] = _arrays_and_numbers({**begin(t, wide), **shown})
            own = {name: values[i] for name, values in state.slots.items()}
            delta, changed = one(g, p, own, scalars[wide][0], wide)
            updates.append(delta)
            for name, value in changed.items():
                new[name][i] = value
        return jax.tree.unflatten(structure, updates), State(t, new, common)

    return optax.GradientTransformation(init, update)


def _arrays_and_numbers(scalars: dict[str, Any]) -> tuple[dict, dict]:
    """Those of a step, and those that stay as they are written: as constants, XLA computes with them in advance."""
    arrays = {name: value for name, value in scalars.items() if isinstance(value, (jax.Array, np.ndarray))}
    return arrays, {name: value for name, value in scalars.items() if name not in arrays}


def _full(p: Any, shape: tuple, dtype: Any, value: float = 0.0) -> Any:
    """A constant array: a description of it where ``p`` is one, and made by NumPy where nothing is traced."""
    if isinstance(p, jax.ShapeDtypeStruct):
        return jax.ShapeDtypeStruct(shape, dtype)
    if isinstance(p, jax.core.Tracer):
        return jnp.full(shape, value, dtype)
    return np.broadcast_to(np.array(value, dtype), shape)  # takes no memory before it is needed


def times_one(x: Any) -> Any:
    """``x``. On CPUs, adding it to a weight as a product takes a third of the time of a bare addition."""
    return x * jax.lax.optimization_barrier(jnp.ones((), x.dtype))


def filled(value: float) -> Callable:
    """A slot that starts with a constant."""

    return lambda p: _full(p, p.shape, p.dtype, value)


zeros = filled(0.0)


def itself(p: Any) -> Any:
    """A slot that starts with a copy of the weight."""
    return p if isinstance(p, jax.ShapeDtypeStruct) else jnp.array(p, copy=True)


def sgd(learning_rate: Any, momentum: Any = 0.0, nesterov: bool = False, slot: bool = True) -> Any:
    """Gradient descent; with ``slot`` a velocity that contains the learning rate (Sutskever et al. 2013)."""

    def begin(t: Any, dtype: Any) -> dict:
        return {"rate": number(learning_rate, dtype), "momentum_": number(momentum, dtype)}

    def step(g: Any, p: Any, s: Any, k: Any) -> tuple:
        if not slot:
            return -(g * k.rate), {}
        v = s.momentum * k.momentum_ - g * k.rate
        return (v * k.momentum_ - g * k.rate if nesterov else times_one(v)), {"momentum": v}

    return rule({"momentum": zeros} if slot else {}, step, begin)


def rmsprop(
    learning_rate: Any,
    rho: Any = 0.9,
    momentum: Any = None,
    epsilon: float = 1e-7,
    centered: bool = False,
    epsilon_inside: bool = True,
) -> Any:
    """RMSprop (Hinton 2012); ``epsilon_inside`` the root as today, or beside it as in Keras 2.2."""

    def begin(t: Any, dtype: Any) -> dict:
        found = {"rate": number(learning_rate, dtype), "rho": number(rho, dtype), "rest": complement(rho, dtype)}
        return found if momentum is None else {**found, "momentum_": number(momentum, dtype)}

    def step(g: Any, p: Any, s: Any, k: Any) -> tuple:
        v = k.rho * s.velocity + k.rest * jnp.square(g)
        new, power = {"velocity": v}, v
        if centered:
            new["average_gradient"] = mean = k.rho * s.average_gradient + k.rest * g
            power = v - jnp.square(mean)
        root = jnp.sqrt(power + epsilon) if epsilon_inside else jnp.sqrt(power) + epsilon
        increment = k.rate * g / root
        if momentum is not None:
            new["momentum"] = increment = k.momentum_ * s.momentum + increment
        return -(increment if momentum is None else times_one(increment)), new

    slots = {"velocity": zeros}
    if momentum is not None:
        slots["momentum"] = zeros
    if centered:
        slots["average_gradient"] = zeros
    return rule(slots, step, begin)


def adagrad(
    learning_rate: Any, initial_accumulator_value: float = 0.1, epsilon: float = 1e-7, epsilon_inside: bool = True
) -> Any:
    """Adagrad (Duchi et al. 2011); ``epsilon_inside`` the root as today, or beside it as in Keras 2."""

    def begin(t: Any, dtype: Any) -> dict:
        return {"rate": number(learning_rate, dtype)}

    def step(g: Any, p: Any, s: Any, k: Any) -> tuple:
        a = s.accumulator + jnp.square(g)
        root = jnp.sqrt(a + epsilon) if epsilon_inside else jnp.sqrt(a) + epsilon
        return -(k.rate * g / root), {"accumulator": a}

    return rule({"accumulator": filled(initial_accumulator_value)}, step, begin)


def adadelta(learning_rate: Any, rho: Any = 0.95, epsilon: float = 1e-7) -> Any:
    """Adadelta (Zeiler 2012)."""

    def begin(t: Any, dtype: Any) -> dict:
        return {"rate": number(learning_rate, dtype), "rho": number(rho, dtype), "rest": complement(rho, dtype)}

    def step(g: Any, p: Any, s: Any, k: Any) -> tuple:
        a = k.rho * s.accumulated_grad + k.rest * jnp.square(g)
        delta = -(jnp.sqrt(s.accumulated_delta_var + epsilon) * g / jnp.sqrt(a + epsilon))
        d = k.rho * s.accumulated_delta_var + k.rest * jnp.square(delta)
        return k.rate * delta, {"accumulated_grad": a, "accumulated_delta_var": d}

    return rule({"accumulated_grad": zeros, "accumulated_delta_var": zeros}, step, begin)


def _moments(g: Any, s: Any, k: Any) -> tuple[Any, Any]:
    m = s.momentum + (g - s.momentum) * k.rest_1
    return m, s.velocity + (jnp.square(g) - s.velocity) * k.rest_2


def _powers(t: Any, dtype: Any, learning_rate: Any, beta_1: Any, beta_2: Any) -> dict:
    step = t.astype(dtype)
    return {
        "rate": number(learning_rate, dtype),
        "rest_1": complement(beta_1, dtype),
        "rest_2": complement(beta_2, dtype),
        "power_1": number(beta_1, dtype) ** step,
        "power_2": number(beta_2, dtype) ** step,
    }


def adam(
    learning_rate: Any,
    beta_1: Any = 0.9,
    beta_2: Any = 0.999,
    epsilon: float = 1e-7,
    amsgrad: bool = False,
    adaptive_epsilon: bool = False,
) -> Any:
    """Adam (Kingma and Ba 2014) with the paper's "epsilon hat"; ``amsgrad`` after Reddi et al. 2018.

    ``adaptive_epsilon`` scales epsilon with the correction of the second moment (the paper's Algorithm 1).
    """

    def begin(t: Any, dtype: Any) -> dict:
        k = _powers(t, dtype, learning_rate, beta_1, beta_2)
        correction = jnp.sqrt(1 - k["power_2"])
        alpha = k["rate"] * correction / (1 - k["power_1"])
        return {**k, "alpha": alpha, "epsilon": epsilon * correction if adaptive_epsilon else epsilon}

    def step(g: Any, p: Any, s: Any, k: Any) -> tuple:
        m, v = _moments(g, s, k)
        new, power = {"momentum": m, "velocity": v}, v
        if amsgrad:
            new["velocity_hat"] = power = jnp.maximum(s.velocity_hat, v)
        return -(m * k.alpha / (jnp.sqrt(power) + k.epsilon)), new

    slots = {"momentum": zeros, "velocity": zeros}
    return rule({**slots, "velocity_hat": zeros} if amsgrad else slots, step, begin)


def adamax(learning_rate: Any, beta_1: Any = 0.9, beta_2: Any = 0.999, epsilon: float = 1e-7) -> Any:
    """Adamax, Adam with the infinity norm (Kingma and Ba 2014, section 7)."""

    def begin(t: Any, dtype: Any) -> dict:
        return {**_powers(t, dtype, learning_rate, beta_1, beta_2), "beta_2": number(beta_2, dtype)}

    def step(g: Any, p: Any, s: Any, k: Any) -> tuple:
        m = s.momentum + (g - s.momentum) * k.rest_1
        u = jnp.maximum(k.beta_2 * s.norm, jnp.abs(g))
        return -(k.rate * m / ((1 - k.power_1) * (u + epsilon))), {"momentum": m, "norm": u}

    return rule({"momentum": zeros, "norm": zeros}, step, begin)


def nadam(
    learning_rate: Any, beta_1: Any = 0.9, beta_2: Any = 0.999, epsilon: float = 1e-7, schedule_decay: float = 1.0
) -> Any:
    """Adam with Nesterov momentum and a momentum schedule (Dozat 2015); Keras 2 slows the schedule by 0.004."""

    def schedule(t: Any, dtype: Any) -> Any:
        warmth = number(0.96, dtype) ** (t.astype(dtype) * schedule_decay)
        return number(beta_1, dtype) * (1.0 - 0.5 * warmth)

    def share(t: Any, shared: dict) -> dict:
        product = shared["u_product"]
        return {"u_product": product * schedule(t, product.dtype)}

    def begin(t: Any, dtype: Any) -> dict:
        b1, b2 = number(beta_1, dtype), number(beta_2, dtype)
        k = {"rate": number(learning_rate, dtype), "rest_1": 1 - b1, "rest_2": 1 - b2}
        return {**k, "power_2": b2 ** t.astype(dtype), "now": schedule(t, dtype), "next": schedule(t + 1, dtype)}

    def step(g: Any, p: Any, s: Any, k: Any) -> tuple:
        m, v = _moments(g, s, k)
        ahead = k.next * m / (1 - k.u_product * k.next) + (1 - k.now) * g / (1 - k.u_product)
        delta = ahead * k.rate / (jnp.sqrt(v / (1 - k.power_2)) + epsilon)
        return -delta, {"momentum": m, "velocity": v}

    return rule({"momentum": zeros, "velocity": zeros}, step, begin, {"u_product": 1.0}, share)


def lamb(learning_rate: Any, beta_1: Any = 0.9, beta_2: Any = 0.999, epsilon: float = 1e-7) -> Any:
    """LAMB, Adam with a trust ratio per weight (You et al. 2019)."""

    def begin(t: Any, dtype: Any) -> dict:
        return _powers(t, dtype, learning_rate, beta_1, beta_2)

    def step(g: Any, p: Any, s: Any, k: Any) -> tuple:
        m, v = _moments(g, s, k)
        delta = (m / (1.0 - k.power_1)) / (jnp.sqrt(v / (1.0 - k.power_2)) + epsilon)
        w_norm, d_norm = (jnp.sqrt(jnp.sum(jnp.square(x))) for x in (p, delta))
        ratio = jnp.where((w_norm > 0) & (d_norm > 0), w_norm / d_norm, 1.0)
        return -(ratio * k.rate * delta), {"momentum": m, "velocity": v}

    return rule({"momentum": zeros, "velocity": zeros}, step, begin)


def lion(learning_rate: Any, beta_1: Any = 0.9, beta_2: Any = 0.99) -> Any:
    """Lion, the sign of an interpolated momentum (Chen et al. 2023)."""

    def begin(t: Any, dtype: Any) -> dict:
        return {"rate": number(learning_rate, dtype), "b1": number(beta_1, dtype), "b2": number(beta_2, dtype)}

    def step(g: Any, p: Any, s: Any, k: Any) -> tuple:
        delta = k.rate * jnp.sign(s.momentum * k.b1 + g * (1.0 - k.b1))
        return -delta, {"momentum": s.momentum * k.b2 + g * (1.0 - k.b2)}

    return rule({"momentum": zeros}, step, begin)


def ftrl(
    learning_rate: Any,
    learning_rate_power: Any = -0.5,
    initial_accumulator_value: float = 0.1,
    l1: Any = 0.0,
    l2: Any = 0.0,
    l2_shrinkage: float = 0.0,
    beta: Any = 0.0,
) -> Any:
    """Follow the regularized leader, proximal (McMahan et al. 2013)."""

    def begin(t: Any, dtype: Any) -> dict:
        names = {"rate": learning_rate, "power": learning_rate_power, "l1": l1, "l2": l2, "beta": beta}
        return {name: number(x, dtype) for name, x in names.items()}

    def step(g: Any, p: Any, s: Any, k: Any) -> tuple:
        a = s.accumulator + jnp.square(g)
        new_power, old_power = a**-k.power, s.accumulator**-k.power
        linear = s.linear + (g + 2 * l2_shrinkage * p - (new_power - old_power) / k.rate * p)
        quadratic = new_power / k.rate + 2 * (k.l2 + k.beta / (2.0 * k.rate))
        weight = (jnp.clip(linear, -k.l1, k.l1) - linear) / quadratic
        return weight - p, {"accumulator": a, "linear": linear}

    return rule({"accumulator": filled(initial_accumulator_value), "linear": zeros}, step, begin)


def _rms(x: Any) -> Any:
    return jnp.sqrt(jnp.mean(jnp.square(x)))


def adafactor(
    learning_rate: Any,
    beta_2_decay: float = -0.8,
    epsilon_1: float = 1e-30,
    epsilon_2: float = 1e-3,
    clip_threshold: float = 1.0,
    relative_step: bool = True,
) -> Any:
    """Adafactor: second moments of matrices as an outer product of row and column means (Shazeer and Stern 2018)."""

    def begin(t: Any, dtype: Any) -> dict:
        step, rate = t.astype(dtype), number(learning_rate, dtype)
        slow = 1 / jnp.sqrt(step)
        return {
            "rho": jnp.minimum(jnp.minimum(rate, slow) if relative_step else rate, slow),
            "b2": 1 - step**beta_2_decay,
        }

    def step(g: Any, p: Any, s: Any, k: Any) -> tuple:
        square, new = jnp.square(g) + epsilon_1, {}
        if p.ndim >= 2:
            new["r"] = r = k.b2 * s.r + (1 - k.b2) * jnp.mean(square, axis=-1)
            new["c"] = c = k.b2 * s.c + (1 - k.b2) * jnp.mean(square, axis=-2)
            v = jnp.expand_dims(r / jnp.mean(r, axis=-1, keepdims=True), -1) * jnp.expand_dims(c, -2)
        else:
            v = k.b2 * s.velocity + (1 - k.b2) * square
        u = g / jnp.sqrt(v)
        u = u / jnp.maximum(1.0, _rms(u) / clip_threshold)
        return -(jnp.maximum(epsilon_2, _rms(p)) * k.rho * u), {**new, "velocity": v}

    def means(axis: int) -> Callable:  # vectors have none; an unused integer stands for it, as in Keras's files
        def make(p: Any) -> Any:
            if len(p.shape) < 2:
                return _full(p, (), np.int32)
            return _full(p, p.shape[:axis] + p.shape[axis + 1 or len(p.shape) :], p.dtype)

        return make

    return rule({"r": means(-1), "c": means(-2), "velocity": zeros}, step, begin)


def schedule_free_adamw(
    learning_rate: Any, beta_1: Any = 0.9, beta_2: Any = 0.999, epsilon: float = 1e-8, warmup_steps: int = 0
) -> Any:
    """Adam without a schedule: the weights interpolate between iterates and their average (Defazio et al. 2024)."""

    def begin(t: Any, dtype: Any) -> dict:
        step, b1, b2 = t.astype(dtype), number(beta_1, dtype), number(beta_2, dtype)
        rate = number(learning_rate, dtype)
        if warmup_steps > 0:
            rate = rate * jnp.minimum(step / warmup_steps, 1.0)
        return {"rate": rate, "b1": b1, "rest_2": 1 - b2, "correction": 1 - b2**step, "weight": 1.0 / step}

    def step(g: Any, p: Any, s: Any, k: Any) -> tuple:
        v = s.velocity + (jnp.square(g) - s.velocity) * k.rest_2
        z = s.momentum - k.rate * g / (jnp.sqrt(v / k.correction) + epsilon)
        x = (p - (1 - k.b1) * s.momentum) / k.b1
        x = (1 - k.weight) * x + k.weight * z
        return (1 - k.b1) * z + k.b1 * x - p, {"momentum": z, "velocity": v}

    return rule({"momentum": itself, "velocity": zeros}, step, begin)


def orthogonalize(x: Any, steps: int, a: float, b: float, c: float) -> Any:
    """The nearest matrix with singular values near 1, by Newton-Schulz iterations (Jordan et al. 2024)."""
    tall = x.shape[-2] > x.shape[-1]
    x = jnp.swapaxes(x, -1, -2) if tall else x
    x = x / (jnp.linalg.norm(x, axis=(-2, -1), keepdims=True) + 1e-7)
    for _ in range(steps):
        gram = x @ jnp.swapaxes(x, -1, -2)
        x = a * x + (b * gram + c * gram @ gram) @ x
    return jnp.swapaxes(x, -1, -2) if tall else x


def muon(
    learning_rate: Any,
    by_adam: list[bool] | None = None,
    momentum: float = 0.95,
    nesterov: bool = True,
    ns_steps: int = 5,
    coefficients: tuple[float, float, float] = (3.4445, -4.775, 2.0315),
    rms_rate: float | None = 0.2,
    adam_lr_ratio: float = 1.0,
    adam_beta_1: float = 0.9,
    adam_beta_2: float = 0.999,
    epsilon: float = 1e-7,
) -> Any:
    """Muon: orthogonalized momentum for matrices (Jordan et al. 2024), Adam for the weights marked in ``by_adam``.

    Without marks, Adam is for what is no matrix.
    """
    marks = iter(by_adam or ())

    def velocity(p: Any) -> Any:
        return zeros(p) if (next(marks) if by_adam is not None else len(p.shape) != 2) else None

    def begin(t: Any, dtype: Any) -> dict:
        k = _powers(t, dtype, number(learning_rate, dtype) * adam_lr_ratio, adam_beta_1, adam_beta_2)
        k["alpha"] = k["rate"] * jnp.sqrt(1 - k["power_2"]) / (1 - k["power_1"])
        return {**k, "muon_rate": number(learning_rate, dtype)}

    def step(g: Any, p: Any, s: Any, k: Any) -> tuple:
        if s.velocity is not None:
            m, v = _moments(g, s, k)
            return -(m * k.alpha / (jnp.sqrt(v) + epsilon)), {"momentum": m, "velocity": v}
        m = s.momentum + (g + s.momentum * (momentum - 1))
        delta = k.muon_rate * orthogonalize(g + momentum * m if nesterov else m, ns_steps, *coefficients)
        if rms_rate is not None:
            delta = delta * max(p.shape) ** 0.5 * rms_rate
        return -delta, {"momentum": m}

    return rule({"momentum": zeros, "velocity": velocity}, step, begin)

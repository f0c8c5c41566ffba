"""Learning rate schedules: functions of the step, with a config.  https://keras.io/api/optimizers/learning_rate_schedules/"""

import math
from typing import Any

import jax
import jax.numpy as jnp

from ..core import registry, rng
from ..core.declare import Configurable, declare, era_default
from ..core.registry import Family

family = Family("keras.optimizers.schedules", kind="learning rate schedule")


class LearningRateSchedule(Configurable):
    """Base of schedules: a subclass computes the learning rate of a step in ``__call__(self, step)``.

    >>> class Halving(LearningRateSchedule):
    ...     def __call__(self, step):
    ...         return 0.1 * 0.5**step
    >>> Halving()(2)
    0.025
    """

    def __call__(self, step: Any) -> Any:
        raise NotImplementedError(
            f"{type(self).__name__} must define __call__(self, step) and return the learning rate."
        )

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal schedule; a schedule with its own ``__init__`` must define it."""
        if not self._fields and type(self).__init__ is not object.__init__:
            raise NotImplementedError(f"{type(self).__name__} must define get_config() so that it can be saved.")
        return super().get_config()

    def _positive(self, name: str) -> None:
        if not getattr(self, name) > 0:
            raise ValueError(
                f"{type(self).__name__}({name}={getattr(self, name)!r}): expected a number of steps greater than 0."
            )


def schedule(cls: type) -> type:
    """Declares and registers a schedule."""
    return family.add(declare(cls))


def _float(x: Any) -> Any:
    return jnp.asarray(x, jnp.float32) if not hasattr(x, "dtype") else jnp.asarray(x)


def _like(x: Any, rate: Any) -> Any:
    return jnp.asarray(x).astype(rate.dtype)


def _fraction(step: Any, steps: Any, rate: Any, staircase: bool) -> Any:
    done = _like(step, rate) / _like(steps, rate)
    return jnp.floor(done) if staircase else done


@schedule
class ExponentialDecay(LearningRateSchedule):
    """``initial_learning_rate * decay_rate ** (step / decay_steps)``, in steps with ``staircase``.

    >>> round(float(ExponentialDecay(0.1, decay_steps=10, decay_rate=0.5)(20)), 4)
    0.025
    """

    initial_learning_rate: Any
    decay_steps: Any
    decay_rate: Any
    staircase: bool = False
    name: Any = era_default("ExponentialDecay")

    def __post_init__(self) -> None:
        self._positive("decay_steps")

    def __call__(self, step: Any) -> Any:
        rate = _float(self.initial_learning_rate)
        return rate * _like(self.decay_rate, rate) ** _fraction(step, self.decay_steps, rate, self.staircase)


@schedule
class InverseTimeDecay(LearningRateSchedule):
    """``initial_learning_rate / (1 + decay_rate * step / decay_steps)``, in steps with ``staircase``.

    >>> round(float(InverseTimeDecay(0.1, decay_steps=10, decay_rate=1.0)(10)), 4)
    0.05
    """

    initial_learning_rate: Any
    decay_steps: Any
    decay_rate: Any
    staircase: bool = False
    name: Any = era_default("InverseTimeDecay")

    def __post_init__(self) -> None:
        self._positive("decay_steps")

    def __call__(self, step: Any) -> Any:
        rate = _float(self.initial_learning_rate)
        return rate / (1 + _like(self.decay_rate, rate) * _fraction(step, self.decay_steps, rate, self.staircase))


@schedule
class PiecewiseConstantDecay(LearningRateSchedule):
    """``values[i]`` up to and including step ``boundaries[i]``, then the next; one value more than boundaries.

    >>> rate = PiecewiseConstantDecay([10, 20], [0.1, 0.01, 0.001])
    >>> [round(float(rate(step)), 4) for step in (10, 11, 21)]
    [0.1, 0.01, 0.001]
    """

    boundaries: Any
    values: Any
    name: Any = era_default("PiecewiseConstant")

    def __post_init__(self) -> None:
        if len(self.boundaries) != len(self.values) - 1:
            raise ValueError(
                f"PiecewiseConstantDecay: expected one value more than boundaries, received {len(self.boundaries)} "
                f"boundaries and {len(self.values)} values."
            )

    def __call__(self, step: Any) -> Any:
        step, found = jnp.asarray(step), _float(self.values[0])
        for boundary, value in zip(self.boundaries, self.values[1:]):
            found = jnp.where(step > _like(boundary, step), _like(value, found), found)
        return found


@schedule
class PolynomialDecay(LearningRateSchedule):
    """From the initial rate to ``end_learning_rate`` in ``decay_steps`` along a polynomial; ``cycle`` starts again.

    >>> round(float(PolynomialDecay(0.1, decay_steps=10, end_learning_rate=0.0)(5)), 4)
    0.05
    """

    initial_learning_rate: Any
    decay_steps: Any
    end_learning_rate: Any = 0.0001
    power: Any = 1.0
    cycle: bool = False
    name: Any = era_default("PolynomialDecay")

    def __post_init__(self) -> None:
        self._positive("decay_steps")

    def __call__(self, step: Any) -> Any:
        rate = _float(self.initial_learning_rate)
        end, power = _like(self.end_learning_rate, rate), _like(self.power, rate)
        step, steps = _like(step, rate), _like(self.decay_steps, rate)
        if self.cycle:
            steps = steps * jnp.where(step == 0, 1.0, jnp.ceil(step / steps))
        else:
            step = jnp.minimum(step, steps)
        return (rate - end) * (1 - step / steps) ** power + end


def _cosine(fraction: Any, dtype: Any) -> Any:
    return 0.5 * (1.0 + jnp.cos(jnp.asarray(math.pi, dtype) * fraction))


@schedule
class CosineDecay(LearningRateSchedule):
    """Half a cosine from the initial rate to ``alpha`` times it (Loshchilov and Hutter 2016), after a linear warm-up.

    With ``warmup_target`` the rate first grows from the initial one to the target in ``warmup_steps``.

    >>> round(float(CosineDecay(0.1, decay_steps=10)(5)), 4)
    0.05
    """

    initial_learning_rate: Any
    decay_steps: Any
    alpha: Any = 0.0
    name: Any = era_default("CosineDecay")
    warmup_target: Any = None
    warmup_steps: Any = 0

    def __post_init__(self) -> None:
        self._positive("decay_steps")

    def __call__(self, step: Any) -> Any:
        rate = _float(self.initial_learning_rate)
        step, steps = _like(step, rate), _like(self.decay_steps, rate)
        if self.warmup_target is None:
            return self._decayed(jnp.minimum(step, steps) / steps, rate)
        target, warmup = _like(self.warmup_target, rate), _like(self.warmup_steps, rate)
        step = jnp.minimum(step, steps + warmup)
        rising = (target - rate) * (step / jnp.maximum(warmup, 1)) + rate
        return jnp.where(step < warmup, rising, self._decayed((step - warmup) / steps, target))

    def _decayed(self, fraction: Any, rate: Any) -> Any:
        return rate * ((1 - self.alpha) * _cosine(fraction, rate.dtype) + self.alpha)


@schedule
class CosineDecayRestarts(LearningRateSchedule):
    """Cosine decay that starts anew, each period ``t_mul`` times as long and ``m_mul`` times as high as the one before.

    >>> round(float(CosineDecayRestarts(0.1, first_decay_steps=10)(10)), 4)
    0.1
    """

    initial_learning_rate: Any
    first_decay_steps: Any
    t_mul: Any = 2.0
    m_mul: Any = 1.0
    alpha: Any = 0.0
    name: Any = era_default("SGDRDecay")

    def __post_init__(self) -> None:
        self._positive("first_decay_steps")

    def __call__(self, step: Any) -> Any:
        rate = _float(self.initial_learning_rate)
        fraction = _like(step, rate) / _like(self.first_decay_steps, rate)
        growth = _like(self.t_mul, rate)
        if self.t_mul == 1.0:
            restarts = jnp.floor(fraction)
            fraction = fraction - restarts
        else:
            restarts = jnp.floor(jnp.log(1.0 - fraction * (1.0 - growth)) / jnp.log(growth))
            length = growth**restarts
            fraction = (fraction - (1.0 - length) / (1.0 - growth)) / length
        height = _like(self.m_mul, rate) ** restarts
        alpha = _like(self.alpha, rate)
        return rate * ((1 - alpha) * (height * _cosine(fraction, rate.dtype)) + alpha)


@schedule
class LinearCosineDecay(LearningRateSchedule):
    """``(alpha + linear) * cosine + beta`` over ``decay_steps`` (Bello et al. 2017).

    >>> round(float(LinearCosineDecay(0.1, decay_steps=10)(5)), 4)
    0.0251
    """

    initial_learning_rate: Any
    decay_steps: Any
    num_periods: Any = 0.5
    alpha: Any = 0.0
    beta: Any = 0.001
    name: Any = None

    def __post_init__(self) -> None:
        self._positive("decay_steps")

    def _noise(self, step: Any, dtype: Any) -> Any:
        return 0.0

    def __call__(self, step: Any) -> Any:
        rate = _float(self.initial_learning_rate)
        steps = _like(self.decay_steps, rate)
        raw = step
        step = jnp.minimum(_like(step, rate), steps)
        linear = (steps - step) / steps + self._noise(raw, rate.dtype)
        cosine = _cosine(2.0 * self.num_periods * (step / steps), rate.dtype)
        return rate * ((self.alpha + linear) * cosine + self.beta)


@schedule
class NoisyLinearCosineDecay(LinearCosineDecay):
    """``LinearCosineDecay`` with normal noise of variance ``initial_variance / (1 + step) ** variance_decay``.

    The noise of a step depends on the seed and the step alone; without a seed one is drawn when it is made.

    >>> float(NoisyLinearCosineDecay(0.1, 10, initial_variance=0.0)(0)) == float(LinearCosineDecay(0.1, 10)(0))
    True
    """

    initial_learning_rate: Any
    decay_steps: Any
    initial_variance: Any = 1.0
    variance_decay: Any = 0.55
    num_periods: Any = 0.5
    alpha: Any = 0.0
    beta: Any = 0.001
    seed: int | None = None
    name: Any = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self._drawn = rng.fresh_seed() if self.seed is None else self.seed

    def _noise(self, step: Any, dtype: Any) -> Any:
        done = jnp.minimum(jnp.asarray(step), self.decay_steps)
        key = jax.random.fold_in(jax.random.key(self._drawn), jnp.asarray(step, jnp.uint32))
        variance = self.initial_variance / (1.0 + done.astype(dtype)) ** self.variance_decay
        return jnp.sqrt(variance) * jax.random.normal(key, (), dtype)


def serialize(learning_rate_schedule: Any, use_legacy_format: bool = False) -> Any:
    """The config of a schedule; ``use_legacy_format`` gives Keras 2's, with class name and config only.

    >>> serialize(CosineDecay(0.1, 10))["class_name"]
    'CosineDecay'
    """
    if use_legacy_format:
        return {"class_name": type(learning_rate_schedule).__name__, "config": learning_rate_schedule.get_config()}
    return registry.serialize(learning_rate_schedule)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None, use_legacy_format: bool = False) -> Any:
    """The schedule that a config of any Keras generation describes.

    >>> deserialize(serialize(CosineDecay(0.1, 10))).decay_steps
    10
    """
    return family.deserialize(config, custom_objects)

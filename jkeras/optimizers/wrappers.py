"""Optimizers made of other optimizers: dynamic loss scaling, one optimizer per group of weights."""

import inspect
import re
from collections.abc import Iterator, MutableMapping, Sequence
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from ..core import registry
from ..core.declare import era_default
from ..core.variable import Variable
from . import layouts, pipeline
from .layouts import VariableList
from .optimizer import Optimizer
from .table import family

SCALE, GROWTH = era_default(2.0**15), era_default(2000)


class Composite(Optimizer):
    """An optimizer whose state contains that of others."""

    def _inner(self) -> list[Optimizer]:
        raise NotImplementedError

    @property
    def _own(self) -> list[Variable]:
        rate = [self._learning_rate] if self._rate_is_variable else []
        return [self._iterations, *rate, *self._tracked]

    @property
    def variables(self) -> VariableList:
        return VariableList([*self._own, *(v for inner in self._inner() for v in inner.variables)])

    @property
    def _hyper_cells(self) -> list[Variable]:
        return [cell for inner in self._inner() for cell in inner._hyper_cells]

    @property
    def version(self) -> int:
        return self._version + sum(inner.version for inner in self._inner())

    def _state_size(self, params: list) -> int:
        self._must_be_built("update()")
        return len(self.state_variables)

    def _must_be_built(self, what: str) -> None:
        if not self.built:
            raise ValueError(f"{self.name}: {what} needs a built optimizer. Call build(variables) first.")

    def _split(self, state: list) -> tuple[list, list[list]]:
        """The own part of a state, and the complete state of each inner optimizer."""
        own, rest = state[: len(self._own)], state[len(self._own) :]
        hypers = rest[len(rest) - len(self._hyper_cells) :]
        parts = []
        for inner in self._inner():
            some, rest = rest[: len(inner.variables)], rest[len(inner.variables) :]
            more, hypers = hypers[: len(inner._hyper_cells)], hypers[len(inner._hyper_cells) :]
            parts.append(some + more)
        return own, parts

    def _join(self, own: list, parts: list[list]) -> list:
        sizes = [len(inner.variables) for inner in self._inner()]
        plain = [v for part, n in zip(parts, sizes) for v in part[:n]]
        return [*own, *plain, *(v for part, n in zip(parts, sizes) for v in part[n:])]

    def init_state(self, params: Sequence[Any]) -> list[Any]:
        self._must_be_built("init_state()")
        return [jnp.array(v.value, copy=True) for v in self.state_variables]


@family.add
class LossScaleOptimizer(Composite):
    """Dynamic loss scaling around an optimizer, for float16.  https://keras.io/api/optimizers/loss_scale_optimizer/

    The loss is multiplied by a scale. Steps with gradients that are not finite are left out and halve it;
    ``dynamic_growth_steps`` good ones in a row double it. ``dynamic=False`` keeps ``initial_scale``.

    >>> from jkeras.optimizers import SGD
    >>> float(LossScaleOptimizer(SGD(), initial_scale=8.0).scale_loss(2.0))
    16.0
    """

    _keras_module: ClassVar = "keras.optimizers"

    def __init__(
        self,
        inner_optimizer: Any,
        *args: Any,
        initial_scale: Any = SCALE,
        dynamic_growth_steps: Any = GROWTH,
        name: str | None = None,
        **kwargs: Any,
    ):
        if not isinstance(inner_optimizer, Optimizer) or isinstance(inner_optimizer, Composite):
            raise TypeError(f"LossScaleOptimizer: expected a plain optimizer, received {inner_optimizer!r}.")
        dynamic = kwargs.pop("dynamic", True)
        if args and isinstance(args[0], bool):  # tf.keras has `dynamic` at this place
            dynamic, args = args[0], args[1:]
        places = ("initial_scale", "dynamic_growth_steps", "name")
        given = {"initial_scale": initial_scale, "dynamic_growth_steps": dynamic_growth_steps, "name": name}
        given.update(zip(places, args))
        usual = {"use_ema": False, "ema_momentum": 0.99}
        for key, value in kwargs.items():
            if key not in Optimizer._fields or key == "learning_rate":
                raise TypeError(f"LossScaleOptimizer: unknown argument {key!r}.")
            if value is not None and value != usual.get(key):
                raise ValueError(
                    f"LossScaleOptimizer: give {key} to the inner optimizer instead, received {key}={value!r}."
                )
        super().__init__(learning_rate=0.0, name=given["name"])
        inner_optimizer.loss_scale_factor = None
        self.inner_optimizer, self.dynamic = inner_optimizer, bool(dynamic)
        scale, steps = (getattr(v, "value", v) for v in (given["initial_scale"], given["dynamic_growth_steps"]))
        self.initial_scale = float(2.0**15 if scale is None else scale)
        self.dynamic_growth_steps = int(2000 if steps is None else steps)
        if self.initial_scale <= 0 or self.dynamic_growth_steps < 1:
            raise ValueError(
                "LossScaleOptimizer: expected initial_scale above 0 and dynamic_growth_steps of at least 1, received "
                f"initial_scale={self.initial_scale!r}, dynamic_growth_steps={self.dynamic_growth_steps!r}."
            )

    def _inner(self) -> list[Optimizer]:
        return [self.__dict__["inner_optimizer"]] if "inner_optimizer" in self.__dict__ else []

    def build(self, variables: Sequence[Any]) -> None:
        if self.built:
            return
        entry = pipeline.Entry
        self.step_counter = layouts.add(self, entry("step_counter"), np.zeros((), np.int32), "step_counter")
        scale = np.asarray(self.initial_scale, np.float32)
        self.dynamic_scale = layouts.add(self, entry("dynamic_scale"), scale, "dynamic_scale")
        self.inner_optimizer.build(variables)
        self.__dict__["_trainable_variables"] = list(variables)
        self.__dict__["_indices"] = {id(v): i for i, v in enumerate(variables)}
        self.built = True

    def init_state(self, params: Sequence[Any]) -> list[Any]:
        own = [jnp.zeros((), jnp.int32), jnp.zeros(()), jnp.zeros((), jnp.int32), jnp.asarray(self.initial_scale)]
        return [*own, *self.inner_optimizer.init_state(params)]

    def _state_size(self, params: list) -> int:
        return 4 + self.inner_optimizer._state_size(params)

    def _pure(self, grads: list, state: list, params: list) -> tuple[list, list]:
        (iteration, rate, count, scale), inner = state[:4], state[4:]
        scale = jnp.asarray(scale, jnp.float32)

        def good(_: None) -> tuple[list, list]:
            kept = pipeline.overwritten(self, len(grads))
            unscaled = [g if g is None or k else g / scale.astype(g.dtype) for g, k in zip(grads, kept)]
            new, changed = self.inner_optimizer._pure(unscaled, inner, params)
            if not self.dynamic:
                return new, [count, scale, *changed]
            grown = count == self.dynamic_growth_steps - 1
            return new, [jnp.where(grown, 0, count + 1), jnp.where(grown, scale * 2.0, scale), *changed]

        def bad(_: None) -> tuple[list, list]:
            return params, [jnp.zeros_like(count), scale * 0.5, *inner]

        new, rest = jax.lax.cond(self.check_finite(grads), good, bad, None) if self.dynamic else good(None)
        return new, [iteration, rate, *rest]

    def check_finite(self, grads: Sequence[Any]) -> Any:
        """Is every element of every gradient finite?"""
        return jnp.all(jnp.asarray([jnp.all(jnp.isfinite(g)) for g in grads if g is not None]))

    def scale_loss(self, loss: Any) -> Any:
        """The loss times the scale of now."""
        return loss * (self.dynamic_scale.value if self.built else self.initial_scale)

    get_scaled_loss = scale_loss

    def get_unscaled_gradients(self, grads: Sequence[Any]) -> list:
        """Gradients divided by the scale; tf.keras's name."""
        return [g if g is None else g / self.loss_scale for g in grads]

    @property
    def loss_scale(self) -> Any:
        """The scale of now."""
        return self.dynamic_scale.value if self.built else jnp.asarray(self.initial_scale)

    @property
    def dynamic_counter(self) -> Any:
        """Good steps since the scale changed; None with a fixed scale."""
        return (self.step_counter if self.built else 0) if self.dynamic else None

    @property
    def learning_rate(self) -> Any:
        """That of the inner optimizer."""
        return self.inner_optimizer.learning_rate if "inner_optimizer" in self.__dict__ else self._learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        if "inner_optimizer" in self.__dict__:
            self.inner_optimizer.learning_rate = value
        else:
            Optimizer.__dict__["learning_rate"].__set__(self, value)

    @property
    def iterations(self) -> Any:
        """That of the inner optimizer."""
        return self.inner_optimizer.iterations

    def finalize_variable_values(self, var_list: Sequence[Variable]) -> None:
        self.inner_optimizer.finalize_variable_values(var_list)

    def get_config(self) -> dict[str, Any]:
        config = {
            "name": self.name,
            "inner_optimizer": registry.serialize(self.inner_optimizer),
            "initial_scale": self.initial_scale,
            "dynamic_growth_steps": self.dynamic_growth_steps,
        }
        return config if self.dynamic else {**config, "dynamic": False}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
        config = dict(config)
        inner = family.deserialize(config.pop("inner_optimizer"), custom_objects)
        return cls(inner, **config)


# The places differ between Keras 3 and tf.keras, whose order is told apart by its bool.
LossScaleOptimizer.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
    [
        inspect.Parameter("inner_optimizer", inspect.Parameter.POSITIONAL_OR_KEYWORD),
        inspect.Parameter("args", inspect.Parameter.VAR_POSITIONAL),
        inspect.Parameter("dynamic", inspect.Parameter.KEYWORD_ONLY, default=True),
        inspect.Parameter("initial_scale", inspect.Parameter.KEYWORD_ONLY, default=SCALE),
        inspect.Parameter("dynamic_growth_steps", inspect.Parameter.KEYWORD_ONLY, default=GROWTH),
        inspect.Parameter("name", inspect.Parameter.KEYWORD_ONLY, default=None),
        inspect.Parameter("kwargs", inspect.Parameter.VAR_KEYWORD),
    ]
)


@family.add
class OptimizerMap(MutableMapping):
    """Optimizers by variable path: exact, or by a regular expression that matches it whole; else the default one.

    >>> from jkeras.optimizers import SGD, Adam
    >>> chosen = OptimizerMap(SGD(), {".*/bias": Adam()})
    >>> type(chosen["dense/bias"]).__name__, type(chosen["dense/kernel"]).__name__
    ('Adam', 'SGD')
    """

    def __init__(self, default_optimizer: Any, optimizer_map: dict | None = None):
        if not isinstance(default_optimizer, Optimizer):
            raise TypeError(f"OptimizerMap: expected an optimizer as the default, received {default_optimizer!r}.")
        if optimizer_map is not None and not isinstance(optimizer_map, dict):
            raise TypeError(f"OptimizerMap: expected a dict of optimizers, received {optimizer_map!r}.")
        self._default_optimizer = default_optimizer
        self._map: dict[str, Optimizer] = {}
        for key, optimizer in (optimizer_map or {}).items():
            self[key] = optimizer

    @property
    def default_optimizer(self) -> Optimizer:
        """For paths that nothing matches."""
        return self._default_optimizer

    def __getitem__(self, key: str) -> Optimizer:
        if key in self._map:
            return self._map[key]
        found = [optimizer for pattern, optimizer in self._map.items() if re.fullmatch(pattern, key)]
        if len(found) > 1:
            raise ValueError(f"OptimizerMap: several patterns match variable {key!r}; make them exclude each other.")
        return found[0] if found else self._default_optimizer

    def __setitem__(self, key: str, optimizer: Any) -> None:
        if not isinstance(key, str):
            raise ValueError(f"OptimizerMap: expected a path or pattern as the key, received {key!r}.")
        if key in self._map:
            raise ValueError(f"OptimizerMap: {key!r} is taken already.")
        if not isinstance(optimizer, Optimizer) or isinstance(optimizer, Composite):
            raise ValueError(f"OptimizerMap[{key!r}]: expected a plain optimizer, received {optimizer!r}.")
        self._map[key] = optimizer

    def __delitem__(self, key: str) -> None:
        del self._map[key]

    def __len__(self) -> int:
        return len(self._map)

    def __iter__(self) -> Iterator[str]:
        return iter(self._map)

    def __call__(self, variable: Any) -> Optimizer:
        return self[variable.path]

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal map."""
        return {
            "default_optimizer": registry.serialize(self._default_optimizer),
            "optimizer_map": registry.serialize(self._map),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> "OptimizerMap":
        """The map that ``get_config`` described."""
        made = {key: _made(value, custom_objects) for key, value in config["optimizer_map"].items()}
        return cls(_made(config["default_optimizer"], custom_objects), made)


def _made(value: Any, custom_objects: dict[str, Any] | None) -> Any:
    return family.deserialize(value, custom_objects) if isinstance(value, dict) else value


@family.add
class MultiOptimizer(Composite):
    """Another optimizer for each group of weights, chosen by an ``OptimizerMap`` or a function of the variable.

    https://keras.io/api/optimizers/

    >>> from jkeras.optimizers import SGD, Adam
    >>> len(MultiOptimizer(OptimizerMap(SGD(), {".*bias": Adam()})).optimizers)
    2
    """

    _keras_module: ClassVar = "keras.optimizers"

    def __init__(self, optimizer_map: Any, loss_scale_factor: Any = None, name: str | None = None):
        if not callable(optimizer_map):
            raise TypeError(f"MultiOptimizer: expected an OptimizerMap or a function, received {optimizer_map!r}.")
        super().__init__(learning_rate=0.0, name=name)
        self._optimizer_map = optimizer_map
        self.__dict__["_inner_optimizers"] = []
        known = list(optimizer_map.values()) if hasattr(optimizer_map, "values") else []
        default = getattr(optimizer_map, "default_optimizer", None)
        for optimizer in [*known, *([default] if default is not None else [])]:
            self._place(optimizer)
        self.loss_scale_factor = loss_scale_factor

    def _place(self, optimizer: Any) -> int:
        if not isinstance(optimizer, Optimizer) or isinstance(optimizer, Composite):
            raise ValueError(f"MultiOptimizer: expected a plain optimizer, received {optimizer!r}.")
        for i, known in enumerate(self._inner_optimizers):
            if known is optimizer:
                return i
        self._inner_optimizers.append(optimizer)
        return len(self._inner_optimizers) - 1

    def _inner(self) -> list[Optimizer]:
        return self.__dict__.get("_inner_optimizers", [])

    @property
    def optimizers(self) -> list[Optimizer]:
        """The optimizers, in the order of their groups of variables."""
        return self._inner_optimizers

    def build(self, variables: Sequence[Any]) -> None:
        if self.built:
            return
        variables = list(variables)
        self.__dict__["_places"] = places = [self._place(self._optimizer_map(v)) for v in variables]
        for i, optimizer in enumerate(self._inner_optimizers):
            optimizer.loss_scale_factor = self.loss_scale_factor
            mine = [v for v, place in zip(variables, places) if place == i]
            if mine:
                optimizer.build(mine)
        self.__dict__["_trainable_variables"] = variables
        self.__dict__["_indices"] = {id(v): i for i, v in enumerate(variables)}
        self.built = True

    def _pure(self, grads: list, state: list, params: list) -> tuple[list, list]:
        own, parts = self._split(state)
        new = list(params)
        for i, optimizer in enumerate(self._inner_optimizers):
            mine = [j for j, place in enumerate(self._places) if place == i]
            if any(grads[j] is not None for j in mine):
                changed, parts[i] = optimizer._pure([grads[j] for j in mine], parts[i], [params[j] for j in mine])
                for j, value in zip(mine, changed):
                    new[j] = value
        return new, self._join([own[0] + 1, *own[1:]], parts)

    @property
    def learning_rate(self) -> Any:
        """Each inner optimizer has its own."""
        raise AttributeError("A MultiOptimizer has no learning rate of its own; use those of its optimizers.")

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        if "_inner_optimizers" in self.__dict__:
            raise AttributeError("A MultiOptimizer has no learning rate of its own; set those of its optimizers.")
        Optimizer.__dict__["learning_rate"].__set__(self, value)

    @property
    def loss_scale_factor(self) -> Any:
        """The factor that the loss is multiplied with and all gradients are divided by."""
        return self.__dict__.get("_factor")

    @loss_scale_factor.setter
    def loss_scale_factor(self, value: Any) -> None:
        self.__dict__["_factor"] = value
        for optimizer in self.__dict__.get("_inner_optimizers", ()):
            optimizer.loss_scale_factor = value

    @property
    def iterations(self) -> Any:
        """Steps done so far."""
        return self._iterations

    def finalize_variable_values(self, var_list: Sequence[Variable]) -> None:
        for i, optimizer in enumerate(self._inner_optimizers):
            mine = [v for v in var_list if self._places[self._index(v)] == i]
            if mine:
                optimizer.finalize_variable_values(mine)

    def set_weights(self, weights: Sequence[Any]) -> None:
        self._must_be_built("set_weights()")
        layouts.assign(self, list(weights))

    def get_config(self) -> dict[str, Any]:
        return {
            "optimizer_map": registry.serialize(self._optimizer_map),
            "loss_scale_factor": self.loss_scale_factor,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
        config = dict(config)
        chosen = config["optimizer_map"]
        if isinstance(chosen, dict) and chosen.get("class_name") == "OptimizerMap":
            config["optimizer_map"] = OptimizerMap.from_config(chosen["config"], custom_objects)
        elif isinstance(chosen, dict):
            config["optimizer_map"] = registry.deserialize(chosen, custom_objects)
        return cls(**config)

"""``keras.optimizers.legacy``: the optimizers of tf.keras until 2.10: formulas, and hyper-parameters as variables.

https://www.tensorflow.org/api_docs/python/tf/keras/optimizers/legacy
"""

import inspect
from collections.abc import Sequence
from typing import Any, ClassVar

import jax.numpy as jnp

from ..core.declare import era_default
from ..core.registry import Family
from ..core.variable import Variable
from . import pipeline, table
from .fields import declared
from .optimizer import Optimizer as _Base

family = Family("keras.optimizers.legacy", kind="legacy optimizer")
_ANY: Any = era_default(None)
MORE = ("gradient_aggregator", "gradient_transformers")


class Optimizer(_Base):
    """Base of one's own optimizers in the manner of tf.keras 2.0 to 2.10.

    A subclass sets hyper-parameters with ``_set_hyper``, makes slots in ``_create_slots(var_list)`` with ``add_slot``
    and changes a variable in ``_resource_apply_dense(grad, var)``.

    >>> class Descent(Optimizer):
    ...     def __init__(self, learning_rate=0.5, name="Descent", **kwargs):
    ...         super().__init__(name, **kwargs)
    ...         self._set_hyper("learning_rate", learning_rate)
    ...     def _resource_apply_dense(self, grad, var, apply_state=None):
    ...         var.assign_sub(self._decayed_lr("float32") * grad)
    >>> w = Variable([1.0])
    >>> _ = Descent().apply_gradients([(jnp.ones(1), w)])
    >>> w.numpy().tolist()
    [0.5]
    """

    _fixed_generation: ClassVar = "legacy"
    _old_order: ClassVar = ()
    _slot_words: ClassVar[dict] = {}  # slot in Keras 2's words -> in today's
    _base_arguments: ClassVar = (*_Base._base_arguments, *MORE)

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in MORE:
            setattr(self, name, self._given.get(name))
        clips = [n for n in ("clipnorm", "clipvalue", "global_clipnorm") if getattr(self, n) is not None]
        if self.gradient_transformers and clips:
            raise ValueError(f"{type(self).__name__}: {clips[0]} and gradient_transformers exclude each other.")

    def _set_hyper(self, name: str, value: Any) -> None:
        if name in ("learning_rate", "lr"):
            self.learning_rate = value
        elif name == "decay":
            self.decay = value
        else:
            if name not in self._hypers:
                cell = value if isinstance(value, Variable) else Variable(float(value), trainable=False, name=name)
                self._hypers[name] = (float(cell.value), cell)
                self._changed()
            else:
                self._hypers[name][1].assign(value)

    def _get_hyper(self, name: str, dtype: Any = None) -> Any:
        value = self.learning_rate if name in ("learning_rate", "lr") else self._hypers[name][1]
        return jnp.asarray(value) if dtype is None else jnp.asarray(value).astype(getattr(dtype, "name", dtype))

    def _serialize_hyperparameter(self, name: str) -> Any:
        return float(self._get_hyper(name))

    def _decayed_lr(self, var_dtype: Any) -> Any:
        view = {"iteration": self._iterations.value}
        if self._rate_is_variable:
            view["learning_rate"] = self._learning_rate.value
        if "decay" in self._hypers:
            view["hyper/decay"] = self._hypers["decay"][1].value
        return pipeline.learning_rate(self, view).astype(getattr(var_dtype, "name", var_dtype))

    def __getattr__(self, name: str) -> Any:
        found = self.__dict__.get("_hypers", {}).get(name)
        if found is None:
            raise AttributeError(f"'{type(self).__name__}' object has no attribute {name!r}")
        return found[1]

    def _create_slots(self, var_list: Sequence[Variable]) -> None:
        """A subclass makes its slots here."""

    def build(self, variables: Sequence[Variable]) -> None:
        if not self.built:
            super().build(variables)
            self._create_slots(list(variables))

    def _prepare_local(self, var_device: Any, var_dtype: Any, apply_state: dict) -> None:
        """A subclass may compute per-step numbers here."""

    def _resource_apply_dense(self, grad: Any, var: Variable, apply_state: Any = None) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must define _resource_apply_dense(self, grad, var).")

    @property
    def _updates_by_hand(self) -> bool:
        by_hand = type(self)._resource_apply_dense is not Optimizer._resource_apply_dense
        return by_hand or not getattr(type(self).update_step, "by_rule", False)

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any = None) -> None:
        if type(self)._resource_apply_dense is Optimizer._resource_apply_dense:
            super().update_step(gradient, variable, learning_rate)
            return
        if "apply_state" in inspect.signature(self._resource_apply_dense).parameters:
            state: dict = {("", variable.dtype): {"lr_t": self._decayed_lr(variable.dtype)}}
            self._prepare_local("", variable.dtype, state)
            self._resource_apply_dense(gradient, variable, apply_state=state)
        else:
            self._resource_apply_dense(gradient, variable)

    update_step.by_rule = True  # type: ignore[attr-defined]

    def minimize(
        self, loss: Any, var_list: Any, grad_loss: Any = None, name: str | None = None, tape: Any = None
    ) -> Variable:
        return super().minimize(loss, var_list, tape, grad_loss, name)

    def add_slot(self, var: Variable, slot_name: str, initializer: Any = "zeros", shape: Any = None) -> Variable:
        """A new slot of a variable, or the one of that name that it has."""
        slots = self.__dict__.setdefault("_slots", {})
        if (id(var), slot_name) not in slots:
            like = {} if shape is None else {"shape": shape}
            slots[id(var), slot_name] = self.add_variable_from_reference(var, slot_name, initializer, **like)
        return slots[id(var), slot_name]

    def get_slot(self, var: Variable, slot_name: str) -> Variable:
        """The slot of a variable; KeyError if it has none of that name."""
        made = self.__dict__.get("_slots", {}).get((id(var), slot_name))
        if made is not None:
            return made
        group, index = self._slot_words.get(slot_name, slot_name), self._index(var)
        for entry, slot in zip(self._entries, self._tracked):
            if entry == (group, index):
                return slot
        raise KeyError(
            f"{self.name}: variable {var.path!r} has no slot {slot_name!r}; there are {self.get_slot_names()}."
        )

    def get_slot_names(self) -> list[str]:
        """Names of the slots, in the order in which they were made."""
        words = {today: old for old, today in self._slot_words.items()}
        own = [words.get(e.group, e.group) for e in self._entries if e.index is not None]
        return list(dict.fromkeys([*own, *(name for _, name in self.__dict__.get("_slots", {}))]))

    def _transformed(self, grads: list) -> list:
        weights = self._trainable_variables or grads
        present = [i for i, g in enumerate(grads) if g is not None]
        pairs = [(grads[i], weights[i]) for i in present]
        for fn in [f for f in [self.gradient_aggregator, *(self.gradient_transformers or ())] if f is not None]:
            pairs = list(fn(pairs))
        changed = dict(zip(present, pairs))
        return [changed[i][0] if i in changed else None for i in range(len(grads))]

    def add_weight(
        self,
        name: str,
        shape: Any,
        dtype: Any = None,
        initializer: Any = "zeros",
        trainable: Any = None,
        synchronization: Any = _ANY,
        aggregation: Any = _ANY,
    ) -> Variable:
        """A new variable of the optimizer. Each device has the same value, whatever the last two arguments say."""
        made = self.add_variable(shape, initializer, dtype, name=name)
        made.trainable = bool(trainable)
        return made


@declared(family)
class SGD(table.SGD, Optimizer):
    """Gradient descent with momentum, and time decay."""

    learning_rate: Any = 0.01
    momentum: Any = 0.0
    nesterov: bool = False
    name: Any = era_default(None)
    _dynamic: ClassVar = ("momentum",)
    _old_order: ClassVar = ()
    _positional: ClassVar = 3


@declared(family, "RMSProp")
class RMSprop(table.RMSprop, Optimizer):
    """RMSprop; with momentum epsilon is inside the root, without beside it."""

    learning_rate: Any = 0.001
    rho: Any = 0.9
    momentum: Any = 0.0
    epsilon: Any = 1e-7
    centered: bool = False
    name: Any = era_default(None)
    ema_overwrite_frequency: Any = None
    _dynamic: ClassVar = ("rho", "momentum")
    _old_order: ClassVar = ()
    _positional: ClassVar = 5
    _slot_words: ClassVar = {"rms": "velocity", "mg": "average_gradient"}


@declared(family)
class Adagrad(table.Adagrad, Optimizer):
    """Adagrad with epsilon beside the root."""

    learning_rate: Any = 0.001
    initial_accumulator_value: Any = 0.1
    epsilon: Any = 1e-7
    name: Any = era_default(None)
    _old_order: ClassVar = ()
    _positional: ClassVar = 3


@declared(family)
class Adadelta(table.Adadelta, Optimizer):
    """Adadelta with time decay."""

    learning_rate: Any = 0.001
    rho: Any = 0.95
    epsilon: Any = 1e-7
    name: Any = era_default(None)
    _dynamic: ClassVar = ("rho",)
    _old_order: ClassVar = ()
    _positional: ClassVar = 3
    _slot_words: ClassVar = {"accum_grad": "accumulated_grad", "accum_var": "accumulated_delta_var"}


@declared(family)
class Adam(table.Adam, Optimizer):
    """Adam with time decay."""

    learning_rate: Any = 0.001
    beta_1: Any = 0.9
    beta_2: Any = 0.999
    epsilon: Any = 1e-7
    amsgrad: bool = False
    name: Any = era_default(None)
    _dynamic: ClassVar = ("beta_1", "beta_2")
    _old_order: ClassVar = ()
    _positional: ClassVar = 5
    _slot_words: ClassVar = {"m": "momentum", "v": "velocity", "vhat": "velocity_hat"}


@declared(family)
class Adamax(table.Adamax, Optimizer):
    """Adamax with time decay."""

    learning_rate: Any = 0.001
    beta_1: Any = 0.9
    beta_2: Any = 0.999
    epsilon: Any = 1e-7
    name: Any = era_default(None)
    _dynamic: ClassVar = ("beta_1", "beta_2")
    _old_order: ClassVar = ()
    _positional: ClassVar = 4
    _slot_words: ClassVar = {"m": "momentum", "v": "norm"}


@declared(family)
class Nadam(table.Nadam, Optimizer):
    """Nadam; what its config calls decay slows the momentum schedule."""

    learning_rate: Any = 0.001
    beta_1: Any = 0.9
    beta_2: Any = 0.999
    epsilon: Any = 1e-7
    name: Any = era_default(None)
    _dynamic: ClassVar = ("beta_1", "beta_2")
    _old_order: ClassVar = ()
    _positional: ClassVar = 4
    _slot_words: ClassVar = {"m": "momentum", "v": "velocity"}

    def __init__(self, *args: Any, **kwargs: Any):
        decay = kwargs.pop("decay", None)
        if decay is not None:
            kwargs.setdefault("schedule_decay", decay)
        super().__init__(*args, **kwargs)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        config["decay"] = config.pop("schedule_decay")
        return config


@declared(family)
class Ftrl(table.Ftrl, Optimizer):
    """Follow the regularized leader, with time decay."""

    learning_rate: Any = 0.001
    learning_rate_power: Any = -0.5
    initial_accumulator_value: Any = 0.1
    l1_regularization_strength: Any = 0.0
    l2_regularization_strength: Any = 0.0
    name: Any = era_default(None)
    l2_shrinkage_regularization_strength: Any = 0.0
    beta: Any = 0.0
    _dynamic: ClassVar = table.FTRL_NUMBERS
    _positional: ClassVar = 5


RMSProp = RMSprop
get, serialize, deserialize = family.get, family.serialize, family.deserialize

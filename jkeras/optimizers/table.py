"""Keras's optimizers: one class each, whose numbers are one transformation."""

import re
from collections.abc import Sequence
from typing import Any, ClassVar

from ..core.declare import era_default
from ..core.registry import Family
from . import transforms
from .fields import declared
from .optimizer import Optimizer

family = Family("keras.optimizers", kind="optimizer")
OLD = ("2.2", "legacy")
FTRL_NUMBERS = ("learning_rate_power", "l1_regularization_strength", "l2_regularization_strength", "beta")


@declared(family)
class SGD(Optimizer):
    """Gradient descent with momentum or Nesterov momentum.  https://keras.io/api/optimizers/sgd/

    >>> SGD(learning_rate=0.1, momentum=0.9, nesterov=True).momentum
    0.9
    """

    learning_rate: Any = 0.01
    momentum: Any = 0.0
    nesterov: bool = False
    _dynamic: ClassVar = ("momentum",)
    _old_order: ClassVar = ("learning_rate", "momentum", "decay", "nesterov")
    _positional: ClassVar = 2
    _counted_in_22: ClassVar = True

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_hyper("momentum", float(self._hypers["momentum"][0]))
        # Keras 2.2 has velocities even without momentum, so that K.set_value can start it
        self._slot = self._generation == "2.2" or self._hypers["momentum"][0] != 0
        self._idle = () if self._slot else ("momentum",)

    def _check_hyper(self, name: str, value: float) -> None:
        if name != "momentum":
            return
        if not 0 <= value <= 1:
            raise ValueError(f"{type(self).__name__}(momentum={value!r}): expected a number from 0 to 1.")
        if self.built and value and not self._slot:
            raise ValueError(f"{self.name} was built without momentum; make a new optimizer with momentum={value!r}.")

    def transformation(self, learning_rate: Any, h: Any) -> Any:
        return transforms.sgd(learning_rate, h.momentum, self.nesterov, self._slot)


@declared(family)
class RMSprop(Optimizer):
    """Gradients divided by the root of their moving mean square (Hinton 2012).  https://keras.io/api/optimizers/rmsprop/

    >>> RMSprop(centered=True).rho
    0.9
    """

    learning_rate: Any = 0.001
    rho: Any = 0.9
    momentum: Any = 0.0
    epsilon: Any = era_default(1e-7)
    centered: bool = False
    ema_overwrite_frequency: Any = era_default(None)
    _dynamic: ClassVar = ("rho", "momentum")
    _old_order: ClassVar = ("learning_rate", "rho", "epsilon", "decay")
    _positional: ClassVar = 2
    _separate_slots: ClassVar = ("velocity", "momentum", "average_gradient")
    _later: ClassVar = {"2.2": {"momentum": 0.0, "centered": False}}

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_hyper("momentum", float(self._hypers["momentum"][0]))
        self._has_momentum = self._hypers["momentum"][0] > 0
        self._idle = () if self._has_momentum else ("momentum",)

    def _check_hyper(self, name: str, value: float) -> None:
        if name != "momentum":
            return
        if not 0 <= value <= 1:
            raise ValueError(f"{type(self).__name__}(momentum={value!r}): expected a number from 0 to 1.")
        if self.built and value and not self._has_momentum:
            raise ValueError(f"{self.name} was built without momentum; make a new optimizer with momentum={value!r}.")

    def transformation(self, learning_rate: Any, h: Any) -> Any:
        momentum = h.momentum if self._has_momentum else None
        # TensorFlow's kernels, which take over where there is momentum, have it inside
        inside = self._generation not in OLD or (self._generation == "legacy" and momentum is not None)
        return transforms.rmsprop(learning_rate, h.rho, momentum, self.epsilon, self.centered, inside)


@declared(family)
class Adagrad(Optimizer):
    """Rates that fall with the sum of squared gradients (Duchi et al. 2011).  https://keras.io/api/optimizers/adagrad/

    >>> Adagrad(learning_rate=0.1).initial_accumulator_value
    0.1
    """

    learning_rate: Any = era_default(0.001)
    initial_accumulator_value: Any = era_default(0.1)
    epsilon: Any = era_default(1e-7)
    _old_order: ClassVar = ("learning_rate", "epsilon", "decay")
    _positional: ClassVar = 1
    _later: ClassVar = {"2.2": {"initial_accumulator_value": 0.0}}

    def __post_init__(self) -> None:
        super().__post_init__()
        not_negative(self, "initial_accumulator_value")

    def transformation(self, learning_rate: Any, h: Any) -> Any:
        inside = self._generation not in OLD
        return transforms.adagrad(learning_rate, self.initial_accumulator_value, self.epsilon, inside)


@declared(family)
class Adadelta(Optimizer):
    """Steps in the units of the weights (Zeiler 2012).  https://keras.io/api/optimizers/adadelta/

    >>> Adadelta(learning_rate=1.0).rho
    0.95
    """

    learning_rate: Any = era_default(0.001)
    rho: Any = 0.95
    epsilon: Any = era_default(1e-7)
    _old_order: ClassVar = ("learning_rate", "rho", "epsilon", "decay")
    _positional: ClassVar = 3

    def transformation(self, learning_rate: Any, h: Any) -> Any:
        return transforms.adadelta(learning_rate, getattr(h, "rho", self.rho), self.epsilon)

    def update_step(self, grad: Any, variable: Any, learning_rate: Any = None) -> None:
        super().update_step(grad, variable, learning_rate)

    update_step.by_rule = True  # type: ignore[attr-defined]


@declared(family)
class Adam(Optimizer):
    """Adaptive moments (Kingma and Ba 2014), with ``amsgrad`` as Reddi et al. 2018.  https://keras.io/api/optimizers/adam/

    >>> Adam(learning_rate=1e-3, beta_1=0.8).beta_1
    0.8
    """

    learning_rate: Any = 0.001
    beta_1: Any = 0.9
    beta_2: Any = 0.999
    epsilon: Any = era_default(1e-7)
    amsgrad: bool = False
    _base_arguments: ClassVar = (*Optimizer._base_arguments, "adaptive_epsilon")
    _extra_arguments: ClassVar = {"adaptive_epsilon": False}
    _dynamic: ClassVar = ("beta_1", "beta_2")
    _old_order: ClassVar = ("learning_rate", "beta_1", "beta_2", "epsilon", "decay", "amsgrad")
    _positional: ClassVar = 4
    _separate_slots: ClassVar = ("velocity_hat",)
    _counted_in_22: ClassVar = True

    def __post_init__(self) -> None:
        super().__post_init__()
        self.adaptive_epsilon = bool(self._given.get("adaptive_epsilon", False))

    def _pads_in_22(self) -> bool:
        return not self.amsgrad

    def transformation(self, learning_rate: Any, h: Any) -> Any:
        return transforms.adam(learning_rate, h.beta_1, h.beta_2, self.epsilon, self.amsgrad, self.adaptive_epsilon)


@declared(family)
class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2017).  https://keras.io/api/optimizers/adamw/

    >>> AdamW().weight_decay
    0.004
    """

    learning_rate: Any = 0.001
    weight_decay: Any = 0.004
    beta_1: Any = 0.9
    beta_2: Any = 0.999
    epsilon: Any = 1e-7
    amsgrad: bool = False
    _old_order: ClassVar = ()
    _positional: ClassVar = 6

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.weight_decay is None:
            raise ValueError(f"{type(self).__name__}(weight_decay=None): expected a number; use Adam for none.")


@declared(family)
class Adamax(Optimizer):
    """Adam with the infinity norm (Kingma and Ba 2014, section 7).  https://keras.io/api/optimizers/adamax/

    >>> Adamax(learning_rate=0.002).beta_2
    0.999
    """

    learning_rate: Any = era_default(0.001)
    beta_1: Any = 0.9
    beta_2: Any = 0.999
    epsilon: Any = era_default(1e-7)
    _dynamic: ClassVar = ("beta_1", "beta_2")
    _old_order: ClassVar = ("learning_rate", "beta_1", "beta_2", "epsilon", "decay")
    _positional: ClassVar = 4
    _counted_in_22: ClassVar = True

    def transformation(self, learning_rate: Any, h: Any) -> Any:
        return transforms.adamax(learning_rate, h.beta_1, h.beta_2, self.epsilon)


@declared(family)
class Nadam(Optimizer):
    """Adam with Nesterov momentum (Dozat 2015).  https://keras.io/api/optimizers/Nadam/

    ``schedule_decay`` slows the momentum schedule; Keras 1 and 2 have 0.004, today's Keras 1.

    >>> Nadam(learning_rate=0.002).schedule_decay
    1.0
    """

    learning_rate: Any = era_default(0.001)
    beta_1: Any = 0.9
    beta_2: Any = 0.999
    epsilon: Any = era_default(1e-7)
    _base_arguments: ClassVar = (*Optimizer._base_arguments, "schedule_decay")
    _extra_arguments: ClassVar = {"schedule_decay": 1.0}
    _always: ClassVar = {"2.2": ("schedule_decay",), "legacy": ("schedule_decay",)}
    _dynamic: ClassVar = ("beta_1", "beta_2")
    _old_order: ClassVar = ("learning_rate", "beta_1", "beta_2", "epsilon", "schedule_decay")
    _positional: ClassVar = 4
    _counted_in_22: ClassVar = True

    def __post_init__(self) -> None:
        super().__post_init__()
        given = self._given.get("schedule_decay")
        self.schedule_decay = (0.004 if self._generation in OLD else 1.0) if given is None else given

    @property
    def m_schedule(self) -> Any:
        """The product of the momentum schedule so far, as Keras 2 calls it."""
        found = [v for e, v in zip(self._entries, self._tracked) if e.group == "u_product"]
        return found[0] if found else 1.0

    def transformation(self, learning_rate: Any, h: Any) -> Any:
        return transforms.nadam(learning_rate, h.beta_1, h.beta_2, self.epsilon, self.schedule_decay)


@declared(family)
class Lamb(Optimizer):
    """Adam with a trust ratio per weight, for large batches (You et al. 2019).  https://keras.io/api/optimizers/lamb/

    >>> Lamb(weight_decay=0.01).weight_decay
    0.01
    """

    learning_rate: Any = 0.001
    beta_1: Any = 0.9
    beta_2: Any = 0.999
    epsilon: Any = 1e-7
    _dynamic: ClassVar = ("beta_1", "beta_2")
    _positional: ClassVar = 4

    def transformation(self, learning_rate: Any, h: Any) -> Any:
        return transforms.lamb(learning_rate, h.beta_1, h.beta_2, self.epsilon)


@declared(family)
class Lion(Optimizer):
    """The sign of an interpolated momentum (Chen et al. 2023).  https://keras.io/api/optimizers/lion/

    >>> Lion(learning_rate=1e-4).beta_2
    0.99
    """

    learning_rate: Any = era_default(0.001)
    beta_1: Any = 0.9
    beta_2: Any = 0.99
    _dynamic: ClassVar = ("beta_1", "beta_2")
    _positional: ClassVar = 3

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_hyper("beta_1", float(self._hypers["beta_1"][0]))

    def _check_hyper(self, name: str, value: float) -> None:
        if name == "beta_1" and not 0 < value <= 1:
            raise ValueError(f"{type(self).__name__}(beta_1={value!r}): expected a number above 0 and at most 1.")

    def transformation(self, learning_rate: Any, h: Any) -> Any:
        return transforms.lion(learning_rate, h.beta_1, h.beta_2)


@declared(family)
class Ftrl(Optimizer):
    """Follow the regularized leader (McMahan et al. 2013).  https://keras.io/api/optimizers/ftrl/

    >>> Ftrl(l1_regularization_strength=0.1).learning_rate_power
    -0.5
    """

    learning_rate: Any = 0.001
    learning_rate_power: Any = -0.5
    initial_accumulator_value: Any = 0.1
    l1_regularization_strength: Any = 0.0
    l2_regularization_strength: Any = 0.0
    l2_shrinkage_regularization_strength: Any = 0.0
    beta: Any = 0.0
    _dynamic: ClassVar = FTRL_NUMBERS
    _positional: ClassVar = 5
    _old_weight_by_weight: ClassVar = True

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("initial_accumulator_value", "l1_regularization_strength", "l2_regularization_strength"):
            not_negative(self, name)
        not_negative(self, "l2_shrinkage_regularization_strength")
        if self._hypers["learning_rate_power"][0] > 0:
            raise ValueError(
                f"{type(self).__name__}(learning_rate_power={self._hypers['learning_rate_power'][0]!r}): "
                "expected a number of at most 0."
            )

    def transformation(self, learning_rate: Any, h: Any) -> Any:
        return transforms.ftrl(
            learning_rate,
            h.learning_rate_power,
            self.initial_accumulator_value,
            h.l1_regularization_strength,
            h.l2_regularization_strength,
            self.l2_shrinkage_regularization_strength,
            h.beta,
        )


@declared(family)
class Adafactor(Optimizer):
    """Adam with factored second moments, for large matrices (Shazeer and Stern 2018).

    https://keras.io/api/optimizers/adafactor/

    >>> Adafactor(learning_rate=0.01).relative_step
    True
    """

    learning_rate: Any = 0.001
    beta_2_decay: Any = -0.8
    epsilon_1: Any = 1e-30
    epsilon_2: Any = 1e-3
    clip_threshold: Any = 1.0
    relative_step: bool = True
    _positional: ClassVar = 6

    def transformation(self, learning_rate: Any, h: Any) -> Any:
        relative = self.relative_step and self._rate_is_variable
        return transforms.adafactor(
            learning_rate, self.beta_2_decay, self.epsilon_1, self.epsilon_2, self.clip_threshold, relative
        )


@declared(family)
class ScheduleFreeAdamW(Optimizer):
    """Adam that needs no schedule, by averaging (Defazio et al. 2024).  https://keras.io/api/optimizers/

    >>> ScheduleFreeAdamW(warmup_steps=100).learning_rate.numpy().item() > 0.002
    True
    """

    learning_rate: Any = 0.0025
    beta_1: Any = 0.9
    beta_2: Any = 0.999
    epsilon: Any = 1e-8
    warmup_steps: Any = 0
    _dynamic: ClassVar = ("beta_1", "beta_2")
    _positional: ClassVar = None
    _slots_from_weights: ClassVar = True

    def transformation(self, learning_rate: Any, h: Any) -> Any:
        return transforms.schedule_free_adamw(learning_rate, h.beta_1, h.beta_2, self.epsilon, self.warmup_steps)


@declared(family)
class Muon(Optimizer):
    """Orthogonalized momentum for matrices, AdamW for all else (Jordan et al. 2024).

    Weights that are no matrices, embeddings (unless ``exclude_embeddings=False``) and weights whose path matches one of
    the patterns ``exclude_layers`` get AdamW.  https://keras.io/api/optimizers/muon/

    >>> Muon(exclude_layers=["head"]).ns_steps
    5
    """

    learning_rate: Any = 0.001
    adam_beta_1: Any = 0.9
    adam_beta_2: Any = 0.999
    adam_weight_decay: Any = 0.004
    epsilon: Any = 1e-7
    weight_decay: Any = 0.004
    clipnorm: Any = None
    clipvalue: Any = None
    global_clipnorm: Any = None
    use_ema: bool = False
    ema_momentum: float = 0.99
    ema_overwrite_frequency: Any = None
    loss_scale_factor: Any = None
    gradient_accumulation_steps: Any = None
    name: Any = None
    exclude_layers: Any = None
    exclude_embeddings: bool = True
    muon_a: float = 3.4445
    muon_b: float = -4.775
    muon_c: float = 2.0315
    adam_lr_ratio: Any = 1
    momentum: Any = 0.95
    ns_steps: int = 5
    nesterov: bool = True
    rms_rate: Any = 0.2
    _positional: ClassVar = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.exclude_layers = list(self.exclude_layers or [])

    def _by_adam(self, weight: Any) -> bool:
        path = getattr(weight, "path", "")
        if len(weight.shape) != 2 or (self.exclude_embeddings and "embedding" in path.lower()):
            return True
        return any(re.search(pattern, path) for pattern in self.exclude_layers)

    def _weight_decays(self, params: Sequence[Any]) -> list:
        named = self._trainable_variables if len(self._trainable_variables) == len(params) else params
        own = [self.adam_weight_decay if self._by_adam(v) else self.weight_decay for v in named]
        return [decay if self._decays(i) else None for i, decay in enumerate(own)]

    def build(self, variables: Sequence[Any]) -> None:
        if not self.built:
            self.__dict__["_marks"] = [self._by_adam(v) for v in variables]
        super().build(variables)

    def transformation(self, learning_rate: Any, h: Any) -> Any:
        return transforms.muon(
            learning_rate,
            self.__dict__.get("_marks"),
            self.momentum,
            self.nesterov,
            self.ns_steps,
            (self.muon_a, self.muon_b, self.muon_c),
            self.rms_rate,
            self.adam_lr_ratio,
            self.adam_beta_1,
            self.adam_beta_2,
            self.epsilon,
        )

    def transpose_last_axis(self, X: Any) -> Any:
        """A stack of matrices, transposed."""
        return X.swapaxes(-1, -2)

    def lr_adjust(self, x: Any) -> Any:
        """An update scaled to the root mean square that Adam's have."""
        return x if self.rms_rate is None else x * max(x.shape[0], x.shape[1]) ** 0.5 * self.rms_rate

    def zeropower_via_newtonschulz5(self, x: Any, steps: int) -> Any:
        """The nearest matrix with singular values near 1; raises ValueError for vectors."""
        if x.ndim < 2:
            raise ValueError(f"{self.name}: expected an array of at least 2 axes, received shape {tuple(x.shape)}.")
        return transforms.orthogonalize(x, steps, self.muon_a, self.muon_b, self.muon_c)


def not_negative(optimizer: Optimizer, name: str) -> None:
    """Raises ValueError where an argument is below 0."""
    if getattr(optimizer, name) < 0:
        raise ValueError(
            f"{type(optimizer).__name__}({name}={getattr(optimizer, name)!r}): expected a number of at least 0."
        )

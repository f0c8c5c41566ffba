"""The base of optimizers: a pure update of a flat list of arrays, and Keras's stateful methods on top of it."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import jax.numpy as jnp
import numpy as np
import optax

from ..core import config as settings
from ..core import declare as declaring
from ..core.declare import era_default
from ..core.variable import Variable
from . import configs, gradients, layouts, pipeline, stateful, stateless
from .fields import Hyper, LearningRate, Name, signature_of_base
from .layouts import VariableList
from .transforms import State


class Optimizer(declaring.Configurable):
    """Base of optimizers.  https://keras.io/api/optimizers/

    A subclass gives either an optax transformation, in ``transformation(self, learning_rate, h)``, or Keras 3's
    ``build(variables)`` and ``update_step(gradient, variable, learning_rate)``. The state is a list of arrays, one per
    element of ``state_variables``; ``init_state`` and ``update`` are pure.

    >>> from jkeras.optimizers import Adam
    >>> opt = Adam(learning_rate=0.1)
    >>> params = [jnp.ones(2)]
    >>> state = opt.init_state(params)
    >>> params, state = opt.update([jnp.ones(2)], state, params)
    >>> [round(float(v), 3) for v in params[0]]
    [0.9, 0.9]
    """

    learning_rate: Any = None
    weight_decay: Any = era_default(None)
    clipnorm: Any = None
    clipvalue: Any = None
    global_clipnorm: Any = None
    use_ema: bool = False
    ema_momentum: float = 0.99
    ema_overwrite_frequency: Any = None
    loss_scale_factor: Any = None
    gradient_accumulation_steps: Any = None
    name: Any = era_default(None)

    _base_arguments: ClassVar[tuple] = ("lr", "decay", "jit_compile", "is_legacy_optimizer")
    _dynamic: ClassVar[tuple] = ()  # fields that are a part of the state
    _separate_slots: ClassVar[tuple] = ()  # slots that Keras lists after the others, not weight by weight
    _positional: ClassVar[int | None] = 0
    _old_order: ClassVar[tuple] = ()  # positional arguments in Keras 1 and 2
    _slots_from_weights: ClassVar[bool] = False
    _extra_arguments: ClassVar[dict] = {}  # arguments that are no fields, with their usual values
    _always: ClassVar[dict] = {"2.2": ("decay",), "legacy": ("decay",)}  # of those, what a generation's config has
    _later: ClassVar[dict] = {}  # generation -> fields it does not have, with the value they have there
    _old_weight_by_weight: ClassVar[bool] = False
    _counted_in_22: ClassVar[bool] = False
    _fixed_generation: ClassVar[str | None] = None
    _reads_own_config: ClassVar[bool] = True

    def __init__(self, *args: Any, **kwargs: Any):
        own = self.__dict__
        era = declaring.current_era()
        own["_generation"] = self._fixed_generation or ("2.2" if era == "1" else era)
        own.update(_version=0, _hypers={}, _tracked=[], _entries=[], _learning_rate=None, _layout=None, _compiled={})
        own.update(
            _trainable_variables=[], _indices={}, built=False, _excluded_ids=set(), _excluded_names=(), _step_grads=None,
            _idle=(),
        )  # fmt: skip
        self.updates: list = []
        fields = Optimizer._fields
        values, rest = declaring.bind(self, Optimizer, fields, _named_first(args, kwargs), kwargs)
        own["_given"] = rest
        own["_iterations"] = Variable(np.zeros((), np.int32), dtype="int32", trainable=False, name="iteration")
        if type(self)._fields is fields:  # else the declared class sets them
            for name, value in values.items():
                setattr(self, name, value)
            self.__post_init__()

    def __post_init__(self) -> None:
        given = self._given
        self.jit_compile = bool(given.get("jit_compile", True))
        if given.get("lr") is not None:
            self.learning_rate = given["lr"]
        decay = given.get("decay")
        if decay is not None and float(decay) < 0:
            raise ValueError(f"{type(self).__name__}(decay={decay!r}): expected a number of at least 0.")
        self.initial_decay = float(decay or 0.0)
        if decay or "decay" in self._always.get(self._generation, ()):
            self.decay = self.initial_decay
        if getattr(self, "epsilon", 0.0) is None:
            self.epsilon = settings.epsilon()
        self._iterations.path = f"{self.name}/iteration"
        if isinstance(self._learning_rate, Variable) and self._learning_rate.name == "learning_rate":
            self._learning_rate.path = f"{self.name}/learning_rate"
        configs.check(self)

    # ------------------------------------------------- what subclasses define

    def transformation(self, learning_rate: Any, h: Any) -> optax.GradientTransformation:
        """The update rule as an optax transformation; ``h`` has the changeable hyper-parameters as attributes."""

        def update(grads: Any, state: Any, params: Any = None) -> Any:
            raise NotImplementedError(
                f"{type(self).__name__} must define update_step(self, gradient, variable, learning_rate) or "
                "transformation(self, learning_rate, h)."
            )

        return optax.GradientTransformation(lambda params: State(np.zeros((), np.int32), {}, {}), update)

    def _rule(self, learning_rate: Any, h: Any = None) -> optax.GradientTransformation:
        return self.transformation(learning_rate, h or pipeline.scalars(self, None))

    def _weight_decays(self, params: Sequence[Any]) -> list:
        """The weight decay of each weight, None for none."""
        return [self.weight_decay if self._decays(i) else None for i in range(len(params))]

    def _decays(self, index: int) -> bool:
        if not (self._excluded_ids or self._excluded_names) or index >= len(self._trainable_variables):
            return True
        variable = self._trainable_variables[index]
        if id(variable) in self._excluded_ids:
            return False
        return not any(re.search(pattern, variable.name) for pattern in self._excluded_names)

    def _constraints(self, count: int) -> list:
        found = [getattr(v, "constraint", None) for v in self._trainable_variables]
        return found if len(found) == count else [None] * count

    def _transformed(self, grads: list) -> list:
        return grads

    def _pads_in_22(self) -> bool:
        return False

    def _check_hyper(self, name: str, value: float) -> None:
        """Raises where a new value would need slots that are not there."""

    # ------------------------------------------------- the pure door

    def init_state(self, params: Sequence[Any]) -> list[Any]:
        """The initial state for a list of arrays: one array per element of ``state_variables``.

        >>> from jkeras.optimizers import SGD
        >>> [v.shape for v in SGD(momentum=0.9).init_state([jnp.ones((2, 3))])]
        [(), (), (2, 3), ()]
        """
        return stateless.init_state(self, params)

    def update(self, grads: Sequence[Any], state: Sequence[Any], params: Sequence[Any]) -> tuple[list, list]:
        """New weights and new state. Pure; a gradient may be None, and that weight stays as it is.

        The hyper-parameters at the end of the state may be left out, as in ``variables``; then those of now hold.
        """
        return stateless.update(self, list(grads), list(state), [jnp.asarray(p) for p in params])

    def _pure(self, grads: list, state: list, params: list) -> tuple[list, list]:
        """The step on a complete state."""
        return stateless.step(self, grads, state, params)

    def to_optax(self) -> optax.GradientTransformation:
        """The same optimizer as a plain optax transformation over any pytree of weights.

        >>> import optax
        >>> from jkeras.optimizers import SGD
        >>> plain = SGD(learning_rate=0.5).to_optax()
        >>> params = {"w": jnp.ones(2)}
        >>> updates, state = plain.update({"w": jnp.ones(2)}, plain.init(params), params)
        >>> optax.apply_updates(params, updates)["w"].tolist()
        [0.5, 0.5]
        """
        return stateless.as_optax(self)

    # ------------------------------------------------- variables

    @property
    def _rate_is_variable(self) -> bool:
        return isinstance(self._learning_rate, Variable)

    def _overrides(self, method: str) -> bool:
        return getattr(type(self), method) is not getattr(Optimizer, method)

    @property
    def _own_updates(self) -> bool:
        return self._overrides("get_updates")

    @property
    def _overrides_apply(self) -> bool:
        return self._overrides("apply") or self._overrides("apply_gradients")

    @property
    def _updates_by_hand(self) -> bool:
        return not getattr(type(self).update_step, "by_rule", False)

    @property
    def _needs_variables(self) -> bool:
        return self.built and (self._updates_by_hand or self._own_updates or bool(self._extra))

    @property
    def _extra(self) -> list:
        return [e for e in self._entries if e.group.startswith("extra/")]

    @property
    def variables(self) -> VariableList:
        """Iterations, learning rate and slots, in Keras 3's order."""
        rate = [self._learning_rate] if self._rate_is_variable else []
        return VariableList([self._iterations, *rate, *self._tracked])

    @property
    def _hyper_cells(self) -> list[Variable]:
        return [self._hypers[name][1] for name in self._active]

    @property
    def _active(self) -> list[str]:
        """Names of the hyper-parameters in the state: all but those that change nothing."""
        return [name for name in self._hypers if name not in self._idle]

    def _state_size(self, params: list) -> int:
        return len(self._state_entries if self.built else self._entries_for(params))

    @property
    def state_variables(self) -> list[Variable]:
        """``variables`` and the changeable hyper-parameters: what a training step carries."""
        return [*self.variables, *self._hyper_cells]

    @property
    def _state_entries(self) -> list:
        first = [pipeline.Entry("iteration")] + ([pipeline.Entry("learning_rate")] if self._rate_is_variable else [])
        return [*first, *self._entries, *(pipeline.Entry(f"hyper/{name}") for name in self._active)]

    def _entries_for(self, params: list) -> list:
        entries = pipeline.layout(self, params).entries
        return [*entries, *(pipeline.Entry(f"hyper/{name}") for name in self._active)]

    @property
    def weights(self) -> list[Variable]:
        """The variables as the Keras generation of this optimizer lists (and saves) them; or as ``get_updates`` said."""
        listed = self.__dict__.get("_listed")
        return layouts.weights_in(self, self._generation) if listed is None else list(listed)

    @weights.setter
    def weights(self, weights: Sequence[Any]) -> None:
        if self._own_updates:  # what the first call lists; further calls stand for it
            self.__dict__.setdefault("_listed", list(weights))

    def weights_in(self, generation: str) -> list[Variable]:
        """The variables as Keras "3", "tf2", "legacy" (tf.keras until 2.10) or "2.2" lists and saves them."""
        return layouts.weights_in(self, generation)

    def get_weights(self) -> list[np.ndarray]:
        """The values of ``weights``, on the host."""
        return [v.numpy() for v in self.weights]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Sets the values that ``get_weights`` gave; also takes the lists of the other Keras generations."""
        layouts.set_weights(self, list(weights))

    @property
    def iterations(self) -> Any:
        """Updates done so far."""
        steps = self.gradient_accumulation_steps
        return self._iterations.value // steps if steps else self._iterations

    @iterations.setter
    def iterations(self, value: Any) -> None:
        if isinstance(value, Variable):
            if self.built:
                raise RuntimeError(
                    f"{self.name}: iterations cannot become another Variable after build(); assign to it."
                )
            self.__dict__["_iterations"] = value
        else:
            self._iterations.assign(value)

    @property
    def lr(self) -> Any:
        """``learning_rate`` as Keras 1 and 2 call it."""
        return self.learning_rate

    @lr.setter
    def lr(self, value: Any) -> None:
        self.learning_rate = value

    @property
    def version(self) -> int:
        """Grows when something changes that is compiled in: compare it before using a compiled step again."""
        return self._version

    def _changed(self) -> None:
        self.__dict__["_version"] = self.__dict__.get("_version", 0) + 1

    def __setattr__(self, name: str, value: Any) -> None:
        if "_version" not in self.__dict__:
            raise RuntimeError(f"{type(self).__name__}: call super().__init__() before setting attributes.")
        if name in type(self)._fields and name not in ("learning_rate", "name", *type(self)._dynamic):
            self._changed()  # it is compiled in
        object.__setattr__(self, name, value)
        if isinstance(value, (Variable, list, tuple)) and not name.startswith("_trainable"):
            self._track(value)

    def _track(self, value: Any) -> None:
        for v in value if isinstance(value, (list, tuple)) else [value]:
            if isinstance(v, Variable) and not any(v is known for known in self._known_variables()):
                self._tracked.append(v)
                self._entries.append(pipeline.Entry(f"extra/{len(self._extra)}"))

    def _known_variables(self) -> Iterable:
        yield from self.state_variables
        yield from self._trainable_variables

    def _rate_at(self, step: Any) -> Any:
        """What the schedule or function gives for a step."""
        return pipeline.rate_at(self, self._learning_rate, step)

    # ------------------------------------------------- building

    def build(self, variables: Sequence[Variable]) -> None:
        """Makes the slots for the given weights; a second call does nothing."""
        if self.built:
            return
        variables = list(variables)
        self.__dict__["_trainable_variables"] = variables
        self.__dict__["_indices"] = {id(v): i for i, v in enumerate(variables)}
        layouts.make_slots(self, variables)
        if self._own_updates:
            gradients.build_from_updates(self, variables)
        self.built = True

    def _first_average(self, value: Any) -> Any:
        if self._generation == "3":
            return np.zeros(value.shape, value.dtype)
        return jnp.array(value, copy=True)

    def _index(self, variable: Any) -> int:
        found = self._indices.get(id(variable))
        if found is None:
            raise ValueError(
                f"{self.name}: unknown variable {variable}. An optimizer works on the variables that it was built "
                "with; make a new one for others."
            )
        return found

    _get_variable_index = _index

    def add_variable(
        self,
        shape: Sequence[int],
        *args: Any,
        initializer: Any = "zeros",
        dtype: Any = None,
        aggregation: str = "none",
        layout: Any = None,
        name: str | None = None,
    ) -> Variable:
        """A new variable of the optimizer: ``(shape, initializer, dtype, aggregation, layout, name)``.

        tf.keras's order ``(shape, dtype, initializer, name)`` is known by a dtype at the second place.
        """
        given = dict(initializer=initializer, dtype=dtype, aggregation=aggregation, layout=layout, name=name)
        return layouts.add_variable(self, shape, args, given)

    def add_variable_from_reference(
        self, reference_variable: Any = None, name: str | None = None, initializer: Any = "zeros", **tf: Any
    ) -> Variable:
        """A new variable like a weight, named ``<weight>_<name>``; also takes tf.keras's argument names."""
        return layouts.add_like(self, reference_variable, name, initializer, **tf)

    def add_optimizer_variables(self, trainable_variables: Sequence[Any], name: Any, initializer: Any = "zeros") -> Any:
        """A list of new variables, one per weight; with several names, a tuple of such lists."""
        return layouts.add_for_all(self, trainable_variables, name, initializer)

    # ------------------------------------------------- stateful steps

    def apply_gradients(self, grads_and_vars: Iterable, name: str | None = None, **kwargs: Any) -> Variable:
        """One step from pairs of gradient and variable; gives the iterations."""
        for unknown in set(kwargs) - {"skip_gradients_aggregation", "experimental_aggregate_gradients"}:
            raise TypeError(f"apply_gradients() got an unexpected keyword argument {unknown!r}")
        pairs = list(grads_and_vars)
        if pairs:
            grads, variables = zip(*pairs)
            self.apply(grads, variables)
        return self._iterations

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Any] | None = None) -> None:
        """One step: changes the variables and the optimizer's own."""
        if len(grads):
            stateful.apply(self, list(grads), trainable_variables)

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any = None) -> None:
        """The rule on one variable: changes it and its slots, not the iterations."""
        stateful.apply_to_one(self, gradient, variable, learning_rate)

    update_step.by_rule = True  # type: ignore[attr-defined]

    def stateless_apply(self, optimizer_variables: Sequence, grads: Sequence, trainable_variables: Sequence) -> tuple:
        """Keras 3's pure form: (new weights, new optimizer variables), the latter like ``variables``."""
        return stateless.apply(self, optimizer_variables, grads, trainable_variables)

    def compute_gradients(self, loss: Any, var_list: Any, tape: Any = None) -> list[tuple]:
        """Pairs of gradient and variable of a loss function of no argument, or of a loss recorded by ``tape``."""
        return gradients.of_loss(self, loss, var_list, tape)

    def minimize(
        self, loss: Any, var_list: Any, tape: Any = None, grad_loss: Any = None, name: str | None = None
    ) -> Variable:
        """One step down a loss function of no argument (or a loss with its tape)."""
        pairs = self.compute_gradients(loss, var_list, tape)
        if grad_loss is not None:
            pairs = [(g if g is None else g * grad_loss, v) for g, v in pairs]
        return self.apply_gradients(pairs)

    def aggregate_gradients(self, grads_and_vars: Iterable) -> list[tuple]:
        """The pairs as they are: gradients are summed over devices where they are computed."""
        return list(grads_and_vars)

    def get_gradients(self, loss: Any, params: Sequence[Any]) -> list:
        """Symbolic gradients of a symbolic loss, clipped as Keras 2.2 does."""
        return gradients.symbolic_gradients(self, loss, params)

    def get_updates(self, loss: Any, params: Sequence[Any]) -> list:
        """Keras 2's form of a step: pairs (variable, symbolic new value) for ``K.function(..., updates=)``."""
        self.updates = gradients.symbolic_updates(self, self.get_gradients(loss, params), params)
        return self.updates

    # ------------------------------------------------- the rest of Keras's surface

    def assign(self, variable: Variable, value: Any) -> None:
        """Sets a variable."""
        variable.assign(value)

    def assign_add(self, variable: Variable, value: Any) -> None:
        """Adds to a variable."""
        variable.assign_add(value)

    def assign_sub(self, variable: Variable, value: Any) -> None:
        """Subtracts from a variable."""
        variable.assign_sub(value)

    def scale_loss(self, loss: Any) -> Any:
        """The loss times ``loss_scale_factor``."""
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor

    def exclude_from_weight_decay(
        self, var_list: Sequence | None = None, var_names: Sequence[str] | None = None
    ) -> None:
        """Leaves out of weight decay the given variables, and those in whose name one of the patterns is found."""
        if self.built:
            raise ValueError(f"{self.name}: exclude_from_weight_decay() must be called before the optimizer is built.")
        self.__dict__["_excluded_ids"] = {id(v) for v in var_list or ()}
        self.__dict__["_excluded_names"] = tuple(var_names or ())

    def finalize_variable_values(self, var_list: Sequence[Variable]) -> None:
        """After training: the weights become their moving averages, where ``use_ema`` asks for them."""
        if self.use_ema:
            layouts.assign_averages(self, var_list)

    def save_own_variables(self, store: Any) -> None:
        """Writes the values of ``variables`` into a dict-like store, under "0", "1", ..."""
        for i, v in enumerate(self.variables):
            store[str(i)] = v.numpy()

    def load_own_variables(self, store: Any) -> None:
        """Reads what ``save_own_variables`` wrote; warns and changes nothing where the number of variables differs."""
        layouts.load(self, store)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal optimizer, in the words of the Keras generation."""
        return configs.config_of(self)

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
        """The optimizer that a config of any Keras generation describes."""
        return configs.from_config(cls, config, custom_objects)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, learning_rate={configs.rate_of(self)}>"

    def __getstate__(self) -> dict:
        return {**self.__dict__, "_compiled": {}}

    def __setstate__(self, state: dict) -> None:
        self.__dict__.update(state)
        self.__dict__["_indices"] = {id(v): i for i, v in enumerate(self._trainable_variables)}


def _named_first(args: tuple, kwargs: dict) -> tuple:
    """tf.keras's base class takes the name first."""
    if args and isinstance(args[0], str):
        kwargs["name"] = args[0]
        return (None, *args[1:])
    return args


declaring.declare(Optimizer)
Optimizer.learning_rate, Optimizer.name, Optimizer.decay = LearningRate(), Name(), Hyper("decay")
Optimizer.__signature__ = signature_of_base(Optimizer)

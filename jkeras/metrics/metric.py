"""The base of metrics: state in Variables, updated batch by batch."""

import functools
from typing import Any, ClassVar

import jax.numpy as jnp
import numpy as np

from jkeras import initializers
from jkeras.core import config, dtypes, frame
from jkeras.core.declare import Configurable, resolve_default
from jkeras.core.naming import snake_case, unique_name
from jkeras.core.variable import Variable


def _shown(result):
    """``result``, which gives tensors where a script for TensorFlow asks."""
    if not callable(result):
        return result

    @functools.wraps(result)
    def shown(self, *args, **kwargs):
        found = result(self, *args, **kwargs)
        return found if frame.recorder is None else frame.recorder.shown(found)

    return shown


class Metric(Configurable):
    """A number computed over many batches.

    Subclasses make their state with ``add_variable`` (or ``add_weight``) in ``__init__``, and write
    ``update_state(y_true, y_pred, sample_weight=None)`` and ``result()``, both without branches on values, so that
    they can be compiled. ``name`` and ``dtype`` may stand in either order: Keras 3 and tf.keras differ.
    https://keras.io/api/metrics/base_metric/

    >>> class Largest(Metric):
    ...     def __init__(self, name="largest", **kwargs):
    ...         super().__init__(name=name, **kwargs)
    ...         self.value = self.add_variable((), "zeros", name="value")
    ...
    ...     def update_state(self, y_true, y_pred, sample_weight=None):
    ...         self.value.assign(jnp.maximum(self.value, jnp.max(y_pred)))
    ...
    ...     def result(self):
    ...         return self.value.value
    >>> metric = Largest()
    >>> metric.update_state([0.0], jnp.array([3.0]))
    >>> metric([0.0], jnp.array([2.0])).item()
    3.0
    """

    _tracked_as: ClassVar[str] = "metric"

    _keras_module = "keras.metrics"
    _tracked_as = "metric"  # models and layers find their metrics by it
    _base_arguments: ClassVar[tuple] = ("name", "dtype")
    _direction: str | None = None  # "up" where more is better, "down" where less is
    _quiet: ClassVar[tuple] = ()  # fields that Keras leaves out of the config; ours has them when they matter
    _default_dtype: Any = None  # None: the default float type
    stateful = True
    built = True

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if "result" in vars(cls):
            cls.result = _shown(vars(cls)["result"])

    def __init__(self, *args, name=None, dtype=None):
        for value in args:
            if isinstance(value, str) and value not in dtypes.NAMES and name is None:
                name = value
            elif value is not None:
                dtype = value
        self._variables = []
        if "name" not in self._fields:  # a declared metric gets both as fields
            self._settle(name, dtype)

    def __post_init__(self):
        self._settle(self.name, self.dtype)
        self._make_state()

    def _settle(self, name, dtype):
        self.name = name or unique_name(snake_case(type(self).__name__))
        default = resolve_default(type(self), "default_dtype", self._default_dtype)
        self.dtype = dtypes.get_policy(dtype or default or config.floatx()).compute_dtype

    def _make_state(self):
        """Makes the Variables of a declared metric, after its fields are set."""

    # ---- state

    def add_variable(self, shape=(), initializer=None, dtype=None, aggregation="sum", name=None):
        """A new Variable of the state; ``initializer`` None means zeros."""
        if "_variables" not in vars(self):
            raise RuntimeError(
                f"{type(self).__name__}: call super().__init__(name=..., dtype=...) at the start of __init__, "
                "before variables are added."
            )
        with frame.scope(self.name.replace("/", ">")):
            variable = Variable(
                initializers.get("zeros" if initializer is None else initializer),
                shape=shape,
                dtype=dtype or config.floatx(),
                trainable=False,
                autocast=False,
                aggregation=aggregation if isinstance(aggregation, str) else "sum",
                synchronization="on_read",
                name=name,
            )
        self._variables.append(variable)
        return variable

    def add_weight(self, *args, **kwargs):
        """A new Variable of the state; positions are those of Keras 3, or of tf.keras when a name comes first.

        Keras 3: ``(shape=(), initializer=None, dtype=None, name=None)``; tf.keras:
        ``(name, shape=(), aggregation=None, synchronization=None, initializer=None, dtype=None)``.
        """
        old = bool(args) and isinstance(args[0], str)
        names = ("name", "shape", "aggregation", "synchronization", "initializer", "dtype")
        names = names if old else ("shape", "initializer", "dtype", "name")
        if len(args) > len(names):
            raise TypeError(f"add_weight takes at most {len(names)} positional arguments, received {len(args)}.")
        given = dict(zip(names, args, strict=False), **kwargs)
        given.pop("synchronization", None)  # states are summed when they are read, as everywhere in JAX
        given["shape"] = () if given.get("shape") is None else given["shape"]
        given["aggregation"] = given.get("aggregation") or "sum"
        return self.add_variable(**given)

    @property
    def variables(self):
        """The Variables of the state, those of metrics among the attributes included."""
        found = list(self._variables)
        for value in vars(self).values():
            for item in value if isinstance(value, (list, tuple)) else (value,):
                if isinstance(item, Metric):
                    found += item.variables
                elif isinstance(item, Variable):
                    found.append(item)
        return list({id(v): v for v in found}.values())

    weights = non_trainable_weights = non_trainable_variables = variables

    @property
    def trainable_weights(self):
        """No weight of a metric is trained."""
        return []

    trainable_variables = trainable_weights

    def get_weights(self):
        """The state as a list of NumPy arrays."""
        return [v.numpy() for v in self.variables]

    def set_weights(self, weights):
        """Sets the state from a list of arrays."""
        for variable, value in zip(self.variables, weights, strict=True):
            variable.assign(value)

    def build(self, y_true_shape, y_pred_shape):
        """Makes state whose shape depends on the data; most metrics have none."""

    # ---- what users call

    def update_state(self, *args, **kwargs):
        """Takes a batch into account: to be written by subclasses."""
        raise NotImplementedError(f"{type(self).__name__} has no update_state(); a metric must define it.")

    def result(self):
        """The number so far, or a dict of numbers: to be written by subclasses."""
        raise NotImplementedError(f"{type(self).__name__} has no result(); a metric must define it.")

    def __call__(self, *args, **kwargs):
        """Takes a batch into account and gives the result."""
        self.update_state(*args, **kwargs)
        return self.result()

    def reset_state(self):
        """Starts anew: every Variable becomes 0."""
        if type(self).reset_states is not Metric.reset_states:  # a metric written before the name lost its "s"
            self.reset_states()
        else:
            self._reset()

    def reset_states(self):
        """The same as ``reset_state``, under its old name."""
        if type(self).reset_states is not Metric.reset_states:
            self._reset()
        else:
            self.reset_state()

    def _reset(self):
        for variable in self.variables:
            variable.assign(jnp.zeros(variable.shape, variable.array_dtype))

    def merge_state(self, metrics):
        """Adds the states of metrics of the same kind."""
        for metric in metrics:
            if len(metric.variables) != len(self.variables):
                raise ValueError(f"{metric} cannot be merged into {self}: it has another number of variables.")
            for own, other in zip(self.variables, metric.variables):
                own.assign_add(other.value)

    # ---- the same as pure functions

    def stateless_update_state(self, metric_variables, *args, **kwargs):
        """The new values of the variables after a batch, given their values: nothing else changes.

        >>> from jkeras.metrics import Mean
        >>> [v.item() for v in Mean().stateless_update_state([jnp.array(1.0), jnp.array(1.0)], 3.0)]
        [4.0, 2.0]
        """
        if not self.built and len(args) > 1:
            self.build(np.shape(args[0]), np.shape(args[1]))
        with frame.Frame(values=self._bound(metric_variables)) as call:
            self.update_state(*args, **kwargs)
            return [call.values[v] for v in self.variables]

    def stateless_result(self, metric_variables):
        """The result for given values of the variables."""
        with frame.Frame(values=self._bound(metric_variables)):
            return self.result()

    def stateless_reset_state(self):
        """The values of the variables at the start."""
        variables = self.variables
        start = {v: jnp.zeros(v.shape, v.array_dtype) for v in variables}
        with frame.Frame(values=start) as call:
            self.reset_state()
            return [call.values[v] for v in variables]

    def _bound(self, values):
        variables = self.variables
        if len(values) != len(variables):
            raise ValueError(
                f"{self}: metric_variables must have one value for each of the {len(variables)} variables, "
                f"received {len(values)}."
            )
        return {v: jnp.asarray(value) for v, value in zip(variables, values)}

    # ---- config

    def get_config(self):
        """The arguments that make an equal metric."""
        found = {"name": self.name, "dtype": self.dtype}
        for name, field in self._fields.items():
            if name not in found:
                value = self._configured(name)
                if name not in self._quiet or value != field.default:
                    found[name] = value
        return found

    def _configured(self, name):
        return getattr(self, name)

    def __repr__(self):
        return f"<{type(self).__name__} name={self.name}>"

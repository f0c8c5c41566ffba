"""The base of loss objects, and the wrapper that makes one of a function."""

import contextlib
import functools
from typing import ClassVar

import jax.numpy as jnp

from jkeras.core import config, dtypes, frame, registry
from jkeras.core.declare import Configurable, era_default, resolve_default
from jkeras.core.naming import snake_case, unique_name
from jkeras.core.symbolic import op

from .reduction import REDUCTIONS, reduce_weighted, squeeze_or_expand, standardize_reduction

REDUCTION = era_default("sum_over_batch_size")


class Loss(Configurable):
    """A loss as an object: the values of ``call``, weighted and reduced to one number.

    Subclasses write ``call(y_true, y_pred)``, which gives one value per sample (or step). ``reduction`` is
    "sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none" or None; ``dtype`` is that of the
    computation. ``reduction`` and ``name`` may stand in either order: Keras 3 and tf.keras differ.
    https://keras.io/api/losses/#loss-class

    >>> class Off(Loss):
    ...     def call(self, y_true, y_pred):
    ...         return jnp.abs(y_true - y_pred)
    >>> Off()(jnp.array([1.0, 2.0]), jnp.array([1.0, 4.0])).item()
    1.0
    """

    _keras_module = "keras.losses"
    _base_arguments: ClassVar[tuple] = ("name", "reduction", "dtype")
    _integer_targets = False  # integer targets are class labels and stay integers

    def __init__(self, *args, name=None, reduction=REDUCTION, dtype=None):
        for value in args:
            if value in REDUCTIONS[:-1] and reduction is REDUCTION:
                reduction = value
            elif isinstance(value, str) and value not in dtypes.NAMES and name is None:
                name = value
            elif value is not None:
                dtype = value
        if "name" not in self._fields:
            self.name = name or unique_name(snake_case(type(self).__name__))
        self.reduction = standardize_reduction(resolve_default(type(self), "reduction", reduction))
        self.dtype = dtypes.get_policy(dtype or config.floatx()).compute_dtype

    def __post_init__(self):
        standardize_reduction(self.reduction)
        self.name = self.name or unique_name(snake_case(type(self).__name__))
        self.dtype = dtypes.get_policy(self.dtype or config.floatx()).compute_dtype

    def call(self, y_true, y_pred):
        """The losses of a batch, one per sample or step: to be written by subclasses."""
        raise NotImplementedError(f"{type(self).__name__} has no call(y_true, y_pred); a loss must define it.")

    def __call__(self, y_true, y_pred, sample_weight=None):
        """The loss of a batch: array (), or that of the values when ``reduction`` is "none"."""
        return frame.recorded(functools.partial(_evaluate, self), y_true, y_pred, sample_weight)

    def values_and_mask(self, y_true, y_pred):
        """The values of ``call`` in the dtype of the loss, and the mask of prediction and values (None: all count)."""
        masks = [frame.get_mask(y_pred)]
        with contextlib.nullcontext() if frame.current() is not None else frame.Frame():
            values = self.call(_each(self._target, y_true), _each(self._prediction, y_pred))
            if values is None or isinstance(values, str):
                raise ValueError(
                    f"loss {self.name!r} gave {values!r}: it must return one number per sample, or their mean."
                )
            masks.append(frame.get_mask(values))
        masks = [jnp.asarray(m).astype(bool) for m in masks if m is not None]
        return values, (masks[0] if len(masks) == 1 else masks[0] & masks[1]) if masks else None

    def _prediction(self, x):
        return jnp.asarray(x).astype(dtypes.array_dtype(self.dtype))

    def _target(self, x):
        x = jnp.asarray(x)
        if self._integer_targets and not jnp.issubdtype(x.dtype, jnp.floating):
            return x
        return x.astype(dtypes.array_dtype(self.dtype))

    def get_config(self):
        """The arguments that make an equal loss."""
        config = {"name": self.name, "reduction": self.reduction}
        if self.dtype != dtypes.standardize_dtype(None):
            config["dtype"] = self.dtype
        for name, field in self._fields.items():
            value = getattr(self, name)
            if name not in self._base_arguments and (name not in self._quiet or value != field.default):
                config[name] = value
        return config

    _quiet: ClassVar[tuple] = ()  # fields that Keras leaves out of the config; ours has them when they matter

    def __repr__(self):
        inside = ", ".join(f"{name}={value!r}" for name, value in self.get_config().items())
        return f"<{type(self).__name__} {inside}>"


def _each(fn, x):
    """``fn`` of an array (a list of numbers is one), or of each array in a dict, list or tuple."""
    if isinstance(x, dict):
        return {key: _each(fn, value) for key, value in x.items()}
    if isinstance(x, (list, tuple)) and any(hasattr(item, "shape") or isinstance(item, dict) for item in x):
        return type(x)(_each(fn, item) for item in x)
    return fn(x)


@op
def _evaluate(loss, y_true, y_pred, sample_weight=None):
    values, mask = loss.values_and_mask(y_true, y_pred)
    total = reduce_weighted(values, sample_weight, mask, loss.reduction)
    return total.astype(dtypes.array_dtype(loss.dtype))


class FunctionLoss(Loss):
    """A loss whose values are those of ``fn(y_true, y_pred, **arguments)``."""

    def fn(self, y_true, y_pred):
        """The function."""
        raise NotImplementedError

    def _arguments(self):
        return {}

    def call(self, y_true, y_pred):
        """The values of the function; ranks are matched first where one axis of size 1 differs."""
        if hasattr(y_true, "ndim") and hasattr(y_pred, "ndim"):
            y_true, y_pred = squeeze_or_expand(y_true, y_pred)
        return self.fn(y_true, y_pred, **self._arguments())


class LossFunctionWrapper(FunctionLoss):
    """A loss object of a function: keyword arguments that the loss does not know go to ``fn``.

    >>> LossFunctionWrapper(lambda y_true, y_pred, scale: scale * jnp.abs(y_true - y_pred), scale=2.0)(1.0, 2.0).item()
    2.0
    """

    _reads_own_config = True

    def __init__(self, fn, reduction=REDUCTION, name=None, dtype=None, **kwargs):
        super().__init__(reduction=reduction, name=name, dtype=dtype)
        self.fn, self._fn_kwargs = fn, kwargs
        self._integer_targets = getattr(fn, "_integer_targets", False)

    def _arguments(self):
        return self._fn_kwargs

    def get_config(self):
        """The arguments that make an equal loss; the function and its arguments serialized."""
        return {**super().get_config(), "fn": registry.serialize(self.fn), **registry.serialize(self._fn_kwargs)}

    @classmethod
    def from_config(cls, config):
        """The loss that ``get_config`` described."""
        config = dict(config)
        if not callable(config.get("fn")):
            config["fn"] = registry.families["keras.losses"].get(config["fn"])
        return cls(**{key: registry.deserialize(value) if key != "fn" else value for key, value in config.items()})

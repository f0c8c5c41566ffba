"""Rematerialisation: layers that keep only their inputs for the gradient and compute the rest again.

https://keras.io/api/utils/remat_utils/
"""

import threading
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend.core import jaxpr_as_fun

from . import frame as frames

_scope: ContextVar["RematScope | None"] = ContextVar("remat", default=None)
_each: ContextVar["RematScope | None"] = ContextVar("remat_each", default=None)  # what layers without an own setting do
_inside: ContextVar[bool] = ContextVar("inside_remat", default=False)
_swap = threading.RLock()  # held while a layer's activation is exchanged for a rematerialised one

# XLA on the CPU drops the barriers that keep "compute again" late before it orders the computation, so that all is computed
# early and no memory is saved. With this pass left out the gradient of four blocks of 64-512-512-512-64 at batch 512 takes 8.5 MB
# instead of 30.5 (jaxlib 0.10.2; `python -m benchmarks.memory`). Programs with the operation want the options there.
OPERATION = "remat2"  # the name JAX gives it in a traced function
CPU_OPTIONS = {"xla_disable_hlo_passes": "cse_barrier_expander"}
MODES = ("full", "activations", "larger_than", "list_of_layers", None)


class RematScope:
    """Layers made inside keep fewer values for the gradient and compute them again.

    ``mode`` is "full" (every layer), "activations" (activation functions), "larger_than" (layers whose outputs, the batch
    included, have more than ``output_size_threshold`` elements), "list_of_layers" (those named in ``layer_names``) or None.
    As in Keras the scope acts on the layers made inside, wherever they are called, and is not saved with them. The results
    are the same; ``Layer(..., remat=True)`` says it for one layer, or for a whole model that is a block of another one.

    Raises ValueError for an unknown mode.

    https://keras.io/api/utils/remat_utils/

    >>> from jkeras import layers
    >>> with RematScope("list_of_layers", layer_names=["wide"]):
    ...     wide, narrow = layers.Dense(512, name="wide"), layers.Dense(8, name="narrow")
    >>> wide.remat.layer_names
    ['wide']
    """

    def __init__(self, mode: str | None = "full", output_size_threshold: int = 1024, layer_names: Any = None):
        if mode not in MODES:
            raise ValueError(f"RematScope: mode must be one of {MODES}, received {mode!r}.")
        if isinstance(layer_names, str):
            raise ValueError(f"RematScope: layer_names must be a list of names, received {layer_names!r}.")
        self.mode, self.output_size_threshold, self.layer_names = mode, output_size_threshold, list(layer_names or [])

    def __enter__(self) -> "RematScope":
        self._token = _scope.set(self)
        return self

    def __exit__(self, *_: Any) -> None:
        _scope.reset(self._token)

    def __repr__(self) -> str:
        return f"RematScope({self.mode!r})"


def get_current_remat_mode() -> RematScope | None:
    """The innermost RematScope, or None."""
    return _scope.get()


def remat(f: Callable) -> Callable:
    """``f`` with its intermediate values computed again for the gradient instead of kept.

    >>> float(remat(lambda x: x * 2)(3.0))
    6.0
    """

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        return jax.checkpoint(lambda a: f(*a, **kwargs))(args)

    return wrapped


def setting_of(value: Any) -> RematScope | bool | None:
    """What ``remat=`` of a layer means: True, False, or None for the scope around (None outside any)."""
    if value is None:
        scope = _scope.get()
        return None if scope is None or scope.mode is None else scope
    if isinstance(value, (bool, RematScope)):
        return value
    raise ValueError(f"remat: expected True, False or a RematScope, received {value!r}.")


# ------------------------------------------------- calls


def is_wanted(layer: Any) -> bool:
    """May this layer have to be rematerialised?"""
    return layer.remat is not None or _each.get() is not None


def call(layer: Any, frame: frames.Frame, args: tuple, kwargs: dict) -> Any:
    """``layer.call(*args, **kwargs)`` as the layer's ``remat`` asks for; the same results."""
    setting = _each.get() if layer.remat is None else layer.remat
    if layer._is_model and frames.scope_path() == layer.name:
        return _call_root(layer, setting, args, kwargs)
    if frame.abstract or not setting or _inside.get() and setting is not True:
        return layer.call(*args, **kwargs)  # a scope's mode acts once, on the outermost layer
    leaves, structure = jax.tree.flatten((args, kwargs), is_leaf=lambda x: x is None)
    places = [i for i, x in enumerate(leaves) if isinstance(x, jax.Array)]
    if frame.values is None and not any(isinstance(leaves[i], jax.core.Tracer) for i in places):
        return layer.call(*args, **kwargs)  # nothing takes a gradient here
    mode = "full" if setting is True else setting.mode
    if mode == "activations":
        return _with_remat_activation(layer, args, kwargs)
    if mode == "list_of_layers" and layer.name not in setting.layer_names:
        return layer.call(*args, **kwargs)
    recorded = _Recorded(layer, frame, leaves, structure, places)
    limit = setting.output_size_threshold if mode == "larger_than" else None
    return recorded.run(limit)


def _call_root(layer: Any, setting: Any, args: tuple, kwargs: dict) -> Any:
    """A model that is no block of another one: to compute all of it twice would save nothing, so its layers are meant."""
    if setting is not True:  # the layers made in a scope have it themselves
        return layer.call(*args, **kwargs)
    token = _each.set(RematScope())
    try:
        return layer.call(*args, **kwargs)
    finally:
        _each.reset(token)


def _with_remat_activation(layer: Any, args: tuple, kwargs: dict) -> Any:
    activation = getattr(layer, "activation", None)
    if activation is None or getattr(activation, "__name__", "") == "linear" or not callable(activation):
        return layer.call(*args, **kwargs)
    with _swap:
        vars(layer)["activation"] = remat(activation)
        try:
            return layer.call(*args, **kwargs)
        finally:
            vars(layer)["activation"] = activation


class _Recorded:
    """A call of a layer as a pure function of arrays: whatever it leaves in the frame comes out as values."""

    def __init__(self, layer: Any, frame: frames.Frame, leaves: list, structure: Any, places: list[int]):
        self.layer, self.frame, self.structure, self.places = layer, frame, structure, places
        self.leaves = leaves
        arrays = [leaves[i] for i in places]
        self.given = (arrays, [frames.get_mask(x) for x in arrays])
        self.left: Any = None

    def run(self, limit: int | None) -> Any:
        """The outputs; rematerialised where they have more than ``limit`` elements (None: always)."""
        if limit is None:
            return self._put_back(jax.checkpoint(self._pure)(self.given))
        closed, shapes = jax.make_jaxpr(self._pure, return_shape=True)(self.given)
        size = sum(x.size for x in jax.tree.leaves(shapes[0]))
        evaluate = jaxpr_as_fun(closed)
        made = (jax.checkpoint(evaluate) if size > limit else evaluate)(*jax.tree.leaves(self.given))
        return self._put_back(jax.tree.unflatten(jax.tree.structure(shapes), made))

    def _pure(self, given: tuple) -> Any:
        outer = self.frame
        leaves = list(self.leaves)
        for i, x in zip(self.places, given[0], strict=True):
            leaves[i] = x
        args, kwargs = jax.tree.unflatten(self.structure, leaves)
        token = _inside.set(True)
        try:
            with frames.Keeping(values={}, training=outer.training, key=outer.key) as inner:
                inner.compute_dtype, inner.trainable_flags = outer.compute_dtype, outer.trainable_flags
                inner.step, inner.draws = outer.step, outer.draws
                for x, mask in zip(given[0], given[1], strict=True):
                    if mask is not None:
                        frames.set_mask(x, mask)
                outputs, rest = jax.tree.flatten(self.layer.call(*args, **kwargs), is_leaf=lambda x: x is None)
                masks = [frames.get_mask(y) for y in outputs]
        finally:
            _inside.reset(token)
        arrays = [y if isinstance(y, jax.Array) else None for y in outputs]
        assert inner.values is not None
        updates = [jnp.asarray(inner.values[v]) for v in inner.updated]
        losses = [jnp.asarray(value) for _, value in inner.losses]
        metrics = [jnp.asarray(value[1]) for _, value in inner.metrics]
        self.left = (outputs, rest, inner)
        return arrays, masks, updates, losses, metrics

    def _put_back(self, made: Any) -> Any:
        arrays, masks, updates, losses, metrics = made
        plain, structure, inner = self.left
        frame = self.frame
        for variable, value in zip(inner.updated, updates, strict=True):
            if not frame.assign(variable, value):
                variable.assign(value)
        frame.losses += [(one, value) for (one, _), value in zip(inner.losses, losses, strict=True)]
        frame.metrics += [
            (one, (name, value, how)) for (one, (name, _, how)), value in zip(inner.metrics, metrics, strict=True)
        ]
        outputs = [y if a is None else a for a, y in zip(arrays, plain, strict=True)]
        for y, mask in zip(outputs, masks, strict=True):
            if mask is not None:
                frames.set_mask(y, mask)
        return jax.tree.unflatten(structure, outputs)

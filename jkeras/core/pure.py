"""The pure door: layers and models as functions of nested dicts of parameters and state."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from . import calling, tracking
from . import frame as frames
from .variable import Variable, initial_values, initialize

Places = list[tuple[tuple[str, ...], Variable]]


def split(layer: Any) -> tuple[Places, Places]:
    """Variables with their places: those that train, and the state."""
    entries = tracking.tree(layer)
    train = layer._trainable_ids()
    return [e for e in entries if id(e[1]) in train], [e for e in entries if id(e[1]) not in train]


def ensure_built(layer: Any, x: Any) -> None:
    """Builds a layer for inputs like ``x``: arrays, shape structs, or a shape with its batch axis."""
    if layer.built or x is None:
        if not layer.built and not tracking.tree(layer):
            layer._build_by_shapes({})
        return
    abstract_call(layer, x)


def abstract_call(layer: Any, x: Any) -> None:
    """Calls a layer on inputs like ``x`` without computing, so that all its parts are built."""

    def run(x: Any) -> Any:
        with frames.Frame(values={}, abstract=True) as frame:
            return calling.run(layer, frame, x if isinstance(x, tuple) else (x,), {})

    jax.eval_shape(run, _abstract(x, layer))


def _abstract(x: Any, layer: Any) -> Any:
    if isinstance(x, (tuple, list)) and x and all(isinstance(d, (int, np.integer, type(None))) for d in x):
        shape = tuple(2 if d is None else int(d) for d in x)
        return jax.ShapeDtypeStruct(shape, layer._example_dtype())
    if isinstance(x, (tuple, list)):
        return type(x)(_abstract(v, layer) for v in x)
    if isinstance(x, dict):
        return {k: _abstract(v, layer) for k, v in x.items()}
    return x if isinstance(x, jax.ShapeDtypeStruct) else jnp.asarray(x)


def _as_key(key: Any) -> Any:
    """The key of a number, of the data of a key, or of a key; None stays None."""
    if isinstance(key, (int, np.integer)):
        return jax.random.key(key)
    return key if key is None or jnp.issubdtype(key.dtype, jax.dtypes.prng_key) else jax.random.wrap_key_data(key)


def init(layer: Any, key: Any, x: Any = None) -> tuple[dict, dict]:
    """``(params, state)`` as a pure function of a key; builds the layer for ``x`` first if need be."""
    key = _as_key(key)
    ensure_built(layer, x)
    params, state = split(layer)
    made = initial_values([v for _, v in (*params, *state)], key)
    values = dict(zip(map(id, (v for _, v in (*params, *state))), made, strict=True))
    return (
        tracking.nested([(place, values[id(v)]) for place, v in params]),
        tracking.nested([(place, values[id(v)]) for place, v in state]),
    )


def apply(
    layer: Any, params: dict, state: dict, args: tuple, kwargs: dict, training: Any, key: Any
) -> tuple[Any, dict]:
    """``(outputs, new state)``; nothing else is read or written."""
    trained, kept = split(layer)
    if not layer.built and not trained:
        ensure_built(layer, args if len(args) != 1 else args[0])
        trained, kept = split(layer)
    values = {v: tracking.lookup(params, place, "params") for place, v in trained}
    values.update({v: tracking.lookup(state, place, "state") for place, v in kept})
    with frames.Frame(values=values, training=training, key=_as_key(key)) as frame:
        outputs = calling.run(layer, frame, args, kwargs)
        after = [(place, frame.lookup(v)) for place, v in kept]
    return outputs, tracking.nested(after)


def parameters(layer: Any) -> tuple[dict, dict]:
    """The current ``(params, state)``."""
    params, state = split(layer)
    initialize([v for _, v in (*params, *state)])
    return (
        tracking.nested([(place, v.value) for place, v in params]),
        tracking.nested([(place, v.value) for place, v in state]),
    )


def assign(layer: Any, params: dict, state: dict | None) -> None:
    """Puts ``params`` (and ``state``) into the Variables, after all have been found to fit."""
    trained, kept = split(layer)
    pairs = [(v, tracking.lookup(params, place, "params")) for place, v in trained]
    if state is not None:
        pairs += [(v, tracking.lookup(state, place, "state")) for place, v in kept]
    for v, value in pairs:
        if tuple(jnp.shape(value)) != v.shape:
            raise ValueError(f"Weight {v.path!r} has shape {v.shape}, received {tuple(jnp.shape(value))}.")
    for v, value in pairs:
        v.assign(value)


def bind(variables: Sequence[Variable], values: Sequence[Any], what: str) -> dict[Variable, Any]:
    """Pairs Variables with values; raises ValueError if the numbers differ."""
    values = list(values)
    if len(values) != len(variables):
        raise ValueError(f"{what}: expected {len(variables)} values, received {len(values)}.")
    return {v: x.value if isinstance(x, Variable) else jnp.asarray(x) for v, x in zip(variables, values, strict=True)}


def stateless_call(
    layer: Any, trainable: Any, non_trainable: Any, args: tuple, kwargs: dict, return_losses: bool
) -> Any:
    """Keras 3's form of ``apply``, with lists in the order of ``trainable_variables`` and ``non_trainable_variables``."""
    if not layer.built:
        raise ValueError(
            f"stateless_call: layer {layer.name!r} is not built yet; call build(input_shape) or the layer first."
        )
    others = layer.non_trainable_variables
    values = bind(layer.trainable_variables, trainable, "stateless_call: trainable_variables")
    values.update(bind(others, non_trainable, "stateless_call: non_trainable_variables"))
    kwargs = dict(kwargs)
    with frames.Frame(values=values, training=kwargs.get("training")) as frame:
        outputs = calling.run(layer, frame, args, kwargs)
        losses = layer.losses if return_losses else None
        after = [frame.lookup(v) for v in others]
    return (outputs, after, losses) if return_losses else (outputs, after)

"""Wrappers along time: both directions, and every step on its own."""

import inspect

import jax
import jax.numpy as jnp

from ..core import connections, registry, tracking
from ..core import frame as frames
from ..core.calling import shape_of
from ..core.declare import Converter, era_default
from ..core.layer import Layer, layer
from ..core.spec import describe
from .core import Wrapper
from .fields import Flag, choice
from .recurrent_cells import hide, sequences_of


def _layer(value):
    if isinstance(value, dict):
        value = registry.deserialize(value)
    if not isinstance(value, Layer):
        raise ValueError(f"expected a layer, received {value!r}.")
    return value


def _optional_layer(value):
    return None if value is None else _layer(value)


MERGES = {
    "concat": lambda a, b: jnp.concatenate([a, b], axis=-1),
    "sum": jnp.add,
    "ave": lambda a, b: (a + b) / 2,
    "mul": jnp.multiply,
}


@layer
class Bidirectional(Layer):
    """A recurrent layer and its like going backwards, their outputs merged: (batch, time, d) -> (batch, 2 * units).

    ``merge_mode`` is "concat", "sum", "ave", "mul", or None for both outputs. ``backward_layer`` is used as it is and must have
    the other ``go_backwards``; the forward layer is made anew from the config of ``layer``. ``initial_state`` has the
    forward layer's states, then the backward layer's; so have the weights. ``zero_output_for_mask`` makes the sequences'
    masked steps 0, where a recurrent layer alone repeats its output.
    https://keras.io/api/layers/recurrent_layers/bidirectional/

    >>> from jkeras.layers import LSTM
    >>> Bidirectional(LSTM(3))(jnp.ones((2, 5, 4))).shape
    (2, 6)
    """

    layer: Converter(_layer, registry.serialize)
    merge_mode: choice(*MERGES, None) = "concat"
    weights: object = None
    backward_layer: Converter(_optional_layer, registry.serialize) = None
    zero_output_for_mask: Flag = era_default(True)
    supports_masking = True

    def __post_init__(self):
        given = self.layer
        for name in ("go_backwards", "return_sequences", "return_state", "stateful"):
            if not hasattr(given, name):
                raise ValueError(
                    f"{describe(self)}: expected a recurrent layer, which has {name!r}; received {given!r}."
                )
        self.layer = self.forward_layer = _renamed(given, "forward_")
        if self.backward_layer is None:
            self.backward_layer = _renamed(given, "backward_", go_backwards=not given.go_backwards)
        self._check_directions()
        self.return_sequences, self.return_state = given.return_sequences, given.return_state
        self.stateful, self.input_spec = given.stateful, given.input_spec
        for one in (self.forward_layer, self.backward_layer):
            if hasattr(given, "use_cudnn") and hasattr(one, "use_cudnn"):
                one.use_cudnn = given.use_cudnn
            if self.zero_output_for_mask and hasattr(one, "zero_output_for_mask"):
                one.zero_output_for_mask = self.return_sequences

    def _check_directions(self):
        one, other = self.forward_layer, self.backward_layer
        if one.go_backwards == other.go_backwards:
            raise ValueError(
                f"{describe(self)}: layer and backward_layer must go in different directions; both have "
                f"go_backwards={one.go_backwards}."
            )
        for name in ("stateful", "return_sequences", "return_state"):
            if getattr(one, name) != getattr(other, name):
                raise ValueError(
                    f"{describe(self)}: layer has {name}={getattr(one, name)}, backward_layer has "
                    f"{name}={getattr(other, name)}; make them equal."
                )

    def __call__(self, inputs=None, initial_state=None, constants=None, **kwargs):
        inputs = sequences_of(self, inputs, kwargs)
        if isinstance(inputs, (list, tuple)):
            inputs, *rest = inputs
            split = len(rest) - (getattr(self.forward_layer, "_num_constants", 0) or 0)
            initial_state = rest[:split] or initial_state
            constants = rest[split:] or constants
        if initial_state is not None:
            if len(initial_state) % 2:
                raise ValueError(
                    f"{describe(self)}: expected the states of both directions, an even number; received {len(initial_state)}."
                )
            kwargs["initial_state"] = list(initial_state)
        if constants is not None:
            kwargs["constants"] = constants
        return super().__call__(inputs, **kwargs)

    def build(self, sequences_shape, initial_state_shape=None, constants_shape=None):
        shapes = {"sequences": sequences_shape, "constants": constants_shape}
        for one in (self.forward_layer, self.backward_layer):
            with frames.scope(one.name):
                if not one.built:
                    one._build_by_shapes({k: v for k, v in shapes.items() if v is not None})
        if self.given_weights is not None:
            self._initial_weights = self.given_weights

    def call(self, sequences, initial_state=None, mask=None, training=None, constants=None):
        half = len(initial_state) // 2 if initial_state is not None else None
        found = []
        for one, part in ((self.forward_layer, slice(None, half)), (self.backward_layer, slice(half, None))):
            given = {"training": training, "mask": mask, "constants": constants}
            given["initial_state"] = None if half is None else initial_state[part]
            takes = inspect.signature(one.call).parameters
            found.append(one(sequences, **{k: v for k, v in given.items() if v is not None and k in takes}))
        (ahead, *states), (back, *more) = found if self.return_state else [[y] for y in found]
        ahead, back = ahead.astype(self.compute_dtype), back.astype(self.compute_dtype)
        if self.return_sequences:
            back = jnp.flip(back, axis=0 if getattr(self.forward_layer, "time_major", False) else 1)
        merged = (ahead, back) if self.merge_mode is None else (MERGES[self.merge_mode](ahead, back),)
        if self.return_state or self.merge_mode is None:
            return (*merged, *states, *more)
        return merged[0]

    def compute_mask(self, inputs, mask=None):
        mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        mask = mask if self.return_sequences else None
        masks = [mask] if self.merge_mode is not None else [mask, mask]
        if self.return_state:
            return masks + [None] * (2 * len(jax.tree.leaves(self.forward_layer.cell.state_size)))
        return masks if self.merge_mode is None else mask

    @property
    def states(self):
        """The states of both layers, where they are stateful and built."""
        if not self.forward_layer.states or not self.backward_layer.states:
            return None
        return (*self.forward_layer.states, *self.backward_layer.states)

    def reset_state(self, states=None):
        """Sets the states of both layers to zero, or to given values: the forward layer's, then the backward layer's."""
        if not self.stateful:
            raise AttributeError(f"{describe(self)} is not stateful; make its layer with stateful=True.")
        half = None if states is None else len(states) // 2
        self.forward_layer.reset_state(None if states is None else states[:half])
        self.backward_layer.reset_state(None if states is None else states[half:])

    def reset_states(self, states=None):
        """The same as ``reset_state``."""
        self.reset_state(states)

    def get_config(self):
        config = hide(super().get_config(), activity_regularizer=None, zero_output_for_mask=True)
        return {k: v for k, v in config.items() if k != "weights"}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        for name in ("layer", "backward_layer"):
            if isinstance(config.get(name), dict):
                config[name] = registry.deserialize(config[name], custom_objects)
        return cls(**config)


def _renamed(given, prefix, **changes):
    """A new layer from the config of another, with a prefix to its name."""
    config = {**given.get_config(), **changes, "name": prefix + given.name.removeprefix(prefix)}
    with registry.CustomObjectScope({type(one).__name__: type(one) for one in tracking.flatten_layers(given)}):
        return type(given).from_config(config)


@layer
class TimeDistributed(Wrapper):
    """Applies a layer to each time step on its own, with the same weights: (batch, time, ...) -> (batch, time, ...).

    The steps are computed together, as the rows of one large batch; one after the other where that would be something else:
    layers that keep statistics of the batch while training, and stateful ones.
    https://keras.io/api/layers/recurrent_layers/time_distributed/

    >>> from jkeras.layers import Dense
    >>> TimeDistributed(Dense(3))(jnp.ones((2, 5, 4))).shape
    (2, 5, 3)
    """

    supports_masking = True

    def _step_shape(self, shape):
        if isinstance(shape, list):
            return [self._step_shape(one) for one in shape]
        if not isinstance(shape, tuple) or len(shape) < 3:
            raise ValueError(f"{describe(self)}: expected at least 3 axes (batch, time, ...), received shape {shape}.")
        return (shape[0], *shape[2:])

    def build(self, input_shape):
        with frames.scope(self.layer.name):
            if not self.layer.built:
                self.layer._build_by_shapes({"inputs": self._step_shape(input_shape)})

    def call(self, inputs, training=None, mask=None):
        self._step_shape(shape_of(inputs))
        first = jax.tree.leaves(inputs)[0]
        if mask is not None and hasattr(mask, "shape") and first.shape[:2] != mask.shape[:2]:
            raise ValueError(
                f"{describe(self)}: expected a mask whose first axes are the input's, {first.shape[:2]}; "
                f"received shape {mask.shape}."
            )
        steps = first.shape[1]
        given = self._options(training, mask)
        if not self._one_by_one(training):
            outputs = self.layer(jax.tree.map(_merge, inputs), **jax.tree.map(_merge, given))
            return jax.tree.map(lambda y: y.reshape(-1, steps, *y.shape[1:]), outputs)
        outputs = []
        for t in range(steps):
            x, options = jax.tree.map(lambda v, t=t: v[:, t] if hasattr(v, "shape") else v, (inputs, given))
            outputs.append(self.layer(x, **options))
        return jax.tree.map(lambda *ys: jnp.stack(ys, axis=1), *outputs)

    def _options(self, training, mask):
        takes = inspect.signature(self.layer.call).parameters
        given = {"training": training, "mask": mask}
        return {k: v for k, v in given.items() if v is not None and k in takes}

    def _one_by_one(self, training):
        keeps = any(not v.trainable for v in self.layer.weights)
        return (bool(training) and keeps) or any(
            getattr(one, "stateful", False) for one in self.layer._flatten_layers()
        )

    def compute_mask(self, inputs, mask=None):
        steps = jax.tree.leaves(inputs)[0].shape[1]
        inner = self.layer.compute_mask(jax.tree.map(_merge, inputs), jax.tree.map(_merge, mask))
        if inner is not None and not isinstance(inner, (list, tuple)):
            return inner.reshape(-1, steps, *inner.shape[1:])
        return mask if mask is None or isinstance(mask, (list, tuple)) else mask.reshape(*mask.shape[:2], -1).any(-1)


def _merge(x):
    """Time steps as further rows of the batch."""
    return x.reshape(-1, *x.shape[2:]) if hasattr(x, "shape") else x


__getattr__ = connections.old_names(__name__)

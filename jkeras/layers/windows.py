"""What layers with windows in space share: their arguments, the shapes of their outputs, and extra batch axes."""

from ..core.declare import Converter
from ..core.spec import InputSpec, describe


def _padding(value):
    known = ("valid", "same", "causal")
    if not isinstance(value, str) or value.lower() not in known:
        raise ValueError("expected 'valid', 'same' or, with one spatial axis, 'causal'.")
    return value.lower()


def _sizes(value):
    if isinstance(value, (list, tuple)):
        return tuple(_size(v) for v in value)
    return _size(value)


def _size(value):
    if isinstance(value, bool) or not hasattr(value, "__index__") or int(value) < 1:
        raise ValueError("expected positive integers, one for all axes or one for each.")
    return int(value)


Padding = Converter(_padding)
Sizes = Converter(_sizes)


def per_axis(layer, *names):
    """Makes fields that were given as one integer tuples with one for each spatial axis."""
    for name in names:
        value = getattr(layer, name)
        value = (value,) * layer.rank if isinstance(value, int) else value
        if len(value) != layer.rank:
            raise ValueError(f"{describe(layer)}: {name} wants {layer.rank} integers, received {value}.")
        setattr(layer, name, value)


def channels_of(layer, input_shape):
    """The number of channels of inputs of a shape, which the layer keeps to from now on."""
    axis = layer.channel_axis
    if len(input_shape) < layer.rank + 2:
        raise ValueError(
            f"{describe(layer)}: expected {layer.rank + 2} axes (batch, {layer.rank} of space, channels), "
            f"received shape {tuple(input_shape)}. Add the missing axes, for instance with Reshape()."
        )
    if input_shape[axis] is None:
        raise ValueError(
            f"{describe(layer)}: the number of channels (axis {axis}) of {tuple(input_shape)} must be known."
        )
    layer.input_spec = InputSpec(min_ndim=layer.rank + 2, axes={axis: input_shape[axis]})
    return input_shape[axis]


def windowed_shape(layer, input_shape, size_of, filters):
    """The output's shape, where ``size_of(i, n)`` is the new length of spatial axis i; raises where nothing is left."""
    shape = tuple(input_shape)
    last = layer.data_format == "channels_last"
    start = len(shape) - layer.rank - (1 if last else 0)
    space = shape[start : start + layer.rank]
    new = tuple(None if n is None else size_of(i, n) for i, n in enumerate(space))
    if any(n is not None and n < 1 for n in new):
        raise ValueError(
            f"{describe(layer)}: the window does not fit into the input: shape {shape} would become {new} in space. "
            "Use larger inputs, smaller windows or padding='same'."
        )
    lead = shape[: start - (0 if last else 1)]
    return (*lead, *new, filters) if last else (*lead, filters, *new)


def over_batch(rank, function, x):
    """Calls ``function`` on x with all axes before space and channels joined to one batch axis."""
    if x.ndim == rank + 2:
        return function(x)
    y = function(x.reshape(-1, *x.shape[-rank - 1 :]))
    return y.reshape(*x.shape[: -rank - 1], *y.shape[1:])

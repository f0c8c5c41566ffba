"""Pooling over windows, over all space, and to a given size, with one to three spatial axes."""

import inspect

import jax.numpy as jnp

from ..core import connections
from ..core.declare import declare, era_default
from ..core.layer import Layer, layer
from ..core.spec import InputSpec, describe
from ..nn import conv as conv_nn
from ..nn import pooling as nn
from .fields import DataFormat, Flag, optional
from .windows import Padding, Sizes, per_axis, windowed_shape


class _Pooling(Layer):
    rank = 0

    def __post_init__(self):
        self.input_spec = InputSpec(ndim=self.rank + 2)

    @property
    def _last(self):
        return self.data_format == "channels_last"

    def _channels(self, input_shape):
        return input_shape[-1 if self._last else 1]


@declare
class BasePooling(_Pooling):
    """One value for each window and channel.  https://keras.io/api/layers/pooling_layers/

    Raises ValueError for inputs of another rank and where the window is larger than the input.
    """

    pool_size: Sizes = era_default(2)
    strides: optional(Sizes) = None
    padding: Padding = "valid"
    data_format: DataFormat = era_default(None)

    def __post_init__(self):
        super().__post_init__()
        per_axis(self, "pool_size")
        self.strides = self.pool_size if self.strides is None else self.strides
        per_axis(self, "strides")
        if self.padding == "causal":
            raise ValueError(f"{describe(self)}: padding='causal' is for Conv1D; use 'valid' or 'same' here.")

    def call(self, inputs):
        self.compute_output_shape(inputs.shape)
        return type(self).pool(inputs, self.pool_size, self.strides, self.padding, self._last)

    def compute_output_shape(self, input_shape):
        def size(i, n):
            return conv_nn.out_size(n, self.pool_size[i], self.strides[i], 1, self.padding)

        return windowed_shape(self, input_shape, size, self._channels(input_shape))


@declare
class BaseGlobalPooling(_Pooling):
    """One value for each channel: (batch, *space, c) -> (batch, c), or with axes of length 1 kept.

    https://keras.io/api/layers/pooling_layers/
    """

    data_format: DataFormat = era_default(None)
    keepdims: Flag = False

    def call(self, inputs):
        return type(self).pool(inputs, self._last, self.keepdims)

    def compute_output_shape(self, input_shape):
        batch, channels = input_shape[0], self._channels(input_shape)
        kept = (1,) * self.rank if self.keepdims else ()
        return (batch, *kept, channels) if self._last else (batch, channels, *kept)


@declare
class BaseAdaptivePooling(_Pooling):
    """Windows that divide space into ``output_size`` parts: (batch, *space, c) -> (batch, *output_size, c).

    https://keras.io/api/layers/pooling_layers/
    """

    output_size: Sizes
    data_format: DataFormat = None

    def __post_init__(self):
        super().__post_init__()
        per_axis(self, "output_size")

    def call(self, inputs):
        return type(self).pool(inputs, self.output_size, self._last)

    def compute_output_shape(self, input_shape):
        return windowed_shape(self, input_shape, lambda i, n: self.output_size[i], self._channels(input_shape))


def _family(base, title, pool, example, ranks=(1, 2, 3)):
    """The classes of one kind of pooling, for one, two and three spatial axes, with a documentation of their own."""
    made = []
    for rank in ranks:
        name, space = f"{title}{rank}D", ("steps", "height, width", "depth, height, width")[rank - 1]
        shape = "(batch, channels)" if base is BaseGlobalPooling else f"(batch, new {space}, channels)"
        doc = f"""{POOLS[pool]}: (batch, {space}, channels) -> {shape}.

    https://keras.io/api/layers/pooling_layers/

    >>> {name}({example})(jnp.ones((1, {"4, " * rank}2))).shape
    {(1, *(() if base is BaseGlobalPooling else (2,) * rank), 2)}
    """
        members = {
            "__module__": __name__,
            "__qualname__": name,
            "__doc__": doc,
            "rank": rank,
            "pool": staticmethod(pool),
        }
        made.append(layer(type(base)(name, (base,), members)))
        if base is BasePooling:
            _take_name_by_position(made[-1])
    return made


def _take_name_by_position(cls):
    """Lets the constructor take the layer's name after its fields, where the real ones have it."""
    declared, count = cls.__init__, len(cls._fields)

    def __init__(self, *args, **kwargs):
        if len(args) == count + 1 and "name" not in kwargs:
            args, kwargs = args[:count], {**kwargs, "name": args[count]}
        declared(self, *args, **kwargs)

    __init__.declared = True
    parameters = [p for p in inspect.signature(declared).parameters.values() if p.name != "name"]
    name = inspect.Parameter("name", inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None)
    __init__.__signature__ = inspect.Signature([*parameters[: count + 1], name, *parameters[count + 1 :]])
    cls.__init__ = __init__


POOLS = {
    nn.max_pool: "Largest value of each window",
    nn.average_pool: "Mean of each window; padded points do not count",
    nn.global_max_pool: "Largest value over all space",
    nn.global_average_pool: "Mean over all space",
    nn.adaptive_max_pool: "Largest value of each of a given number of windows",
    nn.adaptive_average_pool: "Mean of each of a given number of windows",
}

MaxPooling1D, MaxPooling2D, MaxPooling3D = _family(BasePooling, "MaxPooling", nn.max_pool, "")
AveragePooling1D, AveragePooling2D, AveragePooling3D = _family(BasePooling, "AveragePooling", nn.average_pool, "2")
GlobalMaxPooling1D, GlobalMaxPooling2D, GlobalMaxPooling3D = _family(
    BaseGlobalPooling, "GlobalMaxPooling", nn.global_max_pool, ""
)
GlobalAveragePooling2D, GlobalAveragePooling3D = _family(
    BaseGlobalPooling, "GlobalAveragePooling", nn.global_average_pool, "", ranks=(2, 3)
)
AdaptiveMaxPooling1D, AdaptiveMaxPooling2D, AdaptiveMaxPooling3D = _family(
    BaseAdaptivePooling, "AdaptiveMaxPooling", nn.adaptive_max_pool, "2"
)
AdaptiveAveragePooling1D, AdaptiveAveragePooling2D, AdaptiveAveragePooling3D = _family(
    BaseAdaptivePooling, "AdaptiveAveragePooling", nn.adaptive_average_pool, "2"
)


@layer
class GlobalAveragePooling1D(BaseGlobalPooling):
    """Mean over the steps that the mask keeps: (batch, steps, channels) -> (batch, channels).

    https://keras.io/api/layers/pooling_layers/global_average_pooling1d/

    >>> GlobalAveragePooling1D()(jnp.ones((1, 4, 2)), mask=jnp.array([[True, False, True, True]])).tolist()
    [[1.0, 1.0]]
    """

    rank = 1
    supports_masking = True

    def call(self, inputs, mask=None):
        return nn.global_average_pool(inputs, self._last, self.keepdims, mask)

    def compute_output_shape(self, input_shape):
        return super().compute_output_shape(input_shape)

    def compute_mask(self, inputs, mask=None):
        return None


MaxPool1D, MaxPool2D, MaxPool3D = MaxPooling1D, MaxPooling2D, MaxPooling3D
AvgPool1D, AvgPool2D, AvgPool3D = AveragePooling1D, AveragePooling2D, AveragePooling3D
GlobalMaxPool1D, GlobalMaxPool2D, GlobalMaxPool3D = GlobalMaxPooling1D, GlobalMaxPooling2D, GlobalMaxPooling3D
GlobalAvgPool1D, GlobalAvgPool2D, GlobalAvgPool3D = (
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalAveragePooling3D,
)
_ = jnp  # for the examples


__getattr__ = connections.old_names(__name__)

"""Numbers made ready for a model: rescaled, normalized, put into bins, encoded as categories."""

import itertools
import math

import jax
import jax.numpy as jnp
import numpy as np

from ..core import config as settings
from ..core import dtypes, registry
from ..core.declare import BaseArgument, Converter, current_era, era_default, resolve_default
from ..core.layer import Layer, layer
from ..core.spec import describe
from .fields import Flag, choice


def adapted(data, args, kwargs):
    """(data, steps) of ``adapt``: the second place is ``batch_size`` in tf.keras and ``steps`` today."""
    names = ("steps",) if len(args) == 1 and current_era() == "3" else ("batch_size", "steps")
    if len(args) > len(names) or not {"batch_size", "steps"}.issuperset(kwargs):
        raise TypeError(f"adapt takes data, batch_size and steps, received also {list(kwargs) or args}.")
    given = {**dict(zip(names, args)), **kwargs}
    size, steps = given.get("batch_size"), given.get("steps")
    whole = isinstance(data, (list, tuple)) or hasattr(data, "__array__") and not hasattr(data, "element_spec")
    if (
        whole
        and size is not None
        and not (isinstance(data, (list, tuple)) and any(getattr(x, "ndim", 0) for x in data))
    ):
        rows = np.asarray(data)
        return [rows[i : i + size] for i in range(0, len(rows), size)], steps
    return data, steps


def batches_of(data, steps=None):
    """The batches of an array, or of an iterable of batches (of which the first of a tuple is meant)."""
    if hasattr(data, "__array__") or isinstance(data, (list, tuple)) and not any(hasattr(x, "shape") for x in data):
        return [np.asarray(data)]
    chosen = itertools.islice(iter(data), steps)
    return (np.asarray(batch[0] if isinstance(batch, tuple) else batch) for batch in chosen)


def encode(indices, mode, depth, dtype, weights=None):
    """Integers as "int", "one_hot", "multi_hot" (which there are) or "count" (how many of each) of ``depth`` categories."""
    dtype = dtypes.array_dtype(dtype)
    if mode == "int":
        return indices.astype(dtype)
    indices = indices[None] if indices.ndim == 0 else indices
    if mode == "one_hot":
        indices = indices.reshape(indices.shape[:-1]) if indices.ndim > 1 and indices.shape[-1] == 1 else indices
        return jax.nn.one_hot(indices, depth, dtype=dtype)
    hot, axis = jax.nn.one_hot(indices, depth, dtype=dtype), 1 if indices.ndim > 1 else 0
    if mode == "multi_hot":
        return jnp.max(hot, axis=axis)
    return jnp.sum(hot if weights is None else hot * weights[..., None], axis=axis).astype(dtype)


def _dense(value):
    if value:
        raise ValueError("expected False: sparse outputs are not supported.")
    return False


Sparse = Converter(_dense)


@layer
class Rescaling(Layer):
    """``inputs * scale + offset``.  https://keras.io/api/layers/preprocessing_layers/image_preprocessing/rescaling/

    >>> Rescaling(1 / 255)(jnp.array([0.0, 255.0])).tolist()
    [0.0, 1.0]
    """

    scale: Converter(registry.deserialize, registry.serialize)
    offset: Converter(registry.deserialize, registry.serialize) = 0.0
    supports_masking = True

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """The layer that ``get_config`` described."""
        return cls(**config)

    def call(self, inputs):
        scale, offset = jnp.asarray(self.scale, self.compute_dtype), jnp.asarray(self.offset, self.compute_dtype)
        if scale.ndim and settings.image_data_format() == "channels_first":
            scale = scale.reshape(scale.shape + (1,) * (3 - scale.ndim))
        return inputs.astype(self.compute_dtype) * scale + offset


@layer
class Normalization(Layer):
    """``(inputs - mean) / sqrt(variance)`` along the kept axes, with given numbers or those that ``adapt`` finds.

    https://keras.io/api/layers/preprocessing_layers/numerical/normalization/

    >>> layer = Normalization(axis=-1)
    >>> layer.adapt(np.array([[1.0], [3.0]]))
    >>> layer(jnp.array([[5.0]])).tolist()
    [[3.0]]
    """

    axis: Converter(lambda v: () if v is None else (v,) if isinstance(v, int) else tuple(v)) = -1
    mean: Converter(lambda v: v, lambda v: None) = None
    variance: Converter(lambda v: v, lambda v: None) = None
    invert: Flag = False
    supports_masking = True

    def __post_init__(self):
        self.input_mean, self.input_variance = self.mean, self.variance
        self._moments = (0, 0.0, 0.0)  # how many, mean, variance
        if (self.mean is None) != (self.variance is None):
            raise ValueError(f"{describe(self)}: give mean and variance, or neither and call adapt().")
        if self.mean is not None:
            shapes = np.shape(self.mean), np.shape(self.variance)
            if shapes[0] != shapes[1] or len(shapes[0]) > len(self.axis):
                raise ValueError(f"{describe(self)}: expected mean and variance of one shape for axis {self.axis}, "
                                 f"received shapes {shapes[0]} and {shapes[1]}.")  # fmt: skip

    def build(self, input_shape):
        rank = len(input_shape)
        if any(not -rank <= a < rank for a in self.axis) or any(input_shape[a] is None for a in self.axis):
            raise ValueError(
                f"{describe(self)}: axis {self.axis} must be known sizes of the input, received {input_shape}."
            )
        self._kept = tuple(sorted(a % rank for a in self.axis))
        self._reduced = tuple(a for a in range(rank) if a not in self._kept)
        self._build_shape = tuple(input_shape)
        shape = tuple(input_shape[a] for a in self._kept)
        given = np.shape(self.input_mean)
        if any(m not in (1, n) for m, n in zip(given[::-1], shape[::-1])):
            raise ValueError(
                f"{describe(self)}: expected mean and variance of shape {shape}, the sizes of axis {self.axis} of the "
                f"input {tuple(input_shape)}, received shape {given}."
            )
        if self.input_mean is None:
            self.adapt_mean = self.add_weight("mean", shape, initializer="zeros", trainable=False, autocast=False)
            self.adapt_variance = self.add_weight(
                "variance", shape, initializer="ones", trainable=False, autocast=False
            )
            self.count = self.add_weight("count", (), dtype="int32", initializer="zeros", trainable=False)
            self.mean, self.variance = self.adapt_mean, self.adapt_variance

    def adapt(self, data, *args, **kwargs):
        """Takes mean and variance of an array, or over all batches (or ``steps`` of them) of an iterable."""
        data, steps = adapted(data, args, kwargs)
        self._moments = (0, 0.0, 0.0)
        for batch in batches_of(data, steps):
            self.update_state(batch)
        if not self._moments[0]:
            raise ValueError(f"{describe(self)}: adapt() received no data.")

    def reset_state(self):
        """Back to mean 0 and variance 1."""
        self._moments = (0, 0.0, 0.0)
        if self.built and self.input_mean is None:
            self.adapt_mean.assign(np.zeros(self.adapt_mean.shape))
            self.adapt_variance.assign(np.ones(self.adapt_variance.shape))
            self.count.assign(0)

    def update_state(self, data):
        """Takes a further batch into mean and variance."""
        if self.input_mean is not None:
            raise ValueError(f"{describe(self)}: adapt() is for layers that were given no mean and variance.")
        batch = np.asarray(data)
        batch = batch.astype("float32") if batch.dtype == "float16" else batch
        if not self.built:
            self._build_by_shapes({"inputs": batch.shape})
        if any(batch.shape[a] != self._build_shape[a] for a in self._kept):
            raise ValueError(f"{describe(self)}: expected data like {self._build_shape}, received {batch.shape}.")
        count, mean, variance = self._moments
        new = math.prod(batch.shape[a] for a in self._reduced)
        count, share = count + new, new / (count + new)
        here, spread = batch.mean(self._reduced), batch.var(self._reduced)
        total = mean * (1 - share) + here * share
        variance = (variance + (mean - total) ** 2) * (1 - share) + (spread + (here - total) ** 2) * share
        self._moments = (count, total, variance)
        self.adapt_mean.assign(total)
        self.adapt_variance.assign(variance)
        if resolve_default(type(self), "counts", era_default(False)):
            self.count.assign(count)

    def finalize_state(self):
        """Nothing is left to do after weights were set: they are read when the layer is called."""

    def call(self, inputs):
        wide = jnp.promote_types(self.compute_dtype, "float32")
        inputs = inputs.astype(wide)
        mean, variance = (self._spread(v, inputs) for v in (self.mean, self.variance))
        deviation = jnp.maximum(jnp.sqrt(variance), settings.epsilon())
        outputs = mean + inputs * deviation if self.invert else (inputs - mean) / deviation
        return outputs.astype(self.compute_dtype)

    def _spread(self, value, inputs):
        value = jnp.asarray(value, inputs.dtype)
        shape = [1] * inputs.ndim
        for size, axis in zip(value.shape[::-1], self._kept[::-1]):
            shape[axis] = size
        return value.reshape(shape)

    def get_config(self):
        numbers = {"mean": np.array(self.input_mean).tolist(), "variance": np.array(self.input_variance).tolist()}
        return {**super().get_config(), **numbers}


@layer
class Discretization(Layer):
    """The number of the bin that a value falls into; bins are given, or found by ``adapt`` so that each has as many.

    https://keras.io/api/layers/preprocessing_layers/numerical/discretization/

    >>> Discretization([0.0, 1.0])(jnp.array([-1.0, 0.5, 3.0])).tolist()
    [0, 1, 2]
    """

    bin_boundaries: Converter(lambda v: None if v is None else np.asarray(v).tolist()) = None
    num_bins: object = None
    epsilon: float = 0.01
    output_mode: choice("int", "one_hot", "multi_hot", "count") = "int"
    sparse: Sparse = False
    dtype: BaseArgument = None
    name: BaseArgument = None

    def __post_init__(self):
        if (self.num_bins is None) == (self.bin_boundaries is None):
            raise ValueError(f"{describe(self)}: give either num_bins or bin_boundaries.")
        if self.num_bins is not None and self.num_bins < 0:
            raise ValueError(f"{describe(self)}: expected num_bins of at least 0, received {self.num_bins}.")
        self.reset_state()

    @property
    def output_dtype(self):
        """Dtype of the result."""
        return "int32" if self.output_mode == "int" else self.compute_dtype

    def adapt(self, data, *args, **kwargs):
        """Finds boundaries of ``num_bins`` bins by the quantiles of the data, to within ``epsilon``."""
        if self.num_bins is None:
            raise ValueError(
                f"{describe(self)}: adapt() is for layers with num_bins; this one was given bin_boundaries."
            )
        data, steps = adapted(data, args, kwargs)
        self.reset_state()
        for batch in batches_of(data, steps):
            self.update_state(batch)
        self.finalize_state()

    def update_state(self, data):
        """Adds data to the summary that the boundaries will come from."""
        values = np.sort(np.asarray(data, "float32").reshape(-1))
        step = max(values.size * self.epsilon, 1)
        chosen = values[int(step - 1) :: int(step)]
        both = np.concatenate([np.stack([chosen, np.full_like(chosen, step)]), self.summary], axis=1)
        self.summary = compress(both[:, np.argsort(both[0])], self.epsilon)

    def finalize_state(self):
        """Makes the boundaries out of the summary."""
        if self.num_bins is not None:
            self.bin_boundaries = compress(self.summary, 1.0 / self.num_bins)[0, :-1].tolist()

    def reset_state(self):
        """Forgets the data."""
        self.summary = np.zeros((2, 0), "float32")

    def call(self, inputs):
        if self.bin_boundaries is None:
            raise ValueError(f"{describe(self)}: no bins yet; give bin_boundaries, or call adapt().")
        indices = jnp.digitize(inputs, jnp.asarray(self.bin_boundaries, "float32"))
        return encode(indices, self.output_mode, len(self.bin_boundaries) + 1, self.output_dtype)

    def get_config(self):
        config = {**super().get_config(), "dtype": self.dtype}
        return {key: value for key, value in config.items() if key != "trainable"}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """The layer of a config; one that was adapted has both boundaries and their number."""
        config = dict(config)
        found = config.pop("bin_boundaries", None) if config.get("num_bins") is not None else None
        made = cls(**config)
        made.bin_boundaries = made.bin_boundaries if found is None else found
        return made


def compress(summary, epsilon):
    """A (values, weights) summary of quantiles with about ``1 / epsilon`` columns."""
    if summary.shape[1] * epsilon < 1:
        return summary
    wanted, weights = epsilon + np.arange(0.0, 1.0, epsilon), summary[1].cumsum()
    share = weights / weights[-1]
    values, weights = np.interp(wanted, share, summary[0]), np.interp(wanted, share, weights)
    return np.stack([values, np.diff(weights, prepend=0)]).astype("float32")


@layer
class CategoryEncoding(Layer):
    """Integers below ``num_tokens`` as one-hot vectors, sets ("multi_hot") or counts.

    https://keras.io/api/layers/preprocessing_layers/categorical/category_encoding/

    >>> CategoryEncoding(3, "one_hot")(jnp.array([2, 0])).tolist()
    [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    """

    num_tokens: object = None
    output_mode: Converter(lambda v: choice("multi_hot", "one_hot", "count").get({"binary": "multi_hot"}.get(v, v))) = (
        "multi_hot"
    )
    sparse: Sparse = False

    def __post_init__(self):
        if not isinstance(self.num_tokens, int) or self.num_tokens < 1:
            raise ValueError(
                f"{describe(self)}: expected a positive integer as num_tokens, received {self.num_tokens!r}."
            )

    def call(self, inputs, count_weights=None):
        if count_weights is not None and self.output_mode != "count":
            raise ValueError(f"{describe(self)}: count_weights are for output_mode='count', not {self.output_mode!r}.")
        values = jnp.asarray(inputs)
        values = values.astype("int32")
        if not isinstance(values, jax.core.Tracer) and values.size:
            low, high = int(np.asarray(values).min()), int(np.asarray(values).max())
            if low < 0 or high >= self.num_tokens:
                raise ValueError(f"{describe(self)}: expected 0 to {self.num_tokens - 1}, received {low} to {high}.")
        weights = None if count_weights is None else jnp.asarray(count_weights, self.compute_dtype)
        return encode(values, self.output_mode, self.num_tokens, self.compute_dtype, weights)

    def convert_weight(self, weight):
        """The value of a weight, as what computes with it takes it."""
        return jnp.asarray(weight)

    def get_config(self):
        return {key: value for key, value in super().get_config().items() if key != "sparse"}

"""Layers that move, cut, pad and repeat, in one to three dimensions and both data formats."""

import math

import jax.numpy as jnp

from ..core.declare import Converter, IntTuple, PositiveInt, era_default
from ..core.layer import Layer, layer
from ..core.spec import InputSpec, describe
from ..nn import image
from .fields import DataFormat, choice


@layer
class Flatten(Layer):
    """Makes one axis of all but the batch axis: (batch, ...) -> (batch, size); channels go last first.

    https://keras.io/api/layers/reshaping_layers/flatten/

    >>> Flatten()(jnp.ones((2, 3, 4))).shape
    (2, 12)
    """

    data_format: DataFormat = None

    def __post_init__(self):
        self.input_spec = InputSpec(min_ndim=1)

    def call(self, inputs):
        if self.data_format == "channels_first" and inputs.ndim > 2:
            inputs = jnp.moveaxis(inputs, 1, -1)
        return jnp.reshape(inputs, (inputs.shape[0], math.prod(inputs.shape[1:])))


def _target(value):
    shape = (value,) if isinstance(value, int) else tuple(value)
    if shape.count(-1) > 1 or any(not isinstance(d, int) or d < -1 for d in shape):
        raise ValueError("expected a tuple of sizes with at most one -1.")
    return shape


@layer
class Reshape(Layer):
    """Gives the axes after the batch axis another shape; one size may be -1: inferred.

    https://keras.io/api/layers/reshaping_layers/reshape/

    >>> Reshape((-1, 2))(jnp.ones((3, 4))).shape
    (3, 2, 2)
    """

    target_shape: Converter(_target)

    def call(self, inputs):
        given, wanted = math.prod(inputs.shape[1:]), math.prod(d for d in self.target_shape if d != -1)
        if given != wanted and (-1 not in self.target_shape or not wanted or given % wanted):
            many = f"a multiple of {wanted}" if -1 in self.target_shape else wanted
            raise ValueError(
                f"{describe(self)}: expected {many} elements a sample for target_shape {self.target_shape}, received "
                f"{given}, of shape {tuple(inputs.shape[1:])}."
            )
        return jnp.reshape(inputs, (inputs.shape[0], *self.target_shape))


@layer
class Permute(Layer):
    """Permutes the axes after the batch axis; ``dims`` counts them from 1.

    https://keras.io/api/layers/reshaping_layers/permute/

    >>> Permute((2, 1))(jnp.ones((2, 3, 4))).shape
    (2, 4, 3)
    """

    dims: Converter(tuple)

    def __post_init__(self):
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ValueError(f"Permute(dims={self.dims}): expected each of 1 to {len(self.dims)} once.")
        self.input_spec = InputSpec(ndim=len(self.dims) + 1)

    def call(self, inputs):
        return jnp.transpose(inputs, (0, *self.dims))


@layer
class RepeatVector(Layer):
    """Repeats each vector n times: (batch, features) -> (batch, n, features).

    https://keras.io/api/layers/reshaping_layers/repeat_vector/

    >>> RepeatVector(3)(jnp.ones((2, 4))).shape
    (2, 3, 4)
    """

    n: PositiveInt

    def __post_init__(self):
        self.input_spec = InputSpec(ndim=2)

    def call(self, inputs):
        return jnp.repeat(inputs[:, None], self.n, axis=1)


def Sides(rank):
    """Field type: what is cut or added before and after each of ``rank`` axes: a number, one per axis, or pairs."""

    def get(value):
        text = (
            f"a number, {rank} numbers or {rank} pairs of numbers of at least 0" if rank > 1 else "a number or a pair"
        )
        sides = (value,) * rank if isinstance(value, int) else tuple(value)
        if rank == 1 and len(sides) == 2:
            sides = (sides,)
        pairs = tuple((s, s) if isinstance(s, int) else tuple(s) for s in sides)
        if len(pairs) != rank or any(len(p) != 2 or not all(isinstance(n, int) and n >= 0 for n in p) for p in pairs):
            raise ValueError(f"expected {text}.")
        return pairs[0] if rank == 1 else pairs

    return Converter(get)


def spatial(layer):
    """The first of the spatial axes."""
    return 2 if getattr(layer, "data_format", None) == "channels_first" else 1


class _Cropping(Layer):
    rank = 0

    def __post_init__(self):
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def call(self, inputs):
        pairs = (self.cropping,) if self.rank == 1 else self.cropping
        index, first = [slice(None)] * inputs.ndim, spatial(self)
        for axis, (before, after) in enumerate(pairs, first):
            size = inputs.shape[axis]
            if before + after >= size:
                raise ValueError(
                    f"{describe(self)}: expected axis {axis} to be larger than the {before} + {after} that are cut "
                    f"off, received shape {tuple(inputs.shape)}."
                )
            index[axis] = slice(before, size - after)
        return inputs[tuple(index)]


@layer
class Cropping1D(_Cropping):
    """Cuts steps off both ends: (batch, steps, features).  https://keras.io/api/layers/reshaping_layers/cropping1d/

    >>> Cropping1D((1, 2))(jnp.ones((2, 5, 3))).shape
    (2, 2, 3)
    """

    cropping: Sides(1) = (1, 1)
    rank = 1


@layer
class Cropping2D(_Cropping):
    """Cuts ((top, bottom), (left, right)) off images.  https://keras.io/api/layers/reshaping_layers/cropping2d/

    >>> Cropping2D(((1, 0), (0, 2)))(jnp.ones((2, 5, 5, 3))).shape
    (2, 4, 3, 3)
    """

    cropping: Sides(2) = ((0, 0), (0, 0))
    data_format: DataFormat = None
    rank = 2


@layer
class Cropping3D(_Cropping):
    """Cuts pairs off three axes of volumes.  https://keras.io/api/layers/reshaping_layers/cropping3d/

    >>> Cropping3D(1)(jnp.ones((2, 5, 5, 5, 3))).shape
    (2, 3, 3, 3, 3)
    """

    cropping: Sides(3) = ((1, 1), (1, 1), (1, 1))
    data_format: DataFormat = None
    rank = 3


class _ZeroPadding(Layer):
    rank = 0

    def __post_init__(self):
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def _pairs(self):
        pairs, first = [self.padding] if self.rank == 1 else [*self.padding], spatial(self)
        return [(0, 0)] * first + pairs + [(0, 0)] * (2 - first)

    def call(self, inputs):
        return jnp.pad(inputs, self._pairs())

    def compute_output_shape(self, input_shape):
        return tuple(None if d is None else d + sum(pair) for d, pair in zip(input_shape, self._pairs()))


@layer
class ZeroPadding1D(_ZeroPadding):
    """Adds steps of zeros at both ends: (batch, steps, features).

    https://keras.io/api/layers/reshaping_layers/zero_padding1d/

    >>> ZeroPadding1D((1, 2))(jnp.ones((2, 5, 3))).shape
    (2, 8, 3)
    """

    padding: Sides(1) = 1
    data_format: DataFormat = None
    rank = 1


@layer
class ZeroPadding2D(_ZeroPadding):
    """Adds ((top, bottom), (left, right)) zeros to images.  https://keras.io/api/layers/reshaping_layers/zero_padding2d/

    >>> ZeroPadding2D(((1, 0), (0, 2)))(jnp.ones((2, 5, 5, 3))).shape
    (2, 6, 7, 3)
    """

    padding: Sides(2) = (1, 1)
    data_format: DataFormat = None
    rank = 2


@layer
class ZeroPadding3D(_ZeroPadding):
    """Adds pairs of zeros to three axes of volumes.  https://keras.io/api/layers/reshaping_layers/zero_padding3d/

    >>> ZeroPadding3D(1)(jnp.ones((2, 1, 2, 3, 4))).shape
    (2, 3, 4, 5, 4)
    """

    padding: Sides(3) = era_default(((1, 1), (1, 1), (1, 1)))
    data_format: DataFormat = None
    rank = 3


class _UpSampling(Layer):
    rank = 0

    def __post_init__(self):
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def call(self, inputs):
        first, sizes = spatial(self), (self.size,) if self.rank == 1 else self.size
        if getattr(self, "interpolation", "nearest") != "nearest":
            size = tuple(n * inputs.shape[axis] for axis, n in enumerate(sizes, first))
            return image.resize(inputs, size, self.interpolation, first).astype(inputs.dtype)
        for axis, n in enumerate(sizes, first):
            inputs = jnp.repeat(inputs, n, axis=axis)
        return inputs


@layer
class UpSampling1D(_UpSampling):
    """Repeats each step: (batch, steps, features).  https://keras.io/api/layers/reshaping_layers/up_sampling1d/

    >>> UpSampling1D(2)(jnp.ones((2, 3, 4))).shape
    (2, 6, 4)
    """

    size: PositiveInt = 2
    rank = 1


@layer
class UpSampling2D(_UpSampling):
    """Enlarges images by integer factors.  https://keras.io/api/layers/reshaping_layers/up_sampling2d/

    >>> UpSampling2D((2, 3), interpolation="bilinear")(jnp.ones((1, 2, 2, 3))).shape
    (1, 4, 6, 3)
    """

    size: IntTuple(2) = (2, 2)
    data_format: DataFormat = None
    interpolation: choice("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5") = "nearest"
    rank = 2


@layer
class UpSampling3D(_UpSampling):
    """Repeats the elements of volumes.  https://keras.io/api/layers/reshaping_layers/up_sampling3d/

    >>> UpSampling3D(2)(jnp.ones((1, 2, 2, 2, 3))).shape
    (1, 4, 4, 4, 3)
    """

    size: IntTuple(3) = (2, 2, 2)
    data_format: DataFormat = None
    rank = 3

"""Layers of several inputs, and the same as functions."""

import functools

import jax
import jax.numpy as jnp

from ..core import frame as frames
from ..core.declare import Converter, era_default, resolve_default
from ..core.layer import Layer, layer
from ..core.spec import describe
from ..nn.platform import held
from .fields import Flag


def check_list(layer, shapes, least=1, exactly=None):
    """Raises ValueError unless a layer was given a list of inputs, of one batch size."""
    several = isinstance(shapes, (list, tuple)) and all(isinstance(s, (list, tuple)) for s in shapes)
    if not several or len(shapes) < least or exactly not in (None, len(shapes)):
        raise ValueError(
            f"{describe(layer)}: expected a list of {exactly or 'at least one'} inputs, received shape {shapes}."
        )
    if len({shape[0] for shape in shapes if shape} - {None, 1}) > 1:  # one row goes with any number
        raise ValueError(f"{describe(layer)}: expected inputs of one batch size, received shapes {shapes}.")


class Elementwise(Layer):
    """Base of the layers that combine inputs element by element, broadcasting; inputs of lower rank get axes after the
    batch axis.

    >>> Add()([jnp.ones((2, 3)), jnp.ones((2, 3))]).shape
    (2, 3)
    """

    supports_masking = True
    exactly = None

    def build(self, input_shape):
        self.compute_output_shape(input_shape)

    def compute_output_shape(self, input_shape):
        check_list(self, input_shape, exactly=self.exactly)
        rank = max(map(len, input_shape))
        padded = [(*s[:1], *[1] * (rank - len(s)), *s[1:]) for s in input_shape]
        output = []
        for sizes in zip(*padded):
            known = {size for size in sizes if size is not None and size != 1}
            if len(known) > 1:
                raise ValueError(
                    f"{describe(self)}: expected shapes that broadcast, received {[tuple(s) for s in input_shape]}."
                )
            output.append(known.pop() if known else None if None in sizes else 1)
        return tuple(output)

    def call(self, inputs):
        if not isinstance(inputs, (list, tuple)):
            raise ValueError(
                f"{describe(self)}: expected a list of inputs, received one of shape {tuple(inputs.shape)}."
            )
        rank = max(x.ndim for x in inputs)
        return self._merge([x.reshape(x.shape[0], *[1] * (rank - x.ndim), *x.shape[1:]) for x in inputs])

    def compute_mask(self, inputs, mask=None):
        if mask is None or any(m is None for m in mask):
            return None
        return functools.reduce(jnp.logical_or, mask)


def masks_of(inputs):
    """Each input's mask as an array of its shape, or None."""
    masks = [frames.get_mask(x) for x in inputs] if isinstance(inputs, (list, tuple)) else []
    return [None if m is None else jnp.broadcast_to(m[..., None], x.shape) for x, m in zip(inputs, masks)]


class _Extreme(Elementwise):
    """Masked elements give way to unmasked ones, as in Keras 3, for no value leaves any other as it is."""

    def call(self, inputs):
        masks = masks_of(inputs)
        if all(m is None for m in masks):
            return super().call(inputs)
        output, mask = inputs[0], masks[0]
        for x, m in zip(inputs[1:], masks[1:]):
            x = x if m is None else jnp.where(m, x, output)
            output = output if mask is None else jnp.where(mask, output, x)
            mask = None if m is None or mask is None else m | mask
            output = self._merge([output, x])
        return output


@layer
class Add(Elementwise):
    """The sum of the inputs.  https://keras.io/api/layers/merging_layers/add/

    >>> Add()([jnp.ones(2), jnp.ones(2)]).tolist()
    [2.0, 2.0]
    """

    def _merge(self, inputs):
        return held(functools.reduce(jnp.add, inputs))


@layer
class Subtract(Elementwise):
    """The first input minus the second.  https://keras.io/api/layers/merging_layers/subtract/

    >>> Subtract()([jnp.ones(2), jnp.ones(2)]).tolist()
    [0.0, 0.0]
    """

    exactly = 2

    def _merge(self, inputs):
        return inputs[0] - inputs[1]


@layer
class Multiply(Elementwise):
    """The product of the inputs, masked elements counting as 1, and 0 where all are masked.

    https://keras.io/api/layers/merging_layers/multiply/

    >>> Multiply()([jnp.full(2, 3.0), jnp.ones(2)]).tolist()
    [3.0, 3.0]
    """

    def call(self, inputs):
        masks = masks_of(inputs)
        if all(m is None for m in masks):
            return super().call(inputs)
        output = self._merge([x if m is None else jnp.where(m, x, 1) for x, m in zip(inputs, masks)])
        return (
            output if any(m is None for m in masks) else jnp.where(functools.reduce(jnp.logical_or, masks), output, 0)
        )

    def _merge(self, inputs):
        return functools.reduce(jnp.multiply, inputs)


@layer
class Average(Elementwise):
    """The mean of the inputs.  https://keras.io/api/layers/merging_layers/average/

    >>> Average()([jnp.full(2, 3.0), jnp.ones(2)]).tolist()
    [2.0, 2.0]
    """

    def _merge(self, inputs):
        return functools.reduce(jnp.add, inputs) / len(inputs)


@layer
class Maximum(_Extreme):
    """The largest of the inputs, element by element.  https://keras.io/api/layers/merging_layers/maximum/

    >>> Maximum()([jnp.full(2, 3.0), jnp.ones(2)]).tolist()
    [3.0, 3.0]
    """

    def _merge(self, inputs):
        return functools.reduce(jnp.maximum, inputs)


@layer
class Minimum(_Extreme):
    """The smallest of the inputs, element by element.  https://keras.io/api/layers/merging_layers/minimum/

    >>> Minimum()([jnp.full(2, 3.0), jnp.ones(2)]).tolist()
    [1.0, 1.0]
    """

    def _merge(self, inputs):
        return functools.reduce(jnp.minimum, inputs)


@layer
class Concatenate(Layer):
    """The inputs behind each other along an axis; their other sizes must be equal.

    https://keras.io/api/layers/merging_layers/concatenate/

    >>> Concatenate()([jnp.ones((2, 3)), jnp.ones((2, 4))]).shape
    (2, 7)
    """

    axis: int = -1
    supports_masking = True

    def build(self, input_shape):
        self.compute_output_shape(input_shape)

    def compute_output_shape(self, input_shape):
        several = isinstance(input_shape, (list, tuple)) and all(isinstance(s, (list, tuple)) for s in input_shape)
        if not several or not input_shape:
            raise ValueError(f"{describe(self)}: expected a list of inputs, received shape {input_shape}.")
        rank = len(input_shape[0])
        axis = self.axis + rank if self.axis < 0 else self.axis
        output = []
        for i, sizes in enumerate(zip(*input_shape)):
            known = {size for size in sizes if size is not None}
            if i != axis and len(known) > 1 or {len(s) for s in input_shape} != {rank} or not 0 <= axis < rank:
                raise ValueError(
                    f"{describe(self)}: expected shapes that are equal except along axis {self.axis}, received "
                    f"{[tuple(s) for s in input_shape]}."
                )
            output.append((None if None in sizes else sum(sizes)) if i == axis else known.pop() if known else None)
        return tuple(output)

    def call(self, inputs):
        return jnp.concatenate(inputs, axis=self.axis)

    def compute_mask(self, inputs, mask=None):
        if mask is None or all(m is None for m in mask):
            return None
        whole = []
        for x, m in zip(inputs, mask):
            m = jnp.ones(x.shape, bool) if m is None else jnp.asarray(m)
            whole.append(jnp.broadcast_to(m.reshape(*m.shape, *[1] * (x.ndim - m.ndim)), x.shape))
        # a step passes if one feature does; before Keras 3: if all do
        every = resolve_default(type(self), "mask_of_all", era_default(False))
        return (jnp.all if every else jnp.any)(jnp.concatenate(whole, axis=self.axis), axis=-1)


def _axes(value):
    if isinstance(value, int):
        return value
    if not isinstance(value, (list, tuple)):
        raise TypeError("expected an integer or two.")
    if len(value) != 2 or not all(isinstance(axis, int) for axis in value):
        raise ValueError("expected an integer or two.")
    return value


@layer
class Dot(Layer):
    """The product of two inputs, summed over one axis of each; ``normalize=True``: the cosine of the angle.

    Shape: the first input's without its axis, then the second's without batch axis and its axis; at least (batch, 1).
    https://keras.io/api/layers/merging_layers/dot/

    >>> Dot(axes=(1, 2))([jnp.ones((2, 3, 5)), jnp.ones((2, 10, 3))]).shape
    (2, 5, 10)
    """

    axes: Converter(_axes)
    normalize: Flag = False
    supports_masking = True

    def _axes_of(self, ranks):
        axes = (self.axes, self.axes) if isinstance(self.axes, int) else self.axes
        return [axis % rank if axis < 0 else axis for axis, rank in zip(axes, ranks)]

    def build(self, input_shape):
        self.compute_output_shape(input_shape)

    def compute_output_shape(self, input_shape):
        check_list(self, input_shape, exactly=2)
        one, two = map(list, input_shape)
        a, b = self._axes_of((len(one), len(two)))
        sizes = (one[a : a + 1], two[b : b + 1])
        if not a or not b or not all(sizes) or None not in (*sizes[0], *sizes[1]) and sizes[0] != sizes[1]:
            raise ValueError(
                f"{describe(self)}: expected axis {a} of the first input to be as long as axis {b} of the second, and "
                f"neither to be the batch axis; received shapes {[tuple(one), tuple(two)]}."
            )
        del one[a], two[b], two[0]
        return tuple([*one, *two] + [1] * (len(one) + len(two) == 1))

    def call(self, inputs):
        one, two = inputs
        a, b = self._axes_of((one.ndim, two.ndim))
        if self.normalize:
            one, two = (x * jax.lax.rsqrt(_floor(jnp.sum(x * x, n, keepdims=True))) for x, n in ((one, a), (two, b)))
        left, right = list(range(2, one.ndim)), list(range(20, 18 + two.ndim))
        one, two = jnp.moveaxis(one, a, -1), jnp.moveaxis(two, b, 1)
        output = jnp.einsum(one, [0, *left, 1], two, [0, 1, *right], [0, *left, *right])
        return output[:, None] if output.ndim == 1 else output

    def compute_mask(self, inputs, mask=None):
        return None


def _floor(square):
    return jnp.maximum(square, 1e-12)


def add(inputs, **kwargs):
    """``Add`` as a function.

    >>> add([jnp.ones(2), jnp.ones(2)]).tolist()
    [2.0, 2.0]
    """
    return Add(**kwargs)(inputs)


def subtract(inputs, **kwargs):
    """``Subtract`` as a function."""
    return Subtract(**kwargs)(inputs)


def multiply(inputs, **kwargs):
    """``Multiply`` as a function."""
    return Multiply(**kwargs)(inputs)


def average(inputs, **kwargs):
    """``Average`` as a function."""
    return Average(**kwargs)(inputs)


def maximum(inputs, **kwargs):
    """``Maximum`` as a function."""
    return Maximum(**kwargs)(inputs)


def minimum(inputs, **kwargs):
    """``Minimum`` as a function."""
    return Minimum(**kwargs)(inputs)


def concatenate(inputs, axis=-1, **kwargs):
    """``Concatenate`` as a function."""
    return Concatenate(axis, **kwargs)(inputs)


def dot(inputs, axes=-1, normalize=False, **kwargs):
    """``Dot`` as a function."""
    return Dot(axes, normalize, **kwargs)(inputs)

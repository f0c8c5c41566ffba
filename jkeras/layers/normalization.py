"""Normalization: of batches, layers, groups, by root mean square or length, and of the spectrum of a kernel."""

import jax.numpy as jnp

from ..core import config, connections, registry
from ..core import frame as frames
from ..core.declare import Converter, EraDefault, declare, resolve_default
from ..core.layer import Layer, layer
from ..core.spec import InputSpec, describe
from ..core.variable import Variable
from ..initializers import TruncatedNormal
from ..nn import norm as nn
from .core import Wrapper
from .fields import Constraint, Flag, Initializer, PositiveInt, Regularizer, choice, optional, unless_set


def _axes(value):
    axes = list(value) if isinstance(value, (list, tuple)) else [value]
    if not axes or any(isinstance(a, bool) or not hasattr(a, "__index__") for a in axes):
        raise TypeError("expected an integer or a list of integers.")
    return [int(a) for a in axes] if isinstance(value, (list, tuple)) else int(value)


def _momentum(value):
    if isinstance(value, bool) or not hasattr(value, "__float__") or not 0 <= value <= 1:
        raise ValueError("expected a number between 0 and 1.")
    return float(value)


def _clipping(value):
    unknown = set(value or {}) - {"rmax", "rmin", "dmax"}
    if unknown:
        raise ValueError(f"expected a dict with some of rmax, rmin and dmax, received also {sorted(unknown)}.")
    bounds = value or {}
    if bounds.get("rmax") is not None and bounds.get("rmin") is not None and bounds["rmax"] < bounds["rmin"]:
        raise ValueError("expected rmax to be at least rmin.")
    if bounds.get("dmax") is not None and bounds["dmax"] < 0:
        raise ValueError("expected dmax to be at least 0.")
    return value


Axis = Converter(_axes)
Momentum = Converter(_momentum)
Epsilon = Converter(float)


def known_axes(layer, input_shape):
    """The layer's axes counted from the front, in order; their sizes must be known."""
    given, rank = (layer.axis if isinstance(layer.axis, list) else [layer.axis]), len(input_shape)
    if any(not -rank <= a < rank for a in given):
        raise ValueError(
            f"{describe(layer)}: axis={layer.axis} is out of range for inputs of shape {tuple(input_shape)}; "
            f"choose from {-rank} to {rank - 1}."
        )
    axes = sorted({a % rank for a in given})
    if any(input_shape[a] is None for a in axes):
        raise ValueError(
            f"{describe(layer)}: the size of axis {layer.axis} must be known, received shape {tuple(input_shape)}."
        )
    return axes


@declare
class _Normalization(Layer):
    """Scale and shift after normalizing, both optional."""

    supports_masking = True

    def _add_scale_and_shift(self, shape, scale=True, center=True):
        self.gamma = self.add_weight("gamma", shape, autocast=False) if scale else None
        self.beta = self.add_weight("beta", shape, autocast=False) if center else None

    def compute_output_shape(self, input_shape):
        known_axes(self, input_shape)
        return tuple(input_shape)


@layer
class BatchNormalization(_Normalization):
    """Each channel with mean 0 and variance 1 over the batch, then scaled and shifted.  arXiv:1502.03167

    In training by the batch's own statistics (of what the mask keeps), which moving averages collect for inference.
    See ``_prepare`` for the rarer arguments. https://keras.io/api/layers/normalization_layers/batch_normalization/

    >>> BatchNormalization()(jnp.array([[1.0], [3.0]]), training=True).round(2).tolist()
    [[-1.0], [1.0]]
    """

    axis: Axis = -1
    momentum: Momentum = 0.99
    epsilon: Epsilon = 1e-3
    center: Flag = True
    scale: Flag = True
    beta_initializer: Initializer = "zeros"
    gamma_initializer: Initializer = "ones"
    moving_mean_initializer: Initializer = "zeros"
    moving_variance_initializer: Initializer = "ones"
    beta_regularizer: Regularizer = None
    gamma_regularizer: Regularizer = None
    beta_constraint: Constraint = None
    gamma_constraint: Constraint = None
    renorm: Flag = False
    renorm_clipping: Converter(_clipping) = None
    renorm_momentum: Momentum = 0.99
    synchronized: Flag = False
    virtual_batch_size: optional(PositiveInt) = None
    adjustment: object = None
    fused: optional(Flag) = None
    statistics: choice("moving", "batch", "sample") = "moving"

    def build(self, input_shape):
        self._kept, shape = _prepare(self, input_shape)
        self._add_scale_and_shift(shape, self.scale, self.center)
        for name in ("moving_mean", "moving_variance"):
            setattr(self, name, self.add_weight(name, shape, trainable=False, autocast=False))
        _add_averages(self, shape)

    def call(self, inputs, training=None, mask=None):
        x, kept = _virtual(self, nn.widened(inputs), training)
        gamma, beta, mean, variance = _read(self, x, kept)
        if self.statistics == "sample":
            return _by_sample(self, x, gamma, beta).reshape(inputs.shape).astype(inputs.dtype)
        if self.statistics == "batch":
            mean, variance = nn.moments(
                x, [a for a in range(x.ndim) if a not in kept], _mask_of(self, inputs, mask), config.epsilon()
            )
        elif training and (self.trainable or not self._frozen_is_inference):
            reduced = [a for a in range(x.ndim) if a not in kept and not (a == 1 and self.virtual_batch_size)]
            mean, variance = nn.moments(x, reduced, _mask_of(self, inputs, mask), config.epsilon())
            gamma, beta = _learn(self, x, mean, variance, *_adjusted(self, x, gamma, beta), mask is None)
        return nn.scale_shift(x, mean, variance, gamma, beta, self.epsilon).reshape(inputs.shape).astype(inputs.dtype)

    def compute_output_shape(self, input_shape):
        return super().compute_output_shape(input_shape)

    def get_config(self):
        found = unless_set(super().get_config(), "virtual_batch_size", "adjustment", "fused")
        return {k: v for k, v in found.items() if (k, v) != ("statistics", "moving")}


def _by_sample(self, x, gamma, beta):
    """Each sample with mean 0 and deviation 1 along its last axis."""
    mean = jnp.mean(x, -1, keepdims=True)
    deviation = jnp.sqrt(jnp.var(x, -1, keepdims=True) + self.epsilon) + self.epsilon
    x = (x - mean) / deviation
    x = x if gamma is None else x * gamma
    return x if beta is None else x + beta


def _prepare(self, input_shape):
    """Checks arguments against the input; gives the axes that keep their statistics and the weights' shape.

    Statistics are float32 at least, and over the whole batch also where it is spread over devices, which is what
    ``synchronized=True`` asks for. ``renorm`` corrects the batch's statistics towards the moving averages
    (arXiv:1702.03275); ``virtual_batch_size`` takes the statistics of parts of the batch; ``adjustment(shape)`` gives a
    scale and a shift that are applied in training; ``fused`` chooses the unbiased variance for the moving average.
    ``statistics`` are in inference the moving averages, or always the batch's, or always each sample's own.
    """
    kept = known_axes(self, input_shape)
    rank, virtual = len(input_shape), self.virtual_batch_size
    self.renorm_clipping = self.renorm_clipping or {} if self.renorm else self.renorm_clipping
    fusable = [rank, *kept] in ([4, 1], [4, 3], [5, 1], [5, 4]) and not (self.renorm or virtual or self.adjustment)
    if self.fused and not fusable:
        raise ValueError(
            f"{describe(self)}: fused=True wants inputs with 4 or 5 axes, channels first or last, without renorm, "
            f"virtual_batch_size and adjustment; received shape {tuple(input_shape)}. Leave out fused."
        )
    if virtual and (0 in kept or self.adjustment):
        raise ValueError(f"{describe(self)}: virtual_batch_size excludes axis 0 and adjustment.")
    # What differs between generations: whether a frozen layer uses its moving averages; which estimate of the
    # variance they get ("batch", "images": unbiased for images, "twice": unbiased, for images again); whether they
    # start from nothing.
    for name, today in (("frozen_is_inference", True), ("moving_variance_of", "batch"), ("debiased", False)):
        setattr(self, f"_{name}", resolve_default(type(self), name, EraDefault(today)))
    self._fusable = fusable and self.fused is not False
    self.input_spec = InputSpec(ndim=rank, axes={a: input_shape[a] for a in kept})
    if len(kept) == 1 and not virtual:
        return kept, (input_shape[kept[0]],)
    shape = [input_shape[a] if a in kept else 1 for a in range(rank)]
    return kept, (1, *([1] if virtual else []), *shape[1:]) if virtual else tuple(shape)


def _add_averages(self, shape):
    """The further averages that renorm, and moving averages that start from nothing, need."""
    if self.renorm:
        for name, source in (
            ("moving_stddev", self.moving_variance_initializer),
            ("renorm_mean", self.moving_mean_initializer),
            ("renorm_stddev", self.moving_variance_initializer),
        ):
            root = source if name == "renorm_mean" else _root_of(source)
            setattr(self, name, self.add_weight(name, shape, initializer=root, trainable=False, autocast=False))
    if self._debiased:
        self._steps = Variable(jnp.zeros((), "int32"), trainable=False, name="steps")
        self._steps.is_weight = False  # a state, but none of the weights that files know


def _root_of(initializer):
    def root(shape, dtype=None, **key):
        return jnp.sqrt(initializer(shape, dtype=dtype, **key))

    return root


def _virtual(self, x, training):
    """``x`` with the virtual batches as a second axis, and the axes that keep their statistics."""
    if not self.virtual_batch_size:
        return x, self._kept
    size = self.virtual_batch_size if training else x.shape[0]
    if x.shape[0] % size:
        raise ValueError(
            f"{describe(self)}: virtual_batch_size={size} must divide the batch size, received shape {tuple(x.shape)}."
        )
    return x.reshape(size, x.shape[0] // size, *x.shape[1:]), [a + 1 for a in self._kept]


def _read(self, x, kept):
    """Scale, shift and moving averages, in shapes that broadcast against ``x``."""
    shape = [n if a in kept else 1 for a, n in enumerate(x.shape)]
    weights = (self.gamma, self.beta, self.moving_mean, self.moving_variance)
    return [None if w is None else jnp.asarray(w).astype(x.dtype).reshape(shape) for w in weights]


def _mask_of(self, inputs, mask):
    if mask is None:
        return None
    if mask.ndim != inputs.ndim - 1:
        raise ValueError(
            f"{describe(self)}: expected a mask with one axis less than the inputs {tuple(inputs.shape)}, "
            f"received {tuple(mask.shape)}."
        )
    return _virtual(self, mask[..., None], True)[0]


def _adjusted(self, x, gamma, beta):
    if self.adjustment is None:
        return gamma, beta
    scale, shift = self.adjustment(x.shape)
    if gamma is not None:
        scale, shift = scale * gamma, shift * gamma
    return scale, shift if beta is None else shift + beta


def _learn(self, x, mean, variance, gamma, beta, whole):
    """Moves the averages towards a batch's statistics; gives scale and shift, corrected where renorm asks for it."""

    def move(variable, value, momentum, keep=True):
        old = jnp.asarray(variable).astype(x.dtype)
        new = value.reshape(variable.shape)
        if self._debiased:  # the average of the values so far, without the initial one
            steps = jnp.asarray(self._steps) + 1
            new = (momentum * (1 - momentum ** (steps - 1)) * old + (1 - momentum) * new) / (1 - momentum**steps)
        else:
            new = nn.moving_average(old, new, momentum)
        if keep and self.trainable:
            variable.assign(new)
        return new

    if self.virtual_batch_size:
        mean, variance = (s.mean(1, keepdims=True) for s in (mean, variance))
    if self.renorm:
        stddev = jnp.sqrt(variance + self.epsilon)
        shape = mean.shape
        r, d = nn.renorm_correction(
            mean,
            variance,
            jnp.asarray(self.renorm_mean).astype(x.dtype).reshape(shape),
            jnp.asarray(self.renorm_stddev).astype(x.dtype).reshape(shape),
            self.epsilon,
            **(self.renorm_clipping or {}),
        )
        gamma, d = (r, d) if gamma is None else (r * gamma, d * gamma)
        beta = d if beta is None else d + beta
        move(self.renorm_mean, mean, self.renorm_momentum)
        move(self.renorm_stddev, stddev, self.renorm_momentum)
        moving_stddev = move(self.moving_stddev, stddev, self.momentum)
        if self.trainable:
            self.moving_variance.assign(jnp.maximum(jnp.square(moving_stddev) - self.epsilon, 0))
    else:
        count = x.size / variance.size
        move(self.moving_variance, variance * (_unbiasing(self, count) if whole else 1.0), self.momentum)
    move(self.moving_mean, mean, self.momentum)
    if self._debiased and self.trainable:
        self._steps.assign_add(1)
    return gamma, beta


def _unbiasing(self, count):
    """What the variance of a batch is multiplied with before it enters the moving average."""
    kind = "images" if self.fused else self._moving_variance_of
    images = self._fusable and (kind == "images" or (self.input_spec.ndim == 4 and self._kept == [3]))
    factor = count / max(count - 1, 1) if images and kind != "batch" else 1.0
    return factor * count / (count - (1.0 + self.epsilon)) if kind == "twice" else factor


SyncBatchNormalization = BatchNormalization


@layer
class LayerNormalization(_Normalization):
    """Each sample with mean 0 and variance 1 over the given axes, then scaled and shifted.  arXiv:1607.06450

    ``rms_scaling=True`` divides by the deviation only, and shifts nothing.
    https://keras.io/api/layers/normalization_layers/layer_normalization/

    >>> LayerNormalization(epsilon=1e-6)(jnp.array([[1.0, 3.0]])).round(3).tolist()
    [[-1.0, 1.0]]
    """

    axis: Axis = -1
    epsilon: Epsilon = 1e-3
    center: Flag = True
    scale: Flag = True
    beta_initializer: Initializer = "zeros"
    gamma_initializer: Initializer = "ones"
    beta_regularizer: Regularizer = None
    gamma_regularizer: Regularizer = None
    beta_constraint: Constraint = None
    gamma_constraint: Constraint = None
    rms_scaling: Flag = False

    def build(self, input_shape):
        self._at = known_axes(self, input_shape)
        self.axis = sorted(self.axis) if isinstance(self.axis, list) else [self.axis]
        shape = [input_shape[a] for a in self._at]
        self._add_scale_and_shift(shape, self.scale or self.rms_scaling, self.center and not self.rms_scaling)

    def call(self, inputs):
        weights = (None if w is None else jnp.asarray(w) for w in (self.gamma, self.beta))
        return nn.layer_norm(inputs, *weights, self._at, self.epsilon, self.rms_scaling)

    def compute_output_shape(self, input_shape):
        return super().compute_output_shape(input_shape)


@layer
class GroupNormalization(_Normalization):
    """Each sample with mean 0 and variance 1 over space and over each group of channels; ``groups=-1``: each channel.

    Raises ValueError where ``groups`` does not divide the channels. arXiv:1803.08494
    https://keras.io/api/layers/normalization_layers/group_normalization/

    >>> GroupNormalization(groups=1, epsilon=1e-6)(jnp.array([[1.0, 3.0]])).round(3).tolist()
    [[-1.0, 1.0]]
    """

    groups: int = 32
    axis: Axis = -1
    epsilon: Epsilon = 1e-3
    center: Flag = True
    scale: Flag = True
    beta_initializer: Initializer = "zeros"
    gamma_initializer: Initializer = "ones"
    beta_regularizer: Regularizer = None
    gamma_regularizer: Regularizer = None
    beta_constraint: Constraint = None
    gamma_constraint: Constraint = None

    def __post_init__(self):
        if isinstance(self.groups, bool) or not isinstance(self.groups, int) or (self.groups < 1 and self.groups != -1):
            raise ValueError(f"{describe(self)}: groups wants a positive integer or -1, received {self.groups!r}.")

    def build(self, input_shape):
        (axis,) = known_axes(self, input_shape)
        size = input_shape[axis]
        self.groups = size if self.groups == -1 else self.groups
        if size % self.groups:
            raise ValueError(
                f"{describe(self)}: groups={self.groups} must divide the {size} channels (axis {self.axis}) of inputs "
                f"of shape {tuple(input_shape)}. Choose a divisor of {size}."
            )
        self.input_spec = InputSpec(ndim=len(input_shape), axes={axis: size})
        self._add_scale_and_shift((size,), self.scale, self.center)

    def call(self, inputs):
        weights = (None if w is None else jnp.asarray(w) for w in (self.gamma, self.beta))
        return nn.group_norm(inputs, self.groups, self.axis, *weights, self.epsilon)

    def compute_output_shape(self, input_shape):
        return super().compute_output_shape(input_shape)


@layer
class RMSNormalization(_Normalization):
    """Each sample divided by its root mean square over the given axes, then scaled.  arXiv:1910.07467

    https://keras.io/api/layers/normalization_layers/rms_normalization/

    >>> RMSNormalization()(jnp.array([[2.0, -2.0]])).round(3).tolist()
    [[1.0, -1.0]]
    """

    axis: Axis = -1
    epsilon: Epsilon = 1e-6
    supports_masking = False

    def build(self, input_shape):
        self._at = known_axes(self, input_shape)
        self.axis = sorted(self.axis) if isinstance(self.axis, list) else [self.axis]
        self.scale = self.add_weight("scale", [input_shape[a] for a in self._at], initializer="ones")

    def call(self, inputs):
        return nn.rms_norm(inputs, jnp.asarray(self.scale), self._at, self.epsilon)

    def compute_output_shape(self, input_shape):
        return super().compute_output_shape(input_shape)


@layer
class UnitNormalization(_Normalization):
    """Each sample with Euclidean length 1 over the given axes.

    https://keras.io/api/layers/normalization_layers/unit_normalization/

    >>> UnitNormalization()(jnp.array([[0.0, -4.0]])).round(3).tolist()
    [[0.0, -1.0]]
    """

    axis: Axis = -1

    def call(self, inputs):
        return nn.unit_norm(inputs, known_axes(self, inputs.shape))

    def compute_output_shape(self, input_shape):
        return super().compute_output_shape(input_shape)


@layer
class SpectralNormalization(Wrapper):
    """A layer whose kernel (or embedding) is divided by its largest singular value at each call in training.

    The value is approached by ``power_iterations`` steps from a vector that is kept. arXiv:1802.05957
    https://keras.io/api/layers/normalization_layers/spectral_normalization/

    >>> from jkeras.layers import Dense
    >>> SpectralNormalization(Dense(2))(jnp.ones((1, 3)), training=True).shape
    (1, 2)
    """

    layer: Converter(lambda value: value, registry.serialize)
    power_iterations: PositiveInt = 1

    def build(self, input_shape):
        if not self.layer.built:
            with frames.scope(self.layer.name):
                self.layer._build_by_shapes({"inputs": input_shape})
        self.input_spec = InputSpec(min_ndim=1, axes={-1: input_shape[-1]})
        self.kernel = getattr(self.layer, "kernel", getattr(self.layer, "embeddings", None))
        if self.kernel is None:
            raise ValueError(
                f"{describe(self)}: expected a layer with a kernel or embeddings, received {describe(self.layer)}."
            )
        self.vector_u = self.add_weight(
            "vector_u",
            (1, self.kernel.shape[-1]),
            initializer=TruncatedNormal(stddev=0.02),
            trainable=False,
            dtype=self.kernel.dtype,
        )

    def call(self, inputs, training=False):
        if training:
            u, kernel = self.normalized_weights()
            self.vector_u.assign(u)
            self.kernel.assign(kernel)
        outputs = self.layer(inputs)
        return outputs.astype(inputs.dtype) if jnp.issubdtype(inputs.dtype, jnp.floating) else outputs

    def normalized_weights(self):
        """The next vector and the kernel divided by its largest singular value."""
        kernel, u = (jnp.asarray(v.value) for v in (self.kernel, self.vector_u))
        return nn.spectral_step(kernel, u, self.power_iterations)[::-1]

    def normalize_weights(self):
        """The same the other way around, as in Keras 2."""
        return self.normalized_weights()[::-1]

    def compute_output_shape(self, input_shape):
        return self.layer.compute_output_shape(input_shape)


__getattr__ = connections.old_names(__name__)

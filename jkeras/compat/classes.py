"""Names that only older Kerases had, said in terms of what there is today."""

import itertools
from typing import Any

import jax.numpy as jnp
import numpy as np

from .. import backend, initializers, layers, regularizers
from ..core.layer import Layer, layer
from ..core.spec import InputSpec as InputSpec
from ..core.symbolic import Node as Node
from ..layers.activation import ThresholdedReLU as ThresholdedLinear  # noqa: F401
from ..layers.inputs import Input as Input
from ..layers.inputs import InputLayer as InputLayer
from ..layers.legacy import Highway, MaxoutDense, Merge, merge  # noqa: F401
from ..models.model import Model
from ..models.sequential import Sequential as Sequential
from .recurrent import ConvRecurrent2D, Recurrent  # noqa: F401

Network = Container = Model
Deconv2D = Deconvolution2D = layers.Conv2DTranspose
Deconv3D = Deconvolution3D = layers.Conv3DTranspose


def _atrous(words: str, today: Any) -> Any:
    order = words.split()

    def make(*args: Any, **kwargs: Any) -> Any:
        if len(args) > len(order):
            raise TypeError(f"{today.__name__}: at most {len(order)} arguments by position, received {len(args)}.")
        return today(**dict(zip(order, args, strict=False)), **kwargs)

    make.__doc__ = f"``{today.__name__}`` with ``atrous_rate``, its ``dilation_rate``."
    return make


AtrousConv1D = AtrousConvolution1D = _atrous(
    "nb_filter filter_length init activation weights border_mode subsample_length atrous_rate", layers.Conv1D
)
AtrousConv2D = AtrousConvolution2D = _atrous(
    "nb_filter nb_row nb_col init activation weights border_mode subsample atrous_rate dim_ordering", layers.Conv2D
)


@layer
class TimeDistributedDense(layers.Dense):
    """The same affine map at every time step; ``Dense`` since Keras 2.  (batch, steps, d) -> (batch, steps, units)

    >>> TimeDistributedDense(3, input_dim=4, input_length=5)(jnp.ones((1, 5, 4))).shape
    (1, 5, 3)
    """


# ---- regularizers of Keras 1

ActivityRegularizer = WeightRegularizer = L1L2Regularizer = regularizers.L1L2


def l1l2(l1: float = 0.01, l2: float = 0.01) -> Any:
    """``L1L2`` under its name of Keras 1.

    >>> l1l2(0.1)
    L1L2(l1=0.1, l2=0.01)
    """
    return regularizers.L1L2(l1, l2)


def activity_l1(l: float = 0.01) -> Any:
    """``L1``, for activities."""
    return regularizers.L1(l)


def activity_l2(l: float = 0.01) -> Any:
    """``L2``, for activities."""
    return regularizers.L2(l)


activity_l1l2 = l1l2


class EigenvalueRegularizer(regularizers.Regularizer):
    """``k`` times the root of the largest eigenvalue of ``W.T @ W``, by nine steps of the power method.

    >>> float(EigenvalueRegularizer(2.0)(jnp.diag(jnp.array([3.0, 1.0])))).__round__(4)
    6.0
    """

    def __init__(self, k: float):
        self.k = k

    def __call__(self, x: Any) -> Any:
        if x.ndim != 2:
            raise ValueError(f"EigenvalueRegularizer: expected a matrix, received shape {tuple(x.shape)}.")
        product = x.T @ x
        vector = jnp.ones((product.shape[0], 1), x.dtype)
        for _ in range(9):
            vector = product @ vector
            vector = vector / jnp.linalg.norm(vector)
        return self.k * jnp.sqrt(jnp.sum(vector * (product @ vector)))

    def get_config(self) -> dict[str, Any]:
        return {"k": self.k}


# ---- initializers of Keras 1: functions of a shape


def _initialization(today: str) -> Any:
    def make(shape: Any, name: str | None = None, **options: Any) -> Any:
        return backend.variable(getattr(initializers, today)(**options)(tuple(shape)), name=name)

    make.__doc__ = f"A Variable that ``{today}`` has drawn."
    return make


glorot_normal, glorot_uniform = _initialization("GlorotNormal"), _initialization("GlorotUniform")
he_normal, he_uniform = _initialization("HeNormal"), _initialization("HeUniform")
lecun_uniform, orthogonal = _initialization("LecunUniform"), _initialization("Orthogonal")
one, zero = _initialization("Ones"), _initialization("Zeros")


def identity(shape: Any, scale: float = 1.0, name: str | None = None) -> Any:
    """A Variable that is the unit matrix times ``scale``."""
    return backend.variable(initializers.Identity(scale)(tuple(shape)), name=name)


def uniform(shape: Any, scale: float = 0.05, name: str | None = None) -> Any:
    """A Variable of numbers between ``-scale`` and ``scale``."""
    return backend.variable(initializers.RandomUniform(-scale, scale)(tuple(shape)), name=name)


def normal(shape: Any, scale: float = 0.05, name: str | None = None) -> Any:
    """A Variable of normal numbers of standard deviation ``scale``."""
    return backend.variable(initializers.RandomNormal(0.0, scale)(tuple(shape)), name=name)


# ---- functions of the backend of Keras 1

from . import tensorflow as tf  # noqa: E402, F401  # K.tf


def lesser(x: Any, y: Any) -> Any:
    """``K.less``."""
    return backend.less(x, y)


def lesser_equal(x: Any, y: Any) -> Any:
    """``K.less_equal``."""
    return backend.less_equal(x, y)


def pack(x: Any) -> Any:
    """``K.stack``."""
    return backend.stack(x)


def asymmetric_temporal_padding(x: Any, left_pad: int = 1, right_pad: int = 1) -> Any:
    """``K.temporal_padding`` of two sizes."""
    return backend.temporal_padding(x, (left_pad, right_pad))


def asymmetric_spatial_2d_padding(
    x: Any,
    top_pad: int = 1,
    bottom_pad: int = 1,
    left_pad: int = 1,
    right_pad: int = 1,
    dim_ordering: str | None = None,
) -> Any:
    """``K.spatial_2d_padding`` of four sizes."""
    return backend.spatial_2d_padding(x, ((top_pad, bottom_pad), (left_pad, right_pad)), _format(dim_ordering))


def atrous_conv2d(
    x: Any, kernel: Any, rate: int = 1, border_mode: str = "valid", dim_ordering: str | None = None
) -> Any:
    """``K.conv2d`` with gaps in the kernel."""
    return backend.conv2d(x, kernel, (1, 1), border_mode, _format(dim_ordering), (rate, rate))


def deconv2d(
    x: Any, kernel: Any, output_shape: Any, strides: Any = (1, 1), border_mode: str = "valid",
    dim_ordering: str | None = None,
) -> Any:  # fmt: skip
    """``K.conv2d_transpose``."""
    return backend.conv2d_transpose(x, kernel, output_shape, strides, border_mode, _format(dim_ordering))


def _format(dim_ordering: str | None) -> str | None:
    from .names import VALUES

    return VALUES["data_format"].get(dim_ordering, dim_ordering) if dim_ordering else None


def binary_weighted_focal_crossentropy(
    target: Any, output: Any, alpha: float = 0.25, gamma: float = 2.0, from_logits: bool = False
) -> Any:
    """``K.binary_focal_crossentropy`` with balanced classes, as tf.keras 2.9 named it."""
    return backend.binary_focal_crossentropy(
        target, output, apply_class_balancing=True, alpha=alpha, gamma=gamma, from_logits=from_logits
    )


# ---- tf.keras.mixed_precision.experimental


def set_policy(policy: Any) -> None:
    """``mixed_precision.set_global_policy``."""
    from ..mixed_precision import set_global_policy

    set_global_policy(policy)


def get_layer_policy(layer: Any) -> Any:
    """The dtype policy of a layer."""
    from ..core.dtypes import get_policy

    return get_policy(layer.dtype_policy)


# ---- tf.keras.layers.experimental.preprocessing


@layer
class CategoryCrossing(Layer):
    """Columns of categories made one of their combinations, as text: ``depth`` of them (or up to all) at a time.

    tf.keras 2.3 to 2.6.

    >>> CategoryCrossing()([[["a"], ["b"]], [["x"], ["y"]]]).tolist()
    [['a_X_x'], ['b_X_y']]
    """

    depth: object = None
    separator: object = None

    def __post_init__(self) -> None:
        depths = self.depth if isinstance(self.depth, (tuple, list)) else [self.depth]
        if any(d is not None and (not isinstance(d, int) or d < 1) for d in depths):
            raise ValueError(f"CategoryCrossing(depth={self.depth!r}): expected integers of at least 1.")
        self.separator = "_X_" if self.separator is None else self.separator

    def call(self, inputs: Any) -> Any:
        columns = [np.asarray(x) for x in inputs] if isinstance(inputs, (list, tuple)) else [np.asarray(inputs)]
        if len({c.shape[0] for c in columns}) > 1 or any(c.ndim != 2 for c in columns):
            raise ValueError(f"CategoryCrossing: expected columns (batch, n), received {[c.shape for c in columns]}.")
        depths = self.depth if isinstance(self.depth, (tuple, list)) else [self.depth or len(columns)]
        depths = (
            range(1, depths[0] + 1) if self.depth is not None and not isinstance(self.depth, (tuple, list)) else depths
        )
        chosen = [c for d in sorted(depths) for c in itertools.combinations(range(len(columns)), d)]
        rows = [
            [
                self.separator.join(v.decode() if isinstance(v, bytes) else str(v) for v in values)
                for picked in chosen
                for values in itertools.product(*(columns[i][row].tolist() for i in picked))
            ]
            for row in range(len(columns[0]))
        ]
        return np.array(rows)

"""K: what networks compute: activations, normalization, losses and CTC. Names and argument orders are Keras 2's."""

import jax
import jax.numpy as jnp
import numpy as np

from .. import activations, losses, random
from ..core import config
from ..core.symbolic import op
from .tensors import _array, clip

__all__ = [
    "batch_normalization", "binary_crossentropy", "binary_focal_crossentropy", "categorical_crossentropy",
    "categorical_focal_crossentropy", "ctc_batch_cost", "ctc_decode", "ctc_label_dense_to_sparse", "dropout",
    "elu", "hard_sigmoid", "in_top_k", "l2_normalize", "normalize_batch_in_training", "relu", "sigmoid",
    "softmax", "softplus", "softsign", "sparse_categorical_crossentropy", "tanh",
]  # fmt: skip

elu = activations.elu
sigmoid = activations.sigmoid
softmax = activations.softmax
softplus = activations.softplus
softsign = activations.softsign
tanh = activations.tanh


def relu(x, alpha=0.0, max_value=None, threshold=0.0):
    """Rectified values; ``alpha`` is the slope below the threshold."""
    return activations.relu(x, negative_slope=alpha, max_value=max_value, threshold=threshold)


@op
def hard_sigmoid(x):
    """0.2 x + 0.5 within 0 and 1: steeper than today's ``activations.hard_sigmoid``, as it always was in K."""
    return jnp.clip(0.2 * _array(x) + 0.5, 0.0, 1.0)


@op
def l2_normalize(x, axis=None):
    """Divided by the Euclidean norm along an axis."""
    x = _array(x)
    return x * jax.lax.rsqrt(jnp.maximum(jnp.sum(jnp.square(x), axis=axis, keepdims=True), 1e-12))


def dropout(x, level, noise_shape=None, seed=None):
    """Sets a share ``level`` of the values to 0 and scales the rest up."""
    return random.dropout(x, level, noise_shape=noise_shape, seed=seed)


@op
def batch_normalization(x, mean, var, beta, gamma, axis=-1, epsilon=1e-3):
    """Normalized by given statistics, scaled and shifted."""
    out = (_array(x) - mean) * jax.lax.rsqrt(_array(var) + epsilon)
    out = out if gamma is None else out * gamma
    return out if beta is None else out + beta


@op
def normalize_batch_in_training(x, gamma, beta, reduction_axes, epsilon=1e-3):
    """(normalized, mean, variance) by the statistics of the batch."""
    x, axes = _array(x), tuple(reduction_axes)
    mean, var = jnp.mean(x, axis=axes), jnp.var(x, axis=axes)
    wide = [1 if i in axes else d for i, d in enumerate(x.shape)]
    # Keras's fused kernel for pictures tells the variance with n - 1.
    told = x.size / x.shape[-1] if axes == (0, 1, 2) and x.ndim == 4 else 0

    def widened(v):
        return None if v is None else jnp.reshape(_array(v), wide)

    out = (x - widened(mean)) * jax.lax.rsqrt(widened(var) + epsilon)
    out = out if gamma is None else out * widened(gamma)
    var = var * (told / (told - 1)) if told > 1 else var
    return (out if beta is None else out + widened(beta)), mean, var


@op
def binary_crossentropy(target, output, from_logits=False):
    """Elementwise crossentropy of probabilities (or logits) with targets of 0 and 1."""
    target, output = _array(target), _array(output)
    if from_logits:
        return jnp.maximum(output, 0) - output * target + jnp.log1p(jnp.exp(-jnp.abs(output)))
    output = jnp.clip(output, config.epsilon(), 1 - config.epsilon())
    rest = jax.lax.optimization_barrier(1 - output)  # compilers would round 1 + epsilon first
    return -(target * jnp.log(output + config.epsilon()) + (1 - target) * jnp.log(rest + config.epsilon()))


def categorical_crossentropy(target, output, from_logits=False, axis=-1):
    """Crossentropy with one-hot targets, one value per sample."""
    return losses.categorical_crossentropy(target, output, from_logits=from_logits, axis=axis)


def sparse_categorical_crossentropy(target, output, from_logits=False, axis=-1, ignore_class=None):
    """Crossentropy with class numbers, one value per sample."""
    if not from_logits:
        output = clip(output, config.epsilon(), 1.0 - config.epsilon())
    return losses.sparse_categorical_crossentropy(
        target, output, from_logits=from_logits, ignore_class=ignore_class, axis=axis
    )


@op
def binary_focal_crossentropy(target, output, apply_class_balancing=False, alpha=0.25, gamma=2.0, from_logits=False):
    """Elementwise focal crossentropy."""
    target, output = _array(target), _array(output)
    p = jax.nn.sigmoid(output) if from_logits else output
    right = target * p + (1 - target) * (1 - p)
    value = jnp.power(1.0 - right, gamma) * binary_crossentropy(target, p)
    return value * (target * alpha + (1 - target) * (1 - alpha)) if apply_class_balancing else value


@op
def categorical_focal_crossentropy(target, output, alpha=0.25, gamma=2.0, from_logits=False, axis=-1):
    """Focal crossentropy with one-hot targets, one value per sample."""
    return losses.categorical_focal_crossentropy(
        target, output, alpha=alpha, gamma=gamma, from_logits=from_logits, axis=axis
    )


@op
def in_top_k(predictions, targets, k):
    """Is the target among the k most likely classes?"""
    from ..ops import in_top_k as f

    return f(_array(targets), _array(predictions), k)


# ------------------------------------------------- CTC


@op
def ctc_batch_cost(y_true, y_pred, input_length, label_length):
    """CTC loss (batch, 1) of probabilities (batch, steps, classes); the last class is the blank."""
    from ..ops import ctc_loss

    y_pred = jnp.log(_array(y_pred) + config.epsilon())
    blank = y_pred.shape[-1] - 1
    lengths = [jnp.reshape(_array(v), (-1,)).astype("int32") for v in (label_length, input_length)]
    return ctc_loss(_array(y_true).astype("int32"), y_pred, *lengths, mask_index=blank)[:, None]


@op
def ctc_decode(y_pred, input_length, greedy=True, beam_width=100, top_paths=1):
    """(list of decoded sequences (batch, steps) padded with -1, log probabilities); the last class is the blank."""
    from ..ops import ctc_decode as f

    y_pred = jnp.log(_array(y_pred) + config.epsilon())
    blank = y_pred.shape[-1] - 1
    strategy = "greedy" if greedy else "beam_search"
    options = {} if greedy else {"beam_width": beam_width, "top_paths": top_paths}
    decoded, score = f(y_pred, _array(input_length), strategy=strategy, mask_index=blank, **options)
    return list(decoded), score


def ctc_label_dense_to_sparse(labels, label_lengths):
    """(indices, values, dense shape) of the labels that count."""
    labels, lengths = np.asarray(labels), np.asarray(label_lengths).reshape(-1)
    rows = [(i, j) for i, n in enumerate(lengths) for j in range(int(n))]
    return np.array(rows, "int64").reshape(-1, 2), np.array([labels[r] for r in rows]), np.array(labels.shape, "int64")

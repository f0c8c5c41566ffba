"""``tf.nn`` without its convolutions: activations, losses, normalisation, dropout, embeddings; over jax.nn and jax.numpy."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ... import ops, random
from .arrangement import gather, space_to_batch
from .convolution import ROWS as CONVOLUTIONS
from .elementwise import ROWS as ELEMENTWISE
from .elementwise import silu
from .reductions import clip_by_norm, in_top_k, l2_normalize, top_k
from .rows import array, ints, one_of


def _axis(axis: Any) -> int:
    return -1 if axis is None else ints(axis)


def softmax_crossentropy(labels: Any, logits: Any, axis: Any = -1) -> Any:
    """The crossentropy of rows of probabilities and logits."""
    return -jnp.sum(labels.astype(logits.dtype) * jax.nn.log_softmax(logits, axis=ints(axis)), axis=ints(axis))


def sparse_softmax_crossentropy(labels: Any, logits: Any) -> Any:
    """The crossentropy of class numbers and logits."""
    if labels.shape != logits.shape[:-1]:
        raise ValueError(
            f"tf.nn.sparse_softmax_cross_entropy_with_logits: labels of shape {tuple(labels.shape)} do not go with logits of "
            f"shape {tuple(logits.shape)}; expected one label for each row."
        )
    return -jnp.take_along_axis(jax.nn.log_softmax(logits), labels[..., None].astype("int32"), -1)[..., 0]


def sigmoid_crossentropy(labels: Any, logits: Any) -> Any:
    """The crossentropy of independent labels, elementwise."""
    if labels.shape != logits.shape:
        raise ValueError(
            f"logits and labels must have one shape, received {tuple(logits.shape)} and {tuple(labels.shape)}."
        )
    labels = labels.astype(logits.dtype)
    return jnp.maximum(logits, 0) - logits * labels + jnp.log1p(jnp.exp(-jnp.abs(logits)))


def weighted_crossentropy(labels: Any, logits: Any, pos_weight: Any) -> Any:
    """The crossentropy of independent labels, the positive ones weighted."""
    weight = 1 + (pos_weight - 1) * labels
    return (1 - labels) * logits + weight * (jnp.log1p(jnp.exp(-jnp.abs(logits))) + jnp.maximum(-logits, 0))


def log_poisson_loss(targets: Any, log_input: Any, compute_full_loss: bool = False) -> Any:
    """Minus the log likelihood of counts, whole or without what does not depend on the input."""
    found = jnp.exp(log_input) - log_input * targets
    if not compute_full_loss:
        return found
    stirling = targets * jnp.log(jnp.maximum(targets, 1)) - targets + 0.5 * jnp.log(2 * np.pi * jnp.maximum(targets, 1))
    return found + jnp.where((targets >= 0) & (targets <= 1), 0, stirling)


def ctc_loss(labels: Any, logits: Any, label_length: Any, logit_length: Any, logits_time_major: bool = True,
             unique: Any = None, blank_index: Any = None) -> Any:  # fmt: skip
    """Minus the log likelihood of label rows (Graves et al., 2006)."""
    if unique is not None:
        raise ValueError("tf.nn.ctc_loss: unique is not offered on JAX: leave it out, the numbers are the same.")
    if label_length is None or logit_length is None:
        raise ValueError("tf.nn.ctc_loss: label_length and logit_length are wanted for dense labels.")
    blank = 0 if blank_index is None else ints(blank_index)
    logits = jnp.swapaxes(logits, 0, 1) if logits_time_major else logits
    blank = blank % logits.shape[-1]
    return ops.ctc_loss(labels, logits, array(label_length), array(logit_length), blank)


def moments(x: Any, axes: Any, shift: Any = None, keepdims: bool = False) -> tuple:
    """Mean and variance over axes; TensorFlow 2 computes without ``shift``, too."""
    if shift is not None:
        raise ValueError("tf.nn.moments: shift is not offered; the numbers are the same without it.")
    axes, keepdims = ints(axes), bool(keepdims)
    return jnp.mean(x, axis=axes, keepdims=keepdims), jnp.var(x, axis=axes, keepdims=keepdims)


def weighted_moments(x: Any, axes: Any, frequency_weights: Any, keepdims: bool = False) -> tuple:
    """Mean and variance over axes, each element counted as its weight says."""
    axes, weights = ints(axes), jnp.broadcast_to(array(frequency_weights), x.shape).astype(x.dtype)
    total = jnp.sum(weights, axes, keepdims=True)
    mean = jnp.sum(weights * x, axes, keepdims=True) / total
    variance = jnp.sum(weights * jnp.square(x - mean), axes, keepdims=True) / total
    return (mean, variance) if keepdims else (jnp.squeeze(mean, axes), jnp.squeeze(variance, axes))


def sufficient_statistics(x: Any, axes: Any, shift: Any = None, keepdims: bool = False) -> tuple:
    """Number, sum and sum of squares of the elements less ``shift``, and ``shift``."""
    axes = ints(axes)
    count = jnp.asarray(float(np.prod([x.shape[a] for a in np.atleast_1d(axes)])), x.dtype)
    off = x if shift is None else x - array(shift)
    return count, jnp.sum(off, axes, keepdims=keepdims), jnp.sum(jnp.square(off), axes, keepdims=keepdims), (
        None if shift is None else array(shift))  # fmt: skip


def normalize_moments(counts: Any, mean_ss: Any, variance_ss: Any, shift: Any) -> tuple:
    """Mean and variance of sufficient statistics."""
    counts = array(counts)
    mean = array(mean_ss) / counts
    variance = array(variance_ss) / counts - jnp.square(mean)
    return (mean if shift is None else mean + array(shift)), variance


def batch_normalization(x: Any, mean: Any, variance: Any, offset: Any, scale: Any, variance_epsilon: Any) -> Any:
    """The tensor with mean and variance taken out, scaled and moved."""
    factor = jax.lax.rsqrt(variance + variance_epsilon) * (1 if scale is None else scale)
    return x * factor + ((0 if offset is None else offset) - mean * factor)


def local_response_normalization(
    input: Any, depth_radius: Any = 5, bias: Any = 1, alpha: Any = 1, beta: Any = 0.5
) -> Any:
    """Each channel divided by what the channels around it amount to (Krizhevsky et al., 2012)."""
    r = ints(depth_radius)
    bias = array(bias)
    near = jax.lax.reduce_window(
        jnp.square(input), np.float32(0), jax.lax.add, (1, 1, 1, 2 * r + 1), (1,) * 4, [(0, 0)] * 3 + [(r, r)]
    )
    return input / (bias + alpha * near) ** beta


def bias_add(value: Any, bias: Any, data_format: Any = None) -> Any:
    """A number for each channel added."""
    value = array(value)
    first = data_format is not None and str(data_format).startswith("NC") and data_format != "N...C"
    if data_format is not None and not first and not str(data_format).endswith("C"):
        raise ValueError(f"tf.nn.bias_add: expected data_format 'N...C' or 'NC...', received {data_format!r}.")
    return value + (bias.reshape(-1, *[1] * (value.ndim - 2)) if first else bias)


def dropout(x: Any, rate: Any = None, noise_shape: Any = None, seed: Any = None, keep_prob: Any = None) -> Any:
    """Elements set to 0 at random, the others scaled up. ``keep_prob`` is TensorFlow 1's ``1 - rate``."""
    if (rate is None) == (keep_prob is None):
        raise ValueError("tf.nn.dropout: give rate (or keep_prob, as TensorFlow 1 calls 1 - rate).")
    rate = 1 - keep_prob if rate is None else rate
    return random.dropout(x, float(rate) if np.ndim(rate) == 0 else rate, ints(noise_shape), seed)


def embedding_lookup(params: Any, ids: Any, max_norm: Any = None) -> Any:
    """Rows of a table, held within a norm where one is given."""
    found = gather(params, array(ids), axis=0)
    if max_norm is None:
        return found
    axes = tuple(range(np.ndim(ids), found.ndim))
    return clip_by_norm(found, array(max_norm), axes)


def _blocks(name: str) -> Any:
    def rearranged(input: Any, block_size: Any, data_format: str = "NHWC") -> Any:
        last = one_of(f"tf.nn.{name}: data_format", data_format, ("NHWC", "NCHW")) == "NHWC"
        return getattr(ops, name)(input, ints(block_size), "channels_last" if last else "channels_first")

    return rearranged


def collapse_repeated(labels: Any, seq_length: Any) -> tuple:
    """Rows of labels without repetitions, filled up with 0, and their lengths."""
    steps = jnp.arange(labels.shape[1])[None]
    within = steps < array(seq_length)[:, None]
    new = jnp.concatenate([jnp.ones_like(within[:, :1]), labels[:, 1:] != labels[:, :-1]], 1) & within
    order = jnp.argsort(~new, 1, stable=True)
    counts = jnp.sum(new, 1).astype("int32")
    kept = jnp.take_along_axis(jnp.where(new, labels, 0), order, 1)
    return kept[:, : int(jnp.max(counts))], counts  # a size that is known outside of compiled functions only


def compute_average_loss(per_example_loss: Any, sample_weight: Any = None, global_batch_size: Any = None) -> Any:
    """The sum of the losses of examples over the size of the batch of all devices."""
    losses = array(per_example_loss)
    losses = losses if sample_weight is None else losses * array(sample_weight)
    return jnp.sum(losses) / (losses.shape[0] if global_batch_size is None else global_batch_size)


def _of_logits(fn: Any) -> Any:
    return lambda logits, axis=None: fn(logits, axis=_axis(axis))


ROWS = {
    **CONVOLUTIONS,
    "relu": ("features", jax.nn.relu),
    "relu6": ("features", jax.nn.relu6),
    "elu": ("features", jax.nn.elu),
    "selu": ("features", jax.nn.selu),
    "softplus": ELEMENTWISE["softplus"],
    "softsign": ELEMENTWISE["softsign"],
    "sigmoid": ELEMENTWISE["sigmoid"],
    "tanh": ELEMENTWISE["tanh"],
    "zero_fraction": ELEMENTWISE["zero_fraction"],
    "silu": silu,
    "swish": silu,
    "gelu": lambda features, approximate=False: jax.nn.gelu(features, approximate=bool(approximate)),
    "leaky_relu": lambda features, alpha=0.2: jnp.where(features > 0, features, alpha * features),
    "crelu": lambda features, axis=-1: jax.nn.relu(jnp.concatenate([features, -features], ints(axis))),
    "softmax": _of_logits(jax.nn.softmax),
    "log_softmax": _of_logits(jax.nn.log_softmax),
    "softmax_cross_entropy_with_logits": softmax_crossentropy,
    "softmax_cross_entropy_with_logits_v2": softmax_crossentropy,
    "sparse_softmax_cross_entropy_with_logits": sparse_softmax_crossentropy,
    "sigmoid_cross_entropy_with_logits": sigmoid_crossentropy,
    "weighted_cross_entropy_with_logits": weighted_crossentropy,
    "log_poisson_loss": log_poisson_loss,
    "ctc_loss": ctc_loss,
    "moments": moments,
    "weighted_moments": weighted_moments,
    "sufficient_statistics": sufficient_statistics,
    "normalize_moments": normalize_moments,
    "batch_normalization": batch_normalization,
    "local_response_normalization": local_response_normalization,
    "lrn": local_response_normalization,
    "bias_add": bias_add,
    "dropout": dropout,
    "embedding_lookup": embedding_lookup,
    "l2_loss": lambda t: jnp.sum(jnp.square(t)) / 2,
    "l2_normalize": l2_normalize,
    "top_k": top_k,
    "in_top_k": in_top_k,
    "depth_to_space": _blocks("depth_to_space"),
    "space_to_depth": _blocks("space_to_depth"),
    "space_to_batch": space_to_batch,
    "collapse_repeated": collapse_repeated,
    "compute_average_loss": compute_average_loss,
    "scale_regularization_loss": lambda regularization_loss: jnp.sum(array(regularization_loss)),
}

"""Losses of metric learning: embeddings of one class close together, others apart."""

import jax
import jax.numpy as jnp

from jkeras.core import frame
from jkeras.core.symbolic import op


@op
def circle(y_true, y_pred, ref_labels=None, ref_embeddings=None, remove_diagonal=True, gamma=80, margin=0.4):
    """Circle loss of embeddings of length 1 with integer labels: (batch, d) and (batch,) -> (batch,).

    Each embedding is compared with ``ref_embeddings`` of ``ref_labels`` (None: with the batch itself, where
    ``remove_diagonal`` leaves its own out). Sun et al. 2020, https://arxiv.org/abs/2002.10857

    >>> circle([0, 0, 1], [[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]]).round(2).tolist()
    [0.0, 6.399999618530273, 0.0]
    """
    y_pred = jnp.asarray(y_pred)
    dtype = y_pred.dtype
    y_pred = y_pred.astype(jnp.promote_types(dtype, jnp.float32))
    references = y_pred if ref_embeddings is None else jnp.asarray(ref_embeddings).astype(y_pred.dtype)
    labels = jnp.asarray(y_true).astype(jnp.int32).reshape(-1)
    others = labels if ref_labels is None else jnp.asarray(ref_labels).astype(jnp.int32).reshape(-1)
    same = labels[:, None] == others[None, :]
    different = ~same
    if remove_diagonal:
        same = same & ~jnp.eye(*same.shape, dtype=bool)
    distance = jnp.maximum(1.0 - y_pred @ references.T, 0.0)
    near = -gamma * (margin + distance) * (margin - distance)
    far = gamma * jnp.maximum(1.0 + margin - distance, 0.0) * (1.0 - margin - distance)
    values = jax.nn.softplus(_log_sum_exp(near, same) + _log_sum_exp(far, different)).astype(dtype)
    frame.set_mask(values, values > 0)
    return values


def _log_sum_exp(x, where):
    """Log of the sum of exp of the chosen entries of each row; -inf for a row without any, with gradient 0."""
    some = jnp.any(where, axis=1)
    total = jax.nn.logsumexp(jnp.where(where | ~some[:, None], x, -jnp.inf), axis=1)
    return jnp.where(some, total, -jnp.inf)

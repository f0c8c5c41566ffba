"""Losses of sequences whose alignment with the labels is unknown."""

import jax.numpy as jnp

from jkeras.core.symbolic import op


@op
def ctc(y_true, y_pred):
    """Connectionist temporal classification: labels (batch, length), logits (batch, steps, classes) -> (batch,).

    Class 0 is the blank; labels are padded with 0 at the end. Graves et al. 2006,
    https://www.cs.toronto.edu/~graves/icml_2006.pdf

    >>> ctc([[1, 2]], [[[0.0, 9.0, 0.0], [0.0, 0.0, 9.0]]]).round(3).tolist()
    [0.0]
    """
    import optax

    labels, logits = jnp.asarray(y_true), jnp.asarray(y_pred)
    if labels.ndim != 2:
        raise ValueError(f"ctc: expected integer targets of shape (batch, length), received shape {labels.shape}.")
    if logits.ndim != 3:
        raise ValueError(f"ctc: expected logits of shape (batch, steps, classes), received shape {logits.shape}.")
    labels = labels.astype(jnp.int32)
    logits = logits.astype(jnp.promote_types(logits.dtype, jnp.float32))
    # the labels may have blanks between them: the first `length` entries count, as many as are not blank
    length = jnp.sum(labels != 0, axis=-1, keepdims=True)
    padding = (jnp.arange(labels.shape[1]) >= length).astype(logits.dtype)
    return optax.ctc_loss(logits, jnp.zeros(logits.shape[:2], logits.dtype), labels, padding)

"""Maximum-margin losses."""

import jax.numpy as jnp

from .elementwise import era_setting, loss_function


def signed(labels):
    """Labels 0 and 1 as -1 and 1; a batch that holds anything else passes unchanged."""
    if not era_setting("hinge", "converts_labels", True):
        return labels
    return jnp.where(jnp.all((labels == 0) | (labels == 1)), 2.0 * labels - 1.0, labels)


@loss_function
def hinge(y_true, y_pred):
    """Mean of ``max(0, 1 - y_true * y_pred)`` over the last axis: (batch, ..., d) -> (batch, ...).

    Targets are -1 and 1; those of 0 and 1 are converted.
    https://keras.io/api/losses/hinge_losses/#hinge-function

    >>> hinge([[-1.0, 1.0]], [[-1.0, 0.5]]).tolist()
    [0.25]
    """
    return jnp.mean(jnp.maximum(1.0 - signed(y_true) * y_pred, 0.0), axis=-1)


@loss_function
def squared_hinge(y_true, y_pred):
    """Mean of ``max(0, 1 - y_true * y_pred)**2`` over the last axis: (batch, ..., d) -> (batch, ...).

    Targets are -1 and 1; those of 0 and 1 are converted.
    https://keras.io/api/losses/hinge_losses/#squared_hinge-function

    >>> squared_hinge([[-1.0, 1.0]], [[-1.0, 0.5]]).tolist()
    [0.125]
    """
    return jnp.mean(jnp.square(jnp.maximum(1.0 - signed(y_true) * y_pred, 0.0)), axis=-1)


@loss_function
def categorical_hinge(y_true, y_pred):
    """``max(0, 1 + best wrong score - right score)`` for one-hot targets: (batch, ..., classes) -> (batch, ...).

    https://keras.io/api/losses/hinge_losses/#categorical_hinge-function

    >>> categorical_hinge([[0.0, 1.0]], [[0.5, 0.75]]).tolist()
    [0.75]
    """
    right = jnp.sum(y_true * y_pred, axis=-1)
    wrong = jnp.max((1.0 - y_true) * y_pred, axis=-1)
    return jnp.maximum(wrong - right + 1.0, 0.0)

"""Losses of segmentation: how far two sets of pixels overlap."""

import jax.numpy as jnp

from jkeras.core import config

from .elementwise import loss_function


@loss_function
def dice(y_true, y_pred, axis=None):
    """``1 - 2 |A and B| / (|A| + |B|)``, summed over ``axis`` (None: over everything, one number).

    Milletari et al. 2016, https://arxiv.org/abs/1606.04797

    >>> dice([[1.0, 0.0]], [[1.0, 1.0]]).round(4).item()
    0.33329999446868896
    """
    both = jnp.sum(y_true * y_pred, axis=axis)
    return 1.0 - 2.0 * both / (jnp.sum(y_true, axis=axis) + jnp.sum(y_pred, axis=axis) + config.epsilon())


@loss_function
def tversky(y_true, y_pred, alpha=0.5, beta=0.5, axis=None):
    """One minus the Tversky index, summed over ``axis`` (None: over everything, one number).

    ``alpha`` weighs what the prediction misses, ``beta`` what it adds.
    Salehi et al. 2017, https://arxiv.org/abs/1706.05721

    >>> tversky([[1.0, 0.0]], [[1.0, 1.0]]).round(4).item()
    0.33329999446868896
    """
    both = jnp.sum(y_true * y_pred, axis=axis)
    missed = jnp.sum((1.0 - y_pred) * y_true, axis=axis)
    added = jnp.sum(y_pred * (1.0 - y_true), axis=axis)
    return 1.0 - both / (both + missed * alpha + added * beta + config.epsilon())

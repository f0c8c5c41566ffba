"""Random arrays, as `keras.random` draws them: an integer seed gives the numbers of Keras 3 on JAX.

Source: https://keras.io/api/random/. `seed` is None (another draw at each call), an integer (the same draw at each
call), a `SeedGenerator` (the next of a repeatable row) or a JAX key.
"""

import jax
import jax.numpy as jnp

from .core.dtypes import array_dtype, is_float, standardize_dtype
from .core.rng import SeedGenerator, key_of
from .core.symbolic import op

__all__ = [
    "SeedGenerator",
    "beta",
    "binomial",
    "categorical",
    "dropout",
    "gamma",
    "normal",
    "randint",
    "shuffle",
    "truncated_normal",
    "uniform",
]

SeedGenerator._keras_module = "keras.random"


def _dtype(name, dtype, integer=False):
    """The dtype of the array; raises ValueError for one of the wrong kind."""
    fits = jnp.issubdtype(array_dtype(dtype), jnp.integer) if integer else is_float(dtype)
    if not fits:
        kind = "an integer" if integer else "a floating"
        raise ValueError(f"random.{name}: expected {kind} dtype, received {standardize_dtype(dtype)!r}.")
    return array_dtype(dtype)


def normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    """Draw from the normal distribution of the given mean and standard deviation. Raises ValueError for integer dtypes.

    >>> normal((2, 3), seed=1).shape
    (2, 3)
    """
    return jax.random.normal(key_of(seed), tuple(shape), _dtype("normal", dtype)) * stddev + mean


def truncated_normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    """Draw from a normal distribution, leaving out what lies more than two `stddev` from the mean.

    >>> bool(abs(truncated_normal((50,), seed=1)).max() < 2)
    True
    """
    dtype = _dtype("truncated_normal", dtype)
    return jax.random.truncated_normal(key_of(seed), -2.0, 2.0, tuple(shape), dtype) * stddev + mean


def uniform(shape, minval=0.0, maxval=1.0, dtype=None, seed=None):
    """Draw evenly from [minval, maxval). Raises ValueError for integer dtypes; `randint` is for those.

    >>> uniform((2, 3), seed=1).shape
    (2, 3)
    """
    return jax.random.uniform(key_of(seed), tuple(shape), _dtype("uniform", dtype), minval, maxval)


def randint(shape, minval, maxval, dtype="int32", seed=None):
    """Draw integers evenly from minval to maxval - 1. Raises ValueError for floating dtypes.

    >>> sorted(set(randint((50,), 0, 3, seed=1).tolist()))
    [0, 1, 2]
    """
    return jax.random.randint(key_of(seed), tuple(shape), minval, maxval, _dtype("randint", dtype, integer=True))


@op
def categorical(logits, num_samples, dtype="int32", seed=None):
    """Draw class numbers with probabilities `softmax(logits)`. (rows, classes) -> (rows, num_samples)

    Raises ValueError unless the logits are a matrix.

    >>> categorical([[0.0, -1e9]], 3, seed=1).tolist()
    [[0, 0, 0]]
    """
    logits = jnp.asarray(logits)
    if logits.ndim != 2:
        raise ValueError(f"random.categorical: expected logits of shape (rows, classes), received {logits.shape}.")
    drawn = jax.random.categorical(key_of(seed), logits[..., None], axis=1, shape=(logits.shape[0], num_samples))
    return drawn.astype(_dtype("categorical", dtype, integer=True))


@op
def dropout(inputs, rate, noise_shape=None, seed=None):
    """Set a share `rate` of the values to 0 and divide the others by `1 - rate`.

    `noise_shape` has 1 for axes along which values are kept or dropped together, and None for sizes of the inputs.

    >>> sorted(set(dropout(jnp.ones(100), 0.5, seed=1).tolist()))
    [0.0, 2.0]
    """
    inputs = jnp.asarray(inputs)
    if rate in (0, 1):
        return inputs if rate == 0 else jnp.zeros_like(inputs)
    shape = inputs.shape
    if noise_shape is not None:
        shape = tuple(size if given is None else given for given, size in zip(noise_shape, shape, strict=True))
    keep = jax.random.bernoulli(key_of(seed), 1.0 - rate, shape)
    return jnp.where(keep, inputs / (1.0 - rate), jnp.zeros_like(inputs))


@op
def shuffle(x, axis=0, seed=None):
    """Permute the values along `axis`, in each row on its own.

    >>> sorted(shuffle(jnp.arange(4), seed=1).tolist())
    [0, 1, 2, 3]
    """
    return jax.random.permutation(key_of(seed), jnp.asarray(x), axis, independent=True)


def gamma(shape, alpha, dtype=None, seed=None):
    """Draw from the gamma distribution of shape parameter `alpha` and scale 1.

    >>> bool(gamma((5,), 2.0, seed=1).min() > 0)
    True
    """
    return jax.random.gamma(key_of(seed), alpha, tuple(shape), _dtype("gamma", dtype))


def binomial(shape, counts, probabilities, dtype=None, seed=None):
    """Draw the number of successes in `counts` trials of the given probabilities, which broadcast to the shape.

    >>> binomial((3,), 5.0, 1.0, seed=1).tolist()
    [5.0, 5.0, 5.0]
    """
    counts, probabilities = jnp.asarray(counts), jnp.asarray(probabilities)
    return jax.random.binomial(key_of(seed), counts, probabilities, tuple(shape), _dtype("binomial", dtype))


def beta(shape, alpha, beta, dtype=None, seed=None):
    """Draw from the beta distribution on [0, 1] of the given parameters, which broadcast to the shape.

    >>> bool(beta((5,), 2.0, 3.0, seed=1).max() < 1)
    True
    """
    alpha, beta = jnp.asarray(alpha), jnp.asarray(beta)
    return jax.random.beta(key_of(seed), alpha, beta, tuple(shape), _dtype("beta", dtype))

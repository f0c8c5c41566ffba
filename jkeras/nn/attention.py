"""Attention as pure functions of arrays: scores, masked softmax, and dot-product attention over heads."""

import functools
import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from .platform import on_cpu

Array = Any


def additive_scores(query: Array, key: Array, scale: Array | float = 1.0) -> Array:
    """``sum(scale * tanh(q + k))`` of each query with each key: (..., t, d), (..., s, d) -> (..., t, s).

    Source: Bahdanau et al., 2015, https://arxiv.org/abs/1409.0473

    >>> additive_scores(jnp.zeros((1, 2, 4)), jnp.zeros((1, 3, 4))).shape
    (1, 2, 3)
    """
    return jnp.sum(scale * jnp.tanh(query[..., :, None, :] + key[..., None, :, :]), axis=-1)


def softmax(scores: Array, axis: Any = -1) -> Array:
    """Softmax over one axis or several, computed in float32.

    >>> softmax(jnp.zeros((1, 4)))[0].tolist()
    [0.25, 0.25, 0.25, 0.25]
    """
    return _softmax(scores.astype(_wide(scores)), axis).astype(scores.dtype)


@functools.partial(jax.custom_jvp, nondiff_argnums=(1,))
def _softmax(scores: Array, axis: Any) -> Array:
    return jax.nn.softmax(scores, axis=axis)


@_softmax.defjvp
def _softmax_tangent(axis, primals, tangents):
    # By its result, not by the exponentials and their sum: half the arrays of the scores' size, see ``dot_product``.
    (scores,), (tangent,) = primals, tangents
    y = _softmax(scores, axis)
    return y, y * (tangent - jnp.sum(y * tangent, axis, keepdims=True))


def _wide(x: Array) -> Any:
    return jnp.promote_types(x.dtype, jnp.float32)


def large_negative(x: Array, half: float, full: float) -> float:
    """What stands for minus infinity: ``half`` in float16, ``full`` in wider types."""
    return half if x.dtype == jnp.float16 else full


def causal_mask(queries: int, keys: int) -> Array:
    """(queries, keys): True where the key is not later than the query.

    >>> causal_mask(2, 3).tolist()
    [[True, False, False], [True, True, False]]
    """
    return jnp.arange(queries)[:, None] >= jnp.arange(keys)


def window_mask(queries: int, keys: int, window: int) -> Array:
    """(queries, keys): True where key and query are less than ``window`` positions apart.

    >>> window_mask(1, 3, 2).tolist()
    [[True, True, False]]
    """
    return jnp.abs(jnp.arange(queries)[:, None] - jnp.arange(keys)) < window


def both(a: Array | None, b: Array | None) -> Array | None:
    """Where both masks are True; None is True everywhere."""
    return b if a is None else a if b is None else jnp.logical_and(a, b)


def equations(rank: int, axes: Sequence[int]) -> tuple[str, str]:
    """Einsum equations for arrays (batch, ..., heads, d) of a rank that attend along some axes.

    The first takes key and query to scores (batch, other axes, heads, query axes, key axes), the second scores and value to
    the output, which has the query's axes.

    >>> equations(4, (1,))
    ('aecd,abcd->acbe', 'acbe,aecd->abcd')
    """
    letters = [chr(ord("a") + i) for i in range(rank + len(axes))]
    query = letters[:rank]
    other = dict(zip(axes, letters[rank:], strict=True))
    key = [other.get(i, letter) for i, letter in enumerate(query)]
    kept = [query[i] for i in range(rank - 1) if i not in axes]
    scores = "".join([*kept, *(query[i] for i in axes), *other.values()])
    source, target = "".join(key), "".join(query)
    return f"{source},{target}->{scores}", f"{scores},{source}->{target}"


def scored(
    query: Array,
    key: Array,
    value: Array,
    axes: Sequence[int],
    mask: Array | None = None,
    drop: Array | None = None,
    additive: bool = False,
    robust: bool = True,
) -> tuple[Array, Array]:
    """Attention over heads with its scores: (output, scores) for projected arrays (batch, ..., heads, d).

    Key and value may have a divisor of the query's heads, which share them in groups.
    ``mask`` has the shape of the scores or lacks axes left of its own; it replaces scores, or is added as a large negative
    number (``additive``). ``drop`` multiplies the scores after the softmax. A query that may see nothing gets zeros where
    ``robust``, else the mean of all values.
    """
    groups = query.shape[-2] // key.shape[-2]
    key, value = (x if groups == 1 else jnp.repeat(x, groups, axis=-2) for x in (key, value))
    scoring, combining = equations(query.ndim, axes)
    scale = jnp.asarray(1 / math.sqrt(query.shape[-1]), query.dtype)
    scores = jnp.einsum(scoring, key, query * scale)
    if mask is not None:
        low = large_negative(scores, -3e4, -1e9)
        scores = scores + (1 - mask.astype(scores.dtype)) * low if additive else jnp.where(mask, scores, low)
    scores = softmax(scores, tuple(range(scores.ndim - len(axes), scores.ndim)))
    if mask is not None and robust and not additive:
        scores = jnp.where(mask, scores, 0)
    used = scores if drop is None else scores * drop
    return jnp.einsum(combining, used, value), scores


def dot_product(query: Array, key: Array, value: Array, mask: Array | None, causal: bool, flash: bool | None) -> Array:
    """Attention over heads without its scores; query (batch, t, heads, d), key and value (batch, s, heads or a divisor, d).

    ``flash`` None takes cuDNN's fused kernel where it fits, True wants it and falls back where there is none, False forbids it.
    All give the same numbers up to rounding. CPUs compute what ``scored`` does: with its gradient 1.4 ms for what takes the
    library's form 2.0 (batch 32, 64 positions, 4 heads of 32), 17 ms for 42 (batch 2, 512 positions, 8 heads of 64; jax 0.10.2,
    2 cores, ``benchmarks.products attention``).
    """
    if on_cpu():
        if causal:
            mask = both(mask, causal_mask(query.shape[1], key.shape[1])[None, None])
        return scored(query, key, value, (1,), mask, robust=False)[0]
    size, width = query.shape[-1], value.shape[-1]
    implementation: Any = "cudnn" if flash is not False and fits_flash(query, key, value, mask) else "xla"
    # the library wants equal sizes: zeros at the end change no sum
    query, key, value = (jnp.pad(x, [(0, 0)] * 3 + [(0, max(size, width) - x.shape[-1])]) for x in (query, key, value))
    return jax.nn.dot_product_attention(
        query, key, value, mask=mask, scale=1 / math.sqrt(size), is_causal=causal, implementation=implementation
    )[..., :width]


def fits_flash(query: Array, key: Array, value: Array, mask: Array | None) -> bool:
    """Can cuDNN's fused attention take these arrays on the default device?"""
    size = query.shape[-1]
    return (
        jax.default_backend() == "gpu"
        and any("nvidia" in d.device_kind.lower() for d in jax.devices())
        and query.dtype in (jnp.float16, jnp.bfloat16)
        and size == value.shape[-1]
        and size <= 128
        and size % 8 == 0
        and (mask is None or mask.ndim == 4)
        and min(query.shape[1], key.shape[1]) > 1
    )

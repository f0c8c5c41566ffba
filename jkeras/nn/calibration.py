"""Choosing the bits of a matrix by looking at what it meets: GPTQ and AWQ.

GPTQ: Frantar et al., 2022, https://arxiv.org/abs/2210.17323. AWQ: Lin et al., 2023, https://arxiv.org/abs/2306.00978.
Matrices are (outputs, inputs) here; results are arrays by name: "steps" (outputs, inputs), "kernel_scale" and
"kernel_zero" (outputs, groups), "g_idx" (inputs,).
"""

import math
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from .quantization import from_groups, parameters, to_steps

BLOCK = 128  # columns of which each is corrected for the errors of those before it


def add_to_hessian(hessian: jax.Array, seen: int, inputs: jax.Array) -> jax.Array:
    """The mean of ``2 x x^T`` over rows, with more rows; ``seen`` says how many there were."""
    x = inputs.astype("float32")
    gram, total = x.T @ x, seen + len(x)
    return hessian * (seen / total) + (gram + gram.T) / 2 * (2 / total)


def inverse_of(hessian: jax.Array, damping: float) -> tuple[jax.Array, jax.Array]:
    """(inverse, diagonal) of a Hessian made regular: 1 where nothing came in, and a share of the mean diagonal added."""
    diagonal = jnp.diagonal(hessian)
    diagonal = jnp.where(diagonal == 0, 1.0, diagonal)
    diagonal = diagonal + damping * jnp.mean(diagonal)
    places = jnp.arange(len(diagonal))
    return jnp.linalg.inv(hessian.at[places, places].set(diagonal)), diagonal


def gptq(
    weights: jax.Array,
    hessian: jax.Array,
    bits: int,
    group: int = -1,
    symmetric: bool = False,
    per_channel: bool = True,
    damping: float = 0.01,
    by_activation: bool = False,
) -> dict[str, jax.Array]:
    """Steps of a matrix, each column corrected for the rounding of those before it."""
    inverse, diagonal = inverse_of(hessian, damping)
    columns = weights.shape[1]
    order = jnp.argsort(-diagonal) if by_activation else jnp.arange(columns)
    weights, inverse = weights[:, order], inverse[order][:, order]
    size = columns if group == -1 else group
    scales: list[jax.Array] = []
    zeros: list[jax.Array] = []
    steps = []
    for start in range(0, columns, BLOCK):
        stop = min(start + BLOCK, columns)
        while len(scales) * size < stop:  # groups that begin in this block
            first = len(scales) * size
            scale, zero = parameters(weights[:, first : first + size], bits, symmetric, per_channel, weights.dtype)
            scales.append(scale)
            zeros.append(zero)
        places = jnp.arange(start, stop) // size
        scale, zero = (jnp.concatenate(parts, axis=1)[:, places] for parts in (scales, zeros))
        found, errors = _round_block(weights[:, start:stop], inverse[start:stop, start:stop], scale, zero, bits)
        steps.append(found)
        weights = weights.at[:, stop:].add(-errors @ inverse[start:stop, stop:])
    back = jnp.argsort(order)
    return {
        "steps": jnp.concatenate(steps, axis=1)[:, back],
        "kernel_scale": jnp.concatenate(scales, axis=1),
        "kernel_zero": jnp.concatenate(zeros, axis=1),
        "g_idx": (jnp.arange(columns) / size).astype("float32")[back],
    }


@partial(jax.jit, static_argnums=4)
def _round_block(
    weights: jax.Array, inverse: jax.Array, scale: jax.Array, zero: jax.Array, bits: int
) -> tuple[jax.Array, jax.Array]:
    """(steps, errors) of some columns, one after the other."""
    later = jnp.triu(jnp.ones(inverse.shape, bool), 1)

    def one(weights: jax.Array, given: tuple) -> tuple[jax.Array, tuple]:
        i, row, mask, scale, zero = given
        steps = to_steps(weights[:, i], scale, zero, bits)
        error = (weights[:, i] - (steps - zero.astype(scale.dtype)) * scale) / row[i]
        return weights - jnp.where(mask, error[:, None] * row, 0), (steps, error)

    _, (steps, errors) = jax.lax.scan(one, weights, (jnp.arange(len(inverse)), inverse, later, scale.T, zero.T))
    return steps.T, errors.T


def awq(weights: jax.Array, magnitudes: jax.Array, group: int = -1, points: int = 20) -> dict[str, jax.Array]:
    """Steps of a matrix whose columns are stretched before by a power of what they meet, the power that loses least.

    "awq_scales" (inputs,) is what they were stretched by.
    """
    largest = magnitudes.astype("float32")
    largest = jnp.where(largest < 1e-8, 1.0, largest)
    losses = [_awq_loss(weights, largest, i / points, group) for i in range(points + 1)]
    stretch = _stretch(largest, int(jnp.argmin(jnp.stack(losses))) / points)
    steps, scale, zero, places = _in_groups(weights * stretch, group)
    return {
        "steps": steps,
        "kernel_scale": scale,
        "kernel_zero": zero,
        "awq_scales": stretch,
        "g_idx": places.astype("float32"),
    }


def _stretch(largest: jax.Array, ratio: Any) -> jax.Array:
    """A power of the magnitudes, between its smallest and its largest about 1."""
    found = jnp.maximum(largest**ratio, 1e-4)
    return found / jnp.maximum(jnp.sqrt(found.max() * found.min()), 1e-8)


@partial(jax.jit, static_argnums=3)
def _awq_loss(weights: jax.Array, largest: jax.Array, ratio: Any, group: int) -> jax.Array:
    """Mean square of what rounding changes, weighted by the squares of what comes in."""
    stretch = _stretch(largest, ratio)
    steps, scale, zero, places = _in_groups(weights * stretch, group)
    again = from_groups(steps, scale, zero, places, -1) / stretch
    return jnp.mean(jnp.square(weights - again) * jnp.square(largest))


def _in_groups(weights: jax.Array, group: int) -> tuple[jax.Array, jax.Array, jax.Array, jax.Array]:
    """(steps, scale, zero, group of each column) of four bits; the last group is filled up with zeros."""
    outputs, columns = weights.shape
    size = columns if group == -1 else group
    groups = math.ceil(columns / size)
    blocks = weights
    if groups > 1:
        blocks = jnp.pad(weights, ((0, 0), (0, groups * size - columns))).reshape(outputs * groups, size)
    scale, zero = (found.reshape(outputs, groups) for found in parameters(blocks, 4))
    places = jnp.arange(columns) // size
    return to_steps(weights, scale[:, places], zero[:, places], 4), scale, zero, places

"""Random arrays as initial weights need them: one draw, or many in one go.

Compiling one generator per weight is slow (170 weights: 50 s on two cores), so `draw_many` runs one generator over
rows that each know their weight, and cuts the result. Both give the same numbers.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from .platform import to_array

ROW = 128
SQRT2 = np.float32(np.sqrt(2))


class Draw(NamedTuple):
    """What to draw: `uniform` from [a, b), `normal` or `truncated_normal` (at two deviations) with mean a, deviation b,
    or `constant` a."""

    kind: str
    a: float
    b: float = 0.0


def draw(key: jax.Array, shape: Sequence[int], dtype: Any, what: Draw) -> jax.Array:
    """One array of independent values.

    >>> draw(jax.random.key(0), (2, 3), "float32", Draw("uniform", 0.0, 1.0)).shape
    (2, 3)
    """
    kind, a, b = what
    if kind == "constant":
        return jnp.full(shape, a, dtype)
    if kind == "uniform":
        return jax.random.uniform(key, shape, dtype, a, b)
    if kind == "normal":
        return jax.random.normal(key, shape, dtype) * b + a
    return jax.random.truncated_normal(key, -2.0, 2.0, shape, dtype) * b + a


def draw_many(key: jax.Array, folds: Sequence[int], shapes: Sequence[Sequence[int]], plans: Sequence[Draw]) -> list:
    """`draw(fold_in(key, fold), shape, "float32", plan)` for each fold, shape and plan.

    >>> key, even = jax.random.key(0), Draw("uniform", 0.0, 1.0)
    >>> one, two = draw_many(key, [1, 2], [(3,), (2, 2)], [even, Draw("constant", 1.0)])
    >>> bool((one == draw(jax.random.fold_in(key, 1), (3,), "float32", even)).all())
    True
    """
    values: list = [None] * len(folds)
    for kind in {p.kind for p in plans}:
        chosen = [i for i, p in enumerate(plans) if p.kind == kind]
        if kind == "constant":
            filled = jnp.full if isinstance(key, jax.core.Tracer) else np.full  # NumPy has nothing to compile
            for i in chosen:
                values[i] = to_array(filled(shapes[i], plans[i].a, "float32"))
            continue
        if not _splittable(key):
            for i in chosen:
                values[i] = draw(jax.random.fold_in(key, np.uint32(folds[i])), shapes[i], "float32", plans[i])
            continue
        flat, starts = _draw_flat(key, kind, [(folds[i], shapes[i], plans[i]) for i in chosen])
        for i, start in zip(chosen, starts, strict=True):
            size = int(np.prod(shapes[i], dtype=np.int64))
            values[i] = to_array(flat[start : start + size].reshape(shapes[i]))
    return values


def _splittable(key: jax.Array) -> bool:
    """Can element i of a draw be made alone?"""
    partitionable = jax.config.jax_threefry_partitionable  # type: ignore[attr-defined]
    return bool(partitionable) and str(jax.random.key_impl(key)) == "threefry2x32"


def _draw_flat(key: jax.Array, kind: str, requests: list) -> tuple[Any, list[int]]:
    """All values of one kind behind each other, and where each request starts."""
    sizes = [int(np.prod(shape, dtype=np.int64)) for _, shape, _ in requests]
    rows = [-(-size // ROW) for size in sizes]
    starts = [int(s) * ROW for s in np.cumsum([0, *rows[:-1]])]
    total = _bucket(sum(rows))

    def spread(column: Sequence, dtype: Any) -> np.ndarray:
        full = np.zeros(total, dtype)
        full[: sum(rows)] = np.repeat(np.asarray(column, dtype), rows)
        return full

    first = np.zeros(total, np.uint32)
    first[: sum(rows)] = np.concatenate([np.arange(r, dtype=np.uint32) * ROW for r in rows])
    a, b = (spread([plan[i] for _, _, plan in requests], np.float32) for i in (1, 2))
    flat = _rows(jax.random.key_data(key), spread([fold for fold, _, _ in requests], np.uint32), first, a, b, kind=kind)
    on_host = not isinstance(flat, jax.core.Tracer) and all(d.platform == "cpu" for d in flat.devices())
    return (np.asarray(flat) if on_host else flat).reshape(-1), starts  # cutting on the host needs no compilation


def _bucket(rows: int) -> int:
    """A size not much above, of which there are few: models of similar size share one compiled generator."""
    step = 1 << max(int(rows - 1).bit_length() - 4, 0)
    return -(-rows // step) * step


ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))


def threefry(key1: Any, key2: Any, x1: Any, x2: Any) -> tuple[Any, Any]:
    """Threefry-2x32 with 20 rounds (Salmon et al. 2011) of the counters x1, x2, unsigned integers of 32 bits.

    JAX's own is a loop on the CPU, which goes to memory at each of its rounds; this is one expression that XLA computes in
    registers. Measured (jax 0.10.2, processor time, 25.6 million uniform numbers): compiling 0.36 -> 0.07 s, drawing 0.80 -> 0.07
    s, the same bits; ``benchmarks.draws``.

    >>> [hex(int(v)) for v in threefry(*map(np.uint32, (0x13198A2E, 0x03707344, 0x243F6A88, 0x85A308D3)))]
    ['0xc4923a9c', '0x483df7a0']
    """
    keys = key1, key2, key1 ^ key2 ^ np.uint32(0x1BD11BDA)
    x1, x2 = jnp.add(x1, key1), jnp.add(x2, key2)
    for i in range(5):
        for r in ROTATIONS[i % 2]:
            x1 = x1 + x2
            x2 = x1 ^ ((x2 << np.uint32(r)) | (x2 >> np.uint32(32 - r)))
        x1, x2 = x1 + keys[(i + 1) % 3], x2 + keys[(i + 2) % 3] + np.uint32(i + 1)
    return x1, x2


@partial(jax.jit, static_argnames="kind")
def _rows(key: jax.Array, fold: jax.Array, first: jax.Array, a: jax.Array, b: jax.Array, kind: str) -> jax.Array:
    """key data, (rows,) folds, first element numbers and parameters -> (rows, ROW) values; as jax.random draws them."""
    nothing = np.uint32(0)
    one, two = threefry(key[0], key[1], nothing, fold)  # fold_in
    high, low = threefry(one[:, None], two[:, None], nothing, first[:, None] + np.arange(ROW, dtype=np.uint32))
    unit = jax.lax.bitcast_convert_type(((high ^ low) >> 9) | np.uint32(0x3F800000), jnp.float32) - 1.0
    a, b = a[:, None], b[:, None]
    if kind == "uniform":
        return jnp.maximum(a, unit * (b - a) + a)
    low_end: Any
    high_end: Any
    if kind == "normal":
        low_end, high_end = np.nextafter(np.float32(-1), np.float32(0)), np.float32(1)
    else:
        low_end, high_end = (jax.lax.erf(jnp.float32(v) / SQRT2) for v in (-2.0, 2.0))
    value = SQRT2 * jax.lax.erf_inv(jnp.maximum(low_end, unit * (high_end - low_end) + low_end))
    if kind == "truncated_normal":
        edge = np.nextafter(np.float32(2), np.float32(0))
        value = jnp.clip(value, -edge, edge)
    return value * b + a

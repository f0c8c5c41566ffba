"""Pictures as arrays, channels last and in batches: resizing, warping, colours, histograms."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax.scipy.ndimage import map_coordinates

METHODS = {
    "nearest": "nearest",
    "bilinear": "linear",
    "bicubic": "cubic",
    "lanczos3": "lanczos3",
    "lanczos5": "lanczos5",
}
FILL_MODES = ("reflect", "wrap", "constant", "nearest", "mirror")
ORDERS = {"nearest": 0, "bilinear": 1}


def resize(x: Any, size: tuple[int, ...], interpolation: str, axis: int, antialias: bool = False) -> jax.Array:
    """Resamples the axes that begin at ``axis`` to ``size``, pixel centres at halves.

    >>> resize(jnp.ones((1, 2, 2, 3)), (4, 4), "bilinear", axis=1).shape
    (1, 4, 4, 3)
    """
    shape = (*x.shape[:axis], *size, *x.shape[axis + len(size) :])
    if interpolation == "nearest":
        return jax.image.resize(x, shape, "nearest")
    return jax.image.resize(x, shape, METHODS[interpolation], antialias=antialias)


def fitting_box(height: int, width: int, size: Sequence[int]) -> tuple[int, int, int, int]:
    """(top, left, height, width) of the largest part in the middle of a picture that has the aspect ratio of ``size``.

    >>> fitting_box(10, 20, (5, 5))
    (0, 5, 10, 10)
    """
    cut_height = max(min(height, int(width * size[0] / size[1])), 1)
    cut_width = max(min(width, int(height * size[1] / size[0])), 1)
    return int((height - cut_height) / 2), int((width - cut_width) / 2), cut_height, cut_width


# ------------------------------------------------- warping


def warp(images: jax.Array, matrix: Any, interpolation: str, fill_mode: str, fill_value: float = 0.0) -> jax.Array:
    """Each pixel (x, y) of the result is what (n, h, w, c) images have at ((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k).

    ``matrix``: (n, 8), rows (a0, a1, a2, b0, b1, b2, c0, c1), k = c0 x + c1 y + 1.

    >>> warp(jnp.arange(4.0).reshape(1, 1, 4, 1), jnp.array([[1.0, 0, 1, 0, 1, 0, 0, 0]]), "nearest", "constant").tolist()
    [[[[1.0], [2.0], [3.0], [0.0]]]]
    """
    y, x = jnp.meshgrid(jnp.arange(images.shape[1]), jnp.arange(images.shape[2]), indexing="ij")
    a0, a1, a2, b0, b1, b2, c0, c1 = (part[:, None, None] for part in jnp.moveaxis(jnp.asarray(matrix), -1, 0))
    k = c0 * x + c1 * y + 1
    return sample(images, (b0 * x + b1 * y + b2) / k, (a0 * x + a1 * y + a2) / k, interpolation, fill_mode, fill_value)


def sample(images: jax.Array, y: Any, x: Any, interpolation: str, fill_mode: str, fill_value: float = 0.0) -> jax.Array:
    """The values of (n, h, w, c) images at (n, h, w) coordinates."""
    one = partial(map_coordinates, order=ORDERS[interpolation], mode=fill_mode, cval=fill_value)
    channels = jax.vmap(lambda picture, where: one(picture, where), in_axes=(-1, None), out_axes=-1)
    return jax.vmap(channels)(images, (y, x))


def affine_matrix(angle: Any, height: int, width: int) -> jax.Array:
    """The ``warp`` of a rotation by degrees, (n,) -> (n, 8), about the middle of the picture."""
    turn = jnp.asarray(angle) * (jnp.pi / 180.0)
    cos, sin, cx, cy = jnp.cos(turn), jnp.sin(turn), (width - 1) / 2, (height - 1) / 2
    zero = jnp.zeros_like(cos)
    return jnp.stack([cos, -sin, cx - cx * cos + cy * sin, sin, cos, cy - cx * sin - cy * cos, zero, zero], axis=-1)


def homography(start: Any, end: Any) -> jax.Array:
    """The ``warp`` that brings four points (n, 4, 2) from ``start`` to ``end``: (n, 8)."""
    (sx, sy), (ex, ey) = jnp.moveaxis(jnp.asarray(start), -1, 0), jnp.moveaxis(jnp.asarray(end), -1, 0)
    one, zero = jnp.ones_like(ex), jnp.zeros_like(ex)
    rows = [
        jnp.stack([ex, ey, one, zero, zero, zero, -sx * ex, -sx * ey], axis=-1),
        jnp.stack([zero, zero, zero, ex, ey, one, -sy * ex, -sy * ey], axis=-1),
    ]
    return jnp.linalg.solve(jnp.concatenate(rows, axis=1), jnp.concatenate([sx, sy], axis=-1)[..., None])[..., 0]


def gaussian_blur(images: jax.Array, kernel_size: Sequence[int], sigma: Any) -> jax.Array:
    """Each channel of (n, h, w, c) smoothed; ``kernel_size`` and ``sigma`` are (x, y), zeros around.

    >>> gaussian_blur(jnp.ones((1, 3, 3, 1)), (3, 3), (1.0, 1.0))[0, 1, 1].round(3).tolist()
    [1.0]
    """
    sigma = jnp.asarray(sigma, images.dtype)

    def line(size: int, width: Any) -> jax.Array:
        bell = jnp.exp(-0.5 * ((jnp.arange(size, dtype=images.dtype) - (size - 1) / 2) / width) ** 2)
        return bell / jnp.sum(bell)

    kernel = jnp.outer(line(kernel_size[1], sigma[1]), line(kernel_size[0], sigma[0]))
    return smooth(images, kernel)


def smooth(images: jax.Array, kernel: Any) -> jax.Array:
    """Each channel of (n, h, w, c) correlated with one (h, w) kernel, zeros around."""
    channels = images.shape[-1]
    kernel = jnp.tile(jnp.asarray(kernel, images.dtype)[:, :, None, None], (1, 1, 1, channels))
    return jax.lax.conv_general_dilated(
        images, kernel, (1, 1), "SAME", feature_group_count=channels, dimension_numbers=("NHWC", "HWIO", "NHWC")
    )


# ------------------------------------------------- colours


def rgb_to_grayscale(images: jax.Array, axis: int = -1) -> jax.Array:
    """The brightness of RGB, with one channel; what has one already stays.

    >>> rgb_to_grayscale(jnp.ones((1, 1, 1, 3))).round(3).tolist()
    [[[[1.0]]]]
    """
    if images.shape[axis] == 1:
        return images
    weights = jnp.array([0.2989, 0.587, 0.114], jnp.promote_types(images.dtype, jnp.float32))
    gray = jnp.expand_dims(jnp.tensordot(images.astype(weights.dtype), weights, axes=(axis, -1)), axis)
    return gray.astype(images.dtype)


def rgb_to_hsv(images: jax.Array, axis: int = -1) -> jax.Array:
    """RGB in [0, 1] as hue, saturation and value."""
    images = jnp.where(jnp.abs(images) < jnp.finfo(images.dtype).eps, 0, images)
    r, g, b = jnp.moveaxis(images, axis, 0)
    value = jnp.max(images, axis=axis)
    spread = value - jnp.min(images, axis=axis)
    saturation = jnp.where(value > 0, spread / jnp.where(value > 0, value, 1), 0)
    norm = 1 / (6 * jnp.where(spread > 0, spread, 1))
    hue = jnp.where(value == g, norm * (b - r) + 2 / 6, norm * (r - g) + 4 / 6)
    hue = jnp.where(value == r, norm * (g - b), hue)
    hue = jnp.where(spread > 0, hue, 0) + (hue < 0)
    return jnp.stack([hue, saturation, value], axis=axis)


def hsv_to_rgb(images: jax.Array, axis: int = -1) -> jax.Array:
    """The inverse of ``rgb_to_hsv``.

    >>> hsv_to_rgb(jnp.array([0.0, 1.0, 0.5])).tolist()
    [0.5, 0.0, 0.0]
    """
    hue, saturation, value = jnp.moveaxis(images, axis, 0)
    turn = jnp.mod(hue, 1) * 6
    parts = (jnp.abs(turn - 3) - 1, 2 - jnp.abs(turn - 2), 2 - jnp.abs(turn - 4))
    return jnp.stack([value * (1 - saturation + saturation * jnp.clip(p, 0, 1)) for p in parts], axis=axis)


def rescale(images: jax.Array, old: Sequence[float], new: Sequence[float]) -> jax.Array:
    """Values from one range brought to another."""
    if tuple(old) == tuple(new):
        return images
    return (images - old[0]) / (old[1] - old[0]) * (new[1] - new[0]) + new[0]


def equalize(channel: jax.Array, bins: int) -> jax.Array:
    """Values in [0, 255] of any shape spread so that all are equally frequent."""
    index = jnp.clip((channel.astype("float32") * (bins - 1) / 255).astype("int32"), 0, bins - 1)
    counts = jnp.bincount(index.reshape(-1), length=bins)
    below = jnp.cumsum(counts)
    least = below[jnp.argmax(below > 0)]
    table = jnp.clip(jnp.round((below - least) * 255 / jnp.maximum(below[-1] - least, 1)), 0, 255)
    found = table[jnp.clip(channel / 255.0 * (bins - 1), 0, bins - 1).astype("int32")]
    return jnp.where(jnp.count_nonzero(counts) <= 1, channel, found)


def clahe(images: jax.Array, clip_limit: float, grid: Sequence[int]) -> jax.Array:
    """Contrast limited adaptive histogram equalization of (n, h, w, c) in [0, 255] over a grid of tiles.

    Source: Zuiderveld, 1994, Graphics Gems IV.
    """
    n, height, width, channels = images.shape
    tile = [-(-size // cells) for size, cells in zip((height, width), grid, strict=True)]
    pads = [(0, t * g - s) for t, g, s in zip(tile, grid, (height, width), strict=True)]
    padded = jnp.pad(images, [(0, 0), *pads, (0, 0)], mode="symmetric")
    levels = jnp.clip(padded.astype("int32"), 0, 255)
    tiles = levels.reshape(n, grid[0], tile[0], grid[1], tile[1], channels).transpose(0, 1, 3, 5, 2, 4)
    counts = jnp.sum(jax.nn.one_hot(tiles.reshape(*tiles.shape[:4], -1), 256), axis=-2)
    if clip_limit > 0:
        clipped = jnp.clip(counts, 0, clip_limit * tile[0] * tile[1] / 256.0)
        counts = clipped + jnp.sum(counts - clipped, axis=-1, keepdims=True) / 256.0
    below = jnp.cumsum(counts, axis=-1)
    least = jnp.min(below, axis=-1, keepdims=True)
    rest = tile[0] * tile[1] - least
    table = jnp.clip((below - least) * 255.0 / jnp.where(rest == 0, 1, rest), 0, 255)
    table = jnp.pad(table, [(0, 0), (1, 1), (1, 1), (0, 0), (0, 0)], mode="edge")
    return _between_tiles(table, levels, tile, grid)[:, :height, :width]


def _between_tiles(table: jax.Array, levels: jax.Array, tile: Sequence[int], grid: Sequence[int]) -> jax.Array:
    """Looks each pixel up in the tables of the four tiles around it, and interpolates."""
    lines = []
    for size, cells in zip(tile, grid, strict=True):
        at = (jnp.arange(size * cells, dtype="float32") - size / 2.0) / size + 1.0
        low = jnp.floor(at)
        lines.append([jnp.clip(low + i, 0, cells + 1).astype("int32") for i in (0, 1)] + [at - low])
    (top, bottom, wy), (left, right, wx) = lines
    batch = jnp.arange(levels.shape[0])[:, None, None, None]
    channel = jnp.arange(levels.shape[3])[None, None, None]
    wy, wx = wy[None, :, None, None], wx[None, None, :, None]

    def look(y: jax.Array, x: jax.Array) -> jax.Array:
        return table[batch, y[None, :, None, None], x[None, None, :, None], channel, levels]

    above = look(top, left) * (1 - wx) + look(top, right) * wx
    under = look(bottom, left) * (1 - wx) + look(bottom, right) * wx
    return above * (1 - wy) + under * wy

"""The values of pictures between their points: resizing by kernels, boxes, and windows that compare pictures."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .rows import array, ints, one_of


def _cubic(a: float) -> Callable:
    """Keys's cubic kernel (1981)."""

    def kernel(x: np.ndarray) -> np.ndarray:
        near = ((a + 2) * x - (a + 3)) * x * x + 1
        far = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
        return np.where(x <= 1, near, np.where(x < 2, far, 0))

    return kernel


def _lanczos(radius: float) -> Callable:
    return lambda x: np.where(x < radius, np.sinc(x) * np.sinc(x / radius), 0)


def _mitchell(x: np.ndarray) -> np.ndarray:
    """The cubic kernel of Mitchell and Netravali (1988)."""
    near = (7 * x**3 - 12 * x**2 + 16 / 3) / 6
    far = (-7 / 3 * x**3 + 12 * x**2 - 20 * x + 32 / 3) / 6
    return np.where(x < 1, near, np.where(x < 2, far, 0))


KERNELS: dict[str, tuple[float, Callable]] = {  # how far it reaches, and the weight at a distance
    "bilinear": (1, lambda x: np.maximum(1 - x, 0)),
    "bicubic": (2, _cubic(-0.5)),
    "lanczos3": (3, _lanczos(3)),
    "lanczos5": (5, _lanczos(5)),
    "gaussian": (1.5, lambda x: np.where(x < 1.5, np.exp(-2 * x * x), 0)),
    "mitchellcubic": (2, _mitchell),
}
NUMBERS = {0: "bilinear", 1: "nearest", 2: "bicubic", 3: "area"}  # TensorFlow 1's ResizeMethod


def _weights(size: int, wanted: int, method: str, antialias: bool) -> np.ndarray:
    """(wanted, size): what each value gives to each new one."""
    scale = size / wanted
    if method == "area":
        edges = np.arange(wanted + 1) * scale
        low, high = np.maximum(edges[:-1, None], np.arange(size)), np.minimum(edges[1:, None], np.arange(size) + 1)
        return np.maximum(high - low, 0) / scale
    wide = max(scale, 1.0) if antialias else 1.0
    reach, kernel = KERNELS[method]
    centres = (np.arange(wanted)[:, None] + 0.5) * scale
    if method == "bicubic" and not antialias:  # TensorFlow looks the kernel up in a table of 1024 places
        centres = np.floor(centres - 0.5) + np.round((centres - 0.5) % 1 * 1024) / 1024 + 0.5
    distances = np.abs(np.arange(size) + 0.5 - centres) / wide
    found = np.where(distances < reach, kernel(distances), 0)
    if method == "bilinear" and not antialias:  # beyond the edge its value goes on
        places = np.clip(centres[:, 0] - 0.5, 0, size - 1)
        return np.maximum(1 - np.abs(places[:, None] - np.arange(size)), 0)
    return found / np.sum(found, 1, keepdims=True)


def resize(images: Any, size: tuple, method: Any, antialias: bool) -> Any:
    """Pictures in another size; floats, except by "nearest"."""
    method = NUMBERS.get(method, method)
    method = one_of("tf.image.resize: method", method, ("nearest", "area", *KERNELS))
    if min(size) < 1:
        raise ValueError(f"tf.image.resize: expected a positive size, received {size}.")
    h, w = images.shape[-3:-1]
    if method == "nearest":
        rows, columns = (
            np.minimum(np.floor((np.arange(t, dtype="float32") + 0.5) * np.float32(n / t)), n - 1).astype(int)
            for n, t in zip((h, w), size, strict=True)
        )
        return images[..., rows, :, :][..., columns, :]
    x = images.astype(images.dtype if images.dtype == jnp.float32 else "float32")
    if (h, w) == tuple(size):
        return x
    down, across = (
        jnp.asarray(_weights(n, t, method, antialias), "float32") for n, t in zip((h, w), size, strict=True)
    )
    return jnp.einsum("ih,...hwc,jw->...ijc", down, x, across, precision="highest")


def crop_and_resize(image: Any, boxes: Any, which: Any, size: tuple, method: str, outside: Any) -> Any:
    """Boxes from 0 to 1 of pictures, read at so many points, the corners included."""
    h, w = image.shape[1:3]

    def points(low: Any, high: Any, length: int, count: int) -> Any:
        step = jnp.arange(count) / max(count - 1, 1)
        return (low + (high - low) * step if count > 1 else 0.5 * (low + high) + 0 * step) * (length - 1)

    def one(box: Any, number: Any) -> Any:
        y, x = points(box[0], box[2], h, size[0]), points(box[1], box[3], w, size[1])
        inside = ((y >= 0) & (y <= h - 1))[:, None] & ((x >= 0) & (x <= w - 1))
        picture = image[number].astype("float32")
        at = lambda r, c: picture[jnp.clip(r, 0, h - 1)][:, jnp.clip(c, 0, w - 1)]  # noqa: E731
        if method == "nearest":
            found = at(jnp.round(y).astype(int), jnp.round(x).astype(int))
        else:
            top, left = jnp.floor(y).astype(int), jnp.floor(x).astype(int)
            fy, fx = (y - top)[:, None, None], (x - left)[None, :, None]
            upper = at(top, left) * (1 - fx) + at(top, left + 1) * fx
            lower = at(top + 1, left) * (1 - fx) + at(top + 1, left + 1) * fx
            found = upper * (1 - fy) + lower * fy
        return jnp.where(inside[..., None], found, outside)

    return jax.vmap(one)(boxes, which)


def _blur(x: Any, size: int, sigma: Any) -> Any:
    if min(x.shape[-3:-1]) < size:
        raise ValueError(f"A window of {size} does not fit into a picture of {x.shape[-3]} x {x.shape[-2]}.")
    places = np.arange(size) - (size - 1) / 2
    bell = np.exp(-(places**2) / (2 * sigma**2))
    bell = jnp.asarray(bell / bell.sum(), "float32")
    h, w = x.shape[-3:-1]
    down = sum(bell[i] * x[..., i : h - size + 1 + i, :, :] for i in range(size))
    return sum(bell[i] * down[..., i : w - size + 1 + i, :] for i in range(size))


def similarity(x: Any, y: Any, peak: Any, size: int, sigma: Any, k1: Any, k2: Any) -> tuple:
    """The structural similarity at each point, and its part for contrast and structure."""
    c1, c2 = (k1 * peak) ** 2, (k2 * peak) ** 2
    blurred = lambda v: _blur(v, size, sigma)  # noqa: E731
    mx, my = blurred(x), blurred(y)
    products, squares = mx * my * 2, mx**2 + my**2
    light = (products + c1) / (squares + c1)
    structure = (blurred(x * y) * 2 - products + c2) / (blurred(x**2 + y**2) - squares + c2)
    return light * structure, structure


def halved(x: Any) -> Any:
    """Means of two by two points; an odd edge is mirrored first."""
    h, w = x.shape[-3:-1]
    x = jnp.pad(x, [(0, 0)] * (x.ndim - 3) + [(0, h % 2), (0, w % 2), (0, 0)], mode="symmetric")
    return (x[..., ::2, ::2, :] + x[..., 1::2, ::2, :] + x[..., ::2, 1::2, :] + x[..., 1::2, 1::2, :]) / 4


def non_max_suppression(boxes: Any, scores: Any, max_output_size: Any, iou_threshold: Any = 0.5,
                        score_threshold: Any = float("-inf")) -> Any:  # fmt: skip
    """The places of the best boxes (y1, x1, y2, x2) of which no two overlap too much; outside of compiled functions."""
    if isinstance(boxes, jax.core.Tracer) or isinstance(scores, jax.core.Tracer):
        raise jax.errors.NonConcreteBooleanIndexError(boxes)
    b, s = np.asarray(boxes, "float32"), np.asarray(scores)
    low, high = np.minimum(b[:, :2], b[:, 2:]), np.maximum(b[:, :2], b[:, 2:])
    areas, kept = np.prod(high - low, 1), []
    for i in np.argsort(-s, kind="stable"):
        if len(kept) >= ints(max_output_size) or not s[i] > score_threshold:
            break
        common = np.prod(np.maximum(np.minimum(high[i], high[kept]) - np.maximum(low[i], low[kept]), 0), 1)
        whole = areas[i] + areas[kept] - common
        if not np.any(np.where(whole > 0, common / np.where(whole > 0, whole, 1), 0) > iou_threshold):
            kept.append(int(i))
    return array(np.array(kept, "int32"))

"""Resizing of single images with numpy, so that images of any size cost no compilation."""

from functools import lru_cache

import numpy as np


def lanczos(radius):
    return lambda x: np.where(np.abs(x) < radius, np.sinc(x) * np.sinc(x / radius), 0.0)


def cubic(b, c):
    """The family of Mitchell and Netravali (1988): b = 0, c = 1/2 is Catmull-Rom's, b = c = 1/3 is Mitchell's."""

    def kernel(x):
        x = np.abs(x)
        near = (12 - 9 * b - 6 * c) * x**3 + (-18 + 12 * b + 6 * c) * x**2 + 6 - 2 * b
        far = (-b - 6 * c) * x**3 + (6 * b + 30 * c) * x**2 + (-12 * b - 48 * c) * x + 8 * b + 24 * c
        return np.where(x < 1, near, np.where(x < 2, far, 0.0)) / 6

    return kernel


KERNELS = {
    "bilinear": lambda x: np.maximum(0.0, 1 - np.abs(x)),
    "bicubic": cubic(0, 0.5),
    "lanczos3": lanczos(3),
    "lanczos5": lanczos(5),
    "gaussian": lambda x: np.where(np.abs(x) < 1.5, np.exp(-2 * x**2), 0.0),
    "mitchellcubic": cubic(1 / 3, 1 / 3),
}
INTERPOLATIONS = ("bilinear", "nearest", "bicubic", "area", "lanczos3", "lanczos5", "gaussian", "mitchellcubic")


@lru_cache(maxsize=256)
def weights(before, after, interpolation):
    """The matrix (after, before) that resizes one axis: pixels are sampled at their middle, without smoothing first."""
    if interpolation == "area":
        edges = np.arange(after + 1) * (before / after)
        cells = np.arange(before)
        covered = np.minimum(edges[1:, None], cells + 1) - np.maximum(edges[:-1, None], cells)
        matrix = np.maximum(covered, 0.0)
    else:
        middle = (np.arange(after) + 0.5) * (before / after) - 0.5
        if interpolation == "nearest":
            matrix = np.eye(before)[np.clip(np.floor(middle + 0.5).astype(int), 0, before - 1)]
        else:
            if interpolation == "bilinear":
                middle = np.clip(middle, 0, before - 1)
            elif interpolation == "bicubic":
                middle = np.rint(middle * 1024) / 1024  # TensorFlow reads this kernel from a table of such steps
            matrix = KERNELS[interpolation](middle[:, None] - np.arange(before))
    return (matrix / matrix.sum(1, keepdims=True)).astype("float32")


def resize(x, size, interpolation="bilinear"):
    """(height, width, channels) -> (*size, channels), float32, as `tf.image.resize` does.

    >>> resize(np.arange(4.0).reshape(2, 2, 1), (1, 2))[..., 0]
    array([[1., 2.]], dtype=float32)
    """
    rows, columns = weights(x.shape[0], size[0], interpolation), weights(x.shape[1], size[1], interpolation)
    return np.einsum("ai,ijc,bj->abc", rows, x.astype("float32"), columns, optimize=True)


def crop_and_resize(x, size, interpolation):
    """The largest middle part with the aspect ratio of `size`, resized."""
    height, width = x.shape[:2]
    h, w = min(height, int(width * size[0] / size[1])), min(width, int(height * size[1] / size[0]))
    top, left = int((height - h) / 2), int((width - w) / 2)
    return resize(x[top : top + h, left : left + w], size, interpolation)


def resize_and_pad(x, size, interpolation):
    """The whole image resized to fit into `size`, in the middle of zeros."""
    height, width = x.shape[:2]
    ratio = max(width / size[1], height / size[0])
    h, w = max(int(height / ratio), 1), max(int(width / ratio), 1)
    top, left = max(0, int((size[0] - height / ratio) / 2)), max(0, int((size[1] - width / ratio) / 2))
    out = np.zeros((*size, x.shape[2]), "float32")
    out[top : top + h, left : left + w] = resize(x, (h, w), interpolation)[: size[0] - top, : size[1] - left]
    return out

"""keras.ops.image: colours, resizing, warping, patches and filters of images, one (three axes) or a batch (four).

Source: https://keras.io/api/ops/image/. `data_format` None is the one of the configuration; all raise ValueError for
arrays of another number of axes.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy import ndimage

from ..core import config
from ..core.rng import key_of
from ..core.symbolic import op
from . import nn
from .core import saturate_cast
from .table import array

__all__ = (
    "affine_transform crop_images elastic_transform extract_patches extract_patches_3d gaussian_blur hsv_to_rgb "
    "map_coordinates pad_images perspective_transform resize rgb_to_grayscale rgb_to_hsv scale_and_translate "
    "sobel_edges ssim "
).split()

ORDERS = {"nearest": 0, "bilinear": 1}
FILL_MODES = ("constant", "nearest", "wrap", "mirror", "reflect")
METHODS = ("bilinear", "nearest", "lanczos3", "lanczos5", "bicubic")


def _images(name, images, data_format, floating=False):
    """(array, channels last?); raises ValueError for what are no images."""
    images = array(images)
    last = config.standardize_data_format(data_format) == "channels_last"
    if images.ndim not in (3, 4):
        raise ValueError(f"{name}: expected one image (3 axes) or a batch (4 axes), received shape {images.shape}.")
    if floating and not jnp.issubdtype(images.dtype, jnp.floating):
        raise ValueError(f"{name}: expected floats, received dtype {images.dtype.name!r}.")
    return images, last


def _choice(name, argument, value, known):
    if value not in known:
        raise ValueError(f"{name}({argument}={value!r}): expected one of {(*known,)}.")
    return value


def _batched(images, last):
    """The images as a batch with channels last."""
    images = images if images.ndim == 4 else images[None]
    return images if last else jnp.moveaxis(images, 1, -1)


def _like(batch, images, last):
    """A batch with channels last in the form that `images` had."""
    batch = batch if last else jnp.moveaxis(batch, -1, 1)
    return batch if images.ndim == 4 else batch[0]


# ------------------------------------------------- colours


@op
def rgb_to_grayscale(images, data_format=None):
    """Return the luminance of red, green and blue. (..., h, w, 3) -> (..., h, w, 1)

    >>> rgb_to_grayscale(jnp.ones((2, 2, 3))).shape
    (2, 2, 1)
    """
    images, last = _images("rgb_to_grayscale", images, data_format)
    axis = -1 if last else -3
    if images.shape[axis] not in (1, 3):
        raise ValueError(f"rgb_to_grayscale: expected 3 channels (or 1), received shape {images.shape}.")
    if images.shape[axis] == 1:
        return images
    wide = images if jnp.issubdtype(images.dtype, jnp.floating) else images.astype(config.floatx())
    gray = jnp.tensordot(wide, jnp.array([0.2989, 0.5870, 0.1140], wide.dtype), (axis, 0))
    return jnp.expand_dims(gray, axis).astype(images.dtype)


@op
def rgb_to_hsv(images, data_format=None):
    """Return hue, saturation and value, all in [0, 1], of floats in [0, 1].

    >>> rgb_to_hsv([[[0.0, 1.0, 0.0]]]).round(3).tolist()
    [[[0.3330000042915344, 1.0, 1.0]]]
    """
    images, last = _images("rgb_to_hsv", images, data_format, floating=True)
    axis = -1 if last else -3
    images = jnp.where(jnp.abs(images) < jnp.finfo(images.dtype).eps, 0.0, images)
    r, g, b = jnp.moveaxis(images, axis, 0)
    value = jnp.maximum(jnp.maximum(r, g), b)
    spread = value - jnp.minimum(jnp.minimum(r, g), b)
    saturation = jnp.where(value > 0, spread / jnp.where(value > 0, value, 1.0), 0.0)
    sixth = 1.0 / (6.0 * jnp.where(spread > 0, spread, 1.0))
    hue = jnp.where(value == g, sixth * (b - r) + 2.0 / 6.0, sixth * (r - g) + 4.0 / 6.0)
    hue = jnp.where(value == r, sixth * (g - b), hue)
    hue = jnp.where(spread > 0, hue, 0.0) + (hue < 0.0).astype(hue.dtype)
    return jnp.stack([hue, saturation, value], axis)


@op
def hsv_to_rgb(images, data_format=None):
    """Return red, green and blue of hue, saturation and value, floats in [0, 1].

    >>> hsv_to_rgb([[[0.0, 1.0, 1.0]]]).tolist()
    [[[1.0, 0.0, 0.0]]]
    """
    images, last = _images("hsv_to_rgb", images, data_format, floating=True)
    axis = -1 if last else -3
    hue, saturation, value = jnp.moveaxis(images, axis, 0)
    turn = jnp.mod(hue, 1.0) * 6.0
    parts = jnp.abs(turn - 3.0) - 1.0, 2.0 - jnp.abs(turn - 2.0), 2.0 - jnp.abs(turn - 4.0)
    return jnp.stack([value * (1.0 - saturation + saturation * jnp.clip(p, 0.0, 1.0)) for p in parts], axis)


# ------------------------------------------------- sizes


@op
def resize(
    images,
    size,
    interpolation="bilinear",
    antialias=False,
    crop_to_aspect_ratio=False,
    pad_to_aspect_ratio=False,
    fill_mode="constant",
    fill_value=0.0,
    data_format=None,
):
    """Resize to `size`, (height, width), by "bilinear", "nearest", "bicubic", "lanczos3" or "lanczos5" interpolation.

    To keep the proportions, what is too long is cut off or what is too short filled up with `fill_value`. The dtype
    stays; integers are rounded.

    >>> resize(jnp.ones((4, 4, 3)), (2, 6)).shape
    (2, 6, 3)
    """
    images, last = _images("resize", images, data_format)
    if len(size) != 2 or min(size) < 1:
        raise ValueError(f"resize: expected size to be two positive integers (height, width), received {size}.")
    _choice("resize", "interpolation", interpolation, METHODS)
    _choice("resize", "fill_mode", fill_mode, ("constant",))
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ValueError("resize: crop_to_aspect_ratio and pad_to_aspect_ratio exclude each other.")
    axes = (images.ndim - 3, images.ndim - 2) if last else (images.ndim - 2, images.ndim - 1)
    now = [images.shape[a] for a in axes]
    fitting = int(float(now[1] * size[0]) / size[1]), int(float(now[0] * size[1]) / size[0])
    x = images
    if crop_to_aspect_ratio:
        for axis, length, wanted in zip(axes, now, fitting, strict=True):
            wanted = max(min(length, wanted), 1)
            start = int(float(length - wanted) / 2)
            x = jax.lax.slice_in_dim(x, start, start + wanted, axis=axis)
    elif pad_to_aspect_ratio:
        for axis, length, wanted in zip(axes, now, fitting, strict=True):
            before = int(float(max(length, wanted) - length) / 2)
            if before > 0:  # the same on both sides, and along one axis only
                widths = [(before, before) if a == axis else (0, 0) for a in range(x.ndim)]
                x = jnp.pad(x, widths, constant_values=np.asarray(fill_value).astype(x.dtype))
                break
    shape = [size[axes.index(a)] if a in axes else n for a, n in enumerate(x.shape)]
    resized = jax.image.resize(x, shape, interpolation, antialias=antialias)
    if resized.dtype == images.dtype:
        return resized
    return saturate_cast(jnp.round(resized) if jnp.issubdtype(images.dtype, jnp.integer) else resized, images.dtype)


@op
def scale_and_translate(images, output_shape, scale, translation, spatial_dims, method, antialias=True):
    """Resample to `output_shape` with a scale and a shift for each of the axes `spatial_dims`.

    `method` is "linear", "cubic", "lanczos3" or "lanczos5".

    >>> scale_and_translate(jnp.ones((4, 4)), (2, 2), [1.0, 1.0], [0.0, 0.0], (0, 1), "linear").shape
    (2, 2)
    """
    known = "linear bilinear trilinear cubic bicubic tricubic lanczos3 lanczos5".split()
    _choice("scale_and_translate", "method", method, known)
    scale, translation = array(scale), array(translation)
    return jax.image.scale_and_translate(
        array(images), output_shape, spatial_dims, scale, translation, method, antialias
    )


def _amounts(name, length, before, after, target, sign):
    """The two amounts of one axis from two of three numbers; `sign` is 1 where they are added and -1 where cut off."""
    if [before, after, target].count(None) != 1:
        raise ValueError(f"{name}: give exactly two of {before=}, {after=} and {target=} for each axis.")
    change = None if target is None else sign * (target - length)
    before = change - after if before is None else before
    after = change - before if after is None else after
    if min(before, after, length + sign * (before + after)) < 0:
        raise ValueError(f"{name}: {before} before and {after} after do not go with a length of {length}.")
    return before, after


@op
def pad_images(
    images,
    top_padding=None,
    left_padding=None,
    bottom_padding=None,
    right_padding=None,
    target_height=None,
    target_width=None,
    data_format=None,
):
    """Put zeros around images: for each axis two of before, after and target size are given.

    >>> pad_images(jnp.ones((2, 2, 3)), 1, 0, 0, 1).shape
    (3, 3, 3)
    """
    images, last = _images("pad_images", images, data_format)
    h = images.ndim - 3 if last else images.ndim - 2
    widths = [(0, 0)] * images.ndim
    widths[h] = _amounts("pad_images", images.shape[h], top_padding, bottom_padding, target_height, 1)
    widths[h + 1] = _amounts("pad_images", images.shape[h + 1], left_padding, right_padding, target_width, 1)
    return jnp.pad(images, widths)


@op
def crop_images(
    images,
    top_cropping=None,
    left_cropping=None,
    bottom_cropping=None,
    right_cropping=None,
    target_height=None,
    target_width=None,
    data_format=None,
):
    """Cut off the edges of images: for each axis two of before, after and target size are given.

    >>> crop_images(jnp.ones((4, 4, 3)), 1, 0, 0, 2).shape
    (3, 2, 3)
    """
    images, last = _images("crop_images", images, data_format)
    h = images.ndim - 3 if last else images.ndim - 2
    top, bottom = _amounts("crop_images", images.shape[h], top_cropping, bottom_cropping, target_height, -1)
    left, right = _amounts("crop_images", images.shape[h + 1], left_cropping, right_cropping, target_width, -1)
    images = jax.lax.slice_in_dim(images, top, images.shape[h] - bottom, axis=h)
    return jax.lax.slice_in_dim(images, left, images.shape[h + 1] - right, axis=h + 1)


# ------------------------------------------------- patches


@op
def extract_patches(images, size, strides=None, dilation_rate=1, padding="valid", data_format=None):
    """Put the values of each window into channels. (n, h, w, c) -> (n, rows, columns, h' w' c)

    Three sizes take volumes. Windows do not overlap if `strides` is None. Raises TypeError for a size that is neither
    an integer nor a tuple.

    >>> extract_patches(jnp.ones((4, 4, 3)), 2).shape
    (2, 2, 12)
    """
    if not isinstance(size, (int, tuple, list)):
        raise TypeError(f"extract_patches: expected size to be an integer or a tuple, received {size!r}.")
    size = (size, size) if isinstance(size, int) else tuple(size)
    if len(size) not in (2, 3):
        raise ValueError(f"extract_patches: expected two or three sizes, received {size}.")
    return _patches(images, size, strides, dilation_rate, padding, data_format)


@op
def extract_patches_3d(volumes, size, strides=None, dilation_rate=1, padding="valid", data_format=None):
    """Put the values of each window of volumes into channels. (n, d, h, w, c) -> (n, ..., d' h' w' c)

    >>> extract_patches_3d(jnp.ones((4, 4, 4, 1)), 2).shape
    (2, 2, 2, 8)
    """
    size = (size,) * 3 if isinstance(size, int) else tuple(size)
    if len(size) != 3:
        raise ValueError(f"extract_patches_3d: expected three sizes, received {size}.")
    return _patches(volumes, size, strides, dilation_rate, padding, data_format)


def _patches(x, size, strides, dilation_rate, padding, data_format):
    x = array(x)
    rank = len(size)
    if x.ndim not in (rank + 1, rank + 2):
        raise ValueError(f"Patches of size {size} need {rank + 1} or {rank + 2} axes, received shape {x.shape}.")
    last = config.standardize_data_format(data_format) == "channels_last"
    channels = x.shape[-1 if last else -rank - 1]
    count = int(np.prod(size)) * channels
    kernel = jnp.eye(count, dtype=x.dtype).reshape(*size, channels, count)  # each output is one point of the window
    batch = x if x.ndim == rank + 2 else x[None]
    patches = nn.conv(batch, kernel, strides or size, padding, data_format, dilation_rate)
    return patches if x.ndim == rank + 2 else patches[0]


# ------------------------------------------------- warping


@op
def map_coordinates(inputs, coordinates, order, fill_mode="constant", fill_value=0):
    """Read an array at coordinates between its points, by the nearest one (`order=0`) or linearly (1).

    (*shape), (len(shape), ...) -> (...). `fill_mode` says what lies outside: "constant", "nearest", "wrap", "mirror" or
    "reflect".

    >>> map_coordinates([0.0, 1.0], [[0.5, 1.0]], 1).tolist()
    [0.5, 1.0]
    """
    inputs, coordinates = array(inputs), array(coordinates)
    if coordinates.ndim < 2 or coordinates.shape[0] != inputs.ndim:
        raise ValueError(
            f"map_coordinates: expected coordinates of shape ({inputs.ndim}, ...) for an array of shape "
            f"{inputs.shape}, received {coordinates.shape}."
        )
    _choice("map_coordinates", "order", order, (0, 1))
    _choice("map_coordinates", "fill_mode", fill_mode, FILL_MODES)
    return ndimage.map_coordinates(inputs, coordinates, order, fill_mode, fill_value)


def _sample(batch, coordinates, interpolation, fill_mode, fill_value):
    """(n, h, w, c) at points (n, 2, ...), rows and columns -> (n, ..., c)"""

    def channel(image, points):
        return ndimage.map_coordinates(image, points, ORDERS[interpolation], fill_mode, fill_value)

    return jax.vmap(jax.vmap(channel, (-1, None), -1))(batch, coordinates)


@op
def affine_transform(images, transform, interpolation="bilinear", fill_mode="constant", fill_value=0, data_format=None):
    """Warp: the output at (x, y) is the input at (a0 x + a1 y + a2, b0 x + b1 y + b2).

    `transform` is (a0, a1, a2, b0, b1, b2, 0, 0), or one such row per image.

    >>> affine_transform(jnp.ones((2, 2, 3)), [1.0, 0, 0, 0, 1, 0, 0, 0]).shape
    (2, 2, 3)
    """
    images, last = _images("affine_transform", images, data_format)
    _choice("affine_transform", "interpolation", interpolation, ORDERS)
    _choice("affine_transform", "fill_mode", fill_mode, FILL_MODES)
    transform = array(transform)
    if transform.ndim not in (1, 2) or transform.shape[-1] != 8:
        raise ValueError(f"affine_transform: expected 8 numbers, or rows of 8, received shape {transform.shape}.")
    batch = _batched(images, last)
    rows, columns = jnp.meshgrid(*map(jnp.arange, batch.shape[1:3]), indexing="ij")
    a0, a1, a2, b0, b1, b2, *_ = jnp.broadcast_to(transform, (len(batch), 8)).T[..., None, None]
    points = jnp.stack([b0 * columns + b1 * rows + b2, a0 * columns + a1 * rows + a2], 1)
    return _like(_sample(batch, points, interpolation, fill_mode, fill_value), images, last)


def _homography(start, end):
    """The eight numbers of the projection that takes the end points to the start points. (n, 4, 2) twice -> (n, 8)"""
    (x, y), (u, v) = jnp.moveaxis(start, -1, 0), jnp.moveaxis(end, -1, 0)
    zero, one = jnp.zeros_like(u), jnp.ones_like(u)
    upper = jnp.stack([u, v, one, zero, zero, zero, -x * u, -x * v], -1)
    lower = jnp.stack([zero, zero, zero, u, v, one, -y * u, -y * v], -1)
    known = jnp.concatenate([x, y], -1)[..., None]
    return jnp.linalg.solve(jnp.concatenate([upper, lower], -2), known)[..., 0]


@op
def perspective_transform(images, start_points, end_points, interpolation="bilinear", fill_value=0, data_format=None):
    """Warp so that four start points (x, y) come to the end points. Points are (4, 2), or (n, 4, 2) for a batch.

    >>> corners = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
    >>> perspective_transform(jnp.ones((2, 2, 3)), corners, corners).shape
    (2, 2, 3)
    """
    images, last = _images("perspective_transform", images, data_format)
    _choice("perspective_transform", "interpolation", interpolation, ORDERS)
    start, end = (array(p).astype("float32") for p in (start_points, end_points))
    if start.shape != end.shape or start.shape[-2:] != (4, 2) or start.ndim not in (2, 3):
        raise ValueError(
            f"perspective_transform: expected points of shape (4, 2) or (n, 4, 2), received {start.shape} and {end.shape}."
        )
    batch = _batched(images, last)
    numbers = _homography(start.reshape(-1, 4, 2), end.reshape(-1, 4, 2))
    rows, columns = jnp.meshgrid(*map(jnp.arange, batch.shape[1:3]), indexing="ij")
    a, b, c, d, e, f, g, h = jnp.broadcast_to(numbers, (len(batch), 8)).T[..., None, None]
    depth = g * columns + h * rows + 1.0
    points = jnp.stack([(d * columns + e * rows + f) / depth, (a * columns + b * rows + c) / depth], 1)
    return _like(_sample(batch, points, interpolation, "constant", fill_value), images, last)


@op
def elastic_transform(
    images,
    alpha=20.0,
    sigma=5.0,
    interpolation="bilinear",
    fill_mode="reflect",
    fill_value=0.0,
    seed=None,
    data_format=None,
):
    """Move points by smooth random amounts: of strength `alpha` and smoothness `sigma` (Simard et al., 2003).

    As in Keras, rows and columns move by the same amounts.

    >>> elastic_transform(jnp.ones((8, 8, 3)), seed=1).shape
    (8, 8, 3)
    """
    images, last = _images("elastic_transform", images, data_format)
    _choice("elastic_transform", "interpolation", interpolation, ORDERS)
    _choice("elastic_transform", "fill_mode", fill_mode, FILL_MODES)
    batch = _batched(images, last)
    dtype = batch.dtype if jnp.issubdtype(batch.dtype, jnp.floating) else jnp.dtype(config.floatx())
    moves = jax.random.normal(key_of(seed), batch.shape[:3], dtype) * jnp.asarray(sigma, dtype)
    width = int(6 * float(sigma)) | 1
    moves = gaussian_blur(moves[..., None], (width, width), (sigma, sigma), "channels_last")[..., 0]
    rows, columns = jnp.meshgrid(*map(jnp.arange, batch.shape[1:3]), indexing="ij")
    points = jnp.stack([rows + alpha * moves, columns + alpha * moves], 1)
    warped = _sample(batch, points, interpolation, fill_mode, fill_value)
    return _like(warped, images, last).astype(images.dtype)


# ------------------------------------------------- filters


def _bell(size, sigma, dtype):
    """Values of a normal density at `size` points around its middle, with the sum 1."""
    x = jnp.arange(size, dtype=dtype) - jnp.asarray((size - 1) / 2, dtype)
    values = jnp.exp(-0.5 * jnp.square(x / jnp.asarray(sigma, dtype)))
    return values / jnp.sum(values)


@op
def gaussian_blur(images, kernel_size=(3, 3), sigma=(1.0, 1.0), data_format=None):
    """Blur with a normal density of the given sizes and deviations, (columns, rows); zeros lie outside.

    >>> gaussian_blur(jnp.ones((4, 4, 3))).shape
    (4, 4, 3)
    """
    images, last = _images("gaussian_blur", images, data_format)
    batch = _batched(images, last)
    across, down = (_bell(n, s, batch.dtype) for n, s in zip(kernel_size, sigma, strict=True))
    kernel = jnp.outer(down, across)[:, :, None, None]
    kernel = jnp.tile(kernel, (1, 1, batch.shape[-1], 1))
    return _like(nn.depthwise_conv(batch, kernel, 1, "same", "channels_last"), images, last)


@op
def sobel_edges(images, data_format=None):
    """Return the slopes down and across in a new last axis. (n, h, w, c) -> (n, h, w, c, 2)

    >>> sobel_edges(jnp.ones((1, 4, 4, 3))).shape
    (1, 4, 4, 3, 2)
    """
    images, last = _images("sobel_edges", images, data_format)
    batch = _batched(images, last)
    across = jnp.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], batch.dtype)
    kernels = (jnp.tile(k[:, :, None, None], (1, 1, batch.shape[-1], 1)) for k in (across.T, across))
    edges = [nn.depthwise_conv(batch, k, 1, "same", "channels_last") for k in kernels]
    return jnp.stack([_like(e, images, last) for e in edges], -1)


@op
def ssim(image1, image2, max_val=1.0, filter_size=11, filter_sigma=1.5, k1=0.01, k2=0.03, data_format=None):
    """Return the structural similarity of images, 1 for equal ones (Wang et al., 2004). (n, h, w, c) -> (n,)

    >>> ssim(jnp.ones((12, 12, 1)), jnp.ones((12, 12, 1))).item()
    1.0
    """
    image1, last = _images("ssim", image1, data_format)
    image2, _ = _images("ssim", image2, data_format)
    dtype = image1.dtype
    wide = dtype if jnp.issubdtype(dtype, jnp.floating) else jnp.dtype(config.floatx())
    x, y = (_batched(v.astype(wide), last) for v in (image1, image2))
    bell = _bell(filter_size, filter_sigma, wide)
    kernel = jnp.tile(jnp.outer(bell, bell)[:, :, None, None], (1, 1, x.shape[-1], 1))

    def blurred(v):
        return nn.depthwise_conv(v, kernel, 1, "valid", "channels_last")

    c1, c2 = (k1 * max_val) ** 2, (k2 * max_val) ** 2
    mx, my = blurred(x), blurred(y)
    variances = blurred(x * x) - mx * mx + (blurred(y * y) - my * my)
    covariance = blurred(x * y) - mx * my
    similar = (2.0 * mx * my + c1) * (2.0 * covariance + c2) / ((mx * mx + my * my + c1) * (variances + c2))
    found = jnp.mean(similar, (1, 2, 3)).astype(dtype)
    return found if image1.ndim == 4 else found[0]

"""``tf.image`` over jax.numpy: one picture (three axes) or a batch (four), channels last."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ... import ops
from . import pictures_more as more
from .draws import random_crop, stateful, stateless, stateless_random_crop
from .files import PICTURES
from .resampling import crop_and_resize as crop_boxes
from .resampling import halved, non_max_suppression, similarity
from .resampling import resize as resample
from .rows import array, dtype_of, ints, known, offered, one_of, table
from .tensor import unwrap


def _check(name: str, images: Any) -> Any:
    if images.ndim not in (3, 4):
        raise ValueError(
            f"tf.image.{name}: expected one picture (3 axes) or a batch (4 axes), received shape {tuple(images.shape)}."
        )
    return images


# ------------------------------------------------- dtypes


def convert_image_dtype(image: Any, dtype: Any, saturate: bool = False) -> Any:
    """The pictures in another dtype, whole numbers from 0 to the largest being floats from 0 to 1."""
    to, own = dtype_of(dtype), image.dtype
    if to == own:
        return image
    whole_from, whole_to = (jnp.issubdtype(d, jnp.integer) for d in (own, to))
    if whole_from and whole_to:
        high, wide = int(jnp.iinfo(own).max), int(jnp.iinfo(to).max)
        if high > wide:
            scaled = image // ((high + 1) // (wide + 1))
            return (jnp.clip(scaled, 0, wide) if saturate else scaled).astype(to)
        return image.astype(to) * ((wide + 1) // (high + 1))
    if whole_from:
        return image.astype(to) * np.asarray(1.0 / int(jnp.iinfo(own).max), to)
    if not whole_to:
        return image.astype(to)
    high = int(jnp.iinfo(to).max)
    scaled = image * np.asarray(high + 0.5, own)
    if saturate:
        return jnp.clip(jnp.trunc(scaled), int(jnp.iinfo(to).min), high).astype(to)
    return jnp.trunc(scaled).astype("int32").astype(to)


def _in_floats(compute: Callable, image: Any, *args: Any) -> Any:
    """Computed in float32 for whole numbers, and back in the picture's dtype."""
    own = image.dtype
    image = convert_image_dtype(image, "float32") if not jnp.issubdtype(own, jnp.floating) else image
    return convert_image_dtype(compute(image, *args), own, saturate=True)


# ------------------------------------------------- colours


def adjust_brightness(image: Any, delta: Any) -> Any:
    """Something added to each value, of pictures from 0 to 1."""
    return _in_floats(lambda x: x + array(delta).astype(x.dtype), image)


def adjust_contrast(images: Any, contrast_factor: Any) -> Any:
    """Each value's distance from its channel's mean times a factor."""

    def compute(x: Any) -> Any:
        mean = jnp.mean(x, (-3, -2), keepdims=True)
        return (x - mean) * array(contrast_factor).astype(x.dtype) + mean

    return _in_floats(compute, _check("adjust_contrast", images))


def adjust_gamma(image: Any, gamma: Any = 1, gain: Any = 1) -> Any:
    """``gain * image ** gamma``"""
    if known(gamma) and float(unwrap(gamma)) < 0:
        raise ValueError(f"tf.image.adjust_gamma: expected gamma >= 0, received {gamma}.")
    return _in_floats(lambda x: gain * x**gamma, image)


def _hsv(change: Callable) -> Callable:
    def compute(x: Any) -> Any:
        h, s, v = jnp.moveaxis(ops.image.rgb_to_hsv(x.reshape(-1, 1, 3), data_format="channels_last"), -1, 0)
        found = ops.image.hsv_to_rgb(jnp.stack(change(h, s, v), -1), data_format="channels_last")
        return found.reshape(x.shape)

    return compute


def adjust_saturation(image: Any, saturation_factor: Any) -> Any:
    """The saturation times a factor."""
    return _in_floats(
        _hsv(lambda h, s, v: (h, jnp.clip(s * saturation_factor, 0, 1), v)), _check("adjust_saturation", image)
    )


def adjust_hue(image: Any, delta: Any) -> Any:
    """The hue turned, 1 being a whole turn."""
    if known(delta) and not -1 <= float(unwrap(delta)) <= 1:
        raise ValueError(f"tf.image.adjust_hue: expected delta in [-1, 1], received {delta}.")
    return _in_floats(_hsv(lambda h, s, v: (jnp.mod(h + delta, 1.0), s, v)), _check("adjust_hue", image))


def rgb_to_grayscale(images: Any) -> Any:
    """The luminance of red, green and blue."""
    if images.shape[-1] != 3:
        raise ValueError(f"tf.image.rgb_to_grayscale: expected 3 channels, received shape {tuple(images.shape)}.")
    weights = jnp.asarray([0.2989, 0.587, 0.114])
    return _in_floats(lambda x: jnp.sum(x * weights.astype(x.dtype), -1, keepdims=True), images)


def grayscale_to_rgb(images: Any) -> Any:
    """The one channel three times."""
    if images.shape[-1] != 1:
        raise ValueError(f"tf.image.grayscale_to_rgb: expected 1 channel, received shape {tuple(images.shape)}.")
    return jnp.repeat(images, 3, -1)


# Rows: what red, green and blue give to each channel (ITU-R BT.470 and NTSC).
_YUV = [[0.299, -0.14714119, 0.61497538], [0.587, -0.28886916, -0.51496512], [0.114, 0.43601035, -0.10001026]]
_YIQ = [[0.299, 0.59590059, 0.2115], [0.587, -0.27455667, -0.52273617], [0.114, -0.32134392, 0.31119955]]
_RGB_OF_YUV = [[1, 1, 1], [0, -0.394642334, 2.03206185], [1.13988303, -0.58062185, 0]]
_RGB_OF_YIQ = [[1, 1, 1], [0.95598634, -0.27201283, -1.10674021], [0.6208248, -0.64720424, 1.70423049]]


def _mixed(matrix: list) -> tuple:
    return "images", lambda images: jnp.matmul(images, jnp.asarray(matrix, images.dtype), precision="highest")


def per_image_standardization(image: Any) -> Any:
    """Each picture with mean 0 and deviation 1; the deviation counts at least 1 over the root of the number of values."""
    x = image.astype(image.dtype if jnp.issubdtype(image.dtype, jnp.floating) else "float32")
    count = np.float32(np.prod(x.shape[-3:]))
    axes = (-3, -2, -1)
    spread = jnp.maximum(jnp.std(x, axes, keepdims=True), 1 / np.sqrt(count))
    return (x - jnp.mean(x, axes, keepdims=True)) / spread


# ------------------------------------------------- geometry


def _flip(axis: int) -> tuple:
    return "image", lambda image: jnp.flip(_check("flip", image), axis)


def rot90(image: Any, k: Any = 1) -> Any:
    """Quarter turns against the clock."""
    return jnp.rot90(_check("rot90", image), ints(k), (-3, -2))


def crop_to_bounding_box(
    image: Any, offset_height: Any, offset_width: Any, target_height: Any, target_width: Any
) -> Any:
    """A box of the pictures."""
    top, left, height, width = map(ints, (offset_height, offset_width, target_height, target_width))
    h, w = _check("crop_to_bounding_box", image).shape[-3:-1]
    if min(top, left) < 0 or min(height, width) < 1 or top + height > h or left + width > w:
        raise ValueError(
            f"tf.image.crop_to_bounding_box: a box of {height} x {width} at ({top}, {left}) does not lie in a picture of {h} x {w}."
        )
    return image[..., top : top + height, left : left + width, :]


def pad_to_bounding_box(
    image: Any, offset_height: Any, offset_width: Any, target_height: Any, target_width: Any
) -> Any:
    """The pictures on a larger black one."""
    top, left, height, width = map(ints, (offset_height, offset_width, target_height, target_width))
    h, w = _check("pad_to_bounding_box", image).shape[-3:-1]
    below, right = height - h - top, width - w - left
    if min(top, left, below, right) < 0:
        raise ValueError(
            f"tf.image.pad_to_bounding_box: a picture of {h} x {w} at ({top}, {left}) does not fit into {height} x {width}."
        )
    return jnp.pad(image, [(0, 0)] * (image.ndim - 3) + [(top, below), (left, right), (0, 0)])


def central_crop(image: Any, central_fraction: Any) -> Any:
    """The middle, so much of height and width."""
    fraction = float(unwrap(central_fraction))
    if not 0 < fraction <= 1:
        raise ValueError(f"tf.image.central_crop: expected central_fraction in (0, 1], received {fraction}.")
    h, w = _check("central_crop", image).shape[-3:-1]
    top, left = (int((n - n * fraction) / 2) for n in (h, w))
    return crop_to_bounding_box(image, top, left, h - 2 * top, w - 2 * left)


def resize_with_crop_or_pad(image: Any, target_height: Any, target_width: Any) -> Any:
    """The middle of the pictures, cut or put on black."""
    wanted = ints(target_height), ints(target_width)
    h, w = _check("resize_with_crop_or_pad", image).shape[-3:-1]
    cut = [max((n - t) // 2, 0) if n >= t else 0 for n, t in zip((h, w), wanted, strict=True)]
    image = crop_to_bounding_box(image, *cut, min(h, wanted[0]), min(w, wanted[1]))
    border = [max((t - n) // 2, 0) for n, t in zip((h, w), wanted, strict=True)]
    return pad_to_bounding_box(image, *border, *wanted)


def resize(images: Any, size: Any, method: Any = "bilinear", preserve_aspect_ratio: bool = False,
           antialias: bool = False) -> Any:  # fmt: skip
    """Another size: float32, except by "nearest"."""
    size = ints(size)
    if not isinstance(size, tuple) or len(size) != 2:
        raise ValueError(f"tf.image.resize: expected size (height, width), received {size}.")
    h, w = _check("resize", images).shape[-3:-1]
    if preserve_aspect_ratio:
        scale = np.minimum(np.float32(size[0]) / np.float32(h), np.float32(size[1]) / np.float32(w))
        size = tuple(max(int(np.round(np.float32(n) * scale)), 1) for n in (h, w))
    return resample(images, size, getattr(method, "value", method), bool(antialias))


def resize_with_pad(
    image: Any, target_height: Any, target_width: Any, method: Any = "bilinear", antialias: bool = False
) -> Any:
    """Another size in the same proportions, on black."""
    wanted = ints(target_height), ints(target_width)
    h, w = _check("resize_with_pad", image).shape[-3:-1]
    ratio = max(w / wanted[1], h / wanted[0])
    size = int(np.floor(h / ratio)), int(np.floor(w / ratio))
    border = [max(int(np.floor((t - n / ratio) / 2)), 0) for n, t in zip((h, w), wanted, strict=True)]
    found = resample(image, size, getattr(method, "value", method), bool(antialias))
    return pad_to_bounding_box(found, *border, *wanted)


def crop_and_resize(image: Any, boxes: Any, box_indices: Any, crop_size: Any, method: str = "bilinear",
                    extrapolation_value: Any = 0.0) -> Any:  # fmt: skip
    """Boxes (y1, x1, y2, x2) of pictures, from 0 to 1, in one size."""
    method = one_of("tf.image.crop_and_resize: method", method, ("bilinear", "nearest"))
    return crop_boxes(image, boxes, array(box_indices), ints(crop_size), method, extrapolation_value)


def extract_patches(images: Any, sizes: Any, strides: Any, rates: Any, padding: Any) -> Any:
    """The values of each window as channels."""
    sizes, strides, rates = (ints(v)[1:3] for v in (sizes, strides, rates))
    padding = one_of("tf.image.extract_patches: padding", padding, ("SAME", "VALID")).lower()
    if max(rates) == 1:
        return ops.image.extract_patches(images, sizes, strides, 1, padding, "channels_last")
    if max(strides) > 1:
        raise ValueError("tf.image.extract_patches: only one of strides and rates can be above 1 on JAX.")
    return ops.image.extract_patches(images, sizes, strides, rates, padding, "channels_last")


# ------------------------------------------------- how alike pictures are


def psnr(a: Any, b: Any, max_val: Any) -> Any:
    """The ratio of peak and noise in decibels."""
    max_val = convert_image_dtype(jnp.asarray(max_val, a.dtype), "float32")
    error = jnp.mean(jnp.square(convert_image_dtype(a, "float32") - convert_image_dtype(b, "float32")), (-3, -2, -1))
    return 20 * jnp.log(max_val) / np.float32(np.log(10)) - np.float32(10 / np.log(10)) * jnp.log(error)


def ssim(img1: Any, img2: Any, max_val: Any, filter_size: Any = 11, filter_sigma: Any = 1.5, k1: Any = 0.01, k2: Any = 0.03,
         return_index_map: bool = False) -> Any:  # fmt: skip
    """The structural similarity, 1 for equal pictures (Wang et al., 2004)."""
    max_val = convert_image_dtype(jnp.asarray(max_val, img1.dtype), "float32")
    x, y = (convert_image_dtype(v, "float32") for v in (img1, img2))
    found, _ = similarity(x, y, max_val, ints(filter_size), filter_sigma, k1, k2)
    return jnp.mean(found, -1) if return_index_map else jnp.mean(found, (-3, -2, -1))


_SCALES = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


def ssim_multiscale(img1: Any, img2: Any, max_val: Any, power_factors: Any = _SCALES, filter_size: Any = 11,
                    filter_sigma: Any = 1.5, k1: Any = 0.01, k2: Any = 0.03) -> Any:  # fmt: skip
    """The structural similarity over several scales (Wang et al., 2003)."""
    max_val = convert_image_dtype(jnp.asarray(max_val, img1.dtype), "float32")
    x, y = (convert_image_dtype(v, "float32") for v in (img1, img2))
    found, last = [], len(power_factors) - 1
    for i in range(last + 1):
        if i:
            x, y = (halved(v) for v in (x, y))
        whole, structure = similarity(x, y, max_val, ints(filter_size), filter_sigma, k1, k2)
        found.append(jnp.maximum(jnp.mean(whole if i == last else structure, (-3, -2)), 0))
    powers = jnp.asarray(power_factors, "float32")
    return jnp.mean(jnp.prod(jnp.stack(found, -1) ** powers, -1), -1)


def total_variation(images: Any) -> Any:
    """The sum of the differences of neighbours, for each picture."""
    axes = tuple(range(images.ndim - 3, images.ndim))
    return sum(jnp.sum(jnp.abs(jnp.diff(images, axis=a)), axes) for a in (images.ndim - 3, images.ndim - 2))


def image_gradients(image: Any) -> tuple:
    """The differences of neighbours down and across, 0 in the last row and column."""
    down = jnp.pad(jnp.diff(image, axis=1), [(0, 0), (0, 1), (0, 0), (0, 0)])
    return down, jnp.pad(jnp.diff(image, axis=2), [(0, 0), (0, 0), (0, 1), (0, 0)])


def sobel_edges(image: Any) -> Any:
    """Sobel's two slopes, along a new last axis; the edge is mirrored."""
    x = jnp.pad(image, [(0, 0), (1, 1), (1, 1), (0, 0)], mode="reflect")

    def moved(v: Any, by: int, axis: int) -> Any:
        return jax.lax.slice_in_dim(v, by, v.shape[axis] - 2 + by, axis=axis)

    def smooth(v: Any, axis: int) -> Any:
        return moved(v, 0, axis) + 2 * moved(v, 1, axis) + moved(v, 2, axis)

    def slope(v: Any, axis: int) -> Any:
        return moved(v, 2, axis) - moved(v, 0, axis)

    return jnp.stack([slope(smooth(x, 2), 1), slope(smooth(x, 1), 2)], -1)


# ------------------------------------------------- at random


def _drawn_range(low: Any, high: Any, names: str) -> None:
    if (
        known(low)
        and known(high)
        and (float(unwrap(high)) <= float(unwrap(low)) or "contrast" in names and float(unwrap(low)) < 0)
    ):
        raise ValueError(f"tf.image.{names}: expected 0 <= lower < upper, received {low} and {high}.")


def _random(name: str) -> Callable:
    """How a change is drawn: a function of a key, the picture and the limits."""

    def flipped(axis: int) -> Callable:
        def flip(key: Any, image: Any) -> Any:
            image = _check(name, array(image))
            coins = jax.random.bernoulli(key, 0.5, (image.shape[0], 1, 1, 1) if image.ndim == 4 else ())
            return jnp.where(coins, jnp.flip(image, axis), image)

        return flip

    def between(adjust: Callable) -> Callable:
        def change(key: Any, image: Any, lower: Any, upper: Any) -> Any:
            _drawn_range(lower, upper, name)
            return adjust(array(image), jax.random.uniform(key, (), minval=lower, maxval=upper))

        return change

    def around(adjust: Callable, limit: float) -> Callable:
        def change(key: Any, image: Any, max_delta: Any) -> Any:
            if known(max_delta) and not 0 <= float(unwrap(max_delta)) <= limit:
                raise ValueError(f"tf.image.{name}: expected max_delta in [0, {limit}], received {max_delta}.")
            return adjust(array(image), jax.random.uniform(key, (), minval=-max_delta, maxval=max_delta))

        return change

    return {
        "random_flip_left_right": flipped(-2), "random_flip_up_down": flipped(-3),
        "random_contrast": between(adjust_contrast), "random_saturation": between(adjust_saturation),
        "random_brightness": around(adjust_brightness, np.inf), "random_hue": around(adjust_hue, 0.5),
    }[name]  # fmt: skip


_RANDOM = {"flip_left_right": 1, "flip_up_down": 1, "contrast": 3, "saturation": 3, "brightness": 2, "hue": 2}


class ResizeMethod:
    """How ``tf.image.resize`` finds the values in between."""

    BILINEAR, NEAREST_NEIGHBOR, BICUBIC, AREA = "bilinear", "nearest", "bicubic", "area"
    LANCZOS3, LANCZOS5, GAUSSIAN, MITCHELLCUBIC = "lanczos3", "lanczos5", "gaussian", "mitchellcubic"


ROWS = {
    "convert_image_dtype": convert_image_dtype, "adjust_brightness": adjust_brightness, "adjust_contrast": adjust_contrast,
    "adjust_gamma": adjust_gamma, "adjust_saturation": adjust_saturation, "adjust_hue": adjust_hue,
    "rgb_to_grayscale": rgb_to_grayscale, "grayscale_to_rgb": grayscale_to_rgb,
    "rgb_to_hsv": ("images", lambda x: ops.image.rgb_to_hsv(x.reshape(-1, 1, 3), data_format="channels_last").reshape(x.shape)),
    "hsv_to_rgb": ("images", lambda x: ops.image.hsv_to_rgb(x.reshape(-1, 1, 3), data_format="channels_last").reshape(x.shape)),
    "rgb_to_yuv": _mixed(_YUV), "rgb_to_yiq": _mixed(_YIQ), "yuv_to_rgb": _mixed(_RGB_OF_YUV), "yiq_to_rgb": _mixed(_RGB_OF_YIQ),
    "per_image_standardization": per_image_standardization, "flip_left_right": _flip(-2), "flip_up_down": _flip(-3),
    "transpose": ("image", lambda image: jnp.swapaxes(_check("transpose", image), -3, -2)), "rot90": rot90,
    "crop_to_bounding_box": crop_to_bounding_box, "pad_to_bounding_box": pad_to_bounding_box, "central_crop": central_crop,
    "resize_with_crop_or_pad": resize_with_crop_or_pad, "resize": resize, "resize_with_pad": resize_with_pad,
    "crop_and_resize": crop_and_resize, "extract_patches": extract_patches, "psnr": psnr, "ssim": ssim,
    "ssim_multiscale": ssim_multiscale, "total_variation": total_variation, "image_gradients": image_gradients,
    "sobel_edges": sobel_edges, "non_max_suppression": non_max_suppression,
}  # fmt: skip


def functions() -> dict[str, Any]:
    """Name -> function of ``tf.image``."""
    made: dict[str, Any] = table("image", ROWS)
    for change, place in _RANDOM.items():
        name = f"random_{change}"
        made[name] = stateful(name, _random(name), "image")
        made[f"stateless_{name}"] = stateless(f"stateless_{name}", _random(name), place, "image")
    made.update(random_crop=random_crop, stateless_random_crop=stateless_random_crop, ResizeMethod=ResizeMethod)
    made.update({name: offered(f"tf.image.{name}", fn) for name, fn in {**PICTURES, **more.FILES, **more.ROWS}.items()})
    for name, (draw, place) in more.DRAWN.items():
        made[name] = stateful(name, draw, "image")
        made[f"stateless_{name}"] = stateless(f"stateless_{name}", draw, place, "image")
    return made

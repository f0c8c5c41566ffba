"""Images between files, PIL images and arrays."""

import io
import os
import warnings

import jax
import jax.numpy as jnp
import numpy as np

from jkeras.core import config
from jkeras.core.declare import takes_old_words
from jkeras.utils.extras import need

MODES = {"grayscale": "L", "rgb": "RGB", "rgba": "RGBA"}
INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "hamming", "box", "lanczos")
RESIZES = ("bilinear", "nearest", "bicubic", "lanczos3", "lanczos5")

CHANNELS = {"grayscale": 1, "rgb": 3, "rgba": 4}


def pil(use):
    return need("PIL.Image", "images", use)


def array_to_img(x, data_format=None, scale=True, dtype=None):
    """A PIL image of an array. (height, width, channels) or, for channels_first, (channels, height, width)

    With `scale` the smallest value becomes 0 and the largest 255; without, values are taken as they are. One channel
    gives a gray image (of 32 bits above 255), three RGB, four RGBA. `dtype` is used on the way, the float type of
    jkeras by default.

    Source: https://keras.io/api/data_loading/image/#array_to_img-function.

    Raises ValueError for other shapes, ImportError without pillow.

    >>> array_to_img(np.arange(12).reshape(2, 2, 3)).size
    (2, 2)
    """
    image = pil("array_to_img")
    data_format = config.standardize_data_format(data_format)
    x = np.asarray(x, dtype=dtype or config.floatx())
    if x.ndim != 3:
        raise ValueError(f"array_to_img: expected one image of three axes, received shape {x.shape}.")
    if data_format == "channels_first":
        x = x.transpose(1, 2, 0)
    if x.shape[2] not in (1, 3, 4):
        raise ValueError(
            f"array_to_img: an image has 1, 3 or 4 channels, received {x.shape[2]} in {data_format}. Check data_format."
        )
    if scale:
        x = x - x.min()
        largest = x.max()
        x = (x / largest if largest else x) * 255
    if x.shape[2] == 1:
        return image.fromarray(x[:, :, 0].astype("int32" if x.max() > 255 else "uint8"))
    return image.fromarray(x.astype("uint8"))


def img_to_array(img, data_format=None, dtype=None):
    """The array of a PIL image (or of an array without channels). -> (height, width, channels) or channels first

    Source: https://keras.io/api/data_loading/image/#img_to_array-function.

    Raises ValueError for images that have neither two nor three axes.

    >>> img_to_array(array_to_img(np.arange(12).reshape(2, 2, 3))).shape
    (2, 2, 3)
    """
    data_format = config.standardize_data_format(data_format)
    x = np.asarray(img, dtype=dtype or config.floatx())
    if x.ndim == 2:
        x = x[:, :, None]
    if x.ndim != 3:
        raise ValueError(f"img_to_array: expected an image of two or three axes, received shape {x.shape}.")
    return x.transpose(2, 0, 1) if data_format == "channels_first" else x


def save_img(path, x, data_format=None, file_format=None, scale=True, **kwargs):
    """Writes an array as an image file; the format follows from the name unless `file_format` is given.

    `kwargs` go to PIL's `save`. An image with transparency is written as JPEG without it, with a warning.

    Source: https://keras.io/api/data_loading/image/#save_img-function.

    >>> import os, tempfile
    >>> save_img(os.path.join(tempfile.mkdtemp(), "x.png"), np.zeros((2, 2, 3)))
    """
    img = array_to_img(x, data_format=data_format, scale=scale)
    ending = (
        file_format or os.path.splitext(path)[1].lstrip(".") if isinstance(path, str | os.PathLike) else file_format
    )
    if img.mode == "RGBA" and (ending or "").lower() in ("jpg", "jpeg"):
        warnings.warn("save_img: JPEG has no transparency; the image is written as RGB.", stacklevel=2)
        img = img.convert("RGB")
    if file_format:
        file_format = {"jpg": "jpeg"}.get(file_format.lower(), file_format)
    img.save(path, format=file_format, **kwargs)


@takes_old_words(stable=1)
def load_img(path, color_mode="rgb", target_size=None, interpolation="nearest", keep_aspect_ratio=False):
    """A PIL image from a file, a path or a BytesIO.

    `color_mode` is "rgb", "rgba" or "grayscale". With `target_size` = (height, width) the image is resized with PIL
    by `interpolation` ("nearest", "bilinear", "bicubic", "hamming", "box", "lanczos"), after its middle part of that
    aspect ratio was cut out where `keep_aspect_ratio` is set.

    Source: https://keras.io/api/data_loading/image/#load_img-function.

    Raises ValueError for other modes and interpolations, TypeError for what is no path, ImportError without pillow.
    """
    image = pil("load_img")
    if color_mode not in MODES:
        raise ValueError(f"load_img: color_mode must be one of {tuple(MODES)}, received {color_mode!r}.")
    if interpolation not in INTERPOLATIONS:
        raise ValueError(f"load_img: interpolation must be one of {INTERPOLATIONS}, received {interpolation!r}.")
    if isinstance(path, io.BytesIO):
        img = image.open(path)
    elif isinstance(path, str | bytes | os.PathLike):
        with open(path, "rb") as file:
            img = image.open(io.BytesIO(file.read()))
    else:
        raise TypeError(f"load_img: path must be a path or io.BytesIO, received {type(path).__name__}.")
    # Gray images of 16 or 32 bits keep their depth.
    if img.mode != MODES[color_mode] and not (color_mode == "grayscale" and img.mode in ("I;16", "I")):
        img = img.convert(MODES[color_mode])
    if target_size is None:
        return img
    size, resample = (target_size[1], target_size[0]), image.Resampling[interpolation.upper()]
    if img.size == size:
        return img
    return img.resize(size, resample, box=middle(img.size, size) if keep_aspect_ratio else None)


def middle(size, target):
    """The largest box in the middle of `size` that has the aspect ratio of `target`; both (width, height)."""
    (width, height), (target_width, target_height) = size, target
    w, h = min(width, height * target_width // target_height), min(height, width * target_height // target_width)
    left, top = (width - w) // 2, (height - h) // 2
    return left, top, left + w, top + h


def smart_resize(x, size, interpolation="bilinear", data_format="channels_last"):
    """Images cut to the aspect ratio of `size` around their middle, then resized. (..., h, w, c) -> (..., *size, c)

    `interpolation` is "bilinear", "nearest", "bicubic", "lanczos3" or "lanczos5". A numpy array gives a numpy array.

    Source: https://keras.io/api/data_loading/image/#smart_resize-function.

    Raises ValueError for another size, rank or interpolation.

    >>> smart_resize(np.zeros((4, 8, 3)), (2, 2)).shape
    (2, 2, 3)
    """
    if len(size) != 2:
        raise ValueError(f"smart_resize: size must be (height, width), received {size}.")
    if interpolation not in RESIZES:
        raise ValueError(f"smart_resize: interpolation must be one of {RESIZES}, received {interpolation!r}.")
    if np.ndim(x) not in (3, 4):
        raise ValueError(f"smart_resize: expected one image or a batch of images, received shape {np.shape(x)}.")
    axes = (-3, -2) if config.standardize_data_format(data_format) == "channels_last" else (-2, -1)
    shape, index = np.shape(x), [slice(None)] * np.ndim(x)
    left, top, right, bottom = middle((shape[axes[1]], shape[axes[0]]), (size[1], size[0]))
    index[axes[0]], index[axes[1]] = slice(top, bottom), slice(left, right)
    shape = [int(size[axes.index(i - len(shape))]) if i - len(shape) in axes else n for i, n in enumerate(shape)]
    resized = jax.image.resize(jnp.asarray(x)[tuple(index)], shape, method=interpolation, antialias=False)
    return np.asarray(resized) if isinstance(x, np.ndarray) else resized

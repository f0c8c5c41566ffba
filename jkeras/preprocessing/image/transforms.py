"""Random and given transformations of one image; draws come from numpy's global generator, as in Keras."""

import numpy as np

from jkeras.core.declare import era_default, takes_old_words
from jkeras.preprocessing.image.pixels import array_to_img, img_to_array
from jkeras.utils.extras import need


@takes_old_words
def apply_affine_transform(
    x,
    theta=0,
    tx=0,
    ty=0,
    shear=0,
    zx=1,
    zy=1,
    row_axis=era_default(1),
    col_axis=era_default(2),
    channel_axis=era_default(0),
    fill_mode="nearest",
    cval=0.0,
    order=1,
):
    """One image turned by `theta` degrees, moved by `tx`, `ty` pixels, sheared by `shear` degrees, zoomed. Same shape.

    What comes in from outside is filled as `fill_mode` says: "nearest", "constant" (with `cval`), "reflect" or "wrap".
    `order` is that of the spline.

    Source: https://www.tensorflow.org/api_docs/python/tf/keras/preprocessing/image/apply_affine_transform.

    Raises ValueError for other ranks and axes, ImportError without scipy.

    >>> apply_affine_transform(np.arange(4.0).reshape(1, 2, 2), theta=180).round(3)
    array([[[3., 2.],
            [1., 0.]]])
    """
    if {row_axis, col_axis, channel_axis} != {0, 1, 2} or channel_axis == 1:
        raise ValueError(
            "apply_affine_transform: row_axis, col_axis and channel_axis must be 0, 1 and 2 with the channels first or "
            f"last, received {row_axis}, {col_axis} and {channel_axis}."
        )
    if np.ndim(x) != 3:
        raise ValueError(f"apply_affine_transform: expected an image of three axes, received shape {np.shape(x)}.")
    matrix = affine_matrix(theta, tx, ty, shear, zx, zy)
    if matrix is None:
        return x
    # The matrix acts around the middle of the image.
    center = np.array([[1, 0, x.shape[row_axis] / 2 - 0.5], [0, 1, x.shape[col_axis] / 2 - 0.5], [0, 0, 1]])
    matrix = center @ matrix @ (2 * np.eye(3) - center)
    if col_axis > row_axis:  # from (x, y) to (row, column)
        matrix = matrix[[1, 0, 2]][:, [1, 0, 2]]
    transform = need("scipy.ndimage", "images", "apply_affine_transform").affine_transform
    channels = [
        transform(channel, matrix[:2, :2], matrix[:2, 2], order=order, mode=fill_mode, cval=cval)
        for channel in np.moveaxis(x, channel_axis, 0)
    ]
    return np.stack(channels, axis=channel_axis)


def affine_matrix(theta, tx, ty, shear, zx, zy):
    """The product of the transformations that do something; None where none does."""
    theta, shear = np.deg2rad(theta), np.deg2rad(shear)
    steps = []
    if theta:
        steps.append([[np.cos(theta), -np.sin(theta), 0], [np.sin(theta), np.cos(theta), 0], [0, 0, 1]])
    if tx or ty:
        steps.append([[1, 0, tx], [0, 1, ty], [0, 0, 1]])
    if shear:
        steps.append([[1, -np.sin(shear), 0], [0, np.cos(shear), 0], [0, 0, 1]])
    if zx != 1 or zy != 1:
        steps.append([[zx, 0, 0], [0, zy, 0], [0, 0, 1]])
    if not steps:
        return None
    matrix = np.eye(3)
    for step in steps:
        matrix = matrix @ np.array(step)
    return matrix


def apply_channel_shift(x, intensity, channel_axis=0):
    """One image with `intensity` added, cut to the range that it had. Same shape.

    Source: https://www.tensorflow.org/api_docs/python/tf/keras/preprocessing/image/apply_channel_shift.

    >>> apply_channel_shift(np.array([[[0.0, 5.0, 10.0]]]), 2)
    array([[[ 2.,  7., 10.]]])
    """
    del channel_axis  # every channel gets the same shift and the range is that of the whole image
    return np.clip(x + intensity, np.min(x), np.max(x))


def apply_brightness_shift(x, brightness, scale=True):
    """One image (values 0 to 255) made brighter (above 1) or darker (below 1) by PIL. Same shape, channels last.

    With `scale` the image is scaled to 0..255 first; without, only where its values leave that range, and back
    afterwards.

    Source: https://www.tensorflow.org/api_docs/python/tf/keras/preprocessing/image/apply_brightness_shift.

    >>> apply_brightness_shift(np.array([[[100.0], [200.0]]]), 0.5, scale=False).ravel()
    array([ 50., 100.], dtype=float32)
    """
    enhance = need("PIL.ImageEnhance", "images", "apply_brightness_shift")
    low, high = np.min(x), np.max(x)
    outside = low < 0 or high > 255
    img = enhance.Brightness(array_to_img(x, scale=outside or scale)).enhance(brightness)
    x = img_to_array(img)
    return x / 255 * (high - low) + low if outside and not scale else x


def flip_axis(x, axis):
    """An array with one axis turned around.

    >>> flip_axis(np.array([[1, 2], [3, 4]]), 1)
    array([[2, 1],
           [4, 3]])
    """
    return np.flip(np.asarray(x), axis)


def random_rotation(
    x, rg, row_axis=1, col_axis=2, channel_axis=0, fill_mode="nearest", cval=0.0, interpolation_order=1
):
    """One image turned by an angle from -rg to rg degrees. Same shape.

    Source: https://www.tensorflow.org/api_docs/python/tf/keras/preprocessing/image/random_rotation.

    >>> random_rotation(np.zeros((1, 4, 4)), 30).shape
    (1, 4, 4)
    """
    where = (row_axis, col_axis, channel_axis, fill_mode, cval, interpolation_order)
    return apply_affine_transform(x, np.random.uniform(-rg, rg), 0, 0, 0, 1, 1, *where)


def random_shift(
    x, wrg, hrg, row_axis=1, col_axis=2, channel_axis=0, fill_mode="nearest", cval=0.0, interpolation_order=1
):
    """One image moved by up to the shares `wrg` of its width and `hrg` of its height. Same shape.

    Source: https://www.tensorflow.org/api_docs/python/tf/keras/preprocessing/image/random_shift.

    >>> random_shift(np.zeros((1, 4, 4)), 0.2, 0.2).shape
    (1, 4, 4)
    """
    where = (row_axis, col_axis, channel_axis, fill_mode, cval, interpolation_order)
    tx = np.random.uniform(-hrg, hrg) * x.shape[row_axis]
    ty = np.random.uniform(-wrg, wrg) * x.shape[col_axis]
    return apply_affine_transform(x, 0, tx, ty, 0, 1, 1, *where)


def random_shear(
    x, intensity, row_axis=1, col_axis=2, channel_axis=0, fill_mode="nearest", cval=0.0, interpolation_order=1
):
    """One image sheared by an angle from -intensity to intensity degrees. Same shape.

    Source: https://www.tensorflow.org/api_docs/python/tf/keras/preprocessing/image/random_shear.

    >>> random_shear(np.zeros((1, 4, 4)), 10).shape
    (1, 4, 4)
    """
    where = (row_axis, col_axis, channel_axis, fill_mode, cval, interpolation_order)
    return apply_affine_transform(x, 0, 0, 0, np.random.uniform(-intensity, intensity), 1, 1, *where)


def random_zoom(
    x, zoom_range, row_axis=1, col_axis=2, channel_axis=0, fill_mode="nearest", cval=0.0, interpolation_order=1
):
    """One image zoomed by two factors from the range (low, high), one for each direction. Same shape.

    Source: https://www.tensorflow.org/api_docs/python/tf/keras/preprocessing/image/random_zoom.

    Raises ValueError where the range is no pair.

    >>> random_zoom(np.zeros((1, 4, 4)), (0.8, 1.2)).shape
    (1, 4, 4)
    """
    low, high = pair(zoom_range, "zoom_range")
    where = (row_axis, col_axis, channel_axis, fill_mode, cval, interpolation_order)
    zx, zy = (1, 1) if low == high == 1 else np.random.uniform(low, high, 2)
    return apply_affine_transform(x, 0, 0, 0, 0, zx, zy, *where)


def random_channel_shift(x, intensity_range, channel_axis=0):
    """One image with a value from -intensity_range to intensity_range added, cut to the range that it had. Same shape.

    Source: https://www.tensorflow.org/api_docs/python/tf/keras/preprocessing/image/random_channel_shift.

    >>> random_channel_shift(np.zeros((1, 4, 4)), 10).shape
    (1, 4, 4)
    """
    return apply_channel_shift(x, np.random.uniform(-intensity_range, intensity_range), channel_axis)


def random_brightness(x, brightness_range, scale=True):
    """One image whose brightness is multiplied by a factor from the range (low, high). Same shape, channels last.

    Source: https://www.tensorflow.org/api_docs/python/tf/keras/preprocessing/image/random_brightness.

    Raises ValueError where the range is no pair.

    >>> random_brightness(np.zeros((4, 4, 3)), (0.5, 1.5)).shape
    (4, 4, 3)
    """
    low, high = pair(brightness_range, "brightness_range")
    return apply_brightness_shift(x, np.random.uniform(low, high), scale)


def pair(value, name):
    if not isinstance(value, tuple | list | np.ndarray) or len(value) != 2:
        raise ValueError(f"{name} must be a pair of two numbers (low, high), received {value!r}.")
    return value

"""Images: files and arrays, random transformations, and batches of augmented images."""

from jkeras.core.connections import old_names
from jkeras.preprocessing.image.arrays import NumpyArrayIterator
from jkeras.preprocessing.image.files import DataFrameIterator, DirectoryIterator
from jkeras.preprocessing.image.generator import ImageDataGenerator
from jkeras.preprocessing.image.iterator import Iterator
from jkeras.preprocessing.image.pixels import array_to_img, img_to_array, load_img, save_img, smart_resize
from jkeras.preprocessing.image.transforms import (
    apply_affine_transform,
    apply_brightness_shift,
    apply_channel_shift,
    flip_axis,
    random_brightness,
    random_channel_shift,
    random_rotation,
    random_shear,
    random_shift,
    random_zoom,
)

__all__ = [
    "DataFrameIterator",
    "DirectoryIterator",
    "ImageDataGenerator",
    "Iterator",
    "NumpyArrayIterator",
    "apply_affine_transform",
    "apply_brightness_shift",
    "apply_channel_shift",
    "array_to_img",
    "flip_axis",
    "img_to_array",
    "load_img",
    "random_brightness",
    "random_channel_shift",
    "random_rotation",
    "random_shear",
    "random_shift",
    "random_zoom",
    "save_img",
    "smart_resize",
]

__getattr__ = old_names(__name__)

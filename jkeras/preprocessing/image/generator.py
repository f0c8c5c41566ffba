"""ImageDataGenerator: how images are changed at random, and where they come from."""

import numbers
import warnings

import numpy as np

from jkeras.core import config
from jkeras.core.declare import takes_old_words
from jkeras.preprocessing.image.arrays import NumpyArrayIterator, check_channels
from jkeras.preprocessing.image.files import DataFrameIterator, DirectoryIterator
from jkeras.preprocessing.image.transforms import (
    apply_affine_transform,
    apply_brightness_shift,
    apply_channel_shift,
    flip_axis,
    pair,
)

SMALL = 1e-6  # added to standard deviations before they divide
IMPLIES = {
    "zca_whitening": "featurewise_center",
    "featurewise_std_normalization": "featurewise_center",
    "samplewise_std_normalization": "samplewise_center",
}


class ImageDataGenerator:
    """Batches of images, changed at random and normalised.

    Normalisation: by the mean and deviation of the set (`featurewise_*`, after `fit`), or of each image
    (`samplewise_*`), ZCA whitening, `rescale` (a factor) and `preprocessing_function` (of one image), which come
    first. Random changes: rotation in degrees, shifts (a share below 1, pixels from 1, or a list to choose from),
    shear in degrees, zoom (a number or (low, high)), channel shift, brightness (low, high), flips. What comes in from
    outside is filled as `fill_mode` says. `validation_split` is the share that ``subset="validation"`` takes.

    Source: https://www.tensorflow.org/api_docs/python/tf/keras/preprocessing/image/ImageDataGenerator.

    Raises ValueError for other ranges, formats and shares.

    >>> batches = ImageDataGenerator(rescale=1 / 255).flow(np.full((4, 8, 8, 3), 255.0), np.arange(4), batch_size=2)
    >>> x, y = next(batches)
    >>> x.shape, float(x.max()), len(batches)
    ((2, 8, 8, 3), 1.0, 2)
    """

    @takes_old_words(stable=22)
    def __init__(
        self,
        featurewise_center=False,
        samplewise_center=False,
        featurewise_std_normalization=False,
        samplewise_std_normalization=False,
        zca_whitening=False,
        zca_epsilon=1e-6,
        rotation_range=0,
        width_shift_range=0.0,
        height_shift_range=0.0,
        brightness_range=None,
        shear_range=0.0,
        zoom_range=0.0,
        channel_shift_range=0.0,
        fill_mode="nearest",
        cval=0.0,
        horizontal_flip=False,
        vertical_flip=False,
        rescale=None,
        preprocessing_function=None,
        data_format=None,
        validation_split=0.0,
        interpolation_order=1,
        dtype=None,
    ):
        self.featurewise_center, self.samplewise_center = featurewise_center, samplewise_center
        self.featurewise_std_normalization = featurewise_std_normalization
        self.samplewise_std_normalization = samplewise_std_normalization
        self.zca_whitening, self.zca_epsilon = zca_whitening, zca_epsilon
        self.rotation_range, self.shear_range = rotation_range, shear_range
        self.width_shift_range, self.height_shift_range = width_shift_range, height_shift_range
        self.channel_shift_range, self.fill_mode, self.cval = channel_shift_range, fill_mode, cval
        self.horizontal_flip, self.vertical_flip = horizontal_flip, vertical_flip
        self.rescale, self.preprocessing_function = rescale, preprocessing_function
        self.interpolation_order, self.dtype = interpolation_order, dtype or config.floatx()
        self.data_format = config.standardize_data_format(data_format)
        last = self.data_format == "channels_last"
        self.row_axis, self.col_axis, self.channel_axis = (1, 2, 3) if last else (2, 3, 1)
        if isinstance(zoom_range, numbers.Real):
            zoom_range = [1 - zoom_range, 1 + zoom_range]
        self.zoom_range = list(pair(zoom_range, "zoom_range"))
        self.brightness_range = None if brightness_range is None else pair(brightness_range, "brightness_range")
        if validation_split and not 0 < validation_split < 1:
            raise ValueError(f"validation_split must lie between 0 and 1, received {validation_split}.")
        self._validation_split = validation_split
        self.mean = self.std = self.zca_whitening_matrix = None
        self._settle()

    def _settle(self):
        """Normalisations that need or exclude another one."""
        for name, implied in IMPLIES.items():
            if getattr(self, name) and not getattr(self, implied):
                setattr(self, implied, True)
                warnings.warn(f"ImageDataGenerator: {name} sets {implied}, too.", stacklevel=3)
        if self.zca_whitening and self.featurewise_std_normalization:
            self.featurewise_std_normalization = False
            warnings.warn("ImageDataGenerator: zca_whitening replaces featurewise_std_normalization.", stacklevel=3)

    @takes_old_words(stable=10)
    def flow(
        self,
        x,
        y=None,
        batch_size=32,
        shuffle=True,
        sample_weight=None,
        seed=None,
        save_to_dir=None,
        save_prefix="",
        save_format="png",
        ignore_class_split=False,
        subset=None,
    ):
        """Batches from arrays: images (n, height, width, channels), labels, weights; returns an endless iterator.

        `x` may be (images, other inputs). `save_to_dir` writes what is made, for a look at it. `subset` takes the
        "training" or the "validation" part.
        """
        return NumpyArrayIterator(
            x,
            y,
            self,
            batch_size=batch_size,
            shuffle=shuffle,
            sample_weight=sample_weight,
            seed=seed,
            data_format=self.data_format,
            save_to_dir=save_to_dir,
            save_prefix=save_prefix,
            save_format=save_format,
            ignore_class_split=ignore_class_split,
            subset=subset,
            dtype=self.dtype,
        )

    def flow_from_directory(
        self,
        directory,
        target_size=(256, 256),
        color_mode="rgb",
        classes=None,
        class_mode="categorical",
        batch_size=32,
        shuffle=True,
        seed=None,
        save_to_dir=None,
        save_prefix="",
        save_format="png",
        follow_links=False,
        subset=None,
        interpolation="nearest",
        keep_aspect_ratio=False,
    ):
        """Batches from a folder that has one folder for each class; returns an iterator without end.

        `classes` names the folders and their order. Labels by `class_mode`: "categorical" (one-hot), "binary",
        "sparse",
        "input" (the images themselves), None. `save_to_dir` writes what is made, for a look at it.
        """
        return DirectoryIterator(
            directory,
            self,
            target_size=target_size,
            color_mode=color_mode,
            classes=classes,
            class_mode=class_mode,
            batch_size=batch_size,
            shuffle=shuffle,
            seed=seed,
            data_format=self.data_format,
            save_to_dir=save_to_dir,
            save_prefix=save_prefix,
            save_format=save_format,
            follow_links=follow_links,
            subset=subset,
            interpolation=interpolation,
            keep_aspect_ratio=keep_aspect_ratio,
            dtype=self.dtype,
        )

    @takes_old_words(stable=5)
    def flow_from_dataframe(
        self,
        dataframe,
        directory=None,
        x_col="filename",
        y_col="class",
        weight_col=None,
        target_size=(256, 256),
        color_mode="rgb",
        classes=None,
        class_mode="categorical",
        batch_size=32,
        shuffle=True,
        seed=None,
        save_to_dir=None,
        save_prefix="",
        save_format="png",
        subset=None,
        interpolation="nearest",
        validate_filenames=True,
    ):
        """Batches from a pandas table with the names of the files in one column; returns an iterator without end.

        Labels by `class_mode` as in `flow_from_directory`, or from columns of numbers: "raw" (`y_col`, one or
        several) and
        "multi_output" (a list of arrays). Files that do not exist are left out with a warning.
        """
        return DataFrameIterator(
            dataframe,
            directory,
            self,
            x_col=x_col,
            y_col=y_col,
            weight_col=weight_col,
            target_size=target_size,
            color_mode=color_mode,
            classes=classes,
            class_mode="raw" if class_mode == "other" else class_mode,
            batch_size=batch_size,
            shuffle=shuffle,
            seed=seed,
            data_format=self.data_format,
            save_to_dir=save_to_dir,
            save_prefix=save_prefix,
            save_format=save_format,
            subset=subset,
            interpolation=interpolation,
            dtype=self.dtype,
            validate_filenames=validate_filenames,
        )

    def standardize(self, x):
        """Normalises one image (or a batch), in place where it can."""
        if self.preprocessing_function:
            x = self.preprocessing_function(x)
        if self.rescale:
            x *= self.rescale
        if self.samplewise_center:
            x -= np.mean(x, keepdims=True)
        if self.samplewise_std_normalization:
            x /= np.std(x, keepdims=True) + SMALL
        if self.featurewise_center and self._fitted(self.mean, "featurewise_center"):
            x -= self.mean
        if self.featurewise_std_normalization and self._fitted(self.std, "featurewise_std_normalization"):
            x /= self.std + SMALL
        if self.zca_whitening and self._fitted(self.zca_whitening_matrix, "zca_whitening"):
            x = (x.reshape(-1, np.prod(x.shape[-3:])) @ self.zca_whitening_matrix).reshape(x.shape)
        return x

    @staticmethod
    def _fitted(statistic, name):
        if statistic is None:
            warnings.warn(f"ImageDataGenerator: {name} does nothing before fit(images) was called.", stacklevel=3)
        return statistic is not None

    def get_random_transform(self, img_shape, seed=None):
        """Draws what happens to one image of this shape: a dict for `apply_transform`."""
        if seed is not None:
            np.random.seed(seed)
        uniform = np.random.uniform
        theta = uniform(-self.rotation_range, self.rotation_range) if self.rotation_range else 0
        tx = self._draw_shift(self.height_shift_range, img_shape[self.row_axis - 1])
        ty = self._draw_shift(self.width_shift_range, img_shape[self.col_axis - 1])
        shear = uniform(-self.shear_range, self.shear_range) if self.shear_range else 0
        zx, zy = (1, 1) if self.zoom_range == [1, 1] else uniform(*self.zoom_range, 2)
        # Both are always drawn, so that switching one on leaves the others' draws alone.
        flip_horizontal = (np.random.random() < 0.5) * self.horizontal_flip
        flip_vertical = (np.random.random() < 0.5) * self.vertical_flip
        shift = self.channel_shift_range
        return {
            "theta": theta,
            "tx": tx,
            "ty": ty,
            "shear": shear,
            "zx": zx,
            "zy": zy,
            "flip_horizontal": flip_horizontal,
            "flip_vertical": flip_vertical,
            "channel_shift_intensity": uniform(-shift, shift) if shift != 0 else None,
            "brightness": None if self.brightness_range is None else uniform(*self.brightness_range),
        }

    @staticmethod
    def _draw_shift(limit, size):
        """Pixels: from a list, up to a whole number exclusive, or up to a share of the size."""
        if not np.any(limit):
            return 0
        try:
            shift = np.random.choice(limit) * np.random.choice([-1, 1])  # a list, or range(limit)
        except ValueError:  # a share
            shift = np.random.uniform(-limit, limit)
        return shift * size if np.max(limit) < 1 else shift

    def apply_transform(self, x, transform_parameters):
        """One image changed as a dict says; its keys are those of `get_random_transform`."""
        get = transform_parameters.get
        row, col, channel = self.row_axis - 1, self.col_axis - 1, self.channel_axis - 1
        moves = (get("theta", 0), get("tx", 0), get("ty", 0), get("shear", 0), get("zx", 1), get("zy", 1))
        x = apply_affine_transform(
            x, *moves, row, col, channel, fill_mode=self.fill_mode, cval=self.cval, order=self.interpolation_order
        )
        if get("channel_shift_intensity") is not None:
            x = apply_channel_shift(x, get("channel_shift_intensity"), channel)
        if get("flip_horizontal", False):
            x = flip_axis(x, col)
        if get("flip_vertical", False):
            x = flip_axis(x, row)
        if get("brightness") is not None:
            x = apply_brightness_shift(x, get("brightness"), scale=False)
        return x

    def random_transform(self, x, seed=None):
        """One image changed at random."""
        return self.apply_transform(x, self.get_random_transform(x.shape, seed))

    def fit(self, x, augment=False, rounds=1, seed=None):
        """Learns mean, deviation and whitening from images (n, height, width, channels), augmented `rounds` times.

        Raises ValueError for another rank.
        """
        x = np.array(x, dtype=self.dtype)
        if x.ndim != 4:
            raise ValueError(f"fit: expected images of shape (n, height, width, channels), received {x.shape}.")
        check_channels(x, self.data_format, "fit")
        if seed is not None:
            np.random.seed(seed)
        if self.rescale:
            x *= self.rescale
        if augment:
            x = np.stack([self.random_transform(image) for _ in range(rounds) for image in x]).astype(self.dtype)
        axes, shape = (0, self.row_axis, self.col_axis), [1, 1, 1]
        shape[self.channel_axis - 1] = x.shape[self.channel_axis]
        if self.featurewise_center:
            self.mean = np.mean(x, axis=axes).reshape(shape)
            x -= self.mean
        if self.featurewise_std_normalization:
            self.std = np.std(x, axis=axes).reshape(shape)
            x /= self.std + SMALL
        if self.zca_whitening:
            u, s, _ = np.linalg.svd(x.reshape(len(x), -1).T, full_matrices=False)
            self.zca_whitening_matrix = (u * (np.sqrt(len(x)) / (s + self.zca_epsilon))) @ u.T

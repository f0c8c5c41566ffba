"""What the sources of augmented images share: order, seeds and batches."""

import os
import threading

import numpy as np

from jkeras.core import config
from jkeras.core.connections import complete
from jkeras.preprocessing.image.pixels import CHANNELS, array_to_img
from jkeras.train.data_sequence import Sequence


class Iterator(Sequence):
    """Batches of row numbers without end, and by index; subclasses turn row numbers into a batch.

    Subclasses define ``_get_batches_of_transformed_samples(index_array)``. With `shuffle` every pass has a new order;
    with `seed` the draws of the n-th batch are those of numpy's generator seeded with ``seed + n``.

    Source: https://www.tensorflow.org/api_docs/python/tf/keras/preprocessing/image/Iterator.
    """

    white_list_formats = ("png", "jpg", "jpeg", "bmp", "ppm", "tif", "tiff")

    def __init__(self, n, batch_size, shuffle, seed):
        super().__init__()
        self.n, self.batch_size, self.shuffle, self.seed = n, batch_size, shuffle, seed
        self.batch_index = self.total_batches_seen = 0
        self.lock = threading.Lock()
        self.index_array = None

    def _set_index_array(self):
        self.index_array = np.random.permutation(self.n) if self.shuffle else np.arange(self.n)

    def _begin(self):
        if self.seed is not None:
            np.random.seed(self.seed + self.total_batches_seen)
        self.total_batches_seen += 1

    def __len__(self):
        return -(-self.n // self.batch_size)

    def __getitem__(self, idx):
        if not 0 <= idx < len(self):
            raise ValueError(f"Batch {idx} was asked for, but there are {len(self)}.")
        self._begin()
        if self.index_array is None:
            self._set_index_array()
        first = self.batch_size * idx
        return self._get_batches_of_transformed_samples(self.index_array[first : first + self.batch_size])

    def on_epoch_end(self):
        self._set_index_array()

    def reset(self):
        """The next batch is the first of a new pass."""
        self.batch_index = 0

    def _next_rows(self):
        self._begin()
        if self.batch_index == 0:
            self._set_index_array()
        first = self.batch_index * self.batch_size
        self.batch_index = self.batch_index + 1 if first + self.batch_size < self.n else 0
        return self.index_array[first : first + self.batch_size]

    def __iter__(self):
        return self

    def __next__(self):
        with self.lock:
            rows = self._next_rows()
        return self._get_batches_of_transformed_samples(rows)

    def next(self):
        """The next batch."""
        return next(self)

    def _get_batches_of_transformed_samples(self, index_array):
        raise NotImplementedError(
            f"{type(self).__name__} must define _get_batches_of_transformed_samples(index_array)."
        )

    def set_processing_attrs(
        self,
        image_data_generator,
        target_size,
        color_mode,
        data_format,
        save_to_dir,
        save_prefix,
        save_format,
        subset,
        interpolation,
        keep_aspect_ratio=False,
    ):
        """Sets what reading and changing images needs; subclasses of one's own call it before ``super().__init__``."""
        if color_mode not in CHANNELS:
            raise ValueError(f"color_mode must be one of {tuple(CHANNELS)}, received {color_mode!r}.")
        if subset not in (None, "training", "validation"):
            raise ValueError(f"subset must be 'training' or 'validation', received {subset!r}.")
        self.image_data_generator, self.color_mode = image_data_generator, color_mode
        self.target_size, self.interpolation = tuple(target_size), interpolation
        self.keep_aspect_ratio, self.data_format = keep_aspect_ratio, config.standardize_data_format(data_format)
        self.save_to_dir, self.save_prefix, self.save_format = save_to_dir, save_prefix, save_format
        channels = (CHANNELS[color_mode],)
        last = self.data_format == "channels_last"
        self.image_shape = self.target_size + channels if last else channels + self.target_size
        share = image_data_generator._validation_split if subset and image_data_generator else 0
        self.subset, self.split = subset, {"validation": (0, share), "training": (share, 1)}.get(subset)

    def _save(self, batch, rows, most):
        """Writes the images of a batch where `save_to_dir` says so, for a look at them."""
        if self.save_to_dir:
            for image, row in zip(batch, rows):
                name = f"{self.save_prefix}_{row}_{np.random.randint(most)}.{self.save_format}"
                array_to_img(image, self.data_format, scale=True).save(os.path.join(self.save_to_dir, name))

    def _augmented(self, image):
        generator = self.image_data_generator
        return generator.standardize(generator.apply_transform(image, generator.get_random_transform(image.shape)))


complete(Iterator)

"""Batches of augmented images from arrays."""

import warnings

import numpy as np

from jkeras.core import config
from jkeras.core.declare import takes_old_words
from jkeras.preprocessing.image.iterator import Iterator


class NumpyArrayIterator(Iterator):
    """Batches of augmented images from an array (n, height, width, channels) and labels; see `ImageDataGenerator.flow`.

    Source: https://www.tensorflow.org/api_docs/python/tf/keras/preprocessing/image/NumpyArrayIterator.
    """

    @takes_old_words(stable=12)
    def __init__(
        self,
        x,
        y,
        image_data_generator,
        batch_size=32,
        shuffle=False,
        sample_weight=None,
        seed=None,
        data_format=None,
        save_to_dir=None,
        save_prefix="",
        save_format="png",
        subset=None,
        ignore_class_split=False,
        dtype=None,
    ):
        self.dtype = dtype or config.floatx()
        self.data_format = config.standardize_data_format(data_format)
        x, extra = (x[0], x[1]) if isinstance(x, tuple | list) else (x, [])
        extra = [np.asarray(one) for one in (extra if isinstance(extra, list) else [extra])]
        parts = {"y": y, "sample_weight": sample_weight, **{f"x[1][{i}]": one for i, one in enumerate(extra)}}
        for name, part in parts.items():
            if part is not None and len(part) != len(x):
                raise ValueError(f"flow: {len(x)} images, but {name} has {len(part)} rows. They must be equally many.")
        if subset is not None:
            rows = self._subset(len(x), y, subset, image_data_generator._validation_split, ignore_class_split)
            x, extra = x[rows], [one[rows] for one in extra]
            y, sample_weight = (None if part is None else part[rows] for part in (y, sample_weight))
        self.x, self.x_misc = np.asarray(x, dtype=self.dtype), extra
        if self.x.ndim != 4:
            raise ValueError(f"flow: expected images of shape (n, height, width, channels), received {self.x.shape}.")
        check_channels(self.x, self.data_format, "flow")
        self.y = None if y is None else np.asarray(y)
        self.sample_weight = None if sample_weight is None else np.asarray(sample_weight)
        self.image_data_generator = image_data_generator
        self.save_to_dir, self.save_prefix, self.save_format = save_to_dir, save_prefix, save_format
        super().__init__(len(self.x), batch_size, shuffle, seed)

    @staticmethod
    def _subset(count, y, subset, share, ignore_class_split):
        if subset not in ("training", "validation"):
            raise ValueError(f"flow: subset must be 'training' or 'validation', received {subset!r}.")
        middle = int(count * share)
        if y is not None and not ignore_class_split and set(np.unique(y[:middle])) != set(np.unique(y[middle:])):
            raise ValueError(
                "flow: the training and the validation part do not have the same classes. If the images are sorted by "
                "class, shuffle them first."
            )
        return slice(None, middle) if subset == "validation" else slice(middle, None)

    def _get_batches_of_transformed_samples(self, index_array):
        batch = np.zeros((len(index_array), *self.x.shape[1:]), dtype=self.dtype)
        for i, row in enumerate(index_array):
            batch[i] = self._augmented(self.x[row].astype(self.dtype))
        self._save(batch, index_array, 10_000)
        x = [batch, *(one[index_array] for one in self.x_misc)] if self.x_misc else batch
        if self.y is None:
            return x
        weight = () if self.sample_weight is None else (self.sample_weight[index_array],)
        return (x, self.y[index_array], *weight)


def check_channels(x, data_format, where):
    axis = 3 if data_format == "channels_last" else 1
    if x.shape[axis] not in (1, 3, 4):
        warnings.warn(
            f"{where}: images have 1, 3 or 4 channels, but in {data_format} these have {x.shape[axis]} "
            f"(shape {x.shape}). Check data_format.",
            stacklevel=3,
        )

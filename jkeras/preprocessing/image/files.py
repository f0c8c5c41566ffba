"""Batches of augmented images from folders and from tables of file names."""

import os
import warnings

import numpy as np

from jkeras.core import config
from jkeras.core.declare import takes_old_words
from jkeras.preprocessing.image.iterator import Iterator
from jkeras.preprocessing.image.pixels import img_to_array, load_img
from jkeras.train.progress import print_msg


class FilesIterator(Iterator):
    """Reads, changes and stacks images whose paths are in `filepaths`; labels as `class_mode` says."""

    class_modes = ()

    def __init__(
        self, generator, target_size, color_mode, class_mode, batch_size, shuffle, seed, data_format, save, subset,
        interpolation, keep_aspect_ratio, dtype,
    ):  # fmt: skip
        if class_mode not in self.class_modes:
            raise ValueError(f"class_mode must be one of {self.class_modes}, received {class_mode!r}.")
        self.class_mode, self.dtype = class_mode, dtype or config.floatx()
        self.set_processing_attrs(
            generator, target_size, color_mode, data_format, *save, subset, interpolation, keep_aspect_ratio
        )
        self._order = batch_size, shuffle, seed

    def _found(self, filenames, folder):
        self.filenames, self.samples = filenames, len(filenames)
        self._filepaths = [os.path.join(folder, name) for name in filenames]
        super().__init__(self.samples, *self._order)

    def _in_split(self, rows):
        return rows if self.split is None else rows[int(self.split[0] * len(rows)) : int(self.split[1] * len(rows))]

    @property
    def filepaths(self):
        """The paths of the images, in the order of the rows."""
        return self._filepaths

    @property
    def labels(self):
        """The labels of the images: class numbers, or what the table has."""
        return self.classes

    @property
    def sample_weight(self):
        """The weights of the images, or None."""
        return None

    def _image(self, row):
        img = load_img(
            self._filepaths[row],
            color_mode=self.color_mode,
            target_size=self.target_size,
            interpolation=self.interpolation,
            keep_aspect_ratio=self.keep_aspect_ratio,
        )
        x = img_to_array(img, data_format=self.data_format)
        return self._augmented(x) if self.image_data_generator else x

    def _get_batches_of_transformed_samples(self, index_array):
        batch = np.zeros((len(index_array), *self.image_shape), dtype=self.dtype)
        for i, row in enumerate(index_array):
            batch[i] = self._image(row)
        self._save(batch, index_array, 10_000_000)
        if self.class_mode is None:
            return batch
        weight = () if self.sample_weight is None else (self.sample_weight[index_array],)
        return (batch, self._labels(batch, index_array), *weight)

    def _labels(self, batch, rows):
        if self.class_mode == "input":
            return batch.copy()
        if self.class_mode == "multi_output":
            return [output[rows] for output in self.labels]
        if self.class_mode == "raw":
            return self.labels[rows]
        if self.class_mode in ("binary", "sparse"):
            return np.array([self.classes[row] for row in rows], dtype=self.dtype)
        one_hot = np.zeros((len(rows), len(self.class_indices)), dtype=self.dtype)
        for i, row in enumerate(rows):
            one_hot[i, self.classes[row]] = 1.0
        return one_hot


class DirectoryIterator(FilesIterator):
    """Batches of augmented images from a folder of folders; see `ImageDataGenerator.flow_from_directory`.

    Source: https://www.tensorflow.org/api_docs/python/tf/keras/preprocessing/image/DirectoryIterator.
    """

    class_modes = ("categorical", "binary", "sparse", "input", None)

    @takes_old_words(stable=17)
    def __init__(
        self,
        directory,
        image_data_generator,
        target_size=(256, 256),
        color_mode="rgb",
        classes=None,
        class_mode="categorical",
        batch_size=32,
        shuffle=True,
        seed=None,
        data_format=None,
        save_to_dir=None,
        save_prefix="",
        save_format="png",
        follow_links=False,
        subset=None,
        interpolation="nearest",
        keep_aspect_ratio=False,
        dtype=None,
    ):
        super().__init__(
            image_data_generator, target_size, color_mode, class_mode, batch_size, shuffle, seed, data_format,
            (save_to_dir, save_prefix, save_format), subset, interpolation, keep_aspect_ratio, dtype,
        )  # fmt: skip
        self.directory = directory
        if not os.path.isdir(directory):
            raise ValueError(f"flow_from_directory: there is no folder {directory}.")
        classes = classes or sorted(
            name for name in os.listdir(directory) if os.path.isdir(os.path.join(directory, name))
        )
        self.num_classes, self.class_indices = len(classes), {name: i for i, name in enumerate(classes)}
        filenames, numbers = [], []
        for name in classes:
            found = self._in_split(list(self._files(os.path.join(directory, name), follow_links)))
            filenames += [os.path.relpath(path, directory) for path in found]
            numbers += [self.class_indices[name]] * len(found)
        if not filenames and subset is None:
            raise ValueError(
                f"flow_from_directory: no images in the folders of {directory} (looked for "
                f"{', '.join(self.white_list_formats)} in {list(classes)}). There must be one folder for each class."
            )
        self.classes = np.array(numbers, dtype="int32")
        print_msg(f"Found {len(filenames)} images belonging to {self.num_classes} classes.")
        self._found(filenames, directory)

    def _files(self, folder, follow_links):
        for root, _, names in sorted(os.walk(folder, followlinks=follow_links), key=lambda entry: entry[0]):
            for name in sorted(names):
                if name.lower().endswith(self.white_list_formats):
                    yield os.path.join(root, name)


class DataFrameIterator(FilesIterator):
    """Batches of augmented images named in a table; see `ImageDataGenerator.flow_from_dataframe`.

    Source: https://www.tensorflow.org/api_docs/python/tf/keras/preprocessing/image/DataFrameIterator.
    """

    class_modes = ("binary", "categorical", "input", "multi_output", "raw", "sparse", None)
    with_classes = ("binary", "categorical", "sparse")

    def __init__(
        self,
        dataframe,
        directory=None,
        image_data_generator=None,
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
        data_format="channels_last",
        save_to_dir=None,
        save_prefix="",
        save_format="png",
        subset=None,
        interpolation="nearest",
        keep_aspect_ratio=False,
        dtype="float32",
        validate_filenames=True,
    ):
        super().__init__(
            image_data_generator, target_size, color_mode, class_mode, batch_size, shuffle, seed, data_format,
            (save_to_dir, save_prefix, save_format), subset, interpolation, keep_aspect_ratio, dtype,
        )  # fmt: skip
        self.directory = directory or ""
        self._check(dataframe, x_col, y_col, weight_col, classes)
        table = self._existing(dataframe, x_col) if validate_filenames else dataframe
        if class_mode in self.with_classes:
            table, classes = self._of_classes(table, y_col, classes)
            self.class_indices = {name: i for i, name in enumerate(classes)}
        table = self._in_split(table)
        if class_mode in self.with_classes:
            self.classes = [self._numbers(label) for label in table[y_col]]
        elif class_mode == "multi_output":
            self._targets = [np.array(table[column].tolist()) for column in y_col]
        elif class_mode == "raw":
            self._targets = table[y_col].to_numpy()
        self._weights = table[weight_col].to_numpy() if weight_col else None
        kind = "validated" if validate_filenames else "non-validated"
        ending = f" belonging to {len(classes)} classes" if class_mode in self.with_classes else ""
        print_msg(f"Found {len(table)} {kind} image filenames{ending}.")
        self._found(table[x_col].tolist(), self.directory)

    def _check(self, table, x_col, y_col, weight_col, classes):
        mode = self.class_mode
        if mode == "multi_output" and not isinstance(y_col, list):
            raise TypeError(f"class_mode='multi_output' needs a list of columns as y_col, received {y_col!r}.")
        if not all(isinstance(name, str) for name in table[x_col]):
            raise TypeError(f"flow_from_dataframe: all values of the column x_col={x_col!r} must be strings.")
        kinds = (str, list, tuple) if mode == "categorical" else (str,)
        if mode in self.with_classes and not all(isinstance(label, kinds) for label in table[y_col]):
            raise TypeError(
                f"flow_from_dataframe: class_mode={mode!r} needs strings in y_col={y_col!r}. Convert the "
                "column with .astype(str), or use class_mode='raw' for numbers."
            )
        if mode == "binary":
            count = len(set(classes)) if classes else table[y_col].nunique()
            if count != 2:
                raise ValueError(f"flow_from_dataframe: class_mode='binary' needs two classes, found {count}.")
        if classes and mode not in self.with_classes:
            raise ValueError(f"flow_from_dataframe: classes has no meaning with class_mode={mode!r}. Leave it out.")
        if weight_col and not np.issubdtype(table[weight_col].to_numpy().dtype, np.number):
            raise TypeError(f"flow_from_dataframe: the column weight_col={weight_col!r} must hold numbers.")

    def _existing(self, table, x_col):
        paths = [os.path.join(self.directory, name) for name in table[x_col]]
        there = [path.lower().endswith(self.white_list_formats) and os.path.isfile(path) for path in paths]
        if not all(there):
            warnings.warn(
                f"flow_from_dataframe: {there.count(False)} of {len(there)} names in {x_col!r} are no images in "
                f"{self.directory or '.'!r}; they are left out.",
                stacklevel=4,
            )
        return table[there]

    @staticmethod
    def _of_classes(table, y_col, classes):
        """The rows that have one of the classes, with only these, and the classes in order."""
        names = [list(label) if isinstance(label, list | tuple) else [label] for label in table[y_col]]
        if not classes:
            return table, sorted({name for one in names for name in one})
        classes = list(dict.fromkeys(classes))
        kept = [[name for name in one if name in classes] for one in names]
        table = table.assign(
            **{y_col: [k if isinstance(l, list | tuple) else (k or [None])[0] for k, l in zip(kept, table[y_col])]}
        )
        return table[[bool(one) for one in kept]], classes

    def _numbers(self, label):
        if isinstance(label, list | tuple):
            return [self.class_indices[name] for name in label]
        return self.class_indices[label]

    @property
    def labels(self):
        return self._targets if self.class_mode in ("multi_output", "raw") else self.classes

    @property
    def sample_weight(self):
        return self._weights

"""Data sets from folders of images, texts and sounds."""

import wave

import numpy as np

from jkeras.core import config
from jkeras.utils import resizing
from jkeras.utils.from_directory import dataset_from_directory

IMAGES = (".bmp", ".gif", ".jpeg", ".jpg", ".png")
COLORS = ("grayscale", "rgb", "rgba")


def image_dataset_from_directory(
    directory,
    labels="inferred",
    label_mode="int",
    class_names=None,
    color_mode="rgb",
    batch_size=32,
    image_size=(256, 256),
    shuffle=True,
    seed=None,
    validation_split=None,
    subset=None,
    interpolation="bilinear",
    follow_links=False,
    crop_to_aspect_ratio=False,
    pad_to_aspect_ratio=False,
    data_format=None,
    format="tf",
    verbose=True,
):
    """Batches (images, labels) from a folder that has one folder for each class, read as they are needed.

    Images: float32 of shape (batch, *image_size, channels), 0 to 255, resized as they are, or after cutting
    (`crop_to_aspect_ratio`), or with zeros around them (`pad_to_aspect_ratio`). Labels by `label_mode`: "int" (batch,),
    "binary" (batch, 1), "categorical" (batch, classes), None. ``subset="both"`` gives two data sets. The result has
    `class_names` and `file_paths` and the methods of tf.data (`map`, `cache`, `shuffle`, `take`, `prefetch`, ...).

    Source: https://keras.io/api/data_loading/image/#image_dataset_from_directory-function.

    Raises ValueError for a folder without images and for arguments that do not fit together, ImportError without
    pillow.
    """
    from jkeras.preprocessing.image.pixels import load_img

    if color_mode not in COLORS:
        raise ValueError(f"color_mode must be one of {COLORS}, received {color_mode!r}.")
    if interpolation not in resizing.INTERPOLATIONS:
        raise ValueError(f"interpolation must be one of {resizing.INTERPOLATIONS}, received {interpolation!r}.")
    if not isinstance(image_size, list | tuple) or len(image_size) != 2:
        raise ValueError(f"image_size must be (height, width), received {image_size!r}.")
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ValueError("Only one of crop_to_aspect_ratio and pad_to_aspect_ratio can be set.")
    data_format, size = config.standardize_data_format(data_format), tuple(image_size)
    resize = resizing.crop_and_resize if crop_to_aspect_ratio else resizing.resize
    resize = resizing.resize_and_pad if pad_to_aspect_ratio else resize

    def load(path):
        x = np.asarray(load_img(path, color_mode=color_mode))
        x = resize(x if x.ndim == 3 else x[:, :, None], size, interpolation)
        return x.transpose(2, 0, 1) if data_format == "channels_first" else x

    return dataset_from_directory(
        directory,
        load,
        IMAGES,
        labels=labels,
        label_mode=label_mode,
        class_names=class_names,
        batch_size=batch_size,
        shuffle=shuffle,
        seed=seed,
        validation_split=validation_split,
        subset=subset,
        follow_links=follow_links,
        format=format,
        verbose=verbose,
    )


def text_dataset_from_directory(
    directory,
    labels="inferred",
    label_mode="int",
    class_names=None,
    batch_size=32,
    max_length=None,
    shuffle=True,
    seed=None,
    validation_split=None,
    subset=None,
    follow_links=False,
    format="tf",
    verbose=True,
):
    """Batches (texts, labels) from a folder of .txt files with one folder for each class.

    Texts: an object array (batch,) of strings, cut to `max_length` characters. Everything else as in
    `image_dataset_from_directory`.

    Source: https://keras.io/api/data_loading/text/#text_dataset_from_directory-function.

    Raises ValueError for a folder without texts and for arguments that do not fit together.
    """

    def load(path):
        with open(path, encoding="utf-8") as file:
            return np.asarray(file.read() if max_length is None else file.read(max_length), dtype=object)

    return dataset_from_directory(
        directory,
        load,
        (".txt",),
        labels=labels,
        label_mode=label_mode,
        class_names=class_names,
        batch_size=batch_size,
        shuffle=shuffle,
        seed=seed,
        validation_split=validation_split,
        subset=subset,
        follow_links=follow_links,
        format=format,
        verbose=verbose,
    )


def audio_dataset_from_directory(
    directory,
    labels="inferred",
    label_mode="int",
    class_names=None,
    batch_size=32,
    sampling_rate=None,
    output_sequence_length=None,
    ragged=False,
    shuffle=True,
    seed=None,
    validation_split=None,
    subset=None,
    follow_links=False,
    verbose=True,
):
    """Batches (sounds, labels) from a folder of 16-bit .wav files with one folder for each class.

    Sounds: float32 of shape (batch, time, channels), -1 to 1, filled with zeros to the longest of the batch, or cut
    and filled to `output_sequence_length`; with `ragged` an object array of arrays of their own lengths.
    `sampling_rate` (Hz) resamples linearly. Everything else as in `image_dataset_from_directory`.

    Source: https://keras.io/api/data_loading/audio/#audio_dataset_from_directory-function.

    Raises ValueError for a folder without sounds and for arguments that do not fit together.
    """
    if ragged and output_sequence_length is not None:
        raise ValueError("Only one of ragged and output_sequence_length can be set.")
    if sampling_rate is not None and (not isinstance(sampling_rate, int) or sampling_rate <= 0):
        raise ValueError(f"sampling_rate must be a positive integer (Hz), received {sampling_rate!r}.")

    def load(path):
        x, rate = read_wav(path)
        if sampling_rate is not None and sampling_rate != rate:
            x = resample(x, rate, sampling_rate)
        if output_sequence_length is not None:
            x = x[:output_sequence_length]
            x = np.pad(x, ((0, output_sequence_length - len(x)), (0, 0)))
        return x

    def batch(data, size):
        if ragged:
            return data.map(lambda x, *y: (boxed(x), *y) if y else boxed(x)).batch(size)
        return data.padded_batch(size) if output_sequence_length is None else data.batch(size)

    return dataset_from_directory(
        directory,
        load,
        (".wav",),
        labels=labels,
        label_mode=label_mode,
        class_names=class_names,
        batch_size=batch_size,
        shuffle=shuffle,
        seed=seed,
        validation_split=validation_split,
        subset=subset,
        follow_links=follow_links,
        format="tf",
        verbose=verbose,
        batch=batch,
    )


def read_wav(path):
    """(samples (time, channels) from -1 to 1, rate in Hz) of a 16-bit PCM file."""
    try:
        with wave.open(str(path), "rb") as file:
            if file.getsampwidth() != 2:
                raise ValueError(f"{path}: only 16-bit PCM is read, this file has {8 * file.getsampwidth()} bits.")
            data = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, file.getnchannels())
            return data.astype("float32") / 32768, file.getframerate()
    except (wave.Error, EOFError) as error:
        raise ValueError(f"{path} is no WAV file that can be read: {error}.") from error


def resample(x, rate, wanted):
    times = np.arange(int(round(len(x) * wanted / rate))) * (rate / wanted)
    return np.stack([np.interp(times, np.arange(len(x)), channel) for channel in x.T], axis=1).astype("float32")


def boxed(x):
    """The array as a single object, so that arrays of different lengths can be stacked."""
    box = np.empty((), dtype=object)
    box[()] = x
    return box

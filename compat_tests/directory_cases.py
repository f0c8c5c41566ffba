"""Cases for data sets of keras.utils: resized images, windows, folders, splits. Run alike on tf_keras and jkeras.

`results(keras, folder)` gives name -> array or JSON value; the folder is made by `make_folder`.
"""

import os
import wave

import numpy as np

SIZES = ((5, 7), (13, 6), (8, 8))
METHODS = ("bilinear", "nearest", "bicubic", "area", "lanczos3", "lanczos5", "gaussian", "mitchellcubic")


def make_folder(folder, save):
    """images/, texts/ and sounds/ with the classes a and b; `save(path, array)` writes an image."""
    rng = np.random.default_rng(0)
    for kind in ("images", "texts", "sounds"):
        for name, count in (("a", 3), ("b", 2)):
            os.makedirs(os.path.join(folder, kind, name, "deep"))
            for i in range(count):
                path = os.path.join(folder, kind, name, "deep" if i == 1 else "", str(i))
                if kind == "images":
                    save(path + ".png", rng.integers(0, 256, (9, 11 + i, 3)).astype("uint8"))
                elif kind == "texts":
                    with open(path + ".txt", "w") as file:
                        file.write(f"{name} number {i}: " + "word " * i)
                else:
                    write_wav(path + ".wav", rng.integers(-30000, 30000, (10 + 3 * i, 2)).astype("<i2"))


def write_wav(path, samples, rate=100):
    with wave.open(path, "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())


def elements(data):
    """The elements, each part as a numpy array (texts as strings)."""
    out = []
    for element in data:
        parts = element if isinstance(element, tuple) else (element,)
        out.append([plain(part) for part in parts])
    return out


def plain(part):
    part = np.asarray(part.numpy() if hasattr(part, "numpy") else part)
    return (
        [one.decode() if isinstance(one, bytes) else str(one) for one in part.ravel()] if part.dtype == object else part
    )


def flat(prefix, data):
    return {f"{prefix} {i}.{j}": part for i, parts in enumerate(elements(data)) for j, part in enumerate(parts)}


def windows(keras):
    data, targets, out = np.arange(60).reshape(30, 2), np.arange(30) * 10, {}
    for i, options in enumerate(
        [
            {"batch_size": 4},
            {"sequence_stride": 3, "sampling_rate": 2, "batch_size": 3},
            {"start_index": 4, "end_index": 20},
            {"batch_size": None, "sequence_stride": 9},
        ]
    ):
        out |= flat(f"windows {i}", keras.utils.timeseries_dataset_from_array(data, targets, 4, **options))
    out |= flat("windows alone", keras.utils.timeseries_dataset_from_array(data, None, 5, batch_size=8))
    return out


def splits(keras):
    x, y, out = np.arange(20).reshape(10, 2), np.arange(10), {}
    for i, (data, options) in enumerate(
        [
            (x, {"left_size": 0.8}),
            ((x, y), {"right_size": 3}),
            ([x, y], {"left_size": 2, "right_size": 5}),
            (x, {"left_size": 0.5, "shuffle": True, "seed": 3}),
        ]
    ):
        for side, part in zip(("left", "right"), keras.utils.split_dataset(data, **options)):
            out |= flat(f"split {i} {side}", part)
    return out


def folders(keras, folder):
    out, options = {}, {"shuffle": False, "verbose": False} if keras.__name__ == "jkeras" else {"shuffle": False}
    images = os.path.join(folder, "images")
    for method in METHODS:
        for size in SIZES:
            data = keras.utils.image_dataset_from_directory(images, image_size=size, interpolation=method, **options)
            out[f"images {method} {size}"] = elements(data)[0][0]
    for i, more in enumerate(
        [
            {"label_mode": "categorical", "batch_size": 2},
            {"label_mode": "binary"},
            {"label_mode": None, "batch_size": None},
            {"labels": [4, 3, 2, 1, 0]},
            {"color_mode": "rgba"},
            {"validation_split": 0.4, "subset": "training"},
            {"validation_split": 0.4, "subset": "validation"},
            {"crop_to_aspect_ratio": True},
        ]
    ):
        data = keras.utils.image_dataset_from_directory(images, image_size=(4, 6), **options, **more)
        out |= flat(f"folder {i}", data)
        if i not in (2, 3):  # without inferred labels: tf_keras [""] and numbers, Keras 3 None and strings
            out[f"folder {i} classes"] = data.class_names
        out[f"folder {i} files"] = [os.path.relpath(path, folder) for path in data.file_paths]
    data = keras.utils.image_dataset_from_directory(
        images, validation_split=0.4, subset="training", seed=7, image_size=(4, 6), **{**options, "shuffle": True}
    )
    out["folder shuffled files"] = [os.path.relpath(path, folder) for path in data.file_paths]
    texts = os.path.join(folder, "texts")
    out |= flat("texts", keras.utils.text_dataset_from_directory(texts, **options))
    out |= flat("texts cut", keras.utils.text_dataset_from_directory(texts, max_length=3, label_mode=None, **options))
    sounds = os.path.join(folder, "sounds")
    out |= flat("sounds", keras.utils.audio_dataset_from_directory(sounds, batch_size=3, **options))
    out |= flat("sounds cut", keras.utils.audio_dataset_from_directory(sounds, output_sequence_length=12, **options))
    return out


def results(keras, folder):
    return {**windows(keras), **splits(keras), **folders(keras, folder)}

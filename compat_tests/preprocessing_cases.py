"""Cases for keras.preprocessing, run alike on the real Keras and on jkeras.

`results(keras)` gives name -> array or JSON value. Seeds stand in the cases. Only numpy and the standard library here.
"""

import random

import numpy as np

TEXTS = ["The cat sat on the mat.", "The dog, the DOG!", "A cat: a dog & a cat", "", "don't stop"]
RAGGED = [[1, 2, 3, 4], [5], [], [6, 7]]
TURNS = {"theta": 30, "tx": 2, "ty": -1.5, "shear": 20, "zx": 0.8, "zy": 1.3}


def image(channels_first=False):
    x = np.random.default_rng(0).uniform(0, 255, (9, 12, 3)).astype("float32")
    return np.moveaxis(x, -1, 0) if channels_first else x


def images(channels=3):
    return np.random.default_rng(1).uniform(0, 255, (10, 6, 8, channels)).astype("float32")


def sequences(keras):
    sequence, out = keras.preprocessing.sequence, {}
    for padding in ("pre", "post"):
        for truncating in ("pre", "post"):
            for maxlen in (None, 3):
                padded = sequence.pad_sequences(RAGGED, maxlen, padding=padding, truncating=truncating, value=9)
                out[f"pad {padding} {truncating} {maxlen}"] = padded
    nested = [[[1, 2]], [[3, 4], [5, 6]], []]
    out["pad nested"] = sequence.pad_sequences(nested, dtype="float32")
    out["sampling table"] = sequence.make_sampling_table(20, 1e-3)
    for i, options in enumerate(
        [{}, {"window_size": 1, "negative_samples": 0.5}, {"shuffle": False, "categorical": True}, {"seed": 5}]
    ):
        random.seed(3)
        couples, labels = sequence.skipgrams([1, 2, 0, 3, 4, 5], 6, **options)
        out[f"skipgrams {i}"] = [[[int(n) for n in couple] for couple in couples], labels]
    random.seed(3)
    table = sequence.make_sampling_table(10)
    out["skipgrams table"] = list(sequence.skipgrams(list(range(1, 10)) * 5, 10, sampling_table=table * 100))
    data, targets = np.arange(40).reshape(20, 2), np.arange(20)
    for i, options in enumerate(
        [
            {"length": 4, "batch_size": 3},
            {"length": 6, "sampling_rate": 2, "stride": 3, "batch_size": 2, "reverse": True},
            {"length": 3, "start_index": 5, "end_index": 12, "batch_size": 4},
        ]
    ):
        windows = sequence.TimeseriesGenerator(data, targets, **options)
        out[f"windows {i} length"] = len(windows)
        for part, name in enumerate("xy"):
            out[f"windows {i} {name}"] = np.concatenate([windows[k][part] for k in range(len(windows))])
        out[f"windows {i} json"] = windows.to_json()
    np.random.seed(4)
    out["windows shuffled"] = sequence.TimeseriesGenerator(data, targets, 4, shuffle=True, batch_size=5)[0][1]
    return out


def texts(keras):
    text, out = keras.preprocessing.text, {}
    out["words"] = [text.text_to_word_sequence(one) for one in TEXTS]
    out["words kept"] = [text.text_to_word_sequence(one, filters="!", lower=False, split=",") for one in TEXTS]
    out["hashes"] = [text.hashing_trick(one, 30, "md5") for one in TEXTS]
    for name, options in {
        "plain": {},
        "few": {"num_words": 4},
        "few with oov": {"num_words": 4, "oov_token": "?"},
        "chars": {"char_level": True},
        "as written": {"lower": False, "filters": "."},
    }.items():
        tokenizer = text.Tokenizer(**options)
        tokenizer.fit_on_texts(TEXTS)
        tokenizer.fit_on_texts([["Split", "already"], ["cat"]])
        numbers = tokenizer.texts_to_sequences([*TEXTS, "unknown cat", ["cat", "Other"]])
        out[f"tokenizer {name} index"] = tokenizer.word_index
        out[f"tokenizer {name} numbers"] = numbers
        out[f"tokenizer {name} back"] = tokenizer.sequences_to_texts(numbers)
        for mode in ("binary", "count", "freq", "tfidf"):
            out[f"tokenizer {name} {mode}"] = tokenizer.sequences_to_matrix(numbers, mode)
        config = tokenizer.get_config()
        out[f"tokenizer {name} config"] = {k: v for k, v in config.items() if k != "word_docs" and k != "index_docs"}
    tokenizer = text.Tokenizer(num_words=8)
    tokenizer.fit_on_sequences(RAGGED)
    out["tokenizer of numbers"] = tokenizer.sequences_to_matrix(RAGGED, "tfidf")
    return out


def transforms(keras):
    module, out = keras.preprocessing.image, {}
    last = {"row_axis": 0, "col_axis": 1, "channel_axis": 2}
    for name, value in TURNS.items():
        out[f"affine {name}"] = module.apply_affine_transform(image(), **{name: value}, **last)
    for mode in ("nearest", "constant", "reflect", "wrap"):
        out[f"affine all {mode}"] = module.apply_affine_transform(image(True), **TURNS, fill_mode=mode, cval=7.0)
    randoms = {
        "rotation": lambda x: module.random_rotation(x, 40),
        "shift": lambda x: module.random_shift(x, 0.3, 0.2),
        "shear": lambda x: module.random_shear(x, 30),
        "zoom": lambda x: module.random_zoom(x, (0.5, 1.5)),
        "channel shift": lambda x: module.random_channel_shift(x, 60.0),
    }
    for name, change in randoms.items():
        np.random.seed(11)
        out[f"random {name}"] = change(image(True))
    np.random.seed(11)
    out["random brightness"] = module.random_brightness(image(), (0.5, 1.5))
    out["brightness"] = module.apply_brightness_shift(image(), 0.7)
    out["to image scaled"] = np.asarray(module.array_to_img(image() - 50))
    out["to image as it is"] = np.asarray(module.array_to_img(image(), scale=False))
    out["to image gray"] = np.asarray(module.array_to_img(image()[..., :1], scale=False))
    out["to image deep"] = np.asarray(module.array_to_img(image()[..., :1] * 9, scale=False))
    out["to array"] = module.img_to_array(module.array_to_img(image()), data_format="channels_first")
    return out


GENERATORS = {
    "nothing": {},
    "rescale": {"rescale": 1 / 255},
    "function": {"preprocessing_function": lambda x: x / 2, "rescale": 0.5},
    "samplewise": {"samplewise_center": True, "samplewise_std_normalization": True},
    "featurewise": {"featurewise_center": True, "featurewise_std_normalization": True},
    "zca": {"featurewise_center": True, "zca_whitening": True, "zca_epsilon": 0.1},
    "rotate": {"rotation_range": 40},
    "shift": {"width_shift_range": 0.2, "height_shift_range": 0.3},
    "shift pixels": {"width_shift_range": 3, "height_shift_range": [1, 2]},
    "shear and zoom": {"shear_range": 20, "zoom_range": 0.3},
    "zoom pair": {"zoom_range": (0.5, 0.9), "fill_mode": "constant", "cval": 3.0},
    "flips": {"horizontal_flip": True, "vertical_flip": True},
    "colours": {"channel_shift_range": 50.0, "brightness_range": (0.4, 1.4)},
    "everything": {
        "rotation_range": 20,
        "width_shift_range": 0.1,
        "height_shift_range": 0.1,
        "shear_range": 10,
        "zoom_range": 0.2,
        "channel_shift_range": 20.0,
        "horizontal_flip": True,
        "vertical_flip": True,
        "rescale": 1 / 255,
    },
}


def generators(keras):
    out = {}
    for name, options in GENERATORS.items():
        generator = keras.preprocessing.image.ImageDataGenerator(**options)
        generator.fit(images(), seed=2)
        batches = generator.flow(images(), np.arange(10), batch_size=4, seed=21)
        for i in range(4):  # into the second pass
            out[f"flow {name} {i} x"], out[f"flow {name} {i} y"] = next(batches)
    generator = keras.preprocessing.image.ImageDataGenerator(featurewise_center=True, rotation_range=30)
    generator.fit(images(1), augment=True, rounds=2, seed=3)
    out["fit augmented"] = generator.mean
    generator = keras.preprocessing.image.ImageDataGenerator(validation_split=0.3)
    for subset in ("training", "validation"):
        # No weights here: Keras takes those of other rows in a subset, jkeras those of the rows.
        flow = generator.flow(images(), np.arange(10) % 2, shuffle=False, subset=subset)
        for i, part in enumerate(next(flow)):
            out[f"flow {subset} {i}"] = part
    flow = keras.preprocessing.image.ImageDataGenerator().flow(
        (images(), np.arange(10)), np.arange(10), batch_size=3, seed=5
    )
    (x, extra), y = flow[1]
    out["flow two inputs"] = [extra.tolist(), y.tolist(), round(float(x.sum()))]
    return out


def results(keras):
    return {**sequences(keras), **texts(keras), **transforms(keras), **generators(keras)}

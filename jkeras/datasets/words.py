"""What IMDB and Reuters share: texts as lists of word ranks."""

import json

import numpy as np

from jkeras.datasets.safe_arrays import load_npz


def load_sequences(path, *names):
    """The arrays of these names in an npz file; raises ValueError where one is missing."""
    arrays = load_npz(path)
    missing = [name for name in names if name not in arrays]
    if missing:
        raise ValueError(f"{path} is not the npz file expected: it has no {missing}.")
    return [arrays[name] for name in names]


def shuffled(x, y, rng):
    """Both arrays in one order, drawn from a `RandomState`."""
    order = np.arange(len(x))
    rng.shuffle(order)
    return x[order], y[order]


def shift(texts, start_char, index_from):
    """Word ranks moved up by `index_from`, with `start_char` in front unless it is None."""
    front = [] if start_char is None else [start_char]
    return [front + [word + index_from for word in text] for text in texts]


def shorter_than(maxlen, texts, labels):
    """The texts of fewer than `maxlen` words, and their labels."""
    kept = [i for i, text in enumerate(texts) if len(text) < maxlen]
    if not kept:
        raise ValueError(f"No text has fewer than maxlen={maxlen} words. Increase maxlen.")
    return [texts[i] for i in kept], labels[kept]


def limit(texts, num_words, skip_top, oov_char):
    """Words outside skip_top <= rank < num_words become `oov_char`, or are left out where that is None."""
    if oov_char is None:
        return [[word for word in text if skip_top <= word < num_words] for text in texts]
    return [[word if skip_top <= word < num_words else oov_char for word in text] for text in texts]


def ragged(texts):
    """An object array with one list an entry, also where all have one length."""
    array = np.empty(len(texts), dtype=object)
    for i, text in enumerate(texts):
        array[i] = text
    return array


def read_index(path):
    """The dict that a JSON file holds."""
    with open(path, encoding="utf-8") as file:
        return json.load(file)

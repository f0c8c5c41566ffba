"""IMDB: 50,000 film reviews, positive or negative, as word ranks (A. L. Maas and others, 2011)."""

import numpy as np

from jkeras.core.declare import takes_old_words
from jkeras.datasets import words
from jkeras.datasets.fetch import fetch
from jkeras.utils.file_utils import get_file as get_file  # Keras 2 offers it here

HASH = "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"
INDEX_HASH = "bfafd718b763782e994055a2d397834f"


@takes_old_words
def load_data(
    path="imdb.npz",
    num_words=None,
    skip_top=0,
    maxlen=None,
    seed=113,
    start_char=1,
    oov_char=2,
    index_from=3,
    cache_dir=None,
):
    """(x_train, y_train), (x_test, y_test) of 25,000 reviews each, downloaded once and cached.

    x: object arrays of lists of integers, the rank of each word among all by frequency plus `index_from`, after
    `start_char`; words outside ``skip_top <= index < num_words`` become `oov_char` (or are left out where it is
    None); only reviews shorter than `maxlen` are kept. y: 1 positive, 0 negative. `seed` fixes the order. 0 is free
    for padding. `cache_dir` replaces the folder $KERAS_HOME (~/.keras).

    Source: https://keras.io/api/datasets/imdb.

    Raises ValueError where the cached file has another hash or no review is short enough, OSError where it cannot be
    downloaded.
    """
    file = fetch(path, "imdb.npz", HASH, cache_dir)
    x_train, y_train, x_test, y_test = words.load_sequences(file, "x_train", "y_train", "x_test", "y_test")
    rng = np.random.RandomState(seed)
    parts = []
    for x, y in ((x_train, y_train), (x_test, y_test)):
        x, y = words.shuffled(x, y, rng)
        texts = words.shift(x, start_char, index_from if start_char is not None or index_from else 0)
        parts.append(words.shorter_than(maxlen, texts, y) if maxlen else (texts, y))
    highest = num_words or max(max(text) for texts, _ in parts for text in texts)
    return tuple((words.ragged(words.limit(texts, highest, skip_top, oov_char)), y) for texts, y in parts)


def get_word_index(path="imdb_word_index.json"):
    """Dict from word to its rank by frequency (from 1); add `index_from` to get the numbers of `load_data`.

    Source: https://keras.io/api/datasets/imdb.

    Raises ValueError where the cached file has another hash, OSError where it cannot be downloaded.
    """
    return words.read_index(fetch(path, "imdb_word_index.json", INDEX_HASH))

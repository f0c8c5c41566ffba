"""Reuters: 11,228 newswires in 46 topics, as word ranks (D. D. Lewis's Reuters-21578)."""

import numpy as np

from jkeras.core.declare import takes_old_words
from jkeras.datasets import words
from jkeras.datasets.fetch import fetch
from jkeras.utils.file_utils import get_file as get_file  # Keras 2 offers it here

HASH = "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916"
INDEX_HASH = "4d44cc38712099c9e383dc6e5f11a921"
LABELS = (
    "cocoa grain veg-oil earn acq wheat copper housing money-supply coffee sugar trade reserves ship cotton carcass "
    "crude nat-gas cpi money-fx interest gnp meal-feed alum oilseed gold tin strategic-metal livestock retail ipi "
    "iron-steel rubber heat jobs lei bop zinc orange pet-chem dlr gas silver wpi hog lead"
)


@takes_old_words
def load_data(
    path="reuters.npz",
    num_words=None,
    skip_top=0,
    maxlen=None,
    test_split=0.2,
    seed=113,
    start_char=1,
    oov_char=2,
    index_from=3,
    cache_dir=None,
):
    """(x_train, y_train), (x_test, y_test) of newswires and their topics, downloaded once and cached.

    x: object arrays of 8,982 and 2,246 lists of integers (for a `test_split` of 0.2), the rank of each word among all
    by frequency plus `index_from`, after `start_char`; words outside ``skip_top <= index < num_words`` become
    `oov_char` (or are left out where it is None); only wires shorter than `maxlen` are kept. y: the topic, 0 to 45.
    `seed` fixes the order. `cache_dir` replaces the folder $KERAS_HOME (~/.keras).

    Source: https://keras.io/api/datasets/reuters.

    Raises ValueError where the cached file has another hash or no wire is short enough, OSError where it cannot be
    downloaded.
    """
    x, y = words.load_sequences(fetch(path, "reuters.npz", HASH, cache_dir), "x", "y")
    x, y = words.shuffled(x, y, np.random.RandomState(seed))
    texts = words.shift(x, start_char, index_from)
    if maxlen:
        texts, y = words.shorter_than(maxlen, texts, y)
    texts = words.limit(texts, num_words or max(map(max, texts)), skip_top, oov_char)
    count = int(len(texts) * (1 - test_split))
    return (words.ragged(texts[:count]), y[:count]), (words.ragged(texts[count:]), y[count:])


def get_word_index(path="reuters_word_index.json"):
    """Dict from word to its rank by frequency (from 1); add `index_from` to get the numbers of `load_data`.

    Source: https://keras.io/api/datasets/reuters.

    Raises ValueError where the cached file has another hash, OSError where it cannot be downloaded.
    """
    return words.read_index(fetch(path, "reuters_word_index.json", INDEX_HASH))


def get_label_names():
    """The names of the 46 topics, in the order of the labels.

    Source: https://keras.io/api/datasets/reuters.

    >>> len(get_label_names()), get_label_names()[3]
    (46, 'earn')
    """
    return tuple(LABELS.split())

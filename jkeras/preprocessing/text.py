"""Texts as numbers: words, hashes, and the Tokenizer."""

import hashlib
import json
from collections import Counter, OrderedDict, defaultdict

import numpy as np

from jkeras.core.declare import takes_old_words

FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'
MODES = ("binary", "count", "freq", "tfidf")


def base_filter():
    """The characters that are no part of a word (Keras 1: with the apostrophe left out, too).

    >>> "," in base_filter(), "'" in base_filter()
    (True, False)
    """
    return FILTERS


@takes_old_words(renamed=("input_text",))
def text_to_word_sequence(input_text, filters=FILTERS, lower=True, split=" "):
    """The words of a text: `filters` are characters that separate as `split` does.

    Source: https://www.tensorflow.org/api_docs/python/tf/keras/preprocessing/text/text_to_word_sequence.

    >>> text_to_word_sequence("One, two: don't stop!")
    ['one', 'two', "don't", 'stop']
    """
    text = input_text.lower() if lower else input_text
    text = text.translate(str.maketrans(dict.fromkeys(filters, split)))
    return [word for word in text.split(split) if word]


def hashing_trick(text, n, hash_function=None, filters=FILTERS, lower=True, split=" ", analyzer=None):
    """The words of a text as numbers from 1 to n - 1, by a hash; different words may get the same number.

    `hash_function` is None (Python's `hash`, another one in every process), "md5", or a function of a word;
    `analyzer` a function that splits the text.

    Source: https://www.tensorflow.org/api_docs/python/tf/keras/preprocessing/text/hashing_trick.

    >>> hashing_trick("to be or not to be", 50, "md5")
    [15, 5, 8, 36, 15, 5]
    """
    if hash_function is None:
        hash_function = hash
    elif hash_function == "md5":
        hash_function = md5
    words = analyzer(text) if analyzer else text_to_word_sequence(text, filters, lower, split)
    return [hash_function(word) % (n - 1) + 1 for word in words]


def md5(word):
    return int(hashlib.md5(word.encode(), usedforsecurity=False).hexdigest(), 16)


@takes_old_words(renamed=("input_text",))
def one_hot(input_text, n, filters=FILTERS, lower=True, split=" ", analyzer=None):
    """The words of a text as numbers from 1 to n - 1, by Python's hash (another one in every process).

    Source: https://www.tensorflow.org/api_docs/python/tf/keras/preprocessing/text/one_hot.

    >>> numbers = one_hot("to be or not to be", 50)
    >>> numbers[:2] == numbers[4:]
    True
    """
    return hashing_trick(input_text, n, hash, filters, lower, split, analyzer)


class Tokenizer:
    """Learns the words of texts and turns texts into lists of word ranks (from 1, the most frequent) or into rows.

    Only ranks below `num_words` are used. With `char_level` every character is a word. Words that are not known or
    not among the first are left out, or become `oov_token`, which then has rank 1. `analyzer` is a function that
    splits a text.

    Source: https://www.tensorflow.org/api_docs/python/tf/keras/preprocessing/text/Tokenizer.

    >>> tokenizer = Tokenizer()
    >>> tokenizer.fit_on_texts(["the cat sat", "the dog"])
    >>> tokenizer.word_index
    {'the': 1, 'cat': 2, 'sat': 3, 'dog': 4}
    >>> tokenizer.texts_to_sequences(["The dog sat down."])
    [[1, 4, 3]]
    >>> tokenizer.texts_to_matrix(["the dog"])
    array([[0., 1., 0., 0., 1.]])
    """

    @takes_old_words(stable=7)
    def __init__(
        self,
        num_words=None,
        filters=FILTERS,
        lower=True,
        split=" ",
        char_level=False,
        oov_token=None,
        analyzer=None,
        document_count=0,
    ):
        self.num_words, self.filters, self.lower, self.split = num_words, filters, lower, split
        self.char_level, self.oov_token, self.analyzer = char_level, oov_token, analyzer
        self.document_count = document_count
        self.word_counts = OrderedDict()
        self.word_docs, self.index_docs = defaultdict(int), defaultdict(int)
        self.word_index, self.index_word = {}, {}

    def _words(self, text):
        """The words of a text, or of a list that is split already."""
        if self.char_level or isinstance(text, list):
            if self.lower:
                text = [word.lower() for word in text] if isinstance(text, list) else text.lower()
            return text
        if self.analyzer is not None:
            return self.analyzer(text)
        return text_to_word_sequence(text, self.filters, self.lower, self.split)

    def fit_on_texts(self, texts):
        """Counts the words of texts, given as a list or generator of strings or of lists of words."""
        for text in texts:
            self.document_count += 1
            words = self._words(text)
            for word in words:
                self.word_counts[word] = self.word_counts.get(word, 0) + 1
            for word in set(words):
                self.word_docs[word] += 1
        ranked = sorted(self.word_counts, key=self.word_counts.get, reverse=True)
        if self.oov_token is not None:
            ranked.insert(0, self.oov_token)
        self.word_index = {word: rank for rank, word in enumerate(ranked, 1)}
        self.index_word = {rank: word for word, rank in self.word_index.items()}
        for word, count in self.word_docs.items():
            self.index_docs[self.word_index[word]] = count

    def fit_on_sequences(self, sequences):
        """Counts in how many lists of ranks each rank is; enough for `sequences_to_matrix`."""
        self.document_count += len(sequences)
        for sequence in sequences:
            for rank in set(sequence):
                self.index_docs[rank] += 1

    def texts_to_sequences(self, texts):
        """A list of ranks for each text."""
        return list(self.texts_to_sequences_generator(texts))

    def texts_to_sequences_generator(self, texts):
        """The list of ranks of one text after the other."""
        for text in texts:
            yield self._kept((self.word_index.get(word) for word in self._words(text)), known=self.index_word)

    def _kept(self, ranks, known):
        """The ranks that are used; the others become that of `oov_token`, or are left out."""
        unknown = self.word_index.get(self.oov_token)
        kept = []
        for rank in ranks:
            if rank is not None and rank in known and not (self.num_words and rank >= self.num_words):
                kept.append(rank)
            elif unknown is not None:
                kept.append(unknown)
        return kept

    def sequences_to_texts(self, sequences):
        """A text for each list of ranks, words joined by blanks."""
        return list(self.sequences_to_texts_generator(sequences))

    def sequences_to_texts_generator(self, sequences):
        """The text of one list of ranks after the other."""
        for sequence in sequences:
            yield " ".join(self.index_word[rank] for rank in self._kept(sequence, known=self.index_word))

    def texts_to_matrix(self, texts, mode="binary"):
        """One row for each text, see `sequences_to_matrix`."""
        return self.sequences_to_matrix(self.texts_to_sequences(texts), mode=mode)

    def sequences_to_matrix(self, sequences, mode="binary"):
        """One row for each list of ranks. n lists -> (n, num_words), or (n, number of words + 1) without `num_words`.

        `mode`: "binary" (is it there), "count", "freq" (share of the list), "tfidf" ((1 + log count) * log(1 +
        documents / (1 + documents with it))).

        Raises ValueError for another mode and where nothing was fitted yet.
        """
        if mode not in MODES:
            raise ValueError(f"Tokenizer: mode must be one of {MODES}, received {mode!r}.")
        if not self.num_words and not self.word_index:
            raise ValueError("Tokenizer: the number of columns is unknown. Pass num_words, or call fit_on_texts first.")
        if mode == "tfidf" and not self.document_count:
            raise ValueError("Tokenizer: call fit_on_texts or fit_on_sequences before mode='tfidf'.")
        columns = self.num_words or len(self.word_index) + 1
        rows = np.zeros((len(sequences), columns))
        for row, sequence in zip(rows, sequences):
            for rank, count in Counter(rank for rank in sequence if rank < columns).items():
                row[rank] = self._weight(mode, rank, count, len(sequence))
        return rows

    def _weight(self, mode, rank, count, length):
        if mode == "tfidf":
            documents = self.index_docs.get(rank, 0)
            return (1 + np.log(count)) * np.log(1 + self.document_count / (1 + documents))
        return {"binary": 1, "count": count, "freq": count / length}[mode]

    def get_config(self):
        """The arguments and what was learnt, the counts as JSON text."""
        plain = "num_words filters lower split char_level oov_token document_count".split()
        learnt = "word_counts word_docs index_docs index_word word_index".split()
        return {
            **{name: getattr(self, name) for name in plain},
            **{name: json.dumps(getattr(self, name)) for name in learnt},
        }

    def to_json(self, **kwargs):
        """The class name and the config as JSON text; `kwargs` go to `json.dumps`."""
        return json.dumps({"class_name": type(self).__name__, "config": self.get_config()}, **kwargs)


def tokenizer_from_json(json_string):
    """The Tokenizer that `Tokenizer.to_json` wrote.

    Source: https://www.tensorflow.org/api_docs/python/tf/keras/preprocessing/text/tokenizer_from_json.

    >>> old = Tokenizer()
    >>> old.fit_on_texts(["a b a"])
    >>> tokenizer_from_json(old.to_json()).texts_to_sequences(["b a"])
    [[2, 1]]
    """
    config = json.loads(json_string)["config"]
    learnt = {name: json.loads(config.pop(name)) for name in ("word_counts", "word_docs", "word_index")}
    # The keys of these two are numbers, which JSON has as text.
    for name in ("index_docs", "index_word"):
        learnt[name] = {int(rank): value for rank, value in json.loads(config.pop(name)).items()}
    tokenizer = Tokenizer(**config)
    tokenizer.word_counts = OrderedDict(learnt["word_counts"])
    tokenizer.word_docs = defaultdict(int, learnt["word_docs"])
    tokenizer.index_docs = defaultdict(int, learnt["index_docs"])
    tokenizer.word_index, tokenizer.index_word = learnt["word_index"], learnt["index_word"]
    return tokenizer

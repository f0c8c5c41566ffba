"""Texts turned into sequences of integers, or into one vector each."""

import re

import jax.numpy as jnp
import numpy as np

from ..core import registry
from ..core.declare import BaseArgument, Converter
from ..core.layer import Layer, layer
from ..core.spec import describe
from ..core.symbolic import KerasTensor
from .fields import Flag
from .preprocessing_hashing import symbolic
from .preprocessing_lookup import Mode, StringLookup, Vocabulary
from .preprocessing_numbers import Sparse

LOWER = str.maketrans({chr(c): chr(c + 32) for c in range(ord("A"), ord("Z") + 1)})  # ASCII alone, as TensorFlow
PUNCTUATION = re.compile(r"[!\"#$%&()*+,\-./:;<=>?@\[\\\]^_`{|}~']")
STANDARDIZE = {
    "lower": lambda text: text.translate(LOWER),
    "strip_punctuation": lambda text: PUNCTUATION.sub("", text),
    "lower_and_strip_punctuation": lambda text: PUNCTUATION.sub("", text.translate(LOWER)),
}
SPLIT = {"whitespace": lambda text: re.findall(r"[^ \t\n\v\f\r]+", text), "character": list}


def one_of(table):
    """Field type: a name in a table, a function, or None."""

    def get(value):
        value = registry.deserialize(value) if isinstance(value, dict) else value
        if value is not None and not callable(value) and value not in table:
            raise ValueError(f"expected one of {', '.join(map(repr, table))}, a function or None.")
        return value

    return Converter(get, registry.serialize)


def _ngrams(value):
    whole = tuple(value) if isinstance(value, (list, tuple)) else value
    if whole is not None and not all(isinstance(n, int) for n in (whole if isinstance(whole, tuple) else (whole,))):
        raise ValueError("expected an integer, a tuple of integers or None.")
    return whole


@layer
class TextVectorization(Layer):
    """Texts to integer sequences, or one vector each: standardize, split, make n-grams, look up.

    Works on NumPy arrays and lists of text, on the host; shape (batch,) or (batch, 1).
    https://keras.io/api/layers/preprocessing_layers/text/text_vectorization/

    >>> layer = TextVectorization(output_sequence_length=3)
    >>> layer.adapt(["a cat", "a dog"])
    >>> layer(["A dog!", "a bird"]).tolist()
    [[2, 3, 0], [2, 1, 0]]
    """

    max_tokens: object = None
    standardize: one_of(STANDARDIZE) = "lower_and_strip_punctuation"
    split: one_of(SPLIT) = "whitespace"
    ngrams: Converter(_ngrams) = None
    output_mode: Mode = "int"
    output_sequence_length: object = None
    pad_to_max_tokens: Flag = False
    vocabulary: Vocabulary = None
    idf_weights: Vocabulary = None
    sparse: Sparse = False
    ragged: Sparse = False
    encoding: str = "utf-8"
    name: BaseArgument = None
    supports_jit = False

    def __post_init__(self):
        length = self.output_sequence_length
        if length is not None and (self.output_mode != "int" or not isinstance(length, int)):
            raise ValueError(f"{describe(self)}: output_sequence_length is an integer, for output_mode='int' alone.")
        self._lookup_layer = StringLookup(
            self.max_tokens, 1, "", vocabulary=self.vocabulary, idf_weights=self.idf_weights, encoding=self.encoding,
            output_mode=self.output_mode, pad_to_max_tokens=self.pad_to_max_tokens, name="string_lookup",
        )  # fmt: skip
        self.built = True

    def _sublayers(self):
        return []  # the table is this layer's own business

    def adapt(self, data, batch_size=None, steps=None):
        """Learns the vocabulary of an array or list of texts, or of an iterable of batches."""
        self.reset_state()
        whole = isinstance(data, (list, tuple)) or hasattr(data, "__array__") and not hasattr(data, "element_spec")
        if whole:
            data = np.asarray(data)
            data = [data[:, None] if data.ndim == 1 else data]  # each text is a document
        for i, batch in enumerate(data):
            if steps is not None and i >= steps:
                break
            self._lookup_layer.update_state(self._tokens(batch))
        self.finalize_state()

    def _tokens(self, inputs):
        """A list of lists of tokens, or an array where nothing is split."""
        texts = np.asarray(inputs)
        if texts.ndim > 1 and texts.shape[-1] != 1 and self.split is not None:
            raise ValueError(
                f"{describe(self)}: expected texts of shape (batch,) or (batch, 1), received {texts.shape}."
            )
        decode = np.vectorize(self._lookup_layer._token, otypes=[object])
        texts = decode(texts) if texts.size else texts
        if callable(self.standardize):
            texts = decode(np.asarray(self.standardize(texts.astype(str))))
        elif self.standardize is not None:
            texts = np.vectorize(STANDARDIZE[self.standardize], otypes=[object])(texts)
        if self.split is None:
            return texts if self.ngrams is None else self._joined_rows(texts)
        flat = texts.reshape(-1)
        if callable(self.split):
            rows = self.split(flat.astype(str))
            rows = rows.to_list() if hasattr(rows, "to_list") else rows  # rows of several lengths
            rows = [[self._lookup_layer._token(word) for word in np.asarray(row, object)] for row in rows]
        else:
            rows = [SPLIT[self.split](text) for text in flat]
        rows = [self._join(list(row)) for row in rows]
        return rows if texts.ndim else np.array(rows[0], object)

    def _joined_rows(self, texts):
        rows = [self._join(list(row)) for row in np.atleast_2d(texts).reshape(-1, texts.shape[-1] if texts.ndim else 1)]
        return np.array(rows, object).reshape(*texts.shape[:-1], -1 if rows and rows[0] else 0)

    def _join(self, words):
        widths = range(1, self.ngrams + 1) if isinstance(self.ngrams, int) else self.ngrams
        if widths is None:
            return words
        return [" ".join(words[i : i + n]) for n in widths for i in range(len(words) - n + 1)]

    def compute_output_spec(self, inputs):
        """Symbolic indices, or encodings."""
        length, words = self.output_sequence_length, inputs.shape
        if self.split is not None:  # a last axis of 1 goes, words come
            words = (*(words[:-1] if len(words) > 1 else words), None)
        elif words and self.ngrams is not None:
            words = (*words[:-1], None)
        if self.output_mode != "int":
            return symbolic(KerasTensor(words, "int64"), self.output_mode, self._lookup_layer._depth(), "float32")
        return KerasTensor(words if length is None or not words else (*words[:-1], length), "int64")

    def call(self, inputs):
        if isinstance(inputs, KerasTensor):
            return self.compute_output_spec(inputs)
        look, length = self._lookup_layer, self.output_sequence_length
        tokens = self._tokens(inputs)
        if not isinstance(tokens, list):
            found = look(tokens)
            return found if length is None else _fit(np.asarray(found), length)
        rows = [look._indices(np.array(row, object)) for row in tokens]
        filler, least = (0, 0) if self.output_mode == "int" else (-1, 1)  # a text without words is a vector too
        padded = np.full((len(rows), max(map(len, rows), default=0) or least), filler, "int32")
        for row, values in zip(padded, rows):
            row[: len(values)] = values
        if self.output_mode == "int" and length is not None:
            return _fit(padded, length)
        return look._encode(jnp.asarray(padded))

    def get_vocabulary(self, include_special_tokens=True):
        """The tokens in the order of their indices."""
        return self._lookup_layer.get_vocabulary(include_special_tokens)

    def vocabulary_size(self):
        """Number of indices: padding, unknown and known tokens."""
        return self._lookup_layer.vocabulary_size()

    def set_vocabulary(self, vocabulary, idf_weights=None):
        """Takes a list of tokens, or the path of a file with one a line."""
        self._lookup_layer.set_vocabulary(vocabulary, idf_weights)

    def update_state(self, data):
        """Counts the tokens of a batch of texts."""
        self._lookup_layer.update_state(self._tokens(data))

    def finalize_state(self):
        """Makes the vocabulary out of the counts."""
        self._lookup_layer.finalize_state()

    def reset_state(self):
        """Forgets the counts."""
        self._lookup_layer.reset_state()

    def get_config(self):
        size = max(
            self.vocabulary_size(), self._lookup_layer._frozen_vocab_size or 0
        )  # known before the assets are read
        return {**super().get_config(), "vocabulary_size": size}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        size = config.pop("vocabulary_size", None)
        config.pop("has_input_vocabulary", None)
        if isinstance(config.get("vocabulary"), str):
            StringLookup.from_config({"vocabulary": config["vocabulary"]})  # raises where that is not safe
        made = cls(**config)
        made._lookup_layer._frozen_vocab_size = made._lookup_layer._frozen_vocab_size or size
        return made

    def get_build_config(self):
        return {}

    def build_from_config(self, config):
        self.built = True

    def save_own_variables(self, store):
        self._lookup_layer.save_own_variables(store)

    def load_own_variables(self, store):
        self._lookup_layer.load_own_variables(store)

    def save_assets(self, dir_path):
        self._lookup_layer.save_assets(dir_path)

    def load_assets(self, dir_path):
        self._lookup_layer.load_assets(dir_path)


def _fit(values, length):
    """The last axis cut or filled with zeros to a length."""
    cut = values[..., :length]
    return jnp.asarray(np.pad(cut, [(0, 0)] * (cut.ndim - 1) + [(0, length - cut.shape[-1])]))

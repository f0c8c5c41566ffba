"""Words or integers looked up in a vocabulary that is given or learnt."""

import collections
import os

import jax.numpy as jnp
import numpy as np

from ..core import registry
from ..core.declare import BaseArgument, Converter, NaturalInt
from ..core.layer import Layer, layer
from ..core.spec import describe
from ..core.symbolic import KerasTensor
from ..nn import fingerprints
from .fields import Flag, choice
from .preprocessing_hashing import INT32, Salt, exact, on_host, symbolic, text_of
from .preprocessing_numbers import Sparse, adapted, encode

Mode = Converter(
    lambda v: choice("int", "one_hot", "multi_hot", "count", "tf_idf").get(
        {"binary": "multi_hot", "tf-idf": "tf_idf"}.get(v, v)
    )
)
Vocabulary = Converter(lambda v: v, lambda v: v if v is None else np.asarray(v).tolist())


class _Lookup(Layer):
    """Indices: 0 for the mask token (mode "int"), then those of unknown tokens, then the vocabulary."""

    integers = False
    supports_jit = False

    def __post_init__(self):
        if self.max_tokens is not None and self.max_tokens <= 1:
            raise ValueError(f"{describe(self)}: expected max_tokens above 1, received {self.max_tokens}.")
        if self.pad_to_max_tokens and self.max_tokens is None:
            raise ValueError(f"{describe(self)}: pad_to_max_tokens wants max_tokens.")
        if self.invert and self.output_mode != "int":
            raise ValueError(f"{describe(self)}: invert=True wants output_mode='int', not {self.output_mode!r}.")
        if self.salt is not None and self.integers and self.oov_method != "farmhash":
            raise ValueError(f"{describe(self)}: salt is for oov_method='farmhash', not {self.oov_method!r}.")
        if self.idf_weights is not None and self.output_mode != "tf_idf":
            raise ValueError(f"{describe(self)}: idf_weights want output_mode='tf_idf', not {self.output_mode!r}.")
        self.input_vocabulary = None if isinstance(self.vocabulary, str) else self.vocabulary
        self.input_idf_weights, self._given = self.idf_weights, self.vocabulary is not None
        self._tokens, self._index, self._frozen_vocab_size = [], {}, None
        self.reset_state()
        if self.vocabulary is not None:
            self.set_vocabulary(self.vocabulary, self.idf_weights)
        self.built = True

    # ---- the vocabulary

    def _oov_start(self):
        return 1 if self.mask_token is not None and self.output_mode == "int" else 0

    def _start(self):
        return self._oov_start() + self.num_oov_indices

    def vocabulary_size(self):
        """Number of indices: mask, unknown and known tokens."""
        return len(self._tokens) + self._start()

    def get_vocabulary(self, include_special_tokens=True):
        """The tokens in the order of their indices."""
        if not include_special_tokens:
            return list(self._tokens)
        return [self.mask_token] * self._oov_start() + [self.oov_token] * self.num_oov_indices + self._tokens

    def set_vocabulary(self, vocabulary, idf_weights=None):
        """Takes a list of tokens, or the path of a file with one a line; special tokens may stand in front."""
        if (idf_weights is not None) != (self.output_mode == "tf_idf"):
            raise ValueError(f"{describe(self)}: output_mode 'tf_idf', and it alone, wants idf_weights.")
        if isinstance(vocabulary, (str, os.PathLike)):
            if not os.path.exists(vocabulary):
                raise ValueError(f"{describe(self)}: the vocabulary file {vocabulary} does not exist.")
            with open(vocabulary, encoding="utf-8") as file:
                vocabulary = file.read().splitlines()
        whole = [self._token(t) for t in np.asarray(vocabulary).reshape(-1).tolist()]
        special = [self.mask_token] * self._oov_start() + [self.oov_token] * self.num_oov_indices
        led = whole[: len(special)] == special
        tokens = whole[len(special) :] if led else whole
        self._check(tokens, special)
        self._put(tokens)
        if idf_weights is not None:
            self._put_weights(np.asarray(idf_weights, "float32"), led, len(whole))

    def _token(self, token):
        return int(token) if self.integers else token.decode(self.encoding) if isinstance(token, bytes) else str(token)

    def _check(self, tokens, special):
        where = f"{describe(self)}: "
        twice = [token for token, count in collections.Counter(tokens).items() if count > 1]
        if not tokens:
            raise ValueError(where + "expected at least one token, received an empty vocabulary.")
        if twice:
            raise ValueError(where + f"expected each token once, received {twice} several times.")
        misplaced = [
            t for t in (self.mask_token, self.oov_token if self.invert else None) if t is not None and t in tokens
        ]
        if misplaced:
            raise ValueError(
                where + f"{misplaced[0]!r} is reserved: leave it out, or begin the vocabulary with {special}."
            )
        if self.max_tokens is not None and len(tokens) + len(special) > self.max_tokens:
            raise ValueError(
                where + f"expected at most max_tokens={self.max_tokens}, received {len(tokens) + len(special)}."
            )

    def _put(self, tokens):
        size = len(tokens) + self._start()
        fixed = self.output_mode != "int" and not self.pad_to_max_tokens
        if fixed and self._frozen_vocab_size not in (None, size):
            raise RuntimeError(f"{describe(self)}: its vocabulary has {self._frozen_vocab_size} entries and cannot get {size}; "
                               "set pad_to_max_tokens=True and max_tokens, or make a new layer.")  # fmt: skip
        self._tokens, self._frozen_vocab_size = list(tokens), size
        self._index = {token: i for i, token in enumerate(tokens, self._start())}

    def _put_weights(self, weights, led, count):
        if weights.shape != (count,):
            raise ValueError(f"{describe(self)}: expected {count} idf_weights, received shape {weights.shape}.")
        front = 0 if led else self._start()
        weights = np.concatenate([np.full(front, weights.mean(), "float32"), weights])
        self.idf_weights = np.pad(weights, (0, self._depth() - len(weights))) if self.pad_to_max_tokens else weights

    def _depth(self):
        return self.max_tokens if self.pad_to_max_tokens else self.vocabulary_size()

    # ---- learning it

    def adapt(self, data, *args, **kwargs):
        """Learns the vocabulary of an array, or of an iterable of batches: the most frequent tokens first."""
        data, steps = adapted(data, args, kwargs)
        self.reset_state()
        whole = isinstance(data, (list, tuple)) and not any(getattr(x, "ndim", 0) for x in data)
        if whole or hasattr(data, "__array__") and not hasattr(data, "element_spec"):
            rows = np.asarray(data)
            self.update_state(rows[:, None] if rows.ndim == 1 else rows)
        else:
            for i, batch in enumerate(data):
                if steps is not None and i >= steps:
                    break
                self.update_state(batch)
        self.finalize_state()

    def update_state(self, data):
        """Counts the tokens of a batch; its rows are documents."""
        if self._given:
            raise ValueError(f"{describe(self)}: its vocabulary was given; adapt() is for layers without one.")
        rows = data if isinstance(data, list) else np.atleast_2d(np.asarray(data))
        for row in rows:
            tokens = [self._token(t) for t in np.asarray(row).reshape(-1).tolist()]
            self._counts.update(tokens)
            self._documents.update(set(tokens))
            self._seen += 1

    def finalize_state(self):
        """Makes the vocabulary out of the counts."""
        if self._given or not self._counts:
            return
        found = {t: n for t, n in self._counts.items() if t not in (self.mask_token, self.oov_token)}
        order = sorted(found, key=lambda t: (found[t], t if self.integers else t.encode()), reverse=True)
        tokens = order[: self.max_tokens - self._start()] if self.max_tokens else order
        self._put(tokens)
        if self.output_mode == "tf_idf":
            weights = np.log(1 + self._seen / (1 + np.array([self._documents[t] for t in tokens]))).astype("float32")
            self._put_weights(weights, False, len(tokens))
        self.reset_state()

    def reset_state(self):
        """Forgets the counts."""
        self._counts, self._documents, self._seen = collections.Counter(), collections.Counter(), 0

    # ---- looking up

    def _one(self, token):
        if token == self.mask_token:
            return 0 if self.output_mode == "int" else -1  # -1: in no category
        index = self._index.get(token)
        if index is not None:
            return index
        if self.num_oov_indices == 0:
            raise ValueError(
                f"{describe(self)}: {token!r} is not in the vocabulary; set num_oov_indices=1 to allow it."
            )
        if self.num_oov_indices == 1:
            return self._oov_start()
        if self.integers and self.oov_method != "farmhash":
            return token % self.num_oov_indices + self._oov_start()
        text = text_of(token)
        found = fingerprints.siphash(text, self.salt) if self.salt else fingerprints.fingerprint64(text)
        return found % self.num_oov_indices + self._oov_start()

    def _indices(self, values):
        tokens = [self._one(self._token(v)) for v in np.asarray(values).reshape(-1).tolist()]
        return np.array(tokens, "int32").reshape(np.shape(values))

    def _inverted(self, values):
        names = self.get_vocabulary()
        places = np.asarray(values).reshape(-1).astype("int64").tolist()
        found = [names[v] if 0 <= v < len(names) else self.oov_token for v in places]
        return np.array(found).reshape(np.shape(values))

    def __call__(self, inputs, *args, **kwargs):
        return super().__call__(exact(inputs) if self.integers else inputs, *args, **kwargs)

    def compute_output_spec(self, inputs):
        """Symbolic indices, encodings, or, inverted, tokens."""
        dtype = "string" if self.invert and not self.integers else "int64"
        return symbolic(inputs, self.output_mode, self._depth(), dtype if self.output_mode == "int" else "float32")

    def call(self, inputs):
        if isinstance(inputs, KerasTensor):
            return self.compute_output_spec(inputs)
        inputs = inputs if hasattr(inputs, "shape") else np.asarray(inputs)
        if self.invert:
            wide = any(
                not -INT32 <= token < INT32 for token in self.get_vocabulary() if self.integers and token is not None
            )
            return on_host(self._inverted, [inputs]) if self.integers and not wide else self._inverted(inputs)
        return self._encode(on_host(self._indices, [inputs]))

    def _encode(self, indices):
        if self.output_mode == "int":
            return indices
        if self._frozen_vocab_size is None and not self.pad_to_max_tokens:
            raise RuntimeError(f"{describe(self)}: no vocabulary yet; give one, or call adapt().")
        if self.output_mode == "tf_idf":
            return encode(indices, "count", self._depth(), "float32") * jnp.asarray(self.idf_weights)
        return encode(indices, self.output_mode, self._depth(), "int32")

    # ---- configs and files

    def get_config(self):
        kept = {"vocabulary": self.vocabulary, "idf_weights": self.idf_weights}
        self.vocabulary, self.idf_weights = self.input_vocabulary, self.input_idf_weights
        config = super().get_config()
        vars(self).update(kept)
        return {
            **config,
            "vocabulary_size": self._frozen_vocab_size,
            **({} if self.integers else {"oov_method": "floormod"}),
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """The layer of a config, which may not name a file to read."""
        config = dict(config)
        size = config.pop("vocabulary_size", None)
        for old in ("has_input_vocabulary", *(() if cls.integers else ("oov_method", "vocabulary_dtype"))):
            config.pop(old, None)
        if isinstance(config.get("vocabulary"), str) and not registry.trusts_code():
            raise ValueError(f"This config of {cls.__name__} names the vocabulary file {config['vocabulary']!r}. A loaded model "
                             "does not read other files, unless safe_mode=False says so.")  # fmt: skip
        made = cls(**config)
        made._frozen_vocab_size = made._frozen_vocab_size or size
        return made

    def get_build_config(self):
        return {}

    def build_from_config(self, config):
        self.built = True

    def save_own_variables(self, store):
        if self.output_mode == "tf_idf":
            store["idf_weights"] = np.asarray(self.idf_weights)

    def load_own_variables(self, store):
        if self.output_mode == "tf_idf":
            self.idf_weights = np.asarray(store["idf_weights"])

    def save_assets(self, dir_path):
        """Writes a learnt vocabulary into the folder of a saved model."""
        if self.input_vocabulary is None:
            with open(os.path.join(dir_path, "vocabulary.txt"), "w", encoding="utf-8") as file:
                file.write("\n".join(map(str, self.get_vocabulary())))

    def load_assets(self, dir_path):
        """Reads what ``save_assets`` wrote."""
        if self.input_vocabulary is not None:
            return
        with open(os.path.join(dir_path, "vocabulary.txt"), encoding="utf-8") as file:
            tokens = [self._token(line) for line in file.read().rstrip("\n").split("\n")]
        self.set_vocabulary(tokens, self.idf_weights if self.output_mode == "tf_idf" else None)


@layer
class StringLookup(_Lookup):
    """Strings to integers (or back, ``invert=True``) by a vocabulary, or straight to one-hot, multi-hot, counts, tf-idf.

    Works on NumPy arrays and lists of text, on the host.
    https://keras.io/api/layers/preprocessing_layers/categorical/string_lookup/

    >>> StringLookup(vocabulary=["a", "b"])(np.array(["b", "x"])).tolist()
    [2, 0]
    """

    max_tokens: object = None
    num_oov_indices: NaturalInt = 1
    mask_token: object = None
    oov_token: object = "[UNK]"
    vocabulary: Vocabulary = None
    idf_weights: Vocabulary = None
    invert: Flag = False
    output_mode: Mode = "int"
    pad_to_max_tokens: Flag = False
    sparse: Sparse = False
    encoding: str = "utf-8"
    name: BaseArgument = None
    salt: Salt = None


@layer
class IntegerLookup(_Lookup):
    """Integers to consecutive integers (or back) by a vocabulary, or to one-hot, multi-hot, counts, tf-idf.

    https://keras.io/api/layers/preprocessing_layers/categorical/integer_lookup/

    >>> IntegerLookup(vocabulary=[10, 20])(jnp.array([20, 7])).tolist()
    [2, 0]
    """

    max_tokens: object = None
    num_oov_indices: NaturalInt = 1
    mask_token: object = None
    oov_token: object = -1
    vocabulary: Vocabulary = None
    vocabulary_dtype: choice("int64") = "int64"
    idf_weights: Vocabulary = None
    invert: Flag = False
    output_mode: Mode = "int"
    sparse: Sparse = False
    pad_to_max_tokens: Flag = False
    oov_method: choice("floormod", "farmhash") = "floormod"
    salt: Salt = None
    name: BaseArgument = None
    integers = True

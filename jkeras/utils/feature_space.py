"""Tables of mixed features made one vector: each column by a preprocessing layer of its own, and crosses of columns."""

import jax.numpy as jnp
import numpy as np

from ..core import registry
from ..core.layer import Layer
from ..core.naming import unique_name
from ..core.spec import describe
from ..core.symbolic import KerasTensor
from ..layers.core import Identity
from ..layers.inputs import Input
from ..layers.merging import Concatenate
from ..layers.preprocessing_hashing import HashedCrossing, Hashing
from ..layers.preprocessing_lookup import IntegerLookup, StringLookup
from ..layers.preprocessing_numbers import CategoryEncoding, Discretization, Normalization, Rescaling
from ..layers.preprocessing_text import TextVectorization

MODES = ("int", "one_hot", "float")


def _checked(value, known, what):
    if value not in known:
        raise ValueError(f"FeatureSpace: expected {what} to be one of {', '.join(known)}, received {value!r}.")
    return value


class Feature:
    """One column: its dtype, the layer that prepares it, and how the result is put in: "int", "one_hot" or "float"."""

    def __init__(self, dtype, preprocessor, output_mode):
        self.dtype, self.output_mode = dtype, _checked(output_mode, MODES, "output_mode")
        self.preprocessor = registry.deserialize(preprocessor) if isinstance(preprocessor, dict) else preprocessor

    def get_config(self):
        preprocessor = registry.serialize(self.preprocessor)
        return {"dtype": self.dtype, "preprocessor": preprocessor, "output_mode": self.output_mode}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


class Cross:
    """Several columns hashed together into ``crossing_dim`` bins."""

    def __init__(self, feature_names, crossing_dim, output_mode="one_hot"):
        self.feature_names, self.crossing_dim = tuple(feature_names), crossing_dim
        self.output_mode = _checked(output_mode, MODES[:2], "output_mode of a cross")

    @property
    def name(self):
        return "_X_".join(self.feature_names)

    def get_config(self):
        return {
            "feature_names": self.feature_names, "crossing_dim": self.crossing_dim, "output_mode": self.output_mode
        }  # fmt: skip

    @classmethod
    def from_config(cls, config):
        return cls(**config)


for _cls in (Feature, Cross):  # where Keras 3's files say they are
    _cls._keras_module = "keras.src.layers.preprocessing.feature_space"
    registry.register_keras_serializable("keras")(_cls)


# How wide the one-hot code of a feature is, by the layer that prepares it.
CARDINALITY = {
    IntegerLookup: lambda p: p.vocabulary_size(),
    StringLookup: lambda p: p.vocabulary_size(),
    CategoryEncoding: lambda p: p.num_tokens,
    Discretization: lambda p: len(p.bin_boundaries) + 1 if p.num_bins is None else p.num_bins,
    HashedCrossing: lambda p: p.num_bins,
    Hashing: lambda p: p.num_bins,
}


class FeatureSpace(Layer):
    """Turns a dict of columns into one vector a row (or a dict of them), after ``adapt`` has seen the data.

    https://keras.io/api/utils/feature_space/

    >>> space = FeatureSpace({"age": "float_normalized", "town": "string_categorical"})
    >>> space.adapt({"age": [30.0, 50.0], "town": ["Bonn", "Ulm"]})
    >>> space({"age": 40.0, "town": "Ulm"}).tolist()
    [0.0, 0.0, 1.0, 0.0]
    """

    _keras_module = "keras.utils"

    def __init__(
        self,
        features,
        output_mode="concat",
        crosses=None,
        crossing_dim=32,
        hashing_dim=32,
        num_discretization_bins=32,
        name=None,
    ):
        super().__init__(name=name)
        if not features:
            raise ValueError("FeatureSpace: expected a dict of at least one feature.")
        self.output_mode = _checked(output_mode, ("concat", "dict"), "output_mode")
        self.crossing_dim, self.hashing_dim, self.num_discretization_bins = (
            crossing_dim,
            hashing_dim,
            num_discretization_bins,
        )
        self.features = {key: self._feature(key, value) for key, value in features.items()}
        self.crosses = [self._cross(c) for c in crosses or []]
        self.preprocessors = {key: feature.preprocessor for key, feature in self.features.items()}
        self.crossers = {c.name: HashedCrossing(c.crossing_dim, name=c.name) for c in self.crosses}
        self.inputs = {k: Input(shape=(1,), dtype=feature.dtype, name=k) for k, feature in self.features.items()}
        self.encoded_features, self._is_adapted = None, False

    # ---- kinds of features

    @classmethod
    def cross(cls, feature_names, crossing_dim, output_mode="one_hot"):
        """Several columns hashed together."""
        return Cross(feature_names, crossing_dim, output_mode)

    @classmethod
    def feature(cls, dtype, preprocessor, output_mode):
        """A column with any preprocessing layer."""
        return Feature(dtype, preprocessor, output_mode)

    @classmethod
    def float(cls, name=None):
        """Numbers as they are."""
        return Feature("float32", Identity(dtype="float32", name=_named("float", name)), "float")

    @classmethod
    def float_rescaled(cls, scale=1.0, offset=0.0, name=None):
        """``scale * x + offset``."""
        return Feature("float32", Rescaling(scale, offset, name=_named("float_rescaled", name)), "float")

    @classmethod
    def float_normalized(cls, name=None):
        """Mean 0 and variance 1 over the data of ``adapt``."""
        return Feature("float32", Normalization(axis=-1, name=_named("float_normalized", name)), "float")

    @classmethod
    def float_discretized(cls, num_bins, bin_boundaries=None, output_mode="one_hot", name=None):
        """The bin that a number falls into."""
        bins = {"num_bins": num_bins} if bin_boundaries is None else {"bin_boundaries": bin_boundaries}
        return Feature("float32", Discretization(**bins, name=_named("float_discretized", name)), output_mode)

    @classmethod
    def integer_categorical(cls, max_tokens=None, num_oov_indices=1, output_mode="one_hot", name=None):
        """Integers by a vocabulary that ``adapt`` learns."""
        made = IntegerLookup(max_tokens, num_oov_indices, name=_named("integer_categorical", name))
        return Feature("int32", made, output_mode)

    @classmethod
    def string_categorical(cls, max_tokens=None, num_oov_indices=1, output_mode="one_hot", name=None):
        """Strings by a vocabulary that ``adapt`` learns."""
        made = StringLookup(max_tokens, num_oov_indices, name=_named("string_categorical", name))
        return Feature("string", made, output_mode)

    @classmethod
    def string_hashed(cls, num_bins, output_mode="one_hot", name=None):
        """Strings by their hash."""
        return Feature("string", Hashing(num_bins, name=_named("string_hashed", name)), output_mode)

    @classmethod
    def integer_hashed(cls, num_bins, output_mode="one_hot", name=None):
        """Integers by their hash."""
        return Feature("int32", Hashing(num_bins, name=_named("integer_hashed", name)), output_mode)

    def _feature(self, name, value):
        if isinstance(value, dict):
            return registry.deserialize(value)
        if not isinstance(value, str):
            return value
        kinds = {
            "float": self.float, "float_rescaled": self.float_rescaled, "float_normalized": self.float_normalized,
            "float_discretized": lambda name: self.float_discretized(self.num_discretization_bins, name=name),
            "integer_categorical": self.integer_categorical, "string_categorical": self.string_categorical,
            "string_hashed": lambda name: self.string_hashed(self.hashing_dim, name=name),
            "integer_hashed": lambda name: self.integer_hashed(self.hashing_dim, name=name),
        }  # fmt: skip
        return kinds[_checked(value, tuple(kinds), f"the type of feature {name!r}")](name=name)

    def _cross(self, cross):
        cross = registry.deserialize(cross) if isinstance(cross, dict) else cross
        cross = cross if isinstance(cross, Cross) else Cross(cross, self.crossing_dim)
        unknown = [name for name in cross.feature_names if name not in self.features]
        if unknown or not cross.crossing_dim:
            raise ValueError(
                f"{describe(self)}: a cross of {cross.feature_names} wants known features and a crossing_dim."
            )
        return cross

    # ---- using it

    def _adaptable(self):
        def learns(p):
            given = getattr(p, "input_mean", None) is not None or getattr(p, "input_vocabulary", None) is not None
            given = given or isinstance(p, Discretization) and p.num_bins is None
            given = given or isinstance(p, TextVectorization) and p._lookup_layer.input_vocabulary is not None
            return hasattr(p, "adapt") and not given

        return [name for name, p in self.preprocessors.items() if learns(p)]

    def adapt(self, dataset):
        """Lets each layer learn from a dict of columns, or from an iterable of such dicts."""
        rows = [dataset] if isinstance(dataset, dict) else list(dataset)
        if not rows or not all(isinstance(row, dict) for row in rows):
            raise ValueError(f"{describe(self)}: adapt() wants a dict of columns, or an iterable of such dicts.")
        for name in self._adaptable():
            column = np.concatenate([np.asarray(row[name]).reshape(-1) for row in rows])
            self.preprocessors[name].adapt(column[:, None])
        self._is_adapted = self.built = True
        self.encoded_features = None
        self.get_encoded_features()  # what cannot be put together is known from here on

    def _check_adapted(self):
        if not self._is_adapted and self._adaptable():
            raise ValueError(
                f"{describe(self)}: call adapt() first; {', '.join(self._adaptable())} must learn from data."
            )
        self._is_adapted = True

    def get_inputs(self):
        """Symbolic inputs by name, for a functional model."""
        return self.inputs

    def get_encoded_features(self):
        """The symbolic result for ``get_inputs()``."""
        self._check_adapted()
        if self.encoded_features is None:
            self.encoded_features = self._encode(self.inputs)
        return self.encoded_features

    def _encode(self, data):
        prepared = {name: self.preprocessors[name](data[name]) for name in self.features}
        crossed = {c.name: self.crossers[c.name]([prepared[n] for n in c.feature_names]) for c in self.crosses}
        found = {name: self._finish(name, prepared[name], self.features[name].output_mode) for name in sorted(prepared)}
        modes = {c.name: c.output_mode for c in self.crosses}
        found.update({name: self._finish(name, crossed[name], modes[name]) for name in sorted(crossed)})
        if self.output_mode == "dict":
            return found
        whole = list(found.values())
        numbers = {name for name, feature in self.features.items() if feature.output_mode == "float"}
        for name, value in found.items():
            if str(value.dtype).startswith(("float", "bfloat")):
                continue
            if name not in numbers or isinstance(value, KerasTensor):  # layers of text give counts as whole numbers
                raise ValueError(f"{describe(self)}: feature {name!r} has dtype {value.dtype}; only encoded features can be "
                                 "concatenated. Use output_mode='dict', or 'one_hot' for it.")  # fmt: skip
        if any(isinstance(value, KerasTensor) for value in whole):
            return Concatenate()(whole) if len(whole) > 1 else whole[0]
        return jnp.concatenate(whole, axis=-1, dtype=jnp.promote_types("float32", jnp.result_type(*whole)))

    def _finish(self, name, value, mode):
        if mode != "one_hot":
            return value
        made = self.preprocessors.get(name) or self.crossers[name]
        if type(made) not in CARDINALITY:
            raise ValueError(f"{describe(self)}: the number of categories of feature {name!r} is unknown; use 'int'.")
        return CategoryEncoding(CARDINALITY[type(made)](made), "multi_hot")(value)

    def __call__(self, data):
        if not isinstance(data, dict):
            raise ValueError(f"{describe(self)}: expected a dict of columns, received {type(data).__name__}.")
        self._check_adapted()
        if any(isinstance(value, KerasTensor) for value in data.values()):
            return self._encode(data)
        columns = {name: np.asarray(data[name]) for name in self.features}
        single = all(column.ndim == 0 for column in columns.values())
        columns = {
            name: column.reshape(1, 1) if single else column[:, None] if column.ndim == 1 else column
            for name, column in columns.items()
        }
        encoded = self._encode(columns)
        if not single:
            return encoded
        return {k: v[0] for k, v in encoded.items()} if isinstance(encoded, dict) else encoded[0]

    # ---- configs and files

    def get_config(self):
        return {
            "features": registry.serialize(self.features),
            "output_mode": self.output_mode,
            "crosses": registry.serialize(self.crosses),
            "crossing_dim": self.crossing_dim,
            "hashing_dim": self.hashing_dim,
            "num_discretization_bins": self.num_discretization_bins,
        }

    @classmethod
    def from_config(cls, config):
        return cls(**config)

    def get_build_config(self):
        return {name: feature.preprocessor.get_build_config() for name, feature in self.features.items()}

    def build_from_config(self, config):
        for name, inner in config.items():
            if not self.features[name].preprocessor.built:
                self.features[name].preprocessor.build_from_config(inner or {})
        self._is_adapted = self.built = True

    def save(self, filepath):
        """Writes a .keras file."""
        from ..saving import save_model

        save_model(self, filepath)

    def save_own_variables(self, store):
        """Nothing is its own: the layers of the features hold all."""

    def load_own_variables(self, store):
        """The counterpart of ``save_own_variables``."""


def _named(kind, name):
    return f"{name or unique_name(kind)}_preprocessor"

"""Layers and models that ``tf.keras`` kept under ``experimental``."""

import os
from collections import Counter
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from .. import activations, initializers, layers, regularizers
from ..core import registry
from ..core.layer import Layer, layer
from ..core.spec import describe
from ..layers.preprocessing_numbers import batches_of
from ..models.model import Model


@layer
class SyncBatchNormalization(layers.BatchNormalization):
    """``BatchNormalization(synchronized=True)``: statistics over the batches of all devices.

    https://www.tensorflow.org/api_docs/python/tf/keras/layers/experimental/SyncBatchNormalization

    >>> SyncBatchNormalization().synchronized
    True
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        self.synchronized = True


class PreprocessingLayer(Layer):
    """Base of layers that learn from data by ``adapt``: a subclass defines ``update_state`` and ``reset_state``.

    https://www.tensorflow.org/api_docs/python/tf/keras/layers/experimental/preprocessing/PreprocessingLayer

    >>> class Largest(PreprocessingLayer):
    ...     value = 0.0
    ...     def update_state(self, data):
    ...         self.value = max(self.value, float(np.max(data)))
    ...     def reset_state(self):
    ...         self.value = 0.0
    ...     def call(self, inputs):
    ...         return inputs / self.value
    >>> scaled = Largest()
    >>> scaled.adapt(np.array([1.0, 4.0])); scaled(np.array([2.0])).tolist()
    [0.5]
    """

    is_adapted = False
    steps_per_execution = 1

    def update_state(self, data: Any) -> None:
        """Learns from a batch."""
        raise NotImplementedError(f"{type(self).__name__} has no update_state(); define update_state(self, data).")

    def reset_state(self) -> None:
        """Forgets what was learnt."""
        raise NotImplementedError(f"{type(self).__name__} has no reset_state(); define reset_state(self).")

    def finalize_state(self) -> None:
        """Completes what was learnt."""

    def compile(self, run_eagerly: bool | None = None, steps_per_execution: int | None = None) -> None:
        """Says how many batches a call of the adapt function takes; batches are learnt from in Python in any case."""
        self.run_eagerly = run_eagerly is None or bool(run_eagerly)
        self.steps_per_execution = 1 if steps_per_execution is None else int(steps_per_execution)

    def make_adapt_function(self) -> Any:
        """A function of an iterator that learns from its next batch or batches."""

        def adapt(iterator: Any) -> None:
            for _ in range(self.steps_per_execution):
                data = next(iterator)
                if not self.built:
                    self.build(np.shape(data))
                    self.built = True
                self.update_state(data)

        return adapt

    def adapt(self, data: Any, batch_size: int | None = None, steps: int | None = None) -> None:
        """Learns from an array, by ``batch_size`` rows, or from ``steps`` batches of an iterable."""
        if self.is_adapted:
            self.reset_state()
        if hasattr(data, "__array__") and not hasattr(data, "element_spec"):
            rows, size = np.asarray(data), batch_size or 32
            batches = iter([rows[i : i + size] for i in range(0, len(rows), size)][:steps])
        else:
            batches = iter(list(batches_of(data, steps)))
        learn = self.make_adapt_function()
        while True:
            try:
                learn(batches)
            except StopIteration:
                break
        self.finalize_state()
        self.is_adapted = True


def _text(value: Any) -> Any:
    return value.decode() if isinstance(value, bytes) else value.item() if hasattr(value, "item") else value


class DynamicLookup(Layer):
    """Places of tokens in a vocabulary, which notes how often it sees each; unknown ones get ``vocabulary_size``.

    ``learn_vocab=False`` in a call leaves the counts alone. Of 20 % more tokens than the vocabulary has the most frequent
    are kept. https://www.tensorflow.org/api_docs/python/tf/keras/layers/experimental/DynamicLookup

    >>> DynamicLookup(3, ["apple", "banana", "cherry"])(np.array([["apple", "kiwi"]])).tolist()
    [[0, 3]]
    """

    def __init__(self, vocabulary_size: int, initial_vocabulary: Any, eviction_policy: str = "LFU", **kwargs: Any):
        super().__init__(**kwargs)
        if eviction_policy != "LFU":
            raise ValueError(f"DynamicLookup(eviction_policy={eviction_policy!r}): only 'LFU' is known.")
        self.vocabulary_size, self.eviction_policy = int(vocabulary_size), eviction_policy
        self.initial_vocabulary = _vocabulary(initial_vocabulary, self.vocabulary_size)
        self.vocabulary = list(self.initial_vocabulary)
        self.internal_table_size = int(self.vocabulary_size * 1.2)
        self.counts = Counter(dict.fromkeys(self.vocabulary, 0))
        self.built = True

    def call(self, inputs: Any, learn_vocab: bool = True) -> Any:
        """The places, integers of the shape of ``inputs``."""
        tokens = np.asarray(inputs)
        flat = [_text(t) for t in tokens.reshape(-1).tolist()]
        if learn_vocab:
            self.update_internal_vocabulary(dict.fromkeys(flat))
        places = {token: place for place, token in reversed(list(enumerate(self.vocabulary)))}
        return jnp.asarray(np.array([places.get(t, self.vocabulary_size) for t in flat], "int32").reshape(tokens.shape))

    def update_internal_vocabulary(self, unique: Any) -> Any:
        """Counts each of the tokens once; drops the rarest where the table is full."""
        new = [t for t in map(_text, unique) if t not in self.counts]
        surplus = max(0, len(self.counts) + len(new) - self.internal_table_size)
        for token, _ in sorted(self.counts.items(), key=lambda item: item[1])[:surplus]:
            del self.counts[token]
        for token in map(_text, unique):
            if token in self.counts or token in new:
                self.counts[token] += 1
        return unique

    def get_top_vocabulary(self, k: int) -> list[Any]:
        """The ``k`` tokens seen most often."""
        return [token for token, _ in sorted(self.counts.items(), key=lambda item: -item[1])[:k]]

    def get_vocabulary(self) -> list[Any]:
        """The tokens that calls look up."""
        return list(self.vocabulary)

    def save_assets(self, dir_path: str) -> None:
        """Writes the vocabulary into a folder."""
        with open(os.path.join(dir_path, "vocabulary.txt"), "w", encoding="utf-8") as file:
            file.write("\n".join(map(str, self.vocabulary)))

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer."""
        own = {"vocabulary_size": self.vocabulary_size, "initial_vocabulary": list(self.initial_vocabulary)}
        return {**super().get_config(), **own, "eviction_policy": self.eviction_policy}


def _vocabulary(given: Any, size: int) -> list[Any]:
    kind = getattr(given, "name", given)
    if isinstance(kind, str):
        if kind not in ("string", "int32", "int64"):
            raise ValueError(f"initial_vocabulary={kind!r}: expected tokens, or one of 'string', 'int32' and 'int64'.")
        numbers = np.random.default_rng().integers(0, np.iinfo("int32").max, size).tolist()
        return [f"token_{n}" for n in numbers] if kind == "string" else numbers
    return [_text(t) for t in np.asarray(given).reshape(-1).tolist()]


class DynamicEmbedding(Layer):
    """An Embedding of tokens whose vocabulary follows what it sees, when ``update_embeddings`` is called.

    https://www.tensorflow.org/api_docs/python/tf/keras/layers/experimental/DynamicEmbedding

    >>> DynamicEmbedding(3, 2, ["a", "b", "c"])(np.array([["a", "x"]])).shape
    (1, 2, 2)
    """

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        initial_vocabulary: Any,
        eviction_policy: str = "LFU",
        input_length: int | None = None,
        embedding_initializer: Any = "uniform",
        num_oov_indices: int = 1,
        **kwargs: Any,
    ):
        if input_length is not None:
            kwargs.setdefault("input_shape", (input_length,))
        super().__init__(**kwargs)
        self.input_length, self.num_oov_indices = input_length, num_oov_indices
        self.embedding_initializer = embedding_initializer
        self.embedding_layer = layers.Embedding(input_dim + num_oov_indices, output_dim, embedding_initializer)
        self.dynamic_lookup_layer = DynamicLookup(input_dim, initial_vocabulary, eviction_policy)

    def build(self, input_shape: Any = None) -> None:
        self.embedding_layer.build(input_shape)

    def call(self, inputs: Any, learn_vocab: bool = True) -> Any:
        """The vectors of tokens: (*, output_dim)."""
        return self.embedding_layer(self.dynamic_lookup_layer(inputs, learn_vocab=learn_vocab))

    def get_vocabulary(self) -> list[Any]:
        """The tokens that have vectors of their own."""
        return self.dynamic_lookup_layer.get_vocabulary()

    def get_top_vocabulary(self, keys: Any, values: Any, k: int) -> list[Any]:
        """The ``k`` keys of the largest values."""
        order = np.argsort(-np.asarray(values), kind="stable")[:k]
        return [keys[i] for i in order]

    def aggregate_lookup_table(self, keys_list: Any, values_list: Any) -> tuple[list[Any], list[int]]:
        """Counts of several tables added up."""
        total: Counter = Counter()
        for keys, values in zip(keys_list, values_list, strict=True):
            for key, value in zip(keys, values, strict=True):
                total[_text(key)] += int(value)
        return list(total), list(total.values())

    def update_embeddings(self, strategy: Any = None) -> None:
        """Makes the most frequent tokens the vocabulary; tokens that stay keep their vectors, new ones are drawn."""
        lookup, old = self.dynamic_lookup_layer, self.embedding_layer.embeddings
        new = self.get_top_vocabulary(list(lookup.counts), list(lookup.counts.values()), lookup.vocabulary_size)
        places = {token: place for place, token in enumerate(lookup.vocabulary)}
        drawn = initializers.get(self.embedding_initializer)(tuple(old.shape), dtype=old.dtype)
        table, before = np.array(drawn), np.asarray(old)
        for place, token in enumerate(new):
            if token in places:
                table[place] = before[places[token]]
        table[lookup.vocabulary_size :] = before[lookup.vocabulary_size :]
        lookup.vocabulary = new
        old.assign(table)

    def save_assets(self, dir_path: str) -> None:
        """Writes the initial vocabulary into a folder."""
        with open(os.path.join(dir_path, "initial_vocabulary.txt"), "w", encoding="utf-8") as file:
            file.write("\n".join(map(str, self.dynamic_lookup_layer.initial_vocabulary)))

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer."""
        lookup = self.dynamic_lookup_layer
        return {
            **super().get_config(),
            "input_dim": lookup.vocabulary_size,
            "output_dim": self.embedding_layer.output_dim,
            "input_length": self.input_length,
            "eviction_policy": lookup.eviction_policy,
            "initial_vocabulary": list(lookup.initial_vocabulary),
            "embedding_initializer": self.embedding_initializer,
            "num_oov_indices": self.num_oov_indices,
        }


class LinearModel(Model):
    """A weighted sum of one input, or of several or a dict of them, with an activation.

    https://www.tensorflow.org/api_docs/python/tf/keras/experimental/LinearModel

    >>> LinearModel(units=2)(np.ones((1, 3), "float32")).tolist()
    [[0.0, 0.0]]
    """

    def __init__(
        self,
        units: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "zeros",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.units, self.use_bias = units, use_bias
        self.activation = activations.get(activation)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)

    def build(self, input_shape: Any) -> None:
        several = isinstance(input_shape, dict) or isinstance(input_shape, (list, tuple)) and any(
            isinstance(s, (list, tuple)) for s in input_shape
        )  # fmt: skip
        if isinstance(input_shape, dict):
            names = sorted(input_shape)
            shapes = [input_shape[name] for name in names]
        else:
            shapes = list(input_shape) if several else [input_shape]
            names = [None] * len(shapes)
        self.dense_layers = [
            layers.Dense(
                self.units,
                use_bias=False,
                kernel_initializer=self.kernel_initializer,
                kernel_regularizer=self.kernel_regularizer,
                name=name,
            )
            for name in names
        ]
        for one, shape in zip(self.dense_layers, shapes, strict=True):
            one.build(shape)
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                "bias", (self.units,), initializer=self.bias_initializer, regularizer=self.bias_regularizer
            )
        self.built = True

    def call(self, inputs: Any) -> Any:
        """The weighted sum: (batch, units)."""
        if isinstance(inputs, dict):
            missing = [one.name for one in self.dense_layers if one.name not in inputs]
            if missing:
                raise ValueError(f"{describe(self)}: no input named {missing[0]!r}; received {sorted(inputs)}.")
            inputs = [inputs[one.name] for one in self.dense_layers]
        given = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
        total = sum(one(x) for one, x in zip(self.dense_layers, given, strict=True))
        return self.activation(total if self.bias is None else total + jnp.asarray(self.bias))

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal model."""
        found = {"name": self.name, "units": self.units, "activation": activations.serialize(self.activation)}
        found["use_bias"] = self.use_bias
        for name in ("kernel_initializer", "bias_initializer"):
            found[name] = initializers.serialize(getattr(self, name))
        for name in ("kernel_regularizer", "bias_regularizer"):
            found[name] = regularizers.serialize(getattr(self, name))
        return found

    @classmethod
    def from_config(cls, config: Any, custom_objects: Any = None) -> Any:
        """The model that ``get_config`` described."""
        return cls(**config)


class WideDeepModel(Model):
    """A linear and a deep model whose outputs are added; each may have an optimizer of its own.

    ``compile(optimizer=[for_the_linear_model, for_the_deep_model], ...)``.
    https://www.tensorflow.org/api_docs/python/tf/keras/experimental/WideDeepModel

    >>> WideDeepModel(LinearModel(), layers.Dense(1))(np.ones((2, 3), "float32")).shape
    (2, 1)
    """

    def __init__(self, linear_model: Any, dnn_model: Any, activation: Any = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.linear_model, self.dnn_model = linear_model, dnn_model
        self.activation = activations.get(activation)

    def call(self, inputs: Any, training: Any = None) -> Any:
        """The sum of both models' outputs; two inputs are one for each."""
        both = isinstance(inputs, (list, tuple)) and len(inputs) == 2
        wide, deep = inputs if both else (inputs, inputs)
        added = jax.tree.map(lambda a, b: a + b, self.linear_model(wide), self.dnn_model(deep))
        return jax.tree.map(self.activation, added)

    def compile(self, optimizer: Any = "rmsprop", *args: Any, **kwargs: Any) -> None:
        """As for every model; ``optimizer`` may be a list of two."""
        if isinstance(optimizer, (list, tuple)):
            from .. import optimizers

            wide, deep = (optimizers.get(o).to_optax() for o in optimizer)

            def labels(params: Any) -> Any:
                count = len(self.linear_model.trainable_variables)
                flat = jax.tree.leaves(params)
                names = ["wide" if i < count else "deep" for i in range(len(flat))]
                return jax.tree.unflatten(jax.tree.structure(params), names)

            optimizer = optax.multi_transform({"wide": wide, "deep": deep}, labels)
        super().compile(optimizer, *args, **kwargs)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal model."""
        return {
            "name": self.name,
            "linear_model": registry.serialize(self.linear_model),
            "dnn_model": registry.serialize(self.dnn_model),
            "activation": activations.serialize(self.activation),
        }

    @classmethod
    def from_config(cls, config: Any, custom_objects: Any = None) -> Any:
        """The model that ``get_config`` described."""
        parts = {n: registry.deserialize(config[n], custom_objects) for n in ("linear_model", "dnn_model")}
        return cls(**{**config, **parts})


class SharpnessAwareMinimization(Model):
    """Trains a model for flat minima: each step takes its gradients where the loss nearby is largest.

    ``num_batch_splits`` takes the gradients of parts of the batch, each about its own worst neighbour, and adds them.
    Source: Foret et al., 2020, https://arxiv.org/abs/2010.01412

    >>> model = SharpnessAwareMinimization(LinearModel())
    >>> model.compile("sgd", "mse")
    >>> len(model.fit(np.ones((4, 2)), np.ones((4, 1)), verbose=0).history["loss"])
    1
    """

    def __init__(self, model: Any, rho: float = 0.05, num_batch_splits: int | None = None, name: str | None = None):
        super().__init__(name=name)
        self.model, self.rho, self.num_batch_splits = model, rho, num_batch_splits

    def call(self, inputs: Any, training: Any = None) -> Any:
        """The outputs of the model inside."""
        return self.model(inputs)

    def train_step(self, state: Any, data: Any) -> Any:
        """One step of sharpness-aware minimization, with the state as Keras 3 has it."""
        trainable, non_trainable, optimizer, metrics = state
        parts = self.num_batch_splits or 1
        split = [jax.tree.map(lambda a, i=i: jnp.split(a, parts)[i], data) for i in range(parts)]

        def loss_at(values: Any, rest: Any, seen: Any, part: Any) -> Any:
            x, y, weight = (*part, None, None)[:3]
            return self.compute_loss_and_updates(
                values, rest, seen, x, y, weight, training=True, optimizer_variables=optimizer
            )

        grad = jax.grad(loss_at, has_aux=True)
        total, predictions = None, []
        for part in split:
            here, (_, y_pred, non_trainable, _) = grad(trainable, non_trainable, metrics, part)
            predictions.append(y_pred)
            length = jnp.sqrt(sum(jnp.sum(jnp.square(g)) for g in jax.tree.leaves(here)))
            worst = [v + g * (self.rho / (length + 1e-12)) for v, g in zip(trainable, here, strict=True)]
            there, (_, _, non_trainable, _) = grad(worst, non_trainable, metrics, part)
            total = there if total is None else jax.tree.map(jnp.add, total, there)
        x, y, weight = (*data, None, None)[:3]
        y_pred = jax.tree.map(lambda *a: jnp.concatenate(a), *predictions)
        after, optimizer = self.optimizer.stateless_apply(optimizer, total, trainable)
        loss, (_, _, metrics) = self.stateless_compute_loss(
            trainable, non_trainable, metrics, x=x, y=y, y_pred=y_pred, sample_weight=weight, training=True
        )
        values, metrics = self._measured(metrics, loss, x, y, y_pred, weight)
        return values, (after, non_trainable, optimizer, metrics)

    def _measured(self, metrics: Any, loss: Any, x: Any, y: Any, y_pred: Any, weight: Any) -> tuple[dict, list]:
        from ..core import frame as frames

        variables = self.metrics_variables
        with frames.Frame(values=dict(zip(variables, metrics, strict=True)), training=False) as frame:
            self._compiled.loss_tracker.update_state(loss, sample_weight=jax.tree.leaves(x)[0].shape[0])
            found = self.compute_metrics(x, y, y_pred, weight)
            return dict(found), [frame.values[v] for v in variables]

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal model."""
        own = {"rho": self.rho, "num_batch_splits": self.num_batch_splits}
        return {"name": self.name, "model": registry.serialize(self.model), **own}

    @classmethod
    def from_config(cls, config: Any, custom_objects: Any = None) -> Any:
        """The model that ``get_config`` described."""
        return cls(**{**config, "model": registry.deserialize(config["model"], custom_objects)})

"""FlaxLayer with modules of the real Flax, where that is installed."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jkeras as keras
from jkeras import layers

nn = pytest.importorskip("flax.linen")


class Plain(nn.Module):
    features: int = 3

    @nn.compact
    def __call__(self, inputs):
        return nn.Dense(self.features)(inputs)


class Block(nn.Module):
    @nn.compact
    def __call__(self, inputs, training=False):
        x = nn.Dense(4)(inputs)
        x = nn.BatchNorm(use_running_average=not training, momentum=0.5)(x)
        return nn.Dropout(0.5, deterministic=not training)(x)

    @nn.compact
    def two(self, first, second, deterministic):
        return nn.Dropout(0.5, deterministic=deterministic)(nn.Dense(2)(first) + second)


def paired(module, inputs, training):
    first, second = inputs
    return module.two(first, second, not training)


X = np.random.RandomState(0).standard_normal((6, 5)).astype("float32")


def test_a_plain_module_gives_what_flax_gives():
    module = Plain()
    variables = module.init(jax.random.key(0), X)
    layer = layers.FlaxLayer(module, variables=variables)
    np.testing.assert_allclose(layer(X), module.apply(variables, X), rtol=1e-6)
    assert sorted(v.shape for v in layer.trainable_weights) == [(3,), (5, 3)] and not layer.non_trainable_weights


def test_statistics_and_dropout_are_those_of_the_mode():
    layer = layers.FlaxLayer(Block(), seed=1)
    assert (layer(X, training=True) == 0).any()
    means, variances = layer.state["batch_stats"]["BatchNorm_0"].values()
    outputs = X @ layer.params["params"]["Dense_0"]["kernel"].value
    np.testing.assert_allclose(means, 0.5 * outputs.mean(0), atol=1e-6)
    np.testing.assert_allclose(variances, 0.5 + 0.5 * outputs.var(0), rtol=1e-5)
    expected = (outputs - means) / np.sqrt(variances + 1e-5)
    np.testing.assert_allclose(layer(X), expected, atol=1e-5)
    np.testing.assert_array_equal(layer(X), layer(X))
    assert (np.asarray(layer(X, training=True)) != np.asarray(layer(X, training=True))).any()


def test_a_model_with_a_module_trains_and_comes_back_from_its_weights(tmp_path):
    def net():
        model = keras.Sequential([keras.Input((5,)), layers.FlaxLayer(Block(), name="block"), layers.Dense(1)])
        model.compile(keras.optimizers.SGD(0.05), "mse")
        return model

    model, y = net(), X.sum(axis=1, keepdims=True)
    losses = model.fit(X, y, epochs=8, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    means = model.layers[0].state["batch_stats"]["BatchNorm_0"]["mean"].numpy()
    assert (means != 0).any()
    model.save_weights(tmp_path / "w.weights.h5")
    again = net()
    again.load_weights(tmp_path / "w.weights.h5")
    np.testing.assert_array_equal(model.predict(X, verbose=0), again.predict(X, verbose=0))


def test_a_method_of_ones_own_takes_several_inputs():
    layer = layers.FlaxLayer(Block(), method=paired)
    assert layer([X, jnp.ones((6, 2))]).shape == (6, 2)
    assert (layer([X, jnp.ones((6, 2))], training=True) == 0).any()


def test_a_bound_method_is_found_by_its_name():
    layer = layers.FlaxLayer(Plain(), method="__call__")
    assert layer(X).shape == (6, 3)


def test_a_layer_comes_back_from_its_config():
    custom = {"Plain": Registered}
    layer = layers.FlaxLayer(Registered(features=2))
    layer(X)
    with keras.saving.custom_object_scope(custom):
        again = layers.FlaxLayer.from_config(layer.get_config())
    assert again(X).shape == (6, 2) and again.module.features == 2


def test_a_module_that_no_config_can_make_is_named():
    with pytest.raises(TypeError, match="Plain has no get_config"):
        layers.FlaxLayer(Plain()).get_config()


@keras.saving.register_keras_serializable()
class Registered(Plain):
    def get_config(self):
        return {"features": self.features}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


def test_the_pure_door_knows_a_module():
    layer = layers.FlaxLayer(Block())
    params, state = layer.init(jax.random.key(0), X)
    apply = jax.jit(lambda p, s, x, key: layer.apply(p, s, x, training=True, key=key))
    outputs, after = apply(params, state, X, jax.random.key(1))
    assert outputs.shape == (6, 4) and jax.tree.structure(after) == jax.tree.structure(state)
    changed = jax.tree.map(lambda a, b: bool((a != b).any()), state, after)
    assert any(jax.tree.leaves(changed))

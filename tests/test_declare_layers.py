"""Fields of layers: names that the base class has a property for, and inherited fields taken away."""

import jax.numpy as jnp
import pytest

from jkeras import layers


def test_a_field_may_share_its_name_with_a_property_of_all_layers():
    layer = layers.EinsumDense("ab,bc->ac", output_shape=5)
    x = layers.Input((3,))
    assert layer(x).shape == layer.output_shape == (None, 5)
    assert layer.get_config()["output_shape"] == (5,)


def test_a_subclass_takes_an_inherited_field_away():
    layer = layers.SpatialDropout1D(0.5, 3)
    assert isinstance(layer, layers.Dropout) and layer.seed == 3
    with pytest.raises(TypeError, match="noise_shape"):
        layers.SpatialDropout1D(0.5, noise_shape=(1, 1, 2))


@pytest.mark.parametrize("given", [jnp.ones((4, 2)), [jnp.ones((4, 2))]], ids=["matrix", "list"])
def test_embedding_begins_with_the_weights_it_is_given(given):
    layer = layers.Embedding(4, 2, weights=given)
    assert layer(jnp.array([[1]])).tolist() == [[[1.0, 1.0]]]


def test_build_by_hand_builds_once_and_under_the_layers_names():
    class Block(layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.inner = layers.Dense(3, name="inner")

        def build(self, input_shape):
            self.inner.build(input_shape)

        def call(self, x):
            return self.inner(x)

    block = Block(name="block")
    block.build((None, 4))
    kernel = block.inner.kernel
    assert block.built and block.inner.built and kernel.path == "block/inner/kernel"
    assert block(jnp.ones((2, 4))).shape == (2, 3) and block.inner.kernel is kernel and len(block.weights) == 2

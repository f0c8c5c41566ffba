"""JaxLayer and FlaxLayer where no golden value says what is right."""

import sys
import types

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jkeras import layers


class Module:
    """What FlaxLayer asks of a Flax module."""

    def init(self, rng, inputs, method=None, training=True):
        assert sorted(rng) == ["dropout", "params"]
        return {"params": {"kernel": jnp.ones((inputs.shape[-1], 2))}, "stats": {"calls": jnp.zeros(())}}

    def apply(self, variables, inputs, rngs=None, method=None, mutable=None, training=False):
        calls = variables["stats"]["calls"] + training
        return inputs @ variables["params"]["kernel"], {"stats": {"calls": calls}}

    def __call__(self, inputs, training=False):
        raise NotImplementedError


@pytest.fixture
def flax(monkeypatch):
    linen = types.ModuleType("flax.linen")
    linen.DenyList = lambda names: ("all but", names)
    monkeypatch.setitem(sys.modules, "flax", types.ModuleType("flax"))
    monkeypatch.setitem(sys.modules, "flax.linen", linen)


def test_a_flax_module_trains_as_a_layer(flax):
    layer = layers.FlaxLayer(Module())
    assert layer(np.ones((3, 4), "float32"), training=True).shape == (3, 2)
    assert [v.shape for v in layer.trainable_weights] == [(4, 2)]
    assert [v.numpy().item() for v in layer.non_trainable_weights] == [1.0]


def test_a_flax_module_may_bring_its_variables(flax):
    variables = {"params": {"kernel": jnp.full((4, 2), 0.5)}}
    module = Module()
    module.apply = lambda v, x, **_: (x @ v["params"]["kernel"], {})
    layer = layers.FlaxLayer(module, variables=variables)
    assert layer(np.ones((1, 4), "float32")).tolist() == [[2.0, 2.0]]


def test_without_flax_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "flax", None)
    monkeypatch.setitem(sys.modules, "flax.linen", None)
    with pytest.raises(ImportError, match="pip install flax"):
        layers.FlaxLayer(Module())(np.ones((3, 4), "float32"))


def test_a_function_with_rng_draws_anew_while_training():
    noisy = layers.JaxLayer(
        lambda rng, inputs, training: inputs + (jax.random.normal(rng) if training else 0.0), seed=1
    )
    x = np.zeros((1, 2), "float32")
    assert (noisy(x) == 0).all() and (noisy(x, training=True) != noisy(x, training=True)).all()


def test_a_state_of_another_structure_is_refused():
    layer = layers.JaxLayer(lambda state, inputs: (inputs, {"other": state["n"]}), state={"n": 0})
    with pytest.raises(ValueError, match="structure"):
        layer(np.ones((1, 2), "float32"))

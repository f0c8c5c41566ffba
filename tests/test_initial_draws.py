"""Weights drawn together have the numbers of weights drawn one by one; seeds give the keys that Keras 3 draws with."""

import zlib

import jax
import numpy as np
import pytest

from jkeras import initializers
from jkeras.core import rng
from jkeras.core.rng import SeedGenerator, key_of
from jkeras.core.variable import Variable, initial_values
from jkeras.nn.random import Draw, draw, draw_many, threefry

KEY = jax.random.key(7)


@pytest.mark.parametrize("kind", ["uniform", "normal", "truncated_normal", "constant"])
def test_many_draws_equal_single_draws(kind):
    shapes = [(), (3,), (5, 7), (129,), (2, 3, 50)]
    plans = [Draw(kind, -0.1 * i, 0.3 + i) for i in range(len(shapes))]
    together = draw_many(KEY, range(len(shapes)), shapes, plans)
    for i, value in enumerate(together):
        alone = draw(jax.random.fold_in(KEY, np.uint32(i)), shapes[i], "float32", plans[i])
        np.testing.assert_allclose(value, alone, rtol=1e-6, atol=1e-7)


def test_many_draws_are_pure_under_jit_and_vmap():
    plans = [Draw("normal", 0.0, 1.0), Draw("uniform", 0.0, 1.0)]

    def make(key):
        return draw_many(key, [3, 4], [(4,), (2, 2)], plans)

    for eager, jitted in zip(make(KEY), jax.jit(make)(KEY), strict=True):
        np.testing.assert_allclose(eager, jitted, rtol=1e-6)
    keys = jax.random.split(KEY, 3)
    np.testing.assert_allclose(jax.vmap(make)(keys)[0][2], make(keys[2])[0], rtol=1e-6)


def test_weights_made_together_equal_their_own_initializers():
    names = ["glorot_uniform", "he_normal", "zeros", "random_normal", "orthogonal"]
    weights = [Variable(initializers.get(n), shape=(6, 4), name=n) for n in names]
    for weight, value in zip(weights, initial_values(weights, KEY), strict=True):
        own = jax.random.fold_in(KEY, np.uint32(zlib.crc32(weight.path.encode())))
        np.testing.assert_allclose(value, weight._initializer((6, 4), key=own), rtol=1e-6, atol=1e-7)


def test_a_subclass_with_its_own_call_is_asked_for_its_values():
    class Ramp(initializers.RandomNormal):
        def __call__(self, shape, dtype=None):
            return np.arange(6.0).reshape(shape)

    assert Variable(Ramp(), shape=(2, 3)).numpy().tolist() == [[0, 1, 2], [3, 4, 5]]


def test_an_integer_seed_is_the_key_that_keras_draws_with():
    assert jax.random.key_data(key_of(5)).tolist() == [5, 0]
    assert jax.random.key_data(key_of(-1)).tolist() == [2**32 - 1, 0]
    assert jax.random.key_data(key_of(np.array([5, 2], "uint32"))).tolist() == [5, 2]


def test_a_seed_generator_counts_as_in_keras():
    generator = SeedGenerator(5)
    assert [jax.random.key_data(generator.next()).tolist() for _ in range(2)] == [[5, 0], [5, 1]]
    assert jax.random.key_data(generator.next(ordered=False)).tolist() == [5, 2]
    assert generator.state.numpy().tolist() == [6 * 5387 % 933199, 3 * 5387 % 933199]


@pytest.mark.parametrize("registered_name", ["function", "custom>mine", None])
def test_a_function_config_of_keras_is_read(registered_name):
    from jkeras import activations

    def mine(x):
        return x

    config = {"module": "builtins", "class_name": "function", "config": "mine", "registered_name": registered_name}
    assert activations.deserialize(config, {"mine": mine, "custom>mine": mine}) is mine


def test_threefry_draws_the_bits_of_jax():
    halves = np.asarray(jax.random.key_data(KEY))
    counters = np.arange(1000, dtype=np.uint32)
    high, low = threefry(halves[0], halves[1], np.uint32(0), counters)
    np.testing.assert_array_equal(high ^ low, jax.random.bits(KEY, (1000,), "uint32"))


@pytest.mark.parametrize("seed", [0, 5, 2**31, 2**32 - 1])
def test_a_fresh_key_is_the_key_of_its_seed(seed, monkeypatch):
    monkeypatch.setattr(rng, "fresh_seed", lambda: seed)
    assert rng.fresh_key() == jax.random.key(seed)


def test_arrays_of_new_shapes_compile_nothing_and_are_copies(caplog):
    given = np.ones((3, 1777), "float32")
    with jax.log_compiles(), caplog.at_level("WARNING", logger="jax"):
        weight = Variable(given)
        weight.assign(given + 1)
        given[:] = 9
    assert not caplog.records and weight.numpy().max() == 2


def test_states_of_generators_drawn_together_are_those_drawn_one_by_one():
    alone = [rng.drawn_state((2,), "uint32", jax.random.fold_in(KEY, fold)) for fold in (3, 2**32 - 1)]
    np.testing.assert_array_equal(rng.drawn_states(KEY, [3, 2**32 - 1]), alone)

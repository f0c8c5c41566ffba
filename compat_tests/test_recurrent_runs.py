"""Recurrent layers over several batches, and as Keras 2 had them by default, against the real ones."""

import numpy as np
import pytest

from compat_tests import recurrent_runs

ROOT = recurrent_runs.ROOT


@pytest.fixture
def ours(impl, keras):
    if impl != "jkeras":
        pytest.skip("compares jkeras with stored values")
    return keras


def stored(real, name):
    with np.load(ROOT / "golden" / real / "recurrent_runs.npz") as found:
        return [found[key] for key in found.files if key.split("|")[0] == name]


def same(found, expected):
    assert len(found) == len(expected) > 0
    for one, two in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, two, 1e-5, 1e-5)


# Left out, because they lose the states between batches of predict: Keras 3 on JAX, and Bidirectional of Keras 2.2.4.
@pytest.mark.parametrize(
    "name, real",
    [
        *((name, "tf_keras") for name in ("stateful_lstm", "stateful_simple", "stateful_bidirectional")),
        *((name, "keras224") for name in ("stateful_lstm", "stateful_simple")),
    ],
)
def test_states_go_from_batch_to_batch_until_they_are_reset(ours, name, real):
    same(recurrent_runs.runs(ours)[name](), stored(real, name))


TODAY = {
    "default_lstm": lambda L: L.LSTM(2, recurrent_activation="hard_sigmoid_fifth"),
    "default_gru": lambda L: L.GRU(
        2, recurrent_activation="hard_sigmoid_fifth", reset_after=False, return_sequences=True
    ),
    "default_bidirectional": lambda L: L.Bidirectional(L.LSTM(2, recurrent_activation="hard_sigmoid_fifth")),
    "list_of_cells": lambda L: L.RNN(
        L.StackedRNNCells(
            [L.LSTMCell(2, recurrent_activation="hard_sigmoid_fifth"), L.SimpleRNNCell(3)], nested_states=False
        ),
        return_state=True,
    ),
    "peephole": lambda L: L.RNN(
        L.PeepholeLSTMCell(2, recurrent_activation="hard_sigmoid_fifth"), return_sequences=True
    ),
}


@pytest.mark.parametrize("name", TODAY)
def test_defaults_of_keras_2_in_words_of_today_give_its_numbers(ours, name):
    layer = TODAY[name](ours.layers)
    seed = 1 if name == "peephole" else 0
    x = recurrent_runs.drawn(*recurrent_runs.X, seed=seed)
    layer(x)
    recurrent_runs.fill(layer)
    found = layer(x)
    same(
        list(found) if isinstance(found, tuple) else [found],
        stored("tf_keras" if name == "peephole" else "keras224", name),
    )


def test_constants_reach_the_cell_at_every_step(ours):
    import jax.numpy as jnp

    class WithConstants(ours.layers.Layer):
        def __init__(self, units, **kwargs):
            self.units = self.state_size = units
            super().__init__(**kwargs)

        def build(self, input_shape):
            step, constant = input_shape
            self.a = self.add_weight(name="a", shape=(step[-1], self.units))
            self.b = self.add_weight(name="b", shape=(constant[-1], self.units))

        def call(self, inputs, states, constants):
            output = jnp.tanh(inputs @ self.a + constants[0] @ self.b + states[0])
            return output, [output]

    x, c = recurrent_runs.drawn(*recurrent_runs.X, seed=0), recurrent_runs.drawn(2, 5, seed=1)
    layer = ours.layers.RNN(WithConstants(2), return_sequences=True)
    layer(x, constants=c)
    recurrent_runs.fill(layer)
    same([layer(x, constants=[c])], stored("keras224", "constants"))
    symbols = [ours.layers.Input(x.shape[1:]), ours.layers.Input(c.shape[1:])]
    model = ours.models.Model(symbols, layer(symbols[0], constants=symbols[1]))
    same([model.predict([x, c], verbose=0)], stored("keras224", "constants"))


def test_the_era_brings_back_the_defaults_of_keras_2(ours):
    from jkeras.core.declare import era

    kept = era.name, era.defaults
    era.name = "2.2"
    era.defaults = {
        **{(c, "recurrent_activation"): "hard_sigmoid" for c in ("LSTM", "GRU", "LSTMCell", "GRUCell", "ConvLSTMCell")},
        **{(c, "reset_after"): False for c in ("GRU", "GRUCell")},
    }
    try:
        layer, x = ours.layers.GRU(2, return_sequences=True), recurrent_runs.drawn(*recurrent_runs.X, seed=0)
        layer(x)
        recurrent_runs.fill(layer)
        same([layer(x)], stored("keras224", "default_gru"))
    finally:
        era.name, era.defaults = kept

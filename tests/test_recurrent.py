"""Recurrent layers, cells and wrappers: what the comparison with real Keras does not say."""

import dataclasses
import functools
import re
import types

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.experimental import rnn as fused

from jkeras import Input, Model, layers
from jkeras.nn import recurrent as nn

X = np.random.default_rng(0).normal(size=(2, 5, 4)).astype("float32")
HOLES = np.array([[1, 1, 0, 1, 0], [0, 1, 1, 0, 0]], bool)


def drawn(*shape):
    return jnp.asarray(np.random.default_rng([1, *shape]).normal(size=shape), jnp.float32)


# ------------------------------------------------- the derivative written by hand is that of the plain loop

CELLS = {
    "lstm": (nn.LSTM, 4, 2, (jnp.tanh, jax.nn.sigmoid)),
    "lstm_other": (nn.LSTM, 4, 2, (jax.nn.soft_sign, jax.nn.elu)),
    "gru": (nn.GRU, 3, 1, (jnp.tanh, jax.nn.sigmoid)),
    "simple": (nn.SIMPLE, 1, 1, (jnp.tanh,)),
}


@pytest.mark.parametrize(
    "reverse, masked, unroll, drop",
    [(False, False, False, None), (True, True, False, "units"), (False, True, True, "gates")],
)
@pytest.mark.parametrize("name", CELLS)
def test_gradients_and_tangents_equal_those_of_the_plain_loop(name, reverse, masked, unroll, drop):
    cell, gates, states, acts = CELLS[name]
    t, b, u = 3, 3, 2
    given = (drawn(t, b, gates * u), drawn(u, gates * u), drawn(gates * u), tuple(drawn(b, u) for _ in range(states)))
    mask = drawn(t, b) > 0 if masked else None
    drop = {None: None, "units": drawn(b, u), "gates": drawn(gates, b, u)}[drop]

    def loss(given, elementwise):
        outputs, last = nn.run(
            cell, acts, *given, mask=mask, drop=drop, reverse=reverse, unroll=unroll, elementwise=elementwise
        )
        return jnp.sum(outputs * drawn(t, b, u)) + sum(jnp.sum(jnp.sin(s)) for s in last)

    def both(elementwise):
        def one(g):
            return loss(g, elementwise)

        ones = jax.tree.map(jnp.ones_like, given)
        return jax.jit(lambda g: (jax.value_and_grad(one)(g), jax.jvp(one, (g,), (ones,))[1]))(given)

    (one, *first), (two, *second) = both(True), both(False)
    for found, expected in zip(jax.tree.leaves(one), jax.tree.leaves(two), strict=True):
        np.testing.assert_allclose(found, expected, 1e-4, 1e-4)
    tangents = [first[0], second[0]]
    np.testing.assert_allclose(*tangents, 1e-3, 1e-3)


def test_second_derivatives_exist():
    kernel, xs, state = drawn(2, 8), drawn(3, 2, 8), (drawn(2, 2), drawn(2, 2))

    def loss(kernel, elementwise):
        acts = (jnp.tanh, jax.nn.sigmoid)
        return jnp.sum(nn.run(nn.LSTM, acts, xs, kernel, None, state, elementwise=elementwise)[0] ** 2)

    one, two = (jax.jit(jax.hessian(lambda k, e=e: loss(k, e)))(kernel) for e in (True, False))
    np.testing.assert_allclose(one, two, 1e-3, 1e-3)


# ------------------------------------------------- the fused LSTM


def reference(x, h, c, flat, lengths, features, units):
    weights = fused.unpack_lstm_weights(flat, features, units, 1, False)
    return fused.lstm_ref(x, h, c, *weights, lengths, features, units, 1, 0.0, False)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("lengths", [None, (5, 2, 0)])
def test_weights_packed_for_cudnn_give_the_same_lstm(lengths, reverse):
    t, b, d, u = 5, 3, 4, 2
    x, states = drawn(t, b, d), (drawn(b, u), drawn(b, u) * 2)
    kernel, recurrent, bias = drawn(d, 4 * u), drawn(u, 4 * u), drawn(4 * u)
    mask = None if lengths is None else jnp.arange(t)[:, None] < jnp.array(lengths)
    one = nn.lstm_cudnn(x, states, kernel, recurrent, bias, mask=mask, reverse=reverse, fused=reference)
    acts = (jnp.tanh, jax.nn.sigmoid)
    two = nn.run(nn.LSTM, acts, nn.project(x, kernel, bias), recurrent, None, states, mask=mask, reverse=reverse)
    for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(two), strict=True):
        np.testing.assert_allclose(a, b, 1e-5, 1e-5)


def test_the_fused_lstm_has_a_gradient_and_runs_under_vmap(monkeypatch):
    def forward(x, h, c, flat, lengths, features, units, *_):
        outputs = reference(x, h, c, flat, lengths, features, units)
        return outputs, (x, h, c, flat, lengths, outputs[0], jnp.zeros(3))

    def backward(features, units, layers, dropout, bidirectional, precision, residuals, cotangents):
        *arrays, lengths = residuals[:5]
        gradient = jax.vjp(lambda *a: reference(*a, lengths, features, units), *arrays)[1]
        return (*gradient(cotangents), jnp.zeros_like(lengths))

    monkeypatch.setattr(fused, "lstm_fwd", forward)
    monkeypatch.setattr(fused, "lstm_bwd", backward)
    x, states, recurrent, bias = drawn(4, 3, 2), (drawn(3, 2), drawn(3, 2)), drawn(2, 8), drawn(8)

    def loss(kernel, run):
        return jnp.sum(run(x, states, kernel, recurrent, bias)[0] ** 2)

    kernels = jnp.stack([drawn(2, 8), drawn(2, 8) * 2])
    one, two = (
        jax.vmap(jax.grad(lambda k, run=run: loss(k, run)))(kernels)
        for run in (nn.lstm_cudnn, functools.partial(nn.lstm_cudnn, fused=reference))
    )
    np.testing.assert_allclose(one, two, 1e-5, 1e-5)


@pytest.mark.parametrize("mask", [None, "right", "holes"])
def test_lstm_takes_the_fused_path_where_it_is_offered_with_the_same_numbers(monkeypatch, mask):
    mask = {None: None, "right": np.arange(5) < np.array([[5], [3]]), "holes": HOLES}[mask]
    layer = layers.LSTM(3, return_sequences=True)
    plain = layer(X, mask=mask)
    calls = []
    monkeypatch.setattr(nn, "cudnn_available", lambda: True)
    monkeypatch.setattr(nn, "_fused", lambda *args: calls.append(1) or reference(*args))
    np.testing.assert_allclose(layer(X, mask=mask), plain, 1e-5, 1e-5)
    assert calls


@pytest.fixture
def lowered_for_cuda(monkeypatch):
    """A function that lowers another one for CUDA; all but the library itself is JAX's own. And what cuDNN is told."""
    from jax.interpreters import mlir
    from jaxlib import gpu_rnn

    told = []
    plugin = types.SimpleNamespace(build_rnn_descriptor=lambda *given: told.append(given) or b"")
    sizes = "compute_rnn_workspace_reserve_space_sizes"
    monkeypatch.setattr(gpu_rnn, sizes, lambda *given: (128, 64), raising=False)
    monkeypatch.setattr(nn, "cudnn_available", lambda: True)
    rules = {fused.rnn_fwd_p: gpu_rnn._rnn_fwd_lowering, fused.rnn_bwd_p: gpu_rnn._rnn_bwd_lowering}
    table = mlir._platform_specific_lowerings["cuda"]
    for primitive, rule in rules.items():
        known = table[primitive]
        kept = dataclasses.replace(known, rule=functools.partial(rule, plugin, "cu"))
        monkeypatch.setitem(table, primitive, kept)
    return lambda f, *args: jax.jit(f).trace(*args).lower(lowering_platforms=("cuda",)).as_text(), told


def test_an_lstm_on_cuda_is_one_call_of_cudnn_and_its_gradient_another(lowered_for_cuda):
    lower, told = lowered_for_cuda
    layer = layers.LSTM(3, return_sequences=True)
    x = np.ones((2, 5, 4), "float32")
    params, state = layer.init(jax.random.key(0), x)
    program = lower(jax.value_and_grad(lambda p, x: layer.apply(p, state, x)[0].sum()), params, x)
    calls = [line for line in program.splitlines() if "custom_call @cudnn_rnn" in line]
    assert [re.search("@([a-z_]+)", line)[1] for line in calls] == ["cudnn_rnn_ffi", "cudnn_rnn_bwd_ffi"]
    assert "while" not in program
    weights = (4 + 3) * 12 + 2 * 12  # four gates of both kernels, and two biases
    given = ", ".join(f"tensor<{kind}>" for kind in ("2x5x4xf32", "1x2x3xf32", "1x2x3xf32", f"{weights}xf32", "2xi32"))
    assert f"({given})" in calls[0]
    assert (
        told == [(4, 3, 1, 2, 5, 0.0, False, True, 128, 64)] * 2
    )  # in, units, layers, batch, steps, ..., TF32, spaces


def test_the_weights_of_cudnn_are_a_layer_s_gate_after_gate():
    layer = layers.LSTM(2)
    layer.build((None, 5, 3))
    flat = nn.pack_cudnn(*(v.value for v in layer.weights))
    kernel, recurrent, bias = layer.get_weights()
    assert flat.size == fused.get_num_params_in_lstm(3, 2, 1, False)
    gates = [kernel[:, 2 * i : 2 * i + 2].T for i in range(4)]  # i, f, c, o, each as (units, in)
    np.testing.assert_array_equal(flat[:24].reshape(4, 2, 3), gates)
    np.testing.assert_array_equal(flat[24:40].reshape(8, 2), recurrent.T)
    np.testing.assert_array_equal(flat[40:].reshape(2, 8), [bias, 0 * bias])


@pytest.mark.parametrize("change", [dict(activation="relu"), dict(use_bias=False), dict(unroll=True), {}])
def test_use_cudnn_raises_where_it_cannot_be(change):
    with pytest.raises(ValueError, match="use_cudnn"):
        layers.LSTM(3, use_cudnn=True, **change)(X)
    with pytest.raises(ValueError, match="no fused GRU"):
        layers.GRU(3, use_cudnn=True)(X)


# ------------------------------------------------- layers


@pytest.mark.parametrize("name, real, split", [("CuDNNLSTM", "LSTM", 2), ("CuDNNGRU", "GRU", None)])
def test_the_layers_of_keras_2_for_cudnn_are_today_s_with_two_biases(name, real, split):
    old, new = getattr(layers, name)(3, return_sequences=True), getattr(layers, real)(3, return_sequences=True)
    old(X), new(X)
    old.set_weights([drawn(*w.shape) for w in old.get_weights()])
    kernel, recurrent, bias = old.get_weights()
    assert bias.shape == ((24,) if split else (18,))
    new.set_weights([kernel, recurrent, bias.reshape(2, -1).sum(0) if split else bias.reshape(2, -1)])
    np.testing.assert_allclose(old(X), new(X), 1e-5, 1e-6)
    with pytest.raises(ValueError, match="takes no masks"):
        old(X, mask=HOLES)


def test_the_forget_gate_of_cudnn_lstm_begins_with_one_bias_of_ones():
    layer = layers.CuDNNLSTM(2)
    layer(X)
    assert layer.get_weights()[2].tolist() == [0] * 10 + [1] * 2 + [0] * 4


class Minimal(layers.Layer):
    def __init__(self, units, **kwargs):
        self.units = self.state_size = units
        super().__init__(**kwargs)

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name="kernel")
        self.recurrent_kernel = self.add_weight(shape=(self.units, self.units), name="recurrent_kernel")
        self.built = True

    def call(self, inputs, states):
        output = jnp.tanh(inputs @ self.kernel + states[0] @ self.recurrent_kernel)
        return output, [output]

    def get_config(self):
        return {**super().get_config(), "units": self.units}


@pytest.mark.parametrize("options", [{}, dict(go_backwards=True), dict(unroll=True), dict(zero_output_for_mask=True)])
@pytest.mark.parametrize("mask", [None, HOLES], ids=["plain", "masked"])
def test_a_user_s_cell_gives_the_numbers_of_the_built_in_one(options, mask):
    mine = layers.RNN(Minimal(3), return_sequences=True, return_state=True, **options)
    ours = layers.SimpleRNN(3, use_bias=False, return_sequences=True, return_state=True, **options)
    mine(X), ours(X)
    ours.set_weights(mine.get_weights())
    for a, b in zip(mine(X, mask=mask), ours(X, mask=mask), strict=True):
        np.testing.assert_allclose(a, b, 1e-5, 1e-6)


def test_a_cell_that_is_no_layer_runs():
    class Sum:
        state_size = 4

        def call(self, inputs, states):
            return states[0] + inputs, [states[0] + inputs]

    np.testing.assert_allclose(layers.RNN(Sum())(X), X.sum(1), 1e-5)


def test_a_cell_whose_output_is_no_state_repeats_its_output_at_masked_steps():
    class Doubled:
        state_size = 4

        def call(self, inputs, states):
            return jnp.concatenate([inputs, inputs], axis=-1), [states[0] + inputs]

    found = layers.RNN(Doubled(), return_sequences=True)(X, mask=HOLES)
    np.testing.assert_array_equal(found[0, 2], found[0, 1])
    np.testing.assert_array_equal(found[1, 0], jnp.zeros(8))


def test_what_a_cell_assigns_is_carried_from_step_to_step():
    class Counting(Minimal):
        def build(self, input_shape):
            super().build(input_shape)
            self.count = self.add_weight(name="count", shape=(), initializer="zeros", trainable=False)

        def call(self, inputs, states):
            self.count.assign(self.count + 1.0)
            self.add_loss(self.count.value)
            return super().call(inputs, states)

    layer = layers.RNN(Counting(3))
    layer(X)
    assert float(layer.cell.count.value) == 5
    assert float(layer.losses[0]) == 1 + 2 + 3 + 4 + 5


def test_a_stack_of_cells_is_the_layers_one_after_the_other():
    stack = layers.RNN([layers.LSTMCell(3), layers.GRUCell(2)], return_sequences=True)
    stack(X)
    one, two = layers.LSTM(3, return_sequences=True), layers.GRU(2, return_sequences=True)
    two(one(X))
    one.set_weights(stack.get_weights()[:3])
    two.set_weights(stack.get_weights()[3:])
    np.testing.assert_allclose(stack(X), two(one(X)), 1e-5, 1e-6)


def test_a_stack_runs_step_by_step_as_it_runs_cell_by_cell():
    class Own(layers.LSTMCell):
        def call(self, inputs, states, training=False):
            return super().call(inputs, states, training)

    fast = layers.RNN([layers.LSTMCell(3), layers.LSTMCell(2)], return_sequences=True)
    slow = layers.RNN([Own(3), Own(2)], return_sequences=True)
    fast(X), slow(X)
    slow.set_weights(fast.get_weights())
    np.testing.assert_allclose(fast(X, mask=HOLES), slow(X, mask=HOLES), 1e-5, 1e-6)


def test_reverse_state_order_begins_with_the_last_cell():
    cell = layers.StackedRNNCells([layers.LSTMCell(3), layers.GRUCell(2)], reverse_state_order=True)
    assert cell.state_size == [2, [3, 3]]
    plain = layers.RNN([layers.LSTMCell(3), layers.GRUCell(2)], return_state=True)
    turned = layers.RNN(cell, return_state=True)
    plain(X), turned(X)
    turned.set_weights(plain.get_weights())
    np.testing.assert_allclose(turned(X)[1], plain(X)[2], 1e-6)


def test_initial_states_may_be_symbolic_and_may_come_in_a_list():
    layer = layers.LSTM(3)
    x, h, c = Input((5, 4)), Input((3,)), Input((3,))
    named, listed = Model([x, h, c], layer(x, initial_state=[h, c])), Model([x, h, c], layer([x, h, c]))
    values = [X, drawn(2, 3), drawn(2, 3) + 1]
    expected = layer(X, initial_state=values[1:])
    np.testing.assert_allclose(named(values), expected, 1e-6)
    np.testing.assert_allclose(listed(values), expected, 1e-6)


def test_time_major_swaps_the_first_two_axes():
    one, two = layers.GRU(3, return_sequences=True), layers.GRU(3, return_sequences=True, time_major=True)
    one(X), two(X.swapaxes(0, 1))
    two.set_weights(one.get_weights())
    found = two(X.swapaxes(0, 1), mask=HOLES.T)
    np.testing.assert_allclose(found.swapaxes(0, 1), one(X, mask=HOLES), 1e-6)


@pytest.mark.parametrize("implementation, distinct", [(1, 4), (2, 1)])
def test_dropout_masks_are_one_for_all_steps_and_one_for_each_gate_in_implementation_1(implementation, distinct):
    layer = layers.LSTMCell(2, dropout=0.5, implementation=implementation, kernel_initializer="ones", use_bias=False)
    ones = jnp.ones((6, 1, 8))
    layer(ones[0], [jnp.zeros((1, 2))] * 2)
    gates = np.asarray(layer._project(ones, None, True))[:, 0].reshape(6, 4, 2)
    assert (gates == gates[:1]).all()
    assert len(set(gates[0, :, 0])) <= distinct


def test_recurrent_dropout_acts_while_training_alone():
    layer = layers.LSTM(3, recurrent_dropout=0.5, seed=1)
    assert (layer(X, training=False) == layer(X)).all()
    assert (layer(X, training=True) != layer(X)).any()


def test_states_of_a_stateful_layer_are_part_of_the_pure_state_and_no_weights():
    layer = layers.GRU(3, stateful=True)
    layer(X)
    assert len(layer.weights) == 3
    layer.reset_state()
    params, state = layer.parameters()
    y, after = jax.jit(layer.apply)(params, state, X)
    np.testing.assert_allclose(after["rnn_state"], y, 1e-6)
    assert not np.asarray(layer.states[0]).any()
    layer.reset_states([np.ones((2, 3))])
    assert np.asarray(layer.states[0]).all()


def test_bidirectional_takes_weights_and_names_its_layers():
    source = layers.Bidirectional(layers.LSTM(3, name="lstm"))
    source(X)
    copy = layers.Bidirectional(layers.LSTM(3), weights=source.get_weights())
    np.testing.assert_allclose(copy(X), source(X), 1e-6)
    assert [v.path.split("/")[1] for v in source.weights] == ["forward_lstm"] * 3 + ["backward_lstm"] * 3


def test_bidirectional_takes_layers_of_users_cells():
    layer = layers.Bidirectional(layers.RNN(Minimal(3)), merge_mode="sum")
    assert layer(X).shape == (2, 3)


def test_time_distributed_runs_a_stateful_layer_step_by_step():
    inner = layers.GRU(3, stateful=True)
    layer = layers.TimeDistributed(inner)
    assert layer(np.ones((2, 3, 5, 4), "float32")).shape == (2, 3, 3)
    assert inner.states[0].shape == (2, 3)


def test_time_distributed_passes_on_masks_that_its_layer_makes():
    x = np.array([[[1, 2, 0], [3, 0, 0]]])
    inputs = Input((2, 3), dtype="int32")
    embedded = layers.TimeDistributed(layers.Embedding(5, 2, mask_zero=True))(inputs)
    summed = layers.TimeDistributed(layers.LSTM(2, return_sequences=True, zero_output_for_mask=True))(embedded)
    found = np.asarray(Model(inputs, summed)(x))
    assert (found[0, 0, 2] == 0).all() and (found[0, 1, 1:] == 0).all() and (found[0, 1, 0] != 0).any()


@pytest.mark.parametrize(
    "make", [lambda: layers.LSTMCell(3), lambda: layers.RNN(layers.LSTMCell(3))], ids=["cell", "rnn"]
)
def test_initial_states_are_made_for_a_batch_size_or_for_inputs_in_the_order_of_both_kerases(make):
    owner = make()
    for args, kwargs in (
        ((2,), {}),
        ((X,), {}),
        ((None, 2, "float32"), {}),
        ((), {"inputs": X}),
        ((), {"batch_size": 2}),
    ):
        assert [s.shape for s in owner.get_initial_state(*args, **kwargs)] == [(2, 3), (2, 3)]


# ------------------------------------------------- errors

ERRORS = [
    ("wrong_rank", lambda: layers.LSTM(3)(np.ones((2, 4))), "LSTM.*expected 3 axes.*\\(2, 4\\)"),
    ("states", lambda: layers.LSTM(3)(X, initial_state=[np.ones((2, 3))]), "expected 2 initial states, received 1"),
    ("state_shape", lambda: layers.GRU(3)(X, initial_state=[np.ones((2, 4))]), "initial state 0 has shape"),
    ("no_batch", lambda: layers.LSTM(3, stateful=True)(Input((5, 4))), "must know its batch size"),
    ("units", lambda: layers.LSTM(0), "units=0"),
    ("cell_units", lambda: layers.GRUCell(-1), "units=-1"),
    ("merge_mode", lambda: layers.Bidirectional(layers.LSTM(3), merge_mode="max"), "merge_mode='max'"),
    ("directions", lambda: layers.Bidirectional(layers.LSTM(3), backward_layer=layers.LSTM(3)), "different directions"),
    (
        "unequal",
        lambda: layers.Bidirectional(
            layers.LSTM(3), backward_layer=layers.LSTM(3, go_backwards=True, return_state=True)
        ),
        "return_state=False",
    ),
    ("no_recurrent", lambda: layers.Bidirectional(layers.Dense(3)), "expected a recurrent layer"),
    ("no_layer", lambda: layers.TimeDistributed(3), "expected a layer"),
    ("flat", lambda: layers.TimeDistributed(layers.Dense(3))(np.ones((2, 3))), "at least 3 axes"),
    ("cell", lambda: layers.RNN(3), "call\\(inputs, states\\)"),
    ("no_constants", lambda: layers.RNN(Minimal(3))(X, constants=[X]), "takes no constants"),
    ("dropout", lambda: layers.LSTM(3, dropout=1.5), "between 0 and 1"),
    ("activation", lambda: layers.LSTM(3, activation="tahn"), "tanh"),
    ("unknown", lambda: layers.LSTM(3, untis=3), "untis"),
    ("small", lambda: layers.ConvLSTM2D(2, 3)(np.ones((1, 2, 2, 2, 1))), "does not fit"),
    ("strides", lambda: layers.ConvLSTM2D(2, 3, strides=2, dilation_rate=2), "cannot both be above 1"),
    ("padding", lambda: layers.ConvLSTM2D(2, 3, padding="full"), "padding='full'"),
    ("reset", lambda: layers.LSTM(3).reset_states([np.ones((2, 3))]), "not stateful"),
]


@pytest.mark.parametrize("make, text", [e[1:] for e in ERRORS], ids=[e[0] for e in ERRORS])
def test_bad_use_is_refused_with_a_reason(make, text):
    with pytest.raises((ValueError, TypeError, AttributeError), match=text):
        make()


def test_another_batch_size_than_the_states_is_refused():
    layer = layers.LSTM(3, stateful=True)
    layer(X)
    with pytest.raises(ValueError, match="initial state 0 has shape"):
        layer(X[:1])

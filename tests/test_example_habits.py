"""Habits of the examples of all Kerases that once did not work here."""

import copy
import pickle

import jax.numpy as jnp
import numpy as np
import pytest

import jkeras as keras
from jkeras import backend as K
from jkeras import compat, layers, models

X = np.random.RandomState(0).uniform(-1, 1, (6, 3)).astype("float32")
Y = np.ones((6, 2), "float32")


# ---- arithmetic of symbolic tensors


@pytest.mark.parametrize(
    "left",
    [np.full(3, 2.0, "float32"), np.float32(2), jnp.full(3, 2.0), K.constant([2.0, 2.0, 2.0]), K.variable([2.0] * 3)],
    ids=["numpy", "numpy scalar", "jax", "constant", "variable"],
)
def test_a_symbolic_tensor_may_stand_right_of_any_array(left):
    x = keras.Input((3,))
    model = models.Model(x, [left - x, left * x, left > x])
    for ours, expected in zip(model(X), [2 - X, 2 * X, X < 2], strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-6)


def test_a_gradient_between_the_inputs_of_a_lambda_looks_at_what_made_them():
    x = keras.Input((2, 2, 1))
    pooled = layers.MaxPooling2D()(x)
    for where in (
        layers.Lambda(lambda v: K.gradients(K.sum(v[1]), v[0]), output_shape=lambda s: s[0][1:])([x, pooled]),
        layers.Lambda(lambda v: K.gradients(K.sum(v[1]), v[0]))([x, pooled]),
        layers.merge([x, pooled], mode=lambda v: K.gradients(K.sum(v[1]), v[0]), output_shape=lambda s: s[0]),
    ):
        values = models.Model(x, where).predict(np.array([1.0, 4.0, 3.0, 2.0]).reshape(1, 2, 2, 1), verbose=0)
        assert values.ravel().tolist() == [0, 1, 0, 0]


# as Keras 2.2.4 and tf_keras 2.21 compute them: (shapes, axes) -> shape, sum of the products with 1, 2, 3, ...
DOTS = [((2, 3, 5), (2, 3, 5, 4), [2, 2]), ((2, 3, 4), (2, 3, 5, 4), [2, 3]), ((2, 3, 6, 5), (2, 3, 5, 4), None)]


@pytest.mark.parametrize("x, y, axes", DOTS)
def test_batch_dot_shares_the_axes_before_the_last_two_until_keras_2_2(x, y, axes):
    rng = np.random.RandomState(0)
    a, b = rng.rand(*x).astype("float32"), rng.rand(*y).astype("float32")
    with compat.era("2.2"):
        old = K.batch_dot(a, b, axes)
    today = K.batch_dot(a, b, axes)
    shared = today.diagonal(0, 1, 1 + (len(x) - 2)) if len(x) < 4 else today.diagonal(0, 1, 3)
    np.testing.assert_allclose(old, np.moveaxis(np.asarray(shared), -1, 1), rtol=1e-5)


# ---- data


def test_a_generator_may_carry_along_what_belongs_to_no_input():
    x = keras.Input((3,), name="the_input")
    model = models.Model(x, layers.Dense(2)(x))
    model.compile("sgd", "mse")

    def batches():
        while True:
            yield {"the_input": X, "source_str": ["a"] * 6, "more": X}, Y

    model.fit(batches(), steps_per_epoch=1, verbose=0)
    data = next(batches())[0]
    np.testing.assert_array_equal(model.predict(data, verbose=0), model.predict(X, verbose=0))
    assert model.evaluate(data, Y, verbose=0) == model.evaluate(X, Y, verbose=0)


def test_a_model_of_tensors_trains_without_data():
    with compat.era("2.2"):
        x = keras.Input(tensor=K.variable(X))
        model = models.Model(x, layers.Dense(2)(x))
        assert len(model.get_weights()) == 2
        model.compile("sgd", "mse", target_tensors=[K.variable(Y)])
        assert len(model.get_weights()) == 2
        first = model.evaluate(steps=1, verbose=0)
        history = model.fit(epochs=2, steps_per_epoch=3, verbose=0).history["loss"]
        assert len(history) == 2 and model.evaluate(steps=1, verbose=0) < first
        assert model.predict(None, steps=2, verbose=0).shape == (12, 2)


# ---- layers, models


@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_an_initializer_of_keras_1_takes_a_shape_and_a_name(scale):
    from keras_one import identity, normal

    rows = layers.SimpleRNN(
        output_dim=3,
        init=lambda shape, name: normal(shape, scale=0.001, name=name),
        inner_init=lambda shape, name: identity(shape, scale=scale, name=name),
        input_shape=(2, 3),
    )
    rows.build((None, 2, 3))
    kernel, recurrent, _ = rows.get_weights()
    assert 0 < np.abs(kernel).max() < 0.01
    np.testing.assert_array_equal(recurrent, scale * np.eye(3))


@pytest.fixture(autouse=True)
def keras_one(monkeypatch):
    import sys

    import jkeras.initializations as module

    monkeypatch.setitem(sys.modules, "keras_one", module)


@pytest.mark.parametrize("value", [None, "linear", keras.activations.linear])
def test_an_activation_may_be_taken_away(value):
    model = models.Sequential([keras.Input((3,)), layers.Dense(2, activation="softmax")])
    model.layers[-1].activation = value
    kernel, bias = model.get_weights()
    np.testing.assert_allclose(model.predict(X, verbose=0), X @ kernel + bias, rtol=1e-5)
    assert model.layers[-1].get_config()["activation"] == "linear"


def test_compute_loss_of_a_model_need_not_take_training():
    class Model(models.Model):
        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, allow_empty=False):
            return keras.ops.mean(keras.ops.square(y - y_pred)) + 1.0

    x = keras.Input((3,))
    model = Model(x, layers.Dense(2)(x))
    model.compile("sgd")
    model.fit(X, Y, verbose=0)
    assert model.evaluate(X, Y, verbose=0) > 1.0


# name -> what the real Keras of an era calls the first one
NAMES = {
    "2.2": {"Input": "input_1", "Model": "model_1", "ConvLSTM2D": "conv_lst_m2d_1", "MaxPooling2D": "max_pooling2d_1"},
    "tf2": {"Input": "input_1", "Model": "model", "ConvLSTM2D": "conv_lstm2d", "MaxPooling2D": "max_pooling2d"},
    "1": {"Input": "input_1", "Model": "model_1", "MaxPooling2D": "maxpooling2d_1", "Convolution2D": "convolution2d_1"},
    "3": {"Input": "input_layer", "Model": "functional", "MaxPooling2D": "max_pooling2d"},
}


@pytest.mark.parametrize("era", NAMES)
def test_automatic_names_are_those_of_the_era(era):
    with compat.era(era):
        K.clear_session()
        x = keras.Input((3,))
        made = {"Input": x, "Model": models.Model(x, layers.Dense(1)(x)), "MaxPooling2D": layers.MaxPooling2D()}
        made["ConvLSTM2D"], made["Convolution2D"] = layers.ConvLSTM2D(2, 2), layers.Convolution2D(2, 2)
        assert {name: made[name].name for name in NAMES[era]} == NAMES[era]
    K.clear_session()


@pytest.mark.parametrize("era", ["2.2", "tf2"])
def test_initial_states_survive_in_a_file_of_the_era(era, tmp_path):
    with compat.era(era):
        encoder, decoder = keras.Input((None, 3)), keras.Input((None, 2))
        _, h, c = layers.LSTM(2, return_state=True)(encoder)
        out = layers.LSTM(2, return_sequences=True)(decoder, initial_state=[h, c])
        out = layers.Bidirectional(layers.GRU(2))(out, initial_state=[h, c])
        model = models.Model([encoder, decoder], out)
        model.save(tmp_path / "m.h5")
        calls = {one["name"]: one["inbound_nodes"] for one in model.get_config()["layers"]}
        lstm = h.node.operation.name  # as both real Kerases write it: the states are inputs
        for name, first in ((model.layers[3].name, decoder.name), (model.layers[4].name, model.layers[3].name)):
            assert [place[:3] for place in calls[name][0]] == [[first, 0, 0], [lstm, 0, 1], [lstm, 0, 2]]
        data = [np.ones((2, 3, 3)), np.ones((2, 4, 2))]
        again = models.load_model(tmp_path / "m.h5", compile=False)
        np.testing.assert_allclose(again.predict(data, verbose=0), model.predict(data, verbose=0), atol=1e-6)


# era -> what the real Keras shows of Model([x], [y]): predict, called on arrays, symbolic: output, called, input
ONE = {"3": ("array", "array", "list", "list", "list"), "tf2": ("array", "array", "tensor", "tensor", "tensor")}


@pytest.mark.parametrize("era", ONE)
def test_a_list_of_one_output_is_that_output(era, tmp_path):
    with compat.era(era):
        x = keras.Input((3,))
        model = models.Model([x], [layers.Dense(2)(x)])
        model.compile("sgd", "mse")
        model.fit([X], [Y], verbose=0)
        shown = (model.predict(X, verbose=0), model(X), model.output, model(x), model.input)
        kinds = ["list" if type(v) is list else "tensor" if hasattr(v, "_keras_history") else "array" for v in shown]
        assert tuple(kinds) == ONE[era] and model.output_shape == (None, 2) and model.input_shape == (None, 3)
        assert models.clone_model(model)(X).shape == models.Model(x, model(x)).predict(X, verbose=0).shape == (6, 2)
        model.save(tmp_path / "m.keras")
        np.testing.assert_array_equal(models.load_model(tmp_path / "m.keras").predict(X, verbose=0), shown[0])


# ---- copies


class Doubled(layers.Layer):
    def call(self, inputs):
        return 2.0 * inputs


class Subclassed(models.Model):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(2)

    def call(self, inputs):
        return self.dense(inputs)


def functional():
    x = keras.Input((3,))
    shared = layers.Dense(3)
    shared(keras.Input((3,)))  # a call that is no part of the model
    return models.Model(x, layers.Dense(2)(keras.ops.relu(Doubled()(shared(shared(x))))))


def nested():
    return models.Sequential([keras.Input((3,)), functional(), layers.Activation("relu"), layers.Dense(2)])


def pickled(model):
    return pickle.loads(pickle.dumps(model))


@pytest.mark.parametrize(
    "how, make", [(copy.deepcopy, nested), (copy.deepcopy, Subclassed), (pickled, functional), (pickled, Subclassed)]
)
def test_a_copy_of_a_trained_model_predicts_the_same_and_trains_alone(how, make):
    model = make()
    model.compile(keras.optimizers.Adam(0.1), "mse")
    model.fit(X, Y, verbose=0)
    before = model.predict(X, verbose=0)
    other = how(model)
    np.testing.assert_array_equal(other.predict(X, verbose=0), before)
    assert int(other.optimizer.iterations) == int(model.optimizer.iterations) == 1
    other.fit(X, Y, shuffle=False, verbose=0)
    assert not np.array_equal(other.predict(X, verbose=0), before)
    np.testing.assert_array_equal(model.predict(X, verbose=0), before)
    model.fit(X, Y, shuffle=False, verbose=0)  # from the same state, the same step
    np.testing.assert_allclose(model.predict(X, verbose=0), other.predict(X, verbose=0), atol=1e-6)


def test_a_copy_of_a_model_shows_its_own_graph():
    model = functional()
    other = copy.deepcopy(model)
    assert [one.name for one in other.layers] == [one.name for one in model.layers]
    assert not {id(one) for one in other.layers} & {id(one) for one in model.layers}
    part = models.Model(other.inputs, other.layers[1].get_output_at(0))
    kernel, bias = other.layers[1].get_weights()
    np.testing.assert_allclose(part.predict(X, verbose=0), X @ kernel + bias, rtol=1e-5)

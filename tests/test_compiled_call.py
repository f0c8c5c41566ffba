"""``model(x)`` as one compiled call: nobody can tell it from calling layer by layer."""

import jax
import numpy as np
import pytest

import jkeras as keras
from jkeras import layers
from jkeras.core import frame as frames
from jkeras.core import layer as layer_module
from jkeras.models import compiled_call

X = np.linspace(-1, 1, 24, dtype="float32").reshape(4, 6)


def dense(*more):
    return keras.Sequential([keras.Input((6,)), layers.Dense(5, activation="tanh"), *more])


def is_compiled(model, *args, **kwargs):
    return compiled_call.of(model, args, kwargs) is not None


def step_by_step(model, *args, **kwargs):
    return layer_module.Layer.__call__(model, *args, **kwargs)


MODELS = {
    "dense": lambda: dense(layers.Dense(3)),
    "batch_normalization": lambda: dense(layers.BatchNormalization()),
    "dropout": lambda: dense(layers.Dropout(0.5, seed=7)),
    "activity_regularizer": lambda: dense(layers.Dense(3, activity_regularizer="l2")),
    "recurrent": lambda: dense(layers.Reshape((5, 1)), layers.LSTM(3, seed=1)),
    "operators": lambda: keras.Model(x := keras.Input((6,)), keras.ops.sum(x * 2 + 1, axis=0)),
}


@pytest.mark.parametrize("training", [None, False, True])
@pytest.mark.parametrize("kind", MODELS)
def test_outputs_losses_and_state_are_those_of_calling_layer_by_layer(kind, training):
    keras.utils.set_random_seed(3)
    compiled = MODELS[kind]()
    keras.utils.set_random_seed(3)
    plain = MODELS[kind]()
    plain.set_weights(compiled.get_weights())
    assert is_compiled(compiled, X)
    for _ in range(2):
        np.testing.assert_allclose(compiled(X, training=training), step_by_step(plain, X, training=training), atol=1e-6)
    np.testing.assert_allclose(np.array(compiled.losses), np.array(plain.losses), rtol=1e-6)
    for a, b in zip(compiled.variables, plain.variables, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_dropout_draws_anew_at_each_call():
    model = dense(layers.Dropout(0.5))
    assert not np.array_equal(model(X, training=True), model(X, training=True))


def test_masks_of_the_outputs_are_known_afterwards():
    model = keras.Sequential([keras.Input((3,)), layers.Embedding(5, 2, mask_zero=True)])
    ids = np.array([[1, 2, 0]])
    assert is_compiled(model, ids)
    assert np.asarray(frames.get_mask(model(ids))).tolist() == [[True, True, False]]


def test_an_attribute_changed_between_calls_acts():
    model = dense(layers.Dropout(0.5))
    model(X, training=True)
    model.layers[-1].rate = 0.0
    np.testing.assert_array_equal(model(X, training=True), model(X, training=False))


def test_a_layer_frozen_between_calls_stays_as_it_is():
    model = dense(layers.BatchNormalization())
    model(X, training=True)
    model.layers[-1].trainable = False
    before = model.layers[-1].moving_mean.numpy()
    model(X, training=True)
    np.testing.assert_array_equal(model.layers[-1].moving_mean.numpy(), before)


def test_a_layer_added_after_a_call_counts():
    model = dense()
    assert model(X).shape == (4, 5)
    model.add(layers.Dense(2))
    assert model(X).shape == (4, 2)


def test_assigned_weights_act():
    model = dense()
    model(X)
    model.set_weights([np.zeros((6, 5)), np.zeros(5)])
    assert not np.any(model(X))


def test_what_users_write_is_called_each_time():
    calls = []

    def activation(x):
        calls.append(1)
        return x

    model = dense(layers.Dense(2, activation=activation))
    assert not is_compiled(model, X)
    built = len(calls)
    model(X), model(X)
    assert len(calls) == built + 2


@pytest.mark.parametrize(
    "user_layer", [lambda: layers.Lambda(lambda x: x), type("Mine", (layers.Dense,), {"__module__": "mine"})]
)
def test_models_with_users_layers_are_called_step_by_step(user_layer):
    layer = user_layer() if user_layer.__class__ is not type else user_layer(2)
    assert not is_compiled(dense(layer), X)


def test_text_and_traced_values_are_called_step_by_step():
    model = dense()
    assert not is_compiled(model, np.array([["a"]]))
    gradient = jax.grad(lambda x: model(x).sum())(X)
    assert gradient.shape == X.shape


def test_models_that_run_eagerly_do():
    model = dense()
    model.compile(run_eagerly=True)
    assert not is_compiled(model, X)


def test_the_learning_phase_that_was_set_acts():
    x = keras.Input((6,))
    model = keras.Model(x, keras.backend.in_train_phase(x * 2, x))
    try:
        for phase, factor in [(1, 2), (0, 1)]:
            keras.backend.set_learning_phase(phase)
            np.testing.assert_allclose(model(X), factor * X)
    finally:
        keras.backend.clear_session()


def test_a_wrong_shape_names_the_layer():
    with pytest.raises(ValueError, match=r"expects shape \(None, 6\), received shape \(2, 7\)"):
        dense()(np.ones((2, 7), "float32"))

"""Calls in the words of old Kerases mean what they meant."""

import warnings

import numpy as np
import pytest

import jkeras as keras
from jkeras import layers
from jkeras.compat import era

# class, positional arguments, old words -> attributes
ROWS = [
    ("Dense", (), dict(output_dim=3, init="zero", bias=False), dict(units=3, use_bias=False)),
    ("Dense", (64, 784), {}, dict(units=784, _first_shape=(None, 64))),
    ("Dense", (64, "uniform"), {}, dict(units=64)),
    ("Dense", (64, "relu"), {}, dict(units=64)),
    ("Convolution2D", (32, 3, 2), dict(border_mode="same"), dict(filters=32, kernel_size=(3, 2), padding="same")),
    ("Convolution2D", (32, 3, 5, 5), {}, dict(filters=32, kernel_size=(5, 5))),
    ("Convolution2D", (8,), dict(nb_row=3, nb_col=2, subsample=(2, 2)), dict(kernel_size=(3, 2), strides=(2, 2))),
    ("Convolution2D", (8, 3), dict(dim_ordering="th"), dict(data_format="channels_first")),
    ("Convolution2D", (8, 3, 2), {}, dict(kernel_size=(3, 3), strides=(2, 2))),
    ("Convolution3D", (3, 2, 1, 2), dict(init="one"), dict(filters=3, kernel_size=(2, 1, 2))),
    ("Convolution1D", (), dict(nb_filter=3, filter_length=2, subsample_length=2), dict(filters=3, kernel_size=(2,))),
    ("Convolution1D", (3, 2), dict(input_dim=5, input_length=7), dict(_first_shape=(None, 7, 5))),
    ("MaxPooling1D", (), dict(pool_length=3, stride=2), dict(pool_size=(3,), strides=(2,))),
    ("MaxPooling2D", (), dict(poolsize=(3, 2)), dict(pool_size=(3, 2))),
    ("Dropout", (), dict(p=0.3), dict(rate=0.3)),
    ("GaussianNoise", (), dict(sigma=0.3), dict(stddev=0.3)),
    ("LeakyReLU", (), dict(alpha=0.25), dict(negative_slope=0.25)),
    ("ELU", (), dict(alpha=0.5), dict(alpha=0.5)),
    ("UpSampling1D", (), dict(length=3), dict(size=3)),
    ("BatchNormalization", (), dict(mode=0, axis=1), dict(axis=1)),
    ("BatchNormalization", (1e-5,), {}, dict(epsilon=1e-5)),
    ("LSTM", (), dict(output_dim=3, dropout_W=0.1, dropout_U=0.2), dict(units=3, dropout=0.1, recurrent_dropout=0.2)),
    ("LSTM", (3,), dict(input_dim=5, input_length=7), dict(_first_shape=(None, 7, 5))),
    ("LSTM", (3,), dict(input_dim=5), dict(_first_shape=(None, None, 5))),
    ("LSTM", (3, 5), {}, dict(units=5, _first_shape=(None, None, 3))),
    ("GRU", (3,), dict(consume_less="mem"), dict(implementation=1)),
    ("Embedding", (10, 3), dict(input_length=4), dict(_first_shape=(None, 4))),
    ("SpatialDropout2D", (), dict(p=0.2, dim_ordering="th"), dict(rate=0.2, data_format="channels_first")),
]


@pytest.mark.parametrize("name, args, words, expected", ROWS, ids=lambda v: str(v)[:60])
def test_old_arguments_of_layers_act(name, args, words, expected):
    layer = getattr(layers, name)(*args, **words)
    found = {key: getattr(layer, key) for key in expected}
    assert {k: v if isinstance(v, (tuple, float, str, bool)) else v for k, v in found.items()} == expected


def test_three_whole_numbers_are_the_kernel_in_keras_2_2():
    with era("2.2"):
        assert layers.Conv2D(32, 3, 2).kernel_size == (3, 2)


@pytest.mark.parametrize(
    "make, text",
    [
        (lambda: layers.BatchNormalization(mode=3), "0, 1 or 2"),
        (lambda: layers.Embedding(3, 2, dropout=0.5), "SpatialDropout1D"),
        (lambda: layers.Convolution2D(3, nb_row=2), "nb_col"),
        (lambda: layers.Dense(units=3, output_dim=3), "two names"),
        (lambda: layers.Dense(3, nb_filter=3), "Unknown argument"),
    ],
)
def test_what_cannot_act_raises(make, text):
    with pytest.raises((TypeError, ValueError), match=text):
        make()


def test_old_spellings_are_silent_unless_asked_for(monkeypatch):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        layers.Dense(output_dim=3)
    monkeypatch.setenv("JKERAS_LEGACY", "warn")
    with pytest.warns(FutureWarning, match="output_dim .*units") as caught:
        layers.Dense(output_dim=3)
    assert caught[0].filename == __file__


def compiled(**more):
    model = keras.Sequential([layers.Dense(1, input_dim=2, activation="sigmoid")])
    model.compile("sgd", "binary_crossentropy", **more)
    return model


X, Y = np.arange(16.0).reshape(8, 2) / 16, np.array([0, 0, 0, 0, 0, 0, 1, 1])


def test_fit_takes_the_words_of_keras_1():
    history = compiled(class_mode="binary").fit(X, Y, nb_epoch=2, show_accuracy=True, verbose=0, class_weight="auto")
    assert len(history.history["loss"]) == 2
    assert "accuracy" in history.history


def test_samples_per_epoch_become_steps():
    def batches():
        while True:
            yield X[:4], Y[:4]

    history = compiled().fit_generator(
        batches(), samples_per_epoch=8, nb_epoch=2, verbose=0, validation_data=batches(), nb_val_samples=4
    )
    assert len(history.history["val_loss"]) == 2


def test_val_samples_become_steps_of_evaluate_and_predict():
    model = compiled()
    assert model.predict_generator(iter([(X[:4], Y[:4]), (X[4:], Y[4:])]), val_samples=8, nb_worker=1).shape == (8, 1)
    assert model.evaluate_generator(iter([(X[:4], Y[:4])]), val_samples=4, max_q_size=2) > 0


def test_functions_take_the_words_of_keras_1():
    assert keras.utils.to_categorical([1], nb_classes=3).shape == (1, 3)
    assert keras.preprocessing.text.Tokenizer(nb_words=4).num_words == 4
    assert float(keras.activations.relu(-2.0, alpha=0.25)) == -0.5
    assert keras.callbacks.ReduceLROnPlateau(epsilon=0.5).min_delta == 0.5
    with pytest.raises(TypeError, match="nb_x"):
        keras.utils.to_categorical([1], nb_x=3)


def test_hard_sigmoid_has_the_slope_of_its_era():
    with era("2.2"):
        assert float(keras.activations.hard_sigmoid(1.0)) == pytest.approx(0.7)
    assert float(keras.activations.hard_sigmoid(1.0)) == pytest.approx(4 / 6)


@pytest.mark.parametrize("units, dtype, shape", [(3, "int64", (8,)), (1, "int32", (8, 1))])
def test_a_sequential_predicts_classes(units, dtype, shape):
    model = keras.Sequential([layers.Dense(units, input_dim=2)])
    classes = model.predict_classes(X)
    assert (classes.dtype, classes.shape) == (dtype, shape)
    np.testing.assert_array_equal(model.predict_proba(X), model.predict(X, verbose=0))

"""What is written for another Keras means the same there, or is refused."""

import json

import h5py
import numpy as np
import pytest

import jkeras as keras
from jkeras import Input, Sequential, layers
from jkeras.models import load_model, model_from_json

X = np.random.RandomState(0).uniform(-4, 4, (5, 3, 2)).astype("float32")
PLACES = {
    "a name": lambda: layers.Activation("hard_sigmoid"),
    "a function": lambda: layers.Dense(2, activation=keras.activations.hard_sigmoid),
    "gates": lambda: layers.LSTM(2, recurrent_activation="hard_sigmoid"),
    "a cell": lambda: layers.RNN(layers.GRUCell(2, recurrent_activation="hard_sigmoid")),
    "a layer in a wrapper": lambda: layers.Bidirectional(layers.LSTM(1, recurrent_activation="hard_sigmoid")),
}


def made_in(era, place):
    with keras.compat.era(era):
        return Sequential([Input((3, 2)), PLACES[place]()])


@pytest.mark.parametrize("place", PLACES)
def test_a_slope_that_the_other_keras_does_not_have_is_refused(tmp_path, place):
    today, old = made_in("3", place), made_in("tf2", place)
    for model, era, name in [
        (today, "2.2", "m.h5"), (today, "tf2", "m.h5"), (today, "tf2", "m.keras"), (old, "3", "m.keras"), (old, "3", "m.h5")
    ]:  # fmt: skip
        with pytest.raises(ValueError, match="slope"):
            model.save(tmp_path / name, era=era)
    assert not list(tmp_path.iterdir())
    with keras.compat.era("tf2"), pytest.raises(ValueError, match="slope"):
        today.to_json()


@pytest.mark.parametrize("place", ["a function"])
@pytest.mark.parametrize("made", ["3", "tf2"])
def test_a_slope_survives_in_files_for_whoever_has_it(tmp_path, place, made):
    model = made_in(made, place)
    for number, era in enumerate({"3": [None, "3"], "tf2": [None, "tf2", "2.2"]}[made]):
        path = tmp_path / f"m{number}.h5"
        model.save(path, **({} if era is None else {"era": era}))
        np.testing.assert_allclose(load_model(path)(X), model(X), atol=1e-6)


def test_a_script_of_an_era_keeps_a_model_of_today_in_a_file_of_today(tmp_path):
    model = made_in("3", "gates")
    with keras.compat.era("tf2"):
        model.save(tmp_path / "m.h5")
    np.testing.assert_allclose(load_model(tmp_path / "m.h5")(X), model(X), atol=1e-6)


def small(activation=None, **compiled):
    model = Sequential([Input((3,)), layers.Dense(2, activation=activation)])
    if compiled:
        model.compile("sgd", **compiled)
    return model


@pytest.mark.parametrize(
    "build, era, message",
    [
        (lambda: small("swish"), "2.2", "activation 'silu'"),
        (lambda: small("gelu"), "2.2", "activation 'gelu'"),
        (lambda: small("celu"), "tf2", "activation 'celu'"),
        (lambda: small(loss="huber"), "2.2", "'huber'"),
        (lambda: small(loss="mse", metrics=[keras.metrics.AUC()]), "2.2", "AUC|auc"),
        (lambda: small(loss=keras.losses.Dice()), "tf2", "'Dice'"),
    ],
)
def test_functions_that_the_other_keras_does_not_have_are_refused(tmp_path, build, era, message):
    with pytest.raises(ValueError, match=message):
        build().save(tmp_path / "m.h5", era=era)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "options, era",
    [
        ({"activation": "swish", "loss": "huber", "metrics": ["accuracy", keras.metrics.MeanIoU(2)]}, "tf2"),
        ({"activation": "softplus", "loss": "kl_divergence", "metrics": ["acc", "mae"]}, "2.2"),
        ({"activation": "elu", "loss": keras.losses.LogCosh(), "metrics": [keras.metrics.MeanSquaredError()]}, "2.2"),
    ],
)
def test_functions_that_it_has_are_written(tmp_path, options, era):
    model = small(**options)
    model.save(tmp_path / "m.h5", era=era)
    again = load_model(tmp_path / "m.h5")
    x = np.ones((2, 3), "float32")
    assert again.evaluate(x, x[:, :2], verbose=0)[0] == pytest.approx(model.evaluate(x, x[:, :2], verbose=0)[0])


@pytest.mark.parametrize("era", ["1", "2.2", "tf2", "3"])
def test_json_of_every_era_comes_back(era):
    with keras.compat.era(era):
        model = Sequential([Input((4,)), layers.Dense(3, activation="hard_sigmoid", name="d"), layers.Dense(2)])
        text = model.to_json()
        model.build()
    again = model_from_json(text)
    again.set_weights(model.get_weights())
    x = np.linspace(-4, 4, 8, dtype="float32").reshape(2, 4)
    np.testing.assert_allclose(again(x), model(x), atol=1e-6)


@pytest.mark.parametrize("extension", [".h5", ".keras"])
def test_metrics_of_tf_keras_measure_the_same_after_a_load(tmp_path, extension):
    x = Input((3,))
    model = keras.Model(x, [layers.Dense(3, "softmax", name="one")(x), layers.Dense(1, name="two")(x)])
    model.compile("sgd", ["categorical_crossentropy", "mse"], metrics={"one": ["accuracy"], "two": ["mae"]})
    data = np.eye(3, dtype="float32")[[0, 1, 2, 0, 1]], [np.eye(3, dtype="float32")[[0, 2, 2, 1, 0]], np.ones((5, 1))]
    wanted = model.evaluate(*data, batch_size=2, verbose=0, return_dict=True)
    path = tmp_path / f"m{extension}"
    model.save(path, era="tf2")
    for _ in range(2):  # what was read is written again
        found = load_model(path)
        said = found.evaluate(*data, batch_size=2, verbose=0, return_dict=True)
        assert said == pytest.approx(wanted)
        found.save(path, era="tf2")


WRAPPED = {  # as tf.keras 2.21 saves metrics=["accuracy"], "mae" and a function with an argument
    "accuracy": {"name": "accuracy", "dtype": "float32", "fn": "categorical_accuracy"},
    "mae": {"name": "mae", "dtype": "float32", "fn": "mean_absolute_error"},
    "top": {"name": "top", "dtype": "float32", "fn": "top_k_categorical_accuracy", "k": 2},
}


@pytest.mark.parametrize("name, wanted", [("accuracy", 0.4), ("mae", 0.4), ("top", 0.8)])
def test_functions_that_tf_keras_wrapped_are_averaged(tmp_path, name, wanted):
    model = Sequential([Input((3,)), layers.Activation("linear")])
    model.compile("sgd", "mse")
    path, text = tmp_path / "m.h5", {"class_name": "MeanMetricWrapper", "config": WRAPPED[name]}
    model.save(path, era="tf2")
    with h5py.File(path, "a") as f:
        f.attrs["training_config"] = json.dumps({**json.loads(f.attrs["training_config"]), "metrics": [[text]]})
    found = load_model(path)
    truth = np.eye(3, dtype="float32")[[0, 1, 2, 0, 1]]
    said = np.array([[3, 0, 1], [0, 1, 2], [0, 1, 2], [1, 0, 2], [2, 0, 1]], "float32")
    said = truth[[0, 2, 2, 1, 0]] if name == "mae" else said
    assert found.evaluate(said, truth, batch_size=2, verbose=0, return_dict=True)[name] == pytest.approx(wanted)
    if name == "top":
        with pytest.raises(ValueError, match="functions as metrics"):
            found.save(path, era="2.2")
    else:
        found.save(path, era="2.2")
        with h5py.File(path) as f:
            assert json.loads(f.attrs["training_config"])["metrics"] in ([name], [[name]])


@pytest.mark.parametrize("era", ["tf2", "3"])
def test_how_an_older_layer_computes_does_not_keep_it_from_being_written(tmp_path, era):
    with keras.compat.era("2.2"):
        model = Sequential([layers.GRU(2, recurrent_activation="sigmoid", implementation=1, input_shape=(3, 2))])
    model.save(tmp_path / "m.h5", era=era)
    np.testing.assert_allclose(
        load_model(tmp_path / "m.h5").predict(X, verbose=0), model.predict(X, verbose=0), atol=1e-6
    )

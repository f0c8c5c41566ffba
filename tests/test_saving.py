"""Models in files: what goes out comes back, damaged files are refused, and nothing in a file is run."""

import io
import json
import zipfile

import h5py
import numpy as np
import pytest

import jkeras as keras
from jkeras import Input, Model, Sequential, layers
from jkeras.models import load_model, model_from_json
from jkeras.saving.errors import FileError

X = np.random.RandomState(0).randint(0, 7, (6, 5))
Y = np.random.RandomState(1).uniform(-1, 1, (6, 2)).astype("float32")


@pytest.fixture(scope="module")
def model():
    x = Input((5,))
    h = layers.Bidirectional(layers.LSTM(3))(layers.Embedding(7, 4)(x))
    inner = Sequential([Input((6,)), layers.Dense(3, name="foo"), layers.Dense(2)], name="inner")
    y = layers.BatchNormalization()(inner(layers.Dropout(0.3)(h)) * 2.0)
    made = Model(x, y, name="whole")
    made.compile("adam", "mse", metrics=["mae"])
    made.fit(X, Y, verbose=0)
    return made


@pytest.mark.parametrize("name", ["m.keras", "m.h5", "m.hdf5"])
def test_a_whole_model_comes_back(model, tmp_path, name):
    path = tmp_path / name
    model.save(path)
    again = load_model(path)
    np.testing.assert_allclose(again.predict(X, verbose=0), model.predict(X, verbose=0), rtol=1e-6)
    assert again.evaluate(X, Y, verbose=0) == pytest.approx(model.evaluate(X, Y, verbose=0))
    for a, b in zip(again.optimizer.variables, model.optimizer.variables, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


@pytest.mark.parametrize("name", ["w.weights.h5", "w.h5"])
def test_weights_come_back(model, tmp_path, name):
    path = tmp_path / name
    model.save_weights(path)
    again = model_from_json(model.to_json())
    again.load_weights(path)
    np.testing.assert_allclose(again.predict(X, verbose=0), model.predict(X, verbose=0), rtol=1e-6)


def small(units=2):
    return Sequential([Input((3,)), layers.Dense(units, name="a"), layers.Dense(1, name="b")])


@pytest.mark.parametrize("name", ["w.weights.h5", "w.h5"])
def test_weights_that_do_not_fit_change_nothing(tmp_path, name):
    small(4).save_weights(tmp_path / name)
    model = small()
    before = model.get_weights()
    with pytest.raises(FileError, match=name):
        model.load_weights(tmp_path / name)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_weights_are_found_by_name(tmp_path):
    source = small()
    source.save_weights(tmp_path / "w.h5")
    other = Sequential([Input((3,)), layers.Dense(2, name="a"), layers.Dense(5, name="c")])
    other.load_weights(tmp_path / "w.h5", by_name=True)
    np.testing.assert_array_equal(other.get_weights()[0], source.get_weights()[0])


def test_a_changed_byte_is_found(tmp_path):
    path = tmp_path / "w.weights.h5"
    model = small()
    model.save_weights(path)
    data = bytearray(path.read_bytes())
    at = data.find(model.get_weights()[0].tobytes())
    data[at + 1] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(FileError, match="damaged"):
        model.load_weights(path)


@pytest.mark.parametrize("length", [0, 10, 100, 1000])
@pytest.mark.parametrize("name", ["m.keras", "m.h5"])
def test_a_truncated_file_is_refused(tmp_path, name, length):
    path = tmp_path / name
    small().save(path)
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(FileError, match=name):
        load_model(path)


def test_data_outside_of_the_file_are_refused(tmp_path):
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as h5:
        h5["x"] = np.ones((3, 2), "float32")
    path = tmp_path / "w.weights.h5"
    model = small()
    model.save_weights(path)
    with h5py.File(path, "a") as h5:
        del h5["layers/dense/vars/0"]
        h5["layers/dense/vars/0"] = h5py.ExternalLink(str(secret), "x")
    with pytest.raises(FileError, match="link to somewhere else"):
        model.load_weights(path)


def hostile(config):
    """A .keras file with this config."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("metadata.json", "{}")
        archive.writestr("model.weights.h5", b"")
    return buffer.getvalue()


def layer(class_name, **config):
    return {"module": "keras.layers", "class_name": class_name, "config": config, "registered_name": None}


HOSTILE = {
    "another module": {"module": "os", "class_name": "system", "config": {"command": "touch gone"}},
    "a function of the package": {"module": "keras.utils", "class_name": "get_file", "config": {"origin": "http://x"}},
    "a function as activation": layer(
        "Dense", units=1,
        activation={"module": "keras.saving", "class_name": "function", "config": "load_model", "registered_name": "x"},
    ),
    "a lambda": layer("Lambda", function={"class_name": "__lambda__", "config": {"code": "AAAA"}}),
    "a switch": {"module": "keras.config", "class_name": "function", "config": "enable_unsafe_deserialization"},
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_config_cannot_name_code(tmp_path, kind):
    path = tmp_path / "m.keras"
    config = HOSTILE[kind]
    if config.get("module") == "keras.layers":
        entries = [layer("InputLayer", batch_shape=[None, 2], name="i"), config]
        config = {"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": entries}}
    path.write_bytes(hostile(config))
    with pytest.raises((ValueError, TypeError)):
        load_model(path)
    assert not (tmp_path / "gone").exists()


def test_own_classes_are_passed_or_registered(tmp_path):
    class Mine(keras.layers.Layer):
        def call(self, x):
            return 2 * x

    model = Sequential([Input((2,)), Mine(name="mine")])
    model.save(tmp_path / "m.keras")
    with pytest.raises(ValueError, match="Mine"):
        load_model(tmp_path / "m.keras")
    again = load_model(tmp_path / "m.keras", custom_objects={"Mine": Mine})
    assert again.predict(np.ones((1, 2)), verbose=0).tolist() == [[2.0, 2.0]]


def test_an_exported_model_runs_without_jkeras(tmp_path):
    pytest.importorskip("flatbuffers")
    from jax import export

    model = small()
    model.export(tmp_path / "m.stablehlo")
    call = export.deserialize((tmp_path / "m.stablehlo").read_bytes()).call
    for n in (1, 5):
        x = np.ones((n, 3), "float32")
        np.testing.assert_allclose(call(x), model.predict(x, verbose=0), rtol=1e-5)

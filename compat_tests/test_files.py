"""Files of real Kerases: jkeras opens what they wrote, says the same, and goes on training where they stopped.

EXCHANGE_FULL=1 compares every file; otherwise one kind of file of each case that differs from the others.
"""

import io
import json
import os
import zipfile

import h5py
import numpy as np
import pytest

import jkeras as keras
from compat_tests import file_runs
from compat_tests.file_models import CASES
from jkeras import layers
from jkeras.saving.errors import FileError

GOLDEN = os.path.join(os.path.dirname(__file__), "golden", "files")
FULL = bool(os.environ.get("EXCHANGE_FULL"))
USUAL = "mlp_momentum mlp_adam nested frozen recurrent operations tf_operations named_lambda lambda policy vocabulary "
USUAL += "normalised subclassed objectives int4 float8"
KINDS = {"keras3": ("keras", "weights"), "keras3tf": ("keras",), "tf_keras": ("h5", "keras"), "keras224": ("h5",)}
OTHER_KIND = ("mlp_adam", "normalised", "subclassed", "objectives")  # the second kind of file for these, too


def archive(impl):
    return zipfile.ZipFile(os.path.join(GOLDEN, impl + ".zip"))


def rows():
    for impl, kinds in KINDS.items():
        names = set(archive(impl).namelist())
        for kind, extension in file_runs.EXTENSIONS.items():
            for case in CASES:
                usual = case in USUAL.split() and (kind == kinds[0] or kind in kinds and case in OTHER_KIND)
                if case + extension in names and (FULL or usual):
                    yield pytest.param(impl, case, kind, id=f"{impl}-{case}{extension}")


@pytest.fixture(autouse=True)
def todays_era():
    yield
    keras.compat.set_era("3")


@pytest.mark.parametrize("impl, case, kind", list(rows()))
def test_a_file_of_a_real_keras_gives_its_predictions_and_its_next_step(tmp_path, impl, case, kind):
    with archive(impl) as z:
        path = z.extract(case + file_runs.EXTENSIONS[kind], tmp_path)
        expected = dict(np.load(io.BytesIO(z.read(case + ".npz"))))
    assert file_runs.differences(keras, case, path, kind, expected, impl, "jkeras") == ""


@pytest.mark.parametrize("name", sorted(n for n in archive("keras1").namelist() if n.endswith(".h5")))
def test_a_file_in_the_layout_of_keras_1_or_cudnn_predicts_what_keras_2_says(tmp_path, name):
    with archive("keras1") as z:
        path = z.extract(name, tmp_path)
        expected = np.load(io.BytesIO(z.read(name[:-3] + ".npz")))
    model = keras.models.load_model(path)
    np.testing.assert_allclose(model.predict(expected["x"], verbose=0), expected["y"], atol=1e-6)


@pytest.mark.parametrize("era, extension", [("2.2", ".h5"), ("tf2", ".h5"), ("tf2", ".keras")])
@pytest.mark.parametrize("case", ["nested", "frozen"])
def test_what_is_written_for_an_older_keras_comes_back(tmp_path, case, era, extension):
    model = CASES[case].build(keras)
    file_runs.step(model, CASES[case])
    path = str(tmp_path / ("m" + extension))
    model.save(path, era=era)
    x, _ = CASES[case].data()
    for a, b in zip(
        file_runs.predictions(keras, keras.models.load_model(path), x),
        file_runs.predictions(keras, model, x),
        strict=True,
    ):
        np.testing.assert_allclose(a, b, atol=1e-6)


def config_of(path):
    with h5py.File(path) as h5:
        return json.loads(h5.attrs["model_config"]), str(np.asarray(h5.attrs["keras_version"]).astype(str))


def test_a_file_for_keras_2_speaks_its_language(tmp_path):
    model = keras.Sequential([layers.Dense(2, input_shape=(3,), name="d")])
    model.save(tmp_path / "m.h5", era="2.2")
    config, version = config_of(tmp_path / "m.h5")
    dense = config["config"]["layers"][-1]
    assert (version, dense["config"]["kernel_initializer"]["class_name"]) == ("2.2.4", "glorot_uniform")
    assert "module" not in dense and "quantization_config" not in dense["config"]


def with_a_function():
    x = keras.Input((3,))
    return keras.Model(x, layers.Dense(2)(x * 2.0))


@pytest.mark.parametrize(
    "build, era, message",
    [
        (with_a_function, "2.2", "Lambda layer"),
        (lambda: keras.Sequential([keras.Input((3,)), layers.RMSNormalization()]), "2.2", "no RMSNormalization"),
        (lambda: keras.Sequential([keras.Input((4, 2)), layers.Conv1D(2, 1, groups=2)]), "2.2", "groups"),
        (
            lambda: keras.Sequential([keras.Input((3,)), layers.Dense(2, dtype="mixed_bfloat16")]),
            "2.2",
            "dtype policies",
        ),
    ],
)
def test_what_an_older_keras_cannot_have_is_refused(tmp_path, build, era, message):
    with pytest.raises(ValueError, match=message):
        build().save(tmp_path / "m.h5", era=era)
    assert list(tmp_path.iterdir()) == []


def test_functions_of_graphs_are_written_in_the_words_of_keras_3():
    x = keras.Input((4,), name="x")
    y = keras.ops.reshape(1.0 - x, (-1, 2, 2))
    model = keras.Model(x, keras.ops.einsum("abc->acb", keras.ops.expand_dims(y, 1)[:, 0]))
    described = {c["class_name"]: c for c in model.get_config()["layers"]}
    assert described["Subtract"]["inbound_nodes"][0]["args"][0] == 1.0
    assert described["Reshape"]["config"]["newshape"] == (-1, 2, 2)
    assert described["Einsum"]["config"]["subscripts"] == "abc->acb"
    again = keras.Model.from_config(json.loads(json.dumps(model.get_config())))
    data = np.arange(8, dtype="float32").reshape(2, 4)
    np.testing.assert_array_equal(again(data), model(data))


def with_a_lambda(tmp_path, extension):
    factor = 3.0
    model = keras.Sequential([keras.Input((2,)), layers.Lambda(lambda v: v * factor, name="body")])
    path = str(tmp_path / ("m" + extension))
    model.save(path)
    return path


@pytest.mark.parametrize("extension", [".keras", ".h5"])
def test_the_body_of_a_lambda_is_read_only_where_the_caller_says_so(tmp_path, extension):
    path = with_a_lambda(tmp_path, extension)
    with pytest.raises(FileError, match="safe_mode=False"):
        keras.models.load_model(path)
    model = keras.models.load_model(path, safe_mode=False)
    np.testing.assert_array_equal(model(np.ones((1, 2), "float32")), [[3.0, 3.0]])
    with pytest.raises(FileError, match="safe_mode=False"):  # what was said for one file does not last
        keras.models.load_model(path)


def test_enable_unsafe_deserialization_is_the_callers_word_too(tmp_path):
    from jkeras.core import registry

    path = with_a_lambda(tmp_path, ".keras")
    keras.config.enable_unsafe_deserialization()
    try:
        keras.models.load_model(path)
    finally:
        registry.trust_always[0] = False


@pytest.mark.parametrize("function", ["tanh", "square"])
def test_named_functions_of_lambdas_are_known(function):
    config = {"name": "named", "function": function, "function_type": "function", "output_shape": None, "arguments": {}}
    made = layers.Lambda.from_config(config)
    assert made.function.__name__ == function


@pytest.mark.parametrize("function", ["system", "eval", "set_epsilon", "clear_session", "load_model"])
def test_other_functions_are_not(function):
    with pytest.raises(ValueError, match=function):
        layers.Lambda.from_config({"name": "named", "function": function, "function_type": "function"})

"""Exported models run without jkeras."""

import os
import subprocess
import sys

import numpy as np
import pytest

import jkeras as keras
from jkeras import Input, Model, Sequential, layers

DRAW = np.random.RandomState(0)


def two_inputs():
    a, b = Input((3,), name="a"), Input((None,), dtype="int32", name="b")
    h = layers.GlobalAveragePooling1D()(layers.Embedding(9, 4)(b))
    return Model([a, b], layers.Dense(2)(layers.Concatenate()([layers.BatchNormalization()(a), h])))


ALONE = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "jkeras":
            raise ImportError("blocked: " + name)
sys.meta_path.insert(0, Blocked())
import numpy as np
from jax import export
call = export.deserialize(open(sys.argv[1], "rb").read()).call
with np.load(sys.argv[2]) as given:
    for n in (1, 4):
        found = call(given[f"a{n}"], given[f"b{n}"])
        assert abs(np.asarray(found) - given[f"y{n}"]).max() < 1e-6
assert "jkeras" not in sys.modules
print("right")
"""


def test_stablehlo_runs_in_a_process_without_jkeras_with_any_batch_and_length(tmp_path):
    pytest.importorskip("flatbuffers")
    model, given = two_inputs(), {}
    for n in (1, 4):
        given[f"a{n}"] = DRAW.standard_normal((n, 3)).astype("float32")
        given[f"b{n}"] = DRAW.randint(0, 9, (n, 5 + n)).astype("int32")
        given[f"y{n}"] = model.predict([given[f"a{n}"], given[f"b{n}"]], verbose=0)
    np.savez(tmp_path / "given.npz", **given)
    model.export(tmp_path / "m.stablehlo")
    command = [sys.executable, "-c", ALONE, str(tmp_path / "m.stablehlo"), str(tmp_path / "given.npz")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env={**os.environ, "PYTHONPATH": ""})
    assert done.stdout == "right\n", done.stderr


class Own(Model):
    """Without a graph."""

    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(2)

    def call(self, x):
        return self.dense(x)


def test_a_model_without_a_graph_is_exported_with_a_signature(tmp_path):
    pytest.importorskip("flatbuffers")
    from jax import export

    model, x = Own(), np.ones((3, 4), "float32")
    truth = np.asarray(model(x))
    with pytest.raises(ValueError, match="input_signature"):
        model.export(tmp_path / "m")
    with pytest.raises(TypeError, match="shape and dtype"):
        model.export(tmp_path / "m", input_signature=[(3, 4)])
    model.export(tmp_path / "m", input_signature=[keras.Input((4,))])
    np.testing.assert_allclose(export.deserialize((tmp_path / "m").read_bytes()).call(x), truth, rtol=1e-6)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"format": "tf_saved_model"}, "It needs another framework"),
        ({"format": "onxx"}, "expected one of 'stablehlo', 'onnx'"),
        ({"opset_version": 18}, "a number of ONNX"),
    ],
)
def test_other_formats_are_refused(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        two_inputs().export(tmp_path / "m", **options)
    assert os.listdir(tmp_path) == []


def test_onnx_without_its_packages_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "jax2onnx", None)
    with pytest.raises(ImportError, match=r"jkeras\[onnx\]"):
        two_inputs().export(tmp_path / "m.onnx")
    assert os.listdir(tmp_path) == []


NETS = {
    "convolutions": lambda: Sequential(
        [
            Input((6, 6, 2)),
            layers.Conv2D(3, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(2),
        ]
    ),
    "a recurrence": lambda: Sequential([Input((5, 3)), layers.LSTM(4), layers.Dense(2, activation="softmax")]),
    "attention": lambda: Model(x := Input((4, 8)), layers.MultiHeadAttention(2, 4)(x, x)),
}


@pytest.mark.filterwarnings("ignore")  # of the packages
@pytest.mark.parametrize("kind", NETS)
def test_onnx_gives_the_same_numbers_with_any_batch(tmp_path, kind):
    pytest.importorskip("jax2onnx")
    runtime = pytest.importorskip("onnxruntime")
    model = NETS[kind]()
    model.export(tmp_path / "m.onnx")
    session = runtime.InferenceSession(tmp_path / "m.onnx")
    for n in (1, 3):
        x = DRAW.standard_normal((n, *model.input_shape[1:])).astype("float32")
        found = session.run(None, {session.get_inputs()[0].name: x})[0]
        np.testing.assert_allclose(found, model.predict(x, verbose=0), atol=1e-5)


@pytest.mark.filterwarnings("ignore")
def test_what_onnx_cannot_express_is_told(tmp_path):
    pytest.importorskip("jax2onnx")
    model = Sequential([Input((5, 3)), layers.Bidirectional(layers.LSTM(2))])
    with pytest.raises(NotImplementedError, match="StableHLO"):
        model.export(tmp_path / "m.onnx")
    assert os.listdir(tmp_path) == []


def test_orbax_takes_a_fit_up_with_the_bits_of_one_that_went_on(tmp_path):
    pytest.importorskip("orbax.checkpoint")

    def train(epochs, restore=False, first=0):
        keras.utils.set_random_seed(3)
        model = Sequential([Input((4,)), layers.Dense(3), layers.Dense(1)])
        model.compile("adam", "mse")
        model.optimizer.build(model.trainable_variables)
        saver = keras.callbacks.OrbaxCheckpoint(tmp_path / "all", max_to_keep=None)
        if restore:
            saver.set_model(model)
            assert saver.load(1) == 1
        x = np.linspace(0, 1, 32, dtype="float32").reshape(8, 4)
        model.fit(x, x[:, :1], epochs=epochs, initial_epoch=first, shuffle=False, verbose=0, callbacks=[saver])
        saver.checkpointer.close()
        return model.get_weights()

    truth = train(4)
    again = train(4, restore=True, first=2)
    assert all(np.array_equal(a, b) for a, b in zip(truth, again, strict=True))

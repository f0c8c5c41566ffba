"""KerasFileEditor: files of weights are shown, compared and changed without a model."""

import numpy as np
import pytest

import jkeras as keras
from jkeras.saving import KerasFileEditor


@pytest.fixture
def model():
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="a"), keras.layers.Dense(1, name="b")])


@pytest.fixture(params=["m.keras", "m.weights.h5"])
def editor(model, tmp_path, request):
    path = tmp_path / request.param
    (model.save if request.param == "m.keras" else model.save_weights)(path)
    return KerasFileEditor(path)


def test_a_file_fits_its_model_and_no_other(editor, model, capsys):
    assert editor.compare(model) == {"status": "success", "error_count": 0, "match_count": 2}
    other = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4), keras.layers.Dense(1)])
    assert editor.compare(other)["error_count"] == 2
    editor.summary()
    assert "shape=(3, 2), dtype=float32" in capsys.readouterr().out


def test_an_edited_file_is_read_by_the_model_that_it_fits(editor, tmp_path):
    editor.delete_object("layers/dense_1")
    editor.add_object("layers/dense_1", {"0": np.ones((2, 5)), "1": np.zeros(5)})
    editor.add_weights("layers/dense", {"1": np.array([1.0, 2.0])})
    editor.save(tmp_path / "new.weights.h5")
    other = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2), keras.layers.Dense(5)])
    other.load_weights(tmp_path / "new.weights.h5")
    np.testing.assert_array_equal(other.layers[0].bias.numpy(), [1, 2])
    np.testing.assert_array_equal(other.layers[1].kernel.numpy(), np.ones((2, 5)))


def test_weights_are_taken_out_and_objects_renamed(editor):
    editor.delete_weight("dense", "1")
    editor.rename_object("dense_1", "head")
    assert {k: sorted(v) for k, v in editor.weights_dict["layers"].items()}["head"] == ["0", "1"]
    assert sorted(editor.weights_dict["layers"]["dense"]) == ["0"]


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda e: e.rename_object("nothing", "x"), "no object"),
        (lambda e: e.rename_object("dense", "dense_1"), "already"),
        (lambda e: e.rename_object("dense", "../x"), "cannot be the name"),
        (lambda e: e.delete_weight("dense", "7"), "no weight"),
        (lambda e: e.save("x.txt"), "weights.h5"),
    ],
)
def test_what_cannot_be_is_said(editor, call, message):
    with pytest.raises(ValueError, match=message):
        call(editor)

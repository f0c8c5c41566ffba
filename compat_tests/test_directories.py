"""Data sets from folders and arrays give what tf_keras gives."""

import json
from pathlib import Path

import numpy as np
import pytest

from compat_tests import directory_cases

FOLDER = Path(__file__).parent / "golden"
PLAIN = json.loads((FOLDER / "directories_tf_keras.json").read_text())
ARRAYS = dict(np.load(FOLDER / "directories_tf_keras.npz"))


@pytest.fixture(scope="module")
def results(keras, impl, tmp_path_factory):
    if impl not in ("jkeras", "tf_keras"):
        pytest.skip("these functions return tf.data sets: compared with tf_keras")
    pil = pytest.importorskip("PIL.Image")
    folder = tmp_path_factory.mktemp("data")
    directory_cases.make_folder(folder, lambda path, array: pil.fromarray(array).save(path))
    return directory_cases.results(keras, folder)


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_agree(results, name):
    mine, theirs = np.asarray(results[name]), ARRAYS[name]
    assert mine.shape == theirs.shape
    np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-3)  # pixels, 0 to 255


@pytest.mark.parametrize("name", [name for name in PLAIN if name != "versions"])
def test_names_and_texts_agree(results, name):
    assert results[name] == PLAIN[name]


def test_nothing_is_left_out(results):
    assert set(results) == set(ARRAYS) | set(PLAIN) - {"versions"}

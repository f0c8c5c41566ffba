"""keras.preprocessing gives what tf_keras gives: the same arrays and texts from the same seeds."""

import json
import warnings
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from compat_tests import preprocessing_cases

FOLDER = Path(__file__).parent / "golden"
PLAIN = json.loads((FOLDER / "preprocessing_tf_keras.json").read_text())
ARRAYS = dict(np.load(FOLDER / "preprocessing_tf_keras.npz"))


@pytest.fixture(autouse=True)
def only_where_it_exists(impl):
    if impl not in ("jkeras", "tf_keras"):
        pytest.skip("Keras 3 has no keras.preprocessing of this kind; 2.2.4 turns images with x and y exchanged")


@cache
def results(keras):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return preprocessing_cases.results(keras)


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_agree(keras, name):
    mine = np.asarray(results(keras)[name])
    assert mine.shape == ARRAYS[name].shape
    # Images have values up to 255; the spline of scipy is computed in double precision.
    np.testing.assert_allclose(mine, ARRAYS[name], rtol=1e-5, atol=2e-3 if "zca" in name else 1e-4)


@pytest.mark.parametrize("name", [name for name in PLAIN if name != "versions"])
def test_texts_and_lists_agree(keras, name):
    assert json.loads(json.dumps(results(keras)[name])) == PLAIN[name]


def test_nothing_is_left_out(keras):
    assert set(results(keras)) == set(ARRAYS) | set(PLAIN) - {"versions"}

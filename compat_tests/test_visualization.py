"""Boxes and masks are drawn as Keras 3 draws them, with OpenCV."""

import pathlib

import numpy as np
import pytest

from compat_tests.make_visualization import cases
from jkeras import visualization

FOUND = np.load(pathlib.Path(__file__).parent / "golden" / "keras3" / "visualization.npz")
CASES = cases(visualization)


@pytest.mark.parametrize("name", CASES)
def test_pictures_are_those_of_keras_3(name):
    drawn = np.asarray(CASES[name]())
    assert drawn.dtype == FOUND[name].dtype
    np.testing.assert_array_equal(drawn, FOUND[name])

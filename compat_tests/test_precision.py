"""Training under dtype policies gives the numbers of the real Keras 3."""

import json
from pathlib import Path

import numpy as np
import pytest

import jkeras as keras

from . import precision_runs as runs

GOLDEN = Path(__file__).parent / "golden"
FACTS = json.loads((GOLDEN / "precision_keras3.json").read_text())["runs"]
# A few units in the last place of numbers around one: programs that round in another order may differ so much.
LAST_PLACE = {"float32": 1e-5, "mixed_float16": 2**-9, "mixed_bfloat16": 2**-6, "float16": 2**-8, "bfloat16": 2**-5}


@pytest.fixture(scope="module")
def golden():
    with np.load(GOLDEN / "precision_keras3.npz") as stored:
        return dict(stored)


@pytest.mark.parametrize("name", FACTS)
def test_outputs_losses_and_weights_are_those_of_keras_3(golden, name):
    kind, policy = name.split("/")
    found, limit = runs.train(keras, kind, policy), LAST_PLACE[policy]
    assert found["dtypes"] == FACTS[name]["dtypes"] and found["optimizer"] == FACTS[name]["optimizer"]
    np.testing.assert_allclose(found["first"], golden[f"{name}/first"], atol=limit)
    np.testing.assert_allclose(found["losses"], golden[f"{name}/losses"], atol=limit)
    for i, weight in enumerate(found["weights"]):
        np.testing.assert_allclose(weight, golden[f"{name}/{i}"], atol=limit)


def test_an_overflow_skips_the_step_and_halves_the_scale_as_in_keras_3(golden):
    found = runs.overflow(keras)
    np.testing.assert_array_equal(found[:, :3], golden["overflow"][:, :3])
    np.testing.assert_allclose(found[:, 3:], golden["overflow"][:, 3:], atol=1e-6)
    assert (found[2, 3:] == found[1, 3:]).all() and found[2, 0] == found[1, 0] / 2

"""Training runs against the real Kerases: losses, metrics, weights and predictions after some epochs."""

import functools
import json
import os

import numpy as np
import pytest

from compat_tests import impl as implementations
from compat_tests import training_cases

GOLDEN = os.path.join(os.path.dirname(__file__), "golden")
ERAS = {"keras3": "3", "tf_keras": "tf2", "keras224": "2.2"}
ROWS = [pytest.param(name, real, id=f"{real}-{name}") for real in ERAS for name in training_cases.CASES]


@functools.cache
def golden(real):
    """(arrays, facts) that the real Keras gave."""
    base = os.path.join(GOLDEN, real, "training")
    with np.load(base + ".npz") as arrays, open(base + ".json") as f:
        return dict(arrays), json.load(f)["cases"]


@functools.cache
def found(keras, name, real):
    if keras.__name__ != "jkeras":
        implementations.clear(keras)
        return training_cases.run(keras, name)
    from jkeras import compat

    implementations.clear(keras)
    with compat.era(ERAS[real]):
        return training_cases.run(keras, name)


@pytest.fixture(autouse=True, scope="module")
def resource_variables(impl):
    """As for the golden values: with the others of TensorFlow 1, gradients may read a weight that the step has changed."""
    if impl != "keras224":
        yield
        return
    import tensorflow

    tensorflow.enable_resource_variables()
    yield
    tensorflow.disable_resource_variables()


@pytest.fixture
def result(keras, impl, name, real):
    if impl not in ("jkeras", real):
        pytest.skip(f"golden values of {real}")
    return found(keras, name, real)


def aligned(kind, name, real):
    arrays, _ = golden(real)
    return [arrays[key] for key in sorted(k for k in arrays if k.startswith(f"{name}:{kind}"))]


@pytest.mark.parametrize(("name", "real"), ROWS)
def test_the_history_is_that_of_the_real_keras(result, name, real):
    expected = golden(real)[1][name]["history"]
    assert sorted(result["history"]) == sorted(expected)
    for key, values in expected.items():
        np.testing.assert_allclose(result["history"][key], values, rtol=2e-5, atol=1e-6, err_msg=key)


@pytest.mark.parametrize(("name", "real"), ROWS)
@pytest.mark.parametrize("kind", ["weights", "predicted"])
def test_weights_and_predictions_are_those_of_the_real_keras(result, name, real, kind):
    for value, expected in zip(result[kind], aligned(kind, name, real), strict=True):
        np.testing.assert_allclose(value, expected, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize(("name", "real"), ROWS)
def test_evaluate_and_single_batches_give_the_numbers_of_the_real_keras(result, name, real):
    np.testing.assert_allclose(result["evaluation"], aligned("evaluation", name, real)[0], rtol=2e-5, atol=1e-6)
    for value, expected in zip(result["on_batch"], aligned("on_batch", name, real), strict=True):
        np.testing.assert_allclose(value, expected, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize(("name", "real"), [row for row in ROWS if row.values[1] != "keras3"])
def test_metrics_names_are_those_of_the_real_keras(result, name, real):
    assert result["names"] == golden(real)[1][name]["names"]

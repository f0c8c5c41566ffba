"""Losses against the values, gradients and configs of the real Kerases."""

import functools
import json
import os

import numpy as np
import pytest

from compat_tests import loss_cases, objectives
from compat_tests.make_objectives import plain

GOLDEN = os.path.join(os.path.dirname(__file__), "golden")


@functools.cache
def golden(impl, what):
    """(arrays, facts) that the real Keras gave."""
    base = os.path.join(GOLDEN, impl, what)
    with np.load(base + ".npz") as arrays, open(base + ".json") as f:
        return dict(arrays), json.load(f)["cases"]


ROWS = [pytest.param(case, impl, id=f"{impl}-{case.id}") for case in loss_cases.CASES for impl in case.impls]


@functools.cache
def results(run, case):
    return run.run_loss(case)[:3]


@pytest.fixture(scope="session")
def run(impl, keras):
    return objectives.runner(impl, keras)


# Where jkeras means to differ from a real Keras.
NO_NAN = {("keras3", "cosine_similarity_real_zero")}  # its gradient at a zero vector is NaN there and 0 here
KINKS = {  # TensorFlow takes the gradient 0 where two branches meet, JAX (and Keras 3 on JAX) the mean or one side
    (real, name)
    for real in ("tf_keras", "keras224")
    for name in (
        "mean_absolute_error_real_zero",
        "mean_absolute_percentage_error_real_zero",
        "kl_divergence_onehot_edge",
        "kullback_leibler_divergence_onehot_edge",
    )
}


@pytest.mark.parametrize("case, real", ROWS)
def test_values_and_gradients_equal_those_of_the_real_keras(case, real, run, impl):
    if impl not in ("jkeras", real):
        pytest.skip("another Keras")
    arrays, facts = golden(real, "losses")
    value, grad, dtype = results(run, case)
    np.testing.assert_allclose(value, arrays[case.id], rtol=case.rtol, atol=case.atol)
    if case.grad and (real, case.id) in NO_NAN:
        assert np.isfinite(grad).all() or impl != "jkeras"
    elif case.grad and (real, case.id) not in KINKS:
        np.testing.assert_allclose(grad, arrays[case.id + ":grad"], rtol=case.rtol * 5, atol=case.atol * 5)
    if real == "keras3":
        assert dtype == facts[case.id]["dtype"]


@pytest.mark.parametrize(
    "case", [c for c in loss_cases.CASES if c.is_class and "keras3" in c.impls], ids=lambda c: c.id
)
def test_config_equals_that_of_keras_3_and_makes_an_equal_loss(case, keras, impl):
    if impl not in ("jkeras", "keras3"):
        pytest.skip("another Keras")
    config = getattr(keras.losses, case.name)(**case.config).get_config()
    real = golden("keras3", "losses")[1][case.id]["config"]
    kept = {k: v for k, v in case.config.items() if k not in real}  # Keras forgets delta, some axis, and dtype
    assert plain(config) == plain({**real, **kept} if impl == "jkeras" else real)
    again = getattr(keras.losses, case.name).from_config(config)
    assert again.get_config() == config


@pytest.mark.parametrize("row", loss_cases.WEIGHTED, ids=lambda row: "-".join(map(str, row)))
def test_the_era_of_keras_2_2_divides_by_the_count_of_weights_that_are_not_zero(row, run, impl):
    if impl not in ("jkeras", "keras224"):
        pytest.skip("another Keras")
    real = golden("keras224", "losses")[0]["weighted:" + "-".join(map(str, row))]
    np.testing.assert_allclose(run.weighted(*row), real, rtol=1e-5)

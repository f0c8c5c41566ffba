"""Metrics against the results, states and configs of the real Kerases, batch by batch."""

import functools
import json
import re

import numpy as np
import pytest

from compat_tests import metric_cases, objectives
from compat_tests.make_objectives import plain
from compat_tests.test_losses import GOLDEN, golden

ROWS = [pytest.param(case, impl, id=f"{impl}-{case.id}") for case in metric_cases.CASES for impl in case.impls]


@pytest.fixture(scope="session")
def run(impl, keras):
    return objectives.runner(impl, keras)


@functools.cache
def outcome(run, case):
    return run.run_metric(case)


@pytest.mark.filterwarnings("ignore:.*fractional sample weights", "ignore:You are passing weight")
@pytest.mark.parametrize("case, real", ROWS)
def test_results_after_each_batch_equal_those_of_the_real_keras(case, real, run, impl):
    if impl not in ("jkeras", real):
        pytest.skip("another Keras")
    arrays, _ = golden(real, "metrics")
    results, _, _ = outcome(run, case)
    for index, result in enumerate(results):
        np.testing.assert_allclose(
            result, arrays[f"{case.id}:{index}"], case.rtol, case.atol, err_msg=f"after batch {index}"
        )


@pytest.mark.filterwarnings("ignore:.*fractional sample weights", "ignore:You are passing weight")
@pytest.mark.parametrize(
    "case", [c for c in metric_cases.CASES if c.is_class and "keras3" in c.impls], ids=lambda c: c.id
)
def test_variables_and_config_equal_those_of_keras_3(case, run, impl):
    if impl not in ("jkeras", "keras3"):
        pytest.skip("another Keras")
    arrays, facts = golden("keras3", "metrics")
    _, state, config = outcome(run, case)
    assert list(state) == facts[case.id]["state"]
    for name, value in state.items():
        real = arrays[f"{case.id}:state:{name}"]
        np.testing.assert_allclose(value, real, case.rtol, case.atol)
        assert value.dtype == real.dtype
    real = facts[case.id]["config"]
    # Keras forgets some axis
    kept = {k: v for k, v in case.config.items() if k not in real} if impl == "jkeras" else {}
    config, real = plain(config), plain({**real, **kept})
    for found in (config, real):  # automatic names are counted per process: auc, auc_1, ...
        found["name"] = re.sub(r"_\d+$", "", found["name"])
    assert config == real


@pytest.mark.parametrize("case", [c for c in metric_cases.CASES if c.is_class], ids=lambda c: c.id)
def test_a_metric_made_of_its_config_has_the_same_config(case, keras, impl):
    if impl not in ("jkeras", *case.impls):
        pytest.skip("another Keras")
    cls = getattr(keras.metrics, case.name)
    config = cls(**case.config).get_config()
    assert plain(cls.from_config(config).get_config()) == plain(config)


RENAMED = {
    "kullback_leibler_divergence": "kl_divergence",
    "logcosh": "log_cosh",
    "binary_matches": "binary_accuracy",
    "MeanMetricWrapper": "kl_divergence",  # "kld" of tf_keras, whose function has no name
}
CHOICES = [(real, *row) for real in ("keras3", "tf_keras", "keras224") for row in metric_cases.choices(real)]


@pytest.mark.parametrize("real, identifier, y_true_shape, y_pred_shape, loss", CHOICES)
def test_a_word_means_the_metric_that_it_means_in_the_generation(
    real, identifier, y_true_shape, y_pred_shape, loss, run, impl
):
    if impl not in ("jkeras", real):
        pytest.skip("another Keras")
    run.real = real
    row = (identifier, y_true_shape, y_pred_shape, loss)
    with open(f"{GOLDEN}/{real}/choices.json") as f:
        function, name = json.load(f)["cases"][json.dumps(row)]
    found, found_name = run.choose(*row)
    assert found in (function, RENAMED.get(function))
    assert found_name == name or (identifier == "AUC" and found_name.startswith("auc"))  # counted per process

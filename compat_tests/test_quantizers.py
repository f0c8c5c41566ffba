"""The quantizers give the numbers of Keras 3.

JKERAS_LONG_TESTS=1 compares every way to choose bits by looking at data; otherwise one of each algorithm.
"""

import json
import os
import pathlib

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jkeras
from compat_tests.make_quantizers import X, calibration_cases, cases, layer_cases, plain, training_cases
from jkeras import quantizers

FOUND = json.loads((pathlib.Path(__file__).parent / "golden" / "keras3" / "quantizers.json").read_text())["found"]
CASES = cases(quantizers, jnp.asarray) | layer_cases(jkeras)
CALIBRATED, TRAINED = calibration_cases(jkeras), training_cases(jkeras)


def flat(value):
    if isinstance(value, dict):
        return [(k, leaf) for k in sorted(value) for leaf in flat(value[k])]
    return [leaf for item in value for leaf in flat(item)] if isinstance(value, list) else [value]


@pytest.mark.parametrize("name", CASES)
def test_numbers_are_those_of_keras_3(name):
    found, expected = flat(plain(CASES[name]())), flat(FOUND[name])
    if name.startswith("config"):
        assert found == expected
    else:
        np.testing.assert_allclose(found, expected, 1e-6)


def by_kind(values):
    """(texts, integers, floats) of nested lists."""
    kinds = {str: [], int: [], float: []}
    for value in flat(values):
        kinds[type(value)].append(value)
    return kinds.values()


@pytest.mark.parametrize("name", CALIBRATED if os.environ.get("JKERAS_LONG_TESTS") else ["gptq_ordered", "awq_groups"])
def test_bits_chosen_by_looking_at_data_are_those_of_keras_3(name):
    found, expected = plain(CALIBRATED[name]()), FOUND[name]
    for mine, real in zip(by_kind(found), by_kind(expected), strict=True):
        assert (
            mine == real if real and not isinstance(real[0], float) else np.allclose(mine, real, rtol=1e-4, atol=1e-5)
        )


@pytest.mark.parametrize("name", TRAINED)
def test_training_in_float8_leaves_what_keras_3_leaves(name):
    found, expected = flat(plain(TRAINED[name]())), flat(FOUND[name])
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)


def test_gradients_of_rounding_pass_inside_and_go_to_the_bounds_outside():
    def total(x, least, most):
        return quantizers.fake_quant_with_min_max_vars(x, least, most, num_bits=4).sum()

    dx, low, high = jax.jit(jax.grad(total, argnums=(0, 1, 2)))(jnp.asarray(X), -1.9, 2.1)
    assert dx.sum() == ((X > -1.9) & (X < 2.1)).sum() and (low, high) == ((X < -1.9).sum(), (X > 2.1).sum())


def test_configs_come_back_from_what_they_say():
    for config in (quantizers.Int8QuantizationConfig(), quantizers.Int4QuantizationConfig(block_size=-1)):
        again = type(config).from_config(config.get_config())
        assert again.mode == config.mode and again.get_config() == config.get_config()
    assert quantizers.get(quantizers.serialize(quantizers.AbsMaxQuantizer(axis=1))).axis == (1,)


@pytest.mark.parametrize(
    "make, match",
    [
        (lambda: quantizers.AbsMaxQuantizer(value_range=(-300, 300)), "value_range"),
        (lambda: quantizers.Int4QuantizationConfig(block_size=0), "block_size"),
        (lambda: quantizers.Int4QuantizationConfig(quantizers.AbsMaxQuantizer()), "block_size"),
        (lambda: quantizers.pack_int4(np.zeros(2, "int8"), dtype="int16"), "dtype"),
        (lambda: quantizers.get("abs_min_quantizer"), "abs_min_quantizer"),
    ],
)
def test_what_does_not_fit_is_refused(make, match):
    with pytest.raises(ValueError, match=match):
        make()

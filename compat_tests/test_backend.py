"""keras.backend gives the values of Keras 2.2.4 and tf_keras on arrays, Variables and symbolic tensors."""

import json
from pathlib import Path

import numpy as np
import pytest

from compat_tests.backend_cases import BY_ID, ROWS
from jkeras import backend as K

PLACE = Path(__file__).parent / "golden"
META = {impl: json.loads((PLACE / impl / "backend.json").read_text()) for impl in ("keras224", "tf_keras")}
VALUES = {impl: dict(np.load(PLACE / impl / "backend.npz")) for impl in META}
STORED = [(impl, id) for impl, meta in META.items() for id in meta["counts"]]

# Functions whose results are no numbers to compare; tests/test_backend.py has their behaviour.
ELSEWHERE = set(
    "Function backend batch_get_value batch_set_value clear_session ctc_label_dense_to_sparse dropout dtype epsilon eval "
    "floatx function get_uid get_value get_variable_shape gradients has_arg image_data_format image_dim_ordering "
    "is_float_dtype is_int_dtype is_keras_tensor is_placeholder is_sparse is_tensor is_variable learning_phase "
    "learning_phase_scope manual_variable_initialization moving_average_update name_scope normalize_data_format "
    "placeholder random_bernoulli random_binomial random_normal random_normal_variable random_uniform "
    "random_uniform_variable reset_uids result_type set_epsilon set_floatx set_image_data_format "
    "set_image_dim_ordering set_learning_phase set_session set_value standardize_dtype transpose_shape truncated_normal "
    "update update_add update_sub variable".split()
)


def outputs(made):
    return list(made) if isinstance(made, (list, tuple)) else [made]


def check(impl, id, values):
    assert len(values) == META[impl]["counts"][id]
    for i, value in enumerate(values):
        want, got = VALUES[impl][f"{id}#{i}"], np.asarray(value)
        assert got.shape == want.shape
        assert got.dtype.kind == want.dtype.kind
        np.testing.assert_allclose(got, want, rtol=BY_ID[id].tolerance, atol=BY_ID[id].tolerance)


def numbers(made):
    return [m if isinstance(m, (int, np.ndarray, np.generic)) else K.get_value(m) for m in outputs(made)]


@pytest.mark.parametrize(("impl", "id"), STORED)
def test_on_arrays_the_values_are_those_of_real_keras(impl, id):
    row = BY_ID[id]
    check(impl, id, numbers(row.run(K, *[K.constant(t, dtype=t.dtype.name) for t in row.tensors])))


ONCE = sorted({id: impl for impl, id in STORED if BY_ID[id].tensors and BY_ID[id].symbolic}.items())


@pytest.mark.parametrize(("id", "impl"), ONCE)
def test_on_variables_the_values_are_those_of_real_keras(id, impl):
    row = BY_ID[id]
    check(impl, id, numbers(row.run(K, *[K.variable(t, dtype=t.dtype.name) for t in row.tensors])))


@pytest.mark.parametrize(("id", "impl"), ONCE)
def test_a_function_of_symbolic_tensors_gives_the_values_of_real_keras(id, impl):
    row = BY_ID[id]
    inputs = [K.placeholder(t.shape, dtype=t.dtype.name) for t in row.tensors]
    made = outputs(row.run(K, *inputs))
    values = K.function(inputs, made)([*row.tensors])
    check(impl, id, values)
    for symbol, value in zip(made, values, strict=True):
        if K.is_tensor(symbol):
            assert K.int_shape(symbol) == value.shape


def test_every_function_has_a_row_or_a_test_of_its_own():
    assert {row.name for row in ROWS} | ELSEWHERE >= set(K.__all__)
    assert {row.name for row in ROWS} <= set(K.__all__)

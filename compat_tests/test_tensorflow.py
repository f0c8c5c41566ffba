"""The thin ``tensorflow`` gives what TensorFlow gives: values, shapes, dtypes (32 bits for 64) and refusals."""

import json
import pathlib
import warnings

import numpy as np
import pytest

from compat_tests import tensorflow_cases as cases
from compat_tests.tensorflow_programs import PROGRAMS

FOLDER = pathlib.Path(__file__).parent / "golden"
NARROW = {"float64": "float32", "int64": "int32", "uint64": "uint32", "complex128": "complex64"}
LOOSE = {"linalg": 2e-4, "gradient_of_linear_algebra": 1e-3, "image": 2e-5}  # what float32 gives after many steps


@pytest.fixture(scope="module")
def golden():
    facts = json.loads((FOLDER / "tensorflow.json").read_text())
    numbers, start = np.load(FOLDER / "tensorflow.npz")["numbers"], 0
    for kept in facts["rows"].values():
        for leaf in kept:
            if isinstance(leaf[2], int):
                leaf[2], start = numbers[start : start + leaf[2]], start + leaf[2]
    return facts


@pytest.fixture
def tf(impl):
    if impl != "jkeras":
        pytest.skip("the golden values are those of the real TensorFlow")
    from jkeras.compat import tensorflow

    tensorflow.start()
    return tensorflow


def compare(name, found, expected, tolerance=1e-5):
    made = [cases.described(leaf) for leaf in cases.leaves(found)]
    assert len(made) == len(expected), f"{name}: {len(made)} results instead of {len(expected)}"
    for (dtype, shape, values), (wanted, size, numbers) in zip(made, expected, strict=True):
        assert (NARROW.get(dtype, dtype), shape) == (NARROW.get(wanted, wanted), size), name
        if dtype in ("string", "dtype"):
            assert [NARROW.get(v, v) for v in values] == [NARROW.get(v, v) for v in numbers], name
        else:
            scale = np.max(np.abs(numbers[np.isfinite(numbers)]), initial=1.0)
            rough = 1e-3 if dtype == "float16" else tolerance
            np.testing.assert_allclose(values, numbers, rtol=rough, atol=rough * scale, err_msg=name)


@pytest.mark.parametrize("group, expression", [(g, e) for g, text in cases.GROUPS.items() for e in cases.lines(text)])
def test_an_expression_has_the_value_of_tensorflow(tf, golden, group, expression):
    compare(expression, cases.evaluate(tf, expression), golden["rows"][expression], LOOSE.get(group, 1e-5))


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_ends_as_with_tensorflow(tf, golden, name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compare(name, PROGRAMS[name](tf), golden["rows"][name], LOOSE.get(name, 2e-5))


@pytest.mark.parametrize("expression", cases.lines(cases.ERRORS))
def test_what_tensorflow_refuses_is_refused(tf, golden, expression):
    assert golden["errors"][expression]
    with pytest.raises((TypeError, ValueError, AttributeError)):
        cases.evaluate(tf, expression)

"""The thin ``tensorflow`` gives what TensorFlow gives: values, shapes, dtypes (32 bits for 64) and refusals.

The expressions of a group are compiled together, which takes a tenth of the time that they take one by one; some run
step by step as well, and all of them where JKERAS_EVERY_CASE=1 is set.
"""

import inspect
import json
import os
import pathlib

import numpy as np
import pytest

from compat_tests import tensorflow_cases as cases
from compat_tests.tensorflow_programs import PROGRAMS

FOLDER = pathlib.Path(__file__).parent / "golden"
NARROW = {"float64": "float32", "int64": "int32", "uint64": "uint32", "complex128": "complex64"}
LOOSE = {"linalg": 2e-4, "gradient_of_linear_algebra": 1e-3}  # what float32 gives after many steps
GROUPS = {
    group: {e: lambda tf, e=e: cases.evaluate(tf, e) for e in cases.lines(text)} for group, text in cases.GROUPS.items()
}
ALONE = ("tf.function", "str(", "get_static_value")  # compiled by itself, or about values that are known
GROUPS["programs"] = {n: p for n, p in PROGRAMS.items() if not any(w in inspect.getsource(p) for w in ALONE)}
GROUPS["functions"] = {n: p for n, p in PROGRAMS.items() if n not in GROUPS["programs"]}
ROWS = [(group, name) for group, rows in GROUPS.items() for name in rows]
STEP_BY_STEP = ROWS if os.environ.get("JKERAS_EVERY_CASE") == "1" else ROWS[::12]


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


@pytest.fixture(scope="module")
def together():
    return {}


def compiled(tf, rows):
    """The results of many expressions, of one compiled function; those that need values while it is traced are missing."""

    def every():
        found = {}
        for name, call in rows.items():
            try:
                if not any(word in name for word in ALONE):
                    found[name] = cases.leaves(call(tf))
            except Exception:  # it runs step by step, where it may raise again
                continue
        return found

    return tf.function(every)()


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


def tolerance(group, name):
    return LOOSE.get(name, LOOSE.get(group, 2e-5))


@pytest.mark.parametrize("group, name", ROWS)
def test_an_expression_has_the_value_of_tensorflow(tf, golden, together, group, name):
    if group not in together:
        together[group] = {} if group in cases.EAGER else compiled(tf, GROUPS[group])
    found = together[group][name] if name in together[group] else GROUPS[group][name](tf)
    compare(name, found, golden["rows"][name], tolerance(group, name))


@pytest.mark.parametrize("group, name", STEP_BY_STEP)
def test_it_has_the_same_value_step_by_step(tf, golden, group, name):
    compare(name, GROUPS[group][name](tf), golden["rows"][name], tolerance(group, name))


@pytest.mark.parametrize("expression", cases.lines(cases.ERRORS))
def test_what_tensorflow_refuses_is_refused(tf, golden, expression):
    assert golden["errors"][expression]
    with pytest.raises((TypeError, ValueError, AttributeError)):
        cases.evaluate(tf, expression)

"""keras.tree and keras.dtype_policies give what Keras 3 gives, and raise where it raises."""

import json
import pathlib

import pytest

from compat_tests.expression_cases import CASES, result

IMPLS = ("jkeras", "keras3")  # which Kerases have this

GOLDEN = pathlib.Path(__file__).parent / "golden" / "keras3" / "expressions.json"


@pytest.fixture(scope="module")
def rows():
    return json.loads(GOLDEN.read_text())["rows"]


@pytest.mark.parametrize("expression", CASES)
def test_an_expression_gives_what_keras_gives(keras, rows, expression):
    assert result(keras, expression) == rows[expression]

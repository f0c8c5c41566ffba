"""`summary()` prints what the real Kerases print."""

import functools
import json
import pathlib

import pytest

from compat_tests.impl import clear
from compat_tests.summary_cases import CASES, text_of

GOLDEN = pathlib.Path(__file__).parent / "golden"
ERAS = {"keras3": "3", "tf_keras": "tf2", "keras224": "2.2"}
ROWS = [pytest.param(row, origin, id=f"{origin}-{row}") for row, (*_, impls) in CASES.items() for origin in impls]


@functools.cache
def golden(origin):
    return json.loads((GOLDEN / origin / "summaries.json").read_text(encoding="utf-8"))["texts"]


@pytest.mark.parametrize(("row", "origin"), ROWS)
def test_the_table_is_that_of_the_real_keras(impl, keras, monkeypatch, row, origin):
    if impl not in ("jkeras", origin):
        pytest.skip("golden of another Keras")
    if impl == "jkeras":
        from jkeras.core.declare import era

        monkeypatch.setattr(era, "name", ERAS[origin])
    clear(keras)
    assert text_of(keras, row).splitlines() == golden(origin)[row].splitlines()

"""Students learn from teachers as in Keras 3."""

import json
import pathlib

import numpy as np
import pytest

import jkeras as keras
from compat_tests.make_distillation import cases, plain

FOUND = json.loads((pathlib.Path(__file__).parent / "golden" / "keras3" / "distillation.json").read_text())["found"]
CASES = cases(keras)


def flat(value):
    if isinstance(value, dict):
        return [(k, leaf) for k in sorted(value) for leaf in flat(value[k])]
    return [leaf for item in value for leaf in flat(item)] if isinstance(value, list) else [value]


@pytest.mark.parametrize("name", CASES)
def test_numbers_are_those_of_keras_3(name):
    found, expected = plain(CASES[name]()), FOUND[name]
    if name.startswith("config"):
        expected["loss"].pop("registered_name"), found["loss"].pop("registered_name")
        assert found == expected
        return
    keys = found.keys() if isinstance(found, dict) else [None]
    for key in keys:
        ours, theirs = (found, expected) if key is None else (found[key], expected[key])
        if isinstance(ours, dict):
            assert ours.keys() == theirs.keys()
            ours, theirs = [ours[k] for k in sorted(ours)], [theirs[k] for k in sorted(ours)]
        np.testing.assert_allclose(flat(ours), flat(theirs), 2e-5, 1e-6, err_msg=str(key))

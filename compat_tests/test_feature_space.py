"""FeatureSpace against the real one."""

import json

import numpy as np
import pytest

from compat_tests import feature_space_cases as cases


@pytest.fixture(scope="module")
def found(impl):
    if impl != "jkeras":
        pytest.skip("made where TensorFlow is; see feature_space_cases.py")
    from jkeras.utils.feature_space import FeatureSpace

    return cases.run(FeatureSpace)


@pytest.mark.parametrize("name", sorted(json.loads(cases.GOLDEN.read_text())["values"]))
def test_columns_are_encoded_as_in_keras(found, name):
    expected = json.loads(cases.GOLDEN.read_text())["values"][name]
    np.testing.assert_allclose(found[name], expected, 1e-5, 1e-5)


def test_a_space_is_made_again_from_its_config(impl):
    if impl != "jkeras":
        pytest.skip("concerns jkeras")
    from jkeras.utils.feature_space import FeatureSpace

    space = FeatureSpace(**cases.SPACES["crossed"])
    again = FeatureSpace.from_config(space.get_config())
    assert again.get_config() == space.get_config()


def test_encoded_features_are_symbolic_inputs_of_a_model(impl):
    if impl != "jkeras":
        pytest.skip("concerns jkeras")
    from jkeras.utils.feature_space import FeatureSpace

    space = FeatureSpace({"age": "float_normalized", "kids": "integer_categorical"})
    space.adapt({"age": cases.DATA["age"], "kids": cases.DATA["kids"]})
    assert space.get_encoded_features().shape == (None, 5)

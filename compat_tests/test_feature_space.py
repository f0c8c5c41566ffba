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


def test_counts_of_words_are_put_in_as_floats(impl):
    if impl != "jkeras":
        pytest.skip("concerns jkeras")
    from jkeras.layers import TextVectorization
    from jkeras.utils.feature_space import FeatureSpace

    words = FeatureSpace.feature("string", TextVectorization(output_mode="count"), "float")
    space = FeatureSpace({"says": words, "age": "float"})
    space.adapt({"says": ["a b", "a"], "age": [1.0, 2.0]})
    encoded = space({"says": np.array(["", "b b c"]), "age": np.array([5.0, 6.0])})
    assert encoded.dtype == "float32"
    np.testing.assert_array_equal(encoded, [[5, 0, 0, 0], [6, 1, 0, 2]])


def test_features_that_cannot_be_put_together_are_named_by_adapt(impl):
    if impl != "jkeras":
        pytest.skip("concerns jkeras")
    from jkeras.utils.feature_space import FeatureSpace

    space = FeatureSpace({"kids": FeatureSpace.integer_categorical(output_mode="int"), "age": "float"})
    with pytest.raises(ValueError, match="feature 'kids' has dtype"):
        space.adapt({"kids": [1, 2], "age": [1.0, 2.0]})

"""What layers for pictures do to labels, boxes and masks, against the real ones."""

import json

import numpy as np
import pytest

from compat_tests import image_dict_cases as cases

# Where jkeras is right on purpose; docs/differences.md has the reasons.
ELSE = {("center_crop_small", "masks"), ("resizing_crop", "boxes")}


@pytest.fixture(scope="module")
def found(impl, keras):
    if impl not in ("jkeras", "keras3"):
        pytest.skip("only Keras 3 moves boxes")
    return cases.run(keras.layers)


@pytest.mark.parametrize("name", json.loads(cases.GOLDEN.read_text())["values"])
def test_labels_boxes_and_masks_follow_the_picture(impl, found, name):
    expected = json.loads(cases.GOLDEN.read_text())["values"][name]
    assert sorted(found[name]) == sorted(expected)
    for part, value in expected.items():
        if impl == "jkeras" and (name, part) in ELSE:
            continue
        if part == "dtype":
            assert found[name][part] == value
            continue
        np.testing.assert_allclose(found[name][part], value, 1e-4, 1e-3, err_msg=part)


def test_a_pipeline_hands_on_the_mask_of_each_result(impl, keras):
    if impl not in ("jkeras", "keras3"):
        pytest.skip("only Keras 3 has pipelines")
    seen = []

    class Cut(keras.layers.Layer):
        def call(self, inputs, mask=None):
            seen.append(np.asarray(mask).tolist())
            return inputs[:, 1:]

        def compute_mask(self, inputs, mask=None):
            return mask[:, 1:]

    keras.layers.Pipeline([Cut(), Cut()])(np.ones((1, 3, 2), "float32"), mask=np.array([[True, False, True]]))
    assert seen == [[[True, False, True]], [[False, True]]]

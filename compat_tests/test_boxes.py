"""Functions of bounding boxes against the real ones."""

import json

import numpy as np
import pytest

from compat_tests import box_cases as cases

VALUES = json.loads(cases.GOLDEN.read_text())["values"]


@pytest.fixture(scope="module")
def found(impl, keras):
    if impl not in ("jkeras", "keras3"):
        pytest.skip("only Keras 3 has them")
    return cases.run(keras.utils.bounding_boxes)


def test_every_result_is_the_real_one(found):
    assert sorted(found) == sorted(VALUES)
    for name, value in VALUES.items():
        np.testing.assert_allclose(found[name], value, 1e-5, 1e-5, err_msg=name)


@pytest.mark.parametrize(
    "act",
    [
        lambda boxes: boxes.convert_format(cases.ONE, "xyxy", "xxyy"),
        lambda boxes: boxes.convert_format(cases.ONE, "xyxy", "rel_xyxy"),
        lambda boxes: boxes.convert_format(cases.ONE[:, :3], "xyxy", "xywh"),
        lambda boxes: boxes.clip_to_image_size({"boxes": cases.ONE}),
        lambda boxes: boxes.compute_iou(cases.ONE, cases.TWO, "rel_xyxy"),
        lambda boxes: boxes.compute_iou(cases.ONE[0], cases.TWO, "xyxy"),
        lambda boxes: boxes.compute_ciou(cases.ONE, cases.TWO, "rel_xyxy"),
    ],
)
def test_wrong_formats_are_refused(impl, keras, act):
    if impl not in ("jkeras", "keras3"):
        pytest.skip("only Keras 3 has them")
    with pytest.raises(ValueError):
        act(keras.utils.bounding_boxes)

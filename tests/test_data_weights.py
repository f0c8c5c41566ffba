"""Class weights become sample weights."""

import numpy as np
import pytest

from jkeras.train.data_weights import class_weights, combine

LABELS = np.array([0, 1, 1, 2])
ONE_HOT = np.eye(3)[LABELS]

CASES = {
    "labels": (LABELS, {0: 1, 1: 2, 2: 0.5}, [1, 2, 2, 0.5]),
    "column of labels": (LABELS[:, None], {0: 1, 1: 2, 2: 0.5}, [1, 2, 2, 0.5]),
    "float labels": (LABELS.astype("float32"), {0: 1, 1: 2, 2: 0.5}, [1, 2, 2, 0.5]),
    "booleans": (LABELS > 0, {0: 5, 1: 2}, [5, 2, 2, 2]),
    "one-hot": (ONE_HOT, {0: 1, 1: 2, 2: 0.5}, [1, 2, 2, 0.5]),
    "one-hot per time step": (np.stack([ONE_HOT, ONE_HOT], 1), {0: 1, 1: 2, 2: 3}, [[1, 1], [2, 2], [2, 2], [3, 3]]),
    "a label without a weight counts one": (LABELS, {1: 2}, [1, 2, 2, 1]),
    "a batch of labels without weights": (LABELS, {7: 2}, [1, 1, 1, 1]),
    "balanced": (LABELS, "balanced", [4 / 3, 2 / 3, 2 / 3, 4 / 3]),
    "auto": (LABELS, "auto", [4 / 3, 2 / 3, 2 / 3, 4 / 3]),
    "numpy keys": (LABELS, {np.int64(0): 1, 1.0: np.float32(2), 2: 3}, [1, 2, 2, 3]),
}


@pytest.mark.parametrize("labels, weights, expected", CASES.values(), ids=CASES)
def test_class_weights(labels, weights, expected):
    made = class_weights(labels, weights)
    assert made.dtype == np.float32
    np.testing.assert_allclose(made, expected, rtol=1e-6)


def test_several_outputs_take_a_dict_or_a_list():
    y = {"a": LABELS, "b": ONE_HOT}
    assert class_weights(y, {"a": {0: 3}})["a"].tolist() == [3, 1, 1, 1]
    assert class_weights(y, {"a": {0: 3}})["b"] is None
    made = class_weights([LABELS, ONE_HOT], [None, {2: 4}])
    assert made[0] is None and made[1].tolist() == [1, 1, 1, 4]
    assert class_weights([LABELS], {0: 3})[0].tolist() == [3, 1, 1, 1]


BAD = {
    "several outputs, one dict": ([LABELS, LABELS], {0: 1}, ValueError, "2 outputs"),
    "no targets": (None, {0: 1}, ValueError, "without targets"),
    "text targets": (np.array(["a"]), {0: 1}, TypeError, "text"),
    "text keys": (LABELS, {"a": 1}, TypeError, "integer labels"),
    "text weights": (LABELS, {0: "a"}, TypeError, "numbers as weights"),
    "a list": (LABELS, [1, 2], TypeError, "expected a dict"),
    "an unknown word": (LABELS, "equal", ValueError, "'balanced' or 'auto'"),
}


@pytest.mark.parametrize("labels, weights, error, message", BAD.values(), ids=BAD)
def test_bad_class_weights_are_refused(labels, weights, error, message):
    with pytest.raises(error, match=message):
        class_weights(labels, weights)


def test_weights_multiply():
    one, two = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    assert combine(None, two) is two and combine(one, None) is one
    assert combine(one, two).tolist() == [3, 8]
    assert combine(one[:, None], two).tolist() == [[3], [8]]
    assert combine(np.ones((2, 3)), two).tolist() == [[3] * 3, [4] * 3]
    assert combine([one, one], [None, two])[1].tolist() == [3, 8]
    assert combine({"a": one}, {"a": two})["a"].tolist() == [3, 8]

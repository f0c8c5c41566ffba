"""What cannot be compiled is named by the user's function and line, in words of Keras."""

import numpy as np
import pytest

import jkeras
from jkeras import layers, ops

X = np.ones((4, 2), "float32")


def to_numpy(y, p):
    return np.mean(np.square(y - p))


def by_value(y, p):
    return ops.mean(p) if ops.sum(p) > 0 else ops.mean(y)


def by_mask(y, p):
    return ops.mean(p[p > y])


def by_number(y, p):
    return [p, y][ops.argmax(p[0])]


class Sine(layers.Layer):
    def call(self, x):
        return np.sin(x)


@pytest.mark.parametrize(
    ("function", "words"),
    [(to_numpy, "keras.ops"), (by_value, "ops.where"), (by_mask, "by a mask"), (by_number, "run_eagerly")],
)
@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch", "test_on_batch"])
def test_a_loss_that_cannot_be_compiled_is_named_with_its_line(function, words, method):
    model = jkeras.Sequential([layers.Dense(1)])
    model.compile("sgd", function)
    with pytest.raises(TypeError, match=rf"test_explaining.py:\d+: {function.__name__} .*{words}") as caught:
        getattr(model, method)(X, X[:, :1])
    assert "trace" not in str(caught.value)


@pytest.mark.parametrize("method", ["predict", "predict_on_batch"])
def test_a_layer_that_cannot_be_compiled_is_named_with_its_line(method):
    with pytest.raises(TypeError, match=r"test_explaining.py:\d+: call hands"):
        getattr(jkeras.Sequential([Sine()]), method)(X)

"""Arguments, weights and pre- and postprocessing of the image classifiers."""

import json

import numpy as np
import pytest

import jkeras as keras
from jkeras.applications import imagenet_utils, mobilenet

SMALL = dict(alpha=0.25, input_shape=(32, 32, 3))


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A cache folder whose files are taken whatever their hashes are."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("JKERAS_SKIP_HASH", "1")
    (tmp_path / "models").mkdir()
    imagenet_utils.class_index.cache_clear()
    yield tmp_path / "models"
    imagenet_utils.class_index.cache_clear()


@pytest.mark.parametrize(
    "mode, expected",
    [
        ("tf", [-1.0, 0.0, 1.0]),
        ("torch", [-0.485 / 0.229, (0.5 - 0.456) / 0.224, (1 - 0.406) / 0.225]),
        ("caffe", [255 - 103.939, 127.5 - 116.779, -123.68]),
    ],
)
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_pixels_are_scaled_as_the_mode_says(mode, expected, data_format):
    last = data_format == "channels_last"
    pixels = np.array([0.0, 127.5, 255.0]).reshape((1, 1, 1, 3) if last else (1, 3, 1, 1))
    for x in (pixels, pixels[0]):
        before = x.copy()
        found = imagenet_utils.preprocess_input(x, data_format, mode)
        np.testing.assert_allclose(found.ravel(), expected, 1e-6)
        np.testing.assert_array_equal(x, before)


def test_symbolic_pixels_are_scaled_too():
    x = keras.Input((2, 2, 3))
    model = keras.Model(x, keras.applications.vgg16.preprocess_input(x))
    pixels = np.arange(12, dtype="float32").reshape(1, 2, 2, 3)
    np.testing.assert_allclose(model(pixels), imagenet_utils.preprocess_input(pixels), 1e-5, 1e-4)


def test_predictions_get_names_from_the_cached_index(cache):
    names = {str(i): [f"n{i:08d}", f"thing_{i}"] for i in range(1000)}
    (cache / "imagenet_class_index.json").write_text(json.dumps(names))
    scores = np.zeros((1, 1000))
    scores[0, [7, 3]] = 0.6, 0.4
    assert keras.applications.vgg16.decode_predictions(scores, top=2) == [
        [("n00000007", "thing_7", 0.6), ("n00000003", "thing_3", 0.4)]
    ]
    with pytest.raises(ValueError, match="1000"):
        imagenet_utils.decode_predictions(np.zeros((1, 10)))


def test_published_weights_are_taken_from_the_cache_and_others_from_their_path(cache):
    shape = dict(alpha=0.25, input_shape=(128, 128, 3), include_top=False)
    first = mobilenet.MobileNet(weights=None, **shape)
    first.save_weights(cache / "mobilenet_2_5_128_tf_no_top.h5")
    first.save_weights(cache / "mine.weights.h5")
    for weights in ("imagenet", str(cache / "mine.weights.h5")):
        again = mobilenet.MobileNet(weights=weights, **shape)
        np.testing.assert_array_equal(again.get_weights()[0], first.get_weights()[0])


def test_features_are_pooled_and_start_from_a_given_tensor():
    x = keras.Input((32, 32, 3))
    model = keras.applications.MobileNet(
        weights=None, alpha=0.25, include_top=False, pooling="max", input_tensor=x * 2.0, name="mine"
    )
    assert model.output_shape == (None, 256) and model.name == "mine" and model.inputs[0] is x


@pytest.mark.parametrize(
    "config, match",
    [
        (dict(weights="nowhere.h5"), "nowhere.h5"),
        (dict(weights="imagenet", classes=7), "classes=1000"),
        (dict(weights=None, input_shape=(16, 16, 3)), "at least 32x32"),
        (dict(weights=None, input_shape=(32, 32)), "three integers"),
        (dict(weights=None, include_top=False, pooling="mean"), "pooling"),
        (dict(weights="imagenet", alpha=0.3), "alpha"),
    ],
)
def test_what_does_not_go_together_is_refused(config, match):
    with pytest.raises(ValueError, match=match):
        keras.applications.MobileNet(**config)


def test_weights_of_imagenet_want_their_own_activation():
    with pytest.raises(ValueError, match="classifier_activation"):
        imagenet_utils.validate_activation("relu", "imagenet")


def test_building_makes_no_arrays():
    model = keras.applications.ConvNeXtXLarge(weights=None)
    assert model.count_params() == 350196968
    assert all(weight._cell is None for weight in model.weights if weight.ndim > 1)


@pytest.mark.parametrize("word", ["name", "model_name"])
@pytest.mark.parametrize("architecture", ["RegNetX002", "MobileNet"])
def test_a_model_is_named_by_the_word_of_either_keras(word, architecture):
    config = dict(weights=None, input_shape=(32, 32, 3), classes=3, **{word: "mine"})
    assert getattr(keras.applications, architecture)(**config).name == "mine"

"""Models with layers that cannot be compiled: those of text, and those whose sizes are drawn."""

import numpy as np
import pytest

import jkeras as keras
from jkeras import layers

TEXTS = np.array([["a b c"], ["b c d"], ["a a a"], ["d d d"], ["c c"]], dtype=object)
LABELS = np.array([0, 0, 1, 1, 0])


def vectorizer():
    layer = layers.TextVectorization(max_tokens=20, output_sequence_length=4)
    layer.adapt(TEXTS)
    return layer


def classifier(*first, **options):
    keras.utils.set_random_seed(1)
    rest = [layers.Embedding(20, 4), layers.GlobalAveragePooling1D(), layers.Dense(1, activation="sigmoid")]
    model = keras.Sequential([*first, *rest])
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"], **options)
    return model


@pytest.mark.parametrize("nested", [False, True])
def test_text_trains_as_its_tokens_do(nested):
    front = [keras.Input((1,), dtype="string"), vectorizer()]
    if nested:
        front = [keras.Sequential(front)]
    by_text, by_token = classifier(*front), classifier(keras.Input((4,)))
    by_token.set_weights(by_text.get_weights())
    tokens = vectorizer()(TEXTS)
    options = {"epochs": 2, "batch_size": 2, "shuffle": False, "verbose": 0}
    found = by_text.fit(TEXTS, LABELS, validation_data=(TEXTS, LABELS), **options).history
    expected = by_token.fit(tokens, LABELS, validation_data=(tokens, LABELS), **options).history
    for key in expected:
        np.testing.assert_allclose(found[key], expected[key], rtol=1e-5)
    np.testing.assert_allclose(by_text.predict(TEXTS, verbose=0), by_token.predict(tokens, verbose=0), rtol=1e-5)


def test_text_and_numbers_go_side_by_side():
    text, number = keras.Input((1,), dtype="string"), keras.Input((3,))
    pooled = layers.GlobalAveragePooling1D()(layers.Embedding(20, 4)(vectorizer()(text)))
    model = keras.Model([text, number], layers.Dense(1)(layers.Concatenate()([pooled, number])))
    model.compile("sgd", "mse")
    data = [TEXTS, np.ones((5, 3), "float32")]
    losses = model.fit(data, np.ones(5), epochs=3, batch_size=2, verbose=0).history["loss"]
    assert losses[-1] < losses[0] and model.predict(data, verbose=0).shape == (5, 1)


def test_a_lookup_at_the_end_gives_words():
    indices = keras.Input((2,), dtype="int32")
    words = layers.StringLookup(vocabulary=["x", "y"], invert=True)(indices)
    model = keras.Model(indices, words)
    assert model.predict(np.array([[1, 2], [0, 1]]), verbose=0).tolist() == [["x", "y"], ["[UNK]", "x"]]


def test_pictures_of_a_drawn_height_train():
    model = keras.Sequential(
        [keras.Input((8, 8, 1)), layers.RandomHeight(0.3, seed=1), layers.GlobalMaxPooling2D(), layers.Dense(1)]
    )
    model.compile("sgd", "mse")
    assert np.isfinite(model.fit(np.ones((4, 8, 8, 1)), np.ones(4), verbose=0).history["loss"]).all()


@pytest.mark.parametrize(
    ("layer", "shape", "expected"),
    [
        (layers.TextVectorization(output_sequence_length=4), (None, 1), (None, 4)),
        (layers.TextVectorization(output_sequence_length=4), (None,), (None, 4)),
        (layers.TextVectorization(vocabulary=["a"], output_mode="multi_hot"), (2,), (2, 2)),
        (layers.TextVectorization(split=None), (2, 3), (2, 3)),
        (layers.HashedCrossing(5, "one_hot"), [(2, 1), (2, 1)], (2, 5)),
        (layers.StringLookup(vocabulary=["a"], output_mode="one_hot"), (2, 3), (2, 3, 2)),
    ],
)
def test_layers_of_text_know_their_shape_before_they_see_any(layer, shape, expected):
    assert tuple(layer.compute_output_shape(shape)) == expected


def test_a_given_mean_must_fit_the_input():
    layer = layers.Normalization(mean=[1.0, 2.0, 3.0], variance=[1.0, 1.0, 1.0])
    with pytest.raises(ValueError, match=r"sizes of axis \(-1,\)"):
        layer(np.ones((4, 1)))


LARGE = 2**40


@pytest.mark.parametrize(
    ("layer", "inputs", "expected"),  # as Keras 3.15 on TensorFlow gives them
    [
        (layers.Hashing(1000), np.array([[1, -5, LARGE]]), [[849, 816, 378]]),
        (layers.Hashing(1000), np.array([[1.0, 16777217.0]]), [[849, 145]]),
        (layers.HashedCrossing(1000), [np.array([LARGE, 3]), np.array([1, 2])], [537, 211]),
        (layers.IntegerLookup(vocabulary=[LARGE, 5]), np.array([LARGE, 5, 0]), [1, 2, 0]),
        (layers.IntegerLookup(vocabulary=[LARGE, 5], invert=True), np.array([1, 2, 0]), [LARGE, 5, -1]),
    ],
)
def test_numbers_beyond_32_bits_are_categories_too(layer, inputs, expected):
    assert np.asarray(layer(inputs)).tolist() == expected

"""Wrong arguments and inputs of layers: the message names the layer, what it expects and what it received."""

import jax.numpy as jnp
import numpy as np
import pytest

from jkeras import layers as L

ONES = {shape: np.ones(shape, "float32") for shape in [(2, 4), (2, 3), (3, 4), (2, 3, 4), (2, 4, 4, 3), (2, 5)]}

WRONG_ARGUMENTS = [
    ("Dense(units=0)", lambda: L.Dense(0), ValueError, ["Dense", "units", "0", "positive"]),
    ("Dense(units=2.5)", lambda: L.Dense(2.5), TypeError, ["Dense", "units", "2.5"]),
    ("Dense unknown argument", lambda: L.Dense(3, activaton="relu"), TypeError, ["Dense", "activaton", "activation"]),
    ("Dense unknown activation", lambda: L.Dense(3, "rellu"), ValueError, ["Dense", "rellu"]),
    ("Dense unknown initializer", lambda: L.Dense(3, kernel_initializer="glorot"), ValueError, ["glorot"]),
    ("EinsumDense equation", lambda: L.EinsumDense("ab->c", 3)(ONES[2, 4]), ValueError, ["EinsumDense", "ab->c"]),
    ("Embedding(input_dim=-1)", lambda: L.Embedding(-1, 3), ValueError, ["Embedding", "input_dim", "-1"]),
    ("Dropout(1.5)", lambda: L.Dropout(1.5), ValueError, ["Dropout", "rate", "1.5"]),
    ("Dropout noise_shape", lambda: L.Dropout(0.5, (0, 1)), ValueError, ["Dropout", "noise_shape"]),
    ("GaussianNoise(-1)", lambda: L.GaussianNoise(-1), ValueError, ["GaussianNoise", "stddev", "-1"]),
    ("LeakyReLU(None)", lambda: L.LeakyReLU(None), TypeError, ["LeakyReLU", "negative_slope"]),
    ("ReLU(-1)", lambda: L.ReLU(-1.0), ValueError, ["ReLU", "max_value", "-1"]),
    ("Permute(0, 1)", lambda: L.Permute((0, 1)), ValueError, ["Permute", "(0, 1)"]),
    ("Reshape two unknown", lambda: L.Reshape((-1, -1)), ValueError, ["Reshape", "-1"]),
    ("RepeatVector(0)", lambda: L.RepeatVector(0), ValueError, ["RepeatVector", "n", "0"]),
    ("Cropping2D triple", lambda: L.Cropping2D((1, 2, 3)), ValueError, ["Cropping2D", "(1, 2, 3)"]),
    ("ZeroPadding2D negative", lambda: L.ZeroPadding2D(-1), ValueError, ["ZeroPadding2D", "-1"]),
    ("Flatten format", lambda: L.Flatten("last"), ValueError, ["Flatten", "last", "channels_last"]),
    ("UpSampling2D method", lambda: L.UpSampling2D(interpolation="cubic"), ValueError, ["UpSampling2D", "bicubic"]),
    ("Dot axes", lambda: L.Dot((1, 2, 3)), ValueError, ["Dot", "axes"]),
    ("Merge mode", lambda: L.Merge(mode="div"), ValueError, ["Merge", "div", "sum"]),
    ("Wrapper of no layer", lambda: L.Wrapper("dense"), TypeError, ["Wrapper", "dense"]),
    ("Lambda of no function", lambda: L.Lambda(3), TypeError, ["Lambda", "3"]),
    ("CategoryEncoding(None)", lambda: L.CategoryEncoding(), ValueError, ["CategoryEncoding", "num_tokens"]),
    ("Discretization of nothing", lambda: L.Discretization(), ValueError, ["Discretization", "num_bins"]),
    ("Hashing sparse", lambda: L.Hashing(3, sparse=True), ValueError, ["Hashing", "sparse"]),
    ("Hashing dtype", lambda: L.Hashing(3, dtype="float32"), ValueError, ["Hashing", "float32", "int64"]),
    ("StringLookup empty", lambda: L.StringLookup(vocabulary=[]), ValueError, ["StringLookup", "empty"]),
    ("StringLookup twice", lambda: L.StringLookup(vocabulary=["a", "a"]), ValueError, ["StringLookup", "'a'"]),
    ("StringLookup file", lambda: L.StringLookup(vocabulary="none.txt"), ValueError, ["StringLookup", "none.txt"]),
    ("StringLookup too many", lambda: L.StringLookup(2, vocabulary=["a", "b"]), ValueError, ["max_tokens=2", "3"]),
    (
        "TextVectorization split",
        lambda: L.TextVectorization(split="words"),
        ValueError,
        ["split", "words", "whitespace"],
    ),
    ("Normalization mean alone", lambda: L.Normalization(mean=1.0), ValueError, ["Normalization", "variance"]),
    ("MelSpectrogram window", lambda: L.MelSpectrogram(window="box"), ValueError, ["MelSpectrogram", "box", "hann"]),
    ("STFTSpectrogram step", lambda: L.STFTSpectrogram(frame_length=4, frame_step=8), ValueError, ["frame_step", "4"]),
    ("RandomFlip mode", lambda: L.RandomFlip("sideways"), ValueError, ["RandomFlip", "sideways", "horizontal"]),
    ("RandomRotation factor", lambda: L.RandomRotation(2.0), ValueError, ["RandomRotation", "factor", "2.0"]),
    ("RandomZoom fill", lambda: L.RandomZoom(0.1, fill_mode="black"), ValueError, ["RandomZoom", "black", "reflect"]),
    ("Resizing both", lambda: L.Resizing(2, 2, "bilinear", True, True), ValueError, ["Resizing", "exclude"]),
    ("JaxLayer arguments", lambda: L.JaxLayer(lambda x: x), ValueError, ["JaxLayer", "call_fn", "inputs"]),
    ("JaxLayer params", lambda: L.JaxLayer(lambda params, inputs: inputs), ValueError, ["JaxLayer", "init_fn"]),
]

WRONG_INPUTS = [
    ("Dense without axis", lambda: L.Dense(3, name="fc")(np.ones(2)), ["Dense 'fc'", "2 axes", "(2,)"]),
    ("Dense unknown axis", lambda: L.Dense(3)(L.Input((None,))), ["Dense", "last axis", "(None, None)"]),
    ("EinsumDense rank", lambda: L.EinsumDense("ab,bc->ac", 3)(ONES[2, 3, 4]), ["EinsumDense", "2 axes", "(2, 3, 4)"]),
    ("Embedding range", lambda: L.Embedding(3, 2)(np.array([[5]])), ["Embedding", "0 to 2", "5"]),
    ("Embedding negative", lambda: L.Embedding(3, 2)(np.array([[-1]])), ["Embedding", "0 to 2", "-1"]),
    ("Reshape size", lambda: L.Reshape((5,))(ONES[2, 4]), ["Reshape", "5 elements", "received 4, of shape (4,)"]),
    ("Permute rank", lambda: L.Permute((2, 1))(ONES[2, 4]), ["Permute", "3 axes", "(2, 4)"]),
    ("RepeatVector rank", lambda: L.RepeatVector(2)(ONES[2, 3, 4]), ["RepeatVector", "2 axes", "(2, 3, 4)"]),
    ("Cropping1D all", lambda: L.Cropping1D(2)(ONES[2, 3, 4]), ["Cropping1D", "2 + 2", "(2, 3, 4)"]),
    ("ZeroPadding2D rank", lambda: L.ZeroPadding2D()(ONES[2, 3, 4]), ["ZeroPadding2D", "4 axes", "(2, 3, 4)"]),
    ("Add of one", lambda: L.Add()(ONES[2, 4]), ["Add", "list", "(2, 4)"]),
    ("Add shapes", lambda: L.Add()([ONES[2, 4], ONES[2, 3]]), ["Add", "broadcast", "(2, 4)", "(2, 3)"]),
    ("Add batches", lambda: L.Add()([ONES[2, 4], ONES[3, 4]]), ["Add", "batch", "(2, 4)", "(3, 4)"]),
    ("Subtract three", lambda: L.Subtract()([ONES[2, 4]] * 3), ["Subtract", "2 inputs"]),
    ("Concatenate", lambda: L.Concatenate(1)([ONES[2, 4], ONES[3, 4]]), ["Concatenate", "axis 1", "(2, 4)", "(3, 4)"]),
    ("Concatenate ranks", lambda: L.Concatenate()([ONES[2, 4], ONES[2, 3, 4]]), ["Concatenate", "(2, 3, 4)"]),
    ("Dot sizes", lambda: L.Dot(1)([ONES[2, 4], ONES[2, 5]]), ["Dot", "axis 1", "(2, 4)", "(2, 5)"]),
    ("SpatialDropout rank", lambda: L.SpatialDropout2D(0.5)(ONES[2, 3, 4]), ["SpatialDropout2D", "4 axes"]),
    ("PReLU axes", lambda: L.PReLU(shared_axes=[3])(ONES[2, 4]), ["PReLU", "shared_axes", "(2, 4)"]),
    ("Softmax mask", lambda: L.Softmax()(ONES[2, 4], mask=jnp.ones((2, 5), bool)), ["Softmax", "(2, 4)", "(2, 5)"]),
    ("Category range", lambda: L.CategoryEncoding(3)(np.array([7])), ["CategoryEncoding", "0 to 2", "7"]),
    ("Category weights", lambda: L.CategoryEncoding(3)(np.array([1]), count_weights=[1.0]), ["count_weights"]),
    ("Discretization unadapted", lambda: L.Discretization(num_bins=3)(ONES[2, 4]), ["Discretization", "adapt()"]),
    ("Crossing one", lambda: L.HashedCrossing(3)([np.array(["a"])]), ["HashedCrossing", "two"]),
    ("Crossing shapes", lambda: L.HashedCrossing(3)([np.array(["a"]), np.array([[1]])]), ["HashedCrossing", "(1,)"]),
    ("Lookup unknown", lambda: L.StringLookup(num_oov_indices=0, vocabulary=["a"])(np.array(["b"])), ["'b'"]),
    ("Texts shape", lambda: L.TextVectorization()(np.array([["a", "b"]])), ["TextVectorization", "(1, 2)"]),
    ("Picture rank", lambda: L.RandomFlip()(ONES[2, 4]), ["RandomFlip", "3 or 4 axes", "(2, 4)"]),
    (
        "Boxes without format",
        lambda: L.RandomFlip()({"images": ONES[2, 4, 4, 3], "bounding_boxes": {}}),
        ["RandomFlip", "xyxy"],
    ),
    ("Normalization data", lambda: adapted().adapt(ONES[2, 5]), ["Normalization", "(2, 4)", "(2, 5)"]),
]


def adapted():
    layer = L.Normalization()
    layer.adapt(ONES[2, 4])
    return layer


@pytest.mark.parametrize("act, error, words", [row[1:] for row in WRONG_ARGUMENTS], ids=[r[0] for r in WRONG_ARGUMENTS])
def test_wrong_arguments_are_named(act, error, words):
    with pytest.raises(error) as caught:
        act()
    assert [word for word in words if word not in str(caught.value)] == []


@pytest.mark.parametrize("act, words", [row[1:] for row in WRONG_INPUTS], ids=[row[0] for row in WRONG_INPUTS])
def test_wrong_inputs_are_named(act, words):
    with pytest.raises(ValueError) as caught:
        act()
    assert [word for word in words if word not in str(caught.value)] == []


def test_a_second_input_of_another_size_is_refused_by_name():
    layer = L.Dense(3, name="fc1")
    layer(ONES[2, 4])
    with pytest.raises(ValueError, match=r"Dense 'fc1': expected the last axis of size 4, received shape \(2, 5\)"):
        layer(ONES[2, 5])


def test_unflattened_pictures_are_pointed_to_flatten():
    layer = L.Dense(3)
    layer(np.ones((2, 48), "float32"))
    with pytest.raises(ValueError, match="Flatten"):
        layer(ONES[2, 4, 4, 3])


def test_indices_out_of_range_give_nan_inside_compiled_functions():
    import jax

    layer = L.Embedding(3, 2)
    layer(np.array([[0]]))
    params, state = layer.parameters()
    found = jax.jit(lambda i: layer.apply(params, state, i)[0])(jnp.array([[5]]))
    assert np.isnan(found).all()


def test_random_height_cannot_be_compiled_and_says_so():
    import jax

    layer = L.RandomHeight(0.2)
    with pytest.raises(ValueError, match="RandomZoom"):
        jax.jit(lambda x: layer.apply({}, {}, x, training=True, key=0)[0])(ONES[2, 4, 4, 3])

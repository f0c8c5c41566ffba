"""Under an era the defaults are those that the Keras of that time came to."""

import json
import pathlib
import warnings

import jax
import numpy as np
import pytest

import jkeras
from compat_tests import era_values
from jkeras import backend, layers
from jkeras.compat import era, set_era

GOLDEN = pathlib.Path(era_values.__file__).parent / "golden"
REAL = {
    name: json.loads((GOLDEN / f"eras_{real}.json").read_text())["values"]
    for name, real in (("2.2", "keras224"), ("tf2", "tf_keras"), ("3", "keras3"))
}
# What Keras 3 no longer knows, or calls by a name that tells nothing
NOT_OURS = ("raises", "compile_metrics")
ROWS = [
    (name, expression)
    for name, values in REAL.items()
    for expression in era_values.EXPRESSIONS
    if not any(word in str(values[expression]) for word in NOT_OURS)
]


@pytest.fixture(autouse=True, scope="module")
def compile_quickly():
    """Programs that run once need no optimisation."""
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)


@pytest.mark.parametrize("name, expression", ROWS)
def test_a_default_is_that_of_its_keras(name, expression):
    with era(name), warnings.catch_warnings():
        backend.clear_session(free_memory=False)
        found = eval(expression, era_values.scope(jkeras, np))
    wanted = REAL[name][expression]
    if isinstance(wanted, list) and isinstance(wanted[0], float):
        assert found == pytest.approx(wanted, rel=2e-3)  # adadelta makes much of roundings
    else:
        assert found == wanted


def test_a_convnet_with_adadelta_learns_as_it_did_and_no_longer_would():
    then, today = (REAL[name]["convnet('adadelta')"] for name in ("2.2", "3"))
    assert (then[-1], today[-1]) == (1.0, 0.0)  # the trap, as the real ones show it


@pytest.mark.parametrize("name, passes", [("2.2", False), ("tf2", False), ("3", True)])
def test_a_concatenated_step_is_masked_as_its_era_says(name, passes):
    with era(name):
        x = np.ones((1, 1, 2), "float32")
        mask = layers.Concatenate(-1).compute_mask([x, x], [np.array([[True]]), np.array([[False]])])
    assert bool(mask[0, 0]) is passes


@pytest.mark.parametrize("name, count", [("tf2", 4), ("3", 0)])
def test_normalization_counts_in_tf_keras(name, count):
    with era(name):
        layer = layers.Normalization()
        layer.adapt(np.ones((4, 2), "float32"))
    assert int(layer.get_weights()[2]) == count


def test_predict_was_quiet_in_keras_2_2(capsys):
    with era("2.2"):
        jkeras.models.Sequential([layers.Dense(1, input_dim=2)]).predict(np.ones((4, 2)))
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("name", ["2", "2.0", "2.3", "tf", "1.2"])
def test_an_era_goes_by_several_names(name):
    with era(name):
        pass


def test_an_unknown_era_names_the_known_ones():
    with pytest.raises(ValueError, match="tf2"):
        set_era("4")


# class, positional arguments in the order of an era -> attributes
ORDERS = [
    ("2.2", "GRUCell", (2, "tanh", "sigmoid", True, *["zeros"] * 3, *[None] * 6, 0.5, 0.25, 1, True), dict(reset_after=True)),
    ("2.2", "CuDNNGRU", (2, *["zeros"] * 3, *[None] * 7, True, True, True), dict(stateful=True, return_state=True)),
    ("2.2", "DepthwiseConv2D", (3, (1, 1), "same", 1, None, "relu", False), dict(use_bias=False)),
    ("2.2", "Conv3DTranspose", (3, 2, (1, 1, 1), "same", None, None, "relu", False), dict(use_bias=False)),
    ("tf2", "GRU", (2, "tanh", "sigmoid", True, *["zeros"] * 3, *[None] * 7, 0.5, 0.25, True), dict(return_sequences=True)),
    ("tf2", "Embedding", (5, 2, "uniform", None, None, None, True, 7), dict(mask_zero=True, _first_shape=(None, 7))),
    ("tf2", "RandomContrast", (0.5, 3), dict(seed=3)),
    ("tf2", "StringLookup", (None, 1, None, "[UNK]", ["a"], None, "utf-8", True), dict(invert=True)),
    ("tf2", "Identity", (False, "same"), dict(trainable=False, name="same")),
    ("3", "GRU", (2, "tanh", "sigmoid", True, *["zeros"] * 3, *[None] * 7, 0.5, 0.25, 3, True), dict(return_sequences=True)),
]  # fmt: skip


@pytest.mark.parametrize("name, cls, args, expected", ORDERS, ids=lambda v: str(v)[:20])
def test_positions_are_those_of_the_era(name, cls, args, expected):
    with era(name):
        layer = getattr(layers, cls)(*args)
    assert {key: getattr(layer, key) for key in expected} == expected


@pytest.mark.parametrize(
    "name, args", [("2.2", (None, None, (2, 3), "int32")), ("tf2", ((3,), 2, "int32")), ("3", ((3,), 2, "int32"))]
)
def test_an_input_layer_takes_the_positions_of_the_era(name, args):
    with era(name):
        layer = layers.InputLayer(*args)
    assert (layer.batch_shape, layer.dtype) == ((2, 3), "int32")


@pytest.mark.parametrize("options, expected", [({}, [0.5, 0.5]), ({"robust_masking": True}, [0.5, 0.5])])
def test_softmax_of_tf_keras_spreads_over_steps_that_are_all_masked(options, expected):
    x, nothing = np.array([[1.0, 1.0]], "float32"), np.array([[False, False]])
    with era("tf2"):
        layer = layers.Softmax(**options)
    assert np.asarray(layer(x, mask=nothing))[0].tolist() == expected
    assert layer.get_config().get("robust_masking", False) is bool(options)
    assert np.asarray(layers.Softmax()(x, mask=nothing))[0].tolist() == [0.0, 0.0]


@pytest.mark.parametrize("name, shape", [("tf2", (1, 4, 3, 1)), ("3", (1, 7, 5, 1))])
def test_random_crop_at_inference_resizes_and_cuts_only_in_tf_keras(name, shape):
    pictures = np.arange(35.0).reshape(1, 7, 5, 1)
    with era(name):
        found = layers.RandomCrop(4, 3)(pictures, training=False)
    assert found.shape == shape
    if name == "tf2":  # as tf_keras 2.21 gives it
        np.testing.assert_allclose(found[0, :, 0, 0], [1.583333, 9.083333, 16.583334, 24.083334], 1e-4)

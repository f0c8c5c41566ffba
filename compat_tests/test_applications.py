"""The architectures of jkeras.applications are those of the real Kerases: layers, weights, their order, predictions."""

import gzip
import json
import os
import pathlib

import jax
import numpy as np
import pytest

from compat_tests.impl import clear
from compat_tests.make_applications import described, picture, seeded

IMPLS = ("jkeras", "keras3")  # which Kerases have this

GOLDEN = pathlib.Path(__file__).parent / "golden"
STORED = {
    name: json.loads(gzip.decompress((GOLDEN / name / "applications.json.gz").read_bytes()))
    for name in ("keras3", "tf_keras", "keras224")
}
ROWS = [(name, architecture) for name in ("keras3", "tf_keras") for architecture in STORED[name]["found"]]
PREDICTED = [(name, architecture) for name in ("keras3", "tf_keras") for architecture in STORED[name]["predictions"]]
# Operators on tensors are layers in tf_keras and in jkeras nodes without a layer, as in Keras 3.
OPERATORS = ("tf.math.", "tf.__operators__.", "tf.nn.")


@pytest.fixture(autouse=True)
def only_jkeras(impl, keras):
    if impl != "jkeras":
        pytest.skip("the golden values are the real Keras's own")
    clear(keras)


@pytest.mark.parametrize("name, architecture", ROWS, ids=[architecture for _, architecture in ROWS])
def test_layers_and_weights_are_those_of_keras_in_its_order(keras, name, architecture):
    expected = STORED[name]["found"][architecture]
    found = described(getattr(keras.applications, architecture)(weights=None))
    assert found["owners"].split() == expected["owners"].split()
    assert found["weights"] == expected["weights"]
    layers = [layer for layer in expected["layers"].split() if not layer.startswith(OPERATORS)]
    if name == "tf_keras":  # its automatic names and its order of layers without weights are its own
        assert len(found["layers"].split()) == len(layers)
    else:
        assert found["layers"].split() == layers


LONG = os.environ.get("JKERAS_LONG_TESTS") == "1"
CHOSEN = PREDICTED if LONG else PREDICTED[:3]


@pytest.mark.parametrize("name, architecture", CHOSEN, ids=[architecture for _, architecture in CHOSEN])
def test_predictions_of_the_same_weights_are_those_of_keras(keras, name, architecture):
    from compat_tests.make_applications import PREDICTED as CONFIGS

    config = dict(CONFIGS[name][architecture])
    if architecture.startswith("RegNet"):
        config["classifier_activation"] = None  # tf_keras leaves this argument of RegNet without effect
    model = getattr(keras.applications, architecture)(weights=None, **config)
    model.set_weights(list(seeded([tuple(weight.shape) for weight in model.weights])))
    program = jax.jit(lambda x: model(x, training=False)).lower(picture(config["input_shape"]))
    quick = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}  # it runs once
    found = program.compile(quick)(picture(config["input_shape"]))
    expected = np.array(STORED[name]["predictions"][architecture])
    np.testing.assert_allclose(found, expected, 1e-3, 1e-3 * np.abs(expected).max())


def test_resnet50_of_keras_2_2_has_the_names_of_its_weight_file(keras):
    from jkeras.core.declare import era

    before, era.name = era.name, "2.2"
    try:
        model = keras.applications.resnet50.ResNet50(weights=None)
    finally:
        era.name = before
    expected = STORED["keras224"]["found"]["ResNet50"]
    assert [layer.name for layer in model.layers if layer.weights] == [
        owner.partition(":")[0] for owner in expected["owners"].split()
    ]
    weights = model.trainable_weights + model.non_trainable_weights  # the order of Keras 2
    assert [list(weight.shape) for weight in weights] == expected["weights"]

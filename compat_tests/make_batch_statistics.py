"""Make golden moving averages of BatchNormalization in training: what the generations of Keras disagree on.

    python -m compat_tests.make_batch_statistics tf_keras          (keras3 with KERAS_BACKEND=jax)
    python keras224.py compat_tests/make_batch_statistics.py keras224

Writes ``golden/<impl>/batch_statistics.npz``: for each case, mean and variance after each of three batches, drawn from
the seed 7, and the loss of the frozen layer in training. The learning rate is 0, so that only the averages move.
"""

import pathlib
import sys

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT.parent))

from compat_tests import impl  # noqa: E402

CASES = {
    "rows": ((8, 3), -1),
    "steps": ((4, 5, 3), -1),
    "image": ((2, 3, 4, 3), -1),
    "image_first": ((2, 3, 4, 3), 1),
    "image_middle": ((2, 3, 4, 3), 2),
    "volume": ((2, 2, 3, 2, 3), -1),
}
MOMENTUM = 0.9


def batches(shape):
    """The three batches of a case."""
    draw = np.random.RandomState(7)
    return [(draw.randn(*shape) * (i + 1) + i).astype("float32") for i in range(3)]


def record(keras, shape, axis):
    """The values of one case."""
    layer = keras.layers.BatchNormalization(axis=axis, momentum=MOMENTUM)
    inputs = keras.layers.Input(shape=shape[1:])
    model = keras.models.Model(inputs, layer(inputs))
    model.compile(keras.optimizers.SGD(0.0), "mse")
    found = {}
    for i, x in enumerate(batches(shape)):
        model.train_on_batch(x, np.zeros_like(x))
        found[f"mean{i}"], found[f"variance{i}"] = layer.get_weights()[2:]
    layer.trainable = False
    model.compile(keras.optimizers.SGD(0.0), "mse")
    found["frozen_loss"] = np.asarray(model.train_on_batch(x, np.zeros_like(x)))
    found["frozen_mean"], found["frozen_variance"] = layer.get_weights()[2:]
    return found


def main(name):
    """Writes the file of one Keras."""
    keras, arrays = impl.load(name), {}
    for case, (shape, axis) in CASES.items():
        arrays.update({f"{case}|{key}": value for key, value in record(keras, shape, axis).items()})
    np.savez_compressed(ROOT / "golden" / name / "batch_statistics.npz", versions=str(impl.version(keras)), **arrays)


if __name__ == "__main__":
    main(sys.argv[1])

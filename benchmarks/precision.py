"""Test accuracy of two nets on MNIST under half precision, against float32.

``JKERAS_MNIST=mnist.npz python -m benchmarks.precision``. The dense net is the one of ``examples/mnist_mlp.py``; each is
trained with the same seeds under each policy.
"""

import os
import sys
import time

import numpy as np

import jkeras as keras
from jkeras import layers

POLICIES = ("float32", "mixed_bfloat16", "mixed_float16")
EPOCHS = {"dense": 5, "conv": 2}
SEEDS = (0, 1, 2)


def data(limit=None):
    """Training and test pictures, 28 x 28 x 1 from 0 to 1, and their numbers."""
    with np.load(os.environ["JKERAS_MNIST"]) as stored:
        parts = [stored[name][:limit] for name in ("x_train", "y_train", "x_test", "y_test")]
    return [a[..., None].astype("float32") / 255 if a.ndim == 3 else a.astype("int32") for a in parts]


def net(kind):
    """Two dense layers, or a convolution with batch normalisation before one."""
    if kind == "dense":
        stack = [layers.Flatten(), layers.Dense(512, activation="relu"), layers.Dense(10)]
    else:
        stack = [layers.Conv2D(16, 3, strides=2, use_bias=False), layers.BatchNormalization(), layers.ReLU()]
        stack += [layers.Conv2D(32, 3, strides=2), layers.ReLU(), layers.Flatten(), layers.Dense(10)]
    model = keras.Sequential([keras.Input((28, 28, 1)), *stack, layers.Activation("softmax", dtype="float32")])
    model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def accuracy(kind, policy, seed, epochs, parts):
    """Test accuracy after some epochs, and the loss scale in the end (1 without one)."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
    keras.mixed_precision.set_global_policy(policy)
    try:
        model = net(kind)
        model.fit(parts[0], parts[1], batch_size=128, epochs=epochs, verbose=0)
        found = model.evaluate(parts[2], parts[3], batch_size=500, verbose=0)[1]
        return found, float(np.asarray(getattr(model.optimizer, "dynamic_scale", 1.0)))
    finally:
        keras.mixed_precision.set_global_policy("float32")


def table():
    """The figures as lines of Markdown."""
    parts = data()
    lines = ["| net, epochs | " + " | ".join(POLICIES) + " |", "|---" * (1 + len(POLICIES)) + "|"]
    for kind, epochs in EPOCHS.items():
        cells = []
        for policy in POLICIES:
            begin = time.perf_counter()
            found = [accuracy(kind, policy, seed, epochs, parts) for seed in SEEDS]
            scores = [a for a, _ in found]
            cells.append(f"{np.mean(scores):.4f} ({min(scores):.4f} to {max(scores):.4f})")
            print(kind, policy, found, f"{time.perf_counter() - begin:.0f} s", file=sys.stderr)
        lines.append(f"| {kind}, {epochs} | " + " | ".join(cells) + " |")
    return lines


if __name__ == "__main__":
    print("\n".join(table()))

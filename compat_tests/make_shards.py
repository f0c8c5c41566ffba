"""Writes sharded weights with the real Keras 3, and what the model predicts: compat_tests/golden/shards.

    KERAS_BACKEND=jax KERAS3_PYTHON -m compat_tests.make_shards

Versions: Keras 3.15.1 on JAX 0.10; seed 5.
"""

import json
from pathlib import Path

import keras
import numpy as np

FOLDER = Path(__file__).parent / "golden" / "shards"


def main():
    """Trains a step, saves, predicts."""
    keras.utils.set_random_seed(5)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8), keras.layers.Dense(8), keras.layers.Dense(2)])
    x = np.linspace(-1, 1, 12, dtype="float32").reshape(3, 4)
    FOLDER.mkdir(parents=True, exist_ok=True)
    model.save_weights(FOLDER / "m.weights.json", max_shard_size=400 / 1024**3)
    found = {"keras": keras.__version__, "x": x.tolist(), "y": model.predict(x, verbose=0).tolist()}
    (FOLDER / "predicted.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main()

"""FeatureSpace on one table, several ways. Run inside Keras 3 with TensorFlow, this file writes the golden values:

KERAS_BACKEND=tensorflow python compat_tests/feature_space_cases.py
"""

import json
import pathlib

import numpy as np

GOLDEN = pathlib.Path(__file__).parent / "golden/keras3/feature_space.json"
DATA = {
    "age": [30.0, 50.0, 41.0, 22.0, 63.0],
    "kids": [0, 2, 1, 2, 0],
    "town": ["Ulm", "Bonn", "Ulm", "Kiel", "Bonn"],
    "code": [7, 7, 9, 11, 7],
}
SPACES = {
    "strings": {"features": {"age": "float_normalized", "kids": "integer_categorical", "town": "string_categorical"}},
    "hashed": {"features": {"town": "string_hashed", "code": "integer_hashed", "age": "float"}, "hashing_dim": 6},
    "binned": {"features": {"age": "float_discretized", "kids": "integer_categorical"}, "num_discretization_bins": 3},
    "crossed": {
        "features": {"kids": "integer_categorical", "town": "string_categorical"},
        "crosses": [("kids", "town")],
        "crossing_dim": 5,
    },
    "dict": {"features": {"age": "float_rescaled", "kids": "integer_categorical"}, "output_mode": "dict"},
}


def run(FeatureSpace):
    """name -> encoded table, and one row of it."""
    found = {}
    for name, config in SPACES.items():
        space = FeatureSpace(**config)
        table = {key: DATA[key] for key in config["features"]}
        space.adapt(table)
        row = {key: value[1] for key, value in table.items()}
        for what, data in (("table", {k: np.array(v) for k, v in table.items()}), ("row", row)):
            encoded = space(data)
            if not isinstance(encoded, dict):
                encoded = {"all": encoded}
            found.update({f"{name}/{what}/{key}": np.asarray(v).tolist() for key, v in encoded.items()})
    return found


if __name__ == "__main__":
    import keras
    import tensorflow

    versions = {"keras": keras.__version__, "tensorflow": tensorflow.__version__}
    GOLDEN.write_text(json.dumps({"versions": versions, "values": run(keras.utils.FeatureSpace)}) + "\n")

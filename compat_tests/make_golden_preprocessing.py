"""Stores what the real keras.preprocessing gives for compat_tests/preprocessing_cases.py.

    python -m compat_tests.make_golden_preprocessing          # where tf_keras is installed

Seeds: in the cases. Arrays are stored as float32 or integers.
"""

import json
import warnings
from pathlib import Path

import numpy as np

from compat_tests.preprocessing_cases import results

FOLDER = Path(__file__).parent / "golden"


def main():
    import tf_keras

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = results(tf_keras)
    arrays = {name: value for name, value in found.items() if isinstance(value, np.ndarray)}
    arrays = {name: value.astype("float32") if value.dtype == "float64" else value for name, value in arrays.items()}
    plain = {name: value for name, value in found.items() if not isinstance(value, np.ndarray)}
    np.savez_compressed(FOLDER / "preprocessing_tf_keras.npz", **arrays)
    plain["versions"] = {"tf_keras": tf_keras.__version__, "numpy": np.__version__}
    (FOLDER / "preprocessing_tf_keras.json").write_text(json.dumps(plain, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()

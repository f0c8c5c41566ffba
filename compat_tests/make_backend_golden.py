"""Stores what real Keras gives for compat_tests/backend_cases.py: run inside Keras 2.2.4 (keras224) or tf_keras.

    python -m compat_tests.make_backend_golden keras224|tf_keras

An id whose run raises is stored with the kind of its error.
"""

import json
import os
import sys

import numpy as np

from compat_tests.backend_cases import ROWS

PLACE = os.path.join(os.path.dirname(__file__), "golden")


def main(impl):
    """Writes golden/<impl>/backend.npz and backend.json."""
    if impl == "keras224":
        import tensorflow

        tensorflow.enable_resource_variables()
        import keras
    else:
        import tf_keras as keras
    K = keras.backend
    arrays, errors, counts = {}, {}, {}
    for row in ROWS:
        if impl not in row.impls:
            continue
        try:
            made = row.run(K, *[K.constant(t, dtype=t.dtype.name) for t in row.tensors])
            made = list(made) if isinstance(made, (list, tuple)) else [made]
            values = [np.asarray(m if isinstance(m, (int, np.ndarray, np.generic)) else K.eval(m)) for m in made]
        except Exception as error:
            errors[row.id] = f"{type(error).__name__}: {str(error)[:200]}"
            continue
        counts[row.id] = len(values)
        for i, v in enumerate(values):
            arrays[f"{row.id}#{i}"] = v
    np.savez_compressed(os.path.join(PLACE, impl, "backend.npz"), **arrays)
    with open(os.path.join(PLACE, impl, "backend.json"), "w") as file:
        json.dump({"version": keras.__version__, "counts": counts, "errors": errors}, file, indent=1, sort_keys=True)
    print(len(counts), "stored;", json.dumps(errors, indent=1))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else os.environ["IMPL"])

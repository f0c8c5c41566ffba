"""Makes the golden values of training runs: python -m compat_tests.make_training --impl keras3

Run it from the root of the checkout in the environment of that Keras (KERAS_BACKEND=jax for Keras 3; Keras 2.2.4 by
``python keras224.py compat_tests/make_training.py --impl keras224``).
"""

import argparse
import json
import os
import sys

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)

from compat_tests import impl as implementations  # noqa: E402
from compat_tests import training_cases  # noqa: E402


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--impl", required=True)
    impl = parser.parse_args().impl
    keras = implementations.load(impl)
    if impl == "keras224":
        # With reference variables gradients may read a weight that the same step has updated already: a race.
        import tensorflow

        tensorflow.enable_resource_variables()
    arrays, facts = {}, {}
    for name in training_cases.CASES:
        implementations.clear(keras)
        found = training_cases.run(keras, name)
        facts[name] = {"history": found["history"], "names": found["names"]}
        arrays[f"{name}:evaluation"] = found["evaluation"]
        for kind in ("weights", "predicted", "on_batch"):
            for i, value in enumerate(found[kind]):
                arrays[f"{name}:{kind}:{i}"] = np.asarray(value, "float32")
    base = os.path.join(ROOT, "compat_tests", "golden", impl, "training")
    os.makedirs(os.path.dirname(base), exist_ok=True)
    np.savez_compressed(base + ".npz", **arrays)
    with open(base + ".json", "w") as f:
        json.dump({"versions": implementations.version(keras), "cases": facts}, f, indent=1, sort_keys=True)


if __name__ == "__main__":
    main()

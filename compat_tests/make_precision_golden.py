"""Records training under dtype policies in the real Keras 3: ``KERAS_BACKEND=jax python -m compat_tests.make_precision_golden``."""

import json
from pathlib import Path

import jax
import keras
import numpy as np

from compat_tests import precision_runs as runs

FOLDER = Path(__file__).parent / "golden"


def main():
    arrays, facts = {"overflow": runs.overflow(keras)}, {"keras": keras.__version__, "jax": jax.__version__, "runs": {}}
    for kind in ("dense", "conv", "norm", "own"):
        for policy in runs.POLICIES:
            found, name = runs.train(keras, kind, policy), f"{kind}/{policy}"
            facts["runs"][name] = {"dtypes": found["dtypes"], "optimizer": found["optimizer"]}
            arrays[f"{name}/first"], arrays[f"{name}/losses"] = found["first"], found["losses"]
            for i, w in enumerate(found["weights"]):
                arrays[f"{name}/{i}"] = w
    np.savez_compressed(FOLDER / "precision_keras3.npz", **arrays)
    (FOLDER / "precision_keras3.json").write_text(json.dumps(facts, indent=1) + "\n")


if __name__ == "__main__":
    main()

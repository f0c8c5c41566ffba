"""Writes compat_tests/golden/<impl>/optimizers.npz and .json: weights along the trajectories of ``optimizer_cases``.

Run it from the root of the checkout in the environment of the real Keras:

    KERAS_BACKEND=jax python compat_tests/make_golden_optimizers.py keras3
    python compat_tests/make_golden_optimizers.py tf_keras
    python keras224.py compat_tests/make_golden_optimizers.py keras224
"""

import json
import os
import sys

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)

from compat_tests import impl as implementations  # noqa: E402
from compat_tests import optimizer_cases as table  # noqa: E402
from compat_tests import optimizer_runs as runs  # noqa: E402


def main(name):
    keras = implementations.load(name)
    arrays, facts = {}, {"made with": implementations.version(keras), "seed": table.SEED, "cases": {}}
    found = {case.id: lambda case=case: runs.run(keras, name, case) for case in table.CASES if name in case.impls}
    if name == "keras3":
        found |= {composite: lambda of=composite: runs.run_composite(keras, of) for composite in table.COMPOSITES}
    for row, run in found.items():
        one = run()
        arrays[row] = one.kept
        for i, value in enumerate(one.values):
            arrays[f"{row}/variables/{i}"] = value
        facts["cases"][row] = {"variables": one.described, "config": one.config}
        print(row, flush=True)
    if name != "keras224":
        for key, value in runs.schedules(keras).items():
            if isinstance(value, dict):
                facts.setdefault("schedules", {})[key.split("/")[1]] = value
            else:
                arrays[key] = value
    folder = os.path.join(ROOT, "compat_tests", "golden", name)
    os.makedirs(folder, exist_ok=True)
    np.savez_compressed(os.path.join(folder, "optimizers.npz"), **arrays)
    with open(os.path.join(folder, "optimizers.json"), "w", encoding="utf-8") as f:
        json.dump(facts, f, indent=1, default=lambda v: v.item() if hasattr(v, "item") else str(v))


if __name__ == "__main__":
    main(sys.argv[1])

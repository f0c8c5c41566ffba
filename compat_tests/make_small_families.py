"""Makes the golden values of activations, initializers, regularizers and constraints on a real Keras.

    python -m compat_tests.make_small_families --impl keras3

Run it from the root of the checkout in the environment of that Keras (Keras 2.2.4: ``python keras224.py
compat_tests/make_small_families.py --impl keras224``). The rows name their seeds, the JSON file the versions.
"""

import argparse
import json
import pathlib
import sys

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT.parent))

from compat_tests import impl as implementations  # noqa: E402
from compat_tests import small_families  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--impl", required=True, choices=small_families.ALL)
    name = parser.parse_args().impl
    keras = implementations.load(name)
    arrays, facts = {}, {}
    for row in small_families.ROWS:
        if name not in row.impls:
            continue
        try:
            value, grad, dtype, config = small_families.run(name, keras, row)
        except Exception as error:
            raise RuntimeError(f"{name} cannot run the row {row.id}") from error
        arrays[row.id] = value
        if grad is not None:
            arrays[f"{row.id}|grad"] = grad
        facts[row.id] = {"dtype": dtype, "config": config}
    base = ROOT / "golden" / name / "small_families"
    np.savez_compressed(base.with_suffix(".npz"), **arrays)
    rows = ",\n".join(f"{json.dumps(k)}: {json.dumps(v, sort_keys=True)}" for k, v in sorted(facts.items()))
    text = f'{{"versions": {json.dumps(implementations.version(keras))},\n"rows": {{\n{rows}\n}}}}\n'
    base.with_suffix(".json").write_text(text)
    print(f"{name}: {len(facts)} rows, {len(arrays)} arrays")


if __name__ == "__main__":
    main()

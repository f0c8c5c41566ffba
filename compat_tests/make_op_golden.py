"""Makes the golden values and dtypes of keras.ops: KERAS_BACKEND=jax python -m compat_tests.make_op_golden

Run it from the root of the checkout in the environment of Keras 3. Seeds are the CRC-32 of the rows' identifiers.
"""

import json
import pathlib
import sys

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT.parent))

from compat_tests import impl as implementations  # noqa: E402
from compat_tests import op_cases, op_runs  # noqa: E402


def main():
    keras = implementations.load("keras3")
    ops = op_runs.Namespace(keras)
    arrays, facts, failed = {}, {}, []
    for row in op_cases.ROWS:
        try:
            leaves, shape = op_runs.flat(op_cases.run(ops, row))
        except Exception as error:
            failed.append(row.id)
            print(f"{row.id}: {type(error).__name__}: {str(error)[:300]}", file=sys.stderr)
            continue
        facts[row.id] = {"structure": shape, "dtypes": [op_runs.dtype_of(x) for x in leaves]}
        for i, leaf in enumerate(leaves):
            if row.values:
                arrays[f"{row.id}|{i}"] = op_runs.plain(leaf)
    base = ROOT / "golden" / "keras3" / "ops"
    np.savez_compressed(base.with_suffix(".npz"), **arrays)
    lines = ",\n".join(f"{json.dumps(k)}: {json.dumps(v, sort_keys=True)}" for k, v in sorted(facts.items()))
    promotion = ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in sorted(op_runs.promotion(ops).items()))
    versions = json.dumps(implementations.version(keras))
    base.with_suffix(".json").write_text(
        f'{{"versions": {versions},\n"rows": {{\n{lines}\n}},\n"promotion": {{\n{promotion}\n}}}}\n'
    )
    print(f"{len(facts)} rows, {len(arrays)} arrays, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

"""Makes the golden results of keras.tree and keras.dtype_policies.

    KERAS_BACKEND=jax python -m compat_tests.make_expression_golden

Run it from the root of the checkout in the environment of Keras 3.
"""

import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT.parent))

from compat_tests import impl as implementations  # noqa: E402
from compat_tests.expression_cases import CASES, result  # noqa: E402

if __name__ == "__main__":
    keras = implementations.load("keras3")
    rows = {expression: result(keras, expression) for expression in CASES}
    facts = {"versions": implementations.version(keras), "rows": rows}
    (ROOT / "golden" / "keras3" / "expressions.json").write_text(json.dumps(facts, indent=0) + "\n")
    print(len(rows), "rows")

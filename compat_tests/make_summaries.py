"""Stores what `summary()` of a real Keras prints: golden/<impl>/summaries.json.

    python -m compat_tests.make_summaries --impl keras3      # or tf_keras

in its environment, from the root of the checkout; for Keras 2.2.4
``python keras224.py compat_tests/make_summaries.py --impl keras224``.
"""

import argparse
import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT.parent))

from compat_tests import impl as implementations  # noqa: E402
from compat_tests import summary_cases  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--impl", required=True, choices=summary_cases.ALL)
    name = parser.parse_args().impl
    keras = implementations.load(name)
    texts = {}
    for row, (*_, impls) in summary_cases.CASES.items():
        if name in impls:
            implementations.clear(keras)
            texts[row] = summary_cases.text_of(keras, row)
    stored = {"versions": implementations.version(keras), "texts": texts}
    file = ROOT / "golden" / name / "summaries.json"
    file.write_text(json.dumps(stored, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{name}: {len(texts)} summaries")


if __name__ == "__main__":
    main()

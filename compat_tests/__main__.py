"""Run the suite on a real Keras, in that Keras's environment, from the root of the checkout.

python -m compat_tests --impl keras3 [pytest arguments]               (with KERAS_BACKEND=jax)
python -m compat_tests --impl tf_keras
python keras224.py compat_tests/__main__.py --impl keras224           (keras224.py makes `import keras` 2.2.4)

Those modules run that speak of Keras alone: they take `impl` and `keras` from conftest.py.
"""

import os
import re
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent


def modules():
    """The test modules whose tests any Keras can run."""
    texts = {str(path): path.read_text(encoding="utf-8") for path in FOLDER.glob("test_*.py")}
    ours = re.compile(r"^(import|from) jkeras", re.M)
    theirs = re.compile(r"^def (test_.*\bkeras\b.*:|result\(keras)", re.M)
    return sorted(path for path, text in texts.items() if theirs.search(text) and not ours.search(text))


def main(arguments):
    import pytest

    os.chdir(FOLDER.parent)
    sys.path.insert(0, str(FOLDER.parent))
    paths = [] if any(a.startswith("compat_tests/") for a in arguments) else modules()
    return pytest.main([*paths, "-p", "no:cacheprovider", *arguments])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

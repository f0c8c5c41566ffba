"""Run the suite on a real Keras, in that Keras's environment, from the root of the checkout.

python compat_tests/run_real.py --impl keras3 [pytest arguments]        (with KERAS_BACKEND=jax)
python compat_tests/run_real.py --impl tf_keras
python keras224.py compat_tests/run_real.py --impl keras224             (keras224.py makes `import keras` 2.2.4)
"""

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def main():
    import pytest

    os.chdir(ROOT)
    sys.path.insert(0, ROOT)
    return pytest.main(["compat_tests/test_layers.py", "-p", "no:cacheprovider", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())

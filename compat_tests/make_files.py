"""Makes compat_tests/golden/files/IMPL.zip: the files that a real Keras writes, and what its models say.

python compat_tests/make_files.py --impl keras3        (with KERAS_BACKEND=jax)
python compat_tests/make_files.py --impl keras3tf      (Keras 3 with TensorFlow: layers of text)
python compat_tests/make_files.py --impl tf_keras
python keras224.py compat_tests/make_files.py --impl keras224

``--add CASE`` puts one more case beside those that are there.
"""

import argparse
import os
import sys
import tempfile
import zipfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)

from compat_tests import file_runs  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--impl", required=True)
    parser.add_argument("--add", metavar="CASE")
    given = parser.parse_args()
    impl = given.impl
    path = os.path.join(ROOT, "compat_tests", "golden", "files", impl + ".zip")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        if given.add:
            with zipfile.ZipFile(path) as archive:
                archive.extractall(folder)
        errors = file_runs.write(impl, folder, [given.add] if given.add else None)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            for name in sorted(os.listdir(folder)):
                with open(os.path.join(folder, name), "rb") as f:
                    archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), f.read(), zipfile.ZIP_DEFLATED, 9)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())

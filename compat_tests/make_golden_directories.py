"""Stores what the real keras.utils gives for compat_tests/directory_cases.py.

    python -m compat_tests.make_golden_directories            # where tf_keras and pillow are installed

Seeds: in the cases.
"""

import json
import tempfile
from pathlib import Path

import numpy as np

from compat_tests.directory_cases import make_folder, results

FOLDER = Path(__file__).parent / "golden"


def main():
    import tf_keras
    from PIL import Image

    with tempfile.TemporaryDirectory() as folder:
        make_folder(folder, lambda path, array: Image.fromarray(array).save(path))
        found = results(tf_keras, folder)
    np.savez_compressed(
        FOLDER / "directories_tf_keras.npz", **{k: v for k, v in found.items() if isinstance(v, np.ndarray)}
    )
    plain = {k: v for k, v in found.items() if not isinstance(v, np.ndarray)}
    plain["versions"] = {"tf_keras": tf_keras.__version__, "numpy": np.__version__}
    (FOLDER / "directories_tf_keras.json").write_text(json.dumps(plain, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()

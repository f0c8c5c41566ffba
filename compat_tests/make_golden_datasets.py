"""What the real Keras's text loaders return for the made files of tests/test_datasets.py.

    KERAS_BACKEND=jax python -m compat_tests.make_golden_datasets

Seeds: in tests/test_datasets.py (make_texts). Runs where Keras 3 is installed.
"""

import importlib.util
import json
import sys
import tempfile
import types
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def load_cases():
    """tests/test_datasets.py with its imports of jkeras and pytest stubbed out."""
    for name in ("jkeras", "jkeras.datasets", "jkeras.datasets.cifar", "pytest"):
        sys.modules[name] = types.ModuleType(name)
    sys.modules["jkeras"].datasets = sys.modules["jkeras.datasets"]
    sys.modules["jkeras.datasets"].safe_arrays = None
    sys.modules["jkeras.datasets"].fashion_mnist = types.SimpleNamespace(FILES=())
    sys.modules["jkeras.datasets.cifar"].load_batch = None
    mark = types.SimpleNamespace(parametrize=lambda *args, **kwargs: lambda function: function)
    sys.modules["pytest"].mark, sys.modules["pytest"].fixture = mark, lambda function: function
    spec = importlib.util.spec_from_file_location("cases", ROOT / "tests" / "test_datasets.py")
    cases = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(cases)
    return cases


def main():
    cases = load_cases()
    import keras

    golden = {"keras": keras.__version__}
    with tempfile.TemporaryDirectory() as folder:
        for name in ("imdb", "reuters"):
            cases.write_texts(Path(folder), name)
            loader = sys.modules[getattr(keras.datasets, name).load_data.__module__]
            loader.get_file = lambda fname, **_: str(Path(folder) / fname)
            runs = [getattr(keras.datasets, name).load_data(**options) for options in cases.OPTIONS]
            golden[name] = [[[x.tolist(), y if isinstance(y, list) else y.tolist()] for x, y in run] for run in runs]
    cases.GOLDEN.write_text(json.dumps(golden, default=int) + "\n")


if __name__ == "__main__":
    main()

"""Run the suite on a real Keras, in that Keras's environment, from the root of the checkout.

python -m compat_tests --impl keras3 [pytest arguments]               (with KERAS_BACKEND=jax)
python -m compat_tests --impl tf_keras
python -m compat_tests --impl keras224                                (with JKERAS_KERAS224=keras224.py)

``keras224.py`` is a script that runs another one in whose process `import keras` is Keras 2.2.4; where the variable does not
name it, it is looked for in ``../shared/reference``. Those modules run that speak of Keras alone: they take `impl` and `keras`
from conftest.py.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent


def modules(impl="keras3"):
    """The test modules whose tests this Keras can run: IMPLS in a module says where it is not all of them."""
    texts = {str(path): path.read_text(encoding="utf-8") for path in FOLDER.glob("test_*.py")}
    ours = re.compile(r"^(import|from) jkeras", re.M)
    theirs = re.compile(r"^def (test_.*\bkeras\b.*:|result\(keras)", re.M)
    named = {path: re.search(r"^IMPLS = (.*)", text, re.M) for path, text in texts.items()}
    return sorted(
        path
        for path, text in texts.items()
        if theirs.search(text)
        and not ours.search(text)
        and (named[path] is None or f'"{impl}"' in named[path].group(1))
    )


def host():
    """The script that makes `import keras` Keras 2.2.4; raises where there is none."""
    script = Path(os.environ.get("JKERAS_KERAS224") or FOLDER.parent.parent / "shared" / "reference" / "keras224.py")
    if not script.is_file():
        raise SystemExit(
            f"--impl keras224: there is no script {script}. Set JKERAS_KERAS224 to one that runs the script it is given "
            "with Keras 2.2.4 as `keras`."
        )
    return script


def main(arguments):
    impl = next(
        (a.partition("=")[2] or after for a, after in zip(arguments, [*arguments[1:], ""]) if a.startswith("--impl")),
        "",
    )
    hosted = "tensorflow" in sys.modules  # by keras224.py, before this runs
    if impl == "keras224" and not hosted:
        return subprocess.call([sys.executable, str(host()), str(FOLDER / "__main__.py"), *arguments])

    # Golden values are those of programs compiled in the usual way; conftest.py would take the quick one.
    os.environ.setdefault("JAX_DISABLE_MOST_OPTIMIZATIONS", "0")
    os.environ.setdefault("XLA_FLAGS", "")

    import pytest

    os.chdir(FOLDER.parent)
    sys.path.insert(0, str(FOLDER.parent))
    paths = [] if any(a.startswith("compat_tests/") for a in arguments) else modules(impl)
    return pytest.main([*paths, "-p", "no:cacheprovider", *arguments])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

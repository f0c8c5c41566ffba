"""The package around the code: metadata, files that ship, documents."""

import re
import tomllib
from pathlib import Path

import jkeras

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
TEST_COMMAND = ".venv/bin/pip install -q -e '.[test]' && .venv/bin/python -m pytest -n 2"


def test_the_version_is_the_same_everywhere():
    assert jkeras.__version__ in (ROOT / "CITATION.cff").read_text()
    assert re.fullmatch(r"\d+\.\d+\.\d+", jkeras.__version__)


def test_typing_marker_and_digits_lie_in_the_package():
    assert (ROOT / "jkeras" / "py.typed").exists()
    assert (ROOT / "jkeras" / "datasets" / "data" / "digits.npz").stat().st_size < 60_000


def test_the_core_depends_on_six_packages():
    assert sorted(re.match(r"[\w-]+", line).group() for line in PROJECT["dependencies"]) == [
        "h5py",
        "jax",
        "jaxlib",
        "numpy",
        "optax",
        "rich",
    ]


def test_readme_and_ci_run_the_tests_in_the_same_way():
    assert TEST_COMMAND in (ROOT / "README.md").read_text()
    ci = (ROOT / ".ci" / "run").read_text()
    assert "-m pip install -q -e '.[test]'" in ci and "-m pytest -n 2" in ci


def test_the_lines_of_the_readme_run():
    first, second = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    names = {}
    exec(compile(first.replace("epochs=20", "epochs=1, verbose=0"), "README.md", "exec"), names)
    exec(compile(second, "README.md", "exec"), names)
    assert names["probabilities"].shape == (360, 10)

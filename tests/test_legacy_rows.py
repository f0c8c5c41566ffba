"""What older scripts write means what it meant: scripts of their time, with their checks, one for each habit.

They stand in ``legacy_rows/*.txt``; each runs under its era, in a folder of its own, where ``keras`` is jkeras.
"""

import pathlib
import re
import sys

import jax
import pytest

import jkeras
from jkeras import compat
from jkeras.compat import paths

FOLDER = pathlib.Path(__file__).parent / "legacy_rows"
ROW = re.compile(r"^=== (?P<title>.+) \| (?P<era>\S+)\n", re.MULTILINE)


def rows():
    for file in sorted(FOLDER.glob("*.txt")):
        text = file.read_text()
        found = list(ROW.finditer(text))
        for row, after in zip(found, [*found[1:], None], strict=True):
            # blank lines before, so that errors name the line in the file
            script = "\n" * text.count("\n", 0, row.end()) + text[row.end() : after.start() if after else None]
            yield pytest.param(file, row["era"], script, id=f"{file.stem}: {row['title']}")


@pytest.fixture(autouse=True, scope="module")
def compile_quickly():
    """Programs that run once need no optimisation."""
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)


@pytest.fixture
def old_world(tmp_path, monkeypatch):
    """A folder to write into, and a process in which ``import keras`` gives jkeras."""
    monkeypatch.chdir(tmp_path)
    before = set(sys.modules)
    compat.install()
    yield
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, paths.Aliases)]
    for name in set(sys.modules) - before:
        if name.split(".")[0] in (*paths.ALIASES, "tensorflow"):
            del sys.modules[name]
    jkeras.backend.set_image_data_format("channels_last")
    jkeras.backend.clear_session(free_memory=False)


@pytest.mark.parametrize("file, era, script", list(rows()))
def test_it_means_what_it_meant(file, era, script, old_world):
    with compat.era(era):
        jkeras.backend.clear_session(free_memory=False)
        exec(compile(script, str(file), "exec"), {"__name__": "__main__"})

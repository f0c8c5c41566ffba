"""The documents say what is: links, files, names and settings that they mention are there."""

import ast
import re
from pathlib import Path

import pytest

import jkeras
from jkeras import distribution

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
TEXTS = {page.relative_to(ROOT).as_posix(): page.read_text(encoding="utf-8") for page in PAGES}
BLOCKS = [(name, block) for name, text in TEXTS.items() for block in re.findall(r"```python\n(.*?)```", text, re.S)]
PYTHON = [
    path for folder in ("jkeras", "tests", "compat_tests", "benchmarks") for path in (ROOT / folder).rglob("*.py")
]
SETTING = re.compile(r"JKERAS_[A-Z0-9_]*[A-Z0-9]")


@pytest.mark.parametrize("name", TEXTS)
def test_links_and_pictures_lead_somewhere(name):
    for target in re.findall(r"\]\(([^)#]+)\)", TEXTS[name]):
        assert target.startswith("https://") or (ROOT / name).parent.joinpath(target).exists(), target


@pytest.mark.parametrize("name", TEXTS)
def test_files_that_are_named_exist(name):
    known = {path.relative_to(ROOT).as_posix() for path in PYTHON}
    own = re.compile(r"`((?:[\w.]+/)*[\w.]+\.py)`")
    scripts = {"script.py", "keras224.py"}  # those of the reader
    for mentioned in set(own.findall(TEXTS[name])) - scripts:
        assert any(path == mentioned or path.endswith("/" + mentioned) for path in known), mentioned


@pytest.mark.parametrize(("name", "block"), BLOCKS, ids=lambda value: value if len(value) < 40 else "")
def test_names_in_examples_are_offered(name, block):
    roots = {"keras": jkeras, "jkeras": jkeras, "distribution": distribution, "layers": jkeras.layers}
    for node in ast.walk(ast.parse(block)):
        if isinstance(node, ast.Attribute):
            path = ast.unparse(node).split(".")
            if path[0] in roots and all(part.isidentifier() for part in path):
                found = roots[path[0]]
                for part in path[1:]:
                    found = getattr(found, part)


def test_settings_of_the_package_stand_in_docs():
    used = {
        name for path in PYTHON if path.is_relative_to(ROOT / "jkeras") for name in SETTING.findall(path.read_text())
    }
    told = {name for page, text in TEXTS.items() if page.startswith("docs/") for name in SETTING.findall(text)}
    assert used - told == set() and told <= used | {"JKERAS_KERAS224"}


def test_settings_of_the_tests_stand_in_contributing():
    package = ROOT / "jkeras"
    texts = {path: path.read_text() for path in PYTHON}
    of_package = {
        name for path, text in texts.items() if path.is_relative_to(package) for name in SETTING.findall(text)
    }
    used = {name for path, text in texts.items() if not path.is_relative_to(package) for name in SETTING.findall(text)}
    assert used - of_package <= set(SETTING.findall(TEXTS["CONTRIBUTING.md"]))

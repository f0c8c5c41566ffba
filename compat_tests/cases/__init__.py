"""The rows, one file per family."""

import importlib
import pathlib


def families():
    """Names of the families that have rows."""
    return sorted(path.stem for path in pathlib.Path(__file__).parent.glob("*.py") if path.stem != "__init__")


def load(family):
    """The rows of one family; identifiers are unique."""
    cases = importlib.import_module("compat_tests.cases." + family).CASES
    names = [case.id for case in cases]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f"cases/{family}.py: {sorted(twice)} stand there twice")
    return cases


def load_all():
    """(family, row) for all rows."""
    return [(family, case) for family in families() for case in load(family)]

"""The code of a notebook as one script: commands of IPython are taken away, what they time or hide still runs."""

import ast
import json
import re
from typing import Any

# Magics whose argument, or whose cell, is Python that is to run
RUNS = ("time", "timeit", "prun", "capture", "memit", "mprun", "lprun", "debug", "python", "python3")
_MAGIC = re.compile(r"^(?P<before>\s*(?:[\w.,\s]+=\s*)?)(?P<mark>%|!!?)(?P<name>\w*)(?P<rest>.*)$")
_HELP = re.compile(r"^\s*(\?{1,2}[\w.*]+|%?[\w.]+\?{1,2})\s*;?\s*$")
_OPTIONS = re.compile(r"^(\s*-\w+(\s+\d+)?)+\s+")


def code_of(raw: bytes) -> str:
    """The code cells of a notebook, in order; raises ValueError, KeyError or TypeError for what is none."""
    cells = json.loads(raw)["cells"]
    sources = [cell["source"] for cell in cells if cell["cell_type"] == "code"]
    return "".join(plain("".join(s) if isinstance(s, list) else s) + "\n" for s in sources)


def plain(cell: str) -> str:
    """A cell without commands of IPython, on the same lines; one of another language does nothing, and says so.

    >>> plain("%time x = 1")
    'x = 1'
    >>> plain("!pip install keras")
    "print('skipped: !pip install keras')"
    """
    lines = cell.splitlines()
    first = next((i for i, line in enumerate(lines) if line.strip()), 0)
    if lines and lines[first].startswith("%%"):
        words = lines[first][2:].split()
        if not words or words[0] not in RUNS:
            return "\n".join([_skipped("", lines[first]), *([""] * (len(lines) - 1))])
        lines[first] = ""
    while True:
        try:
            ast.parse("\n".join(lines))
            break
        except SyntaxError as error:  # what stands in strings is no error
            at = (error.lineno or 0) - 1
            new = _line(lines[at]) if 0 <= at < len(lines) else None
            if new is None:
                break
            lines[at] = new
    return "\n".join(lines)


def _line(line: str) -> str | None:
    """The line without its command; None where it is no command."""
    if _HELP.match(line):
        return _skipped(line[: len(line) - len(line.lstrip())], line)
    found = _MAGIC.match(line)
    if found is None or not (found["name"] or found["mark"] != "%"):
        return None
    before, rest = found["before"], found["rest"].strip()
    if found["mark"] == "%" and found["name"] in RUNS and rest:
        return before + _OPTIONS.sub("", " " + rest).strip()
    return _skipped(before, line[len(before) :])


def _skipped(before: str, command: str) -> str:
    value = "[]" if "=" in before else ""
    said = f"print({'skipped: ' + command.strip()!r})"
    return f"{before}({said}, {value})[1]" if value else before + said


class Shell:
    """What ``get_ipython()`` gives: every command is skipped."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *args, **_: print("skipped:", name, *args)

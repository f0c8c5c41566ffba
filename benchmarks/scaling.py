"""Writes the tables of docs/scaling.md anew: ``python -m benchmarks.scaling [NAME ...]``, by default all of them.

A table stands between ``<!-- NAME -->`` and ``<!-- end -->``; each is what a module prints in a process of its own. The one
on precision needs the real MNIST, in JKERAS_MNIST.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "docs" / "scaling.md"
TABLES = {
    "overhead": ["benchmarks.distribution"],
    "precision": ["benchmarks.precision"],
    "resnet": ["benchmarks.plans", "resnet"],
    "transformer-64": ["benchmarks.plans", "transformer-64"],
    "transformer-256": ["benchmarks.plans", "transformer-256"],
}


def replaced(text, name, table):
    """The page with one table in the place of the one of this name.

    >>> print(replaced("a\\n<!-- x -->\\nold\\n<!-- end -->\\nb", "x", "| new |"))
    a
    <!-- x -->
    | new |
    <!-- end -->
    b
    """
    table = table.strip("\n")
    table = table if table.startswith("|") else f"```text\n{table}\n```"
    made, count = re.subn(
        rf"(<!-- {re.escape(name)} -->\n).*?(<!-- end -->)", lambda m: f"{m[1]}{table}\n{m[2]}", text, flags=re.DOTALL
    )
    if count != 1:
        raise ValueError(f"{PAGE.name}: <!-- {name} --> ... <!-- end --> must be there once, found {count} times.")
    return made


def main(names):
    for name in names:
        if name == "precision" and "JKERAS_MNIST" not in os.environ:
            print("precision: left as it is; JKERAS_MNIST names no file with the real MNIST", file=sys.stderr)
            continue
        done = subprocess.run([sys.executable, "-m", *TABLES[name]], stdout=subprocess.PIPE, text=True, check=True)
        print(f"{name}\n{done.stdout}", flush=True)
        PAGE.write_text(replaced(PAGE.read_text(), name, done.stdout))


if __name__ == "__main__":
    main(sys.argv[1:] or TABLES)

"""Repeats the exchange of files with real Kerases, both ways, and prints the table of docs/saving.md.

    python -m compat_tests.exchange --keras3 PYTHON --tf-keras PYTHON --keras224 'PYTHON keras224.py'

Each option is how to start Python in an environment with that Keras; those not given are left out.
"""

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
NAMES = {"keras3": "Keras 3.15", "tf_keras": "tf_keras 2.21", "keras224": "Keras 2.2.4"}
KINDS = {".keras": ".keras", ".weights.h5": ".weights.h5", ".old.h5": "weights .h5", ".h5": "whole .h5"}


def run(command, *arguments):
    """Runs file_runs.py with a Python; gives its standard error where it failed."""
    environment = {**os.environ, "KERAS_BACKEND": "jax", "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": ROOT}
    script = os.path.join(ROOT, "compat_tests", "file_runs.py")
    done = subprocess.run(
        [*shlex.split(command), script, *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stderr if done.returncode else ""


def exchange(impl, command, folder):
    """{(direction, kind): [(file, '' or what went wrong)]} for one Keras."""
    found = {}
    for writer, reader in ((impl, "jkeras"), ("jkeras", impl)):
        files = os.path.join(folder, f"{writer}-{impl}")
        results = os.path.join(folder, f"{writer}-{impl}.json")
        how = (command, "--impl", impl), (shlex.quote(sys.executable), "--impl", "jkeras", "--era", impl)
        start, *options = how[writer == "jkeras"]
        error = run(start, "write", *options, "--out", files)
        if error:
            print(error[-2000:], file=sys.stderr)
        start, *options = how[reader == "jkeras"][:3]
        run(start, "read", *options, "--files", files, "--source", impl, "--results", results)
        with open(results) as f:
            for file, result in json.load(f).items():
                kind = next(KINDS[e] for e in KINDS if file.endswith(e))
                found.setdefault((writer == "jkeras", kind), []).append((file, result))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for impl in NAMES:
        parser.add_argument("--" + impl.replace("_", "-"), metavar="PYTHON")
    given = vars(parser.parse_args())
    failures = []
    print("| Keras | files | it wrote, jkeras read | jkeras wrote, it read |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for impl, name in NAMES.items():
            if not given[impl]:
                continue
            found = exchange(impl, given[impl], folder)
            for kind in dict.fromkeys(kind for _, kind in found):
                shown = []
                for ours in (False, True):
                    results = found.get((ours, kind), [])
                    shown.append(f"{sum(not r for _, r in results)} of {len(results)}")
                    failures += [(name, "jkeras wrote" if ours else "jkeras read", *r) for r in results if r[1]]
                print(f"| {name} | {kind} | {' | '.join(shown)} |", flush=True)
    for failure in failures:
        print("\nnot equal:", *failure)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

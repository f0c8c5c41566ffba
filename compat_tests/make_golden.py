"""Make the golden values of the rows on a real Keras, inside that Keras's environment.

    python -m compat_tests.make_golden --impl keras3 [--family dense] [--case some_id]

Keras 3 runs on JAX (KERAS_BACKEND=jax); families of strings, which it computes with TensorFlow alone, may be made with
KERAS_BACKEND=tensorflow. Seeds are the CRC-32 of the rows' identifiers; the versions stand in the JSON file. With
``--case`` the other rows of the file are kept.
"""

import argparse
import json
import pathlib
import sys

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT.parent))

from compat_tests import cases, impl  # noqa: E402
from compat_tests.run_case import quiet, run  # noqa: E402


def read(name, family):
    """(arrays, facts by row) of one golden file, empty where there is none."""
    path = ROOT / "golden" / name / family
    if not path.with_suffix(".json").exists():
        return {}, {"rows": {}}
    with np.load(path.with_suffix(".npz"), allow_pickle=False) as stored:
        arrays = {key: stored[key] for key in stored.files}
    return arrays, json.loads(path.with_suffix(".json").read_text())


def make(name, family, only=None):
    """Write the golden files of one family; returns the identifiers of the rows that failed."""
    keras = impl.load(name)
    rows = [case for case in cases.load(family) if name in case.impls]
    if not rows:
        return []
    known = {case.id for case in rows}
    arrays, facts = read(name, family) if only else ({}, {"rows": {}})
    arrays = {key: value for key, value in arrays.items() if key.split("|")[0] in known}
    facts = {"versions": impl.version(keras), "rows": {k: v for k, v in facts["rows"].items() if k in known}}
    failed = []
    for case in rows:
        if only and case.id not in only:
            continue
        try:
            with quiet():
                found, fact = run(name, keras, case)
        except Exception as error:
            failed.append(case.id)
            print(f"{family}/{case.id}: {type(error).__name__}: {str(error)[:1500]}", file=sys.stderr)
            continue
        arrays = {key: value for key, value in arrays.items() if not key.startswith(case.id + "|")}
        arrays.update({f"{case.id}|{kind}": value for kind, value in found.items()})
        facts["rows"][case.id] = fact
    folder = ROOT / "golden" / name
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(folder / f"{family}.npz", **arrays)
    rows = ",\n".join(f"{json.dumps(k)}: {json.dumps(v, sort_keys=True)}" for k, v in sorted(facts["rows"].items()))
    text = f'{{"versions": {json.dumps(impl.version(keras))},\n"rows": {{\n{rows}\n}}}}\n'
    (folder / f"{family}.json").write_text(text)
    print(f"{name}/{family}: {len(facts['rows'])} rows, {len(failed)} failed")
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--impl", required=True)
    parser.add_argument("--family", action="append")
    parser.add_argument("--case", action="append")
    options = parser.parse_args()
    failed = [f for family in options.family or cases.families() for f in make(options.impl, family, options.case)]
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

"""Makes the golden values of losses and metrics: python -m compat_tests.make_objectives --impl keras3

Run it from the root of the checkout in the environment of that Keras (KERAS_BACKEND=jax for Keras 3; Keras 2.2.4 by
``python keras224.py compat_tests/make_objectives.py --impl keras224``).
"""

import argparse
import json
import os
import sys

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)

from compat_tests import impl as implementations  # noqa: E402
from compat_tests import loss_cases, metric_cases, objectives  # noqa: E402


def plain(value):
    """A config as json data."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if hasattr(value, "tolist"):
        return value.tolist()
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(getattr(value, "__name__", value))


def losses(run, impl):
    """(arrays, facts) of all loss cases of an implementation."""
    arrays, facts = {}, {}
    for case in loss_cases.CASES:
        if impl not in case.impls:
            continue
        try:
            value, grad, dtype, config = run.run_loss(case)
        except Exception as error:
            raise RuntimeError(f"{impl} cannot run the case {case.id}") from error
        arrays[case.id] = value
        if grad is not None:
            arrays[case.id + ":grad"] = grad
        facts[case.id] = {"dtype": dtype, "config": plain(config)}
    if impl == "keras224":
        for row in loss_cases.WEIGHTED:
            arrays["weighted:" + "-".join(map(str, row))] = run.weighted(*row)
    return arrays, facts


def metrics(run, impl):
    """(arrays, facts) of all metric cases of an implementation."""
    arrays, facts = {}, {}
    for case in metric_cases.CASES:
        if impl not in case.impls:
            continue
        try:
            results, state, config = run.run_metric(case)
        except Exception as error:
            raise RuntimeError(f"{impl} cannot run the case {case.id}") from error
        for i, result in enumerate(results):
            arrays[f"{case.id}:{i}"] = result
        for name, value in state.items():
            arrays[f"{case.id}:state:{name}"] = value
        facts[case.id] = {"config": plain(config), "state": list(state)}
    return arrays, facts


def choices(run, impl):
    """What each word of compile(metrics=[...]) means: [function or class, name in the logs]."""
    facts = {}
    for row in metric_cases.choices(impl):
        facts[json.dumps(row)] = run.choose(*row)
    return {}, facts


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--impl", required=True, choices=("keras3", "tf_keras", "keras224"))
    parser.add_argument("--what", choices=("losses", "metrics", "choices"), action="append")
    args = parser.parse_args()
    keras = implementations.load(args.impl)
    run = objectives.runner(args.impl, keras)
    makers = {"losses": losses, "metrics": metrics, "choices": choices}
    for what in args.what or makers:
        arrays, facts = makers[what](run, args.impl)
        base = os.path.join(ROOT, "compat_tests", "golden", args.impl, what)
        os.makedirs(os.path.dirname(base), exist_ok=True)
        if arrays:
            np.savez_compressed(base + ".npz", **arrays)
        with open(base + ".json", "w") as f:
            json.dump({"made_by": implementations.version(keras), "cases": facts}, f, indent=0, sort_keys=True)
        print(what, len(facts), "cases", len(arrays), "arrays")


if __name__ == "__main__":
    main()

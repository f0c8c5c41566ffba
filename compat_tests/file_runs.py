"""What is done with the models of file_models.py inside one implementation: write their files, read those of others.

    python compat_tests/file_runs.py write --impl tf_keras --out FOLDER
    python compat_tests/file_runs.py read --impl tf_keras --files FOLDER --results RESULTS.json

``write`` trains three steps, saves, and notes what the model says then (``CASE.npz``): its predictions, and after one
more step its weights. ``read`` builds nothing where the file holds the whole model, and compares.
"""

import argparse
import contextlib
import json
import os
import random
import sys
import traceback
import warnings

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)

from compat_tests import impl as implementations  # noqa: E402
from compat_tests.file_models import CASES  # noqa: E402

EXTENSIONS = {"keras": ".keras", "h5": ".h5", "weights": ".weights.h5", "old_weights": ".old.h5"}
WRITES = {
    "keras224": {"h5": "h5", "weights": "old_weights"},
    "tf_keras": {"keras": "keras", "h5": "h5", "weights": "old_weights"},
    "keras3": {"keras": "keras", "h5": "h5", "weights": "weights"},
    "keras3tf": {"keras": "keras", "weights": "weights"},
}
STEPS = 3
WITHOUT = ("tf_operations",)  # it calls TensorFlow


def load(name):
    """The Keras module; ``keras3tf`` is Keras 3 in an environment with TensorFlow, which its text layers need."""
    if name == "keras224":
        import tensorflow

        tensorflow.enable_resource_variables()
    return implementations.load("keras3" if name == "keras3tf" else name)


def kinds_of(name, case):
    """The kinds of files an implementation writes of a case."""
    return [WRITES[name][kind] for kind in case.kinds if kind in WRITES[name]] if name in case.impls else []


def _list(x):
    return list(x) if isinstance(x, (list, tuple)) else [x]


def _values(k, weights):
    if hasattr(k.backend, "batch_get_value") and k.__version__.startswith("2"):
        return [np.asarray(v) for v in k.backend.batch_get_value(list(weights))]
    return [np.asarray(w.numpy() if hasattr(w, "numpy") else w) for w in weights]


def _inputs(k, x):
    if any(getattr(v, "dtype", None) is not None and v.dtype.kind == "U" for v in _list(x)) and k.__name__ != "jkeras":
        import tensorflow

        return [tensorflow.constant(v.tolist()) if v.dtype.kind == "U" else tensorflow.constant(v) for v in x]
    return x


def predictions(k, model, x):
    """Predictions as a list of arrays."""
    if any(v.dtype.kind == "U" for v in _list(x)):
        return [np.asarray(model(_inputs(k, x)))]
    return [np.asarray(v, "float32") for v in _list(model.predict(x, verbose=0))]


def step(model, case):
    """One training step."""
    x, y = case.data()
    return np.asarray(_list(model.train_on_batch(x, y))[0], "float32")


def measured(model, case):
    """Loss and metrics over several batches, by size: each Keras has an order of its own."""
    x, y = case.data()
    if any(v.dtype.kind == "U" for v in _list(x)):
        return {}
    size = len(_list(x)[0]) if getattr(model, "stateful", False) else max(1, len(_list(x)[0]) // 2 - 1)
    found = np.sort(np.asarray(_list(model.evaluate(x, y, batch_size=size, verbose=0)), "float32"))
    return {"metrics": found}


def ordered(k, model):
    """The values of the weights, those that train first."""
    return _values(k, list(model.trainable_weights) + list(model.non_trainable_weights))


def answers(k, model, case):
    """What a model says, then what one more step makes of it."""
    x, _ = case.data()
    found = {f"prediction{i}": v for i, v in enumerate(predictions(k, model, x))}
    if case.step:
        found |= measured(model, case)
        found["loss"] = step(model, case)
        found |= {f"weight{i}": np.asarray(v, "float32") for i, v in enumerate(ordered(k, model))}
    return found


def set_up(k, name):
    """A model of a case after three steps."""
    case = CASES[name]
    implementations.clear(k)
    np.random.seed(1)
    random.seed(1)  # where Keras 3 takes its seeds from
    model = case.build(k)
    if case.trains:
        for _ in range(STEPS):
            step(model, case)
    return case, model


def write(impl, out, names=None, era=None):
    """Writes the files of all cases of an implementation, or in jkeras those that ``era`` can read."""
    k = load(impl)
    os.makedirs(out, exist_ok=True)
    errors = {}
    if era:
        k.compat.set_era(ERAS[era])  # it trains as that Keras would
    for name in names or [n for n, c in CASES.items() if (era or impl) in c.impls and n not in (era and WITHOUT or ())]:
        try:
            case, model = set_up(k, name)
            for kind in kinds_of(era or impl, case):
                path = os.path.join(out, name + EXTENSIONS[kind])
                save = model.save_weights if "weights" in kind else model.save
                save(path, **({"era": ERAS[era]} if era else {}))
            np.savez_compressed(os.path.join(out, name + ".npz"), **answers(k, model, case))
        except Exception:
            errors[name] = traceback.format_exc()
            print(f"--- {name}: not written\n{errors[name]}", file=sys.stderr)
    return errors


ERAS = {"keras224": "2.2", "tf_keras": "tf2", "keras3": "3", "keras3tf": "3"}


def opened(k, name, path, kind, source=None):
    """The model of a file; weights alone go into a model as the Keras that wrote them would have built it."""
    case = CASES[name]
    implementations.clear(k)
    if case.prepare:
        case.prepare(k)
    if "weights" in kind:
        with k.compat.era(ERAS[source]) if k.__name__ == "jkeras" and source else contextlib.nullcontext():
            model = case.build(k)
        model.load_weights(path)
        return model
    more = {"safe_mode": False} if case.unsafe and not k.__version__.startswith("2.2.4") else {}
    return k.models.load_model(path, **more)


def differences(k, name, path, kind, expected, source=None, impl=None):
    """Compares the answers of a model read from a file; '' or what differs. Weights alone hold no optimizer state."""
    case = CASES[name]
    model = opened(k, name, path, kind, source)
    found = answers(k, model, case)
    wholly = not {source, impl} & set(case.approximate_in) and not (impl == "keras3" and kind != "keras")
    for key, wanted in expected.items():
        if not key.startswith("prediction") and (
            kind == "old_weights" or not wholly and key not in ("loss", "metrics")
        ):
            continue  # Keras 3 restores an optimizer's state from .keras files only
        if key not in found:
            return f"{key} is missing"
        got = found[key]
        if got.shape != wanted.shape:
            return f"{key}: shape {got.shape} instead of {wanted.shape}"
        if not np.allclose(got, wanted, rtol=1e-4, atol=case.atol):
            return f"{key}: differs by {np.abs(got - wanted).max():.2g}"
    return ""


def read(impl, files, source=None):
    """What became of each file in a folder: {file: '' or what went wrong}."""
    k = load(impl)
    results = {}
    for name in CASES:
        npz = os.path.join(files, name + ".npz")
        if not os.path.exists(npz):
            continue
        expected = dict(np.load(npz))
        for kind, extension in EXTENSIONS.items():
            path = os.path.join(files, name + extension)
            if os.path.exists(path):
                try:
                    results[name + extension] = differences(k, name, path, kind, expected, source, impl)
                except Exception as error:
                    if os.environ.get("EXCHANGE_TRACES"):
                        traceback.print_exc()
                    results[name + extension] = f"{type(error).__name__}: {str(error)[:300]}"
    return results


def main():
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["write", "read"])
    parser.add_argument("--impl", required=True)
    parser.add_argument("--out")
    parser.add_argument("--files")
    parser.add_argument("--source", help="for jkeras: who wrote the files")
    parser.add_argument("--results")
    parser.add_argument("--cases", nargs="*")
    parser.add_argument("--era", help="for jkeras: write what this implementation reads")
    given = parser.parse_args()
    if given.what == "write":
        return 1 if write(given.impl, given.out, given.cases, given.era) else 0
    results = read(given.impl, given.files, given.source)
    if given.results:
        with open(given.results, "w") as f:
            json.dump(results, f, indent=1)
    for file, result in results.items():
        print(f"{file:40} {result or 'ok'}")
    return 1 if any(results.values()) else 0


if __name__ == "__main__":
    sys.exit(main())

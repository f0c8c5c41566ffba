"""Writes compat_tests/golden/<impl>/optimizers.npz and .json: weights along the trajectories of ``optimizer_cases``.

Run it from the root of the checkout in the environment of the real Keras:

    KERAS_BACKEND=jax python compat_tests/make_golden_optimizers.py keras3
    python compat_tests/make_golden_optimizers.py tf_keras
    python keras224.py compat_tests/make_golden_optimizers.py keras224
"""

import json
import os
import sys

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)

from compat_tests import impl as implementations  # noqa: E402
from compat_tests import optimizer_cases as table  # noqa: E402


def arguments(keras, config):
    """The constructor's arguments, with schedules made."""
    found = dict(config)
    rate = found.get("learning_rate")
    if isinstance(rate, dict):
        made = getattr(keras.optimizers.schedules, rate["schedule"])
        found["learning_rate"] = made(*rate["args"], **rate["kwargs"])
    return found


def optimizer_class(keras, path):
    """The class at ``path`` below ``keras.optimizers``."""
    found = keras.optimizers
    for part in path.split("."):
        found = getattr(found, part)
    return found


def describe(variables):
    """Name, shape and dtype of the optimizer's variables, as JSON takes them."""
    return [[str(getattr(v, "path", v.name)), [int(n) for n in v.shape], str(np.asarray(v).dtype)] for v in variables]


def run_apply(keras, case, make_variables):
    """A trajectory with ``apply_gradients`` (Keras 3 and tf_keras)."""
    weights, curvature, target, noise = table.problem()
    variables = make_variables(weights, case.constraint)
    optimizer = optimizer_class(keras, case.optimizer)(**arguments(keras, case.config))
    if hasattr(optimizer, "build"):
        optimizer.build(variables)
    kept = []
    for step in range(table.STEPS):
        now = [np.asarray(v) for v in variables]
        grads = [c * (w - t) + n[step] for w, c, t, n in zip(now, curvature, target, noise)]
        optimizer.apply_gradients([(keras_tensor(keras, g), v) for g, v in zip(grads, variables)])
        if step + 1 in table.CHECKPOINTS:
            kept.append(np.concatenate([np.asarray(v).ravel() for v in variables]))
    state = optimizer.variables
    state = state() if callable(state) and not isinstance(state, list) else state
    if case.config.get("use_ema"):
        optimizer.finalize_variable_values(variables)
        kept.append(np.concatenate([np.asarray(v).ravel() for v in variables]))
    return kept, state, optimizer.get_config()


def run_composite(keras, name):
    """A trajectory of a composite optimizer (Keras 3): with dynamic loss scaling, and with one optimizer per weight."""
    weights, curvature, target, noise = table.problem()
    variables = keras3_variables(keras)(weights, False)
    optimizer = table.COMPOSITES[name](keras.optimizers)
    optimizer.build(variables)
    kept = []
    for step in range(table.STEPS):
        now = [np.asarray(v) for v in variables]
        grads = [c * (w - t) + n[step] for w, c, t, n in zip(now, curvature, target, noise)]
        grads = table.scaled(optimizer, grads, step)
        given = [keras.ops.convert_to_tensor(g) for g in grads]
        own = [v.value for v in optimizer.variables]
        new, own = optimizer.stateless_apply(own, given, [v.value for v in variables])
        for v, value in zip([*variables, *optimizer.variables], [*new, *own]):
            v.assign(value)
        if step + 1 in table.CHECKPOINTS:
            kept.append(np.concatenate([np.asarray(v).ravel() for v in variables]))
    return kept, optimizer.variables, optimizer.get_config()


def keras_tensor(keras, array):
    if keras.__name__ == "tf_keras":
        import tensorflow as tf

        return tf.constant(array)
    return keras.ops.convert_to_tensor(array)


def keras3_variables(keras):
    def make(weights, constrained):
        made = []
        for w, name in zip(weights, table.SHAPES):
            v = keras.Variable(w, name=name)
            if constrained:
                v.constraint = keras.constraints.NonNeg()
            made.append(v)
        return made

    return make


def tf_variables(keras):
    import tensorflow as tf

    def make(weights, constrained):
        limit = keras.constraints.NonNeg() if constrained else None
        return [tf.Variable(w, name=name, constraint=limit) for w, name in zip(weights, table.SHAPES)]

    return make


def run_old(keras, case):
    """A trajectory with ``get_updates`` (Keras 2.2.4)."""
    K = keras.backend
    weights, curvature, target, noise = table.problem()
    limit = keras.constraints.NonNeg() if case.constraint else None
    variables = [K.variable(w, name=name, constraint=limit) for w, name in zip(weights, table.SHAPES)]
    noises = [K.placeholder(shape=w.shape) for w in weights]
    loss = sum(
        K.sum(0.5 * c * K.square(v - t)) + K.sum(n * v) for v, c, t, n in zip(variables, curvature, target, noises)
    )
    config = {"lr" if k == "learning_rate" else k: v for k, v in case.config.items()}
    optimizer = optimizer_class(keras, case.optimizer)(**config)
    count, *updates = optimizer.get_updates(loss=loss, params=variables)
    step = K.function(noises, [loss], updates=updates)
    kept = []
    for i in range(table.STEPS):
        step([n[i] for n in noise])
        # `iterations` is counted apart: TensorFlow runs the updates of one call in any order, and what reads the count
        # mostly, but not always, sees it as it was before the step.
        K.get_session().run(count)
        if i + 1 in table.CHECKPOINTS:
            kept.append(np.concatenate([K.get_value(v).ravel() for v in variables]))
    names = [[w.name, [int(n) for n in w.shape], w.dtype.base_dtype.name] for w in optimizer.weights]
    return kept, names, [K.get_value(w) for w in optimizer.weights], optimizer.get_config()


def schedules(keras):
    found = {}
    for name, (cls, args, kwargs) in table.SCHEDULES.items():
        made = getattr(keras.optimizers.schedules, cls)(*args, **kwargs)
        found["schedule/" + name] = np.array([float(made(s)) for s in table.SCHEDULE_STEPS], "float32")
        found["schedule_config/" + name] = made.get_config()
    return found


def main(name):
    keras = implementations.load(name)
    arrays, facts = {}, {"made with": implementations.version(keras), "seed": table.SEED, "cases": {}}
    for case in table.CASES:
        if name not in case.impls:
            continue
        if name == "keras224":
            kept, described, values, config = run_old(keras, case)
        else:
            make = keras3_variables(keras) if name == "keras3" else tf_variables(keras)
            kept, state, config = run_apply(keras, case, make)
            described, values = describe(state), [np.asarray(v) for v in state]
        arrays[case.id] = np.stack(kept)
        for i, value in enumerate(values):
            arrays[f"{case.id}/variables/{i}"] = value
        facts["cases"][case.id] = {"variables": described, "config": config}
        print(case.id, flush=True)
    for composite in table.COMPOSITES if name == "keras3" else ():
        kept, state, config = run_composite(keras, composite)
        arrays[composite] = np.stack(kept)
        for i, v in enumerate(state):
            arrays[f"{composite}/variables/{i}"] = np.asarray(v)
        facts["cases"][composite] = {"variables": describe(state), "config": config}
    if name != "keras224":
        for key, value in schedules(keras).items():
            if isinstance(value, dict):
                facts.setdefault("schedules", {})[key.split("/")[1]] = value
            else:
                arrays[key] = value
    folder = os.path.join(ROOT, "compat_tests", "golden", name)
    os.makedirs(folder, exist_ok=True)
    np.savez_compressed(os.path.join(folder, "optimizers.npz"), **arrays)
    with open(os.path.join(folder, "optimizers.json"), "w", encoding="utf-8") as f:
        json.dump(facts, f, indent=1, default=lambda v: v.item() if hasattr(v, "item") else str(v))


if __name__ == "__main__":
    main(sys.argv[1])

"""The optimizer table run on any Keras: weights along the way, the optimizer's variables and its config.

Real Kerases are driven as their users drive them: ``apply_gradients`` (Keras 3, tf_keras) or ``get_updates`` (Keras 2.2.4).
"""

from typing import NamedTuple

import numpy as np

from compat_tests import optimizer_cases as table


class Run(NamedTuple):
    """What a trajectory leaves: the weights at the checkpoints, and [name, shape, dtype] and value of each variable."""

    kept: np.ndarray
    described: list
    values: list
    config: dict


def run(keras, impl, case):
    """The trajectory of a case on a real Keras."""
    if impl == "keras224":
        return run_old(keras, case)
    return run_apply(keras, case, keras3_variables(keras) if impl == "keras3" else tf_variables(keras))


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
    return Run(np.stack(kept), describe(state), [np.asarray(v) for v in state], optimizer.get_config())


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
    state = optimizer.variables
    return Run(np.stack(kept), describe(state), [np.asarray(v) for v in state], optimizer.get_config())


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
    described = [[w.name, [int(n) for n in w.shape], w.dtype.base_dtype.name] for w in optimizer.weights]
    return Run(np.stack(kept), described, [K.get_value(w) for w in optimizer.weights], optimizer.get_config())


def schedules(keras):
    """The rates and configs of the schedules of the table."""
    found = {}
    for name, (cls, args, kwargs) in table.SCHEDULES.items():
        made = getattr(keras.optimizers.schedules, cls)(*args, **kwargs)
        found["schedule/" + name] = np.array([float(made(s)) for s in table.SCHEDULE_STEPS], "float32")
        found["schedule_config/" + name] = made.get_config()
    return found

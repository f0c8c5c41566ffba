"""JaxLayer: functions of JAX as layers. Keras 3 runs an ``init_fn`` only where TensorFlow is installed too."""

import numpy as np

from compat_tests.case import Case, Of

WHY = {"config_equal": False, "policies": False, "because": "functions are no plain data, and choose their dtypes"}


def start(rng, inputs):
    return {"w": 0.5 * inputs[0], "b": inputs[0] * 0}


def start_both(rng, inputs, training):
    return {"w": 0.5 * inputs[0]}, {"count": 0}


def affine(params, inputs):
    return inputs * params["w"] + params["b"]


def counting(params, state, rng, inputs, training):
    step = 1 if training else 0
    return inputs * params["w"], {"count": state["count"] + step}


PARAMS = {"w": np.array([1.0, 2.0], "float32"), "b": np.array([0.0, 1.0], "float32")}
STATE = {"count": np.array([0], "int32")}

CASES = [
    Case("jax_function", "JaxLayer", {"call_fn": Of(lambda k: lambda inputs: inputs**2)}, (2, 3), **WHY),
    Case("jax_params", "JaxLayer", {"call_fn": Of(lambda k: affine), "params": PARAMS}, (2, 2), **WHY),
    Case(
        "jax_state",
        "JaxLayer",
        {"call_fn": Of(lambda k: counting), "params": PARAMS, "state": STATE},
        (2, 2),
        call={"training": True},
        **WHY,
    ),
    Case(
        "jax_init",
        "JaxLayer",
        {"call_fn": Of(lambda k: affine), "init_fn": Of(lambda k: start)},
        (2, 3),
        impls=(),
        formula=lambda x, b, w: x * w + b,
        **WHY,
    ),
    Case(
        "jax_init_state",
        "JaxLayer",
        {"call_fn": Of(lambda k: counting), "init_fn": Of(lambda k: start_both)},
        (2, 3),
        impls=(),
        formula=lambda x, w, count: x * w,
        **WHY,
    ),
]

"""Rows of activations, initializers, regularizers and constraints, and how to run one on any Keras."""

from typing import NamedTuple

import numpy as np

ALL = ("keras3", "tf_keras", "keras224")
TWO = ("keras3", "tf_keras")


class Row(NamedTuple):
    """One call: `module.name(**config)` on `data`; activations are functions and get the config with the data."""

    id: str
    module: str
    name: str
    config: dict = {}
    data: object = "edges"
    impls: tuple = ("keras3",)
    dtype: str = "float32"


# Where some activation has a corner, and far out.
CORNERS = [
    -1e3,
    -30.0,
    -6.0,
    -3.0,
    -2.5,
    -2.0,
    -1.0,
    -0.5,
    -1e-3,
    0.0,
    1e-3,
    0.5,
    1.0,
    2.0,
    2.5,
    3.0,
    6.0,
    30.0,
    1e3,
    7.0,
]


def data(name):
    """The array of that name."""
    rng = np.random.default_rng(20)
    if name == "edges":
        return np.concatenate([CORNERS, rng.normal(0, 2, 28)]).reshape(6, 8).astype("float32")
    if name == "smooth":
        return rng.normal(0.1, 2, (6, 8)).astype("float32")
    if name == "cube":
        return rng.normal(0.1, 2, (3, 4, 6)).astype("float32")
    if name == "vector":
        return rng.normal(0.1, 2, 6).astype("float32")
    if name == "kernel":
        return rng.normal(0, 1, (3, 3, 4, 5)).astype("float32")
    if name == "even kernel":
        return rng.normal(0, 1, (4, 4, 2, 3)).astype("float32")
    if name == "matrix":
        return np.where(rng.random((5, 4)) < 0.2, 0, rng.normal(0, 2, (5, 4))).astype("float32")
    raise KeyError(name)


def _activations():
    three = (
        "celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu linear "
        "log_sigmoid log_softmax mish relu relu6 selu sigmoid silu soft_shrink softmax softplus softsign sparse_plus "
        "sparse_sigmoid sparsemax squareplus swish tanh tanh_shrink"
    ).split()
    old = "elu exponential hard_sigmoid linear relu selu sigmoid softmax softplus softsign tanh".split()
    for name in three:
        yield Row(name, "activations", name)
        for dtype in ("float16", "bfloat16"):
            yield Row(f"{name}-{dtype}", "activations", name, data="smooth", dtype=dtype)
    for name in [*old, "gelu", "mish", "swish"]:
        yield Row(f"{name}-old", "activations", name, data="smooth", impls=ALL[1:] if name in old else ALL[1:2])
    options = [
        ("relu", {"negative_slope": 0.1}),
        ("relu", {"max_value": 2.5}),
        ("relu", {"max_value": 6}),
        ("relu", {"threshold": 1.0}),
        ("relu", {"negative_slope": 0.1, "max_value": 6.0}),
        ("relu", {"negative_slope": 0.1, "threshold": 1.0}),
        ("relu", {"negative_slope": 0.1, "max_value": 6.0, "threshold": -1.0}),
        ("leaky_relu", {"negative_slope": 0.5}),
        ("elu", {"alpha": 0.3}),
        ("celu", {"alpha": 0.3}),
        ("gelu", {"approximate": True}),
        ("glu", {"axis": 0}),
        ("softmax", {"axis": 0}),
        ("log_softmax", {"axis": 0}),
        ("sparsemax", {"axis": 0}),
        ("squareplus", {"b": 2}),
        ("threshold", {"threshold": 1.0, "default_value": -2.0}),
        ("soft_shrink", {"threshold": 1.0}),
        ("hard_shrink", {"threshold": 1.0}),
    ]
    for i, (name, config) in enumerate(options):
        yield Row(f"{name}-{i}", "activations", name, config)
    yield Row("softmax-two axes", "activations", "softmax", {"axis": (1, 2)}, "cube")
    yield Row("log_softmax-two axes", "activations", "log_softmax", {"axis": (0, 2)}, "cube")
    yield Row("softmax-cube", "activations", "softmax", {"axis": 1}, "cube", ALL)
    yield Row("softmax-vector", "activations", "softmax", {}, "vector")
    yield Row("sparsemax-cube", "activations", "sparsemax", {"axis": 1}, "cube")
    for i, config in enumerate([{}, {"max_value": 2.0}, {"threshold": 1.0}, {"max_value": 2.0, "threshold": 1.0}]):
        yield Row(f"relu-old-{i}", "activations", "relu", config, "smooth", ALL[1:])


RANDOM = [
    ("RandomNormal", {"mean": 0.5, "stddev": 2.0}),
    ("RandomUniform", {"minval": -1.0, "maxval": 3.0}),
    ("TruncatedNormal", {"mean": 0.5, "stddev": 2.0}),
    ("VarianceScaling", {}),
    ("VarianceScaling", {"scale": 2.0, "mode": "fan_out", "distribution": "uniform"}),
    ("VarianceScaling", {"scale": 0.5, "mode": "fan_avg", "distribution": "untruncated_normal"}),
    ("VarianceScaling", {"mode": "fan_avg", "distribution": "normal"}),
    *((name, {}) for name in ("GlorotUniform", "GlorotNormal", "HeUniform", "HeNormal", "LecunUniform", "LecunNormal")),
    ("Orthogonal", {}),
    ("Orthogonal", {"gain": 1.5}),
]
OLD_NAMES = {"GlorotUniform", "GlorotNormal", "HeUniform", "HeNormal", "LecunUniform", "LecunNormal"}


def _initializers():
    for i, (name, config) in enumerate(RANDOM):
        for shape in ((40, 30), (3, 2, 4, 5), (3, 4, 50)):
            yield Row(f"{name}-{i}-{shape}", "initializers", name, {**config, "seed": 11 + i}, shape)
        for dtype in ("float16", "bfloat16") if name != "Orthogonal" else ():
            yield Row(f"{name}-{i}-{dtype}", "initializers", name, {**config, "seed": 11}, (6, 5), dtype=dtype)
        if "untruncated" in str(config):
            impls = ("tf_keras",)
        else:
            impls = ALL[1:]
        old = {"GlorotUniform": "glorot_uniform", "GlorotNormal": "glorot_normal", "HeUniform": "he_uniform"}
        old |= {"HeNormal": "he_normal", "LecunUniform": "lecun_uniform", "LecunNormal": "lecun_normal"}
        yield Row(f"{name}-{i}-spread", "initializers", old.get(name, name), {**config, "seed": 5}, (300, 200), impls)
        yield Row(
            f"{name}-{i}-window", "initializers", old.get(name, name), {**config, "seed": 5}, (3, 3, 60, 90), impls
        )
        if name != "Orthogonal":
            shape = (40000,)
            yield Row(f"{name}-{i}-bias", "initializers", old.get(name, name), {**config, "seed": 5}, shape, impls)
            yield Row(f"{name}-{i}-one axis", "initializers", name, {**config, "seed": 5}, (7,))
    for name in ("GlorotUniform", "VarianceScaling"):
        config = {"seed": 3, "input_axes": [0, 2], "output_axes": [1]}
        yield Row(f"{name}-axes", "initializers", name, config, (3, 4, 5))
    fixed = [
        ("Zeros", {}, (2, 3)),
        ("Ones", {}, (2, 3)),
        ("Constant", {"value": 2.5}, (2, 3)),
        ("Constant", {"value": -1}, (4,)),
        ("Identity", {"gain": 2.0}, (3, 3)),
        ("Identity", {}, (4, 2)),
        ("Identity", {}, (2, 4)),
    ]
    for i, (name, config, shape) in enumerate(fixed):
        yield Row(f"{name}-{i}", "initializers", name, config, shape, ALL)
    for name in ("Zeros", "Ones", "Constant"):
        yield Row(f"{name}-int", "initializers", name, {}, (2, 2), dtype="int32")
        yield Row(f"{name}-half", "initializers", name, {}, (2, 2), dtype="bfloat16")
    windows = [
        {},
        {"side": "imag"},
        {"window": "hamming", "scaling": "spectrum"},
        {"window": None},
        {"window": [0.5] * 16, "scaling": None},
        {"periodic": True},
    ]
    for i, config in enumerate(windows):
        yield Row(f"STFT-{i}", "initializers", "STFT", config, (16, 1, 9))


def _regularizers():
    rows = [
        ("L1", {}),
        ("L1", {"l1": 0.3}),
        ("L2", {}),
        ("L2", {"l2": 0.3}),
        ("L1L2", {}),
        ("L1L2", {"l1": 0.2, "l2": 0.3}),
        ("L1L2", {"l1": 0.2}),
        ("OrthogonalRegularizer", {}),
        ("OrthogonalRegularizer", {"factor": 0.5, "mode": "columns"}),
    ]
    for i, (name, config) in enumerate(rows):
        impls = ALL if name == "L1L2" and config else TWO
        yield Row(f"{name}-{i}", "regularizers", name, config, "smooth", impls)
        if not name.startswith("Orth"):
            yield Row(f"{name}-{i}-kernel", "regularizers", name, config, "kernel", impls)
            # the derivative of abs at 0 is 1 for JAX and 0 for TensorFlow
            yield Row(f"{name}-{i}-zeros", "regularizers", name, config, "matrix")
            yield Row(f"{name}-{i}-half", "regularizers", name, config, "matrix", dtype="float16")
    for name in ("l1", "l2", "l1_l2"):
        yield Row(f"{name}-function", "regularizers", name, {}, "smooth", ALL)


def _constraints():
    rows = [
        ("MaxNorm", {}),
        ("MaxNorm", {"max_value": 0.5, "axis": 1}),
        ("MinMaxNorm", {}),
        ("MinMaxNorm", {"min_value": 3.0, "max_value": 4.0, "rate": 0.3, "axis": 1}),
        ("UnitNorm", {}),
        ("UnitNorm", {"axis": 1}),
        ("NonNeg", {}),
    ]
    for i, (name, config) in enumerate(rows):
        yield Row(f"{name}-{i}", "constraints", name, config, "matrix", ALL)
        yield Row(f"{name}-{i}-half", "constraints", name, config, "matrix", dtype="bfloat16")
        if name != "NonNeg":
            yield Row(f"{name}-{i}-axes", "constraints", name, {**config, "axis": [0, 1, 2]}, "kernel", ALL)
    yield Row("RadialConstraint", "constraints", "RadialConstraint", {}, "kernel", ("tf_keras",))
    yield Row("RadialConstraint-even", "constraints", "RadialConstraint", {}, "even kernel", ("tf_keras",))


ROWS = [*_activations(), *_initializers(), *_regularizers(), *_constraints()]


def _ramp(x):
    """Weights that make a scalar of an array; no two alike."""
    return np.linspace(-1, 2, int(np.prod(x.shape)), dtype="float32").reshape(x.shape)


def build(keras, row):
    """(function of an array, object or None) of a row."""
    found = getattr(getattr(keras, row.module), row.name)
    if row.module == "activations":
        return (lambda x: found(x, **row.config)), None
    if row.config.get("window") is not None and isinstance(row.config["window"], list):
        found = found(**{**row.config, "window": np.array(row.config["window"])})
    else:
        found = found(**row.config)
    return found, found


def run(impl, keras, row):
    """(values, gradient or None, dtype, config or None) of a row."""
    fn, obj = build(keras, row)
    config = obj.get_config() if obj is not None and "window" not in row.config else None
    if row.module == "initializers":
        value = fn(row.data, row.dtype)
        if impl == "keras224" and not isinstance(value, np.ndarray):
            value = keras.backend.get_value(value)
        return (*_stored(value, row, impl), config)
    x = data(row.data)
    if impl == "tf_keras":
        import tensorflow as tf

        x = tf.constant(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = fn(x)
            total = tf.reduce_sum(value * _ramp(value))
        return value.numpy(), _dense(tape.gradient(total, x), x), value.dtype.name, config
    if impl == "keras224":
        K = keras.backend
        x = K.variable(x)
        value = fn(x)
        grad = K.gradients(K.sum(value * _ramp(K.eval(value))), [x])[0]
        return K.eval(value), K.eval(grad) if grad is not None else np.zeros_like(K.eval(x)), K.dtype(value), config
    import jax
    import jax.numpy as jnp

    x = jnp.asarray(x, row.dtype)
    if row.dtype != "float32" or row.module == "constraints":
        value = fn(x)
        return np.asarray(value, "float32"), None, str(value.dtype), config

    @jax.jit
    def both(x):
        value, pull = jax.vjp(fn, x)
        return value, pull(jnp.asarray(_ramp(value)))[0]

    value, grad = both(x)
    return np.asarray(value), np.asarray(grad), str(value.dtype), config


def _dense(grad, x):
    return np.zeros(x.shape, "float32") if grad is None else grad.numpy()


def _stored(value, row, impl):
    dtype = str(getattr(value.dtype, "name", value.dtype))
    value = np.asarray(value, "float32")
    if "seed" in row.config and (impl in ALL[1:] or "keras3" not in row.impls):
        value = spread(value)
    return value, None, dtype


def spread(value):
    """Mean, standard deviation, smallest and largest value."""
    return np.array([value.mean(), value.std(), value.min(), value.max()], "float32")

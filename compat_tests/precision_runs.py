"""Training under dtype policies: what is run in the real Keras 3 (make_precision_golden.py) and here (test_precision.py)."""

import numpy as np

POLICIES = ("float32", "mixed_bfloat16", "mixed_float16", "bfloat16", "float16")
STEPS = 8


def model_of(keras, kind):
    """A small net and the shape of its inputs; layers that have a policy of their own in "own"."""
    layers = keras.layers
    if kind == "dense":
        stack, shape = [layers.Dense(16, activation="relu"), layers.Dense(8), layers.Softmax()], (12,)
    elif kind == "conv":
        stack = [layers.Conv2D(4, 3, activation="relu"), layers.BatchNormalization(), layers.Flatten()]
        stack, shape = [*stack, layers.Dense(8, activation="softmax")], (6, 6, 2)
    elif kind == "norm":
        stack = [layers.Dense(16, activation="gelu"), layers.LayerNormalization(), layers.Dense(8), layers.Softmax()]
        shape = (12,)
    else:  # own
        stack = [layers.Dense(16, activation="relu"), layers.Dense(8, activation="softmax", dtype="float32")]
        shape = (12,)
    return keras.Sequential([keras.Input(shape), *stack]), shape


def weights_for(model):
    rng = np.random.default_rng(3)
    drawn = [rng.normal(size=w.shape).astype("float32") * (0.3 if len(w.shape) > 1 else 0.1) for w in model.weights]
    return [np.abs(a) + 0.5 if "variance" in w.path else a for w, a in zip(model.weights, drawn)]


def data_for(shape):
    rng = np.random.default_rng(4)
    return rng.normal(size=(32, *shape)).astype("float32"), rng.integers(0, 8, 32)


def train(keras, kind, policy):
    """Outputs before training, losses of the steps, weights after them, and the dtypes of outputs and weights."""
    keras.config.set_dtype_policy(policy)
    try:
        model, shape = model_of(keras, kind)
        model.set_weights(weights_for(model))
        x, y = data_for(shape)
        model.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
        first = model(x)
        losses = [float(model.train_on_batch(x, y)) for _ in range(STEPS)]
        dtypes = [
            str(first.dtype),
            *(str(np.dtype(w.dtype) if w.dtype != "bfloat16" else w.dtype) for w in model.weights),
        ]
        weights = [np.asarray(w.value, "float32") for w in model.weights]
        optimizer = type(model.optimizer).__name__
    finally:
        keras.config.set_dtype_policy("float32")
    return {"first": np.asarray(first, "float32"), "losses": np.array(losses), "weights": weights, "dtypes": dtypes,
            "optimizer": optimizer}  # fmt: skip


def overflow(keras):
    """The scale, the count of good steps and the weights after each step; the third batch and the sixth overflow."""
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
        model.set_weights([np.full((4, 3), 0.1, "float32"), np.zeros(3, "float32")])
        inner = keras.optimizers.SGD(0.01, momentum=0.9)
        scaled = keras.optimizers.LossScaleOptimizer(inner, initial_scale=64.0, dynamic_growth_steps=2)
        model.compile(scaled, "mse")
        rows = []
        for step in range(8):
            x = np.full((2, 4), 6e4 if step in (2, 5) else 1.0 + step, "float32")
            model.train_on_batch(x, np.zeros((2, 3), "float32"))
            state = (
                float(scaled.dynamic_scale.value),
                int(scaled.step_counter.value),
                int(np.asarray(inner.iterations)),
            )
            rows.append([*state, *np.asarray(model.weights[0].value)[0]])
    finally:
        keras.config.set_dtype_policy("float32")
    return np.array(rows, "float64")

"""Mixed precision: 16 bits where it is fast, 32 where it matters."""

import os

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jkeras as keras
from jkeras import layers, losses, optimizers


@pytest.fixture
def policy():
    yield keras.mixed_precision.set_global_policy
    keras.mixed_precision.set_global_policy("float32")


def digits(count=1500):
    """Ten noisy patterns of 8 x 8 points and their numbers."""
    rng = np.random.default_rng(0)
    patterns = rng.normal(size=(10, 8, 8, 1))
    y = rng.integers(0, 10, count)
    return (patterns[y] + 1.1 * rng.normal(size=(count, 8, 8, 1))).astype("float32"), y


def net(kind):
    if kind == "dense":
        stack = [layers.Flatten(), layers.Dense(64, activation="relu"), layers.Dense(10)]
    else:
        stack = [layers.Conv2D(16, 3), layers.BatchNormalization(), layers.ReLU(), layers.Flatten(), layers.Dense(10)]
    model = keras.Sequential([keras.Input((8, 8, 1)), *stack, layers.Activation("softmax", dtype="float32")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@pytest.mark.parametrize("kind, half", [("dense", "mixed_float16"), ("conv", "mixed_bfloat16")])
def test_nets_reach_the_accuracy_of_float32(policy, kind, half):
    x, y = digits()
    reached = {}
    for name in ("float32", half):
        policy(name)
        keras.utils.set_random_seed(1)
        model = net(kind)
        model.fit(x[:1000], y[:1000], batch_size=50, epochs=4, verbose=0)
        reached[name] = model.evaluate(x[1000:], y[1000:], verbose=0)[1]
        assert {str(w.value.dtype) for w in model.trainable_weights} == {"float32"}
    assert reached["float32"] > 0.9
    assert min(reached.values()) > reached["float32"] - 0.02


def test_compile_scales_the_loss_under_mixed_float16_once(policy):
    policy("mixed_float16")
    for given in ("sgd", optimizers.LossScaleOptimizer(optimizers.SGD())):
        model = keras.Sequential([keras.Input((2,)), layers.Dense(1)])
        model.compile(given, "mse")
        assert type(model.optimizer) is optimizers.LossScaleOptimizer
        assert type(model.optimizer.inner_optimizer) is optimizers.SGD
    model.compile("sgd", "mse", auto_scale_loss=False)
    assert type(model.optimizer) is optimizers.SGD


@pytest.mark.parametrize("name", ["mixed_bfloat16", "bfloat16", "float32"])
def test_other_policies_need_no_scale(policy, name):
    policy(name)
    model = keras.Sequential([keras.Input((2,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    assert type(model.optimizer) is optimizers.SGD


def test_a_policy_of_a_layer_holds_for_it_alone():
    half = layers.Dense(3, dtype="mixed_bfloat16")
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3), half, layers.Dense(2)])
    assert [str(one.compute_dtype) for one in model.layers] == ["float32", "bfloat16", "float32"]
    assert str(model(np.ones((1, 4))).dtype) == "float32" and str(half(np.ones((1, 3))).dtype) == "bfloat16"


@pytest.mark.parametrize(
    "make",
    [
        lambda: layers.LayerNormalization(dtype="mixed_float16"),
        lambda: layers.BatchNormalization(dtype="mixed_float16"),
        lambda: layers.GroupNormalization(1, dtype="mixed_float16"),
    ],
)
def test_norms_do_not_overflow_where_squares_leave_the_range_of_float16(make):
    layer = make()
    y = np.asarray(layer(np.linspace(-2e3, 2e3, 16, dtype="float16").reshape(4, 4), training=True), "float32")
    assert np.isfinite(y).all() and 0.5 < y.std() < 2


WIDE = {
    "softmax": lambda p: layers.Softmax(dtype=p),
    "softmax, masked": lambda p: lambda x: layers.Softmax(dtype=p)(x, mask=np.arange(32) < 20),
    "activation softmax": lambda p: layers.Activation("softmax", dtype=p),
    "log_softmax": lambda p: layers.Activation("log_softmax", dtype=p),
    "LayerNormalization": lambda p: layers.LayerNormalization(dtype=p),
    "RMSNormalization": lambda p: layers.RMSNormalization(dtype=p),
    "GroupNormalization": lambda p: layers.GroupNormalization(8, dtype=p),
    "UnitNormalization": lambda p: layers.UnitNormalization(dtype=p),
    "BatchNormalization": lambda p: lambda x: layers.BatchNormalization(dtype=p)(x, training=True),
    "GlobalAveragePooling2D": lambda p: layers.GlobalAveragePooling2D(dtype=p),
    "AveragePooling2D": lambda p: layers.AveragePooling2D(3, dtype=p),
    "AdaptiveAveragePooling2D": lambda p: layers.AdaptiveAveragePooling2D(4, dtype=p),
    "sum": lambda p: lambda x: keras.ops.sum(x, axis=(1, 2)),
    "mean": lambda p: lambda x: keras.ops.mean(x, axis=-1),
    "var": lambda p: lambda x: keras.ops.var(x, axis=-1),
    "std": lambda p: lambda x: keras.ops.std(x, axis=-1),
    "norm": lambda p: lambda x: keras.ops.norm(x, axis=-1),
    "normalize": lambda p: lambda x: keras.ops.normalize(x),
    "sparsemax": lambda p: keras.activations.sparsemax,
    "MaxNorm": lambda p: keras.constraints.MaxNorm(1.0, axis=-1),
    "UnitNorm": lambda p: keras.constraints.UnitNorm(axis=-1),
}


@pytest.mark.parametrize("name", WIDE)
@pytest.mark.parametrize("half", ["float16", "bfloat16"])
@pytest.mark.parametrize("size", [10, 6e3])  # squares and sums of the second leave the range of float16
def test_reductions_are_computed_in_float32_and_rounded_once(name, half, size):
    x = jnp.asarray(np.random.default_rng(0).normal(size, 0.3 * size, (4, 6, 6, 32))).astype(half)
    found = WIDE[name](f"mixed_{half}")(x)
    expected = np.asarray(WIDE[name]("float32")(x.astype("float32")), "float64")
    assert str(found.dtype) == half
    last, smallest = (2.0**-11, 2.0**-25) if half == "float16" else (2.0**-8, 0.0)  # half a unit in the last place
    there = np.abs(expected) < float(jnp.finfo(half).max)
    gap = np.abs(np.asarray(found.astype("float32"), "float64") - expected)[there]
    assert np.all(gap <= 1.01 * last * np.abs(expected[there]) + smallest)


LOSSES = [
    "BinaryCrossentropy", "BinaryFocalCrossentropy", "CategoricalCrossentropy", "CategoricalFocalCrossentropy",
    "CategoricalHinge", "CosineSimilarity", "Dice", "Hinge", "Huber", "KLDivergence", "LogCosh", "MeanAbsoluteError",
    "MeanAbsolutePercentageError", "MeanSquaredError", "MeanSquaredLogarithmicError", "Poisson", "SquaredHinge", "Tversky",
]  # fmt: skip


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_of_half_outputs_is_that_of_the_same_numbers_in_float32(policy, name):
    rng = np.random.default_rng(0)
    y = (rng.uniform(size=(16, 8)) > 0.5).astype("float32")
    outputs = jax.nn.softmax(jnp.asarray(rng.normal(size=(16, 8)))).astype("float16")
    policy("mixed_float16")
    loss = getattr(losses, name)()
    found = loss(y, outputs)
    assert found.dtype == jnp.float32 and float(found) == float(loss(y, outputs.astype("float32")))


@pytest.mark.parametrize("name", ["MeanSquaredError", "MeanAbsolutePercentageError", "SquaredHinge", "LogCoshError"])
def test_a_metric_of_half_outputs_is_that_of_the_same_numbers_in_float32(policy, name):
    rng = np.random.default_rng(0)
    y, outputs = (
        rng.uniform(1, 2, (16, 8)).astype("float32"),
        jnp.asarray(rng.normal(0, 9e3, (16, 8))).astype("float16"),
    )
    policy("mixed_float16")
    found, expected = (getattr(keras.metrics, name)() for _ in range(2))
    found.update_state(y, outputs)
    expected.update_state(y, outputs.astype("float32"))
    assert np.isfinite(float(expected.result())) and float(found.result()) == float(expected.result())


def test_a_normalization_layer_keeps_statistics_that_half_floats_do_not_hold(policy):
    x = np.random.default_rng(0).normal(0, 2e4, (64, 3)).clip(-6e4, 6e4).astype("float16")
    policy("mixed_float16")
    layer = layers.Normalization()
    layer.adapt(x)
    assert np.asarray(layer(x), "float32").std() == pytest.approx(1, abs=0.01)


def test_the_policies_of_layers_survive_config_json_and_files(tmp_path):
    stack = [
        layers.Dense(3, dtype="mixed_bfloat16", name="a"),
        layers.Dense(3, dtype=keras.DTypePolicy("mixed_float16"), name="b"),
        layers.Dense(3, dtype="bfloat16", name="c"),
        layers.Bidirectional(layers.SimpleRNN(2, dtype="mixed_bfloat16"), dtype="mixed_bfloat16", name="d"),
        layers.Softmax(dtype="float32", name="e"),
    ]
    model = keras.Sequential([keras.Input((4, 4)), *stack])
    expected = [one.dtype_policy.name for one in model.layers]
    assert expected == ["mixed_bfloat16", "mixed_float16", "bfloat16", "mixed_bfloat16", "float32"]
    model.save(tmp_path / "m.keras")
    read = keras.models.load_model(tmp_path / "m.keras")
    for again in (
        keras.Sequential.from_config(model.get_config()),
        keras.models.model_from_json(model.to_json()),
        read,
    ):
        assert [one.dtype_policy.name for one in again.layers] == expected
        assert again.layers[3].forward_layer.dtype_policy.name == "mixed_bfloat16"
        assert [str(w.dtype) for w in again.weights] == [str(w.dtype) for w in model.weights]
    x = np.ones((2, 4, 4), "float32")
    np.testing.assert_array_equal(np.asarray(read(x)), np.asarray(model(x)))


@pytest.mark.parametrize(
    "loss, size",
    [(losses.MeanSquaredError(), 400.0), (losses.CategoricalCrossentropy(from_logits=True), 30.0)],
)
def test_losses_of_half_outputs_are_computed_in_float32(policy, loss, size):
    policy("mixed_float16")
    outputs = layers.Dense(8)(np.ones((512, 4), "float32")) * 0 + jnp.float16(size)
    model_loss = loss(np.zeros((512, 8), "float32"), outputs)
    assert model_loss.dtype == jnp.float32 and np.isfinite(float(model_loss))


def test_gradients_of_a_step_reach_float32_weights_in_float32(policy):
    policy("mixed_bfloat16")
    model = keras.Sequential([keras.Input((4,)), layers.Dense(2)])
    params, state = model.init(0)
    grads = jax.grad(lambda p: jnp.sum(model.apply(p, state, np.ones((3, 4), "float32"))[0].astype("float32")))(params)
    assert {str(g.dtype) for g in jax.tree.leaves(grads)} == {"float32"}


@pytest.mark.slow
@pytest.mark.skipif("JKERAS_MNIST" not in os.environ, reason="JKERAS_MNIST names no file with the real MNIST")
@pytest.mark.parametrize("kind", ["dense", "conv"])
def test_mnist_is_learnt_as_well_as_in_float32(kind):
    from benchmarks import precision

    parts = precision.data()
    found = {name: precision.accuracy(kind, name, 0, 2, parts)[0] for name in precision.POLICIES}
    assert found["float32"] > 0.965 and min(found.values()) > found["float32"] - 0.004

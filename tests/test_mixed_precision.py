"""Mixed precision: 16 bits where it is fast, 32 where it matters."""

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

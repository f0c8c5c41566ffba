"""Normalization layers: errors, what the generations disagree on, short floats, frozen layers."""

import pathlib

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from compat_tests.make_batch_statistics import CASES, MOMENTUM, batches
from jkeras import layers
from jkeras.core.declare import era
from jkeras.nn import columns, norm

GOLDEN = pathlib.Path(__file__).parents[1] / "compat_tests" / "golden"
BN = "BatchNormalization"

# What BatchNormalization does in a generation where it is not what it does today.
ERAS = {
    "keras3": {},
    "tf_keras": {(BN, "moving_variance_of"): "images"},
    "keras224": {
        (BN, "moving_variance_of"): "twice",
        (BN, "debiased"): True,
        (BN, "frozen_is_inference"): False,
    },
}


def ones(*shape):
    return jnp.ones(shape)


BAD = [
    (lambda: layers.BatchNormalization(axis=4, name="b")(ones(2, 3)), "axis=4", "shape (2, 3)"),
    (lambda: layers.BatchNormalization(axis="last"), "axis='last'", "an integer"),
    (lambda: layers.BatchNormalization(momentum=2), "momentum=2", "between 0 and 1"),
    (lambda: layers.BatchNormalization(renorm_clipping={"max": 1}), "rmax, rmin and dmax", "'max'"),
    (lambda: layers.BatchNormalization(renorm_clipping={"rmax": 1, "rmin": 2}), "rmax", "at least rmin"),
    (lambda: layers.BatchNormalization(renorm_clipping={"dmax": -1}), "dmax", "at least 0"),
    (lambda: layers.BatchNormalization()(layers.Input((3, None))), "must be known", "(None, 3, None)"),
    (lambda: layers.BatchNormalization(fused=True)(ones(2, 3)), "fused=True", "Leave out fused"),
    (lambda: layers.BatchNormalization(virtual_batch_size=3)(ones(4, 2), training=True), "must divide", "(4, 2)"),
    (lambda: layers.BatchNormalization(axis=0, virtual_batch_size=2)(ones(4, 2)), "excludes axis 0", "adjustment"),
    (lambda: again(layers.BatchNormalization(), (2, 3), (2, 4)), "last axis of size 3", "(2, 4)"),
    (
        lambda: layers.BatchNormalization()(ones(2, 3, 4), training=True, mask=ones(2)),
        "one axis less",
        "received (2,)",
    ),
    (lambda: layers.GroupNormalization(groups=0), "groups", "0"),
    (lambda: layers.GroupNormalization(groups=4)(ones(2, 6)), "groups=4", "divisor of 6"),
    (lambda: layers.LayerNormalization(axis=[1, 5])(ones(2, 3)), "axis=[1, 5]", "from -2 to 1"),
    (lambda: layers.UnitNormalization(axis=None), "axis=None", "integer"),
    (lambda: layers.SpectralNormalization(layers.Dense(2), power_iterations=0), "power_iterations=0", "positive"),
    (lambda: layers.SpectralNormalization(layers.Flatten())(ones(2, 3)), "kernel or embeddings", "Flatten"),
]


def again(layer, first, second):
    layer(ones(*first))
    return layer(ones(*second))


@pytest.mark.parametrize("call, where, what", BAD)
def test_bad_arguments_and_inputs_are_named(call, where, what):
    with pytest.raises((ValueError, TypeError)) as error:
        call()
    assert where in str(error.value) and what in str(error.value)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("real", ERAS)
def test_moving_averages_are_those_of_each_generation(monkeypatch, real, case):
    monkeypatch.setattr(era, "defaults", ERAS[real])
    shape, axis = CASES[case]
    golden = np.load(GOLDEN / real / "batch_statistics.npz")
    layer = layers.BatchNormalization(axis=axis, momentum=MOMENTUM)
    for i, x in enumerate(batches(shape)):
        layer(x, training=True)
        mean, variance = layer.get_weights()[2:]
        np.testing.assert_allclose(mean, golden[f"{case}|mean{i}"], 1e-4, 1e-5)
        np.testing.assert_allclose(variance, golden[f"{case}|variance{i}"], 1e-4, 1e-5)
    layer.trainable = False
    loss = jnp.mean(layer(x, training=True) ** 2)
    np.testing.assert_allclose(loss, golden[f"{case}|frozen_loss"], 1e-4)
    np.testing.assert_array_equal(layer.get_weights()[2], mean)


def test_counting_the_steps_is_no_weight(monkeypatch):
    monkeypatch.setattr(era, "defaults", ERAS["keras224"])
    layer = layers.BatchNormalization()
    params, state = layer.init(jax.random.key(0), (4, 3))
    assert len(layer.get_weights()) == 4
    _, state = layer.apply(params, state, jnp.ones((4, 3)), training=True)
    np.testing.assert_allclose(state["moving_mean"], 1.0, 1e-5)


@pytest.mark.parametrize("dtype", ["mixed_float16", "mixed_bfloat16"])
def test_statistics_of_short_floats_do_not_overflow(dtype):
    x = np.float32([[300.0], [60000.0]])
    for layer in (layers.BatchNormalization(dtype=dtype), layers.LayerNormalization(axis=[0, 1], dtype=dtype)):
        y = np.asarray(layer(x, training=True) if "Batch" in type(layer).__name__ else layer(x), "float32")
        np.testing.assert_allclose(y, [[-1.0], [1.0]], atol=0.02)


def test_masked_points_change_neither_statistics_nor_gradients():
    x, mask = jnp.arange(12.0).reshape(2, 3, 2), jnp.array([[True, True, False], [True, False, False]])
    layer = layers.BatchNormalization(momentum=0.0)
    layer(x, training=True, mask=mask)
    mean = layer.get_weights()[2]
    layer(x.at[0, 2].set(1e6), training=True, mask=mask)
    np.testing.assert_allclose(mean, layer.get_weights()[2])


def test_adjustment_scales_and_shifts_in_training_only():
    layer = layers.BatchNormalization(adjustment=lambda shape: (jnp.full(shape[-1:], 2.0), jnp.full(shape[-1:], 1.0)))
    x = jnp.array([[1.0], [3.0]])
    np.testing.assert_allclose(layer(x, training=True), [[-1.0], [3.0]], atol=1e-2)
    np.testing.assert_allclose(layer(x), layers.BatchNormalization()(x), atol=0.1)


def test_statistics_of_a_batch_spread_over_devices_are_those_of_the_whole_batch():
    layer = layers.BatchNormalization(synchronized=True)
    params, state = layer.init(jax.random.key(0), (4, 3))
    mesh = jax.sharding.Mesh(np.array(jax.devices()[:1]), ("batch",))
    spread = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec("batch"))
    x = jnp.arange(12.0).reshape(4, 3)
    call = jax.jit(lambda x: layer.apply(params, state, x, training=True)[0])
    np.testing.assert_allclose(call(jax.device_put(x, spread)), call(x), 1e-6)


def test_an_embedding_is_normalized_by_its_spectrum():
    layer = layers.SpectralNormalization(layers.Embedding(5, 3), power_iterations=30)
    layer(jnp.array([[1, 2]]))
    assert np.linalg.svd(layer.layer.get_weights()[0], compute_uv=False)[0] < 1
    layer(jnp.array([[1, 2]]), training=True)
    np.testing.assert_allclose(np.linalg.svd(layer.layer.get_weights()[0], compute_uv=False)[0], 1.0, 0.05)


def test_a_kernel_of_zeros_stays_as_it_is():
    layer = layers.SpectralNormalization(layers.Dense(2, kernel_initializer="zeros"))
    assert not np.isnan(layer(jnp.ones((1, 3)), training=True)).any()


def test_statistics_on_the_cpu_are_those_of_accelerators(monkeypatch):
    x = jnp.asarray(np.random.RandomState(1).standard_normal((2, 4, 3, 5)).astype("float32"))
    gamma = jnp.arange(5.0)

    def normal(x, gamma):
        mean, variance = norm.moments(x, (0, 1, 2))
        return norm.scale_shift(x, mean, variance, gamma.reshape(1, 1, 1, 5))

    found = []
    for cpu in (True, False):
        for module in (norm, columns):
            monkeypatch.setattr(module, "on_cpu", lambda cpu=cpu: cpu)
        y, pull = jax.vjp(normal, x, gamma)
        found.append([y, *pull(jnp.sin(y))])
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, 1e-4, 1e-4)


@pytest.mark.parametrize("slope", [jax.grad, jax.jacfwd, jax.hessian], ids=["reverse", "forward", "second"])
def test_statistics_by_columns_have_the_slopes_of_their_formula(slope):
    def ours(x):
        return jnp.sum(jnp.sin(norm.scale_shift(x, *norm.moments(x, (0, 1, 2))) * jnp.arange(1.0, 4.0)))

    def formula(x):
        mean = jnp.mean(x, (0, 1, 2))
        variance = jnp.mean(jnp.square(x - mean), (0, 1, 2))
        return jnp.sum(jnp.sin((x - mean) / jnp.sqrt(variance + 1e-3) * jnp.arange(1.0, 4.0)))

    x = jnp.asarray(np.random.RandomState(2).standard_normal((2, 2, 2, 3)).astype("float32"))
    np.testing.assert_allclose(slope(ours)(x), slope(formula)(x), 1e-3, 1e-4)

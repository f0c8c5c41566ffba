"""Convolution, pooling and locally connected layers: errors, the CPU's formulations against plain lax, odd inputs."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from jkeras import layers
from jkeras.nn import columns, conv, platform, pooling

DRAW = np.random.RandomState(3)


def draw(*shape):
    return jnp.asarray(DRAW.standard_normal(shape).astype("float32"))


def ones(*shape):
    return jnp.ones(shape)


# ------------------------------------------------- messages

IMAGE = (2, 5, 5, 3)
CONSTRUCTION = [
    (lambda: layers.Conv2D(0, 3), "filters=0", "positive integer"),
    (lambda: layers.Conv2D(4, 0), "kernel_size=0", "positive integers"),
    (lambda: layers.Conv2D(4, (3, 3, 3)), "kernel_size wants 2 integers", "(3, 3, 3)"),
    (lambda: layers.Conv1D(4, 3, strides=(1, 2)), "strides wants 1 integers", "(1, 2)"),
    (lambda: layers.Conv2D(4, 3, strides=0), "strides=0", "positive integers"),
    (lambda: layers.Conv2D(4, 3, padding="full"), "padding='full'", "'valid', 'same'"),
    (lambda: layers.Conv2D(4, 3, padding="causal"), "padding='causal' is for Conv1D", "'valid' or 'same'"),
    (lambda: layers.MaxPooling1D(2, padding="causal"), "padding='causal' is for Conv1D", "'valid' or 'same'"),
    (lambda: layers.MaxPooling2D(2, padding="both"), "padding='both'", "'valid', 'same'"),
    (lambda: layers.Conv2D(4, 3, data_format="nhwc"), "data_format='nhwc'", "'channels_last'"),
    (lambda: layers.MaxPooling2D(2, data_format="first"), "data_format='first'", "'channels_first'"),
    (lambda: layers.Conv2D(4, 3, groups=3), "groups=3", "filters=4"),
    (lambda: layers.Conv2D(4, 3, groups=0), "groups=0", "positive integer"),
    (lambda: layers.Conv2D(4, 3, strides=2, dilation_rate=2), "exclude each other", "leave one of them 1"),
    (lambda: layers.Conv2DTranspose(4, 3, strides=2, output_padding=2), "output_padding=(2, 2)", "strides=(2, 2)"),
    (lambda: layers.DepthwiseConv2D(3, depth_multiplier=0), "depth_multiplier=0", "positive integer"),
    (lambda: layers.LocallyConnected1D(4, 3, padding="same"), "implementation=1", "implementation=2 or 3"),
    (lambda: layers.LocallyConnected1D(4, 3, implementation=4), "1, 2 or 3", "4"),
    (lambda: layers.AdaptiveMaxPooling2D((1, 2, 3)), "output_size wants 2 integers", "(1, 2, 3)"),
]
CALLS = [
    (lambda: layers.Conv2D(4, 3, name="c")(ones(5, 5, 3)), "Conv2D 'c'", "received shape (5, 5, 3)"),
    (lambda: layers.MaxPooling2D(name="p")(ones(5, 5, 3)), "MaxPooling2D 'p'", "received shape (5, 5, 3)"),
    (lambda: layers.GlobalMaxPooling1D(name="p")(ones(5, 3)), "'p': expected 3 axes", "received shape (5, 3)"),
    (lambda: twice(layers.Conv2D(4, 3), IMAGE, (2, 5, 5, 4)), "last axis of size 3", "received shape (2, 5, 5, 4)"),
    (lambda: layers.Conv2D(4, 6, name="c")(ones(*IMAGE)), "(2, 5, 5, 3)", "would become (0, 0)"),
    (lambda: twice(layers.Conv2D(4, 3), IMAGE, (2, 2, 5, 3)), "(2, 2, 5, 3)", "padding='same'"),
    (lambda: layers.MaxPooling2D(6)(ones(*IMAGE)), "the window does not fit", "would become (0, 0)"),
    (lambda: layers.Conv2D(4, 3, groups=2)(ones(*IMAGE)), "groups=2", "3 channels"),
    (lambda: layers.Conv2D(4, 3)(layers.Input((5, 5, None))), "number of channels", "must be known"),
    (lambda: layers.LocallyConnected1D(4, 3)(layers.Input((None, 3))), "of known size", "(None, None, 3)"),
]


def twice(layer, first, second):
    layer(ones(*first))
    return layer(ones(*second))


@pytest.mark.parametrize("make, where, what", CONSTRUCTION)
def test_bad_arguments_are_named_before_anything_is_built(make, where, what):
    with pytest.raises((ValueError, TypeError)) as error:
        make()
    assert where in str(error.value) and what in str(error.value)


@pytest.mark.parametrize("call, where, what", CALLS)
def test_bad_inputs_are_named_with_layer_and_shape(call, where, what):
    with pytest.raises(ValueError) as error:
        call()
    assert where in str(error.value) and what in str(error.value)


# ------------------------------------------------- the formulations of the CPU

CONVOLUTIONS = {
    "pointwise": ((2, 5, 4, 3), (1, 1, 3, 6), (2, 1), "same", (1, 1), 1),
    "depthwise": ((2, 6, 5, 4), (3, 2, 1, 4), (2, 1), "same", (1, 1), 4),
    "depthwise dilated": ((2, 7, 6, 4), (3, 2, 1, 8), (1, 1), "valid", (2, 3), 4),
    "depthwise of many": ((1, 4, 3, 72), (2, 2, 1, 72), (1, 1), "same", (1, 1), 72),
    "groups": ((2, 5, 4, 6), (3, 3, 2, 9), (1, 2), "same", (1, 1), 3),
    "groups of many": ((1, 4, 3, 128), (2, 2, 32, 8), (1, 1), "valid", (1, 1), 4),
    "causal": ((2, 7, 3), (3, 3, 4), (1,), "causal", (2,), 1),
    "volume": ((2, 5, 4, 3, 2), (3, 2, 2, 2, 3), (2, 1, 1), "same", (1, 1, 1), 1),
    "volume dilated": ((1, 6, 4, 3, 4), (3, 2, 2, 2, 4), (1, 1, 1), "valid", (2, 1, 1), 2),
}


def both_ways(monkeypatch, function, *arrays):
    """The function's values, gradients and tangents, on the CPU's way and on the accelerators' way."""
    found = []
    for cpu in (True, False):
        for module in (conv, pooling, columns):
            monkeypatch.setattr(module, "on_cpu", lambda cpu=cpu: cpu)

        def everything(arrays):  # a new function each time, so that nothing is taken from the cache
            y, pull = jax.vjp(function, *arrays)
            cotangent = jnp.cos(jnp.arange(y.size, dtype="float32")).reshape(y.shape)
            tangents = tuple(jnp.sin(a) for a in arrays)
            return y, pull(cotangent), jax.jvp(function, arrays, tangents)[1]

        found.append(jax.jit(everything)(arrays))
    return found


def assert_same(found):
    for a, b in zip(*map(jax.tree.leaves, found), strict=True):
        np.testing.assert_allclose(a, b, 1e-5, 1e-5)


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_convolutions_on_the_cpu_are_those_of_accelerators(monkeypatch, name):
    x, kernel, strides, padding, dilation, groups = CONVOLUTIONS[name]
    function = lambda x, k: conv.conv(x, k, strides, padding, dilation, groups)  # noqa: E731
    assert_same(both_ways(monkeypatch, function, draw(*x), draw(*kernel)))


def test_channels_first_is_the_transpose_of_channels_last(monkeypatch):
    x, kernel = draw(2, 5, 4, 6), draw(3, 3, 2, 9)
    last = conv.conv(x, kernel, 1, "same", 1, 3)
    assert_same(both_ways(monkeypatch, lambda x: conv.conv(x, kernel, 1, "same", 1, 3, False), jnp.moveaxis(x, -1, 1)))
    first = conv.conv(jnp.moveaxis(x, -1, 1), kernel, 1, "same", 1, 3, False)
    np.testing.assert_allclose(jnp.moveaxis(first, 1, -1), last, 1e-5, 1e-5)


POOLS = list(itertools.product(("max", "average"), ((2, 2), (3, 2), (3, 1), (1, 2)), ("valid", "same")))


@pytest.mark.parametrize("kind, window, padding", POOLS)
def test_pooling_on_the_cpu_is_that_of_accelerators_also_where_values_are_equal(monkeypatch, kind, window, padding):
    pool = {"max": pooling.max_pool, "average": pooling.average_pool}[kind]
    x = jnp.round(draw(2, 6, 5, 3))
    found = [f[:2] for f in both_ways(monkeypatch, lambda x: pool(x, *window, padding), x)]
    assert_same(found)


def test_bias_gradients_and_column_sums_are_those_of_plain_sums(monkeypatch):
    assert_same(both_ways(monkeypatch, columns.add_bias, draw(3, 4, 5, 2), draw(2)))
    assert_same(both_ways(monkeypatch, columns.column_sum, draw(3, 4, 5, 2)))


def test_second_derivatives_and_batches_of_kernels_go_through():
    x, kernel = draw(1, 4, 4, 2), draw(2, 2, 1, 2)

    def loss(k):
        return (pooling.max_pool(conv.conv(x, k, groups=2), 2, 1) ** 2).sum()

    gradient = jax.jit(jax.grad(loss))
    forward, reverse = jax.jit(jax.jacfwd(gradient)), jax.jit(jax.jacrev(gradient))
    np.testing.assert_allclose(forward(kernel), reverse(kernel), 1e-4, 1e-4)
    many = jax.jit(jax.vmap(gradient))(jnp.stack([kernel, 2 * kernel]))
    np.testing.assert_allclose(many[0], gradient(kernel), 1e-5, 1e-5)


def test_the_largest_value_of_integers_is_an_integer():
    y = pooling.max_pool(jnp.arange(8).reshape(1, 4, 2), 2, padding="same")
    assert y.dtype == jnp.int32 and y[0].tolist() == [[2, 3], [6, 7]]


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_averages_of_short_floats_are_summed_in_float32(dtype):
    x = jnp.full((1, 2048, 1), 1.0009765625, dtype)
    assert pooling.average_pool(x, 2048).dtype == dtype
    np.testing.assert_allclose(float(pooling.average_pool(x, 2048)[0, 0, 0]), float(x[0, 0, 0]), 1e-6)
    assert columns.column_sum(jnp.ones((1, 4096, 1), dtype))[0] == 4096


def test_nothing_is_copied_to_the_accelerators_way_on_this_machine():
    assert platform.on_cpu() == (jax.default_backend() == "cpu")
    with jax.default_device(jax.devices("cpu")[0]):
        assert platform.on_cpu()


# ------------------------------------------------- layers

CONVOLVING = {
    "Conv2D": lambda: layers.Conv2D(4, 2),
    "Conv2DTranspose": lambda: layers.Conv2DTranspose(4, 2, strides=2),
    "DepthwiseConv2D": lambda: layers.DepthwiseConv2D(2),
    "SeparableConv2D": lambda: layers.SeparableConv2D(4, 2),
}


@pytest.mark.parametrize("name", CONVOLVING)
def test_further_batch_axes_are_kept(name):
    layer, x = CONVOLVING[name](), draw(2, 3, 4, 4, 2)
    y = layer(x)
    assert y.shape == layer.compute_output_shape(x.shape)
    np.testing.assert_allclose(y[1], layer(x[1]), 1e-5, 1e-5)


def test_causal_outputs_do_not_see_later_inputs():
    layer, x = layers.Conv1D(2, 3, padding="causal", dilation_rate=2), draw(1, 8, 2)
    y = layer(x)
    np.testing.assert_array_equal(layer(x.at[:, 5:].set(9.0))[:, :5], y[:, :5])
    assert y.shape == (1, 8, 2)


def test_lora_trains_a_low_rank_sum_instead_of_the_kernel():
    layer = layers.Conv2D(4, 3, lora_rank=2)
    layer.build((None, 5, 5, 3))
    assert [w.name for w in layer.trainable_weights] == ["bias", "lora_kernel_a", "lora_kernel_b"]
    assert layer.get_config()["lora_rank"] == 2 and "lora_rank" not in layers.Conv2D(4, 3).get_config()
    before = layer(ones(1, 5, 5, 3))
    layer.weights[-1].assign(ones(2, 4))
    assert not np.allclose(before, layer(ones(1, 5, 5, 3)))


def test_transposed_convolution_is_the_gradient_of_the_convolution():
    x, kernel = draw(2, 7, 7, 3), draw(3, 3, 3, 4)
    y, pull = jax.vjp(lambda x: conv.conv(x, kernel, 2), x)
    np.testing.assert_allclose(conv.conv_transpose(y, kernel, 2), pull(y)[0], 1e-4, 1e-4)


def test_average_pooling_counts_as_reduce_window_does():
    x = draw(1, 5, 5, 2)
    total, count = (
        lax.reduce_window(v, 0.0, lax.add, (1, 3, 3, 1), (1, 2, 2, 1), "SAME") for v in (x, jnp.ones_like(x))
    )
    np.testing.assert_allclose(pooling.average_pool(x, 3, 2, "same"), total / count, 1e-6)

"""Rematerialisation: the same numbers with less memory."""

import jax
import numpy as np
import pytest

import jkeras
from jkeras import RematScope, layers
from jkeras.core.remat import CPU_OPTIONS

RNG = np.random.default_rng(0)
X = RNG.standard_normal((32, 6, 16)).astype("float32")
Y = RNG.integers(0, 3, 32)


def block(width, **kwargs):
    return jkeras.Sequential(
        [
            layers.Input((6, width)),
            layers.Dense(width, "gelu", activity_regularizer="l2"),
            layers.Dropout(0.3, seed=3),
            layers.BatchNormalization(),
            layers.Dense(width, "gelu"),
        ],
        **kwargs,
    )


def net(**kwargs):
    jkeras.utils.set_random_seed(1)
    parts = [layers.Masking(), block(16, **kwargs), layers.GlobalAveragePooling1D(), layers.Dense(3)]
    return jkeras.Sequential([layers.Input((6, 16)), *parts])


def trained(model, **kwargs):
    model.compile("adam", jkeras.losses.SparseCategoricalCrossentropy(from_logits=True), **kwargs)
    x = X.copy()
    x[:, 4:] = 0.0  # masked
    jkeras.utils.set_random_seed(2)
    history = model.fit(x, Y, batch_size=8, epochs=2, verbose=0).history
    return history["loss"], model.get_weights()


def in_scope(*args, **kwargs):
    def make():
        with RematScope(*args, **kwargs):
            return net()

    return make


WAYS = {
    "a block": lambda: net(remat=True),
    "full": in_scope("full"),
    "activations": in_scope("activations"),
    "larger_than": in_scope("larger_than", output_size_threshold=200),
    "list_of_layers": in_scope("list_of_layers", layer_names=["dropout", "batch_normalization", "masking"]),
}


@pytest.fixture(scope="module")
def expected():
    return trained(net())


@pytest.mark.parametrize("way", WAYS)
def test_training_with_dropout_batchnorm_masks_and_activity_losses_gives_the_same(way, expected):
    losses, weights = trained(WAYS[way]())
    np.testing.assert_allclose(losses, expected[0], rtol=1e-5)
    for one, other in zip(weights, expected[1], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def remats(make, x=X, y=Y):
    """How often the training step of a model rematerialises."""
    model = make()
    params, state = model.init(0, x)

    def loss(params):
        return model.apply(params, state, x, training=True)[0].sum()

    return str(jax.make_jaxpr(loss)(params)).count("remat")


def dense(**kwargs):
    return jkeras.Sequential([layers.Input((6, 16)), *(layers.Dense(n, "gelu", **kwargs) for n in (64, 8, 64))])


@pytest.mark.parametrize(
    "scope, count",
    [
        (("full",), 3),
        (("activations",), 3),
        (("larger_than", 32 * 6 * 8), 2),
        (("list_of_layers", 0, ["narrow"]), 0),
        ((None,), 0),
    ],
)
def test_a_scope_acts_on_the_layers_made_inside_as_its_mode_says(scope, count):
    with RematScope(*scope):
        model = dense()
    assert remats(lambda: model) == count


def test_layers_made_outside_a_scope_are_left_alone_when_called_in_it():
    model = dense()
    with RematScope():
        assert remats(lambda: model) == 0


def test_the_argument_wins_over_the_scope():
    with RematScope():
        assert remats(lambda: dense(remat=False)) == 0
    assert remats(lambda: dense(remat=True)) == 3


def test_remat_of_the_model_that_is_trained_means_each_of_its_layers():
    model = dense()
    model.remat = True
    assert remats(lambda: model) == 3


@pytest.mark.parametrize("value", ["full", 1.5])
def test_an_unknown_setting_raises(value):
    with pytest.raises(ValueError, match="remat: expected True, False or a RematScope"):
        layers.Dense(2, remat=value)
    with pytest.raises(ValueError, match="mode must be one of"):
        RematScope("some")


def test_the_setting_is_not_saved():
    layer = layers.Dense(2, name="d", remat=True)
    assert layer.get_config() == layers.Dense(2, name="d").get_config()


def deep(**kwargs):
    """Blocks of several wide activations each, so that what is kept between them is small."""
    parts = [layers.Input((64,))]
    for i in range(4):
        inner = [layers.Input((64,)), *(layers.Dense(512, "swish") for _ in range(3)), layers.Dense(64)]
        parts.append(jkeras.Sequential(inner, name=f"block_{i}", **kwargs))
    return jkeras.Sequential(parts)


def test_blocks_need_less_memory():
    def size(**kwargs):
        model = deep(**kwargs)
        x = np.zeros((512, 64), "float32")
        params, state = model.init(0, x)
        options = CPU_OPTIONS if jax.default_backend() == "cpu" else None
        loss = jax.grad(lambda p: (model.apply(p, state, x, training=True)[0] ** 2).sum())
        compiled = jax.jit(loss, compiler_options=options).lower(params).compile()
        return compiled.memory_analysis().temp_size_in_bytes

    plain, less = size(), size(remat=True)
    assert less < 0.6 * plain

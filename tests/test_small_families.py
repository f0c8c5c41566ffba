"""Names, configs, errors and symbolic use of activations, initializers, regularizers and constraints."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jkeras import activations, constraints, initializers, regularizers
from jkeras.core.declare import era
from jkeras.core.rng import SeedGenerator, set_seed
from jkeras.core.symbolic import KerasTensor
from jkeras.core.variable import Variable

FAMILIES = {
    initializers: ["zeros", "zero", "ones", "one", "constant", "normal", "random_normal", "uniform", "random_uniform"]
    + ["truncated_normal", "variance_scaling", "glorot_uniform", "glorot_normal", "he_uniform", "he_normal"]
    + ["lecun_uniform", "lecun_normal", "orthogonal", "OrthogonalInitializer", "identity", "IdentityInitializer"]
    + ["stft", "STFTInitializer", "GlorotUniform", "GlorotUniformV2"],
    regularizers: ["l1", "l2", "l1l2", "L1L2", "OrthogonalRegularizer", "orthogonal_regularizer"],
    constraints: ["max_norm", "maxnorm", "MaxNorm", "min_max_norm", "non_neg", "nonneg", "unit_norm", "unitnorm"],
}
NAMES = [(module, name) for module, names in FAMILIES.items() for name in names]
IDS = [name for _, name in NAMES]


@pytest.mark.parametrize(("module", "name"), NAMES, ids=IDS)
def test_a_name_gives_an_object_that_survives_its_config(module, name):
    found = module.get(name)
    again = module.deserialize(module.serialize(found))
    assert type(again) is type(found) and again.get_config() == found.get_config()
    assert module.get(type(found)).get_config() == found.get_config()
    assert module.get(found) is found
    legacy = module.serialize(found, use_legacy_format=True)
    assert set(legacy) == {"class_name", "config"} and type(module.get(legacy)) is type(found)


@pytest.mark.parametrize("name", [n for n in activations.__all__ if n not in ("get", "serialize", "deserialize")])
def test_an_activation_survives_its_name(name):
    found = getattr(activations, name)
    assert activations.get(name) is found and activations.get(found) is found
    assert activations.get(activations.serialize(found)) is found


@pytest.mark.parametrize("module", [activations, *FAMILIES])
def test_an_unknown_name_is_refused_and_the_nearest_named(module):
    near = {activations: "reluu", initializers: "glorot_unifrom", regularizers: "l1_l3", constraints: "maxnormm"}[
        module
    ]
    with pytest.raises(ValueError, match="Did you mean"):
        module.get(near)
    with pytest.raises(ValueError):
        module.get(3)


@pytest.mark.parametrize("module", FAMILIES)
def test_none_stays_none(module):
    assert module.get(None) is None and module.serialize(None) is None


def test_no_activation_is_linear():
    assert activations.get(None) is activations.linear


def test_a_function_of_ones_own_is_described_as_keras_describes_it():
    def mine(x):
        return x

    config = {"module": "builtins", "class_name": "function", "config": "mine", "registered_name": "function"}
    assert activations.serialize(mine) == config
    assert activations.get({"class_name": "function", "config": "relu"}) is activations.relu


def test_the_era_chooses_the_slope_of_hard_sigmoid(monkeypatch):
    assert activations.get("hard_sigmoid") is activations.hard_sigmoid
    for old in ("1", "2.2", "tf2"):
        monkeypatch.setattr(era, "name", old)
        assert (
            activations.get("hard_sigmoid") is activations.deserialize("hard_sigmoid") is activations.hard_sigmoid_fifth
        )
        assert activations.serialize(activations.hard_sigmoid_fifth) == "hard_sigmoid"


def test_the_era_chooses_the_defaults_of_l1_l2(monkeypatch):
    assert regularizers.l1_l2().get_config() == {"l1": 0.0, "l2": 0.0}
    assert regularizers.get("l1_l2").get_config() == {"l1": 0.01, "l2": 0.01}
    monkeypatch.setattr(era, "defaults", {("l1_l2", "l1"): 0.01, ("l1_l2", "l2"): 0.01})
    assert regularizers.l1_l2(l2=0.5).get_config() == {"l1": 0.01, "l2": 0.5}


ACTIVATIONS = [n for n in activations.__all__ if n not in ("get", "serialize", "deserialize", "threshold")]


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_takes_symbolic_tensors_variables_and_lists(name):
    fn = getattr(activations, name)
    symbolic = fn(KerasTensor((None, 4)))
    value = fn(jnp.ones((3, 4)))
    assert symbolic.shape == (None, *value.shape[1:]) and symbolic.dtype == "float32"
    np.testing.assert_array_equal(fn(Variable(np.ones((3, 4), "float32"))), value)
    if name != "linear":
        np.testing.assert_array_equal(fn(np.ones((3, 4)).tolist()), value)


@pytest.mark.parametrize(
    "penalty", [regularizers.L1(), regularizers.L1L2(0.1, 0.2), regularizers.OrthogonalRegularizer()]
)
def test_a_regularizer_takes_symbolic_tensors_and_variables(penalty):
    assert penalty(KerasTensor((4, 4))).shape == ()
    assert penalty(Variable(np.eye(3, dtype="float32"))).shape == ()


@pytest.mark.parametrize("name", ["max_norm", "min_max_norm", "unit_norm", "non_neg"])
def test_a_constraint_takes_symbolic_tensors_and_variables(name):
    constraint = constraints.get(name)
    assert constraint(KerasTensor((4, 5))).shape == (4, 5)
    assert constraint(Variable(np.eye(3, dtype="float32"))).shape == (3, 3)


def test_an_array_serves_as_initializer_of_its_shape():
    given = initializers.get(np.arange(4.0))
    assert given((4,)).tolist() == [0, 1, 2, 3]
    with pytest.raises(ValueError, match="shape"):
        given((2, 2))


def test_a_constant_array_is_reshaped_or_broadcast():
    assert initializers.Constant([1.0, 2.0, 3.0, 4.0])((2, 2)).tolist() == [[1, 2], [3, 4]]
    assert initializers.Constant(np.array([1.0, 2.0]))((2, 2)).tolist() == [[1, 2], [1, 2]]


def test_a_seeded_initializer_repeats_itself_and_others_do_not():
    seeded, free = initializers.RandomNormal(seed=3), initializers.RandomNormal()
    key = jax.random.key(0)
    assert jnp.array_equal(seeded((4,)), seeded((4,), key=key))
    assert not jnp.array_equal(free((4,)), free((4,)))
    assert jnp.array_equal(free((4,), key=key), free((4,), key=key))
    counting = initializers.RandomNormal(seed=SeedGenerator(3))
    assert not jnp.array_equal(counting((4,)), counting((4,)))
    set_seed(5)
    first = free((4,))
    set_seed(5)
    assert jnp.array_equal(first, free((4,)))


def test_a_seed_generator_stands_in_the_config():
    again = initializers.deserialize(initializers.serialize(initializers.HeNormal(seed=SeedGenerator(3))))
    assert isinstance(again.seed, SeedGenerator) and again.clone().seed.seed == 3


def test_initializers_are_pure_under_jit_and_vmap():
    make = initializers.Orthogonal()
    keys = jax.random.split(jax.random.key(1), 3)
    together = jax.vmap(lambda k: make((4, 4), key=k))(keys)
    np.testing.assert_allclose(together[1], jax.jit(lambda k: make((4, 4), key=k))(keys[1]), atol=1e-5)


def test_old_configs_with_a_dtype_are_read():
    assert initializers.deserialize({"class_name": "Zeros", "config": {"dtype": "float32"}}).get_config() == {}


def test_integers_are_drawn_by_random_uniform_only():
    drawn = initializers.RandomUniform(0, 5, seed=1)((50,), "int32")
    assert drawn.dtype == "int32" and set(drawn.tolist()) == {0, 1, 2, 3, 4}
    with pytest.raises(ValueError, match="floating"):
        initializers.RandomNormal()((2,), "int32")


WRONG = [
    (lambda: initializers.VarianceScaling(scale=0), "scale"),
    (lambda: initializers.VarianceScaling(mode="fan"), "mode"),
    (lambda: initializers.VarianceScaling(distribution="x"), "distribution"),
    (lambda: initializers.RandomNormal(seed="a"), "seed"),
    (lambda: initializers.Orthogonal()((3,)), "two axes"),
    (lambda: initializers.Identity()((3,)), "two axes"),
    (lambda: initializers.STFT(side="x"), "side"),
    (lambda: initializers.STFT(scaling="x"), "scaling"),
    (lambda: initializers.STFT(window="x"), "window"),
    (lambda: initializers.STFT(window=[1.0])((4, 1, 3)), "window"),
    (lambda: regularizers.L1(-1.0), "at least 0"),
    (lambda: regularizers.L2(float("nan")), "at least 0"),
    (lambda: regularizers.L1L2(l1="a"), "at least 0"),
    (lambda: regularizers.OrthogonalRegularizer(mode="x"), "mode"),
    (lambda: regularizers.OrthogonalRegularizer()(jnp.ones(3)), "matrix"),
    (lambda: constraints.RadialConstraint()(jnp.ones((3, 3))), "kernel"),
]


@pytest.mark.parametrize(("call", "what"), WRONG)
def test_a_wrong_value_is_refused_by_name(call, what):
    with pytest.raises(ValueError, match=what):
        call()


def test_an_unknown_argument_is_refused_by_name():
    with pytest.raises(TypeError, match="mena"):
        initializers.RandomNormal(mena=1.0)


def test_no_argument_means_the_default_factor():
    assert regularizers.L1(None).l1 == 0.01 and regularizers.L1L2(None, None).l2 == 0.0

"""LoRA and quantization from the outside: what they cost, what they refuse, what files hold."""

import jax.numpy as jnp
import numpy as np
import pytest

from jkeras import Input, Sequential, dtype_policies, layers
from jkeras.core.variable import Variable
from jkeras.layers import adaptation
from jkeras.models import load_model
from jkeras.nn import calibration, quantization
from jkeras.optimizers import SGD, Adam, LossScaleOptimizer
from jkeras.quantizers import AbsMaxQuantizer, AWQConfig, GPTQConfig, Int4QuantizationConfig, Int8QuantizationConfig


def built(**config):
    layer = layers.Dense(3, **config)
    layer.build((None, 4))
    return layer


def quantized(config):
    layer = built()
    layer.quantize(config=config)
    return layer


def table():
    layer = layers.Embedding(5, 4)
    layer.build((None,))
    return layer


GPTQ = GPTQConfig([[1, 2]], None, sequence_length=2, num_samples=1)


def test_lora_starts_where_the_layer_was_and_trains_little():
    layer, x = built(), jnp.ones((2, 4))
    before = layer(x)
    layer.enable_lora(2)
    np.testing.assert_array_equal(before, layer(x))
    assert [v.name for v in layer.trainable_weights] == ["bias", "lora_kernel_a", "lora_kernel_b"]


def test_alpha_given_to_the_constructor_scales_the_sum():
    x = jnp.ones((2, 4))
    one, four = built(lora_rank=2), built(lora_rank=2, lora_alpha=8)
    values = [np.full(w.shape, 0.5, "float32") for w in one.weights]
    one.set_weights(values), four.set_weights(values)
    base = x @ values[0] + values[1]
    np.testing.assert_allclose(4 * (one(x) - base), four(x) - base, rtol=1e-6)


def test_merging_gives_a_plain_layer_of_the_same_function():
    layer, x = built(lora_rank=2), jnp.ones((2, 4))
    layer.set_weights([np.full(w.shape, 0.5, "float32") for w in layer.weights])
    before = layer(x)
    adaptation.merge_lora(layer)
    assert [v.name for v in layer.trainable_weights] == ["kernel", "bias"]
    np.testing.assert_allclose(before, layer(x), rtol=1e-6)


def test_files_hold_the_merged_matrix():
    layer, plain, store = built(lora_rank=2), built(), {}
    layer.set_weights([np.full(w.shape, 0.5, "float32") for w in layer.weights])
    layer.save_own_variables(store)
    plain.load_own_variables({k: np.asarray(v) for k, v in store.items()})
    np.testing.assert_allclose(plain(jnp.ones((2, 4))), layer(jnp.ones((2, 4))), rtol=1e-6)


def test_quantized_weights_go_through_a_store():
    layer, other, store = built(), built(), {}
    layer.quantize("int8"), other.quantize("int8")
    layer.save_own_variables(store)
    assert [np.asarray(store[k]).dtype.name for k in "012"] == ["int8", "float32", "float32"]
    other.load_own_variables(store)
    np.testing.assert_array_equal(layer(jnp.ones((2, 4))), other(jnp.ones((2, 4))))


def test_lora_over_int8_is_merged_into_what_files_hold():
    layer, other, store, x = built(), built(), {}, jnp.ones((2, 4))
    layer.quantize("int8"), other.quantize("int8")
    layer.enable_lora(2, b_initializer="ones")
    layer.save_own_variables(store)
    other.load_own_variables(store)
    np.testing.assert_allclose(layer(x), other(x), atol=0.1)
    assert abs(other(x) - x @ layer.kernel.base.value).max() > 0.1


@pytest.mark.parametrize("mode", ["int8", "int4", "float8"])
def test_a_quantized_layer_comes_back_from_its_config(mode):
    layer, x = quantized(mode), jnp.array([[1.0, -2.0, 0.5, 3.0]])
    again = layers.Dense.from_config(layer.get_config())
    again.build((None, 4))
    again.load_own_variables(stored(layer))
    np.testing.assert_array_equal(layer(x), again(x))
    assert layer.dtype_policy == again.dtype_policy


def stored(layer):
    store = {}
    layer.save_own_variables(store)
    return store


@pytest.mark.parametrize("group", [-1, 100])
def test_gptq_loses_less_than_rounding_in_matrices_of_several_blocks(group):
    draws = np.random.RandomState(0)
    weights = jnp.asarray(draws.standard_normal((3, 200)), "float32")
    x = jnp.asarray(draws.standard_normal((400, 8)) @ draws.standard_normal((8, 200)), "float32")
    found = calibration.gptq(weights, calibration.add_to_hessian(jnp.zeros((200, 200)), 0, x), 4, group)
    assert found["kernel_scale"].shape == (3, 1 if group == -1 else 2)
    args = found["kernel_scale"], found["kernel_zero"], found["g_idx"], -1
    scale, zero = (part[:, found["g_idx"].astype(int)] for part in args[:2])
    plain = quantization.to_steps(weights, scale, zero, 4)
    losses = [jnp.abs(x @ (quantization.from_groups(s, *args) - weights).T).mean() for s in (found["steps"], plain)]
    assert losses[0] < 0.8 * losses[1]


def test_a_weight_that_takes_its_gradient_as_it_is_has_no_slots():
    straight, usual = Variable(np.ones(2, "float32")), Variable(np.ones(2, "float32"))
    straight.overwrite_with_gradient = True
    optimizer = Adam(0.1, clipnorm=1e-3, gradient_accumulation_steps=2)
    for gradient in ([3.0, 1.0], [2.0, 5.0]):
        optimizer.apply([jnp.array(gradient), jnp.ones(2)], [straight, usual])
    assert straight.numpy().tolist() == [3.0, 5.0] and abs(usual.numpy()[0] - 0.9) < 1e-3
    assert [v.name for v in optimizer.variables if v.name.endswith("_momentum")] == ["variable_momentum"]


def test_the_scale_of_a_loss_does_not_touch_a_weight_that_takes_its_gradient_as_it_is():
    straight = Variable(np.ones(2, "float32"))
    straight.overwrite_with_gradient = True
    optimizer = LossScaleOptimizer(SGD(0.1), initial_scale=8.0)
    optimizer.apply([jnp.array([3.0, 1.0])], [straight])
    assert straight.numpy().tolist() == [3.0, 1.0]


def test_a_quantized_policy_builds_a_quantized_layer():
    layer = layers.Dense(3, dtype=dtype_policies.get("int8_from_float32"))
    assert layer(jnp.ones((2, 4))).dtype == "float32"
    assert layer.quantization_mode == "int8" and layer.kernel.stored.dtype == "int8"


def net():
    return Sequential([Input((4,)), layers.Dense(3, name="wide"), layers.Flatten(), layers.Dense(2, name="narrow")])


@pytest.mark.parametrize(
    ("filters", "quantized"),
    [(None, [1, 1]), ("wid", [1, 0]), (["x", "^n"], [0, 1]), (lambda layer: getattr(layer, "units", 0) == 2, [0, 1])],
)
def test_a_model_quantizes_the_layers_that_are_chosen(filters, quantized):
    model, x = net(), np.ones((2, 4), "float32")
    before = model.predict(x, verbose=0)
    model.quantize("int8", filters=filters)
    assert [int(layer.quantization_mode == "int8") for layer in model.layers[::2]] == quantized
    after = model.predict(x, verbose=0)
    np.testing.assert_array_equal(after, model(x))
    np.testing.assert_allclose(before, after, atol=0.03)
    assert (before != after).any()


def test_a_model_names_the_layers_that_it_cannot_quantize():
    model = Sequential([Input((4, 4, 1)), layers.Conv2D(2, 2)])
    with pytest.warns(UserWarning, match="Conv2D"):
        model.quantize(config=Int8QuantizationConfig())


def test_configurations_that_look_at_data_are_kept_without_it():
    for cls in (GPTQConfig, AWQConfig):
        config = cls(["a"], str.split, group_size=8).get_config()
        assert config["dataset"] is config["tokenizer"] is None
        assert cls.from_config(config).dtype_policy_string() == f"{cls.mode}/4/8"


@pytest.mark.parametrize(
    "act, error, text",
    [
        (lambda: layers.Dense(3).enable_lora(2), ValueError, "built"),
        (lambda: layers.Dense(3).quantize("int8"), ValueError, "built"),
        (lambda: built(lora_rank=2).enable_lora(2), ValueError, "already"),
        (lambda: built(lora_rank=2).quantize("int8"), ValueError, "adapted"),
        (lambda: built(kernel_constraint="non_neg").enable_lora(2), ValueError, "constraint"),
        (lambda: built().enable_lora(0), ValueError, "positive"),
        (lambda: built().quantize("int3"), ValueError, "int8"),
        (lambda: built().quantize(), ValueError, "mode"),
        (lambda: built().quantize("int8", config=Int4QuantizationConfig()), ValueError, "contradicts"),
        (lambda: built().quantize("gptq"), ValueError, "GPTQConfig"),
        (lambda: built().quantize(config=3), ValueError, "QuantizationConfig"),
        (lambda: built(dtype="float16").quantize("int8"), ValueError, "float16"),
        (lambda: quantized("int4").quantize("int8"), ValueError, "once"),
        (lambda: quantized(GPTQ).enable_lora(2), NotImplementedError, "'gptq'"),
        (lambda: quantized("float8").enable_lora(2), NotImplementedError, "'float8'"),
        (lambda: quantized(GPTQ).save_own_variables({}), ValueError, "not chosen"),
        (lambda: built().quantized_build((5, 3), "int8"), ValueError, "shape"),
        (lambda: table().quantize("float8"), NotImplementedError, "int4"),
        (lambda: net().quantize("gptq", config=GPTQ), ValueError, "sequential_blocks"),
        (lambda: built().quantize(config=Int8QuantizationConfig(AbsMaxQuantizer(axis=1))), ValueError, r"axis=\(0,\)"),
        (lambda: net().quantize("int8", filters=3), ValueError, "filters"),
        (lambda: Sequential([layers.Dense(3)]).quantize("int8"), ValueError, "built"),
        (lambda: GPTQConfig(None, None, weight_bits=5), ValueError, "weight_bits"),
        (lambda: AWQConfig(None, None, num_grid_points=0), ValueError, "num_grid_points"),
        (lambda: layers.Flatten().quantize("int8"), NotImplementedError, "Flatten"),
        (lambda: adaptation.merge_lora(built()), ValueError, "LoRA"),
    ],
)
def test_what_cannot_be_adapted_says_so(act, error, text):
    with pytest.raises(error, match=text):
        act()


def test_each_layer_has_the_policy_that_a_map_gives_its_path():
    policies = dtype_policies.DTypePolicyMap("float32", {"net/half": "float16", "net/small": "int8_from_float32"})
    half, small = layers.Dense(3, name="half", dtype=policies), layers.Dense(2, name="small", dtype=policies)
    model = Sequential([Input((4,)), half, small], name="net")
    assert [layer.path for layer in model.layers] == ["net/half", "net/small"]
    assert [half.compute_dtype, half.kernel.dtype, small.quantization_mode] == ["float16", "float16", "int8"]


def test_setting_a_policy_that_quantizes_does_so():
    layer = built()
    layer.dtype_policy = "int4_from_float32"
    assert layer.quantization_mode == "int4" and layer.kernel.stored.dtype == "int8"
    with pytest.raises(ValueError, match="GPTQConfig"):
        built().dtype_policy = "gptq/4/-1_from_float32"


@pytest.mark.parametrize("mode", ["gptq", "awq"])
def test_a_model_that_looked_at_data_is_saved_whole(tmp_path, mode):
    x = np.ones((2, 4), "float32")
    block = Sequential([Input((4,)), layers.Dense(3, name="inside")])
    model = Sequential([Input((4,)), block, layers.Dense(2)])
    config = {"gptq": GPTQConfig, "awq": AWQConfig}[mode]([[1, 2, 3, 4]], str.split, num_samples=1, sequence_length=4)
    model.get_quantization_layer_structure = lambda mode: {
        "sequential_blocks": [block],
        "pre_block_layers": [as_floats],
    }
    model.quantize(config=config)
    assert block.layers[0].quantization_mode == mode and model.layers[1].quantization_mode is None
    model.save(tmp_path / "m.keras")
    np.testing.assert_array_equal(load_model(tmp_path / "m.keras").predict(x, verbose=0), model.predict(x, verbose=0))


def as_floats(tokens):
    return jnp.asarray(tokens, "float32")

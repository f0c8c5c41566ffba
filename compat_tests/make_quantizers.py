"""Write down what the quantizers of Keras 3 make of fixed numbers: python -m compat_tests.make_quantizers (on JAX)."""

import json
import pathlib

import numpy as np

# Far from the middle between two steps, and nothing but sums of eighths: no machine rounds them in another way.
X = np.array(
    [[0.5, -1.25, 2.0], [3.0, 0.125, -0.75], [1.5, 2.25, -4.0], [-2.0, 0.875, 1.0], [0.25, -0.5, 0.375]], "float32"
)
INTS = np.array([[1, -8, 7], [3, 0, -1], [-5, 2, 6]], "int8")


def cases(q, as_array):
    """name -> function of no arguments."""
    x, ints = as_array(X), as_array(INTS)
    return {
        "abs_max": lambda: q.abs_max_quantize(x, axis=-1),
        "abs_max_column": lambda: q.abs_max_quantize(x, axis=0, value_range=(-8, 7)),
        "abs_max_host": lambda: q.abs_max_quantize(x, axis=0, to_numpy=True),
        "grouped": lambda: q.abs_max_quantize_grouped_with_zero_point(x, 2),
        "grouped_host": lambda: q.abs_max_quantize_grouped_with_zero_point(x, 2, to_numpy=True),
        "pack": lambda: q.pack_int4(ints),
        "pack_last": lambda: q.pack_int4(ints, axis=-1),
        "unpack": lambda: q.unpack_int4(q.pack_int4(ints)[0], 3),
        "float8_scale": lambda: q.compute_float8_scale(as_array(np.float32(3.0)), as_array(np.float32(0.5)), 448.0, 1),
        "float8_scale_of_nothing": lambda: q.compute_float8_scale(
            as_array(np.float32(0)), as_array(np.float32(0.5)), 448.0
        ),
        "float8_history": lambda: q.compute_float8_amax_history(x, as_array(np.arange(3, dtype="float32"))),
        "float8": lambda: q.quantize_and_dequantize(x, as_array(np.float32(0.25)), "float8_e4m3fn", "float32"),
        "fake": lambda: q.fake_quant_with_min_max_vars(x, -1.9, 2.1, num_bits=4),
        "fake_narrow": lambda: q.fake_quant_with_min_max_vars(x, -1.9, 2.1, num_bits=4, narrow_range=True),
        "fake_columns": lambda: q.fake_quant_with_min_max_vars(
            x, as_array(np.float32([-1, -2, -3])), as_array(np.float32([3, 2, 1.5])), num_bits=5, axis=1
        ),
        "config": lambda: q.AbsMaxQuantizer(axis=0).get_config(),
        "config_int4": lambda: q.Int4QuantizationConfig(block_size=64).get_config(),
    }


def layer_cases(keras):
    """name -> function of no arguments: what quantized layers give, and what is stored."""
    q, layers = keras.quantizers, keras.layers
    x = np.array([[0.5, -1.25, 2.0, 0.1], [3.0, 0.125, -0.75, 1.0]], "float32")
    kernel = ((np.arange(12.0).reshape(4, 3) * 7 % 5 - 2.2) / 3).astype("float32")
    makes = {
        "dense": (lambda: layers.Dense(3), (None, 4), [kernel, np.ones(3)], x),
        "einsum": (lambda: layers.EinsumDense("abc,cd->abd", (None, 3)), (None, 2, 4), [kernel], x[None]),
        "embedding": (lambda: layers.Embedding(4, 3), (None,), [kernel], np.array([1, 3])),
    }
    last = q.AbsMaxQuantizer(axis=-1, value_range=(-7, 7))
    first = q.AbsMaxQuantizer(axis=0, value_range=(-7, 7))
    configs = {
        "usual": lambda name: q.Int8QuantizationConfig(),
        "floating_inputs": lambda name: q.Int8QuantizationConfig(activation_quantizer=None),
        "coarse": lambda name: q.Int8QuantizationConfig(weight_quantizer=last if name == "embedding" else first),
        "coarse_inputs": lambda name: q.Int8QuantizationConfig(activation_quantizer=last),
        "coarse_alone": lambda name: q.Int8QuantizationConfig(last if name == "embedding" else first, None),
    }

    def run(name, config):
        make, shape, weights, inputs = makes[name]
        layer = make()
        layer.build(shape)
        layer.set_weights(weights)
        layer.quantize(config=configs[config](name))
        again = type(layer).from_config(layer.get_config())
        again.build(shape)
        again.set_weights(layer.get_weights())
        return [layer(inputs), again(inputs), *sorted(layer.get_weights(), key=lambda w: w.size)]

    return {f"{name}_{config}": lambda n=name, c=config: run(n, c) for name in makes for config in configs}


def numbers(shape, seed):
    """Fixed numbers that no machine rounds in another way."""
    return (np.random.RandomState(seed).randint(-999, 1000, shape) / 512).astype("float32")


def blocks(keras, width=6):
    """A model of two blocks, with an attention in the first, and their structure."""
    layers = keras.layers
    tokens = keras.Input((5,), dtype="int32")
    embedding = layers.Embedding(11, width, name="embedding")

    def block(name, attention):
        x = keras.Input((5, width))
        y = layers.MultiHeadAttention(2, 2, name=f"{name}_heads")(x, x) if attention else x
        y = layers.Dense(7, activation="tanh", name=f"{name}_wide")(y)
        y = layers.Dense(width, name=f"{name}_narrow")(y)
        return keras.Model(x, y, name=name)

    first, second = block("first", True), block("second", False)
    model = keras.Model(tokens, second(first(embedding(tokens))))
    model.set_weights([numbers(w.shape, i) for i, w in enumerate(model.get_weights())])
    return model, {"pre_block_layers": [embedding], "sequential_blocks": [first, second]}


def calibration_cases(keras):
    """name -> function of no arguments: weights and outputs of models that looked at data."""
    q = keras.quantizers
    data = [np.array([[3, 1, 4, 1, 5]]), np.array([[9, 2, 6, 5, 3]])]
    tokens = np.array([[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]])
    configs = {
        "gptq": lambda **more: q.GPTQConfig(data, str.split, num_samples=2, sequence_length=5, **more),
        "awq": lambda **more: q.AWQConfig(data, str.split, num_samples=2, sequence_length=5, **more),
    }
    options = {
        "gptq_whole": {"group_size": -1},
        "gptq_groups": {"group_size": 2},
        "gptq_8_bits": {"group_size": 4, "weight_bits": 8},
        "gptq_3_bits": {"group_size": -1, "weight_bits": 3, "symmetric": True},
        "gptq_2_bits": {"group_size": -1, "weight_bits": 2, "per_channel": False},
        "gptq_ordered": {"group_size": 3, "activation_order": True, "hessian_damping": 0.1},
        "awq_whole": {"group_size": -1},
        "awq_groups": {"group_size": 4, "num_grid_points": 5},
    }

    def run(name):
        model, structure = blocks(keras)
        mode = name.split("_")[0]
        model.quantize(mode, config=configs[mode](quantization_layer_structure=structure, **options[name]))
        names = [layer.dtype_policy.name for layer in model._flatten_layers() if type(layer).__name__ == "Dense"]
        return [names, model(tokens), *model.get_weights()]

    return {name: lambda n=name: run(n) for name in options}


def training_cases(keras):
    """name -> function of no arguments: what training under float8 leaves."""
    x, y = numbers((8, 4), 1), numbers((8, 2), 2)

    def run(**more):
        config = {"mode": "float8", "source_name": "float32", "amax_history_length": 3}
        policy = keras.dtype_policies.QuantizedFloat8DTypePolicy(**config)
        layers = [keras.layers.Dense(3, activation="tanh", dtype=policy), keras.layers.Dense(2, dtype=policy)]
        model = keras.Sequential([keras.Input((4,)), *layers])
        values = [numbers(w.shape, i) for i, w in enumerate(model.get_weights())]
        kept = [w if w.size < 2 or w.shape == (3,) and not w.any() else v for w, v in zip(model.get_weights(), values)]
        model.set_weights(kept)
        model.compile(keras.optimizers.Adam(0.01, **more), "mse")
        model.fit(x, y, batch_size=4, epochs=3, shuffle=False, verbose=0)
        slots = (
            [] if "use_ema" in more else model.optimizer.variables
        )  # Keras 3 on JAX gives averages away with the weights
        return [model.predict(x, verbose=0), *model.get_weights(), *[v.numpy() for v in slots]]

    return {
        "float8_adam": run,
        "float8_clipped": lambda: run(clipnorm=0.1, weight_decay=0.1),
        "float8_average": lambda: run(use_ema=True, ema_momentum=0.5),
        "float8_accumulated": lambda: run(gradient_accumulation_steps=2),
    }


def plain(value):
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(v) for v in value]
    return np.asarray(value).tolist() if hasattr(value, "shape") else value


def look_at_data(keras):
    """Keras 3.15 hooks ``call`` to see what comes into a layer, but runs ``quantized_call``: let it run the hook."""
    plainly = keras.layers.Layer.quantized_call

    def quantized_call(self, *args, **kwargs):
        hooked = getattr(vars(self).get("call"), "__name__", "") == "hook"
        return self.call(*args, **kwargs) if hooked else plainly(self, *args, **kwargs)

    keras.layers.Layer.quantized_call = quantized_call


def main():
    import keras

    look_at_data(keras)
    # The places where Keras 3 looks at data are drawn anew in each process, by the hash of a text; take the first ones.
    keras.src.quantizers.gptq_core.hash = lambda value: 0
    runs = cases(keras.quantizers, keras.ops.convert_to_tensor) | layer_cases(keras)
    runs |= calibration_cases(keras) | training_cases(keras)
    found = {name: plain(run()) for name, run in runs.items()}
    text = json.dumps({"keras": keras.__version__, "found": found}, indent=1, sort_keys=True)
    (pathlib.Path(__file__).parent / "golden" / "keras3" / "quantizers.json").write_text(text + "\n")


if __name__ == "__main__":
    main()

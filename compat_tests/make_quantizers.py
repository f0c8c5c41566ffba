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


def plain(value):
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(v) for v in value]
    return np.asarray(value).tolist() if hasattr(value, "shape") else value


def main():
    import keras

    runs = cases(keras.quantizers, keras.ops.convert_to_tensor) | layer_cases(keras)
    found = {name: plain(run()) for name, run in runs.items()}
    text = json.dumps({"keras": keras.__version__, "found": found}, indent=1, sort_keys=True)
    (pathlib.Path(__file__).parent / "golden" / "keras3" / "quantizers.json").write_text(text + "\n")


if __name__ == "__main__":
    main()

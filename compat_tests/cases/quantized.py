"""Layers whose matrix was quantized after training."""

from compat_tests.case import Case


def int8(layer):
    layer.quantize("int8")


def adapted_int8(layer):
    layer.quantize("int8")
    layer.enable_lora(2, b_initializer="ones", a_initializer="ones")


def int4(block, activation=None, then=None):
    """A change: int4 in blocks (None: one scale for each output), inputs rounded by a quantizer or not."""

    def change(layer):
        keras = module_of(layer)
        inputs = None if activation is None else keras.quantizers.AbsMaxQuantizer(value_range=activation)
        config = keras.quantizers.Int4QuantizationConfig(activation_quantizer=inputs, block_size=block)
        layer.quantize("int4", config=config)
        if then is not None:
            then(layer)

    return change


def adapt(layer):
    layer.enable_lora(2, lora_alpha=3, b_initializer="ones", a_initializer="ones")


def module_of(layer):
    import importlib

    return importlib.import_module(type(layer).__module__.split(".")[0])


def float8(**more):
    config = {"mode": "float8", "source_name": "float32", "amax_history_length": 3}
    policy = {"module": "keras.dtype_policies", "class_name": "QuantizedFloat8DTypePolicy", "config": config}
    return {**more, "dtype": {**policy, "registered_name": None}}


# Reverse: Keras 3 takes the gradient of rounding, which is 0 almost everywhere; ours is that of the float product.
# One step of 1/127 more or less, where both sides round differently, is what rounding may do.
WHY = "a quantized policy is a policy of its own"
ROUND = {"change": int8, "rtol": 1e-4, "atol": 1e-4, "policies": False, "because": WHY}
TRAINS = {"call": {"training": True}, "policies": False, "vmap": False, "because": WHY, "rtol": 1e-4, "atol": 1e-4}
TABLE = {"input_dim": 7, "output_dim": 3}
REVERSE = {"call": {"reverse": True}, "grads": False}
HEADS = {"equation": "abc,cde->abde", "output_shape": (None, 2, 3), "bias_axes": "de"}
PROJECT = {"equation": "abde,dec->abc", "output_shape": (None, 3)}


def four(*args, **more):
    return {**ROUND, "change": int4(*args, **more)}


CASES = [
    Case("int8_dense", "Dense", {"units": 3, "activation": "tanh"}, (2, 4), **ROUND),
    Case("int8_dense_3d", "Dense", {"units": 3, "use_bias": False}, (2, 3, 4), **ROUND),
    Case("int8_dense_lora", "Dense", {"units": 3}, (2, 4), **{**ROUND, "change": adapted_int8}),
    Case("int8_einsum", "EinsumDense", {"equation": "ab,bc->ac", "output_shape": 5, "bias_axes": "c"}, (2, 4), **ROUND),
    Case("int8_heads", "EinsumDense", {"equation": "abc,cde->abde", "output_shape": (None, 2, 3)}, (2, 3, 4), **ROUND),
    Case(
        "int8_project", "EinsumDense", {"equation": "abde,dec->abc", "output_shape": (None, 4)}, (2, 3, 2, 3), **ROUND
    ),
    Case("int8_embedding", "Embedding", TABLE, (2, 5), dtype="int32", high=7, **ROUND),
    Case("int8_reversible", "ReversibleEmbedding", TABLE, (2, 5, 3), call={"reverse": True}, grads=False, **ROUND),
    Case(
        "int8_untied",
        "ReversibleEmbedding",
        {**TABLE, "tie_weights": False},
        (2, 5, 3),
        call={"reverse": True},
        grads=False,
        **ROUND,
    ),
    Case("int4_dense", "Dense", {"units": 3, "activation": "tanh"}, (2, 5), **four(None)),
    Case("int4_dense_blocks", "Dense", {"units": 3}, (2, 3, 5), **four(2)),
    Case("int4_dense_inputs", "Dense", {"units": 3, "use_bias": False}, (2, 5), **four(-1, (-127, 127))),
    Case("int4_dense_lora", "Dense", {"units": 3}, (2, 5), **four(2, then=adapt)),
    Case("int4_einsum", "EinsumDense", {"equation": "ab,bc->ac", "output_shape": 5}, (2, 4), **four(None)),
    Case("int4_heads", "EinsumDense", HEADS, (2, 3, 4), **four(3)),
    Case("int4_heads_inputs", "EinsumDense", HEADS, (2, 3, 4), **four(None, (-127, 127))),
    Case("int4_project", "EinsumDense", PROJECT, (2, 3, 2, 3), **four(4)),
    Case("int4_project_lora", "EinsumDense", PROJECT, (2, 3, 2, 3), **four(None, then=adapt)),
    Case("int4_embedding", "Embedding", TABLE, (2, 5), dtype="int32", high=7, **four(None)),
    Case("int4_embedding_blocks", "Embedding", TABLE, (2, 5), dtype="int32", high=7, **four(2)),
    Case("int4_embedding_lora", "Embedding", TABLE, (2, 5), dtype="int32", high=7, **four(2, then=adapt)),
    Case("int4_reversible", "ReversibleEmbedding", TABLE, (2, 5, 3), **four(None), **REVERSE),
    Case("int4_reversible_blocks", "ReversibleEmbedding", TABLE, (2, 5, 3), **four(2), **REVERSE),
    Case("int4_untied", "ReversibleEmbedding", {**TABLE, "tie_weights": False}, (2, 5, 3), **four(None), **REVERSE),
    Case("int4_untied_blocks", "ReversibleEmbedding", {**TABLE, "tie_weights": False}, (2, 5, 3), **four(2), **REVERSE),
    Case("float8_dense", "Dense", float8(units=3, activation="tanh"), (2, 4), **TRAINS),
    Case("float8_dense_3d", "Dense", float8(units=3), (2, 3, 4), **TRAINS),
    Case("float8_heads", "EinsumDense", float8(**HEADS), (2, 3, 4), **TRAINS),
]

"""Layers whose matrix was quantized after training."""

from compat_tests.case import Case


def int8(layer):
    layer.quantize("int8")


def adapted_int8(layer):
    layer.quantize("int8")
    layer.enable_lora(2, b_initializer="ones", a_initializer="ones")


# Reverse: Keras 3 takes the gradient of rounding, which is 0 almost everywhere; ours is that of the float product.
# One step of 1/127 more or less, where both sides round differently, is what rounding may do.
WHY = "int8 is a policy of its own; jkeras writes no quantization_config that it was not given"
ROUND = {"change": int8, "rtol": 1e-4, "atol": 1e-4, "policies": False, "config_equal": False, "because": WHY}
TABLE = {"input_dim": 7, "output_dim": 3}

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
]

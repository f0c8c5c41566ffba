"""Dense, EinsumDense and what stands beside them in the core file."""

from compat_tests.case import Case, Of

OLD = ("keras3", "tf_keras", "keras224")
BOTH = ("keras3", "tf_keras")
REGULARIZED = dict(kernel_regularizer="l2", bias_regularizer="l1", kernel_constraint="non_neg")

CASES = [
    Case("dense_plain", "Dense", dict(units=3), (2, 4), impls=OLD),
    Case("dense_relu_3d", "Dense", dict(units=3, activation="relu"), (2, 3, 4), impls=OLD),
    Case("dense_no_bias_mask", "Dense", dict(units=2, use_bias=False), (3, 3, 4), mask="right", impls=OLD),
    Case("dense_regularized", "Dense", dict(units=3, activation="tanh", **REGULARIZED), (2, 4), impls=OLD),
    Case("dense_softmax_he", "Dense", dict(units=3, activation="softmax", kernel_initializer="he_normal"), (2, 4)),
    Case("dense_int_input", "Dense", dict(units=3), (2, 4), dtype="int32", high=5, impls=("keras3",)),
    Case("dense_lora", "Dense", dict(units=3, lora_rank=2), (2, 4)),
    Case("einsum_plain", "EinsumDense", dict(equation="ab,bc->ac", output_shape=5, bias_axes="c"), (2, 4), impls=BOTH),
    Case(
        "einsum_sequence",
        "EinsumDense",
        dict(equation="abc,cd->abd", output_shape=(None, 5), bias_axes="d", activation="relu"),
        (2, 3, 4),
        impls=BOTH,
    ),
    Case(
        "einsum_left_ellipsis",
        "EinsumDense",
        dict(equation="...x,xy->...y", output_shape=5, bias_axes="y"),
        (2, 3, 4),
        impls=BOTH,
    ),
    Case(
        "einsum_heads",
        "EinsumDense",
        dict(equation="abc,cde->abde", output_shape=(None, 2, 3), bias_axes="de"),
        (2, 3, 4),
    ),
    Case(
        "einsum_bias_middle",
        "EinsumDense",
        dict(equation="abc,cde->abde", output_shape=(3, 2, 3), bias_axes="bd"),
        (2, 3, 4),
    ),
    Case(
        "einsum_project",
        "EinsumDense",
        dict(equation="abde,dec->abc", output_shape=(None, 4), bias_axes="c"),
        (2, 3, 2, 3),
    ),
    Case(
        "einsum_right_ellipsis",
        "EinsumDense",
        dict(equation="ab...,bc->ac...", output_shape=5, bias_axes="c"),
        (2, 4, 3),
    ),
    Case(
        "einsum_no_bias_mask",
        "EinsumDense",
        dict(equation="abc,cd->abd", output_shape=(None, 2)),
        (3, 3, 4),
        mask="right",
    ),
    Case(
        "einsum_lora", "EinsumDense", dict(equation="abc,cde->abde", output_shape=(None, 2, 3), lora_rank=2), (2, 3, 4)
    ),
    Case("identity", "Identity", {}, (2, 3, 4), mask="right"),
    Case(
        "lambda_plain",
        "Lambda",
        dict(function=Of(lambda keras: lambda x: x * 2 + 1)),
        (2, 3),
        impls=OLD,
        config_equal=False,
        because="the code of a lambda is not stored the same way",
    ),
    Case(
        "lambda_arguments",
        "Lambda",
        dict(function=Of(lambda keras: lambda x, k: x**k), arguments=dict(k=3)),
        (2, 3),
        impls=OLD,
        config_equal=False,
        because="the code of a lambda is not stored the same way",
    ),
    Case("masking_zero", "Masking", {}, (2, 3, 4), mask="right", impls=BOTH),
    Case(
        "masking_value",
        "Masking",
        dict(mask_value=2.0),
        inputs=[[[[1.0, 2.0], [2.0, 2.0]], [[2.0, 2.0], [0.0, 0.0]]]],
        mask=[[1, 1], [1, 1]],
        impls=OLD,
    ),
]

"""Activations as layers."""

from compat_tests.case import Case, T

OLD = ("keras3", "tf_keras", "keras224")
BOTH = ("keras3", "tf_keras")
TF = ("tf_keras", "keras224")

CASES = [
    Case("activation_relu", "Activation", dict(activation="relu"), (3, 4), impls=OLD),
    Case("activation_softmax_mask", "Activation", dict(activation="softmax"), (3, 3, 4), mask="right", impls=OLD),
    Case("activation_gelu", "Activation", dict(activation="gelu"), (3, 4)),
    Case("relu_plain", "ReLU", {}, (3, 4), impls=OLD),
    Case("relu_all", "ReLU", dict(max_value=1.0, negative_slope=0.1, threshold=0.2), (5, 4), impls=OLD),
    Case("relu_six", "ReLU", dict(max_value=6.0), (3, 4), low=-8.0, high=8.0),
    Case("leaky_relu", "LeakyReLU", {}, (3, 4), impls=BOTH),
    Case(
        "leaky_relu_slope",
        "LeakyReLU",
        dict(negative_slope=0.05),
        (3, 4),
        impls=BOTH,
        real={"tf_keras": dict(negative_slope=..., alpha=0.05)},
    ),
    Case("prelu_plain", "PReLU", {}, (3, 4), impls=OLD),
    Case("prelu_shared", "PReLU", dict(shared_axes=[1, 2], alpha_initializer="uniform"), (2, 3, 3, 4), impls=OLD),
    Case(
        "prelu_one_shared", "PReLU", dict(shared_axes=1, alpha_regularizer="l2", alpha_constraint="non_neg"), (2, 3, 4)
    ),
    Case("elu_plain", "ELU", {}, (3, 4), impls=OLD),
    Case("elu_alpha", "ELU", dict(alpha=0.5), (3, 4), impls=OLD),
    Case("softmax_plain", "Softmax", {}, (3, 4), impls=OLD),
    Case("softmax_axis", "Softmax", dict(axis=1), (2, 3, 4), impls=OLD),
    Case("softmax_axes", "Softmax", dict(axis=[1, 2]), (2, 3, 4), impls=BOTH),
    Case("softmax_masked", "Softmax", {}, (3, 4), call=dict(mask=T((3, 4), "bool"))),
    Case("thresholded_relu", "ThresholdedReLU", dict(theta=0.5), (3, 4), impls=TF),
]

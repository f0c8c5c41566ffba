"""Layers of Keras 1; 2.2.4 still has two of them. What runs nowhere any more is compared with its formula."""

import numpy as np

from compat_tests.case import Case

HIGHWAY = {"keras224": "legacy.layers.Highway"}
MAXOUT = {"keras224": "legacy.layers.MaxoutDense"}
ONLY = dict(impls=("keras224",))


def softplus(x, alphas, betas):
    return alphas * np.log1p(np.exp(betas * x))


def srelu(x, t_left, a_left, t_right, a_right):
    t_right = t_left + np.abs(t_right)
    middle = t_left + np.clip(x - t_left, 0, t_right - t_left) + a_left * np.minimum(x - t_left, 0)
    return middle + a_right * np.maximum(x - t_right, 0)


CASES = [
    Case("highway", "Highway", dict(activation="tanh"), (3, 4), lookup=HIGHWAY, **ONLY),
    Case("highway_no_bias", "Highway", dict(bias=False, W_regularizer="l2"), (3, 4), lookup=HIGHWAY, **ONLY),
    Case("maxout", "MaxoutDense", dict(output_dim=3), (3, 4), lookup=MAXOUT, **ONLY),
    Case("maxout_two", "MaxoutDense", dict(output_dim=3, nb_feature=2, bias=False), (3, 4), lookup=MAXOUT, **ONLY),
    Case("softplus", "ParametricSoftplus", {}, (3, 4), impls=(), formula=softplus),
    Case("softplus_shared", "ParametricSoftplus", dict(shared_axes=[1]), (3, 2, 4), impls=(), formula=softplus),
    Case("srelu", "SReLU", {}, (5, 4), impls=(), formula=srelu),
    Case("srelu_shared", "SReLU", dict(shared_axes=[1]), (3, 2, 4), impls=(), formula=srelu),
    Case("merge_sum", "Merge", {}, [(2, 3), (2, 3)], impls=(), formula=lambda a, b: a + b),
    Case("merge_mul", "Merge", dict(mode="mul"), [(2, 3), (2, 3)], impls=(), formula=lambda a, b: a * b),
    Case("merge_ave", "Merge", dict(mode="ave"), [(2, 3), (2, 3)], impls=(), formula=lambda a, b: (a + b) / 2),
    Case("merge_max", "Merge", dict(mode="max"), [(2, 3), (2, 3)], impls=(), formula=np.maximum),
    Case(
        "merge_concat",
        "Merge",
        dict(mode="concat", concat_axis=1),
        [(2, 3), (2, 1)],
        impls=(),
        formula=lambda a, b: np.concatenate([a, b], 1),
    ),
    Case(
        "merge_dot", "Merge", dict(mode="dot"), [(2, 3), (2, 3)], impls=(), formula=lambda a, b: (a * b).sum(1)[:, None]
    ),
    Case(
        "fourier",
        "RandomFourierFeatures",
        {"output_dim": 3},
        (3, 4),
        lookup={"tf_keras": "layers.experimental.RandomFourierFeatures"},
        impls=("tf_keras",),
    ),
    Case(
        "fourier_trained",
        "RandomFourierFeatures",
        {"output_dim": 3, "kernel_initializer": "laplacian", "scale": 2.0, "trainable": True},
        (3, 4),
        lookup={"tf_keras": "layers.experimental.RandomFourierFeatures"},
        impls=("tf_keras",),
    ),
]

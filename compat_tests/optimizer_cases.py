"""The optimizer table: settings whose trajectories on one small problem must equal those of a real Keras.

The problem: three weights, ``gradient = curvature * (weight - target) + noise[step]``, 120 steps. It is the gradient of
``sum(curvature / 2 * (weight - target) ** 2 + noise[step] * weight)``, which is what Keras 2.2.4 is given.
"""

from typing import NamedTuple

import numpy as np

STEPS = 120
CHECKPOINTS = (1, 2, 3, 10, 50, 100, 120)
SHAPES = {"kernel": (5, 4), "bias": (4,), "embeddings": (3, 4, 2)}
SEED = 20260


class Case(NamedTuple):
    """One setting: the class (or its dotted path below ``optimizers``), its arguments, and where it exists."""

    id: str
    optimizer: str
    config: dict
    impls: tuple
    constraint: bool = False
    rtol: float = 2e-5


K3, TF, OLD, LEGACY = ("keras3",), ("tf_keras",), ("keras224",), ("tf_keras",)
NEW = K3 + TF


def schedule(name, *args, **kwargs):
    """A learning rate schedule, to be made by the Keras that runs the case."""
    return {"schedule": name, "args": list(args), "kwargs": kwargs}


def problem():
    """The weights, curvatures, targets (lists of arrays) and the noise (list of arrays with a step axis)."""
    rng = np.random.default_rng(SEED)

    def draw(low, high, shape):
        return rng.uniform(low, high, shape).astype("float32")

    weights = [draw(-1, 1, s) for s in SHAPES.values()]
    curvature = [draw(0.2, 2.0, s) for s in SHAPES.values()]
    target = [draw(-2, 2, s) for s in SHAPES.values()]
    noise = [draw(-0.3, 0.3, (STEPS, *s)) for s in SHAPES.values()]
    return weights, curvature, target, noise


def _sgd():
    return [
        Case("sgd", "SGD", {}, NEW + OLD),
        Case("sgd_momentum", "SGD", {"learning_rate": 0.05, "momentum": 0.9}, NEW + OLD),
        Case("sgd_nesterov", "SGD", {"learning_rate": 0.05, "momentum": 0.9, "nesterov": True}, NEW + OLD),
        Case("sgd_nesterov_alone", "SGD", {"learning_rate": 0.05, "nesterov": True}, NEW),
        Case("sgd_clipnorm", "SGD", {"learning_rate": 0.1, "clipnorm": 0.8}, NEW + OLD),
        Case("sgd_clipvalue", "SGD", {"learning_rate": 0.1, "clipvalue": 0.25}, NEW + OLD),
        Case("sgd_global_clipnorm", "SGD", {"learning_rate": 0.1, "global_clipnorm": 0.9}, NEW),
        Case("sgd_weight_decay", "SGD", {"learning_rate": 0.05, "momentum": 0.5, "weight_decay": 0.1}, NEW),
        Case("sgd_constraint", "SGD", {"learning_rate": 0.05, "momentum": 0.5}, NEW + OLD, constraint=True),
        Case("sgd_decay", "SGD", {"learning_rate": 0.1, "momentum": 0.8, "decay": 0.02}, OLD),
        Case("sgd_both_clips", "SGD", {"learning_rate": 0.1, "clipnorm": 1.5, "clipvalue": 0.2}, OLD),
        Case("sgd_ema", "SGD", {"learning_rate": 0.1, "use_ema": True, "ema_momentum": 0.9}, NEW),
        Case(
            "sgd_ema_overwrite",
            "SGD",
            {"learning_rate": 0.1, "use_ema": True, "ema_momentum": 0.8, "ema_overwrite_frequency": 7},
            NEW,
        ),
        Case("sgd_accumulation", "SGD", {"learning_rate": 0.1, "gradient_accumulation_steps": 4}, K3),
        Case(
            "sgd_accumulation_everything",
            "SGD",
            {
                "learning_rate": 0.1,
                "momentum": 0.7,
                "gradient_accumulation_steps": 3,
                "clipnorm": 0.5,
                "weight_decay": 0.05,
                "use_ema": True,
                "ema_momentum": 0.9,
                "ema_overwrite_frequency": 5,
            },
            K3,
            constraint=True,
        ),
        Case("sgd_loss_scale_factor", "SGD", {"learning_rate": 0.1, "loss_scale_factor": 8.0}, K3),
        Case("sgd_exponential", "SGD", {"learning_rate": schedule("ExponentialDecay", 0.1, 20, 0.7)}, NEW),
        Case(
            "sgd_cosine_restarts",
            "SGD",
            {"learning_rate": schedule("CosineDecayRestarts", 0.1, 15, t_mul=1.5, m_mul=0.8)},
            NEW,
            rtol=1e-4,
        ),
        Case(
            "sgd_schedule_accumulation",
            "SGD",
            {"learning_rate": schedule("PiecewiseConstantDecay", [30, 70], [0.1, 0.05, 0.01]),
             "gradient_accumulation_steps": 5},
            K3,
        ),
    ]  # fmt: skip


def _rmsprop():
    return [
        Case("rmsprop", "RMSprop", {}, NEW + OLD),
        Case("rmsprop_rho", "RMSprop", {"learning_rate": 0.01, "rho": 0.8, "epsilon": 1e-3}, NEW + OLD),
        Case("rmsprop_momentum", "RMSprop", {"learning_rate": 0.01, "momentum": 0.6}, NEW),
        Case("rmsprop_centered", "RMSprop", {"learning_rate": 0.01, "centered": True}, NEW, rtol=1e-4),
        Case(
            "rmsprop_centered_momentum",
            "RMSprop",
            {"learning_rate": 0.01, "centered": True, "momentum": 0.6, "epsilon": 1e-4},
            NEW,
            rtol=1e-4,
        ),
        Case("rmsprop_decay", "RMSprop", {"learning_rate": 0.02, "decay": 0.03}, OLD),
    ]


def _adaptive():
    return [
        Case("adagrad", "Adagrad", {"learning_rate": 0.1}, NEW + OLD),
        Case(
            "adagrad_accumulator",
            "Adagrad",
            {"learning_rate": 0.1, "initial_accumulator_value": 0.5, "epsilon": 1e-2},
            NEW,
        ),
        Case("adagrad_epsilon", "Adagrad", {"learning_rate": 0.1, "epsilon": 1e-2, "decay": 0.01}, OLD),
        Case("adadelta", "Adadelta", {"learning_rate": 1.0}, NEW + OLD),
        Case("adadelta_rho", "Adadelta", {"learning_rate": 0.5, "rho": 0.8, "epsilon": 1e-4}, NEW + OLD),
        Case("adadelta_decay", "Adadelta", {"learning_rate": 1.0, "decay": 0.01}, OLD),
        Case("ftrl", "Ftrl", {"learning_rate": 0.1}, NEW),
        Case(
            "ftrl_regularized",
            "Ftrl",
            {
                "learning_rate": 0.1,
                "learning_rate_power": -0.7,
                "initial_accumulator_value": 0.3,
                "l1_regularization_strength": 0.02,
                "l2_regularization_strength": 0.03,
                "l2_shrinkage_regularization_strength": 0.01,
                "beta": 0.1,
            },
            NEW,
            rtol=1e-4,
        ),
        Case("adafactor", "Adafactor", {"learning_rate": 0.05}, K3, rtol=1e-4),
        Case(
            "adafactor_settings",
            "Adafactor",
            {
                "learning_rate": 0.5,
                "beta_2_decay": -0.6,
                "epsilon_2": 0.01,
                "clip_threshold": 0.8,
                "relative_step": False,
            },
            K3,
            rtol=1e-4,
        ),
        Case(
            "adafactor_schedule",
            "Adafactor",
            {"learning_rate": schedule("ExponentialDecay", 0.3, 20, 0.9), "weight_decay": 0.01},
            K3,
            rtol=1e-4,
        ),
    ]


def _adams():
    return [
        Case("adam", "Adam", {}, NEW + OLD),
        Case("adam_betas", "Adam", {"learning_rate": 0.02, "beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-4}, NEW + OLD),
        Case("adam_amsgrad", "Adam", {"learning_rate": 0.02, "amsgrad": True}, NEW + OLD),
        Case("adam_weight_decay", "Adam", {"learning_rate": 0.02, "weight_decay": 0.05}, NEW),
        Case("adam_decay", "Adam", {"learning_rate": 0.02, "decay": 0.05}, OLD),
        Case("adam_adaptive_epsilon", "Adam", {"learning_rate": 0.02, "epsilon": 0.01, "adaptive_epsilon": True}, TF),
        Case("adam_global_clipnorm_ema", "Adam",
             {"learning_rate": 0.02, "global_clipnorm": 0.5, "use_ema": True, "ema_overwrite_frequency": 11}, NEW),
        Case("adam_accumulation", "Adam", {"learning_rate": 0.02, "gradient_accumulation_steps": 2}, K3),
        Case("adam_cosine_warmup", "Adam",
             {"learning_rate": schedule("CosineDecay", 0.0, 80, alpha=0.1, warmup_target=0.05, warmup_steps=20)}, NEW),
        Case("adamw", "AdamW", {"learning_rate": 0.02}, NEW),
        Case("adamw_settings", "AdamW", {"learning_rate": 0.02, "weight_decay": 0.1, "amsgrad": True,
                                         "clipvalue": 0.5}, NEW),
        Case("adamax", "Adamax", {"learning_rate": 0.02}, NEW + OLD),
        Case("adamax_decay", "Adamax", {"learning_rate": 0.05, "beta_1": 0.7, "decay": 0.02}, OLD),
        Case("nadam", "Nadam", {"learning_rate": 0.02}, NEW + OLD),
        Case("nadam_betas", "Nadam",
             {"learning_rate": 0.02, "beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-4}, NEW + OLD),
        Case("nadam_schedule_decay", "Nadam", {"learning_rate": 0.02, "schedule_decay": 0.1}, OLD),
        Case("nadam_accumulation", "Nadam", {"learning_rate": 0.02, "gradient_accumulation_steps": 3}, K3),
        Case("lamb", "Lamb", {"learning_rate": 0.02}, K3),
        Case("lamb_weight_decay", "Lamb", {"learning_rate": 0.02, "weight_decay": 0.1, "beta_1": 0.8}, K3),
        Case("lion", "Lion", {"learning_rate": 0.01}, NEW),
        Case("lion_betas", "Lion", {"learning_rate": 0.01, "beta_1": 0.8, "beta_2": 0.9, "weight_decay": 0.1}, NEW),
        Case("schedule_free_adamw", "ScheduleFreeAdamW", {"learning_rate": 0.02}, K3),
        Case("schedule_free_adamw_warmup", "ScheduleFreeAdamW",
             {"learning_rate": 0.02, "warmup_steps": 30, "weight_decay": 0.05, "beta_1": 0.8}, K3),
        Case("muon", "Muon", {"learning_rate": 0.02}, K3, rtol=1e-4),
        Case("muon_settings", "Muon", {"learning_rate": 0.02, "momentum": 0.8, "nesterov": False, "ns_steps": 3,
                                       "rms_rate": None, "adam_lr_ratio": 0.5, "weight_decay": 0.1,
                                       "adam_weight_decay": None}, K3, rtol=1e-4),
    ]  # fmt: skip


def _legacy():
    """``tf.keras.optimizers.legacy``: Keras 2 under TensorFlow's kernels."""
    rows = [
        ("sgd", "SGD", {"learning_rate": 0.05, "momentum": 0.9, "decay": 0.02}),
        ("sgd_nesterov", "SGD", {"learning_rate": 0.05, "momentum": 0.9, "nesterov": True}),
        ("sgd_all_clips", "SGD", {"learning_rate": 0.1, "clipvalue": 0.3, "clipnorm": 0.8}),
        ("rmsprop", "RMSprop", {"learning_rate": 0.01, "epsilon": 1e-3}),
        ("rmsprop_momentum", "RMSprop", {"learning_rate": 0.01, "momentum": 0.6, "epsilon": 1e-3}),
        ("rmsprop_centered", "RMSprop", {"learning_rate": 0.01, "centered": True, "epsilon": 1e-3}),
        ("rmsprop_both", "RMSprop", {"learning_rate": 0.01, "centered": True, "momentum": 0.6, "epsilon": 1e-3}),
        ("adagrad", "Adagrad", {"learning_rate": 0.1, "epsilon": 1e-2, "decay": 0.01}),
        ("adadelta", "Adadelta", {"learning_rate": 0.5, "rho": 0.8, "epsilon": 1e-4}),
        ("adam", "Adam", {"learning_rate": 0.02, "epsilon": 1e-3, "decay": 0.01}),
        ("adam_amsgrad", "Adam", {"learning_rate": 0.02, "amsgrad": True}),
        ("adamax", "Adamax", {"learning_rate": 0.02, "epsilon": 1e-3}),
        ("nadam", "Nadam", {"learning_rate": 0.02, "epsilon": 1e-3}),
        ("nadam_schedule_decay", "Nadam", {"learning_rate": 0.02, "schedule_decay": 0.1}),
        ("ftrl", "Ftrl", {"learning_rate": 0.1, "l1_regularization_strength": 0.02,
                          "l2_regularization_strength": 0.03, "beta": 0.1}),
        ("ftrl_shrinkage", "Ftrl", {"learning_rate": 0.1, "learning_rate_power": -0.7, "initial_accumulator_value": 0.3,
                                    "l1_regularization_strength": 0.02, "l2_regularization_strength": 0.03,
                                    "l2_shrinkage_regularization_strength": 0.01}),
        ("adam_schedule", "Adam", {"learning_rate": schedule("PolynomialDecay", 0.05, 60, 0.001, power=2.0)}),
    ]  # fmt: skip
    return [Case("legacy_" + i, "legacy." + n, c, LEGACY, rtol=1e-4 if "centered" in i else 2e-5) for i, n, c in rows]


CASES = _sgd() + _rmsprop() + _adaptive() + _adams() + _legacy()

INFINITE = (5, 6, 20, 47)  # steps whose gradients overflow
COMPOSITES = {
    "loss_scale": lambda o: o.LossScaleOptimizer(o.Adam(0.02), initial_scale=8.0, dynamic_growth_steps=4),
    "multi": lambda o: o.MultiOptimizer(o.OptimizerMap(o.SGD(0.05, momentum=0.9), {"bi.*": o.Adam(0.02)})),
}


def scaled(optimizer, grads, step):
    """The gradients of the scaled loss, for an optimizer that scales it."""
    if not hasattr(optimizer, "dynamic_scale"):
        return grads
    scale = np.float32(np.inf) if step in INFINITE else np.asarray(optimizer.dynamic_scale)
    return [(g * scale).astype("float32") for g in grads]


SCHEDULE_STEPS = (0, 1, 2, 3, 7, 10, 19, 20, 21, 33, 50, 99, 100, 101, 250)
SCHEDULES = {
    "exponential": ("ExponentialDecay", (0.1, 20, 0.7), {}),
    "exponential_staircase": ("ExponentialDecay", (0.1, 20, 0.7), {"staircase": True}),
    "inverse_time": ("InverseTimeDecay", (0.1, 20, 0.5), {}),
    "inverse_time_staircase": ("InverseTimeDecay", (0.1, 20, 0.5), {"staircase": True}),
    "piecewise": ("PiecewiseConstantDecay", ([10, 50, 100], [1.0, 0.5, 0.2, 0.05]), {}),
    "polynomial": ("PolynomialDecay", (0.1, 50), {}),
    "polynomial_power": ("PolynomialDecay", (0.1, 50, 0.01), {"power": 0.5}),
    "polynomial_cycle": ("PolynomialDecay", (0.1, 30, 0.01), {"power": 2.0, "cycle": True}),
    "cosine": ("CosineDecay", (0.1, 50), {}),
    "cosine_alpha": ("CosineDecay", (0.1, 50), {"alpha": 0.2}),
    "cosine_warmup": ("CosineDecay", (0.01, 50), {"alpha": 0.1, "warmup_target": 0.1, "warmup_steps": 20}),
    "cosine_restarts": ("CosineDecayRestarts", (0.1, 20), {}),
    "cosine_restarts_equal": ("CosineDecayRestarts", (0.1, 20), {"t_mul": 1.0, "m_mul": 0.9, "alpha": 0.1}),
    "cosine_restarts_growing": ("CosineDecayRestarts", (0.1, 20), {"t_mul": 1.5, "m_mul": 0.8}),
}

"""Cases of losses: which function or class, on which data, with which weights and mask.

The real values lie in ``golden/<impl>/losses.npz`` and ``.json``; ``make_objectives.py`` makes them.
"""

import dataclasses
import zlib
from typing import Any

import numpy as np

ALL = ("keras3", "tf_keras", "keras224")
BOTH = ("keras3", "tf_keras")


@dataclasses.dataclass(frozen=True, eq=False)
class LossCase:
    """A loss function (``name`` in lower case) or class on a named batch of data."""

    id: str
    name: str
    data: str
    config: dict = dataclasses.field(default_factory=dict)
    impls: tuple = ("keras3",)
    weights: str | None = None  # "sample", "step", "column" or "zero"
    mask: str | None = None  # "right" or "none" (nothing is valid)
    grad: bool = True
    rtol: float = 2e-5
    atol: float = 2e-6

    @property
    def is_class(self):
        return self.name[0].isupper()


def _softmax(x, axis=-1):
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _onehot(labels, classes):
    return np.eye(classes)[labels]


def _unit(x):
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def _edge(y_pred, values):
    y_pred = y_pred.copy()
    y_pred.reshape(-1)[: len(values)] = values
    return y_pred


def batch(name):
    """(y_true, y_pred) of a kind of data, as NumPy arrays; the seed is the name's."""
    r = np.random.RandomState(zlib.crc32(name.encode()) % 2**31)
    n = r.standard_normal
    labels = r.randint(0, 5, (4,))
    steps = r.randint(0, 5, (4, 3))
    kinds: dict[str, Any] = {
        "real": lambda: (n((4, 3)), n((4, 3))),
        "real_steps": lambda: (n((4, 3, 2)), n((4, 3, 2))),
        "real_large": lambda: (n((4, 3)) * 100, n((4, 3)) * 100),
        "real_zero": lambda: (np.zeros((2, 3)), np.zeros((2, 3))),
        "real_vector_column": lambda: (n((4,)), n((4, 1))),
        "real_column_vector": lambda: (n((4, 1)), n((4,))),
        "real_empty": lambda: (np.zeros((0, 3)), np.zeros((0, 3))),
        "ints": lambda: (r.randint(0, 5, (4, 3)).astype("int32"), n((4, 3))),
        "real_f16": lambda: (n((4, 3)).astype("float16"), n((4, 3)).astype("float16")),
        "positive": lambda: (np.abs(n((4, 3))), np.abs(n((4, 3)))),
        "sign": lambda: (np.sign(n((4, 3))), n((4, 3))),
        "zero_one": lambda: (r.randint(0, 2, (4, 3)), n((4, 3))),
        "binary": lambda: (r.randint(0, 2, (4, 3)), _sigmoid(n((4, 3)))),
        "binary_steps": lambda: (r.randint(0, 2, (4, 3, 1)), _sigmoid(n((4, 3, 1)))),
        "binary_vector_column": lambda: (r.randint(0, 2, (4,)), _sigmoid(n((4, 1)))),
        "binary_edge": lambda: (
            np.array([[0, 1, 0, 1], [1, 1, 0, 0]]),
            np.array([[0.0, 1.0, 1.0, 0.0], [1e-9, 1 - 1e-9, 1e-4, 0.5]]),
        ),
        "binary_logits": lambda: (r.randint(0, 2, (4, 3)), _edge(3 * n((4, 3)), [60.0, -60.0, 0.0])),
        "binary_f16": lambda: (r.randint(0, 2, (4, 3)), _sigmoid(n((4, 3))).astype("float16")),
        "onehot": lambda: (_onehot(labels, 5), _softmax(n((4, 5)))),
        "onehot_steps": lambda: (_onehot(steps, 5), _softmax(n((4, 3, 5)))),
        "onehot_axis1": lambda: (np.moveaxis(_onehot(steps, 4 + 1), -1, 1), _softmax(n((4, 5, 3)), 1)),
        "onehot_soft": lambda: (_softmax(n((4, 5))), _softmax(n((4, 5)))),
        "onehot_edge": lambda: (_onehot([0, 1, 2], 3), np.array([[1.0, 0, 0], [1, 0, 0], [0.5, 0.5, 0]])),
        "onehot_unscaled": lambda: (_onehot(labels, 5), np.abs(n((4, 5)))),
        "onehot_logits": lambda: (_onehot(labels, 5), _edge(3 * n((4, 5)), [80.0, -80.0])),
        "scores": lambda: (_onehot(labels, 5), n((4, 5))),
        "sparse": lambda: (labels, _softmax(n((4, 5)))),
        "sparse_column": lambda: (labels[:, None], _softmax(n((4, 5)))),
        "sparse_float": lambda: (labels.astype("float32"), _softmax(n((4, 5)))),
        "sparse_steps": lambda: (steps, _softmax(n((4, 3, 5)))),
        "sparse_steps_column": lambda: (steps[..., None], _softmax(n((4, 3, 5)))),
        "sparse_edge": lambda: (np.array([0, 1, 2]), np.array([[1.0, 0, 0], [1, 0, 0], [0.5, 0.5, 0]])),
        "sparse_logits": lambda: (labels, _edge(3 * n((4, 5)), [80.0, -80.0])),
        "sparse_ignored": lambda: (np.array([0, -1, 2, -1]), _softmax(n((4, 5)))),
        "sparse_steps_ignored": lambda: (np.where(steps == 1, 255, steps), _softmax(n((4, 3, 5)))),
        "images": lambda: (r.randint(0, 2, (2, 4, 4, 1)), _sigmoid(n((2, 4, 4, 1)))),
        "embeddings": lambda: (np.array([0, 0, 1, 1, 2, 0]), _unit(n((6, 4)))),
        "embeddings_column": lambda: (np.array([[0], [0], [1], [1], [2], [0]]), _unit(n((6, 4)))),
        "ctc": lambda: (np.array([[1, 2, 2, 4], [3, 1, 0, 0], [1, 0, 0, 0]]), n((3, 9, 5))),
    }
    y_true, y_pred = kinds[name]()
    low = y_pred.dtype == np.float16
    y_true = np.asarray(y_true)
    if not name.startswith(("sparse", "embeddings", "ctc", "ints")) and not low:
        y_true = y_true.astype("float32")
    elif y_true.dtype == np.int64:
        y_true = y_true.astype("int32")
    return y_true, y_pred if low else y_pred.astype("float32")


def sample_weight(kind, y_pred, y_true):
    """Weights for a batch: per sample, per step, as a column, or all zero."""
    n = len(y_true)
    r = np.random.RandomState(n)
    shapes = {"sample": (n,), "zero": (n,), "column": (n, 1), "step": y_pred.shape[:2]}
    w = (
        np.zeros(shapes[kind])
        if kind == "zero"
        else r.randint(0, 4, shapes[kind]) / 2 + (np.arange(n) == 0).reshape((n,) + (1,) * (len(shapes[kind]) - 1))
    )
    return w.astype("float32")


def mask_of(kind, y_pred):
    """A mask of the steps (or, without steps, samples) of a prediction."""
    shape = y_pred.shape[:2] if y_pred.ndim > 2 else y_pred.shape[:1]
    if kind == "none":
        return np.zeros(shape, bool)
    length = np.arange(shape[0])[:, None] % (shape[-1] + 1)
    return np.arange(shape[-1]) >= length if len(shape) > 1 else np.arange(shape[0]) % 3 != 1


def _tag(config):
    return "".join(f"_{k}_{v}".replace(" ", "") for k, v in config.items())


def _functions():
    rows = [
        *[
            (f, d, {}, ALL if d in ("real", "real_large", "real_zero", "real_steps") else ("keras3",))
            for f in ("mean_squared_error", "mean_absolute_error")
            for d in (
                "real",
                "real_steps",
                "real_large",
                "real_zero",
                "real_vector_column",
                "real_column_vector",
                "ints",
                "real_f16",
            )
        ],
        *[
            ("mean_absolute_percentage_error", d, {}, ALL if d == "real" else BOTH)
            for d in ("real", "real_zero", "real_large")
        ],
        *[
            ("mean_squared_logarithmic_error", d, {}, ALL if d != "real_zero" else BOTH)
            for d in ("real", "positive", "real_zero")
        ],
        *[("cosine_similarity", d, {}, BOTH) for d in ("real", "real_steps", "real_zero", "real_large")],
        ("cosine_similarity", "real_steps", dict(axis=1), BOTH),
        ("cosine_proximity", "real", {}, ("keras224",)),
        ("cosine_proximity", "real_steps", {}, ("keras224",)),
        *[("huber", d, {}, BOTH) for d in ("real", "real_large", "real_zero")],
        ("huber", "real", dict(delta=0.3), BOTH),
        *[("log_cosh", d, {}, BOTH) for d in ("real", "real_large", "real_zero", "real_f16")],
        *[("logcosh", d, {}, ("keras224",)) for d in ("real", "real_large")],
        *[(f, d, {}, ALL if d == "sign" else BOTH) for f in ("hinge", "squared_hinge") for d in ("sign", "zero_one")],
        *[("categorical_hinge", d, {}, ALL) for d in ("scores", "onehot_steps")],
        *[("kl_divergence", d, {}, BOTH) for d in ("onehot_soft", "onehot", "onehot_edge")],
        *[("kullback_leibler_divergence", d, {}, ("keras224",)) for d in ("onehot_soft", "onehot_edge")],
        *[("poisson", d, {}, ALL) for d in ("positive",)],
        *[("binary_crossentropy", d, {}, ALL) for d in ("binary", "binary_steps")],
        ("binary_crossentropy", "binary_edge", {}, ("keras3", "keras224")),
        ("binary_crossentropy", "binary_logits", dict(from_logits=True), BOTH),
        ("binary_crossentropy", "binary", dict(label_smoothing=0.2), BOTH),
        ("binary_crossentropy", "binary_steps", dict(axis=1), BOTH),
        ("binary_crossentropy", "binary_f16", {}, ("keras3",)),
        ("binary_focal_crossentropy", "binary", {}, BOTH),
        ("binary_focal_crossentropy", "binary_edge", {}, ("keras3",)),
        ("binary_focal_crossentropy", "binary", dict(gamma=0.5), ("keras3",)),
        ("binary_focal_crossentropy", "binary", dict(apply_class_balancing=True, alpha=0.3, gamma=3.0), BOTH),
        ("binary_focal_crossentropy", "binary_logits", dict(from_logits=True, label_smoothing=0.1), ("keras3",)),
        *[
            ("categorical_crossentropy", d, {}, ALL)
            for d in ("onehot", "onehot_steps", "onehot_soft", "onehot_unscaled", "onehot_edge")
        ],
        ("categorical_crossentropy", "onehot_axis1", dict(axis=1), BOTH),
        ("categorical_crossentropy", "onehot_logits", dict(from_logits=True), BOTH),
        ("categorical_crossentropy", "onehot", dict(label_smoothing=0.1), BOTH),
        *[("categorical_focal_crossentropy", d, {}, BOTH) for d in ("onehot", "onehot_edge", "onehot_unscaled")],
        ("categorical_focal_crossentropy", "onehot", dict(alpha=0.5, gamma=0.5), BOTH),
        ("categorical_focal_crossentropy", "onehot_logits", dict(from_logits=True, label_smoothing=0.1), BOTH),
        *[
            (
                "sparse_categorical_crossentropy",
                d,
                {},
                ALL if d in ("sparse", "sparse_column", "sparse_steps_column") else BOTH,
            )
            for d in ("sparse", "sparse_column", "sparse_float", "sparse_steps", "sparse_steps_column")
        ],
        ("sparse_categorical_crossentropy", "sparse_edge", {}, ("keras3",)),
        ("sparse_categorical_crossentropy", "sparse_logits", dict(from_logits=True), BOTH),
        ("sparse_categorical_crossentropy", "sparse_ignored", dict(ignore_class=-1), BOTH),
        ("sparse_categorical_crossentropy", "sparse_steps_ignored", dict(ignore_class=255), BOTH),
        ("categorical_generalized_cross_entropy", "sparse", dict(q=0.5), ("keras3",)),
        ("categorical_generalized_cross_entropy", "sparse", dict(q=0.9), ("keras3",)),
        ("dice", "images", {}, ("keras3",)),
        ("dice", "images", dict(axis=(1, 2, 3)), ("keras3",)),
        ("tversky", "images", {}, ("keras3",)),
        ("tversky", "images", dict(alpha=0.3, beta=0.7, axis=(1, 2, 3)), ("keras3",)),
        ("circle", "embeddings", {}, ("keras3",)),
        ("circle", "embeddings_column", dict(gamma=32.0, margin=0.25, remove_diagonal=False), ("keras3",)),
        ("ctc", "ctc", {}, ("keras3",)),
    ]
    for name, data, config, impls in rows:
        suffix = _tag(config)
        low = data.endswith("f16")
        yield LossCase(
            f"{name}_{data}{suffix}",
            name,
            data,
            config,
            impls,
            rtol=2e-3 if low else 2e-5,
            atol=2e-3 if low else 2e-6,
            grad=not low,
        )


CLASS_DATA = {
    "MeanSquaredError": "real",
    "MeanAbsoluteError": "real",
    "MeanAbsolutePercentageError": "real",
    "MeanSquaredLogarithmicError": "positive",
    "CosineSimilarity": "real",
    "Huber": "real",
    "LogCosh": "real",
    "Hinge": "sign",
    "SquaredHinge": "zero_one",
    "CategoricalHinge": "scores",
    "KLDivergence": "onehot_soft",
    "Poisson": "positive",
    "BinaryCrossentropy": "binary",
    "BinaryFocalCrossentropy": "binary",
    "CategoricalCrossentropy": "onehot",
    "CategoricalFocalCrossentropy": "onehot",
    "SparseCategoricalCrossentropy": "sparse",
    "CategoricalGeneralizedCrossEntropy": "sparse",
    "CTC": "ctc",
    "Dice": "images",
    "Tversky": "images",
    "Circle": "embeddings",
}
NEW = ("CategoricalGeneralizedCrossEntropy", "CTC", "Dice", "Tversky", "Circle")
SCALAR = ("Dice", "Tversky")


def _classes():
    for name, data in CLASS_DATA.items():
        impls = ("keras3",) if name in NEW else BOTH
        yield LossCase(name, name, data, impls=impls)
        yield LossCase(f"{name}_sum", name, data, dict(reduction="sum"), impls)
        yield LossCase(f"{name}_none", name, data, dict(reduction="none"), impls)
        if name not in SCALAR:
            yield LossCase(f"{name}_weighted", name, data, impls=impls, weights="sample")
    rows = [
        ("MeanSquaredError", "real_steps", {}, BOTH, "step", None),
        ("MeanSquaredError", "real_steps", {}, BOTH, "column", None),
        ("MeanSquaredError", "real", {}, BOTH, "column", None),
        ("MeanSquaredError", "real", {}, BOTH, "zero", None),
        ("MeanSquaredError", "real_empty", {}, ("tf_keras",), None, None),
        ("MeanSquaredError", "real_steps", {}, BOTH, None, "right"),
        ("MeanSquaredError", "real_steps", {}, ("keras3",), None, "none"),
        ("MeanSquaredError", "real_steps", {}, BOTH, "step", "right"),
        ("MeanSquaredError", "real", {}, BOTH, "sample", "right"),
        ("MeanSquaredError", "real_steps", dict(reduction="sum"), BOTH, "step", "right"),
        ("MeanSquaredError", "real_steps", dict(reduction="none"), BOTH, "step", "right"),
        ("MeanSquaredError", "real_steps", dict(reduction="mean"), ("keras3",), "step", "right"),
        ("MeanSquaredError", "real_steps", dict(reduction="mean_with_sample_weight"), ("keras3",), "step", "right"),
        ("MeanSquaredError", "real_steps", dict(reduction="mean_with_sample_weight"), ("keras3",), "step", None),
        ("MeanSquaredError", "real_steps", dict(reduction="mean_with_sample_weight"), ("keras3",), None, "right"),
        ("MeanSquaredError", "real", dict(reduction="mean_with_sample_weight"), ("keras3",), "zero", None),
        ("MeanSquaredError", "real", dict(reduction="auto"), ("tf_keras",), "sample", None),
        ("MeanSquaredError", "real_vector_column", {}, ("keras3",), "sample", None),
        ("MeanSquaredError", "real", dict(dtype="float16"), ("keras3",), None, None),
        ("MeanAbsoluteError", "real", dict(name="mine"), BOTH, None, None),
        ("CosineSimilarity", "real_steps", dict(axis=1), BOTH, "column", None),
        ("Huber", "real_large", dict(delta=2.0), BOTH, "sample", None),
        ("BinaryCrossentropy", "binary_logits", dict(from_logits=True, label_smoothing=0.1), BOTH, "sample", None),
        ("BinaryCrossentropy", "binary_steps", {}, BOTH, "step", "right"),
        ("BinaryCrossentropy", "binary_vector_column", {}, ("keras3",), "sample", None),
        ("BinaryCrossentropy", "binary_edge", {}, ("keras3",), None, None),
        ("BinaryFocalCrossentropy", "binary", dict(apply_class_balancing=True, alpha=0.4, gamma=1.5), BOTH, None, None),
        ("CategoricalCrossentropy", "onehot_logits", dict(from_logits=True, label_smoothing=0.1), BOTH, None, None),
        ("CategoricalCrossentropy", "onehot_axis1", dict(axis=1), BOTH, None, None),
        ("CategoricalCrossentropy", "onehot_steps", {}, BOTH, "step", "right"),
        ("CategoricalFocalCrossentropy", "onehot", dict(alpha=0.5, gamma=1.0), BOTH, None, None),
        ("SparseCategoricalCrossentropy", "sparse_column", {}, BOTH, "sample", None),
        ("SparseCategoricalCrossentropy", "sparse_logits", dict(from_logits=True), BOTH, None, None),
        ("SparseCategoricalCrossentropy", "sparse_steps", {}, BOTH, "step", "right"),
        ("SparseCategoricalCrossentropy", "sparse_steps", {}, BOTH, None, "right"),
        ("SparseCategoricalCrossentropy", "sparse_ignored", dict(ignore_class=-1), BOTH, None, None),
        ("SparseCategoricalCrossentropy", "sparse_ignored", dict(ignore_class=-1), BOTH, "sample", None),
        ("SparseCategoricalCrossentropy", "sparse_steps_ignored", dict(ignore_class=255), BOTH, None, "right"),
        (
            "SparseCategoricalCrossentropy",
            "sparse_steps_ignored",
            dict(ignore_class=255, reduction="sum"),
            BOTH,
            "step",
            None,
        ),
        ("CategoricalGeneralizedCrossEntropy", "sparse", dict(q=0.7), ("keras3",), "sample", None),
        ("Dice", "images", dict(axis=(1, 2, 3)), ("keras3",), "sample", None),
        ("Tversky", "images", dict(alpha=0.3, beta=0.7, axis=(1, 2, 3)), ("keras3",), "sample", None),
        ("Circle", "embeddings", dict(gamma=32.0, margin=0.25, remove_diagonal=False), ("keras3",), None, None),
    ]
    for name, data, config, impls, weights, mask in rows:
        tag = "_".join(t for t in (data + _tag(config), weights and f"{weights}_weights", mask and f"mask_{mask}") if t)
        low = config.get("dtype") == "float16"
        tolerance = dict(rtol=2e-3, atol=2e-3, grad=False) if low else {}
        yield LossCase(f"{name}_{tag}", name, data, config, impls, weights, mask, **tolerance)


CASES = [*_functions(), *_classes()]
assert len({case.id for case in CASES}) == len(CASES), "ids must differ"

# How Keras 2.2.4 reduces losses: (data, weights, mask).
WEIGHTED = [
    ("real", None, None),
    ("real", "sample", None),
    ("real", "sample", "right"),
    ("real_steps", "sample", None),
    ("real_steps", "step", None),
    ("real_steps", None, "right"),
    ("real_steps", "step", "right"),
]

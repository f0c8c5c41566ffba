"""Cases of metrics: a class with a config and a stream of batches; and the metric functions.

The real values lie in ``golden/<impl>/metrics.npz`` and ``.json``; ``make_objectives.py`` makes them.
"""

import dataclasses
import zlib

import numpy as np

from compat_tests.loss_cases import _onehot, _sigmoid, _softmax

BOTH = ("keras3", "tf_keras")
ALL = ("keras3", "tf_keras", "keras224")


@dataclasses.dataclass(frozen=True, eq=False)
class MetricCase:
    """A metric class on several batches of a kind of data, or a function (lower-case ``name``) on one."""

    id: str
    name: str
    data: str
    config: dict = dataclasses.field(default_factory=dict)
    impls: tuple = BOTH
    weights: str | None = None  # "sample", "column", "step", "all" (elements), "zero", "whole" (integers)
    mask: bool = False
    batches: int = 3
    rtol: float = 2e-5
    atol: float = 1e-6

    @property
    def is_class(self):
        return self.name[0].isupper()


def _scores(r, n, k):
    """Probabilities with ties, zeros and ones among them."""
    p = np.round(_sigmoid(2 * r.standard_normal((n, k))), 2)
    p.reshape(-1)[:3] = [0.0, 1.0, 0.5]
    return p


def batch(case, index):
    """The arguments of ``update_state`` for one batch, without weights; sizes differ from batch to batch."""
    r = np.random.RandomState((zlib.crc32(case.data.encode()) + index) % 2**31)
    n = (6, 4, 6)[index % 3]
    labels, steps = r.randint(0, 4, (n,)), r.randint(0, 4, (n, 3))
    normal = r.standard_normal
    kinds = {
        "values": lambda: (normal((n,)),),
        "values_2d": lambda: (normal((n, 3)),),
        "values_3d": lambda: (normal((n, 3, 2)),),
        "scalar": lambda: (np.float32(normal()),),
        "matrix": lambda: (normal((2, 3)),),
        "real": lambda: (normal((n, 3)), normal((n, 3))),
        "real_vector": lambda: (normal((n,)), normal((n,))),
        "real_column": lambda: (normal((n, 1)), normal((n, 1))),
        "real_steps": lambda: (normal((n, 3, 2)), normal((n, 3, 2))),
        "correlated": lambda: ((x := normal((n, 4))), 0.5 * x + normal((n, 4))),
        "positive": lambda: (np.abs(normal((n, 3))), np.abs(normal((n, 3)))),
        "sign": lambda: (np.sign(normal((n, 3))), normal((n, 3))),
        "ids": lambda: (r.randint(0, 3, (n, 2)), r.randint(0, 3, (n, 2))),
        "binary": lambda: (r.randint(0, 2, (n, 1)), _scores(r, n, 1)),
        "binary_vector": lambda: (r.randint(0, 2, (n,)), _scores(r, n, 1)[:, 0]),
        "binary_vector_column": lambda: (r.randint(0, 2, (n,)), _scores(r, n, 1)),
        "binary_labels": lambda: (r.randint(0, 2, (n, 3)), _scores(r, n, 3)),
        "binary_logits": lambda: (r.randint(0, 2, (n, 1)), 2 * normal((n, 1))),
        "binary_steps": lambda: (r.randint(0, 2, (n, 3, 1)), _sigmoid(normal((n, 3, 1)))),
        "onehot": lambda: (_onehot(labels, 4), _softmax(normal((n, 4)))),
        "onehot_steps": lambda: (_onehot(steps, 4), _softmax(normal((n, 3, 4)))),
        "onehot_logits": lambda: (_onehot(labels, 4), normal((n, 4))),
        "onehot_wide": lambda: (_onehot(r.randint(0, 9, (n,)), 9), _softmax(normal((n, 9)))),
        "sparse": lambda: (labels, _softmax(normal((n, 4)))),
        "sparse_column": lambda: (labels[:, None], _softmax(normal((n, 4)))),
        "sparse_float": lambda: (labels.astype("float32"), _softmax(normal((n, 4)))),
        "sparse_steps": lambda: (steps, _softmax(normal((n, 3, 4)))),
        "sparse_steps_column": lambda: (steps[..., None], _softmax(normal((n, 3, 4)))),
        "sparse_logits": lambda: (labels, normal((n, 4))),
        "sparse_ignored": lambda: (np.where(labels == 2, -1, labels), _softmax(normal((n, 4)))),
        "sparse_wide": lambda: (r.randint(0, 9, (n,)), _softmax(normal((n, 9)))),
        "sparse_wide_steps": lambda: (r.randint(0, 9, (n, 3)), _softmax(normal((n, 3, 9)))),
        "sorted_ids": lambda: (r.randint(0, 6, (n,)), np.stack([r.permutation(6) for _ in range(n)])),
        "classes": lambda: (r.randint(0, 3, (n,)), r.randint(0, 3, (n,))),
        "classes_image": lambda: (r.randint(0, 3, (n, 2, 2)), r.randint(0, 3, (n, 2, 2))),
        "onehot_image": lambda: (_onehot(r.randint(0, 3, (n, 2, 2)), 3), _softmax(normal((n, 2, 2, 3)))),
        "binary_image": lambda: (r.randint(0, 2, (n, 2, 2)), _sigmoid(normal((n, 2, 2)))),
        "real_f16": lambda: (normal((n, 3)).astype("float16"), normal((n, 3)).astype("float16")),
        "empty": lambda: (np.zeros((0, 3)), np.zeros((0, 3))),
    }
    integer = ("sparse", "classes", "sorted_ids", "ids")
    arrays = kinds[case.data]()
    if case.data.endswith("f16"):
        return arrays
    return tuple(
        np.asarray(a, "float32")
        if i == len(arrays) - 1
        and case.data not in ("classes", "classes_image", "ids", "sorted_ids")
        or not case.data.startswith(integer)
        or case.data == "sparse_float"
        else np.asarray(a, "int32")
        for i, a in enumerate(arrays)
    )


def sample_weight(case, arrays, index):
    """The weights of a batch, or None."""
    if case.weights is None:
        return None
    r, shape = np.random.RandomState(index), arrays[-1].shape
    kinds = {"column": (shape[0], 1), "step": shape[:2], "all": shape, "all_whole": shape}
    shape = kinds.get(case.weights, shape[:1])
    w = np.zeros(shape) if case.weights == "zero" else r.randint(0, 4, shape) / (1 if "whole" in case.weights else 2)
    return w.astype("float32")


def mask(arrays):
    """A mask of the steps (or samples) of the last argument."""
    shape = arrays[-1].shape[:2] if arrays[-1].ndim > 2 else arrays[-1].shape[:1]
    return np.arange(int(np.prod(shape))).reshape(shape) % 3 != 1


def _classes():
    means = {
        "Accuracy": "ids",
        "BinaryAccuracy": "binary",
        "CategoricalAccuracy": "onehot",
        "SparseCategoricalAccuracy": "sparse",
        "TopKCategoricalAccuracy": "onehot_wide",
        "SparseTopKCategoricalAccuracy": "sparse_wide",
        "MeanSquaredError": "real",
        "MeanAbsoluteError": "real",
        "MeanAbsolutePercentageError": "real",
        "MeanSquaredLogarithmicError": "positive",
        "RootMeanSquaredError": "real",
        "CosineSimilarity": "real",
        "LogCoshError": "real",
        "Hinge": "sign",
        "SquaredHinge": "sign",
        "CategoricalHinge": "onehot_logits",
        "KLDivergence": "onehot",
        "Poisson": "positive",
        "BinaryCrossentropy": "binary",
        "CategoricalCrossentropy": "onehot",
        "SparseCategoricalCrossentropy": "sparse",
        "PearsonCorrelation": "correlated",
        "ConcordanceCorrelation": "correlated",
        "AUC": "binary",
        "Precision": "binary",
        "Recall": "binary",
        "TruePositives": "binary",
        "FalsePositives": "binary",
        "TrueNegatives": "binary",
        "FalseNegatives": "binary",
        "R2Score": "real",
        "F1Score": "onehot",
        "FBetaScore": "onehot",
    }
    new = ("PearsonCorrelation", "ConcordanceCorrelation")
    edge = ("BinaryCrossentropy",)  # tf_keras adds epsilon twice, which shows at probabilities 0 and 1
    for name, data in means.items():
        impls = ("keras3",) if name in (*new, *edge) else BOTH
        yield name, data, {}, None, impls
        yield name, data, {}, "sample", impls
    for name in ("Mean", "Sum"):
        for data in ("values", "values_2d", "values_3d", "scalar"):
            yield name, data, {}, None, BOTH
        for data, weights in (
            ("values", "sample"),
            ("values", "zero"),
            ("values_2d", "all"),
            ("values_2d", "column"),
            ("values_3d", "step"),
        ):
            # TensorFlow counts elements where Keras 3 counts samples; the means are equal, the states are not
            yield name, data, {}, weights, BOTH
    yield "Mean", "values", dict(name="mine", dtype="float32"), None, BOTH
    yield "MeanTensor", "matrix", {}, None, ("tf_keras",)
    yield "MeanTensor", "matrix", dict(shape=(2, 3)), "sample", ("tf_keras",)
    yield "MeanTensor", "matrix", {}, "all", ("tf_keras",)
    yield "MeanRelativeError", "real", dict(normalizer=[1.0, 0.0, 2.0]), None, ("tf_keras",)
    yield "MeanRelativeError", "real", dict(normalizer=[1.0, 0.0, 2.0]), "sample", ("tf_keras",)
    yield from _accuracies()
    yield from _others()


def _accuracies():
    yield "BinaryAccuracy", "binary_labels", dict(threshold=0.3), None, BOTH
    yield "BinaryAccuracy", "binary_labels", {}, "sample", BOTH
    yield "BinaryAccuracy", "binary_vector_column", {}, None, BOTH
    yield "BinaryAccuracy", "binary_vector", {}, "sample", ("keras3",)
    yield "BinaryAccuracy", "binary_steps", {}, "step", BOTH
    yield "CategoricalAccuracy", "onehot_steps", {}, "step", BOTH
    yield "SparseCategoricalAccuracy", "sparse_column", {}, "sample", BOTH
    yield "SparseCategoricalAccuracy", "sparse_float", {}, None, BOTH
    yield "SparseCategoricalAccuracy", "sparse_steps", {}, "step", BOTH
    yield "SparseCategoricalAccuracy", "sparse_steps_column", {}, "step", BOTH
    yield "TopKCategoricalAccuracy", "onehot_wide", dict(k=2), "sample", BOTH
    yield "SparseTopKCategoricalAccuracy", "sparse_wide", dict(k=3), "sample", BOTH
    yield "SparseTopKCategoricalAccuracy", "sparse_wide_steps", dict(k=2), None, BOTH
    yield "SparseTopKCategoricalAccuracy", "sorted_ids", dict(k=2, from_sorted_ids=True), None, ("keras3",)
    yield "MeanSquaredError", "real_steps", {}, "step", BOTH
    yield "MeanSquaredError", "real_f16", {}, None, ("keras3",)
    yield "MeanSquaredError", "real", {}, "zero", BOTH
    yield "RootMeanSquaredError", "real_column", {}, "sample", BOTH
    yield "CosineSimilarity", "real_steps", dict(axis=1), None, BOTH
    yield "BinaryCrossentropy", "binary_logits", dict(from_logits=True, label_smoothing=0.1), "sample", BOTH
    yield "CategoricalCrossentropy", "onehot_logits", dict(from_logits=True, label_smoothing=0.1), None, BOTH
    yield "SparseCategoricalCrossentropy", "sparse_logits", dict(from_logits=True), None, BOTH
    yield "SparseCategoricalCrossentropy", "sparse_column", {}, "sample", BOTH
    yield "SparseCategoricalCrossentropy", "sparse_ignored", dict(ignore_class=-1), None, ("keras3",)
    yield "SparseCategoricalCrossentropy", "sparse_ignored", dict(ignore_class=-1), "sample", ("keras3",)
    yield "PearsonCorrelation", "correlated", dict(axis=0), None, ("keras3",)


def _others():
    for curve in ("ROC", "PR", "PRGAIN"):
        for method in ("interpolation", "minoring", "majoring"):
            impls = ("keras3",) if curve == "PRGAIN" else BOTH
            yield "AUC", "binary_vector", dict(curve=curve, summation_method=method, num_thresholds=20), "sample", impls
    yield "AUC", "binary_labels", dict(multi_label=True), "sample", BOTH
    yield "AUC", "binary_labels", dict(multi_label=True, num_labels=3, label_weights=[1.0, 2.0, 0.5]), None, BOTH
    yield "AUC", "binary_labels", dict(multi_label=True, curve="PR", thresholds=[0.1, 0.4, 0.9]), None, BOTH
    yield "AUC", "binary_labels", dict(label_weights=[1.0, 2.0, 0.5]), None, BOTH
    yield "AUC", "binary_vector", dict(thresholds=[0.3, 0.7]), "sample", BOTH
    yield "AUC", "binary_vector", dict(thresholds=[0.25, 0.5, 0.75]), None, BOTH
    yield "AUC", "binary_logits", dict(from_logits=True), None, BOTH
    yield "AUC", "binary_vector", {}, "zero", BOTH
    yield "AUC", "binary_vector_column", {}, "sample", ("keras3",)
    for name in ("Precision", "Recall"):
        yield name, "binary_labels", dict(thresholds=[0.2, 0.5, 0.8]), "sample", BOTH
        yield name, "binary_labels", dict(thresholds=0.3), None, BOTH
        yield name, "binary_labels", dict(thresholds=[0.0, 0.5, 1.0]), "sample", BOTH
        yield name, "onehot", dict(top_k=2), "sample", BOTH
        yield name, "onehot", dict(class_id=1), "sample", BOTH
        yield name, "onehot", dict(class_id=1, top_k=2), None, BOTH
        yield name, "binary_vector", {}, "zero", BOTH
        yield name, "binary_steps", {}, "step", BOTH
    yield "TruePositives", "binary_labels", dict(thresholds=[0.2, 0.5, 0.8]), "sample", BOTH
    yield "FalseNegatives", "binary_vector", dict(thresholds=[0.0, 0.5, 1.0]), "sample", BOTH
    for name, field in (
        ("SensitivityAtSpecificity", "specificity"),
        ("SpecificityAtSensitivity", "sensitivity"),
        ("PrecisionAtRecall", "recall"),
        ("RecallAtPrecision", "precision"),
    ):
        yield name, "binary_vector", {field: 0.5}, None, BOTH
        yield name, "binary_vector", {field: 0.7, "num_thresholds": 11}, "sample", BOTH
        yield name, "onehot", {field: 0.4, "num_thresholds": 1, "class_id": 2}, None, BOTH
        yield name, "binary_vector", {field: 1.0}, "zero", BOTH
    for average in ("micro", "macro", "weighted"):
        yield "F1Score", "onehot", dict(average=average), "sample", BOTH
    yield "F1Score", "binary_labels", dict(threshold=0.4), None, BOTH
    yield "FBetaScore", "onehot", dict(beta=0.5, average="weighted", threshold=0.3), "sample", BOTH
    yield "FBetaScore", "onehot", dict(beta=2.0), "zero", BOTH
    for aggregation in ("uniform_average", "variance_weighted_average", None):
        yield "R2Score", "real", dict(class_aggregation=aggregation), "sample", BOTH
    yield "R2Score", "real", dict(num_regressors=2), None, BOTH
    yield "R2Score", "real_column", dict(num_regressors=40), None, BOTH
    yield "IoU", "classes", dict(num_classes=3, target_class_ids=[0, 2]), None, BOTH
    yield "IoU", "classes", dict(num_classes=3, target_class_ids=[1]), "whole", BOTH
    yield "IoU", "classes", dict(num_classes=3, target_class_ids=[1], dtype="float32"), "sample", BOTH
    yield "IoU", "classes_image", dict(num_classes=3, target_class_ids=[0, 1], ignore_class=2), None, BOTH
    yield "MeanIoU", "classes_image", dict(num_classes=3), "all_whole", BOTH
    yield "MeanIoU", "classes", dict(num_classes=4), None, BOTH
    yield "MeanIoU", "onehot_image", dict(num_classes=3, sparse_y_true=False, sparse_y_pred=False), None, BOTH
    yield "OneHotIoU", "onehot_image", dict(num_classes=3, target_class_ids=(0, 2)), None, BOTH
    yield "OneHotMeanIoU", "onehot_image", dict(num_classes=3, ignore_class=1), None, BOTH
    yield "BinaryIoU", "binary_image", {}, None, BOTH
    yield "BinaryIoU", "binary_image", dict(target_class_ids=[1], threshold=0.3), None, BOTH


FUNCTIONS = [
    ("binary_accuracy", "binary_labels", {}, ("keras3",)),
    ("binary_accuracy", "binary_vector_column", {}, ("keras3",)),
    ("binary_accuracy", "binary_labels", dict(threshold=0.3), ("keras3",)),
    ("categorical_accuracy", "onehot", {}, ALL),
    ("categorical_accuracy", "onehot_steps", {}, ALL),
    ("sparse_categorical_accuracy", "sparse", {}, BOTH),
    ("sparse_categorical_accuracy", "sparse_column", {}, ALL),
    ("sparse_categorical_accuracy", "sparse_steps", {}, BOTH),
    ("sparse_categorical_accuracy", "sparse_steps_column", {}, ("keras3",)),
    ("top_k_categorical_accuracy", "onehot_wide", dict(k=3), BOTH),
    ("sparse_top_k_categorical_accuracy", "sparse_wide", dict(k=3), BOTH),
    ("sparse_top_k_categorical_accuracy", "sparse_wide_steps", dict(k=3), BOTH),
    ("sparse_top_k_categorical_accuracy", "sorted_ids", dict(k=3, from_sorted_ids=True), ("keras3",)),
    ("pearson_correlation", "correlated", {}, ("keras3",)),
    ("concordance_correlation", "correlated", {}, ("keras3",)),
    ("concordance_correlation", "correlated", dict(axis=0), ("keras3",)),
]


def _tag(config):
    return "".join(f"_{k}_{v}".replace(" ", "") for k, v in config.items())


def _cases():
    for name, data, config, weights, impls in _classes():
        tag = f"_{weights}_weights" if weights else ""
        low = dict(rtol=2e-3, atol=2e-3) if data.endswith("f16") else {}
        yield MetricCase(f"{name}_{data}{_tag(config)}{tag}", name, data, config, impls, weights, **low)
    for name, data, config, impls in FUNCTIONS:
        yield MetricCase(f"{name}_{data}{_tag(config)}", name, data, config, impls, batches=1)
    for name, data in (
        ("MeanSquaredError", "real_steps"),
        ("SparseCategoricalAccuracy", "sparse_steps"),
        ("BinaryAccuracy", "binary_steps"),
    ):
        yield MetricCase(f"{name}_{data}_masked", name, data, impls=("keras3",), mask=True)
        yield MetricCase(f"{name}_{data}_masked_weighted", name, data, impls=("keras3",), mask=True, weights="step")
    yield MetricCase("MeanSquaredError_empty", "MeanSquaredError", "empty", impls=("tf_keras",), batches=1)


CASES = list(_cases())
assert len({case.id for case in CASES}) == len(CASES), "ids must differ"

# What compile(metrics=[...]) makes of an entry: (identifier, shape of targets, shape of predictions, loss).
SHAPES = [
    ((4, 1), (4, 1)),
    ((4,), (4, 1)),
    ((4, 5), (4, 5)),
    ((4,), (4, 5)),
    ((4, 1), (4, 5)),
    ((4, 3), (4, 3, 5)),
    ((4, 3, 1), (4, 3, 5)),
    ((4, 3, 5), (4, 3, 5)),
    ((4, 3, 1), (4, 3, 1)),
]
LOSSES = ("mse", "binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy")
NAMES = {
    "keras3": "mse MSE mean_squared_error MeanSquaredError mae AUC auc binary_accuracy BinaryAccuracy hinge "
    "cosine_similarity top_k_categorical_accuracy CategoricalCrossentropy",
    "tf_keras": "mse MSE mean_squared_error MeanSquaredError mae AUC binary_accuracy BinaryAccuracy hinge kld logcosh "
    "top_k_categorical_accuracy CategoricalCrossentropy",
    "keras224": "mse MSE mean_squared_error mae binary_accuracy hinge cosine cosine_proximity logcosh msle "
    "kullback_leibler_divergence top_k_categorical_accuracy",
}


def choices(impl):
    """The rows of one implementation."""
    words = ("accuracy", "acc") if impl == "keras3" else ("accuracy", "acc", "crossentropy", "ce")
    if impl == "keras224":  # goes by the loss, and cannot make these losses of one column
        shapes = [((4, 5), (4, 5)), ((4, 3, 5), (4, 3, 5)), ((4, 1), (4, 1))]
        yield from ((w, t, p, loss) for w in words for t, p in shapes for loss in LOSSES)
    else:
        yield from ((w, t, p, None) for w in (*words, "Accuracy", "ACC") for t, p in SHAPES)
    yield from ((name, (4, 5), (4, 5), "mse") for name in NAMES[impl].split())

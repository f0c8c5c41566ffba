"""Metrics: numbers that say how good predictions are, computed over many batches."""

from jkeras import losses
from jkeras.core import registry
from jkeras.core.naming import snake_case

from . import experimental, table
from .accuracy import (
    accuracy,
    binary_accuracy,
    categorical_accuracy,
    sparse_accuracy,
    sparse_categorical_accuracy,
    sparse_top_k_categorical_accuracy,
    top_k_categorical_accuracy,
)
from .auc import AUC
from .batchwise import fbeta_score, fmeasure, matthews_correlation, precision, recall
from .choose import choose
from .confusion import (
    FalseNegatives,
    FalsePositives,
    Precision,
    PrecisionAtRecall,
    Recall,
    RecallAtPrecision,
    SensitivityAtSpecificity,
    SensitivitySpecificityBase,
    SpecificityAtSensitivity,
    TrueNegatives,
    TruePositives,
)
from .correlation import concordance_correlation, cosine_similarity, pearson_correlation
from .f_score import F1Score, FBetaScore
from .iou import BinaryIoU, IoU, MeanIoU, OneHotIoU, OneHotMeanIoU, confusion_matrix
from .metric import Metric
from .reduction import Mean, MeanMetricWrapper, MeanTensor, Sum, SumOverBatchSize
from .regression import MeanRelativeError, R2Score, RootMeanSquaredError

CLASSES = [
    Metric,
    Mean,
    Sum,
    MeanTensor,
    MeanMetricWrapper,
    SumOverBatchSize,
    *table.CLASSES.values(),
    RootMeanSquaredError,
    MeanRelativeError,
    R2Score,
    TruePositives,
    FalsePositives,
    TrueNegatives,
    FalseNegatives,
    Precision,
    Recall,
    SensitivityAtSpecificity,
    SpecificityAtSensitivity,
    PrecisionAtRecall,
    RecallAtPrecision,
    AUC,
    F1Score,
    FBetaScore,
    IoU,
    BinaryIoU,
    MeanIoU,
    OneHotIoU,
    OneHotMeanIoU,
]
ALIASES = {
    "MeanSquaredError": ("mse", "MSE"),
    "MeanAbsoluteError": ("mae", "MAE"),
    "MeanAbsolutePercentageError": ("mape", "MAPE"),
    "MeanSquaredLogarithmicError": ("msle", "MSLE"),
    "RootMeanSquaredError": ("rmse", "RMSE"),
    "BinaryCrossentropy": ("bce", "BCE"),
    "KLDivergence": ("kld", "KLD", "kullback_leibler_divergence"),
    "LogCoshError": ("logcosh", "log_cosh"),
    "Accuracy": ("acc", "ACC"),
}
FUNCTIONS = {
    accuracy: ("acc", "ACC"),
    binary_accuracy: (),
    categorical_accuracy: (),
    sparse_categorical_accuracy: (),
    sparse_accuracy: (),
    top_k_categorical_accuracy: (),
    sparse_top_k_categorical_accuracy: (),
    cosine_similarity: (),
    pearson_correlation: (),
    concordance_correlation: (),
    precision: (),
    recall: (),
    fbeta_score: (),
    fmeasure: (),
    matthews_correlation: (),
}

# the module offers every loss function under all its names, except where a metric function has the name
FUNCTIONS_BY_NAME = {
    name: function for function, aliases in losses.FUNCTIONS.items() for name in (function.__name__, *aliases)
}
FUNCTIONS_BY_NAME |= {
    name: function for function, aliases in FUNCTIONS.items() for name in (function.__name__, *aliases)
}
CLASSES_BY_NAME = {snake_case(cls.__name__): cls for cls in CLASSES}

family = registry.Family("keras.metrics", kind="metric")
for _class in CLASSES:
    family.add(_class, snake_case(_class.__name__), *ALIASES.get(_class.__name__, ()))
for _function in dict.fromkeys(FUNCTIONS_BY_NAME.values()):
    if _function.__name__ not in family.objects:  # a class goes before the function of the same name
        _aliases = [n for n, f in FUNCTIONS_BY_NAME.items() if f is _function and n not in family.objects]
        family.add(_function, *_aliases)

globals().update(table.CLASSES)
globals().update({name: function for name, function in FUNCTIONS_BY_NAME.items() if name not in globals()})
__all__ = [
    "choose",
    "clone_metric",
    "clone_metrics",
    "confusion_matrix",
    "deserialize",
    "experimental",
    "get",
    "serialize",
]
__all__ += [cls.__name__ for cls in CLASSES] + ["SensitivitySpecificityBase", *FUNCTIONS_BY_NAME]


def get(identifier):
    """The metric of a name in any case, a class, an instance, a function or a config; None stays None.

    Raises ValueError with the nearest known name.

    >>> get("mse"), get("AUC").name
    (<MeanSquaredError name=mean_squared_error>, 'auc')
    """
    return family.get(identifier)


def serialize(metric, use_legacy_format=False):
    """The config of a metric object or function; ``use_legacy_format`` gives the one of ``tf.keras``.

    >>> serialize(Mean(), use_legacy_format=True)
    {'class_name': 'Mean', 'config': {'name': 'mean', 'dtype': 'float32'}}
    """
    return registry.serialize(metric) if not use_legacy_format else losses.legacy_config(metric)


def deserialize(config, custom_objects=None, use_legacy_format=False):
    """The metric that a config or name describes; configs of all generations are read, whatever ``use_legacy_format``.

    >>> deserialize({"class_name": "Mean", "config": {"name": "m"}})
    <Mean name=m>
    """
    return family.deserialize(config, custom_objects)


def clone_metric(metric):
    """A new metric with the same config and no state; what is no Metric is given back.

    >>> clone_metric(Mean(name="m"))
    <Mean name=m>
    """
    return type(metric).from_config(metric.get_config()) if isinstance(metric, Metric) else metric


def clone_metrics(metrics):
    """``clone_metric`` of each metric in a list or dict."""
    if isinstance(metrics, dict):
        return {name: clone_metrics(metric) for name, metric in metrics.items()}
    return [clone_metrics(m) for m in metrics] if isinstance(metrics, (list, tuple)) else clone_metric(metrics)

"""The metric classes that average a function: one row each, ``class: (function, fields in order, "up" or "down")``."""

from typing import Any

from jkeras import losses
from jkeras.core.declare import declare, era_default

from . import accuracy, correlation
from .reduction import FunctionMean


def _fields(name, **own):
    return {"name": name, "dtype": None, **own}


_LABELS = {"from_logits": False, "label_smoothing": 0}

# class: (function, fields, direction, fields that Keras leaves out of the config)
ROWS = {
    "Accuracy": (accuracy.accuracy, _fields("accuracy"), "up"),
    "BinaryAccuracy": (accuracy.binary_accuracy, _fields("binary_accuracy", threshold=0.5), "up"),
    "CategoricalAccuracy": (accuracy.categorical_accuracy, _fields("categorical_accuracy"), "up"),
    "SparseCategoricalAccuracy": (accuracy.sparse_categorical_accuracy, _fields("sparse_categorical_accuracy"), "up"),
    "TopKCategoricalAccuracy": (
        accuracy.top_k_categorical_accuracy,
        {"k": 5, "name": "top_k_categorical_accuracy", "dtype": None},
        "up",
    ),
    "SparseTopKCategoricalAccuracy": (
        accuracy.sparse_top_k_categorical_accuracy,
        {"k": 5, "name": "sparse_top_k_categorical_accuracy", "dtype": None, "from_sorted_ids": False},
        "up",
        ("from_sorted_ids",),
    ),
    "MeanSquaredError": (losses.mean_squared_error, _fields("mean_squared_error"), "down"),
    "MeanAbsoluteError": (losses.mean_absolute_error, _fields("mean_absolute_error"), "down"),
    "MeanAbsolutePercentageError": (
        losses.mean_absolute_percentage_error,
        _fields("mean_absolute_percentage_error"),
        "down",
    ),
    "MeanSquaredLogarithmicError": (
        losses.mean_squared_logarithmic_error,
        _fields("mean_squared_logarithmic_error"),
        "down",
    ),
    "LogCoshError": (losses.log_cosh, _fields("logcosh"), "down"),
    "CosineSimilarity": (correlation.cosine_similarity, _fields("cosine_similarity", axis=-1), "up", ("axis",)),
    "PearsonCorrelation": (correlation.pearson_correlation, _fields("pearson_correlation", axis=-1), "up"),
    "ConcordanceCorrelation": (correlation.concordance_correlation, _fields("concordance_correlation", axis=-1), "up"),
    "Hinge": (losses.hinge, _fields("hinge"), "down"),
    "SquaredHinge": (losses.squared_hinge, _fields("squared_hinge"), "down"),
    "CategoricalHinge": (losses.categorical_hinge, _fields("categorical_hinge"), "down"),
    "KLDivergence": (losses.kl_divergence, _fields(era_default("kl_divergence")), "down"),
    "Poisson": (losses.poisson, _fields("poisson"), "down"),
    "BinaryCrossentropy": (losses.binary_crossentropy, _fields("binary_crossentropy", **_LABELS), "down"),
    "CategoricalCrossentropy": (
        losses.categorical_crossentropy,
        _fields("categorical_crossentropy", **_LABELS, axis=-1),
        "down",
    ),
    "SparseCategoricalCrossentropy": (
        losses.sparse_categorical_crossentropy,
        _fields("sparse_categorical_crossentropy", from_logits=False, ignore_class=None, axis=-1),
        "down",
    ),
}


def _make(name, function, fields, direction, quiet=()):
    own = [field for field in fields if field not in FunctionMean._base_arguments]
    summary = function.__doc__.split("\n")[0]
    body = {
        "__doc__": f"Mean of ``{function.__name__}`` over all samples: {summary}\n",
        "__module__": __name__,
        "__annotations__": dict.fromkeys(fields, Any),
        "_fn": staticmethod(function),
        "_direction": direction,
        "_quiet": quiet,
        "_arguments": lambda self: {field: getattr(self, field) for field in own},
        **fields,
    }
    return declare(type(name, (FunctionMean,), body))


CLASSES = {name: _make(name, *row) for name, row in ROWS.items()}

"""The loss classes: one row each, ``name of the class: (function, its arguments and the order of them)``."""

from typing import Any, NamedTuple

from jkeras.core.declare import declare

from . import hinge, overlap, probabilistic, regression, sequence, similarity
from .loss import REDUCTION, FunctionLoss


class Row(NamedTuple):
    """One loss class: its function, fields with defaults in order, and what its config leaves out by default."""

    function: Any
    fields: dict
    quiet: tuple = ()
    doc: str = ""


def _fields(name, after=(), **own):
    """The function's arguments, then reduction and name, then ``after``, then dtype."""
    return {**own, "reduction": REDUCTION, "name": name, **dict(after), "dtype": None}


_LABELS = {"from_logits": False, "label_smoothing": 0.0, "axis": -1}

ROWS = {
    "MeanSquaredError": Row(regression.mean_squared_error, _fields("mean_squared_error")),
    "MeanAbsoluteError": Row(regression.mean_absolute_error, _fields("mean_absolute_error")),
    "MeanAbsolutePercentageError": Row(
        regression.mean_absolute_percentage_error, _fields("mean_absolute_percentage_error")
    ),
    "MeanSquaredLogarithmicError": Row(
        regression.mean_squared_logarithmic_error, _fields("mean_squared_logarithmic_error")
    ),
    "CosineSimilarity": Row(regression.cosine_similarity, _fields("cosine_similarity", axis=-1), quiet=("axis",)),
    "Huber": Row(regression.huber, _fields("huber_loss", delta=1.0), quiet=("delta",)),
    "LogCosh": Row(regression.log_cosh, _fields("log_cosh")),
    "Hinge": Row(hinge.hinge, _fields("hinge")),
    "SquaredHinge": Row(hinge.squared_hinge, _fields("squared_hinge")),
    "CategoricalHinge": Row(hinge.categorical_hinge, _fields("categorical_hinge")),
    "KLDivergence": Row(probabilistic.kl_divergence, _fields("kl_divergence")),
    "Poisson": Row(probabilistic.poisson, _fields("poisson")),
    "BinaryCrossentropy": Row(probabilistic.binary_crossentropy, _fields("binary_crossentropy", **_LABELS)),
    "BinaryFocalCrossentropy": Row(
        probabilistic.binary_focal_crossentropy,
        _fields("binary_focal_crossentropy", apply_class_balancing=False, alpha=0.25, gamma=2.0, **_LABELS),
    ),
    "CategoricalCrossentropy": Row(
        probabilistic.categorical_crossentropy, _fields("categorical_crossentropy", **_LABELS)
    ),
    "CategoricalFocalCrossentropy": Row(
        probabilistic.categorical_focal_crossentropy,
        _fields("categorical_focal_crossentropy", alpha=0.25, gamma=2.0, **_LABELS),
    ),
    "SparseCategoricalCrossentropy": Row(
        probabilistic.sparse_categorical_crossentropy,
        {
            "from_logits": False,
            "ignore_class": None,
            "reduction": REDUCTION,
            "axis": -1,
            "name": "sparse_categorical_crossentropy",
            "dtype": None,
        },
        quiet=("axis",),
    ),
    "CategoricalGeneralizedCrossEntropy": Row(
        probabilistic.categorical_generalized_cross_entropy, _fields("categorical_generalized_cross_entropy", q=0.5)
    ),
    "CTC": Row(sequence.ctc, _fields("ctc")),
    "Dice": Row(overlap.dice, _fields("dice", after={"axis": None})),
    "Tversky": Row(overlap.tversky, _fields("tversky", after={"axis": None}, alpha=0.5, beta=0.5)),
    "Circle": Row(similarity.circle, _fields("circle", gamma=80.0, margin=0.4, remove_diagonal=True)),
}

_INTEGER_TARGETS = ("sparse_categorical_crossentropy", "categorical_generalized_cross_entropy", "ctc", "circle")


for _row in ROWS.values():
    _row.function._integer_targets = _row.function.__name__ in _INTEGER_TARGETS


def _check_q(self):
    FunctionLoss.__post_init__(self)
    if not 0 < self.q < 1:
        raise ValueError(f"CategoricalGeneralizedCrossEntropy: q must be in (0, 1), received {self.q}.")


def _name_for_axis(self):
    if isinstance(self.axis, str):  # by position, tf.keras has the name where Keras 3 has the axis
        self.name, self.axis = self.axis, -1
    FunctionLoss.__post_init__(self)


_CHECKS = {"CategoricalGeneralizedCrossEntropy": _check_q, "SparseCategoricalCrossentropy": _name_for_axis}


def _make(name, row):
    own = [field for field in row.fields if field not in FunctionLoss._base_arguments]
    function = row.function
    summary = function.__doc__.split("\n")[0]
    body = {
        "__doc__": f"{summary}\n\nThe function is ``{function.__name__}``; its values are weighted and reduced.\n",
        "__module__": __name__,
        "__annotations__": dict.fromkeys(row.fields, Any),
        "fn": staticmethod(function),
        "_quiet": row.quiet,
        "_integer_targets": function._integer_targets,
        "_arguments": lambda self: {field: getattr(self, field) for field in own},
        **row.fields,
    }
    if name in _CHECKS:
        body["__post_init__"] = _CHECKS[name]
    return declare(type(name, (FunctionLoss,), body))


CLASSES = {name: _make(name, row) for name, row in ROWS.items()}

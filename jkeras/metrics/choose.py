"""Which metric ``compile(metrics=[...])`` means for an output, in each generation of Keras."""

import inspect

from jkeras.core.declare import current_era
from jkeras.losses import Loss, kind_of_labels, name_of

from .accuracy import sparse_accuracy
from .metric import Metric
from .reduction import MeanMetricWrapper

# Keras 2.2.4 logs a metric under the name of its function, which had these names then.
OLD_NAMES = {
    "kl_divergence": "kullback_leibler_divergence",
    "log_cosh": "logcosh",
    "accuracy": "acc",
    "crossentropy": "ce",
}
SHORT = {"acc": "accuracy", "ce": "crossentropy"}


def choose(identifier, y_true_shape=None, y_pred_shape=None, loss=None, era=None):
    """The Metric object for one entry of ``metrics``, with the name that the logs show, ready to be compiled.

    Args:
        identifier: a name, Metric, Metric class, function, loss object or config.
        y_true_shape, y_pred_shape: shapes of targets and predictions (None for an unknown size); they decide what
            "accuracy", "acc", "crossentropy" and "ce" mean, and the size of the state where it depends on them.
        loss: the loss of the output, as object, function or name: Keras 2.2.4 goes by it (and by the last size of the
            predictions).
        era: the generation whose rules hold; None means the current one.

    >>> choose("acc", (None, 1), (None, 10)).name, type(choose("acc", (None, 1), (None, 10))).__name__
    ('acc', 'SparseCategoricalAccuracy')
    """
    metric = _resolve(identifier, y_true_shape, y_pred_shape, loss, era or current_era())
    if not metric.built and y_true_shape is not None and y_pred_shape is not None:
        metric.build(tuple(y_true_shape), tuple(y_pred_shape))
    return metric


def _resolve(identifier, y_true_shape, y_pred_shape, loss, era):
    from jkeras import metrics

    if identifier is None:
        raise ValueError("Expected a metric, received None.")
    if isinstance(identifier, Metric):
        return identifier
    if not isinstance(identifier, str):
        found = metrics.get(identifier)
        return found if isinstance(found, Metric) else MeanMetricWrapper(found, name=name_of(found))
    folded = identifier.lower()
    what = SHORT.get(folded, folded)
    old = era in ("1", "2.2")
    if what in ("accuracy", "crossentropy"):
        kind = _kind_by_loss(y_pred_shape, loss) if old else kind_of_labels(y_true_shape, y_pred_shape)
        cls = metrics.CLASSES_BY_NAME[f"{kind}_{what}"]
        return cls(name=OLD_NAMES[what] if old else identifier)
    if what == "sparse_accuracy":
        return MeanMetricWrapper(sparse_accuracy, name=identifier)
    return _by_name(metrics, identifier, era)


def _by_name(metrics, identifier, era):
    if era in ("1", "2.2") and identifier in metrics.FUNCTIONS_BY_NAME:
        function = metrics.FUNCTIONS_BY_NAME[identifier]
        name = function.__name__
        return MeanMetricWrapper(function, name=OLD_NAMES.get(name, name))
    found = metrics.family.find(identifier)
    if inspect.isclass(found) and issubclass(found, Metric):
        # tf.keras keeps the name of a class; of a function, and in Keras 3 always, it is what was written
        kept = era == "tf2" and identifier == found.__name__
        found = found()
        found.name = found.name if kept else identifier
        return found
    found = found() if inspect.isclass(found) else found
    return found if isinstance(found, Metric) else MeanMetricWrapper(found, name=identifier)


def _kind_by_loss(y_pred_shape, loss):
    """What Keras 2.2.4 takes "accuracy" for."""
    function = loss.fn if isinstance(loss, Loss) and hasattr(loss, "fn") else loss
    name = function if isinstance(function, str) else getattr(function, "__name__", "")
    if (y_pred_shape and y_pred_shape[-1] == 1) or name in ("binary_crossentropy", "bce", "BCE"):
        return "binary"
    return "sparse_categorical" if name == "sparse_categorical_crossentropy" else "categorical"

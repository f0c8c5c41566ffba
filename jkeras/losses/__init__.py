"""Losses: how far predictions are from targets.

Each loss is a pure function of arrays, with one value per sample, and a class that weighs and reduces these values.
"""

from jkeras.core import naming, registry

from . import table
from .hinge import categorical_hinge, hinge, squared_hinge
from .loss import Loss, LossFunctionWrapper
from .overlap import dice, tversky
from .probabilistic import (
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    categorical_generalized_cross_entropy,
    kl_divergence,
    poisson,
    sparse_categorical_crossentropy,
)
from .reduction import Reduction, reduce_weighted, squeeze_or_expand
from .regression import (
    cosine_proximity,
    cosine_similarity,
    huber,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
)
from .sequence import ctc
from .similarity import circle

# Every function with the names that some generation of Keras knows it by.
FUNCTIONS = {
    mean_squared_error: ("mse", "MSE"),
    mean_absolute_error: ("mae", "MAE"),
    mean_absolute_percentage_error: ("mape", "MAPE"),
    mean_squared_logarithmic_error: ("msle", "MSLE"),
    cosine_similarity: (),
    cosine_proximity: ("cosine",),
    huber: ("huber_loss",),
    log_cosh: ("logcosh",),
    hinge: (),
    squared_hinge: (),
    categorical_hinge: (),
    kl_divergence: ("kld", "KLD", "kullback_leibler_divergence"),
    poisson: (),
    binary_crossentropy: ("bce", "BCE"),
    binary_focal_crossentropy: (),
    categorical_crossentropy: (),
    categorical_focal_crossentropy: (),
    sparse_categorical_crossentropy: (),
    categorical_generalized_cross_entropy: (),
    ctc: (),
    dice: (),
    tversky: (),
    circle: (),
}

family = registry.Family("keras.losses", kind="loss")
family.add(Loss)
family.add(LossFunctionWrapper)
for _function, _aliases in FUNCTIONS.items():
    family.add(_function, *_aliases)
for _class in table.CLASSES.values():
    family.add(_class)

# the classes of the table and all aliases are attributes of this module
globals().update({name: obj for name, obj in family.objects.items() if name not in globals()})
__all__ = ["Reduction", "choose", "deserialize", "get", "reduce_weighted", "serialize", "squeeze_or_expand"]
__all__ += list(family.objects)


def get(identifier):
    """The loss function or object of a name in any case, a class, an instance, a function or a config; None stays None.

    Raises ValueError with the nearest known name.

    >>> get("MSE").__name__, get("MeanSquaredError").name
    ('mean_squared_error', 'mean_squared_error')
    """
    return family.get(identifier)


def serialize(loss, use_legacy_format=False):
    """The config of a loss object or function; ``use_legacy_format`` gives the one of ``tf.keras``.

    >>> serialize(get("mse"), use_legacy_format=True)
    'mean_squared_error'
    """
    return registry.serialize(loss) if not use_legacy_format else legacy_config(loss)


def deserialize(name, custom_objects=None, use_legacy_format=False):
    """The loss that a config or name describes; configs of all generations are read, whatever ``use_legacy_format``.

    >>> deserialize({"class_name": "Huber", "config": {"delta": 2.0}}).delta
    2.0
    """
    return family.deserialize(name, custom_objects)


def choose(identifier, y_true_shape=None, y_pred_shape=None):
    """The loss object that ``compile(loss=...)`` means for an output; None stays None.

    "crossentropy" and "ce" are chosen by the shapes of targets and predictions: one column is binary, integer labels
    are sparse. Functions become objects under the name given, or their own.

    >>> choose("ce", (None, 1), (None, 10)).fn.__name__, choose("mse").name
    ('sparse_categorical_crossentropy', 'mse')
    """
    if identifier is None:
        return None
    if isinstance(identifier, str) and identifier.lower() in ("crossentropy", "ce"):
        found = globals()[kind_of_labels(y_true_shape, y_pred_shape) + "_crossentropy"]
    else:
        found = get(identifier)
    if isinstance(found, Loss):
        return found
    return LossFunctionWrapper(found, name=identifier if isinstance(identifier, str) else name_of(found))


def kind_of_labels(y_true_shape, y_pred_shape):
    """ "binary", "sparse_categorical" or "categorical": what targets and predictions of these shapes are.

    >>> kind_of_labels((None, 1), (None, 1)), kind_of_labels((None, 5), (None, 5))
    ('binary', 'categorical')
    """
    if y_pred_shape is None or len(y_pred_shape) == 0 or y_true_shape is None:
        raise ValueError("Choosing by shapes needs the shapes of targets and predictions; name the function itself.")
    if y_pred_shape[-1] == 1:
        return "binary"
    sparse = len(y_true_shape) < len(y_pred_shape) or y_true_shape[-1] == 1
    return "sparse_categorical" if sparse else "categorical"


def name_of(function):
    """The name of a loss or metric function for logs."""
    found = getattr(function, "name", None) or getattr(function, "__name__", None)
    return found or naming.snake_case(type(function).__name__)


def legacy_config(obj):
    """``{"class_name", "config"}`` of an object, the name of a function."""
    if obj is None or not hasattr(obj, "get_config"):
        return obj if obj is None else registry.get_registered_name(obj)
    return {"class_name": registry.get_registered_name(type(obj)), "config": obj.get_config()}

"""Losses: how far predictions are from targets.

Each loss is a pure function of arrays, with one value per sample, and a class that weighs and reduces these values.
"""

from jkeras.core import registry

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
    cosine_similarity: ("cosine", "cosine_proximity"),
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
__all__ = [*family.objects, "Reduction", "deserialize", "get", "reduce_weighted", "serialize", "squeeze_or_expand"]


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


def legacy_config(obj):
    """``{"class_name", "config"}`` of an object, the name of a function."""
    if obj is None or not hasattr(obj, "get_config"):
        return obj if obj is None else registry.get_registered_name(obj)
    return {"class_name": registry.get_registered_name(type(obj)), "config": obj.get_config()}

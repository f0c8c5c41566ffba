"""Helpers of Keras: labels, files, data sets from folders, plots, seeds. Everything loads on first use."""

from importlib import import_module

# Where each public name lives, so that importing one costs nothing of the others.
PLACES = {
    "jkeras.utils.numeric": ("to_categorical", "to_ordinal", "normalize"),
    "jkeras.utils.file_utils": ("get_file",),
    "jkeras.core.dtypes": ("standardize_dtype",),
    "jkeras.train.data_sequence": (
        "GeneratorEnqueuer",
        "OrderedEnqueuer",
        "PyDataset",
        "Sequence",
        "SequenceEnqueuer",
    ),
    "jkeras.train.progress": ("Progbar",),
}
_PLACE_OF = {name: module for module, names in PLACES.items() for name in names}
_RENAMED = {"set_random_seed": ("jkeras.core.rng", "set_seed")}

__all__ = sorted([*_PLACE_OF, *_RENAMED])


def __getattr__(name):
    module, attribute = _RENAMED.get(name) or (_PLACE_OF.get(name), name)
    if module is None:
        raise AttributeError(f"module 'jkeras.utils' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(module), attribute)
    return value


def __dir__():
    return __all__

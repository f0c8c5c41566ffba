"""Sequences, texts and images on their way into a model. Everything loads on first use."""

from importlib import import_module

_MODULES = ("image", "sequence", "text")
_FROM_UTILS = ("image_dataset_from_directory", "text_dataset_from_directory", "timeseries_dataset_from_array")

__all__ = [*_MODULES, *_FROM_UTILS]


def __getattr__(name):
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    if name in _FROM_UTILS:
        return getattr(import_module("jkeras.utils"), name)
    raise AttributeError(f"module 'jkeras.preprocessing' has no attribute {name!r}")


def __dir__():
    return __all__

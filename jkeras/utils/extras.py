"""Packages that only some functions need, imported where they are used."""

from importlib import import_module


def need(module, extra, use):
    """The module; where it is not installed, ImportError says which extra brings it.

    >>> need("json", "images", "this example").dumps([1])
    '[1]'
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise ImportError(
            f"{use} needs {module.split('.')[0]}, which is not installed: pip install 'jkeras[{extra}]'."
        ) from error

"""The past as data: old names, old argument orders, defaults by era. Nothing else in the package knows of it."""

import contextlib
from collections.abc import Iterator

from .eras import set_era
from .paths import install

__all__ = ["era", "install", "set_era"]


@contextlib.contextmanager
def era(name: str) -> Iterator[None]:
    """Inside, the defaults of a Keras generation hold: "1", "2.2", "tf2" or "3".

    >>> from jkeras.core.declare import current_era
    >>> with era("2.2"):
    ...     current_era()
    '2.2'
    """
    from ..core.declare import current_era

    before = current_era()
    set_era(name)
    try:
        yield
    finally:
        set_era(before)

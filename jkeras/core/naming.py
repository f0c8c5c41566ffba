"""Automatic names: ``dense``, ``dense_1``, ... counted per process until ``clear_session``."""

import re

_counts: dict[str, int] = {}


def snake_case(name: str) -> str:
    """``BatchNormalization`` as ``batch_normalization``, ``Conv2D`` as ``conv2d``.

    >>> snake_case("Conv2DTranspose"), snake_case("LSTM")
    ('conv2d_transpose', 'lstm')
    """
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


# compat sets 1 for the eras that count from "dense_1", and bases that have another name or first number in an era.
first_index = [0]
bases: dict[str, tuple[str, int]] = {}


def unique_name(base: str) -> str:
    """The base name, numbered from the second use on."""
    base, first = bases.get(base, (base, first_index[0]))
    count = _counts.get(base, first)
    _counts[base] = count + 1
    return f"{base}_{count}" if count else base


def get_uid(prefix: str = "") -> int:
    """A new number at each call with the same prefix, from 1 on."""
    _counts[prefix] = count = _counts.get(prefix, first_index[0]) + 1
    return count - first_index[0]


def reset_names() -> None:
    """Starts counting anew."""
    _counts.clear()

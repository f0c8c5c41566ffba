"""Messages that say what was wrong, where, what was received and what to do."""

import difflib
from collections.abc import Iterable


def nearest(name: str, choices: Iterable[str]) -> str | None:
    """The known name that looks most like ``name``, or None where nothing does.

    >>> nearest("MeanSquareError", ["MeanSquaredError", "Poisson"])
    'MeanSquaredError'
    """
    folded = {c.lower().replace("_", ""): c for c in choices}
    found = difflib.get_close_matches(str(name).lower().replace("_", ""), folded, n=1, cutoff=0.6)
    return folded[found[0]] if found else None


def unknown(kind: str, name: object, choices: Iterable[str]) -> str:
    """The message for a name that nobody knows, with the nearest known one.

    >>> unknown("loss", "mze", ["mse", "mae"])
    "Unknown loss 'mze'. Did you mean 'mse'?"
    """
    choices = sorted(set(choices), key=lambda c: (c.lower(), c))
    hint = nearest(str(name), choices)
    if hint is not None:
        return f"Unknown {kind} {name!r}. Did you mean {hint!r}?"
    shown = ", ".join(map(repr, choices[:12])) + (", ..." if len(choices) > 12 else "")
    return f"Unknown {kind} {name!r}. Known: {shown}."

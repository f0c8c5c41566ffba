"""Defaults by era: what was the default where it is not today's."""

from typing import Any

from ..core import naming
from ..core.declare import era
from ..core.errors import unknown

ERAS = ("1", "2.2", "tf2", "3")
ALIASES = {"2": "2.2", "2.0": "2.2", "2.1": "2.2", "2.3": "tf2", "tf": "tf2", "tf.keras": "tf2", "1.0": "1", "1.2": "1"}

# (class, field): value, for each era
_KERAS_2 = {
    ("Layer", "activity_per_sample"): False,
    ("Model", "weighted_prefix"): "weighted_",
}
DEFAULTS: dict[str, dict[tuple[str, str], Any]] = {"1": dict(_KERAS_2), "2.2": dict(_KERAS_2), "tf2": {}, "3": {}}


def set_era(name: str) -> None:
    """Makes the defaults of a Keras generation hold from now on; raises ValueError for an unknown one."""
    name = ALIASES.get(str(name), str(name))
    if name not in ERAS:
        raise ValueError(unknown("era", name, [*ERAS, *ALIASES]))
    era.name = name
    era.defaults = DEFAULTS[name]
    naming.first_index[0] = 1 if name in ("1", "2.2") else 0

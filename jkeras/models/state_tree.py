"""All values of a model, its optimizer and its metrics as nested dicts, and back."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from ..core import tracking
from ..core.variable import Variable, initialize


def _groups(model: Any) -> dict[str, list[Variable]]:
    groups = {
        "trainable_variables": model.trainable_variables,
        "non_trainable_variables": model.non_trainable_variables,
        "optimizer_variables": list(model.optimizer.variables) if model.optimizer is not None else [],
        "metrics_variables": model.metrics_variables,
    }
    return groups


def _placed(variables: list[Variable]) -> list[tuple[tuple[str, ...], Variable]]:
    """Each Variable at its path; a path that is taken gets a number."""
    used: set[str] = set()
    found = []
    for v in variables:
        count, path = 0, v.path
        while path in used:
            count += 1
            path = f"{v.path}_{count}"
        used.add(path)
        found.append((tuple(path.split("/")), v))
    return found


def get_tree(model: Any, value_format: str) -> dict[str, Any]:
    """The values: "backend_tensor" gives JAX arrays, "numpy_array" NumPy ones."""
    if value_format not in ("backend_tensor", "numpy_array"):
        raise ValueError(f"value_format: expected 'backend_tensor' or 'numpy_array', received {value_format!r}.")
    groups = _groups(model)
    initialize([v for group in groups.values() for v in group])
    read = np.asarray if value_format == "numpy_array" else jnp.asarray
    return {
        name: tracking.nested([(place, read(v.value)) for place, v in _placed(group)]) for name, group in groups.items()
    }


def set_tree(model: Any, state_tree: dict[str, Any]) -> None:
    """Sets the groups that are given; everything is checked before anything is assigned."""
    groups = _groups(model)
    pairs = []
    for name, tree in state_tree.items():
        if name not in groups:
            raise ValueError(f"set_state_tree: unknown group {name!r}; known: {', '.join(groups)}.")
        for place, v in _placed(groups[name]):
            value = tracking.lookup(tree, place, name)
            if tuple(np.shape(value)) != v.shape:
                raise ValueError(f"set_state_tree: {v.path!r} has shape {v.shape}, received {np.shape(value)}.")
            pairs.append((v, value))
    for v, value in pairs:
        v.assign(value)

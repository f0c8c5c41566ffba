"""The methods of a model that write or read files and configs; the work is done one floor up, in ``saving``."""

import os
import warnings
from typing import Any

from ..core import connections
from ..core.declare import era_default, resolve_default


def saving() -> Any:
    """The package above, which knows models."""
    return connections.modules["keras.saving"]()


def save(self: Any, filepath: Any, overwrite: bool = True, **kwargs: Any) -> None:
    """Writes the whole model to a file; the format follows the extension."""
    plain = not os.path.splitext(os.fspath(filepath))[1]
    if kwargs.get("save_format") == "tf" or plain and resolve_default(type(self), "saves_folders", era_default(False)):
        warnings.warn(
            f"save: {os.fspath(filepath)!r} is written as a .keras file, which load_model reads; a SavedModel would need "
            "TensorFlow.",
            stacklevel=2,
        )
    saving().save_model(self, filepath, overwrite=overwrite, **kwargs)


def save_weights(self: Any, filepath: Any, overwrite: bool = True, **kwargs: Any) -> None:
    """Writes the weights to a file."""
    saving().save_weights(self, filepath, overwrite=overwrite, **kwargs)


def load_weights(self: Any, filepath: Any, *args: Any, skip_mismatch: bool = False, **kwargs: Any) -> Any:
    """Reads the weights from a file."""
    if args:  # Keras 2.2 has by_name first, later ones skip_mismatch
        order = resolve_default(type(self), "load_order", era_default(("skip_mismatch", "by_name", "options")))
        kwargs.update(zip(order, args, strict=False))
        skip_mismatch = kwargs.pop("skip_mismatch", skip_mismatch)
    if kwargs.pop("options", None) is not None:
        raise ValueError("load_weights: options describe checkpoints of TensorFlow, which cannot be read.")
    if kwargs.pop("reshape", False):
        return connections.resolve["load_reshaped"]((self, filepath, skip_mismatch, kwargs.get("by_name", False)))
    return saving().load_weights(self, filepath, skip_mismatch=skip_mismatch, **kwargs)


def export(self: Any, filepath: Any, **kwargs: Any) -> Any:
    """Writes the forward pass in a form that runs without jkeras."""
    return saving().export_model(self, filepath, **kwargs)


def to_yaml(self: Any, **kwargs: Any) -> str:
    """The architecture as YAML text."""
    return saving().model_to_yaml(self, **kwargs)


def to_json(self: Any, **kwargs: Any) -> str:
    """The architecture as JSON text."""
    return saving().model_to_json(self, **kwargs)


def get_compile_config(self: Any) -> dict[str, Any] | None:
    """The arguments of ``compile`` as plain data."""
    return saving().compile_config(self)


def compile_from_config(self: Any, config: dict[str, Any]) -> None:
    """Compiles as ``get_compile_config`` says."""
    saving().compile_from_config(self, config)

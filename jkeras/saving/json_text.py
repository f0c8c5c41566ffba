"""Architectures as text."""

import json
from typing import Any

from ..core import registry
from ..core.layer import family


def model_to_json(model: Any, **kwargs: Any) -> str:
    """The architecture as JSON text; keyword arguments go to ``json.dumps``."""
    return json.dumps(registry.serialize(model), **kwargs)


def model_from_json(json_string: str, custom_objects: dict | None = None) -> Any:
    """The model of an architecture as JSON text; raises ValueError for text that is none."""
    try:
        config = json.loads(json_string)
    except json.JSONDecodeError as error:
        raise ValueError(f"model_from_json: this is no JSON text ({error}).") from None
    return model_from_config(config, custom_objects)


def model_from_config(config: Any, custom_objects: dict | None = None) -> Any:
    """The model that a config of any Keras generation describes."""
    if isinstance(config, list):
        raise TypeError("model_from_config expects a dict; for a list of layers use Sequential.from_config.")
    if not isinstance(config, dict) or "class_name" not in config:
        raise ValueError(f"model_from_config: expected a config with 'class_name', received {type(config).__name__}.")
    from .. import layers, models  # their classes are known once they are imported

    _ = layers.Dense, models.Sequential, models.Model
    return registry.deserialize({**config, "module": "keras"}, custom_objects, family=family)


def model_to_yaml(model: Any, **kwargs: Any) -> str:
    """The architecture as YAML text. Needs PyYAML."""
    return _yaml().safe_dump(json.loads(model_to_json(model)), **kwargs)


def model_from_yaml(yaml_string: str, custom_objects: dict | None = None) -> Any:
    """The model of an architecture as YAML text, which is read as plain data. Needs PyYAML."""
    return model_from_config(_yaml().safe_load(yaml_string), custom_objects)


def _yaml() -> Any:
    try:
        import yaml
    except ImportError:
        raise ImportError("YAML needs PyYAML: pip install pyyaml. JSON (to_json) needs nothing.") from None
    return yaml

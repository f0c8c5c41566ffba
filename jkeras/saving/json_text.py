"""Architectures as text."""

import json
from typing import Any

from ..core import registry
from ..core.declare import current_era
from ..core.layer import family
from . import eras, older


def model_to_json(model: Any, **kwargs: Any) -> str:
    """The architecture as JSON text; keyword arguments go to ``json.dumps``."""
    era, described = current_era(), registry.serialize(model)
    if era == "3":
        return json.dumps(described, **kwargs)
    older.check_meaning(model, era)
    described.pop("compile_config", None)
    signed = {"keras_version": eras.VERSIONS["2.2" if era == "1" else era], "backend": "tensorflow"}
    return json.dumps({**older.older(described, era), **signed}, **kwargs)


def model_from_json(json_string: str, custom_objects: dict | None = None) -> Any:
    """The model of an architecture as JSON text; raises ValueError for text that is none."""
    try:
        config = json.loads(json_string)
    except json.JSONDecodeError as error:
        raise ValueError(f"model_from_json: this is no JSON text ({error}).") from None
    except RecursionError:
        raise ValueError("model_from_json: the text is nested too deeply to describe a model.") from None
    try:
        return model_from_config(config, custom_objects)
    except (ValueError, TypeError):
        raise
    except Exception as error:
        raise ValueError(
            f"model_from_json: the text does not describe a model: {type(error).__name__}: {error}"
        ) from error


def model_from_config(config: Any, custom_objects: dict | None = None, era: str | None = None) -> Any:
    """The model that a config of any Keras generation describes; ``era`` is known where a file says who wrote it."""
    if isinstance(config, list):
        raise TypeError("model_from_config expects a dict; for a list of layers use Sequential.from_config.")
    if not isinstance(config, dict) or "class_name" not in config:
        raise ValueError(f"model_from_config: expected a config with 'class_name', received {type(config).__name__}.")
    from .. import layers, models  # their classes are known once they are imported

    _ = layers.Dense, models.Sequential, models.Model
    if era is None:
        era = eras.era_of(config["keras_version"]) if "keras_version" in config else _guessed(config)
    if era == "3":
        module = config.get("module") if config["class_name"] not in ("Functional", "Model", "Sequential") else "keras"
        return registry.deserialize({**config, "module": module or "keras"}, custom_objects, family=family)
    with eras.in_era(era), registry.custom_object_scope(custom_objects or {}):
        return registry.deserialize(eras.upgraded(config), custom_objects, family=family)


def _guessed(config: dict) -> str:
    """Configs without a version: Keras 3 says where a class is from, or describes calls with args and kwargs."""
    if "module" in config or "registered_name" in config:
        return "3"
    inner = config["config"]
    layers = inner.get("layers", []) if isinstance(inner, dict) else inner
    described = json.dumps(layers)
    if (
        '"nb_filter"' in described
        or '"output_dim": ' in described
        and '"units"' not in described
        and '"inner_init"' in described
    ):
        return "1"
    if '"__keras_tensor__"' in described or '"batch_shape"' in described or '"module"' in described:
        return "3"
    return "2.2"


def model_to_yaml(model: Any, **kwargs: Any) -> str:
    """The architecture as YAML text. Needs PyYAML."""
    return _yaml().safe_dump(json.loads(model_to_json(model)), **kwargs)


def model_from_yaml(yaml_string: str, custom_objects: dict | None = None) -> Any:
    """The model of an architecture as YAML text, read as plain data; raises ValueError for other text. Needs PyYAML."""
    yaml = _yaml()
    try:
        config = yaml.safe_load(yaml_string)
    except yaml.YAMLError as error:
        raise ValueError(f"model_from_yaml: this is no YAML text of plain data ({error}).") from None
    return model_from_config(config, custom_objects)


def _yaml() -> Any:
    try:
        import yaml
    except ImportError:
        raise ImportError("YAML needs PyYAML: pip install pyyaml. JSON (to_json) needs nothing.") from None
    return yaml

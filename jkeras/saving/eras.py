"""Which Keras wrote a file, and its configs in today's words.

A file is read in the era that wrote it: formulas and defaults that differ between generations are those of its Keras.
"""

import contextlib
import re
from collections.abc import Iterator
from typing import Any

from ..core import connections, registry

VERSIONS = {"1": "1.2.2", "2.2": "2.2.4", "tf2": "2.21.0", "3": "3.15.1"}  # what a file says that was written in an era


def era_of(version: Any) -> str:
    """The era of a version of Keras as files have it; files of Keras 1 have none.

    >>> [era_of(v) for v in (None, "2.2.4", "2.2.4-tf", "2.3.1", "2.21.0", "3.15.1")]
    ['1', '2.2', 'tf2', 'tf2', 'tf2', '3']
    """
    text = version.decode("utf-8", "replace") if isinstance(version, bytes) else str(version or "1")
    numbers = [int(n) for n in re.findall(r"\d+", text)[:2]] + [0, 0]
    if numbers[0] < 2:
        return "1"
    if numbers[0] >= 3:
        return "3"
    return "tf2" if numbers[1] > 2 or "tf" in text else "2.2"


@contextlib.contextmanager
def in_era(name: str | None) -> Iterator[None]:
    """Inside, the defaults and formats of an era hold; None leaves all as it is."""
    if name is None:
        yield
        return
    with connections.modules["keras"]().compat.era(name):
        yield


# ------------------------------------------------- configs of older Kerases

_ANY = object()
# What older configs hold and today's layers have no argument for: the value that changes nothing
_NEUTRAL: dict[str, Any] = {
    "groups": 1,
    "time_major": False,
    "query_shape": _ANY,
    "key_shape": _ANY,
    "value_shape": _ANY,
    "ragged": False,
    "sparse": False,
    "optional": False,
    "renorm": False,
    "renorm_clipping": None,
    "renorm_momentum": _ANY,
    "virtual_batch_size": None,
    "adjustment": None,
    "fused": _ANY,
    "dynamic": False,
    "layout_map": None,
    "trainable": True,
    "dtype": _ANY,
    "interpolation_order": None,
    "go_backwards": False,
    "idf_weights": None,
    "kernel_initializer": _ANY,  # of SeparableConv and DepthwiseConv, which use others in its place
    "kernel_regularizer": None,
    "kernel_constraint": None,
}
_CLASSES = {"Policy": "DTypePolicy", "PolicyV1": "DTypePolicy"}
_FAMILIES = ("layers", "initializers", "regularizers", "constraints", "optimizers", "losses", "metrics")
_MODELS = ("Sequential", "Model", "Functional")
_DISTRIBUTION = {"normal": "truncated_normal"}


def upgraded(config: Any) -> Any:
    """A config of Keras 1 or 2 in the form of Keras 3; what the caller registered keeps its name."""
    if isinstance(config, (list, tuple)):
        return [upgraded(v) for v in config]
    if not isinstance(config, dict):
        return config
    name = config.get("class_name")
    if not isinstance(name, str) or "config" not in config or name.startswith("__"):
        return {k: upgraded(v) for k, v in config.items()}
    inner = config["config"]
    if name == "Sequential" and isinstance(inner, list):
        inner = {"layers": inner}
    result = {k: v for k, v in config.items() if k != "module"}
    result["class_name"] = name = _class_name(name)
    module = config.get("module") or _home(name)
    module = _home(name) if name in _CLASSES.values() else module
    if module is not None:
        result["module"] = module
        if module.startswith("keras.") and name not in _MODELS:
            result.pop("build_config", None)  # what is called by the model builds itself
    if name == "Lambda":  # its own from_config knows all forms
        result["config"] = inner
        return result
    if isinstance(inner, dict):
        inner = {k: upgraded(v) for k, v in inner.items()}
        inner = _without_neutral(name, inner)
        if name == "Discretization" and "int" in str(inner.get("dtype")):
            del inner["dtype"]  # of the result, not of what comes in
        if name == "VarianceScaling":
            inner["distribution"] = _DISTRIBUTION.get(
                inner.get("distribution"), inner.get("distribution", "truncated_normal")
            )
        if name in _MODELS:
            inner = {k: v for k, v in inner.items() if k != "build_input_shape"}
    result["config"] = inner
    return result


def _class_name(name: str) -> str:
    if registry.get_registered_object(name) is not None:
        return name
    return _CLASSES.get(name, name.removeprefix("Custom>"))


def _home(name: str) -> str | None:
    """The module of Keras 3 that has a class."""
    if name in _MODELS or name == "DTypePolicy":
        return "keras"
    for family in _FAMILIES:
        if isinstance(getattr(connections.modules[f"keras.{family}"](), name, None), type):
            return f"keras.{family}"
    return None


def _without_neutral(name: str, inner: dict) -> dict:
    cls = getattr(connections.modules["keras.layers"](), name, None)
    if not isinstance(cls, type) or registry.get_registered_object(name) is not None:
        return inner
    known = {*getattr(cls, "_fields", {}), *getattr(cls, "_base_arguments", ())}

    def changes_nothing(key: str, value: Any) -> bool:
        return key not in known and key in _NEUTRAL and (_NEUTRAL[key] is _ANY or _NEUTRAL[key] == value)

    return {k: v for k, v in inner.items() if not changes_nothing(k, v)}


def upgraded_training(training: dict, outputs: Any = ()) -> dict:
    """The arguments of compile of an older whole-model file; ``outputs``: the names of the model's outputs."""
    optimizer = dict(training["optimizer_config"])
    inner = dict(optimizer.get("config") or {})
    optimizer["class_name"] = _class_name(optimizer["class_name"])
    legacy = "decay" in inner and "lr" not in inner and "is_legacy_optimizer" not in inner
    if legacy or inner.get("is_legacy_optimizer"):
        optimizer["module"] = "keras.optimizers.legacy"
    else:
        optimizer.pop("module", None)
    inner.pop("is_legacy_optimizer", None)
    optimizer["config"] = inner
    return {**upgraded_objectives(training, outputs), "optimizer": optimizer}


def upgraded_objectives(compiled: dict, outputs: Any = ()) -> dict:
    """Losses, metrics and their weights among the arguments of compile, in the form of Keras 3."""
    kinds = ("loss", "metrics", "weighted_metrics", "loss_weights")
    found = {key: compiled[key] for key in kinds if compiled.get(key)}
    outputs = list(outputs or ())
    for key in kinds[1:3]:  # their names begin with that of the output already
        given = found.get(key)
        if len(outputs) > 1 and isinstance(given, (list, tuple)) and len(given) == len(outputs):
            found[key] = [_shortened(m, key, f"{o}_") for o, m in zip(outputs, given, strict=True)]
        elif len(outputs) > 1 and isinstance(given, dict) and "class_name" not in given:
            found[key] = {o: _shortened(m, key, f"{o}_") for o, m in given.items()}
    return {key: _shortened(value, key) for key, value in found.items()}


def _shortened(x: Any, kind: str, prefix: str = "") -> Any:
    """tf.keras wraps functions: {"class_name": "MeanMetricWrapper", "config": {"fn": "binary_accuracy"}}."""
    if isinstance(x, (list, tuple)):
        return [_shortened(v, kind, prefix) for v in x]
    if not isinstance(x, dict):
        return x
    inner = x.get("config")
    if "class_name" not in x:
        return {k: _shortened(v, kind, prefix) for k, v in x.items()}
    if isinstance(inner, dict) and prefix and str(inner.get("name")).startswith(prefix):
        inner = {**inner, "name": inner["name"].removeprefix(prefix)}
    if x["class_name"] in ("MeanMetricWrapper", "SumOverBatchSizeMetricWrapper") and isinstance(inner, dict):
        fn = inner.get("fn")
        if isinstance(fn, (str, dict)):
            from ..metrics import reduction

            return reduction.MeanMetricWrapper(**{**inner, "fn": reduction.function_of(fn)})
    if x["class_name"] == "LossFunctionWrapper" and isinstance(inner, dict) and isinstance(inner.get("fn"), str):
        return inner["fn"]
    name, home = _class_name(x["class_name"]), "keras.losses" if kind == "loss" else "keras.metrics"
    ours = registry.get_registered_object(name) is None and hasattr(connections.modules[home](), name)
    if not ours:
        return {**x, "class_name": name}
    kept = {k: v for k, v in inner.items() if k != "fn"}  # the function that the class wraps
    if kept.get("reduction") == "auto":
        kept["reduction"] = "sum_over_batch_size"  # what it means without a strategy
    return {**x, "class_name": name, "module": home, "config": kept}

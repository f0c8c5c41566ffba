"""Configs as tf.keras and Keras 2.2 have them; what they cannot say is an error, never left out in silence."""

import functools
from typing import Any

from ..core import connections, registry
from ..core.declare import EraDefault
from .old_arguments import KERAS_2_2, TF_KERAS

_KERAS = {"1": "Keras 2.2", "2.2": "Keras 2.2", "tf2": "tf.keras"}
_NEUTRAL = {
    "groups": 1,
    "use_cudnn": "auto",
    "ragged": False,
    "sparse": False,
    "optional": False,
    "autocast": True,
    "oov_method": "floormod",
}
_IMPLIED = (
    "implementation",  # the same numbers in another order of work
    "has_input_vocabulary",
    "backward_layer",
    "seed",
    "zero_output_for_mask",
    "flash_attention",
)  # draws differ between Kerases anyway
_RENAMED = {("LeakyReLU", "negative_slope"): "alpha"}
_SHAPES = ("batch_input_shape", "batch_size", "input_shape", "name", "trainable", "dtype")
_FUNCTIONS_22 = "GlorotUniform glorot_uniform GlorotNormal glorot_normal HeUniform he_uniform HeNormal he_normal "
_FUNCTIONS_22 += "LecunUniform lecun_uniform LecunNormal lecun_normal"
_AS_FUNCTION = dict(zip(_FUNCTIONS_22.split()[::2], _FUNCTIONS_22.split()[1::2], strict=True))
_INITIALIZER_22 = {"OrthogonalInitializer": "Orthogonal", "IdentityInitializer": "Identity"}


@functools.cache
def _table(era: str) -> dict[str, frozenset[str]]:
    rows = (row.partition(":") for row in (KERAS_2_2 if era == "2.2" else TF_KERAS).split())
    return {name: frozenset(words.split(",")) for name, _, words in rows}


@functools.cache
def _functions(era: str, family: str) -> frozenset[str]:
    """The activations, losses or metrics that a Keras finds by name."""
    rows = (words for name, words in _table(era).items() if name.rstrip("0123456789") == family)
    return frozenset().union(*rows)


def older(config: Any, era: str) -> Any:
    """A config of Keras 3 as ``era`` has it; raises ValueError for what it does not have."""
    era = "2.2" if era == "1" else era
    if isinstance(config, (list, tuple)):
        return [older(v, era) for v in config]
    if not isinstance(config, dict):
        return config
    name = config.get("class_name")
    if not isinstance(name, str) or "config" not in config:
        return {k: older(v, era) for k, v in config.items()}
    inner = config["config"]
    if name == "function":
        return inner
    if name == "DTypePolicy":
        return _policy(inner["name"], era)
    if name in ("TFOpLambda", "SlicingOpLambda"):
        return config
    result = {k: older(v, era) for k, v in config.items() if k in ("name", "inbound_nodes")}
    result["class_name"] = "Model" if name == "Functional" and era == "2.2" else name
    if name == "Lambda":
        return {**result, "config": _lambda(inner, era)}
    if name in ("Functional", "Model", "Sequential") or not _is_ours(config):
        return {**result, "config": {k: older(v, era) for k, v in inner.items()}}
    for key in ("activation", "recurrent_activation"):
        given = inner.get(key)
        if isinstance(given, str) and given not in _functions(era, "activations") and not _is_users(given):
            raise ValueError(
                f"{_KERAS[era]} has no activation {given!r}, which layer {inner.get('name')!r} has. Save for Keras 3 "
                "(.keras, or era='3')."
            )
    inner = {k: older(v, era) for k, v in inner.items()}
    return {**result, **_built_in(name, inner, era)}


def _is_users(name: str) -> bool:
    return registry.get_registered_object(name) is not None


def check_meaning(model: Any, era: str) -> None:
    """Raises ValueError where a layer computes ``hard_sigmoid`` with another slope than the Keras of an era has."""
    from .. import activations
    from . import store

    strange = activations.hard_sigmoid_fifth if era == "3" else activations.hard_sigmoid
    for _, one in store.parts(model):
        if any(value is strange for value in vars(one).values()):
            slopes = ("0.2", "1/6") if era == "3" else ("1/6", "0.2")
            raise ValueError(
                f"Layer {one.name!r} has a hard_sigmoid of slope {slopes[0]}, and the one of "
                f"{_KERAS.get(era, 'Keras 3')} has {slopes[1]}: it would predict other numbers. Save it for a Keras "
                "that has the same, or give the layer another activation."
            )


def _is_ours(config: dict) -> bool:
    module = config.get("module") or ""
    return module.startswith("keras.") and registry.get_registered_object(config["class_name"]) is None


def _policy(name: str, era: str) -> Any:
    if era == "tf2" and name.startswith("mixed"):
        return {"class_name": "Policy", "config": {"name": name}}
    if name.startswith("mixed"):
        raise ValueError(f"Keras 2.2 has no dtype policies; this model has {name!r}. Save it as .keras.")
    return name


def _built_in(name: str, inner: dict, era: str) -> dict:
    table = _table(era)
    if era == "2.2":
        if name in _AS_FUNCTION:
            return {"class_name": _AS_FUNCTION[name], "config": {"seed": inner.get("seed")}}
        name = _INITIALIZER_22.get(name, name)
        if name in ("L1", "L2"):
            name, inner = "L1L2", {"l1": 0.0, "l2": 0.0, **inner}
    if "batch_shape" in inner:
        inner["batch_input_shape"] = inner.pop("batch_shape")
    if name not in table:
        raise ValueError(f"{_KERAS[era]} has no {name}; this model can be saved for Keras 3 only (.keras, or era='3').")
    known, kept = table[name], {}
    for key, value in inner.items():
        new = _RENAMED.get((name, key), key)
        if new in known or new in _SHAPES or new == "vocabulary_size":
            kept[new] = value
        elif not _changes_nothing(name, key, value):
            raise ValueError(
                f"{_KERAS[era]}'s {name} has no argument {key!r}, and this model has {key}={value!r}. "
                "Save it for Keras 3 (.keras, or era='3')."
            )
    if era == "2.2" and name != "InputLayer" and "dtype" in kept:
        del kept["dtype"]
    if name == "TextVectorization":
        kept["dtype"] = "string"  # of what comes in
    if name == "MultiHeadAttention":
        kept.update(query_shape=None, key_shape=None, value_shape=None)  # it finds them out when it is called
    if name == "Bidirectional":
        kept.pop("backward_layer", None)
    return {"class_name": name, "config": kept}


def _changes_nothing(name: str, key: str, value: Any) -> bool:
    if value is None or value is False or key in _IMPLIED or _NEUTRAL.get(key, ...) == value:
        return True
    for family in ("layers", "initializers", "regularizers", "constraints"):
        fields = getattr(getattr(connections.modules[f"keras.{family}"](), name, None), "_fields", {})
        if key in fields:
            default = fields[key].default
            return value == (default.value if isinstance(default, EraDefault) else default)
    return False


def _lambda(inner: dict, era: str) -> dict:
    """Keras 2 has [code, defaults, closure], or the name of a function, with its type beside."""
    result = {k: older(v, era) for k, v in inner.items() if k not in ("function", "output_shape", "mask", "dtype")}
    for name in ("function", "output_shape", "mask"):
        value = inner.get(name)
        if isinstance(value, dict) and value.get("class_name") == "__lambda__":
            body = value["config"]
            value, kind = [body["code"], body["defaults"], body["closure"]], "lambda"
        elif isinstance(value, dict):
            value, kind = value["config"], "function"
        else:
            kind = "raw"
        if name != "mask" or value is not None and era == "tf2":
            result[name], result[f"{name}_type"] = value, kind
            if era == "tf2":
                result["module" if name == "function" else f"{name}_module"] = None
    return result


# ------------------------------------------------- arguments of compile

_LOSSES_22 = ("Ftrl", "AdamW", "Lion", "Adafactor", "Lamb", "Muon", "LossScaleOptimizer")


def older_training(compiled: dict, era: str) -> dict:
    """The arguments of compile in a whole-model file of ``era``."""
    optimizer = compiled["optimizer"]
    if era == "2.2" and (optimizer["class_name"] in _LOSSES_22 or isinstance(optimizer["config"].get("lr"), dict)):
        raise ValueError(
            f"Keras 2.2 has no optimizer like {optimizer['class_name']!r} with {optimizer['config']}. Save with "
            "include_optimizer=False, or for Keras 3."
        )
    given = {k: _objective(compiled.get(k), era) for k in ("loss", "metrics", "weighted_metrics", "loss_weights")}
    if era == "2.2":
        if given.pop("weighted_metrics"):
            raise ValueError(
                "Keras 2.2 does not save weighted_metrics. Save for Keras 3, or with include_optimizer=False."
            )
        given["sample_weight_mode"] = None
    name = f"Custom>{optimizer['class_name']}" if era == "tf2" else optimizer["class_name"]
    described = {"class_name": name, "config": older(optimizer["config"], era)}
    return {**given, "optimizer_config": described}


def _objective(x: Any, era: str) -> Any:
    if isinstance(x, (list, tuple)):
        return [_objective(v, era) for v in x]
    if isinstance(x, str):
        return _named_objective(x, era)
    if not isinstance(x, dict):
        return x
    name, inner = x.get("class_name"), x.get("config")
    if name is None:
        return {k: _objective(v, era) for k, v in x.items()}
    if name == "function":
        return inner
    if name == "MeanMetricWrapper" and isinstance(inner.get("fn"), dict) and inner["fn"]["class_name"] == "function":
        return _wrapped_function(inner, era)
    if era == "2.2":
        return _as_function(name, inner)
    home: dict[str, Any] = {}
    if (x.get("module") or "").startswith(("keras.losses", "keras.metrics")) and not _is_users(name):
        name, home = _named_objective(name, era), {"module": x["module"], "registered_name": None}
    return {
        "class_name": name,
        **home,
        "config": {k: older(v, era) for k, v in inner.items() if k != "dtype" or "loss" not in str(x)},
    }


def _wrapped_function(inner: dict, era: str) -> Any:
    """A function as a metric: an object in tf.keras, in Keras 2.2 a name, of which the one that was given is best."""
    from .. import metrics

    fn = _named_objective(inner["fn"]["config"], era)
    if era == "tf2":
        return {"class_name": "MeanMetricWrapper", "config": {**{k: older(v, era) for k, v in inner.items()}, "fn": fn}}
    odd = {k: v for k, v in inner.items() if k not in ("name", "dtype", "fn")}
    if odd:
        raise ValueError(f"Keras 2.2 has functions as metrics, and {fn} with {odd} is none. Save for Keras 3.")
    given = inner.get("name")
    if given in _CHOSEN and fn.endswith(("accuracy", "crossentropy")):
        return given
    known = metrics.FUNCTIONS_BY_NAME
    return given if given in _functions(era, "metrics") and known.get(given) is known.get(fn) is not None else fn


def _as_function(name: str, inner: dict) -> str:
    """Keras 2.2 has functions where later ones have objects."""
    from ..core.naming import snake_case
    from ..losses import get

    plain = snake_case(name)
    try:
        usual = type(get(name))().get_config()
    except (TypeError, ValueError):
        usual = {}
    odd = {k: v for k, v in inner.items() if k not in ("name", "dtype") and v != usual.get(k)}
    if odd or not usual:
        raise ValueError(
            f"Keras 2.2 has functions as losses and metrics, and {name} with {odd} is none. Save for Keras 3."
        )
    return _named_objective(plain, "2.2")


_CHOSEN = ("accuracy", "acc", "crossentropy", "ce")  # which one follows from the shapes
_OTHER_NAMES = {"kl_divergence": "kullback_leibler_divergence", "log_cosh": "logcosh", "bce": "binary_crossentropy"}


def _named_objective(name: str, era: str) -> str:
    """A loss or metric as an older Keras calls it; raises ValueError where it has none."""
    known = _functions(era, "losses") | _functions(era, "metrics")
    for found in (name, _OTHER_NAMES.get(name, name)):
        if found in known or found in _CHOSEN or _is_users(found):
            return found
    raise ValueError(
        f"{_KERAS[era]} has no loss or metric {name!r}. Save with include_optimizer=False, or for Keras 3 (era='3')."
    )

"""What all the classifiers share: checking the arguments, the input, the head, the weights, and short names for layers."""

import dataclasses
import inspect
import os
from typing import Any

from .. import layers
from ..core import config
from ..core.declare import takes_old_words
from ..core.history import get_source_inputs
from ..core.symbolic import is_symbolic
from ..utils.file_utils import get_file
from .imagenet_utils import obtain_input_shape, validate_activation

STORE = "https://storage.googleapis.com/tensorflow/keras-applications/"
TF_KERNELS = ("_weights_tf_dim_ordering_tf_kernels.h5", "_weights_tf_dim_ordering_tf_kernels_notop.h5")


@dataclasses.dataclass
class Asked:
    """The arguments that all architectures take."""

    include_top: bool = True
    weights: Any = "imagenet"
    input_tensor: Any = None
    input_shape: Any = None
    pooling: str | None = None
    classes: int = 1000
    classifier_activation: Any = "softmax"
    name: str | None = None


def check(asked, published=("imagenet",)):
    """Raises ValueError for weights that are neither published nor a file, and for heads that they do not fit."""
    weights = asked.weights
    if weights is not None and weights not in published and not os.path.exists(weights):
        raise ValueError(
            f"{asked.name}: weights must be None, {' or '.join(map(repr, published))}, or the path of a weights file that "
            f"exists, received {weights!r}."
        )
    if weights in published and asked.include_top and asked.classes != 1000:
        raise ValueError(
            f"{asked.name}: the published weights with include_top=True have classes=1000, received {asked.classes}. "
            "Pass include_top=False and put a head of your own on it, or weights=None."
        )
    if asked.pooling not in (None, "avg", "max"):
        raise ValueError(f"{asked.name}: pooling must be None, 'avg' or 'max', received {asked.pooling!r}.")


def begin(asked, size, least, published=("imagenet",), last_only=False):
    """(the tensor to start from, the input shape) after checking what was asked for."""
    check(asked, published)
    data_format = config.image_data_format()
    if last_only and data_format == "channels_first":
        raise ValueError(f"{asked.name} has no channels_first form; set_image_data_format('channels_last') first.")
    weights = "imagenet" if asked.weights == "imagenet" else asked.weights
    shape = obtain_input_shape(asked.input_shape, size, least, data_format, asked.include_top, weights)
    return start(asked, shape), shape


def start(asked, shape):
    """The tensor to start from."""
    given = asked.input_tensor
    if given is None:
        return layers.Input(shape=shape)
    return given if is_symbolic(given) else layers.Input(tensor=given, shape=shape)


def top(x, asked, dropout=0.0, names=("avg_pool", "max_pool"), head_pool="avg_pool", **dense):
    """The usual end: pooling, dropout and a dense layer, or the pooling that was asked for."""
    if not asked.include_top:
        return pooled(x, asked.pooling, names)
    x = layers.GlobalAveragePooling2D(name=head_pool)(x)
    if dropout > 0:
        x = layers.Dropout(dropout, name="top_dropout")(x)
    validate_activation(asked.classifier_activation, asked.weights)
    return layers.Dense(asked.classes, activation=asked.classifier_activation, name="predictions", **dense)(x)


def pooled(x, pooling, names=(None, None)):
    """Global pooling of the kind that was asked for, or none."""
    if pooling == "avg":
        return layers.GlobalAveragePooling2D(name=names[0])(x)
    return layers.GlobalMaxPooling2D(name=names[1])(x) if pooling == "max" else x


def finish(asked, start, x, files=None, published=("imagenet",), only_first=False):
    """The model, with its weights. `files`: ((name, hash) with the head, (name, hash) without), names below `STORE`."""
    from ..models import Model

    inputs = start
    if asked.input_tensor is not None:
        inputs = get_source_inputs(asked.input_tensor)
        inputs = inputs[0] if only_first or len(inputs) == 1 else inputs
    model = Model(inputs, x, name=asked.name)
    if asked.weights is None:
        return model
    path = asked.weights
    if path in published:
        where, digest = files[0 if asked.include_top else 1]
        url = where if "://" in where else STORE + where
        # Kept under the name that Keras gives it; where that differs from the URL's, it stands after a bar.
        url, _, kept = url.partition("|")
        path = get_file(kept or url.rpartition("/")[2], url, cache_subdir="models", file_hash=digest)
    model.load_weights(path)
    return model


def architecture(function, name, **facts):
    """A row of a table as a public function: ``function(asked, facts)`` with the arguments that Keras shows for it.

    Arguments of ``facts["arguments"]`` (name -> default) follow the common ones, unless ``facts["order"]`` tells the
    order of all.
    """
    default = facts.pop("model_name", name.lower())
    more = facts.pop("arguments", {})
    common = {field.name: field.default for field in dataclasses.fields(Asked)} | {"name": default} | more
    order = facts.pop("order", [*[key for key in common if key != "name"], "name"])
    stable = facts.pop("stable", None)  # how many arguments have stood in the same places in all Kerases
    named = facts.pop("named", "name")  # RegNet says model_name, as ConvNeXt and ResNetRS did in tf_keras
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    params = [inspect.Parameter(named if key == "name" else key, kind, default=common[key]) for key in order]
    signature = inspect.Signature(params)
    known = {field.name for field in dataclasses.fields(Asked)}

    def build(*args, **kwargs):
        other = "name" if named == "model_name" else "model_name"
        if other in kwargs and named not in kwargs:
            kwargs[named] = kwargs.pop(other)
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        values = {"name" if key == named else key: value for key, value in bound.arguments.items()}
        asked = Asked(**{key: value for key, value in values.items() if key in known})
        extra = {key: value for key, value in values.items() if key not in known}
        return function(asked, **facts, **extra)

    build.__signature__ = signature
    build.__name__ = build.__qualname__ = name
    build.__module__ = function.__module__
    source = (function.__doc__ or "").strip()
    build.__doc__ = (
        f"{name}: a classifier of pictures. {source}\n\n"
        "`weights`: None, 'imagenet' (downloaded once, checked by hash) or the path of a weights file. Without\n"
        "`include_top`, features of shape (n, h, w, c), or (n, c) with `pooling` 'avg' or 'max'. Arguments as at\n"
        "https://keras.io/api/applications/. Raises ValueError for what does not go together."
    )
    return build if stable is None else takes_old_words(build, stable=stable)


# ------------------------------------------------- layers, by short names


def channels():
    """The axis of the channels."""
    return 1 if config.image_data_format() == "channels_first" else -1


def conv(x, filters, size, name=None, strides=1, padding="same", bias=False, **more):
    return layers.Conv2D(filters, size, strides=strides, padding=padding, use_bias=bias, name=name, **more)(x)


def norm(x, name=None, **more):
    return layers.BatchNormalization(axis=channels(), name=name, **more)(x)


def act(x, kind="relu", name=None):
    return layers.Activation(kind, name=name)(x)


def pad(x, padding, name=None):
    return layers.ZeroPadding2D(padding, name=name)(x)


def divisible(value, divisor=8):
    """The multiple of ``divisor`` nearest to ``value``, not below 0.9 of it."""
    rounded = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * value else rounded

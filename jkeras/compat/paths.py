"""Module paths of all Kerases: which module of today, or which names of today, stand for them.

A finder at the end of ``sys.meta_path`` answers for the old paths below ``jkeras``; ``install`` puts one in front for
the other names of Keras, which then are jkeras in this process.
"""

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from types import ModuleType
from typing import Any

ROOT = "jkeras"

# Top-level packages that are jkeras once installed -> the path that their names stand under
ALIASES = {
    "keras": "jkeras",
    "tf_keras": "jkeras",
    "keras_applications": "jkeras.applications",
    "keras_preprocessing": "jkeras.preprocessing",
}
# Prefixes (below the package) that mean the package itself
PREFIXES = ("api._v2.keras", "api._v1.keras", "_tf_keras.keras", "api.v2", "api", "src", "python.keras")

_ENGINE = "layers models"
# Old module below the package -> modules of today that have its names, first come first served
VIEWS = {
    "backend.tensorflow_backend": "backend compat.classes",
    "backend.load_backend": "backend",
    "backend.common": "backend",
    "engine": f"compat.classes utils {_ENGINE}",
    "engine.topology": f"compat.classes utils {_ENGINE} saving",
    "engine.base_layer": f"compat.classes utils {_ENGINE}",
    "engine.training": f"models {_ENGINE} compat.functions utils",
    "engine.training_utils": "compat.engine compat.functions utils",
    "engine.training_generator": "compat.engine compat.functions",
    "engine.training_arrays": "compat.engine compat.functions",
    "engine.network": f"compat.classes utils {_ENGINE}",
    "engine.sequential": _ENGINE,
    "engine.functional": "compat.classes models",
    "engine.input_layer": f"compat.classes {_ENGINE}",
    "engine.keras_tensor": "compat.classes core.symbolic",
    "engine.saving": "compat.engine compat.functions saving models",
    "initializations": "compat.classes initializers",
    "objectives": "losses",
    "legacy": "compat.classes",
    "legacy.layers": "compat.classes layers",
    "legacy.models": "compat.classes models",
    "legacy.interfaces": "compat.interfaces",
    "layers.containers": "compat.graph_model compat.classes models",
    "layers.core": "layers compat.graph_model",
    "layers.merge": "layers",
    "layers.preprocessing": "layers",
    "layers.rnn": "layers",
    "metrics.metrics": "metrics",
    "optimizer_v1": "optimizers",
    "optimizer_v2": "optimizers",
    "utils.np_utils": "compat.functions utils",
    "utils.data_utils": "utils",
    "utils.conv_utils": "compat.functions utils.older",
    "utils.generic_utils": "compat.functions utils",
    "utils.io_utils": "compat.h5dict compat.functions utils",
    "utils.layer_utils": "compat.functions utils layers",
    "utils.vis_utils": "compat.functions utils",
    "utils.visualize_util": "compat.functions utils",
    "utils.multi_gpu_utils": "utils",
    "utils.losses_utils": "losses",
    "utils.tf_utils": "utils",
    "utils.test_utils": "utils",
    "layers.experimental": "compat.tf_layers layers compat.classes",
    "layers.experimental.preprocessing": "compat.tf_layers layers compat.classes",
    "mixed_precision.experimental": "compat.classes mixed_precision",
    "experimental": "compat.tf_layers optimizers.schedules layers",
    "preprocessing.dataset_utils": "utils",
    "models.experimental": "compat.tf_layers models",
    "utils.experimental": "compat.classes utils",
    "utils.legacy": "compat.functions utils saving",
    "legacy.saving": "compat.functions utils saving",
}
for _old in (
    "advanced_activations activations convolutional convolutional_recurrent cudnn_recurrent embeddings local merging noise "
    "normalization pooling recurrent wrappers attention regularization reshaping dense_attention recurrent_v2 "
    "normalization_v2 core.dense core.embedding core.lambda_layer"
).split():
    VIEWS[f"layers.{_old}"] = "layers"
VIEWS["layers.recurrent"] = "layers compat.graph_model"

# Names that a module of today has for the sake of old scripts: (module, name) -> (module, name)
EXTRAS = {
    "preprocessing.image": "apply_transform horizontal_flip list_pictures vertical_flip",
    "regularizers": "ActivityRegularizer EigenvalueRegularizer L1L2Regularizer WeightRegularizer activity_l1 activity_l1l2 "
    "activity_l2 l1l2",
    "layers": "AtrousConv1D AtrousConv2D AtrousConvolution1D AtrousConvolution2D ConvRecurrent2D Deconv2D Deconv3D "
    "Deconvolution2D Deconvolution3D Recurrent ThresholdedLinear TimeDistributedDense",
    "models": "Graph Input InputLayer slice_X",
    "backend": "tf asymmetric_spatial_2d_padding asymmetric_temporal_padding atrous_conv2d binary_weighted_focal_crossentropy "
    "deconv2d lesser lesser_equal pack",
}


# What is known but cannot be had on JAX: (module, name) -> why, and what to use
IMPOSSIBLE = {
    ("backend", "get_session"): "there are no sessions, arrays are values. Use K.get_value, K.eval or K.function.",
    ("layers", "TFSMLayer"): "it runs a SavedModel of TensorFlow. Load the model from a .keras or .h5 file.",
    ("layers", "TorchModuleWrapper"): "it holds a torch.nn.Module. Use JaxLayer or FlaxLayer.",
    (
        "layers",
        "DenseFeatures",
    ): "it takes tf.feature_column objects. Use keras.utils.FeatureSpace or preprocessing layers.",
    ("experimental", "SequenceFeatures"): "it takes tf.feature_column objects. Use preprocessing layers.",
    ("", "estimator"): "Estimators are gone from TensorFlow too. Use compile() and fit().",
    ("", "dtensor"): "it takes meshes of TensorFlow. Use keras.distribution.",
    ("utils", "SidecarEvaluator"): "it reads checkpoints of TensorFlow. Use validation_data=, or evaluate().",
}


def check_possible(module: str, name: str) -> None:
    """Raises ImportError, with what to use, for a name that is known but cannot be had on JAX."""
    short = module.removeprefix(ROOT).removeprefix(".")
    for where in (short, *VIEWS.get(short, "").split()):
        if (where, name) in IMPOSSIBLE:
            raise ImportError(
                f"keras.{where}.{name} cannot be had on JAX: ".replace("..", ".") + IMPOSSIBLE[where, name]
            )


def old_name(module: str, name: str) -> Any:
    """What a module of today offers under a name of old; raises AttributeError for none."""
    short = module.removeprefix(f"{ROOT}.")
    if name in EXTRAS.get(short, "").split():
        for home in ("classes", "graph_model", "functions") if short != "preprocessing.image" else ("functions",):
            found = getattr(importlib.import_module(f"{ROOT}.compat.{home}"), name, None)
            if found is not None:
                return found
    if f"{short}.{name}" in VIEWS:
        return _module(f"{ROOT}.{short}.{name}")
    if short in VIEWS and not name.startswith("__"):
        for target in VIEWS[short].split():
            try:
                return getattr(importlib.import_module(f"{ROOT}.{target}"), name)
            except AttributeError:
                continue
            except ModuleNotFoundError as error:
                if error.name != f"{ROOT}.{target}":
                    raise
        real = sys.modules.get(module)
        if real is not None and name in vars(real):
            return vars(real)[name]
    check_possible(module, name)
    raise AttributeError(f"module {module!r} has no attribute {name!r}")


def _module(name: str) -> ModuleType:
    """The module of an old path: the one of today, whose names are found by ``old_name`` too, or a view."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:  # below what is no package
        spec = importlib.machinery.ModuleSpec(name, _Loader(name), is_package=True)
        sys.modules[name] = made = importlib.util.module_from_spec(spec)
        return made


class View(ModuleType):
    """A module of old: its names are looked up in modules of today."""

    def __getattr__(self, name: str) -> Any:
        if name == "__path__":
            raise AttributeError(name)
        value = old_name(self.__spec__.loader.target, name)
        if not name.startswith("_"):
            from .translate import tell

            home = VIEWS.get(self.__spec__.loader.target.removeprefix(f"{ROOT}."), "").split()
            today = next((h for h in home if not h.startswith("compat.")), "")
            if today and getattr(importlib.import_module(f"{ROOT}.{today}"), name, None) is value:
                tell(self.__name__, name, f"keras.{today}.{name}")
        setattr(self, name, value)
        return value


class MergeModule(View):
    """``keras.layers.merge``, which is a module and, in Keras 1, a function."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        from ..layers import legacy

        return legacy.merge(*args, **kwargs)


class _Loader(importlib.abc.Loader):
    def __init__(self, target: str):
        self.target = target

    def create_module(self, spec: Any) -> ModuleType | None:
        if spec.name.partition(".")[0] == "tensorflow":  # its scripts ask what a model gives for .numpy()
            importlib.import_module(f"{ROOT}.compat.tensorflow").start()
        if (
            self.target.removeprefix(f"{ROOT}.") in VIEWS
        ):  # also where a module of today has the name: it holds other names
            made = MergeModule if self.target.endswith("layers.merge") else View
            module = made(spec.name, f"The names of {spec.name}, in jkeras's modules of today.")
            module.__path__ = []
            return module
        module = importlib.import_module(self.target)
        self.saved = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        if hasattr(self, "saved"):  # an alias: the module stays what it is
            module.__spec__ = self.saved


def today(name: str) -> str | None:
    """The path below jkeras that a dotted module name stands for; None where it is no name of Keras."""
    head, _, rest = name.partition(".")
    if head == "tensorflow":
        for prefix in ("keras", "python.keras", "contrib.keras", "compat.v1.keras", "compat.v2.keras"):
            if rest == prefix or rest.startswith(prefix + "."):
                return _below(ROOT, rest.removeprefix(prefix).removeprefix("."))
        return (
            f"{ROOT}.compat.tensorflow"
            if rest in ("", "python", "contrib", "compat", "compat.v1", "compat.v2")
            else None
        )
    return _below(ALIASES[head], rest) if head in ALIASES else None


def _below(root: str, rest: str) -> str:
    for prefix in PREFIXES:
        if rest == prefix or rest.startswith(prefix + "."):
            rest = rest.removeprefix(prefix).removeprefix(".")
            break
    return f"{root}.{rest}" if rest else root


def _exists(name: str) -> bool:
    if name in sys.modules:
        return True
    try:
        return importlib.util.find_spec(name) is not None
    except (ModuleNotFoundError, ValueError):
        return False


class OldPaths(importlib.abc.MetaPathFinder):
    """Finds the old paths below jkeras, after everybody else has looked."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if not name.startswith(f"{ROOT}.") or name.removeprefix(f"{ROOT}.") not in VIEWS:
            return None
        return importlib.machinery.ModuleSpec(name, _Loader(name), is_package=True)


class Aliases(importlib.abc.MetaPathFinder):
    """Finds the other names of Keras, before anybody else."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        meant = today(name)
        if meant is None or meant.removeprefix(f"{ROOT}.") not in VIEWS and not _exists(meant):
            return None
        return importlib.machinery.ModuleSpec(name, _Loader(meant), is_package=True)


def install(era: str | None = None) -> None:
    """From now on ``import keras``, ``tf_keras``, ``tensorflow.keras`` and their old paths give jkeras in this process.

    ``era`` is a generation of Keras whose defaults hold: "1", "2.2", "tf2" or "3"; without it ``JKERAS_ERA`` decides.

    Raises ValueError for an unknown era, RuntimeError where a real package of these names is imported already.
    """
    import os

    from .eras import set_era

    era = era or os.environ.get("JKERAS_ERA")
    if era:
        set_era(era)
    for name in (*ALIASES, "tensorflow"):
        module = sys.modules.get(name)
        if module is not None and not module.__name__.startswith(ROOT):
            raise RuntimeError(f"install: the real {name} is imported already. Call jkeras.compat.install() before it.")
    if not any(isinstance(finder, Aliases) for finder in sys.meta_path):
        sys.meta_path.insert(0, Aliases())

"""What stands for ``tensorflow`` in scripts: ``tf.keras`` whole, and what scripts around it use, over jax.numpy.

Everything is made on first use. Names that mean nothing on JAX say so.
"""

import importlib
import sys
from types import ModuleType
from typing import Any

from . import tables

SMALL = (
    "Module",
    "TensorSpec",
    "TensorArray",
    "UnconnectedGradients",
    "AUTOTUNE",
    "VariableAggregation",
    "VariableSynchronization",
    "nest",
)
ELSEWHERE = {  # module: names in the root that it has
    "ragged_functions": ("RaggedTensor", "ragged"),
    "ragged_made": ("RaggedTensorSpec",),
    "sparse_tensor": ("SparseTensor", "SparseTensorSpec", "sparse"),
    "lookups": ("lookup",),
    "training": ("train",),
    "events": ("summary",),
    "strategies": ("distribute",),
    "odds": ("dtypes", "experimental", "sets", "edit_distance", "types"),
}
INITIALIZERS = {
    "random_normal_initializer": "RandomNormal", "random_uniform_initializer": "RandomUniform",
    "truncated_normal_initializer": "TruncatedNormal", "zeros_initializer": "Zeros", "ones_initializer": "Ones",
    "constant_initializer": "Constant", "orthogonal_initializer": "Orthogonal", "glorot_uniform_initializer": "GlorotUniform",
    "glorot_normal_initializer": "GlorotNormal", "variance_scaling_initializer": "VarianceScaling",
}  # fmt: skip
_IMPOSSIBLE = {
    "get_variable": "use tf.Variable, or a layer's add_weight.",
    "layers": "use keras.layers.",
    "contrib": "TensorFlow 2 dropped it; use keras layers.",
    "lite": "export the model with model.export and convert the StableHLO file.",
    "estimator": "use a keras model.",
    "feature_column": "use keras.layers (StringLookup, Normalization, CategoryEncoding, ...) or FeatureSpace.",
    "quantization": "use model.quantize('int8').",
    "profiler": "use keras.callbacks.Profiler.",
    "tpu": "use tf.distribute.MirroredStrategy(); JAX finds TPUs by itself.",
    "dtensor": "use jkeras.distribution.",
    "queue": "use tf.data.Dataset.",
    "make_tensor_proto": "use tf.io.serialize_tensor.",
    "make_ndarray": "use tf.io.parse_tensor.",
    "raw_ops": "use the functions of tf, tf.math and tf.nn.",
}
_INSTEAD = {  # names of namespaces that are known
    "nn.RNNCell": "use keras.layers, whose cells have dropout.",
    "nn.safe_embedding_lookup_sparse": "use tf.sparse.fill_empty_rows and tf.nn.embedding_lookup_sparse.",
    "linalg.LinearOperator": "use the matrix itself.",
    "linalg.logm": "use scipy.linalg.logm.",
    "io.parse_sequence_example": "call tf.io.parse_single_sequence_example on each record, and Dataset.ragged_batch.",
    "io.decode_json_example": "use Python's json and tf.train.Example.",
    "io.decode_proto": "use tf.train.Example, or the package protobuf.",
    "io.decode_webp": "use Pillow in tf.numpy_function.",
    "image.decode_webp": "use Pillow in tf.numpy_function.",
    "image.extract_glimpse": "use tf.image.crop_and_resize.",
    "strings.to_hash_bucket": "use tf.strings.to_hash_bucket_fast.",
}


def start() -> None:
    """From here on the calls of layers, losses and functions give tensors, which tapes record."""
    from ...core import frame
    from .tape import Recorder

    frame.recorder = Recorder


def _version() -> str:
    """The version that a script of the era expects."""
    from ...core.declare import current_era

    return {"1": "1.0.0", "2.2": "1.14.0", "tf2": "2.16.0", "3": "2.16.0"}[current_era()]


def _namespace(name: str) -> ModuleType | None:
    """A namespace as a module, in its place among the imported ones."""
    full = f"{__name__}.{name}"
    if full in sys.modules:
        return sys.modules[full]
    contents: dict[str, Any] = {}
    if name in tables.SPACES:
        contents = dict(tables.functions(name))
        if name == "io":
            contents.update(importlib.import_module(f"{__name__}.parsing").IO)
            records = importlib.import_module(f"{__name__}.records")
            contents.update(
                {n: getattr(records, n) for n in ("TFRecordWriter", "TFRecordOptions", "tf_record_iterator")}
            )
            contents["gfile"] = importlib.import_module(f"{__name__}.system").gfile
    elif name in _ALIASES:
        return importlib.import_module(f"jkeras.{_ALIASES[name]}")
    else:
        return None
    module = ModuleType(full, f"tf.{name}")
    vars(module).update(contents, __getattr__=_missing(name))
    sys.modules[full] = module
    return module


def _missing(space: str) -> Any:
    """What a namespace says of a name that it has not."""

    def missing(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        path = f"{space}.{name}"
        hint = next((text for known, text in _INSTEAD.items() if path.startswith(known)), "use keras.ops or jax.numpy.")
        raise AttributeError(f"tf.{path} is not offered on JAX: {hint}")

    return missing


_ALIASES = {"losses": "losses", "metrics": "metrics", "optimizers": "optimizers", "initializers": "initializers"}


def _special(name: str) -> Any:
    """Names that are neither in a table nor a namespace."""
    if name == "GradientTape":
        from .tape import GradientTape

        return GradientTape
    if name == "function":
        from .compiled import function

        return function
    if name in INITIALIZERS:
        return getattr(importlib.import_module("jkeras.initializers"), INITIALIZERS[name])
    for module, names in ELSEWHERE.items():
        if name in names:
            return getattr(importlib.import_module(f"{__name__}.{module}"), name)
    if name in SMALL:
        return getattr(importlib.import_module(f"{__name__}.small"), name)
    return None


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return _version()
    if name.startswith("__"):
        raise AttributeError(name)
    start()
    if name == "keras":
        import jkeras

        return jkeras
    if name == "newaxis":
        return None
    found = _special(name)
    found = tables.functions("").get(name) if found is None else found
    found = tables.old(name) if found is None else found
    if found is not None:
        return found
    if name == "python_io":
        return _namespace("io")
    if name == "data":
        return importlib.import_module(f"{__name__}.data")
    namespace = _namespace(name)
    if namespace is not None:
        return namespace
    system = importlib.import_module(f"{__name__}.system")
    if hasattr(system, name):
        return getattr(system, name)
    hint = _IMPOSSIBLE.get(name, "use keras.ops or jax.numpy.")
    raise AttributeError(f"tf.{name} is not offered on JAX: {hint}")

"""Helper functions that stood below ``keras.engine`` in Keras 2.2: batches, checks of data, attributes of HDF5 files."""

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..losses import reduce_weighted
from ..saving import legacy_h5
from .training import balanced

HDF5_OBJECT_HEADER_LIMIT = 64512  # bytes that an attribute of an HDF5 file may have


def make_batches(size: int, batch_size: int) -> list[tuple[int, int]]:
    """The first and one past the last index of each batch.

    >>> make_batches(5, 2)
    [(0, 2), (2, 4), (4, 5)]
    """
    return [(start, min(size, start + batch_size)) for start in range(0, size, batch_size)]


def batch_shuffle(index_array: Any, batch_size: int) -> Any:
    """The indices with whole batches in another order; the rest, which is none, stays at the end."""
    indices = np.asarray(index_array)
    whole = len(indices) // batch_size * batch_size
    blocks = indices[:whole].reshape(-1, batch_size)
    np.random.shuffle(blocks)
    return np.append(blocks.ravel(), indices[whole:])


def iter_sequence_infinite(seq: Any) -> Iterator[Any]:
    """The items of a Sequence, again and again."""
    while True:
        yield from (seq[i] for i in range(len(seq)))


def check_num_samples(
    ins: Any, batch_size: int | None = None, steps: int | None = None, steps_name: str = "steps"
) -> Any:
    """The number of samples, None where only ``steps`` is known; raises ValueError where neither or too much is said."""
    if steps is not None and batch_size is not None:
        raise ValueError(f"{steps_name}={steps} and batch_size={batch_size} exclude each other; leave batch_size None.")
    if ins and hasattr(ins[0], "shape"):
        return int(ins[0].shape[0])
    if steps is None:
        raise ValueError(f"The data have no length: give {steps_name}.")
    return None


def check_array_length_consistency(inputs: Any, targets: Any, weights: Any = None) -> None:
    """Raises ValueError where inputs, targets and weights have different numbers of samples."""
    found = {}
    for what, arrays in (("inputs", inputs), ("targets", targets), ("sample weights", weights)):
        lengths = {len(a) for a in arrays or [] if a is not None and hasattr(a, "shape")}
        if len(lengths) > 1:
            raise ValueError(f"All {what} must have the same number of samples, received {sorted(lengths)}.")
        if lengths:
            found[what] = lengths.pop()
    if len(set(found.values())) > 1:
        raise ValueError(f"Different numbers of samples: {', '.join(f'{n} of {what}' for what, n in found.items())}.")


def check_loss_and_target_compatibility(targets: Any, loss_fns: Any, output_shapes: Any) -> None:
    """Raises ValueError where targets do not have the shapes that their losses compare."""
    elementwise = ("mean_squared_error", "binary_crossentropy", "categorical_crossentropy")
    for y, loss, shape in zip(targets, loss_fns, output_shapes, strict=False):
        if y is None or loss is None:
            continue
        name = getattr(loss, "__name__", getattr(loss, "name", ""))
        if name == "categorical_crossentropy" and y.shape[-1] == 1:
            raise ValueError(
                f"categorical_crossentropy takes one-hot targets, received shape {y.shape}. Use to_categorical(y), or "
                "sparse_categorical_crossentropy."
            )
        fits = len(y.shape) == len(shape) and all(w in (None, g) for g, w in zip(y.shape[1:], shape[1:], strict=True))
        if name in elementwise and not fits:
            raise ValueError(f"{name} compares targets with outputs of shape {shape}, received shape {y.shape}.")


def collect_metrics(metrics: Any, output_names: list[str]) -> list[list[Any]]:
    """The metrics of each output.

    >>> collect_metrics({"a": "acc"}, ["a", "b"])
    [['acc'], []]
    """
    if not metrics:
        return [[] for _ in output_names]
    if isinstance(metrics, dict):
        given = [metrics.get(name, []) for name in output_names]
        return [list(m) if isinstance(m, (list, tuple)) else [m] for m in given]
    if not isinstance(metrics, (list, tuple)):
        raise TypeError(f"metrics: expected a list or a dict by output, received {metrics!r}.")
    return [list(metrics) for _ in output_names]


def standardize_single_array(x: Any) -> Any:
    """An array with at least two axes; None stays."""
    return np.expand_dims(x, 1) if x is not None and getattr(x, "ndim", None) == 1 else x


def standardize_input_data(
    data: Any, names: list[str], shapes: Any = None, check_batch_axis: bool = True, exception_prefix: str = ""
) -> list[Any]:
    """Data, an array, a list or a dict by name, as a list of arrays in the order of the names.

    Raises ValueError for another number of arrays or other shapes than ``shapes``.

    >>> [a.shape for a in standardize_input_data({"x": np.ones(3)}, ["x"], [(None, 1)])]
    [(3, 1)]
    """
    if not names:
        if data is not None and len(data):
            raise ValueError(f"{exception_prefix}: expected no data, received {type(data).__name__}.")
        return []
    if data is None:
        return [None for _ in names]
    if isinstance(data, dict):
        missing = [n for n in names if n not in data]
        if missing:
            raise ValueError(f"{exception_prefix}: no data for {missing[0]!r}; received {sorted(data)}.")
        arrays = [data[n] for n in names]
    elif isinstance(data, (list, tuple)):
        nested = len(names) == 1 and len(data) and not hasattr(data[0], "shape")
        arrays = [np.asarray(data)] if nested and isinstance(data[0], (int, float)) else [np.asarray(d) for d in data]
    else:
        arrays = [getattr(data, "values", data) if type(data).__name__ == "DataFrame" else data]
    if len(arrays) != len(names):
        raise ValueError(
            f"{exception_prefix}: expected {len(names)} arrays ({', '.join(names)}), received {len(arrays)}."
        )
    arrays = [standardize_single_array(a) for a in arrays]
    for name, array, shape in zip(names, arrays, shapes or [None] * len(names), strict=True):
        if shape is None or array is None:
            continue
        pairs = list(zip(array.shape, shape, strict=False))[0 if check_batch_axis else 1 :]
        if len(array.shape) != len(shape) or any(w is not None and g != w for g, w in pairs):
            raise ValueError(f"{exception_prefix}: {name} must have shape {shape}, received shape {array.shape}.")
    return arrays


def standardize_sample_or_class_weights(x_weight: Any, output_names: list[str], weight_type: str) -> list[Any]:
    """Weights as a list in the order of the outputs."""
    if x_weight is None or len(x_weight) == 0:
        return [None for _ in output_names]
    if isinstance(x_weight, dict) and any(n in x_weight for n in output_names):
        return [x_weight.get(n) for n in output_names]
    if len(output_names) == 1:
        return x_weight if isinstance(x_weight, list) and len(x_weight) == 1 else [x_weight]
    if isinstance(x_weight, list) and len(x_weight) == len(output_names):
        return x_weight
    raise ValueError(f"{weight_type}: expected one for each of the outputs {', '.join(output_names)}.")


def standardize_class_weights(class_weight: Any, output_names: list[str]) -> list[Any]:
    """``class_weight`` as a list in the order of the outputs."""
    return standardize_sample_or_class_weights(class_weight, output_names, "class_weight")


def standardize_sample_weights(sample_weight: Any, output_names: list[str]) -> list[Any]:
    """``sample_weight`` as a list in the order of the outputs."""
    return standardize_sample_or_class_weights(sample_weight, output_names, "sample_weight")


def standardize_weights(
    y: Any, sample_weight: Any = None, class_weight: Any = None, sample_weight_mode: Any = None
) -> Any:
    """One weight for each sample (or time step): given, by class, or 1.

    >>> standardize_weights(np.array([[0], [1]]), class_weight={0: 0.5, 1: 2.0}).tolist()
    [0.5, 2.0]
    """
    if sample_weight_mode not in (None, "temporal"):
        raise ValueError(f"sample_weight_mode: expected None or 'temporal', received {sample_weight_mode!r}.")
    axes = 1 if sample_weight_mode is None else 2
    if sample_weight is not None:
        weights = np.asarray(sample_weight)
        if weights.ndim > axes and sample_weight_mode is None or weights.ndim != axes and sample_weight_mode:
            raise ValueError(f"sample_weight: expected {axes} axes, received shape {weights.shape}.")
        return weights
    if class_weight is None:
        return np.ones(y.shape[:axes], "float32")
    if isinstance(class_weight, str):
        class_weight = balanced(class_weight, y)
    labels = y.argmax(1) if y.ndim > 1 and y.shape[1] > 1 else np.reshape(y, (len(y),))
    unknown = set(labels.tolist()) - set(class_weight)
    if unknown:
        raise ValueError(f"class_weight has no weight for the classes {sorted(unknown)}.")
    return np.asarray([class_weight[label] for label in labels.tolist()])


def weighted_masked_objective(fn: Any) -> Any:
    """The function ``(y_true, y_pred, weights, mask)`` of a loss, divided by the share of weights that are not zero."""

    def weighted(y_true: Any, y_pred: Any, weights: Any, mask: Any = None) -> Any:
        return reduce_weighted(fn(y_true, y_pred), weights, mask, era="2.2")

    return None if fn is None else weighted


# ------------------------------------------------- models as arguments


def fit_generator(
    model: Any, generator: Any, steps_per_epoch: Any = None, epochs: int = 1, verbose: Any = 1, callbacks: Any = None,
    validation_data: Any = None, validation_steps: Any = None, class_weight: Any = None, max_queue_size: int = 10,
    workers: int = 1, use_multiprocessing: bool = False, shuffle: Any = True, initial_epoch: int = 0,
) -> Any:  # fmt: skip
    """``model.fit_generator``."""
    given = {k: v for k, v in locals().items() if k not in ("model", "generator")}
    return model.fit_generator(generator, **given)


def evaluate_generator(
    model: Any, generator: Any, steps: Any = None, max_queue_size: int = 10, workers: int = 1,
    use_multiprocessing: bool = False, verbose: Any = 0,
) -> Any:  # fmt: skip
    """``model.evaluate_generator``."""
    return model.evaluate_generator(
        generator, steps, max_queue_size=max_queue_size, workers=workers, use_multiprocessing=use_multiprocessing,
        verbose=verbose,
    )  # fmt: skip


def predict_generator(
    model: Any, generator: Any, steps: Any = None, max_queue_size: int = 10, workers: int = 1,
    use_multiprocessing: bool = False, verbose: Any = 0,
) -> Any:  # fmt: skip
    """``model.predict_generator``."""
    return model.predict_generator(
        generator, steps, max_queue_size=max_queue_size, workers=workers, use_multiprocessing=use_multiprocessing,
        verbose=verbose,
    )  # fmt: skip


def pickle_model(model: Any) -> Any:
    """What ``pickle`` keeps of a model."""
    import pickle

    return pickle.dumps(model)


def unpickle_model(state: Any) -> Any:
    """The model that ``pickle_model`` kept. As with every pickle, only of a source that is trusted."""
    import pickle

    return pickle.loads(state)


# ------------------------------------------------- HDF5


def save_attributes_to_hdf5_group(group: Any, name: str, data: Any) -> None:
    """Writes a list of names as an attribute, or as ``name0``, ``name1``, ... where it is too long for one."""
    raw = [v if isinstance(v, bytes) else str(v).encode() for v in data]
    if any(len(v) > HDF5_OBJECT_HEADER_LIMIT for v in raw):
        raise RuntimeError(f"{name}: a name is longer than {HDF5_OBJECT_HEADER_LIMIT} bytes, which HDF5 cannot store.")
    table = np.asarray(raw)
    chunks = max(1, math.ceil(table.nbytes / HDF5_OBJECT_HEADER_LIMIT))
    parts = np.array_split(table, chunks)
    while any(p.nbytes > HDF5_OBJECT_HEADER_LIMIT for p in parts):
        parts = np.array_split(table, len(parts) + 1)
    for number, part in enumerate(parts):
        group.attrs[name if len(parts) == 1 else f"{name}{number}"] = part


def load_attributes_from_hdf5_group(group: Any, name: str) -> list[str]:
    """The list of names that ``save_attributes_to_hdf5_group`` wrote."""
    if name in group.attrs:
        found = list(group.attrs[name])
    else:
        parts = itertools.takewhile(lambda key: key in group.attrs, (f"{name}{i}" for i in itertools.count()))
        found = [value for key in parts for value in group.attrs[key]]
    return [v.decode() if isinstance(v, bytes) else str(v) for v in found]


class _Layers:
    """A list of layers where a model is expected."""

    def __init__(self, layers: Any):
        self.layers = list(layers)


def save_weights_to_hdf5_group(f: Any, layers: Any) -> None:
    """Writes the weights of layers into a group of an open HDF5 file, as Keras 2 lays them out."""
    legacy_h5.write_weights(f, _Layers(layers))


def load_weights_from_hdf5_group(f: Any, layers: Any, reshape: bool = False) -> None:
    """Reads the weights of layers, in order, from a group of an open HDF5 file.

    With ``reshape`` an array of as many numbers but another shape is taken too. Raises ValueError where they do not fit.
    """
    layers = list(layers)
    if not reshape:
        legacy_h5.read_weights(f, _Layers(layers), str(f.file.filename))
        return
    names = [n for n in legacy_h5._read_names(f, "layer_names") if len(legacy_h5._read_names(f[n], "weight_names"))]
    mine = [one for one in layers if one.weights]
    if len(names) != len(mine):
        raise ValueError(f"The file has {len(names)} layers with weights, the model has {len(mine)}.")
    for name, one in zip(names, mine, strict=True):
        stored = [np.asarray(f[name][w]) for w in legacy_h5._read_names(f[name], "weight_names")]
        one.set_weights(preprocess_weights_for_loading(one, stored, reshape=True))


def load_weights_from_hdf5_group_by_name(
    f: Any, layers: Any, skip_mismatch: bool = False, reshape: bool = False
) -> None:
    """Reads the weights of those layers whose names are in a group of an open HDF5 file."""
    named = {one.name: one for one in layers}
    found = [n for n in legacy_h5._read_names(f, "layer_names") if n in named and named[n].weights]
    if not reshape:
        legacy_h5.read_weights(f, _Layers(layers), str(f.file.filename), by_name=True, skip_mismatch=skip_mismatch)
        return
    for name in found:
        stored = [np.asarray(f[name][w]) for w in legacy_h5._read_names(f[name], "weight_names")]
        fits = [a.size == math.prod(v.shape) for a, v in zip(stored, named[name].weights, strict=False)]
        if skip_mismatch and not (len(stored) == len(named[name].weights) and all(fits)):
            continue
        named[name].set_weights(preprocess_weights_for_loading(named[name], stored, reshape=True))


def load_reshaped(asked: tuple[Any, Any, bool, bool]) -> None:
    """``model.load_weights(..., reshape=True)`` of an HDF5 file in the layout of Keras 2."""
    import h5py

    model, filepath, skip_mismatch, by_name = asked
    with h5py.File(filepath, "r") as file:
        group = file["model_weights"] if "model_weights" in file else file
        if by_name:
            load_weights_from_hdf5_group_by_name(group, model.layers, skip_mismatch, reshape=True)
        else:
            load_weights_from_hdf5_group(group, model.layers, reshape=True)


def preprocess_weights_for_loading(
    layer: Any, weights: Any, original_keras_version: Any = None, original_backend: Any = None, reshape: bool = False
) -> list[Any]:
    """Stored arrays as a layer of today takes them: kernels of Theano are flipped, shapes fitted where ``reshape``."""
    from .functions import convert_kernel

    arrays = [np.asarray(w) for w in weights]
    convolution = type(layer).__name__ in ("Conv1D", "Conv2D", "Conv3D", "Conv2DTranspose", "ConvLSTM2D")
    if original_backend == "theano" and convolution and arrays:
        arrays[0] = convert_kernel(arrays[0])
        if type(layer).__name__ == "ConvLSTM2D":
            arrays[1] = convert_kernel(arrays[1])
    wanted = [tuple(v.shape) for v in layer.weights]
    if str(original_keras_version or "").startswith("1") and len(arrays) == len(wanted):
        swapped = [
            a.transpose(2, 3, 1, 0) if a.ndim == 4 and a.shape != w else a for a, w in zip(arrays, wanted, strict=True)
        ]
        arrays = [s if s.shape == w else a for s, a, w in zip(swapped, arrays, wanted, strict=True)]
    if reshape and len(arrays) == len(wanted):
        arrays = [a.reshape(w) if a.size == math.prod(w) else a for a, w in zip(arrays, wanted, strict=True)]
    return arrays

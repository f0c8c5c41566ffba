"""Helper functions of older Kerases."""

import os
import re
from typing import Any

import numpy as np

from ..core import errors


def probas_to_classes(y_pred: Any) -> Any:
    """Class numbers of probabilities: the largest of several, or above one half.

    >>> probas_to_classes(np.array([[0.2, 0.8], [0.9, 0.1]])).tolist()
    [1, 0]
    """
    y_pred = np.asarray(y_pred)
    return (
        y_pred.argmax(-1)
        if y_pred.ndim > 1 and y_pred.shape[1] > 1
        else np.array([1 if p > 0.5 else 0 for p in y_pred])
    )


def categorical_probas_to_classes(p: Any) -> Any:
    """The number of the largest probability in each row."""
    return np.argmax(p, axis=1)


def conv_output_length(
    input_length: int | None, filter_size: int, padding: str, stride: int, dilation: int = 1
) -> int | None:
    """The length that a convolution leaves.

    >>> conv_output_length(10, 3, "valid", 2)
    4
    """
    if input_length is None:
        return None
    size = filter_size + (filter_size - 1) * (dilation - 1)
    lengths = {
        "same": input_length,
        "causal": input_length,
        "valid": input_length - size + 1,
        "full": input_length + size - 1,
    }
    if padding not in lengths:
        raise ValueError(f"padding: expected one of {', '.join(lengths)}, received {padding!r}.")
    return (lengths[padding] + stride - 1) // stride


def conv_input_length(output_length: int | None, filter_size: int, padding: str, stride: int) -> int | None:
    """The length that a convolution of stride needs for an output."""
    if output_length is None:
        return None
    pads = {"same": filter_size // 2, "valid": 0, "full": filter_size - 1}
    if padding not in pads:
        raise ValueError(f"padding: expected one of {', '.join(pads)}, received {padding!r}.")
    return (output_length - 1) * stride - 2 * pads[padding] + filter_size


def convert_kernel(kernel: Any) -> Any:
    """A kernel turned between Theano's and TensorFlow's order: flipped along its spatial axes.

    >>> convert_kernel(np.arange(3.0).reshape(3, 1, 1)).ravel().tolist()
    [2.0, 1.0, 0.0]
    """
    kernel = np.asarray(kernel)
    if not 3 <= kernel.ndim <= 5:
        raise ValueError(f"convert_kernel: expected a kernel of 3 to 5 axes, received shape {kernel.shape}.")
    return np.copy(kernel[(slice(None, None, -1),) * (kernel.ndim - 2)])


def make_tuple(*args: Any) -> tuple:
    """Its arguments as a tuple."""
    return args


def slice_arrays(arrays: Any, start: Any = None, stop: Any = None) -> Any:
    """The same rows of one array or of each in a list.

    >>> slice_arrays([np.arange(4), None], 1, 3)
    [array([1, 2]), None]
    """
    if arrays is None:
        return [None]
    if hasattr(start, "__len__"):
        rows: Any = np.asarray(start)
        if stop is not None:
            raise ValueError("slice_arrays: give indices as start, or start and stop, not both.")
    else:
        rows = slice(start, stop)
    return [None if a is None else a[rows] for a in arrays] if isinstance(arrays, list) else arrays[rows]


slice_X = slice_arrays


def to_list(x: Any, allow_tuple: bool = False) -> list:
    """A list of what is none."""
    return x if isinstance(x, list) else list(x) if allow_tuple and isinstance(x, tuple) else [x]


def unpack_singleton(x: Any) -> Any:
    """The only element of a list of one."""
    return x[0] if len(x) == 1 else x


def is_all_none(iterable_or_element: Any) -> bool:
    """Is there nothing but None?"""
    given = iterable_or_element if isinstance(iterable_or_element, (list, tuple)) else [iterable_or_element]
    return all(e is None for e in given)


def object_list_uid(object_list: Any) -> str:
    """The identities of objects as one text."""
    return ", ".join(str(abs(id(x))) for x in to_list(object_list))


def count_params(weights: Any) -> int:
    """How many numbers the weights hold, each counted once."""
    return int(sum(np.prod(w.shape) for w in {id(w): w for w in weights}.values()))


def serialize_keras_object(instance: Any) -> Any:
    """``utils.serialize_keras_object`` in the format of Keras 2: class name and config; of functions, their name."""
    if instance is None:
        return None
    if hasattr(instance, "get_config"):
        from ..core.registry import get_registered_name

        return {"class_name": get_registered_name(type(instance)), "config": instance.get_config()}
    if hasattr(instance, "__name__"):
        return instance.__name__
    raise ValueError(f"serialize_keras_object: {instance!r} has neither get_config() nor a name.")


def deserialize_keras_object(
    identifier: Any, module_objects: Any = None, custom_objects: Any = None, printable_module_name: str = "object"
) -> Any:
    """The object of a name, or of a config of Keras 2; ``module_objects`` are names that are known beside the others.

    >>> deserialize_keras_object("double", {"double": lambda x: 2 * x})(3)
    6
    """
    from ..core import registry

    if identifier is None:
        return None
    known = {**dict(module_objects or {}), **registry.get_custom_objects(), **(custom_objects or {})}
    if isinstance(identifier, dict):
        if "class_name" not in identifier or "config" not in identifier:
            raise ValueError(f"This {printable_module_name} has no class_name and config: {identifier!r}.")
        cls = known.get(identifier["class_name"])
        if cls is None:
            return registry.deserialize(identifier, custom_objects)
        return cls.from_config(identifier["config"]) if hasattr(cls, "from_config") else cls(**identifier["config"])
    if isinstance(identifier, str):
        if identifier not in known:
            raise ValueError(errors.unknown(printable_module_name, identifier, list(known)))
        found = known[identifier]
        return found() if isinstance(found, type) else found
    if callable(identifier):
        return identifier
    raise ValueError(f"This {printable_module_name} is no name, config or function: {identifier!r}.")


def func_dump(func: Any) -> tuple[str, tuple | None, tuple | None]:
    """The body of a function as text, its defaults and what it closes over.

    >>> code, defaults, closure = func_dump(lambda x, n=2: x * n)
    >>> defaults, closure
    ((2,), None)
    """
    import base64
    import marshal

    code = base64.encodebytes(marshal.dumps(func.__code__)).decode("ascii")
    cells = tuple(cell.cell_contents for cell in func.__closure__) if func.__closure__ else None
    return code, func.__defaults__, cells


def func_load(code: Any, defaults: Any = None, closure: Any = None, globs: Any = None) -> Any:
    """The function of what ``func_dump`` gave; ``globs`` are the names that its body finds.

    Raises ValueError unless ``keras.config.enable_unsafe_deserialization()`` was called: the code would run with your
    rights.
    """
    import types

    from ..saving import lambdas

    if isinstance(code, (tuple, list)):
        code, defaults, closure = code
    body = lambdas.code_of(code)
    if closure is not None:
        closure = tuple(c if isinstance(c, types.CellType) else types.CellType(c) for c in closure)
    names = lambdas.names() if globs is None else globs
    return types.FunctionType(body, names, body.co_name, None if defaults is None else tuple(defaults), closure)


def plot(model: Any, to_file: str = "model.png", show_shapes: bool = False, show_layer_names: bool = True) -> Any:
    """``plot_model`` under its name of Keras 1."""
    from .. import utils

    return utils.plot_model(model, to_file, show_shapes=show_shapes, show_layer_names=show_layer_names)


def to_graph(model: Any, **options: Any) -> Any:
    """``model_to_dot`` under its name of Keras 0.x."""
    from .. import utils

    return utils.model_to_dot(model, **options)


def layer_from_config(config: Any, custom_objects: Any = None) -> Any:
    """The layer of a config with its class name."""
    from .. import layers

    return layers.deserialize(config, custom_objects)


def get_layer(identifier: Any) -> Any:
    """The layer that a name, config or layer stands for."""
    from .. import layers

    return layers.get(identifier)


def save_array(array: Any, name: str) -> None:
    """Writes an array into an HDF5 file, under the name ``data``."""
    import h5py

    with h5py.File(name, "w") as file:
        file["data"] = np.asarray(array)


def load_array(name: str) -> Any:
    """The array that ``save_array`` wrote."""
    import h5py

    with h5py.File(name, "r") as file:
        return np.asarray(file["data"])


def binary_logloss(p: Any, y: Any) -> float:
    """The mean binary crossentropy of probabilities ``p`` and labels ``y``.

    >>> round(binary_logloss([0.5, 0.5], [1, 0]), 4)
    0.6931
    """
    p, y = np.clip(p, 1e-15, 1 - 1e-15), np.asarray(y)
    return float(-np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)))


def multiclass_logloss(P: Any, Y: Any) -> float:
    """The mean of ``-log`` of the probabilities of the labels, which count from 1.

    >>> round(multiclass_logloss([[0.5, 0.5]], [2]), 4)
    0.6931
    """
    return float(-np.mean([np.log(p[label - 1]) for p, label in zip(P, Y, strict=True)]))


def accuracy(p: Any, y: Any) -> float:
    """The share of predictions that equal their labels.

    >>> accuracy([1, 2], [1, 3])
    0.5
    """
    return float(np.mean([a == b for a, b in zip(p, y, strict=False)]))


def horizontal_flip(x: Any) -> Any:
    """An image (channels, rows, columns) with its columns reversed.

    >>> horizontal_flip(np.array([[[1, 2]]])).tolist()
    [[[2, 1]]]
    """
    return np.asarray(x)[:, :, ::-1]


def vertical_flip(x: Any) -> Any:
    """An image (channels, rows, columns) with its rows reversed."""
    return np.asarray(x)[:, ::-1]


def list_pictures(directory: str, ext: str = "jpg|jpeg|bmp|png") -> list[str]:
    """The paths of the pictures in a folder and below."""
    pattern = re.compile(rf"\w+\.(?:{ext})$")
    return [os.path.join(root, f) for root, _, files in os.walk(directory) for f in files if pattern.match(f)]


def apply_transform(
    x: Any, transform_matrix: Any, channel_axis: int = 0, fill_mode: str = "nearest", cval: float = 0.0
) -> Any:
    """An image moved by a 3x3 matrix of output to input coordinates, each point taking the nearest one's value.

    >>> apply_transform(np.array([[[1.0, 2.0]]]), np.array([[1, 0, 0], [0, 1, 1], [0, 0, 1]])).tolist()
    [[[2.0, 2.0]]]
    """
    from scipy import ndimage

    channels = np.moveaxis(np.asarray(x), channel_axis, 0)
    matrix = np.asarray(transform_matrix)
    moved = [
        ndimage.affine_transform(c, matrix[:2, :2], matrix[:2, 2], order=0, mode=fill_mode, cval=cval) for c in channels
    ]
    return np.moveaxis(np.stack(moved), 0, channel_axis)

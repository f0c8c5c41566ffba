"""Small helpers that scripts took from the inside of Keras 2: `conv_utils`, `generic_utils`, `io_utils`, `layer_utils`."""

import inspect

import numpy as np

HDF5_OBJECT_HEADER_LIMIT = 64512  # bytes that fit into the attributes of one HDF5 object


def has_arg(fn, name, accept_all=False):
    """Whether a function takes an argument of this name; with `accept_all`, ``**kwargs`` counts.

    >>> has_arg(lambda x, **more: x, "y"), has_arg(lambda x, **more: x, "y", accept_all=True)
    (False, True)
    """
    parameters = inspect.signature(fn).parameters
    if name in parameters:
        return parameters[name].kind in (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return accept_all and any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values())


def transpose_shape(shape, target_format, spatial_axes):
    """A shape with the channels last, in the order of `target_format`; `spatial_axes` are those between.

    >>> transpose_shape((16, 32, 31, 3), "channels_first", spatial_axes=(1, 2))
    (16, 3, 32, 31)
    """
    if target_format == "channels_last":
        return shape
    if target_format != "channels_first":
        raise ValueError(f"data_format must be 'channels_first' or 'channels_last', received {target_format!r}.")
    first = spatial_axes[0]
    moved = (*shape[:first], shape[-1], *(shape[axis] for axis in spatial_axes))
    return type(shape)(moved)


def normalize_tuple(value, n, name):
    """A number as a tuple of `n`, or a tuple of `n` integers as it is.

    >>> normalize_tuple(2, 3, "strides")
    (2, 2, 2)
    """
    values = (value,) * n if isinstance(value, int) else tuple(value) if hasattr(value, "__iter__") else ()
    if len(values) != n or not all(isinstance(v, (int, np.integer)) for v in values):
        raise ValueError(f"{name} must be an integer or a tuple of {n} integers, received {value!r}.")
    return values


def normalize_padding(value):
    """A padding mode in lower case; raises ValueError for an unknown one."""
    if str(value).lower() not in ("valid", "same", "causal"):
        raise ValueError(f"padding must be 'valid', 'same' or 'causal', received {value!r}.")
    return value.lower()


def deconv_length(dim_size, stride_size, kernel_size, padding, output_padding, dilation=1):
    """The length that a transposed convolution makes; None of None.

    >>> deconv_length(5, 2, 3, "same", None), deconv_length(5, 2, 3, "valid", None)
    (10, 11)
    """
    if padding not in ("same", "valid", "full"):
        raise ValueError(f"padding must be 'same', 'valid' or 'full', received {padding!r}.")
    if dim_size is None:
        return None
    kernel = kernel_size + (kernel_size - 1) * (dilation - 1)
    if output_padding is None:
        more = {"valid": max(kernel - stride_size, 0), "full": 2 - stride_size - kernel, "same": 0}
        return dim_size * stride_size + more[padding]
    margin = {"same": kernel // 2, "valid": 0, "full": kernel - 1}[padding]
    return (dim_size - 1) * stride_size + kernel - 2 * margin + output_padding


def ask_to_proceed_with_overwrite(filepath):
    """Asks at the terminal whether a file may be overwritten."""
    while True:
        answer = input(f"[WARNING] {filepath} already exists - overwrite? [y/n]").strip().lower()
        if answer in ("y", "n"):
            return answer == "y"


def convert_dense_weights_data_format(dense, previous_feature_map_shape, target_data_format="channels_first"):
    """Reorders, in place, the kernel of the Dense layer after Flatten for pictures of the other data format.

    `previous_feature_map_shape`: what Flatten gets, without the batch, in the target format.
    """
    if target_data_format not in ("channels_first", "channels_last"):
        raise ValueError(f"data_format must be 'channels_first' or 'channels_last', received {target_data_format!r}.")
    kernel, rest = dense.get_weights()[0], dense.get_weights()[1:]
    if target_data_format == "channels_first":
        c, h, w = previous_feature_map_shape
        maps = kernel.reshape(h, w, c, -1).transpose(2, 0, 1, 3)
    else:
        h, w, c = previous_feature_map_shape
        maps = kernel.reshape(c, h, w, -1).transpose(1, 2, 0, 3)
    dense.set_weights([maps.reshape(kernel.shape), *rest])

"""Layers that are called on ragged and sparse tensors, as tf.keras calls them."""

from typing import Any

import numpy as np

from .ragged_tensor import RaggedTensor, host
from .tables import functions
from .tensor import unwrap

# Layers that work on each element, or on the axes behind the ragged ones.
ELEMENTS = (
    "StringLookup IntegerLookup Hashing Embedding Dense Activation ReLU LeakyReLU PReLU ELU Softmax Dropout Rescaling "
    "Discretization Identity Lambda LayerNormalization CategoryEncoding"
).split()


def call(layer: Any, args: tuple, kwargs: dict, plain: bool) -> Any:
    """``layer`` on a ragged or sparse tensor; with ``plain`` its values are arrays."""
    x, rest = args[0], args[1:]
    given = unwrap if plain else lambda v: v
    if not isinstance(x, RaggedTensor):
        from .sparse_tensor import reorder, to_dense

        return layer(given(to_dense(reorder(x))), *rest, **kwargs)
    name = type(layer).__name__
    if name in ELEMENTS and (name != "Softmax" or x.flat_values.ndim > 1):
        return x.with_flat_values(layer(given(x.flat_values), *rest, **kwargs))
    if name == "Sequential" and layer._graph is None:
        for one in layer.layers:
            x = one(x, **kwargs) if isinstance(x, RaggedTensor) else one(given(x), **kwargs)
        return x
    dense, lengths = x.to_tensor(), np.diff(host(x.row_splits))
    if name == "GlobalMaxPooling1D":
        return functions("")["reduce_max"](x, axis=1)
    if hasattr(layer, "return_sequences") or name == "GlobalAveragePooling1D" or name == "Bidirectional":
        mask = np.arange(dense.shape[1]) < lengths[:, None]
        found = layer(given(dense), *rest, mask=mask, **kwargs)
        inside = getattr(
            layer, "return_sequences", getattr(getattr(layer, "forward_layer", None), "return_sequences", False)
        )
        if not inside:
            return found
        parts = list(found) if isinstance(found, (list, tuple)) else [found]
        parts[0] = RaggedTensor.from_tensor(parts[0], lengths)
        return parts if isinstance(found, (list, tuple)) else parts[0]
    raise TypeError(f"{name} takes no RaggedTensor: use its to_tensor(), and mask what it fills.")


def is_own(layer: Any) -> bool:
    """Does the layer come from a script, which may ask anything of its inputs?"""
    return not type(layer).__module__.startswith("jkeras.")

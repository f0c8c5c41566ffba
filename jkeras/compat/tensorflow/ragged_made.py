"""``tf.ragged.constant``, and what a ragged tensor looks like."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from .creation import convert_to_tensor
from .ragged_tensor import RaggedTensor, starts_of
from .rows import dtype_of, only
from .tensor import DType, Tensor, TensorShape, unwrap


def constant(pylist: Any, dtype: Any = None, ragged_rank: Any = None, inner_shape: Any = None, name: Any = None,
             row_splits_dtype: Any = "int64") -> Any:  # fmt: skip
    """Nested lists as a RaggedTensor: all axes but the first are ragged, unless ``ragged_rank`` or ``inner_shape`` say fewer.

    >>> constant([[1, 2], [3]]).row_lengths().numpy().tolist()
    [2, 1]
    """
    dtype_of(row_splits_dtype)
    if ragged_rank is None:
        inner = 0 if inner_shape is None else len(tuple(inner_shape))
        ragged_rank = max(_depth(pylist) - 1 - inner, 0)
    if ragged_rank == 0:
        found = convert_to_tensor(pylist, dtype)
        return found
    lists = [unwrap(row) if not isinstance(row, (list, tuple)) else row for row in pylist]
    if any(not isinstance(row, (list, tuple)) and np.ndim(row) == 0 for row in lists):
        raise ValueError(f"tf.ragged.constant: expected lists {ragged_rank + 1} deep everywhere, received {pylist!r}.")
    flat = [item for row in lists for item in row]
    if flat or ragged_rank > 1:
        values = constant(flat, dtype, ragged_rank - 1, inner_shape)
    else:
        kind = np.empty((0, *(inner_shape or ())), object if dtype == "string" else dtype_of(dtype or "float32"))
        values = Tensor(kind if kind.dtype.kind == "O" else jnp.asarray(kind))
    return RaggedTensor(values, starts_of([len(row) for row in lists]))


def _depth(x: Any) -> int:
    if isinstance(x, np.ndarray) and x.dtype != object:
        return x.ndim
    if isinstance(x, (list, tuple, np.ndarray)):
        return 1 + max(map(_depth, x), default=0)
    return np.ndim(unwrap(x)) if isinstance(x, Tensor) else 0


class RaggedTensorSpec:
    """What a RaggedTensor looks like.

    https://www.tensorflow.org/api_docs/python/tf/RaggedTensorSpec
    """

    def __init__(self, shape: Any = None, dtype: Any = "float32", ragged_rank: Any = None, row_splits_dtype: Any = "int64",
                 flat_values_spec: Any = None):  # fmt: skip
        only("tf.RaggedTensorSpec: flat_values_spec", flat_values_spec, None, "give shape and dtype.")
        self.shape, self.dtype = TensorShape(shape or ()), DType(str(dtype))
        self.ragged_rank = len(self.shape) - 1 if ragged_rank is None else int(ragged_rank)
        self.row_splits_dtype = DType(str(row_splits_dtype))

    def __repr__(self) -> str:
        return f"RaggedTensorSpec({tuple(self.shape)}, {self.dtype!r}, {self.ragged_rank}, {self.row_splits_dtype!r})"

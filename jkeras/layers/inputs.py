"""Where data enters a model."""

from typing import Any

import numpy as np

from ..core.declare import current_era, era_default, resolve_default
from ..core.dtypes import NAMES, standardize_dtype
from ..core.layer import Layer, layer
from ..core.naming import unique_name
from ..core.symbolic import KerasTensor, Node


@layer
class InputLayer(Layer):
    """The layer behind ``Input()``.  https://keras.io/api/layers/core_layers/input/

    >>> InputLayer((4,), name="x").output.shape
    (None, 4)
    """

    _untracked = Layer._untracked | {"fed"}  # data, even where it is a Variable

    def __init__(
        self,
        shape: Any = None,
        batch_size: int | None = None,
        *args: Any,
        dtype: Any = None,
        sparse: bool | None = era_default(None),
        ragged: bool | None = None,
        batch_shape: Any = None,
        input_tensor: Any = None,
        optional: bool = False,
        name: str | None = None,
        **kwargs: Any,
    ):
        if args:
            given = self._in_order(args)
            kwargs, dtype = {**kwargs, **given}, given.pop("dtype", dtype)
            sparse, ragged = kwargs.pop("sparse", sparse), kwargs.pop("ragged", ragged)
            input_tensor, optional = kwargs.pop("input_tensor", input_tensor), kwargs.pop("optional", optional)
            batch_shape, name = kwargs.pop("batch_shape", batch_shape), kwargs.pop("name", name)
            kwargs.pop("dtype", None)
        sparse = resolve_default(type(self), "sparse", sparse)
        if kwargs.pop("type_spec", None) is not None:
            raise ValueError("InputLayer: type_spec describes tensors of TensorFlow; give shape and dtype.")
        if sparse or ragged:
            raise ValueError("Input: sparse and ragged inputs are not supported; pass dense arrays.")
        input_shape = kwargs.pop("input_shape", None)
        batch_shape = batch_shape if batch_shape is not None else kwargs.pop("batch_input_shape", None)
        dtype = dtype if dtype is not None else getattr(input_tensor, "dtype", None)
        super().__init__(name=name or unique_name("input_layer"), **kwargs)
        if isinstance(input_tensor, KerasTensor):
            batch_shape = input_tensor.shape
        elif input_tensor is not None and shape is None and input_shape is None:
            batch_shape = np.shape(input_tensor)
        self.batch_shape = _batch_shape(shape if shape is not None else input_shape, batch_size, batch_shape)
        self._dtype, self.sparse, self.ragged, self.optional = (
            standardize_dtype(dtype),
            bool(sparse),
            bool(ragged),
            optional,
        )
        self.fed = None if input_tensor is None or isinstance(input_tensor, KerasTensor) else input_tensor
        self.built = True
        output = KerasTensor(self.batch_shape, self._dtype, name=self.name)
        Node(self, (), {}, output)

    @staticmethod
    def _in_order(args: tuple) -> dict[str, Any]:
        """Arguments from the third place on, in the order of the generation whose defaults hold."""
        order = {
            "3": "dtype sparse ragged batch_shape input_tensor optional name",
            "tf2": "dtype input_tensor sparse name ragged type_spec optional",
        }.get(current_era(), "batch_shape dtype input_tensor sparse name")
        if len(args) > len(order.split()):
            raise TypeError(f"InputLayer takes at most {len(order.split()) + 2} positional arguments.")
        return dict(zip(order.split(), args, strict=False))

    def call(self, inputs: Any = None) -> Any:
        """The inputs as they are."""
        return inputs

    @property
    def dtype(self) -> str:  # type: ignore[override]
        """Dtype of the data."""
        return self._dtype

    @property
    def output_shape(self) -> Any:
        """Shape of the data; tf.keras gave it in a list."""
        listed = resolve_default(type(self), "shape_in_list", era_default(False))
        return [self.batch_shape] if listed else self.batch_shape

    input_shape = output_shape

    @property
    def batch_size(self) -> int | None:
        """Fixed batch size, or None."""
        return self.batch_shape[0]

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer."""
        config = {"batch_shape": self.batch_shape, "dtype": self.dtype, "sparse": self.sparse, "ragged": self.ragged}
        return {**config, "name": self.name, **({"optional": True} if self.optional else {})}


def _batch_shape(shape: Any, batch_size: int | None, batch_shape: Any) -> tuple[int | None, ...]:
    if shape is None and batch_shape is None:
        raise ValueError("Input: give shape=(...), without the batch axis, or batch_shape=(...), with it.")
    if shape is not None and batch_shape is not None:
        raise ValueError("Input: give shape or batch_shape, not both.")
    if batch_shape is None:
        shape = (shape,) if isinstance(shape, (int, np.integer)) else shape
        batch_shape = (batch_size, *_sizes(shape, "shape"))
    return _sizes(batch_shape, "batch_shape")


def _sizes(shape: Any, what: str) -> tuple[int | None, ...]:
    sizes = []
    for d in shape:
        d = getattr(d, "value", d)
        if d is not None and (isinstance(d, bool) or not hasattr(d, "__index__") or int(d) < 0):
            raise ValueError(f"Input({what}={tuple(shape)}): every size must be None or an integer of at least 0.")
        sizes.append(None if d is None else int(d))
    return tuple(sizes)


def Input(
    shape: Any = None,
    *args: Any,
    batch_size: int | None = None,
    dtype: Any = None,
    sparse: bool | None = era_default(None),
    ragged: bool | None = None,
    batch_shape: Any = None,
    name: str | None = None,
    tensor: Any = None,
    optional: bool = False,
    **kwargs: Any,
) -> KerasTensor:
    """A symbolic tensor for data of a shape (without the batch axis), to build a model from.

    Raises ValueError for a shape that is none.  https://keras.io/api/layers/core_layers/input/

    >>> Input((28, 28, 1)).shape
    (None, 28, 28, 1)
    """
    for value in args:  # the generations order them differently; what they are tells them apart
        if isinstance(value, (tuple, list)):
            batch_shape = value
        elif isinstance(value, bool):
            sparse = value
        elif isinstance(value, (int, np.integer)):
            batch_size = int(value)
        elif isinstance(value, str) and value not in NAMES:
            name = value
        elif isinstance(value, str):
            dtype = value
        elif value is not None:
            tensor = value
    sparse = resolve_default(InputLayer, "sparse", sparse)
    if tensor is not None and isinstance(tensor, KerasTensor) and tensor._keras_history is not None:
        return tensor
    layer = InputLayer(
        shape=shape,
        batch_size=batch_size,
        dtype=dtype,
        sparse=sparse,
        ragged=ragged,
        batch_shape=batch_shape,
        input_tensor=tensor,
        optional=optional,
        name=name,
        **kwargs,
    )
    return layer._inbound_nodes[0].outputs

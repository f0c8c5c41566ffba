"""Categories out of anything by hashing; the same numbers as TensorFlow's hashes."""

import jax
import jax.numpy as jnp
import numpy as np

from ..core import dtypes
from ..core.declare import BaseArgument, Converter, PositiveInt
from ..core.layer import Layer, layer
from ..core.spec import describe
from ..core.symbolic import KerasTensor
from ..nn import fingerprints
from .fields import choice
from .preprocessing_numbers import Sparse, encode


def text_of(value):
    """A value as the bytes that are hashed."""
    return value if isinstance(value, bytes) else str(value).encode()


def on_host(function, inputs):
    """``function`` of NumPy arrays, giving int32 of their shape, also inside compiled functions."""
    if any(isinstance(x, jax.core.Tracer) for x in inputs):
        return jax.pure_callback(
            function, jax.ShapeDtypeStruct(inputs[0].shape, "int32"), *inputs, vmap_method="sequential"
        )
    return jnp.asarray(function(*map(np.asarray, inputs)))


INT32, WHOLE_FLOAT32 = 2**31, 2**24  # from these on, numbers do not fit


def exact(inputs):
    """NumPy arrays of whole numbers too large for 32 bits as objects, which stay what they are on the way to ``call``."""
    if type(inputs) in (list, tuple):
        return [exact(x) for x in inputs] if any(hasattr(x, "shape") for x in inputs) else inputs
    if not isinstance(inputs, np.ndarray) or inputs.dtype.kind not in "iuf" or not inputs.size:
        return inputs
    limit = WHOLE_FLOAT32 if inputs.dtype.kind == "f" else INT32
    if -limit <= inputs.min() and inputs.max() < limit or not np.isfinite(inputs).all():
        return inputs
    return inputs.astype("int64" if inputs.dtype.kind == "f" else inputs.dtype).astype(object)


def _salt(value):
    if value is None:
        return None
    if isinstance(value, (list, tuple)) and len(value) == 2:
        return list(value)
    if not isinstance(value, int):
        raise ValueError("expected an integer or a pair of integers.")
    return [value, value]


Salt = Converter(_salt)


@layer
class Hashing(Layer):
    """Strings or integers put into ``num_bins`` bins by a hash; ``mask_value`` goes to bin 0, alone.

    https://keras.io/api/layers/preprocessing_layers/categorical/hashing/

    >>> Hashing(3)(np.array(["a", "b"])).shape
    (2,)
    """

    num_bins: PositiveInt
    mask_value: object = None
    salt: Salt = None
    output_mode: choice("int", "one_hot", "multi_hot", "count") = "int"
    sparse: Sparse = False

    def __post_init__(self):
        integers_by_default(self)
        if self.output_mode == "int" and self.dtype not in ("int32", "int64"):
            raise ValueError(
                f"{describe(self)}: expected dtype 'int32' or 'int64' for integers, received {self.dtype!r}."
            )

    def __call__(self, inputs, *args, **kwargs):
        return super().__call__(exact(inputs), *args, **kwargs)

    def _bins(self, values):
        masked = self.mask_value is not None and self.num_bins > 1
        bins = self.num_bins - 1 if masked else self.num_bins
        values = values.astype("int64") if values.dtype.kind == "f" else values

        def one(value):
            if masked and value == self.mask_value:
                return 0
            text = text_of(value)
            found = fingerprints.siphash(text, self.salt) if self.salt else fingerprints.fingerprint64(text)
            return found % bins + masked

        return np.array([one(v) for v in values.reshape(-1).tolist()], "int32").reshape(values.shape)

    def call(self, inputs):
        if isinstance(inputs, KerasTensor):
            return symbolic(inputs, self.output_mode, self.num_bins, self.compute_dtype)
        indices = on_host(self._bins, [np.asarray(inputs) if isinstance(inputs, (list, tuple)) else inputs])
        return encode(indices, self.output_mode, self.num_bins, self.compute_dtype)


def integers_by_default(layer):
    """A layer that gives integers has the dtype int64 unless it was given another."""
    if layer.output_mode == "int" and layer._auto_config[1].get("dtype") is None:
        layer.dtype_policy = dtypes.get_policy("int64")


def symbolic(inputs, mode, depth, dtype):
    """The symbolic result of encoding symbolic text."""
    shape = inputs.shape
    if mode == "one_hot":
        shape = (*(shape[:-1] if len(shape) > 1 and shape[-1] == 1 else shape or (1,)), depth)
    elif mode != "int":
        shape = (*shape[:1], *shape[2:], depth) if len(shape) > 1 else (depth,)
    return KerasTensor(shape, dtype)


@layer
class HashedCrossing(Layer):
    """Combinations of two or more categorical features put into ``num_bins`` bins by a hash.

    https://keras.io/api/layers/preprocessing_layers/categorical/hashed_crossing/

    >>> HashedCrossing(5)([np.array(["a", "b"]), np.array([1, 2])]).shape
    (2,)
    """

    num_bins: PositiveInt
    output_mode: choice("int", "one_hot") = "int"
    sparse: Sparse = False
    name: BaseArgument = None
    dtype: BaseArgument = None

    def __post_init__(self):
        integers_by_default(self)

    def __call__(self, inputs, *args, **kwargs):
        return super().__call__(exact(inputs), *args, **kwargs)

    def _bins(self, *columns):
        def part(value):
            return value & fingerprints.ALL if isinstance(value, int) else fingerprints.fingerprint64(text_of(value))

        found = []
        for values in zip(*(column.reshape(-1).tolist() for column in columns)):
            crossed = 0xDECAFCAFFE
            for value in values:
                crossed = fingerprints.concatenate64(crossed, part(value))
            found.append(crossed % self.num_bins)
        return np.array(found, "int32").reshape(columns[0].shape)

    def compute_output_spec(self, inputs):
        """Symbolic bins, or encodings."""
        self._check_shapes(inputs)
        return symbolic(inputs[0], self.output_mode, self.num_bins, self.compute_dtype)

    def _check_shapes(self, inputs):
        if not isinstance(inputs, (list, tuple)) or len(inputs) < 2:
            raise ValueError(f"{describe(self)}: expected a list of at least two inputs.")
        shapes = {tuple(x.shape) for x in inputs}
        shape = next(iter(shapes))
        if len(shapes) > 1 or len(shape) > 2 or len(shape) == 2 and shape[1] != 1:
            raise ValueError(f"{describe(self)}: expected inputs of one shape, () or (batch,) or (batch, 1), received "
                             f"{[tuple(x.shape) for x in inputs]}.")  # fmt: skip

    def call(self, inputs):
        inputs = (
            [x if hasattr(x, "shape") else np.asarray(x) for x in inputs] if type(inputs) in (list, tuple) else inputs
        )
        self._check_shapes(inputs)
        if any(np.dtype(x.dtype).kind not in "iuUSOT" for x in inputs if not isinstance(x, KerasTensor)):
            raise ValueError(
                f"{describe(self)}: expected integers or strings, received {[str(x.dtype) for x in inputs]}."
            )
        if any(isinstance(x, KerasTensor) for x in inputs):
            return self.compute_output_spec(inputs)
        return encode(on_host(self._bins, inputs), self.output_mode, self.num_bins, self.compute_dtype)

    def get_config(self):
        config = {**super().get_config(), "dtype": self.dtype}
        return {key: value for key, value in config.items() if key != "trainable"}

"""What turns an array into numbers of fewer bits."""

from ..nn.quantization import EPSILON, abs_max_quantize


class Quantizer:
    """Base of quantizers: ``quantizer(x)`` gives x in fewer bits. Subclasses define ``__call__`` and ``get_config``.

    Source: https://keras.io/api/quantizers/.

    >>> Quantizer()(2.0)
    2.0
    """

    def __init__(self, output_dtype="int8"):
        self.output_dtype = output_dtype

    def __call__(self, x):
        return x

    @classmethod
    def from_config(cls, config):
        """The quantizer of ``get_config()``."""
        return cls(**config)

    def get_config(self):
        """The arguments it was made with."""
        raise NotImplementedError(f"{type(self).__name__} does not implement get_config()")


class AbsMaxQuantizer(Quantizer):
    """``abs_max_quantize`` with fixed arguments: (integers, scale) of an array; `axis` is the last one unless told.

    Source: https://keras.io/api/quantizers/. Raises ValueError for a range that int8 does not hold.

    >>> import jax.numpy as jnp
    >>> AbsMaxQuantizer()(jnp.array([1.0, -2.0]))[0].tolist()
    [64, -127]
    """

    def __init__(self, axis=None, value_range=(-127, 127), epsilon=EPSILON, output_dtype="int8"):
        super().__init__(output_dtype)
        self.axis = None if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
        self.value_range, self.epsilon = tuple(value_range), epsilon
        if output_dtype == "int8" and not -128 <= self.value_range[0] <= self.value_range[1] <= 127:
            raise ValueError(
                "Quantizer with output_dtype='int8' requires value_range to be within the interval [-128, 127]. "
                f"Received: value_range={value_range}"
            )

    def __call__(self, x, axis=None, to_numpy=False):
        axis = self.axis if axis is None else axis
        axis = -1 if axis is None else axis
        return abs_max_quantize(x, axis, self.value_range, self.output_dtype, self.epsilon, to_numpy)

    def get_config(self):
        """The arguments it was made with."""
        config = {"value_range": self.value_range, "epsilon": self.epsilon, "output_dtype": self.output_dtype}
        return config if self.axis is None else {**config, "axis": self.axis}

"""The small classes of ``tf``."""

from typing import Any

from ...core.variable import Variable
from .tensor import DType, TensorShape

AUTOTUNE = -1


class TensorSpec:
    """What a tensor looks like.

    https://www.tensorflow.org/api_docs/python/tf/TensorSpec

    >>> TensorSpec((None, 3)).dtype
    tf.float32
    """

    def __init__(self, shape: Any = None, dtype: Any = "float32", name: str | None = None):
        self.shape, self.dtype, self.name = TensorShape(shape or ()), DType(dtype), name

    def __repr__(self) -> str:
        return f"TensorSpec(shape={tuple(self.shape)}, dtype={self.dtype!r}, name={self.name!r})"


class Module:
    """A holder of variables, found among its attributes.

    https://www.tensorflow.org/api_docs/python/tf/Module
    """

    def __init__(self, name: str | None = None):
        self._name = name

    @property
    def name(self) -> str:
        """Its name: that of the class, unless another was given."""
        return self._name or type(self).__name__.lower()

    @property
    def variables(self) -> tuple:
        """All variables below."""
        return tuple({id(v): v for value in vars(self).values() for v in _variables(value)}.values())

    @property
    def trainable_variables(self) -> tuple:
        """The variables that train."""
        return tuple(v for v in self.variables if v.trainable)


def _variables(value: Any) -> list[Variable]:
    if isinstance(value, Variable):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [v for item in value for v in _variables(item)]
    return list(value.variables) if hasattr(value, "variables") and not isinstance(value, type) else []

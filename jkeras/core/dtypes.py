"""Dtype names and dtype policies."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from . import config, connections

NAMES = frozenset(
    "bool int4 int8 int16 int32 int64 uint4 uint8 uint16 uint32 uint64 bfloat16 float16 float32 float64 "
    "float8_e4m3fn float8_e5m2 complex64 complex128 string".split()
)
PYTHON_TYPES = {bool: "bool", int: "int32", str: "string"}
FLOAT_NAMES = frozenset(("bfloat16", "float16", "float32", "float64", "float8_e4m3fn", "float8_e5m2"))


def standardize_dtype(dtype: Any) -> str:
    """The name of a dtype given as None, a string, a Python type, or a NumPy or JAX dtype.

    Raises ValueError for what is no dtype.

    >>> standardize_dtype(np.float32), standardize_dtype(None), standardize_dtype(bool)
    ('float32', 'float32', 'bool')
    """
    if dtype is None or dtype is float:
        return config.floatx()
    name = PYTHON_TYPES.get(dtype) if isinstance(dtype, type) else None
    if name is None:
        name = dtype if isinstance(dtype, str) else getattr(dtype, "name", None)
    if name not in NAMES:
        try:
            name = np.dtype(dtype).name
        except TypeError:
            name = None
    if name is not None and name.startswith("str"):
        name = "string"
    if name not in NAMES:
        raise ValueError(f"Invalid dtype {dtype!r}: expected a name such as 'float32' or 'int32'.")
    return name


def is_float(dtype: Any) -> bool:
    """Is it a real floating type?

    >>> is_float("bfloat16"), is_float("int32")
    (True, False)
    """
    return standardize_dtype(dtype) in FLOAT_NAMES


def array_dtype(dtype: Any) -> Any:
    """The NumPy dtype an array really gets: 64 bits become 32 unless JAX has them enabled."""
    return jax.dtypes.canonicalize_dtype(jnp.dtype(standardize_dtype(dtype)))


class DTypePolicy:
    """What dtype a layer computes in and what dtype its weights have.

    ``"mixed_bfloat16"`` and ``"mixed_float16"`` compute in 16 bits over float32 weights; any other
    name is used for both.  https://keras.io/api/mixed_precision/policy/

    >>> DTypePolicy("mixed_bfloat16").compute_dtype
    'bfloat16'
    """

    def __init__(self, name: str | None = None, source_name: str | None = None):
        name = config.floatx() if name is None else name
        self._name = name
        self._source_name = source_name
        self._quantization_mode: str | None = None
        if name in ("mixed_float16", "mixed_bfloat16"):
            self._compute_dtype, self._variable_dtype = name.removeprefix("mixed_"), "float32"
        else:
            try:
                self._compute_dtype = self._variable_dtype = standardize_dtype(name)
            except ValueError:
                raise ValueError(
                    f"DTypePolicy: expected a dtype name, 'mixed_float16' or 'mixed_bfloat16', received {name!r}."
                ) from None

    @property
    def name(self) -> str:
        """Name of the policy."""
        return self._name

    @property
    def compute_dtype(self) -> str:
        """Dtype of the computation."""
        return self._compute_dtype

    @property
    def variable_dtype(self) -> str:
        """Dtype of the weights."""
        return self._variable_dtype

    @property
    def quantization_mode(self) -> str | None:
        """None: weights are not quantized."""
        return self._quantization_mode

    def for_path(self, path: str) -> "DTypePolicy":
        """The policy of the layer with a path: itself, but for maps of policies."""
        return self

    def convert_input(self, x: Any, autocast: bool, dtype: Any) -> Any:
        """``x`` as an array; floats are cast to ``dtype`` if ``autocast``."""
        x = jnp.asarray(x)
        return x.astype(dtype) if autocast and is_float(x.dtype) else x

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal policy."""
        return {"name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "DTypePolicy":
        """The policy that ``get_config`` described."""
        return cls(**config)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.get_config() == other.get_config()

    def __hash__(self) -> int:
        return hash((type(self).__name__, self.name))

    def __repr__(self) -> str:
        return f'<{type(self).__name__} "{self.name}">'


_global_policy: list[DTypePolicy | None] = [None]


def dtype_policy() -> DTypePolicy:
    """The policy of layers that are given none."""
    return _global_policy[0] or DTypePolicy(config.floatx())


def set_dtype_policy(policy: Any) -> None:
    """Sets the policy of layers that are given none."""
    _global_policy[0] = get_policy(policy)


def get_policy(identifier: Any) -> DTypePolicy:
    """A policy from None, a name, a dtype, a policy, or a config dict."""
    if identifier is None:
        return dtype_policy()
    if isinstance(identifier, DTypePolicy):
        return identifier
    if isinstance(identifier, dict):
        inner = identifier.get("config", identifier)
        if "name" not in inner:  # a policy of another kind, such as a quantized one
            return connections.modules["keras.dtype_policies"]().deserialize(identifier)
        return DTypePolicy(inner["name"])
    if isinstance(identifier, str) and "_from_" in identifier:
        return connections.modules["keras.dtype_policies"]().get(identifier)
    if isinstance(identifier, str) and identifier.startswith("mixed_"):
        return DTypePolicy(identifier)
    return DTypePolicy(standardize_dtype(identifier))


class PolicyAttribute:
    """``layer.dtype_policy``: setting a policy that quantizes does so where there are weights already."""

    def __get__(self, layer: Any, owner: Any = None) -> Any:
        return self if layer is None else layer._dtype_policy

    def __set__(self, layer: Any, value: Any) -> None:
        layer._dtype_policy = policy = get_policy(value)
        mode = policy.for_path(layer.path).quantization_mode
        if mode is not None and layer.built and not layer._is_quantized:
            layer.quantize(mode)

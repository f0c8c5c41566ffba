"""Quantizers: numbers of fewer bits and how a layer gets them.  Source: https://keras.io/api/quantizers/"""

from ..core import registry
from ..core.registry import Family
from ..nn.quantization import (
    abs_max_quantize,
    abs_max_quantize_grouped_with_zero_point,
    compute_float8_amax_history,
    compute_float8_scale,
    fake_quant_with_min_max_vars,
    pack_int4,
    quantize_and_dequantize,
    unpack_int4,
)
from .configs import (
    AWQConfig,
    Float8QuantizationConfig,
    GPTQConfig,
    Int4QuantizationConfig,
    Int8QuantizationConfig,
    QuantizationConfig,
)
from .quantizer import AbsMaxQuantizer, Quantizer

__all__ = [
    "AWQConfig",
    "AbsMaxQuantizer",
    "Float8QuantizationConfig",
    "GPTQConfig",
    "Int4QuantizationConfig",
    "Int8QuantizationConfig",
    "QuantizationConfig",
    "Quantizer",
    "abs_max_quantize",
    "abs_max_quantize_grouped_with_zero_point",
    "compute_float8_amax_history",
    "compute_float8_scale",
    "deserialize",
    "fake_quant_with_min_max_vars",
    "get",
    "pack_int4",
    "quantize_and_dequantize",
    "serialize",
    "unpack_int4",
]

family = Family("keras.quantizers", kind="quantizer")
for _cls in (
    Quantizer,
    AbsMaxQuantizer,
    QuantizationConfig,
    Int8QuantizationConfig,
    Int4QuantizationConfig,
    Float8QuantizationConfig,
    GPTQConfig,
    AWQConfig,
):
    family.add(_cls)


def serialize(initializer):
    """A quantizer as a config dict."""
    return registry.serialize(initializer)


def deserialize(config, custom_objects=None):
    """The quantizer of a config dict."""
    return family.deserialize(config, custom_objects)


def get(identifier, **kwargs):
    """The quantizer of a name (made with `kwargs`), a class, an instance or a config dict; None stays None.

    >>> get("abs_max_quantizer", axis=-1).axis
    (-1,)
    """
    if isinstance(identifier, str):
        return family.find(identifier)(**kwargs)
    if isinstance(identifier, type):
        return identifier(**kwargs)
    return family.get(identifier)

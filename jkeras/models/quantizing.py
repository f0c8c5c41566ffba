"""``model.quantize``: the layers that can keep their matrices with fewer bits do so."""

import re
import warnings
from typing import Any

from ..core.layer import Layer


def quantize(
    self: Any, mode: str | None = None, config: Any = None, filters: Any = None, type_check: bool = True
) -> None:
    """Keeps the matrices of the layers with fewer bits: "int8", "int4", "float8", "gptq" or "awq".

    ``config`` is a ``QuantizationConfig`` of that mode, which may have quantizers of one's own; ``GPTQConfig`` and
    ``AWQConfig`` have the data to look at, and the structure: the Dense and EinsumDense layers in its blocks are quantized.
    ``filters`` are regular expressions for names, or a function of a layer. Layers that cannot are named in a warning.
    Training that was compiled before wants ``compile`` again: matrices of integers do not train any more.

    Source: https://keras.io/api/quantizers/. Raises ValueError where nothing says the mode, two say different ones, or
    nothing can be quantized before the model is built.

    >>> from jkeras import Input, Sequential, layers
    >>> model = Sequential([Input((4,)), layers.Dense(3)])
    >>> model.quantize("int8")
    >>> model.layers[0].quantization_mode
    'int8'
    """
    from ..layers.adaptation import resolve_config

    if filters is not None and not isinstance(filters, (str, list, tuple)) and not callable(filters):
        raise ValueError(
            f"quantize: filters must be a regular expression, a list of them or a function, received {filters!r}."
        )
    config = resolve_config(f"Model '{self.name}'", mode, config)
    if not self.built:
        raise ValueError(f"Model '{self.name}': quantize() wants a built model; call it on data or build() it first.")
    if config.mode in ("gptq", "awq"):
        from .calibrating import calibrate

        calibrate(self, config.mode, config, lambda layer: _chosen(layer, filters), type_check)
    else:
        _quantize_layers(self, config, filters, type_check)
    self._programs.clear()


def _quantize_layers(model: Any, config: Any, filters: Any, type_check: bool) -> None:
    for layer in model._flatten_layers():
        if len(list(layer._flatten_layers())) > 1 or not _chosen(layer, filters):
            continue
        if type(layer).quantize is Layer.quantize and not layer.weights:
            continue
        try:
            layer.quantize(config.mode, type_check=type_check, config=config)
        except NotImplementedError as error:
            warnings.warn(str(error), stacklevel=3)


def _chosen(layer: Any, filters: Any) -> bool:
    if filters is None:
        return True
    if callable(filters):
        return bool(filters(layer))
    return any(re.search(pattern, layer.name) for pattern in ([filters] if isinstance(filters, str) else filters))


def get_quantization_layer_structure(self: Any, mode: str | None = None) -> Any:
    """What "gptq" and "awq" would go through, block by block; to be overridden. None: no structure."""
    return None

"""``model.quantize`` by looking at data: block after block, what comes into the layers chooses their bits."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jax.numpy as jnp
import numpy as np

from ..core import frame
from ..core.layer import Layer
from ..layers.core import Dense, EinsumDense
from ..layers.quantized import Matrix, rows_and_columns
from ..nn import calibration


class Watched(Matrix):
    """A matrix that notes what it meets."""

    def __init__(self, base: Any, mode: str):
        self.base, self.mode, self.seen = base, mode, 0
        self.shape, self.dtype, self.ndim = base.shape, base.dtype, base.ndim
        self.rows_in = rows_and_columns("calibration", base.shape)[0]
        self.found = jnp.zeros((self.rows_in,) * (2 if mode == "gptq" else 1))

    @property
    def value(self) -> Any:
        return self.base.value

    def product(self, equation: str, inputs: Any) -> Any:
        x = inputs.reshape(-1, self.rows_in)
        if self.mode == "gptq":
            self.found = calibration.add_to_hessian(self.found, self.seen, x)
        else:
            self.found = jnp.maximum(self.found, jnp.abs(x).max(axis=0).astype("float32"))
        self.seen += len(x)
        return self.base.product(equation, inputs)

    def bits(self, config: Any) -> dict[str, Any]:
        """What to keep in place of the matrix."""
        matrix = self.base.value.reshape(self.rows_in, -1).T
        if self.mode == "awq":
            return calibration.awq(matrix, self.found, config.group_size, config.num_grid_points)
        return calibration.gptq(
            matrix, self.found, config.weight_bits, config.group_size, config.symmetric, config.per_channel,
            config.hessian_damping, config.activation_order,
        )  # fmt: skip


@contextmanager
def watching(layers: list[Any], mode: str) -> Iterator[list[Watched]]:
    """Layers whose kernels note what they meet."""
    watched = [Watched(layer.kernel, mode) for layer in layers]
    try:
        for layer, one in zip(layers, watched, strict=True):
            layer.kernel = one
        with frame.Frame(training=False):  # step by step: a compiled call would hide the values
            yield watched
    finally:
        for layer, one in zip(layers, watched, strict=True):
            layer.kernel = one.base


def calibrate(model: Any, mode: str, config: Any, chosen: Any, type_check: bool) -> None:
    """Quantizes the Dense and EinsumDense layers in the blocks of the model's structure with what comes into them."""
    structure = config.quantization_layer_structure or model.get_quantization_layer_structure(mode)
    if not structure or not structure.get("sequential_blocks"):
        raise ValueError(
            f"Model '{model.name}': {mode!r} wants a structure: {{'pre_block_layers': [...], 'sequential_blocks': [...]}} as "
            "quantization_layer_structure of the config, or from the model's get_quantization_layer_structure(mode)."
        )
    passing = [jnp.asarray(sample) for sample in samples(config)]
    for layer in structure.get("pre_block_layers", []):
        passing = [layer(x) for x in passing]
    for block in structure["sequential_blocks"]:
        layers = [layer for layer in targets(block) if chosen(layer)]
        for layer in layers:
            layer.quantize(mode, type_check=type_check, config=config)
        with watching(layers, mode) as watched:
            for x in passing:
                block(x)
        for layer, one in zip(layers, watched, strict=True):
            if one.seen:
                layer.kernel.calibrate(layer, one.bits(config))
        passing = [first_of(block(x)) for x in passing]


def first_of(outputs: Any) -> Any:
    """What goes on to the next block."""
    return outputs[0] if isinstance(outputs, (tuple, list)) else outputs


def targets(block: Any) -> list[Any]:
    """The Dense and EinsumDense layers in a block."""
    found = block._flatten_layers() if isinstance(block, Layer) else [block]
    return [layer for layer in found if isinstance(layer, (Dense, EinsumDense)) and not layer._sublayers()]


def samples(config: Any) -> np.ndarray:
    """(samples, 1, steps): pieces of the data's tokens, as far from each other as they can be; short data are repeated."""
    name, data = type(config).__name__, config.dataset
    if data is None or config.tokenizer is None:
        raise ValueError(f"{name}: quantizing wants a dataset and a tokenizer.")
    if isinstance(data, (str, bytes)) or not hasattr(data, "__iter__"):
        raise TypeError(f"{name}: expected texts or rows of tokens as dataset, received {type(data).__name__}.")
    texts = list(data)
    if not texts:
        raise ValueError(f"{name}: the dataset is empty.")
    if isinstance(texts[0], str):
        texts = [getattr(config.tokenizer, "tokenize", config.tokenizer)(text) for text in texts]
    tokens = np.concatenate([np.asarray(row).reshape(-1) for row in texts]).astype("int32")
    steps, count = config.sequence_length, config.num_samples
    if not tokens.size:
        raise ValueError(f"{name}: the dataset has no tokens.")
    tokens = np.tile(tokens, math.ceil(max(1, steps * count / tokens.size)))
    places = len(tokens) - steps + 1
    starts = np.arange(count) * max(1, places // count) % places
    return np.stack([tokens[start : start + steps] for start in starts])[:, None]

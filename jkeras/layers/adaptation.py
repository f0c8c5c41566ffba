"""Low-rank adaptation (LoRA) of the weight matrix of Dense, EinsumDense and Embedding, kept outside of the layers.

A layer multiplies by its matrix; this module exchanges the matrix for an object worth ``W + alpha / rank * A @ B``, so
the layers know nothing of it.  Source: Hu et al., 2021, https://arxiv.org/abs/2106.09685
"""

import jax
import jax.numpy as jnp

from ..core import registry
from ..core.declare import Converter
from ..core.spec import describe

ARGUMENTS = ("lora_rank", "lora_alpha")
Quantization = Converter(lambda value: value, registry.serialize)


class LowRank:
    """A matrix that is worth ``base + scale * a @ b``; reads as an array wherever a Variable does."""

    def __init__(self, base, a, b, scale):
        self.base, self.a, self.b, self.scale = base, a, b, scale
        self.shape, self.dtype, self.ndim = base.shape, base.dtype, base.ndim

    @property
    def value(self):
        return self.base.value + jnp.matmul(self.a.value, self.b.value) * self.scale

    def numpy(self):
        return jax.device_get(self.value)

    def __jax_array__(self):
        return self.value

    def __array__(self, dtype=None, copy=None):
        return self.numpy() if dtype is None else self.numpy().astype(dtype)

    def __rmatmul__(self, other):
        return jnp.matmul(other, self.value)


jax.tree_util.register_pytree_node(LowRank, lambda matrix: ((matrix.value,), None), lambda _, leaves: leaves[0])


def enable_lora(self, rank, lora_alpha=None, a_initializer="he_uniform", b_initializer="zeros"):
    """Freezes the layer's matrix and trains a low-rank sum to it instead: ``lora_alpha / rank * A @ B``.

    Raises ValueError before ``build``, a second time, or on a matrix with a constraint.
    """
    name = self._adapted
    if isinstance(getattr(self, name, None), LowRank):
        raise ValueError(f"{describe(self)}: LoRA is enabled already, with rank {self.lora_rank}.")
    if not self.built and name not in vars(self):
        raise ValueError(f"{describe(self)}: enable_lora() wants a built layer; call it on data or build() it first.")
    if getattr(self, f"{name}_constraint") is not None:
        raise ValueError(f"{describe(self)}: LoRA and {name}_constraint exclude each other; remove the constraint.")
    if not isinstance(rank, int) or rank < 1:
        raise ValueError(f"{describe(self)}: expected a positive integer as rank of LoRA, received {rank!r}.")
    base = getattr(self, name)
    a = self.add_weight(f"lora_{name}_a", (*base.shape[:-1], rank), initializer=a_initializer)
    b = self.add_weight(f"lora_{name}_b", (rank, base.shape[-1]), initializer=b_initializer)
    base.trainable = False
    self.lora_rank, self.lora_alpha = rank, rank if lora_alpha is None else lora_alpha
    setattr(self, name, LowRank(base, a, b, self.lora_alpha / rank))


def begin(layer):
    """At the end of ``build``: the adaptation that the layer's arguments ask for."""
    if layer.lora_rank is not None:
        enable_lora(layer, layer.lora_rank, layer.lora_alpha)


def merge_lora(layer):
    """Adds the low-rank sum into the matrix for good; the layer trains its matrix again."""
    name = layer._adapted
    matrix = getattr(layer, name)
    if not isinstance(matrix, LowRank):
        raise ValueError(f"{describe(layer)}: LoRA is not enabled.")
    matrix.base.assign(matrix.value)
    matrix.base.trainable = True
    layer._weights_made = [v for v in layer._weights_made if v is not matrix.a and v is not matrix.b]
    setattr(layer, name, matrix.base)
    layer.lora_rank = layer.lora_alpha = None

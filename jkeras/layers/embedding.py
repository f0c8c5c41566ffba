"""Tables of vectors, looked up by integer."""

import jax
import jax.numpy as jnp
import numpy as np

from ..core import dtypes
from ..core.declare import era_default, resolve_default
from ..core.layer import Layer, layer
from ..core.spec import describe
from . import adaptation
from .fields import Constraint, Flag, Initializer, PositiveInt, Regularizer, optional, unless_set

REVERSE = "...i,oi->...o"  # vectors times the transposed table
FIRST_SHAPE = era_default(None)  # of the inputs, where it stands first in a Sequential and was given none


@layer
@adaptation.adaptable(embeddings=REVERSE)
class Embedding(Layer):
    """Replaces integers in [0, input_dim) by rows of a table: (...) -> (..., output_dim).

    ``mask_zero=True`` masks the positions of 0. Indices out of range raise ValueError where values are at hand
    (eager calls; fit checks its data); inside compiled functions they give NaN.
    https://keras.io/api/layers/core_layers/embedding/

    >>> Embedding(5, 2, "ones")(jnp.array([[0, 4, 1]])).shape
    (1, 3, 2)
    """

    input_dim: PositiveInt
    output_dim: PositiveInt
    embeddings_initializer: Initializer = "uniform"
    embeddings_regularizer: Regularizer = None
    embeddings_constraint: Constraint = None
    mask_zero: Flag = False
    weights: object = None
    lora_rank: optional(PositiveInt) = None
    lora_alpha: object = None
    quantization_config: adaptation.Quantization = None

    def __post_init__(self):
        self.autocast, self.supports_masking = False, self.mask_zero
        if self._first_shape is None:
            self._first_shape = resolve_default(type(self), "first_shape", FIRST_SHAPE)
        if self.given_weights is not None:
            alone = not isinstance(self.given_weights, (list, tuple)) or len(self.given_weights) != 1
            self._initial_weights = [self.given_weights] if alone else self.given_weights

    def build(self, input_shape=None):
        self.embeddings = self.add_weight("embeddings", (self.input_dim, self.output_dim))
        adaptation.begin(self)

    def call(self, inputs):
        indices = inputs if jnp.issubdtype(inputs.dtype, jnp.integer) else inputs.astype("int32")
        check_range(self, indices)
        return adaptation.rows(self.embeddings, indices, dtypes.array_dtype(self.compute_dtype))

    def compute_mask(self, inputs, mask=None):
        return inputs != 0 if self.mask_zero else None

    def compute_output_shape(self, input_shape):
        return (*input_shape, self.output_dim)

    def get_config(self):
        config = {**super().get_config(), "activity_regularizer": Regularizer.serialize(self.activity_regularizer)}
        return unless_set({k: v for k, v in config.items() if k != "weights"}, *adaptation.ARGUMENTS)


def check_range(layer, indices):
    """Raises ValueError for an index outside of the table, where the values are known."""
    if isinstance(indices, jax.core.Tracer) or not indices.size:
        return
    values = np.asarray(indices)
    low, high = int(values.min()), int(values.max())
    if low < 0 or high >= layer.input_dim:
        raise ValueError(
            f"{describe(layer)}: expected indices from 0 to {layer.input_dim - 1}, received {low} to {high}. "
            "Make input_dim larger than the largest index."
        )


@layer
@adaptation.adaptable(embeddings=REVERSE, reverse_embeddings="...i,io->...o")
class ReversibleEmbedding(Embedding):
    """Embedding that also maps vectors back to scores over the table: (..., output_dim) -> (..., input_dim).

    https://keras.io/api/layers/core_layers/reversible_embedding/

    >>> ReversibleEmbedding(5, 2)(jnp.ones((1, 3, 2)), reverse=True).shape
    (1, 3, 5)
    """

    input_dim: PositiveInt
    output_dim: PositiveInt
    tie_weights: Flag = True
    embeddings_initializer: Initializer = "uniform"
    embeddings_regularizer: Regularizer = None
    embeddings_constraint: Constraint = None
    mask_zero: Flag = False
    reverse_dtype: object = None
    logit_soft_cap: object = None
    weights: object = None
    lora_rank: optional(PositiveInt) = None
    lora_alpha: object = None
    quantization_config: adaptation.Quantization = None

    def build(self, input_shape=None):
        shape, start = (self.input_dim, self.output_dim), self.embeddings_initializer
        self.embeddings = self.add_weight("embeddings", shape)
        if not self.tie_weights:
            self.reverse_embeddings = self.add_weight("reverse_embeddings", shape[::-1], initializer=start)
        adaptation.begin(self)

    def call(self, inputs, reverse=False):
        if not reverse:
            return super().call(inputs)
        table, equation = (self.embeddings, REVERSE) if self.tie_weights else (self.reverse_embeddings, "...i,io->...o")
        if self.reverse_dtype is not None:
            inputs = inputs.astype(self.reverse_dtype)
            table = table if isinstance(table, adaptation.FewBits) else jnp.asarray(table).astype(self.reverse_dtype)
        scores = adaptation.einsum(equation, inputs, table)
        cap = self.logit_soft_cap
        return scores if cap is None else jnp.tanh(scores / cap) * cap

    def compute_mask(self, inputs, mask=None):
        is_index = not jnp.issubdtype(inputs.dtype, jnp.inexact)
        return inputs != 0 if self.mask_zero and is_index else None

    def compute_output_shape(self, input_shape, reverse=False):
        return (*input_shape[:-1], self.input_dim) if reverse else (*input_shape, self.output_dim)

    def _has_closed_form(self):
        return False  # the shape depends on ``reverse``

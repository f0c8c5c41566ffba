"""Attention: one head over given vectors, and many heads over learned projections."""

import jax
import jax.numpy as jnp

from ..core import config
from ..core import frame as frames
from ..core.declare import Converter, era_default
from ..core.layer import Layer, layer
from ..core.rng import SeedGenerator
from ..core.spec import describe
from ..nn import attention as nn
from .core import EinsumDense
from .fields import Constraint, Flag, Initializer, PositiveInt, Rate, Regularizer, choice, optional
from .recurrent_cells import hide


def dropped(layer, shape, dtype, training):
    """What multiplies attention scores while training with dropout; None where nothing is dropped."""
    if not training or not layer.dropout:
        return None
    if layer.dropout == 1:
        return jnp.zeros(shape, dtype)
    keep = jax.random.bernoulli(layer.seed_generator.next(), 1 - layer.dropout, shape)
    return keep.astype(dtype) / jnp.asarray(1 - layer.dropout, dtype)


@layer
class Attention(Layer):
    """Dot-product attention of [query, value] or [query, value, key]: (batch, t, d), (batch, s, v) -> (batch, t, v).

    ``call`` takes masks [query_mask, value_mask], ``use_causal_mask`` and ``return_attention_scores``. ``use_scale`` learns a
    factor of the scores; ``score_mode="concat"`` scores by ``sum(tanh(q + k))``.
    Source: Luong et al., 2015.  https://keras.io/api/layers/attention_layers/attention/

    >>> Attention()([jnp.ones((1, 2, 4)), jnp.ones((1, 3, 4))]).shape
    (1, 2, 4)
    """

    use_scale: Flag = False
    score_mode: choice("dot", "concat") = "dot"
    dropout: Rate = 0.0
    seed: object = None
    causal: Flag = False
    supports_masking = True

    def __post_init__(self):
        self.scale = self.concat_score_weight = None
        if self.dropout:
            self.seed_generator = SeedGenerator(self.seed)

    def build(self, input_shape):
        self._check_list(input_shape, "shapes")
        if self.use_scale:
            self.scale = self.add_weight("scale", (), initializer="ones")
        if self.score_mode == "concat":
            self.concat_score_weight = self.add_weight("concat_score_weight", (), initializer="ones")

    def _check_list(self, values, what="inputs", least=2):
        if not isinstance(values, (list, tuple)) or not least <= len(values) <= 3:
            got = f"a list of {len(values)}" if isinstance(values, (list, tuple)) else type(values).__name__
            raise ValueError(
                f"{describe(self)}: expected {what} as [query, value] or [query, value, key], received {got}."
            )

    def _check_input(self, inputs):
        self._check_list(inputs)

    def _calculate_scores(self, query, key):
        scale = 1 if self.scale is None else jnp.asarray(self.scale)
        if self.score_mode == "dot":
            return jnp.matmul(query, jnp.swapaxes(key, -2, -1)) * scale
        return self.concat_score_weight * jnp.sum(
            jnp.tanh(scale * (query[..., :, None, :] + key[..., None, :, :])), axis=-1
        )

    def call(self, inputs, mask=None, training=False, return_attention_scores=False, use_causal_mask=False):
        query, value = inputs[:2]
        key = inputs[2] if len(inputs) > 2 else value
        if mask is not None:
            self._check_list(mask, "masks")
        query_mask, value_mask = mask[:2] if mask is not None else (None, None)
        scores = self._calculate_scores(query, key)
        allowed = None if value_mask is None else jnp.asarray(value_mask).astype(bool)[..., None, :]
        if use_causal_mask or self.causal:
            allowed = nn.both(allowed, nn.causal_mask(*scores.shape[-2:]))
        if allowed is not None:
            scores = jnp.where(allowed, scores, scores - nn.large_negative(scores, 65504.0, 1e9))
        weights = nn.softmax(scores)
        drop = dropped(self, weights.shape, weights.dtype, training)
        weights = weights if drop is None else weights * drop
        output = jnp.matmul(weights, value)
        if query_mask is not None:
            output = jnp.where(jnp.asarray(query_mask).astype(bool)[..., None], output, 0)
        return (output, weights) if return_attention_scores else output

    def compute_mask(self, inputs, mask=None):
        return None if mask is None else mask[0]

    def get_config(self):
        return hide(super().get_config(), causal=False)


@layer
class AdditiveAttention(Attention):
    """Attention of [query, value] or [query, value, key] with the scores ``sum(scale * tanh(q + k))``, see ``Attention``.

    Source: Bahdanau et al., 2015.  https://keras.io/api/layers/attention_layers/additive_attention/

    >>> AdditiveAttention()([jnp.ones((1, 2, 4)), jnp.ones((1, 3, 4))]).shape
    (1, 2, 4)
    """

    use_scale: Flag = True
    dropout: Rate = 0.0
    seed: object = None
    causal: Flag = False
    score_mode: choice("dot") = "dot"

    def build(self, input_shape):
        self._check_list(input_shape, "shapes")
        if self.use_scale:
            self.scale = self.add_weight("scale", (input_shape[0][-1],), initializer="glorot_uniform")

    def _calculate_scores(self, query, key):
        return nn.additive_scores(query, key, 1.0 if self.scale is None else jnp.asarray(self.scale))

    def get_config(self):
        return hide(super().get_config(), score_mode="dot")


# ------------------------------------------------- many heads


def _axes(value):
    if isinstance(value, int):
        return (value,)
    if not isinstance(value, (list, tuple)):
        raise ValueError("expected an integer or a tuple of integers.")
    return tuple(value)


def _sizes(value):
    if isinstance(value, int):
        return (value,)
    if not isinstance(value, (list, tuple)):
        raise ValueError("expected an integer or a tuple of integers.")
    return tuple(value) or None


class _Heads(Layer):
    """What the layers of many heads share: projections, masks and the choice of the computation."""

    supports_masking = True
    gate_dense = None

    def __post_init__(self):
        self.seed_generator = SeedGenerator(self.seed)
        self._check_flash(self.dropout > 0, "dropout")

    def _flash(self):
        return self.flash_attention or config.get_setting("flash_attention")

    def _check_flash(self, wanted, what):
        if wanted and self._flash():
            raise ValueError(
                f"{describe(self)}: flash attention has no {what}; use flash_attention=False or leave {what} out."
            )

    def _project(self, name, shape, heads, size, **more):
        """A projection of the last axis onto heads; ``name`` is the layer's, which is part of weights' names."""
        letters = "".join(chr(ord("a") + i) for i in range(len(shape) - 1))
        equation, known = f"{letters}x,xyz->{letters}yz", (*[None] * (len(shape) - 2), heads, size)
        return self._dense(name, equation, known, "yz", shape, **more)

    def _dense(self, name, equation, output_shape, bias_axes, shape, **more):
        again = {k: type(v).from_config(v.get_config()) if hasattr(v, "get_config") else v for k, v in (
            ("kernel_initializer", self.kernel_initializer), ("bias_initializer", self.bias_initializer))}  # fmt: skip
        dense = EinsumDense(
            equation, output_shape, bias_axes=bias_axes if self.use_bias else None, name=name,
            kernel_regularizer=self.kernel_regularizer, bias_regularizer=self.bias_regularizer,
            kernel_constraint=self.kernel_constraint, bias_constraint=self.bias_constraint,
            activity_regularizer=self.activity_regularizer, dtype=self.dtype_policy, **again, **more,
        )  # fmt: skip
        with frames.scope(name):
            dense._build_by_shapes({"inputs": tuple(shape)})
        return dense

    def _check_shapes(self, query_shape, value_shape, key_shape):
        for name, shape in (("query", query_shape), ("value", value_shape), ("key", key_shape)):
            if len(shape) < 3 or shape[-1] is None:
                raise ValueError(
                    f"{describe(self)}: expected {name} as (batch, time, features) with known features, received shape {shape}."
                )
        if tuple(value_shape[1:-1]) != tuple(key_shape[1:-1]):
            raise ValueError(
                f"{describe(self)}: value and key must agree in all axes but the last, received shapes "
                f"{value_shape} and {key_shape}."
            )

    def _allowed(self, query, value, masks, attention_mask, causal):
        """Which query sees which key: (batch, t, s) or what broadcasts to it; None for all."""
        query_mask, value_mask, key_mask = (None if m is None else jnp.asarray(m).astype(bool) for m in masks)
        allowed = None if query_mask is None else query_mask[..., :, None]
        for mask in (value_mask, key_mask):
            allowed = nn.both(allowed, None if mask is None else mask[..., None, :])
        sizes = (query.shape[1], value.shape[1])
        if causal:
            allowed = nn.both(allowed, nn.causal_mask(*sizes)[None])
        if self.sliding_window is not None:
            allowed = nn.both(allowed, nn.window_mask(*sizes, self.sliding_window)[None])
        return nn.both(None if attention_mask is None else jnp.asarray(attention_mask).astype(bool), allowed)

    def _attend(self, query, key, value, allowed, axes, training, with_scores, causal, additive=False):
        """(output, scores or None) of projected arrays (batch, ..., heads, size)."""
        self._check_flash(with_scores, "attention scores")
        if not (self.dropout or with_scores or additive) and query.ndim == 4 and axes == (1,):
            if allowed is not None:
                allowed = _with_heads(allowed, 4, 1)
            return nn.dot_product(query, key, value, allowed, causal, self._flash()), None
        if causal:
            allowed = nn.both(allowed, nn.causal_mask(query.shape[1], key.shape[1])[None])
        rank = query.ndim - 1 + len(axes)
        allowed = None if allowed is None else _with_heads(allowed, rank, len(axes))
        shape = jax.eval_shape(lambda: nn.scored(query, key, value, axes)[1]).shape
        drop = dropped(self, shape, query.dtype, training)
        output, scores = nn.scored(query, key, value, axes, allowed, drop, additive)
        if allowed is not None:  # the softmax that makes the scores hands its mask on
            frames.set_mask(scores, allowed)
        return output, scores

    def _gated(self, output, gate):
        return output if gate is None else output * gate

    def get_config(self):
        activity = {"activity_regularizer": Regularizer.serialize(self.activity_regularizer)}
        return hide({**super().get_config(), **activity}, flash_attention=self.flash_attention)


def _with_heads(mask, rank, axes):
    """A mask in the rank of the scores: new axes come where the heads are."""
    while mask.ndim < rank:
        mask = jnp.expand_dims(mask, -2 * axes - 1)
    return mask


@layer
class MultiHeadAttention(_Heads):
    """Attention with many heads over learned projections: query (batch, t, d), value (batch, s, e) -> (batch, t, d).

    ``call(query, value, key=None)`` takes ``query_mask``, ``value_mask`` and ``key_mask`` (batch, time), an ``attention_mask``
    (batch, t, s), ``use_causal_mask`` and ``return_attention_scores``. ``attention_axes`` are the axes along which it attends (all
    but batch and features), ``sliding_window`` how far it sees, ``use_gate`` multiplies the heads' outputs by a sigmoid of the
    query. ``flash_attention`` None uses a fused kernel where there is one, with the same numbers up to rounding.
    Source: Vaswani et al., 2017.  https://keras.io/api/layers/attention_layers/multi_head_attention/

    >>> x = jnp.ones((2, 5, 8))
    >>> MultiHeadAttention(num_heads=2, key_dim=4)(x, x).shape
    (2, 5, 8)
    """

    num_heads: PositiveInt
    key_dim: PositiveInt
    value_dim: optional(PositiveInt) = None
    dropout: Rate = 0.0
    use_bias: Flag = True
    output_shape: optional(Converter(_sizes)) = None
    attention_axes: optional(Converter(_axes)) = None
    sliding_window: optional(PositiveInt) = None
    flash_attention: optional(Flag) = None
    kernel_initializer: Initializer = "glorot_uniform"
    bias_initializer: Initializer = "zeros"
    kernel_regularizer: Regularizer = None
    bias_regularizer: Regularizer = None
    activity_regularizer: Regularizer = None
    kernel_constraint: Constraint = None
    bias_constraint: Constraint = None
    use_gate: Flag = False
    seed: object = None
    softmax_robust_masking: Flag = era_default(True)

    def __post_init__(self):
        super().__post_init__()
        self.value_dim = self.value_dim or self.key_dim

    def build(self, query_shape, value_shape, key_shape=None):
        key_shape = value_shape if key_shape is None else key_shape
        self._check_shapes(query_shape, value_shape, key_shape)
        self.query_dense = self._project("query", query_shape, self.num_heads, self.key_dim)
        self.key_dense = self._project("key", key_shape, self.num_heads, self.key_dim)
        if self.use_gate:
            self.gate_dense = self._project("gate", query_shape, self.num_heads, self.value_dim, activation="sigmoid")
        self.value_dense = self._project("value", value_shape, self.num_heads, self.value_dim)
        rank = len(query_shape)
        axes = range(1, rank - 1) if self.attention_axes is None else self.attention_axes
        self.attention_axes = tuple(a if a >= 0 else rank + a for a in axes)
        letters = "".join(chr(ord("a") + i) for i in range(rank - 1))
        sizes = self.given_output_shape or (query_shape[-1],)
        out = "".join(chr(ord("A") + i) for i in range(len(sizes)))
        heads = (*query_shape[:-1], self.num_heads, self.value_dim)
        self.output_dense = self._dense(
            "attention_output", f"{letters}yz,yz{out}->{letters}{out}", (*[None] * (rank - 2), *sizes), out, heads
        )

    def call(
        self, query, value, key=None, query_mask=None, value_mask=None, key_mask=None, attention_mask=None,
        return_attention_scores=False, training=None, use_causal_mask=False,
    ):  # fmt: skip
        key = value if key is None else key
        masks = (query_mask, value_mask, key_mask)
        alone = use_causal_mask and attention_mask is None and self.sliding_window is None and masks == (None,) * 3
        allowed = None if alone else self._allowed(query, value, masks, attention_mask, use_causal_mask)
        gate = None if self.gate_dense is None else self.gate_dense(query)
        output, scores = self._attend(
            self.query_dense(query), self.key_dense(key), self.value_dense(value), allowed, self.attention_axes,
            training, return_attention_scores, alone, additive=not self.softmax_robust_masking,
        )  # fmt: skip
        output = self.output_dense(self._gated(output, gate))
        return (output, scores) if return_attention_scores else output

    def get_config(self):
        return hide(super().get_config(), softmax_robust_masking=True)


@layer
class GroupedQueryAttention(_Heads):
    """Attention whose query heads share key and value heads in groups; ``call`` as in ``MultiHeadAttention``.

    ``num_query_heads`` must be a multiple of ``num_key_value_heads``. query (batch, t, d), value (batch, s, d) -> (batch, t, d).
    Source: Ainslie et al., 2023, https://arxiv.org/abs/2305.13245

    >>> x = jnp.ones((2, 5, 8))
    >>> GroupedQueryAttention(head_dim=4, num_query_heads=4, num_key_value_heads=2)(x, x).shape
    (2, 5, 8)
    """

    head_dim: PositiveInt
    num_query_heads: PositiveInt
    num_key_value_heads: PositiveInt
    dropout: Rate = 0.0
    use_bias: Flag = True
    sliding_window: optional(PositiveInt) = None
    flash_attention: optional(Flag) = None
    kernel_initializer: Initializer = "glorot_uniform"
    bias_initializer: Initializer = "zeros"
    kernel_regularizer: Regularizer = None
    bias_regularizer: Regularizer = None
    activity_regularizer: Regularizer = None
    kernel_constraint: Constraint = None
    bias_constraint: Constraint = None
    use_gate: Flag = False
    seed: object = None

    def __post_init__(self):
        super().__post_init__()
        self.num_repeats, rest = divmod(self.num_query_heads, self.num_key_value_heads)
        if rest:
            raise ValueError(
                f"{describe(self)}: num_query_heads={self.num_query_heads} must be a multiple of "
                f"num_key_value_heads={self.num_key_value_heads}."
            )

    def build(self, query_shape, value_shape, key_shape=None):
        key_shape = value_shape if key_shape is None else key_shape
        self._check_shapes(query_shape, value_shape, key_shape)
        if len(query_shape) != 3:
            raise ValueError(
                f"{describe(self)}: expected query as (batch, time, features), received shape {query_shape}."
            )
        size, features = self.head_dim, query_shape[-1]
        self.query_dense = self._project("query", query_shape, self.num_query_heads, size)
        self.key_dense = self._project("key", key_shape, self.num_key_value_heads, size)
        if self.use_gate:
            self.gate_dense = self._project("gate", query_shape, self.num_query_heads, size, activation="sigmoid")
        self.value_dense = self._project("value", value_shape, self.num_key_value_heads, size)
        heads = (*query_shape[:-1], self.num_query_heads, size)
        self.output_dense = self._dense("attention_output", "abyz,yzc->abc", (None, features), "c", heads)

    def call(
        self, query, value, key=None, query_mask=None, value_mask=None, key_mask=None, attention_mask=None,
        return_attention_scores=False, training=None, use_causal_mask=False,
    ):  # fmt: skip
        key = value if key is None else key
        masks = (query_mask, value_mask, key_mask)
        alone = use_causal_mask and attention_mask is None and self.sliding_window is None and masks == (None,) * 3
        allowed = None if alone else self._allowed(query, value, masks, attention_mask, use_causal_mask)
        gate = None if self.gate_dense is None else self.gate_dense(query)
        output, scores = self._attend(
            self.query_dense(query), self.key_dense(key), self.value_dense(value), allowed, (1,), training,
            return_attention_scores, alone,
        )  # fmt: skip
        output = self.output_dense(self._gated(output, gate))
        return (output, scores) if return_attention_scores else output


GroupQueryAttention = GroupedQueryAttention

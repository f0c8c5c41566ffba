"""Attention: what the comparison with real Keras does not say."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jkeras import Input, Model, layers
from jkeras.core.frame import get_mask
from jkeras.nn import attention as nn

Q = np.random.default_rng(0).normal(size=(2, 4, 6)).astype("float32")
V = np.random.default_rng(1).normal(size=(2, 5, 6)).astype("float32")
MASK = np.array([[1, 1, 1, 0, 0], [1, 0, 1, 0, 1]], bool)


@pytest.mark.parametrize("name", ["MultiHeadAttention", "GroupedQueryAttention"])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("masked", [False, True])
def test_the_fused_and_the_explicit_computation_agree(name, causal, masked):
    layer = {
        "MultiHeadAttention": lambda: layers.MultiHeadAttention(2, 3, value_dim=5),
        "GroupedQueryAttention": lambda: layers.GroupedQueryAttention(3, 4, 2),
    }[name]()
    options = dict(use_causal_mask=causal, value_mask=MASK if masked else None)
    fused = layer(Q, V, **options)
    explicit, scores = layer(Q, V, return_attention_scores=True, **options)
    np.testing.assert_allclose(fused, explicit, 1e-5, 1e-5)
    np.testing.assert_allclose(scores.sum(-1), np.ones(scores.shape[:-1]), 1e-5)
    if masked:
        assert (np.asarray(scores)[:, :, 3:][~np.broadcast_to(MASK[:, None, None], scores.shape)[:, :, 3:]] == 0).all()


@pytest.mark.parametrize("sizes", [(4, 6), (6, 4)])
def test_heads_may_have_other_sizes_for_values_than_for_keys(sizes):
    size, width = sizes
    rng = np.random.default_rng(2)
    query, key = (jnp.asarray(rng.normal(size=(2, 3, 2, size)), jnp.float32) for _ in range(2))
    value = jnp.asarray(rng.normal(size=(2, 3, 2, width)), jnp.float32)
    np.testing.assert_allclose(
        nn.dot_product(query, key, value, None, False, None), nn.scored(query, key, value, (1,))[0], 1e-5, 1e-5
    )


def test_softmax_is_computed_in_float32():
    scores = jnp.asarray([[0.0, 1e-3, 3.0]], jnp.bfloat16)
    expected = jax.nn.softmax(scores.astype("float32")).astype("bfloat16")
    assert nn.softmax(scores).dtype == jnp.bfloat16
    np.testing.assert_array_equal(nn.softmax(scores), expected)


def test_masks_of_the_inputs_reach_the_layer_and_the_query_s_leaves_it():
    ids = np.array([[1, 2, 3, 0], [4, 0, 0, 0]])
    inputs = Input((4,), dtype="int32")
    embedding = layers.Embedding(5, 6, mask_zero=True)
    embedded = embedding(inputs)
    attention = layers.MultiHeadAttention(2, 3)
    model = Model(inputs, attention(embedded, embedded))
    vectors = np.asarray(model.layers[1](ids))
    found = attention(vectors, vectors, query_mask=ids != 0, value_mask=ids != 0)
    np.testing.assert_allclose(model(ids), found, 1e-5, 1e-6)
    np.testing.assert_array_equal(get_mask(attention(embedding(ids), vectors)), ids != 0)


def test_flash_attention_gives_the_same_numbers_here_and_refuses_what_it_has_not():
    plain, flash = layers.MultiHeadAttention(2, 3), layers.MultiHeadAttention(2, 3, flash_attention=True)
    plain(Q, V), flash(Q, V)
    flash.set_weights(plain.get_weights())
    np.testing.assert_allclose(flash(Q, V), plain(Q, V), 1e-5, 1e-6)
    with pytest.raises(ValueError, match="no attention scores"):
        flash(Q, V, return_attention_scores=True)
    with pytest.raises(ValueError, match="no dropout"):
        layers.MultiHeadAttention(2, 3, flash_attention=True, dropout=0.1)


def test_where_nothing_may_be_seen_the_weaker_masking_of_keras_2_differs():
    nothing = np.zeros((2, 4, 5), bool)
    today, then = layers.MultiHeadAttention(2, 3), layers.MultiHeadAttention(2, 3, softmax_robust_masking=False)
    today(Q, V), then(Q, V)
    then.set_weights(today.get_weights())
    one = today(Q, V, attention_mask=nothing, return_attention_scores=True)[1]
    two = then(Q, V, attention_mask=nothing, return_attention_scores=True)[1]
    np.testing.assert_array_equal(one, np.zeros((2, 2, 4, 5)))
    np.testing.assert_allclose(two.sum(-1), np.ones((2, 2, 4)), 1e-5)
    np.testing.assert_allclose(then(Q, V), today(Q, V), 1e-5, 1e-6)


def test_causal_as_an_argument_of_the_layer_is_the_one_of_the_call():
    np.testing.assert_allclose(layers.Attention(causal=True)([Q, V]), layers.Attention()([Q, V], use_causal_mask=True))


def test_dropout_acts_while_training_alone():
    layer = layers.Attention(dropout=0.5, seed=1)
    np.testing.assert_array_equal(layer([Q, V], training=False), layer([Q, V]))
    assert (layer([Q, V], training=True) != layer([Q, V])).any()


ERRORS = [
    ("no_list", lambda: layers.Attention()(Q), "expected inputs as \\[query, value\\]"),
    ("one", lambda: layers.Attention()([Q]), "a list of 1"),
    ("mask", lambda: layers.Attention()([Q, V], mask=[MASK]), "expected masks"),
    ("score_mode", lambda: layers.Attention(score_mode="sum"), "score_mode='sum'"),
    ("heads", lambda: layers.MultiHeadAttention(0, 3), "num_heads=0"),
    ("key_dim", lambda: layers.MultiHeadAttention(2, 1.5), "key_dim=1.5"),
    ("window", lambda: layers.MultiHeadAttention(2, 3, sliding_window=0), "sliding_window=0"),
    ("axes", lambda: layers.MultiHeadAttention(2, 3, attention_axes="1"), "attention_axes='1'"),
    ("rank", lambda: layers.MultiHeadAttention(2, 3)(Q[0], V[0]), "expected query as"),
    ("lengths", lambda: layers.MultiHeadAttention(2, 3)(Q, V, V[:, :3]), "must agree"),
    ("groups", lambda: layers.GroupedQueryAttention(3, 3, 2), "multiple of"),
]


@pytest.mark.parametrize("make, text", [e[1:] for e in ERRORS], ids=[e[0] for e in ERRORS])
def test_bad_use_is_refused_with_a_reason(make, text):
    with pytest.raises((ValueError, TypeError), match=text):
        make()


@pytest.mark.parametrize(
    ("query", "value", "causal", "shape"),
    [
        (False, False, False, None),
        (True, False, False, (2, 1, 3, 1)),
        (False, True, False, (2, 1, 1, 4)),
        (False, False, True, (1, 1, 3, 4)),
        (True, True, False, (2, 1, 3, 4)),
    ],
)
def test_scores_carry_the_mask_of_their_softmax(query, value, causal, shape):
    class Shown(layers.Layer):
        def call(self, inputs, mask=None):
            seen.append(mask)
            return inputs

    seen = []
    asking = layers.Embedding(4, 4, mask_zero=query)(np.array([[1, 2, 0], [3, 0, 0]]))
    asked = layers.Embedding(4, 4, mask_zero=value)(np.array([[1, 2, 3, 0], [3, 1, 0, 0]]))
    attention = layers.MultiHeadAttention(2, 3)
    output, scores = attention(asking, asked, use_causal_mask=causal, return_attention_scores=True)
    Shown()(scores)
    assert (None if seen[0] is None else seen[0].shape) == shape
    Shown()(output)
    assert (seen[1] is not None) == query

"""Attention layers."""

from compat_tests.case import Case, T

NOW = ("keras3", "tf_keras")
QV = [(3, 4, 6), (3, 5, 6)]
QVK = [(3, 4, 6), (3, 5, 3), (3, 5, 6)]
MASKS = [((1, 1, 1, 0), (1, 1, 0, 0), (1, 1, 1, 1)), ((1, 1, 1, 1, 0), (1, 0, 0, 0, 0), (1, 1, 1, 1, 1))]
SCORES = dict(return_attention_scores=True)
CAUSAL = dict(use_causal_mask=True)
BAND = T((3, 4, 5), "int32", high=2)
BLIND = [None, ((1, 1, 1, 1, 0), (0, 0, 0, 0, 0), (1, 1, 1, 1, 1))]  # the second sample has nothing to see
NO_GATE = {"tf_keras": dict(use_gate=...)}
HEADS = dict(num_heads=2, key_dim=3)
GROUPS = dict(head_dim=3, num_query_heads=4, num_key_value_heads=2)


def one_head(name, short):
    yield Case(f"{short}_plain", name, {}, QV, impls=NOW)
    also = NOW if name == "Attention" else ("keras3",)  # tf_keras takes the size of the additive scale from the value
    yield Case(f"{short}_key", name, dict(use_scale=True), QVK, impls=also)
    yield Case(f"{short}_no_scale", name, dict(use_scale=False), QV, impls=NOW)
    yield Case(f"{short}_scores", name, {}, QV, call=SCORES, impls=NOW)
    yield Case(f"{short}_causal", name, {}, QV, call=CAUSAL, impls=NOW)
    yield Case(f"{short}_masked", name, {}, QV, mask=MASKS, impls=NOW)
    yield Case(
        f"{short}_dropout", name, dict(dropout=0.4, seed=1, use_scale=False), QV, call=dict(training=True), random=True
    )


CASES = [
    *one_head("Attention", "attention"),
    Case("attention_concat", "Attention", dict(score_mode="concat", use_scale=True), QV, impls=NOW),
    Case("attention_concat_no_scale", "Attention", dict(score_mode="concat"), QV, call=CAUSAL, impls=NOW),
    Case("attention_causal_masked", "Attention", {}, QV, mask=MASKS, call=CAUSAL, impls=("keras3",)),
    *one_head("AdditiveAttention", "additive"),
    Case("heads_plain", "MultiHeadAttention", HEADS, QV, spread=True, impls=NOW),
    Case("heads_sizes", "MultiHeadAttention", dict(**HEADS, value_dim=3, output_shape=7), QVK, spread=True, impls=NOW),
    Case("heads_value_dim", "MultiHeadAttention", dict(**HEADS, value_dim=4), QV, spread=True, call=SCORES, impls=NOW),
    Case("heads_no_bias", "MultiHeadAttention", dict(**HEADS, use_bias=False), QV, spread=True, impls=NOW),
    Case("heads_scores", "MultiHeadAttention", HEADS, QV, spread=True, call=SCORES, impls=NOW),
    Case("heads_causal", "MultiHeadAttention", HEADS, [(3, 4, 6), (3, 4, 6)], spread=True, call=CAUSAL, impls=NOW),
    Case("heads_causal_scores", "MultiHeadAttention", HEADS, [(3, 4, 6), (3, 4, 6)], spread=True, call={**CAUSAL, **SCORES},
         impls=NOW),
    Case("heads_mask", "MultiHeadAttention", HEADS, QV, spread=True, call=dict(attention_mask=BAND), impls=("keras3",)),
    Case("heads_nothing_seen", "MultiHeadAttention", dict(**HEADS, dropout=0.3), QV, spread=True, mask=BLIND),
    Case("grouped_nothing_seen", "GroupQueryAttention", dict(head_dim=4, num_query_heads=4, num_key_value_heads=2, dropout=0.3),
         QV, spread=True, mask=BLIND),
    Case("heads_masked", "MultiHeadAttention", HEADS, QV, spread=True, mask=MASKS, impls=("keras3",)),
    Case("heads_window", "MultiHeadAttention", dict(**HEADS, sliding_window=2), [(3, 6, 6), (3, 6, 6)], spread=True,
         call=CAUSAL),
    Case("heads_axes", "MultiHeadAttention", dict(**HEADS, attention_axes=(2,)), [(2, 3, 4, 6), (2, 3, 5, 6)], spread=True,
         call=SCORES, impls=NOW),
    Case("heads_two_axes", "MultiHeadAttention", dict(**HEADS, attention_axes=(1, 2)), [(2, 3, 4, 6), (2, 3, 5, 6)],
         spread=True, impls=NOW),
    Case("heads_gate", "MultiHeadAttention", dict(**HEADS, use_gate=True), QV, spread=True),
    Case("heads_dropout", "MultiHeadAttention", dict(**HEADS, dropout=0.4, seed=1, kernel_initializer="ones"), QV, spread=True,
         call=dict(training=True), random=True),
    Case("groups_plain", "GroupedQueryAttention", GROUPS, QV, spread=True, lookup={"keras3": "GroupQueryAttention"}),
    Case("groups_scores", "GroupQueryAttention", GROUPS, QV, spread=True, call=SCORES),
    Case("groups_causal", "GroupQueryAttention", dict(**GROUPS, use_gate=True), [(3, 4, 6), (3, 4, 6)], spread=True,
         call=CAUSAL),
    Case("groups_masked", "GroupQueryAttention", dict(**GROUPS, use_bias=False), QV, spread=True, mask=MASKS),
    Case("groups_window", "GroupQueryAttention", dict(**GROUPS, sliding_window=2), [(3, 6, 6), (3, 6, 6)], spread=True),
    Case("groups_dropout", "GroupQueryAttention", dict(**GROUPS, dropout=0.4, seed=1, kernel_initializer="ones"), QV, spread=True,
         call=dict(training=True), random=True),
]  # fmt: skip

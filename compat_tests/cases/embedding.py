"""Embedding and ReversibleEmbedding."""

from compat_tests.case import Case

OLD = ("keras3", "tf_keras", "keras224")
TABLE = dict(input_dim=7, output_dim=3)
BACK = dict(call=dict(reverse=True), policies=False, because="floating inputs keep their dtype there, in Keras 3 too")
INTS = dict(dtype="int32", high=7)

CASES = [
    Case("embedding_plain", "Embedding", TABLE, (2, 5), **INTS, impls=OLD),
    Case("embedding_mask_zero", "Embedding", dict(**TABLE, mask_zero=True), (2, 5), **INTS, mask="right", impls=OLD),
    Case("embedding_one_axis", "Embedding", TABLE, (4,), **INTS),
    Case("embedding_three_axes", "Embedding", TABLE, (2, 2, 3), **INTS),
    Case("embedding_float_input", "Embedding", TABLE, (2, 5), low=0.0, high=6.9, impls=("keras3", "tf_keras")),
    Case(
        "embedding_regularized",
        "Embedding",
        dict(**TABLE, embeddings_regularizer="l2", embeddings_constraint="unit_norm", embeddings_initializer="normal"),
        (2, 5),
        **INTS,
        real={"keras3": dict(embeddings_initializer="random_normal")},
    ),
    Case("embedding_lora", "Embedding", dict(**TABLE, lora_rank=2), (2, 5), **INTS),
    Case("reversible_forward", "ReversibleEmbedding", TABLE, (2, 5), **INTS),
    Case("reversible_masked", "ReversibleEmbedding", dict(**TABLE, mask_zero=True), (2, 5), **INTS, mask="right"),
    Case("reversible_back", "ReversibleEmbedding", TABLE, (2, 5, 3), **BACK),
    Case("reversible_untied", "ReversibleEmbedding", dict(**TABLE, tie_weights=False), (2, 5, 3), **BACK),
    Case(
        "reversible_capped",
        "ReversibleEmbedding",
        dict(**TABLE, logit_soft_cap=2.0),
        (2, 5, 3),
        **BACK,
    ),
]

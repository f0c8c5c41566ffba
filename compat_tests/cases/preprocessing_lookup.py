"""StringLookup, IntegerLookup, TextVectorization: Keras 3 computes them with TensorFlow, also for its golden values."""

from compat_tests.case import Case

BOTH = ("keras3", "tf_keras")
HOST = {"grads": False, "host": True}
WORDS = ["a", "b", "c"]
LOOK = {"inputs": [[["a", "c", "x"], ["", "b", "y"]]], **HOST}
SEEN = [["b", "a", "b"], ["c", "b", "a"], ["a", "b", "d"], ["é", "", "a"]]
INTS = {"inputs": [[[10, 30, -7], [0, 20, 44]]], **HOST}
TEXTS = ["The cat, the dog.", "A dog's life!", "  cat\tand  DOG ", "Ünder the Éclair"]
MODES = ("one_hot", "multi_hot", "count")

CASES = [
    Case("string_int", "StringLookup", {"vocabulary": WORDS}, **LOOK, impls=BOTH),
    Case("string_mask", "StringLookup", {"vocabulary": WORDS, "mask_token": ""}, **LOOK, impls=BOTH),
    Case("string_oov", "StringLookup", {"vocabulary": WORDS, "num_oov_indices": 4}, **LOOK, impls=BOTH),
    Case("string_salt", "StringLookup", {"vocabulary": WORDS, "num_oov_indices": 4, "salt": 5}, **LOOK),
    Case("string_adapted", "StringLookup", {}, adapt=SEEN, **LOOK),
    Case("string_max_tokens", "StringLookup", {"max_tokens": 3}, adapt=SEEN, **LOOK),
    Case("string_multi_hot", "StringLookup", {"vocabulary": WORDS, "output_mode": "multi_hot"}, **LOOK, impls=BOTH),
    Case("string_count", "StringLookup", {"vocabulary": WORDS, "output_mode": "count", "mask_token": ""}, **LOOK),
    Case(
        "string_one_hot",
        "StringLookup",
        {"vocabulary": WORDS, "output_mode": "one_hot"},
        inputs=[["a", "z"]],
        **HOST,
        impls=BOTH,
    ),
    Case(
        "string_padded",
        "StringLookup",
        {"vocabulary": WORDS, "output_mode": "multi_hot", "max_tokens": 6, "pad_to_max_tokens": True},
        **LOOK,
    ),
    Case(
        "string_tf_idf",
        "StringLookup",
        {"vocabulary": WORDS, "idf_weights": [0.5, 1.0, 2.0], "output_mode": "tf_idf"},
        **LOOK,
    ),
    Case("string_tf_idf_adapted", "StringLookup", {"output_mode": "tf_idf"}, adapt=SEEN, **LOOK),
    Case("string_inverted", "StringLookup", {"vocabulary": WORDS, "invert": True}, inputs=[[[0, 1], [3, 7]]], **HOST),
    Case("string_one_hot_wide", "StringLookup", {"vocabulary": WORDS, "output_mode": "one_hot"}, **LOOK),
    Case("integer_int", "IntegerLookup", {"vocabulary": [10, 20, 30]}, **INTS, impls=BOTH),
    Case("integer_mask", "IntegerLookup", {"vocabulary": [10, 20, 30], "mask_token": 0}, **INTS, impls=BOTH),
    Case("integer_oov", "IntegerLookup", {"vocabulary": [10, 20, 30], "num_oov_indices": 3}, **INTS, impls=BOTH),
    Case(
        "integer_farmhash",
        "IntegerLookup",
        {"vocabulary": [10, 20, 30], "num_oov_indices": 3, "oov_method": "farmhash", "salt": [1, 2]},
        **INTS,
    ),
    Case("integer_adapted", "IntegerLookup", {}, adapt=[[1, 2, 2], [5, 2, 1]], inputs=[[[1, 2], [5, 9]]], **HOST),
    Case("integer_count", "IntegerLookup", {"vocabulary": [10, 20, 30], "output_mode": "count"}, **INTS, impls=BOTH),
    Case("integer_inverted", "IntegerLookup", {"vocabulary": [10, 20], "invert": True}, inputs=[[0, 1, 2, 9]], **HOST),
    Case(
        "integer_inverted_floats",
        "IntegerLookup",
        {"vocabulary": [10, 20], "invert": True},
        inputs=[[0.0, 2.0]],
        **HOST,
    ),
    Case("text_adapted", "TextVectorization", {}, adapt=TEXTS, inputs=[TEXTS], **HOST),
    Case("text_short", "TextVectorization", {"output_sequence_length": 2}, adapt=TEXTS, inputs=[TEXTS], **HOST),
    Case("text_long", "TextVectorization", {"output_sequence_length": 6}, adapt=TEXTS, inputs=[TEXTS], **HOST),
    Case("text_column", "TextVectorization", {}, adapt=TEXTS, inputs=[[[t] for t in TEXTS]], **HOST),
    Case("text_ngrams", "TextVectorization", {"ngrams": 2}, adapt=TEXTS, inputs=[TEXTS], **HOST),
    Case("text_ngram_tuple", "TextVectorization", {"ngrams": (2, 3)}, adapt=TEXTS, inputs=[TEXTS], **HOST),
    Case("text_characters", "TextVectorization", {"split": "character"}, adapt=TEXTS, inputs=[TEXTS], **HOST),
    Case("text_lower", "TextVectorization", {"standardize": "lower"}, adapt=TEXTS, inputs=[TEXTS], **HOST),
    Case("text_raw", "TextVectorization", {"standardize": None, "max_tokens": 6}, adapt=TEXTS, inputs=[TEXTS], **HOST),
    Case("text_unsplit", "TextVectorization", {"split": None}, adapt=TEXTS, inputs=[TEXTS], **HOST),
    Case("text_vocabulary", "TextVectorization", {"vocabulary": ["cat", "dog"]}, inputs=[TEXTS], **HOST, impls=BOTH),
    Case("text_multi_hot", "TextVectorization", {"output_mode": "multi_hot"}, adapt=TEXTS, inputs=[TEXTS], **HOST),
    Case("text_count", "TextVectorization", {"output_mode": "count"}, adapt=TEXTS, inputs=[TEXTS], **HOST),
    Case("text_tf_idf", "TextVectorization", {"output_mode": "tf_idf"}, adapt=TEXTS, inputs=[TEXTS], **HOST),
    Case(
        "text_padded",
        "TextVectorization",
        {"output_mode": "tf_idf", "max_tokens": 30, "pad_to_max_tokens": True},
        adapt=TEXTS,
        inputs=[TEXTS],
        **HOST,
    ),
    Case(
        "text_unsplit_ngrams",
        "TextVectorization",
        {"split": None, "ngrams": (1, 2)},
        adapt=[["a", "b"], ["b", "c"]],
        inputs=[[["a", "b"], ["c", "b"]]],
        **HOST,
    ),
    Case(
        "text_unsplit_documents",
        "TextVectorization",
        {"split": None, "output_mode": "tf_idf"},
        adapt=TEXTS,
        inputs=[["x"]],
        **HOST,
    ),
    Case(
        "text_one",
        "TextVectorization",
        {"output_mode": "multi_hot"},
        adapt=TEXTS,
        inputs=[TEXTS[0]],
        **HOST,
        dynamic=False,
    ),
]

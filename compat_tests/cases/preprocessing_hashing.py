"""Hashing and HashedCrossing: Keras 3 computes them with TensorFlow, also for its golden values."""

from compat_tests.case import Case

BOTH = ("keras3", "tf_keras")
HOST = {"grads": False, "host": True}
WORDS = [["a", "bc", "", "word"], ["a longer text", "of thirty two letters, it may be", "z" * 70, "y" * 200]]
MORE = [["Ünïcödé", "x" * 33, "x" * 64, "x" * 65], ["x" * 17, "x" * 16, "x" * 8, "x" * 4]]

CASES = [
    Case("hashing_words", "Hashing", {"num_bins": 1000}, inputs=[WORDS + MORE], impls=BOTH, **HOST),
    Case("hashing_salted", "Hashing", {"num_bins": 1000, "salt": [7, 9]}, inputs=[WORDS + MORE], impls=BOTH, **HOST),
    Case("hashing_one_salt", "Hashing", {"num_bins": 1000, "salt": 133}, inputs=[WORDS + MORE], impls=BOTH, **HOST),
    Case("hashing_masked", "Hashing", {"num_bins": 5, "mask_value": ""}, inputs=[WORDS + MORE], impls=BOTH, **HOST),
    Case("hashing_integers", "Hashing", {"num_bins": 50}, inputs=[[[1, -2], [12345, 0]]], impls=BOTH, **HOST),
    Case("hashing_one_hot", "Hashing", {"num_bins": 5, "output_mode": "one_hot"}, inputs=[["a", "b", "c"]], **HOST),
    Case(
        "hashing_multi_hot", "Hashing", {"num_bins": 5, "output_mode": "multi_hot"}, inputs=[WORDS], impls=BOTH, **HOST
    ),
    Case("hashing_count", "Hashing", {"num_bins": 5, "output_mode": "count"}, inputs=[WORDS], **HOST),
    Case("crossing", "HashedCrossing", {"num_bins": 50}, inputs=[["a", "b", "c"], [1, 2, -3]], impls=BOTH, **HOST),
    Case("crossing_three", "HashedCrossing", {"num_bins": 500}, inputs=[["a"], ["b"], [7]], impls=BOTH, **HOST),
    Case(
        "crossing_one_hot",
        "HashedCrossing",
        {"num_bins": 5, "output_mode": "one_hot"},
        inputs=[[["a"], ["b"]], [[1], [2]]],
        impls=BOTH,
        **HOST,
    ),
]

"""Layers around layers, along time."""

from compat_tests.case import Case, Sub, T

NOW = ("keras3", "tf_keras")
ALL = ("keras3", "tf_keras", "keras224")
X = (3, 5, 4)
H = T((3, 2))
HOLES = ((1, 1, 0, 1, 1), (0, 0, 1, 1, 0), (1, 0, 0, 0, 0))
LSTM = Sub("LSTM", units=2, recurrent_activation="sigmoid")
SEQUENCES = Sub("LSTM", units=2, recurrent_activation="sigmoid", return_sequences=True)
STATES = Sub("GRU", units=2, return_state=True, return_sequences=True)
BACK = Sub("LSTM", units=3, go_backwards=True, return_sequences=True)

OWN_POLICY = dict(policies=False, because="the layer inside has a policy of its own")

CASES = [
    Case("bidirectional", "Bidirectional", dict(layer=LSTM), X, impls=ALL),
    *[
        Case(f"bidirectional_{mode}", "Bidirectional", dict(layer=SEQUENCES, merge_mode=mode), X, impls=ALL)
        for mode in ("concat", "sum", "ave", "mul", None)
    ],
    Case("bidirectional_state", "Bidirectional", dict(layer=STATES), X, impls=NOW, **OWN_POLICY),
    Case("bidirectional_state_apart", "Bidirectional", dict(layer=STATES, merge_mode=None), X, impls=NOW, **OWN_POLICY),
    Case("bidirectional_backward", "Bidirectional", dict(layer=SEQUENCES, backward_layer=BACK), X, impls=NOW),
    Case("bidirectional_initial", "Bidirectional", dict(layer=SEQUENCES), X, call=dict(initial_state=[H, H, H, H]), impls=NOW),
    Case("bidirectional_masked", "Bidirectional", dict(layer=SEQUENCES), X, mask=HOLES, impls=NOW),
    Case("bidirectional_masked_old", "Bidirectional", dict(layer=SEQUENCES, zero_output_for_mask=False), X, mask=HOLES,
         impls=("keras224",), real={"keras224": dict(zero_output_for_mask=...)}),
    Case("bidirectional_masked_last", "Bidirectional", dict(layer=LSTM, merge_mode="sum"), X, mask="right", impls=ALL),
    Case("bidirectional_simple", "Bidirectional", dict(layer=Sub("SimpleRNN", units=2, activation="relu")), X, impls=ALL),
    Case("distributed_dense", "TimeDistributed", dict(layer=Sub("Dense", units=3, activation="tanh")), X, impls=ALL, **OWN_POLICY),
    Case("distributed_conv", "TimeDistributed", dict(layer=Sub("Conv1D", filters=2, kernel_size=2)), (2, 3, 4, 2), impls=ALL,
         **OWN_POLICY),
    Case("distributed_masked", "TimeDistributed", dict(layer=Sub("Dense", units=2)), X, mask="right", impls=NOW, **OWN_POLICY),
    Case("distributed_lstm", "TimeDistributed", dict(layer=LSTM), (2, 3, 4, 2), impls=NOW, **OWN_POLICY),
    Case("distributed_norm", "TimeDistributed", dict(layer=Sub("BatchNormalization")), X, call=dict(training=True),
         impls=("keras3",), **OWN_POLICY),
]  # fmt: skip

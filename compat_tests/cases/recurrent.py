"""Recurrent layers and cells, convolutional ones among them."""

from compat_tests.case import Case, Sub, T

NOW = ("keras3", "tf_keras")
ALL = ("keras3", "tf_keras", "keras224")
# What Keras 2.2.4 has by default in another way; the rows give it in today's words.
OLD = {"keras224": dict(recurrent_activation="sigmoid")}
X = (3, 5, 4)
H = T((3, 2))
ONES = dict(kernel_initializer="ones", recurrent_initializer="ones")
HARD = {k: dict(recurrent_activation="sigmoid") for k in ("tf_keras", "keras224")}
HOLES = ((1, 1, 0, 1, 1), (0, 0, 1, 1, 0), (1, 0, 0, 0, 0))


def gated(name, states):
    """Rows for LSTM or GRU."""
    short, given = name.lower(), [H] * states
    late = {} if name == "LSTM" else {"reset_after": True}
    old = {"keras224": {"recurrent_activation": "sigmoid", **late}}
    rows = [
        ("plain", {}, {}, None, ALL),
        ("sequences", dict(return_sequences=True), {}, None, ALL),
        ("state", dict(return_state=True, return_sequences=True), {}, None, ALL),
        ("no_bias", dict(use_bias=False, return_sequences=True), {}, None, ALL),
        ("activations", dict(activation="relu", recurrent_activation="softsign"), {}, None, NOW),
        ("softmax", dict(activation="softmax", return_sequences=True), {}, None, ALL),
        ("backwards", dict(go_backwards=True, return_sequences=True, return_state=True), {}, None, ALL),
        ("unrolled", dict(unroll=True, return_sequences=True), {}, None, ALL),
        ("implementation1", dict(implementation=1, return_sequences=True), {}, None, ALL),
        ("initial", dict(return_sequences=True, return_state=True), dict(initial_state=given), None, NOW),
        ("masked", dict(return_sequences=True, return_state=True), {}, "right", ALL),
        ("masked_last", {}, {}, HOLES, ALL),
        ("masked_backwards", dict(go_backwards=True, return_sequences=True, return_state=True), {}, HOLES, ALL),
        ("masked_initial", dict(return_sequences=True), dict(initial_state=given), "right", ("tf_keras",)),
        ("zero_output", dict(zero_output_for_mask=True, return_sequences=True), {}, HOLES, NOW),
        ("zero_output_last", dict(zero_output_for_mask=True), {}, "right", NOW),
    ]
    for label, config, call, mask, impls in rows:
        real = old if "recurrent_activation" not in config else {}
        more = {}
        if label == "implementation1":
            more = dict(config_equal=False, because="Keras 3 forgets this argument in its config")
        yield Case(
            f"{short}_{label}", name, dict(units=2, **config), X, call=call, mask=mask, impls=impls, real=real, **more
        )
    yield Case(
        f"{short}_dropout", name, dict(units=2, dropout=0.4, seed=1, **ONES), X, call=dict(training=True), random=True
    )
    yield Case(
        f"{short}_recurrent_dropout", name, dict(units=2, recurrent_dropout=0.4, seed=1, **ONES), X,
        call=dict(training=True), random=True,
    )  # fmt: skip


CASES = [
    *gated("LSTM", 2),
    Case("lstm_no_forget", "LSTM", dict(units=2, unit_forget_bias=False), X, impls=ALL, real=OLD),
    Case("lstm_time_major", "LSTM", dict(units=2, time_major=True, return_sequences=True), X, impls=("tf_keras",)),
    Case("lstm_hard", "LSTM", dict(units=2, recurrent_activation="hard_sigmoid"), X, impls=("keras3",)),
    Case("lstm_hard_old", "LSTM", dict(units=2, recurrent_activation="hard_sigmoid_fifth"), X, impls=("keras224", "tf_keras"),
         real={k: dict(recurrent_activation="hard_sigmoid") for k in ("keras224", "tf_keras")}),
    *gated("GRU", 1),
    Case("gru_before", "GRU", dict(units=2, reset_after=False, return_sequences=True), X, impls=ALL, real=OLD),
    Case("gru_before_masked", "GRU", dict(units=2, reset_after=False, return_sequences=True, return_state=True), X,
         mask=HOLES, impls=ALL, real=OLD),
    Case("gru_before_no_bias", "GRU", dict(units=2, reset_after=False, use_bias=False), X, impls=ALL, real=OLD),
    Case("gru_before_backwards", "GRU", dict(units=2, reset_after=False, go_backwards=True, return_sequences=True), X,
         impls=ALL, real=OLD),
    Case("gru_hard_old", "GRU", dict(units=2, recurrent_activation="hard_sigmoid_fifth", reset_after=False), X,
         impls=("keras224", "tf_keras"),
         real={k: dict(recurrent_activation="hard_sigmoid") for k in ("keras224", "tf_keras")}),
    Case("simple_plain", "SimpleRNN", dict(units=2), X, impls=ALL),
    Case("simple_relu", "SimpleRNN", dict(units=2, activation="relu", return_sequences=True, use_bias=False), X, impls=ALL),
    Case("simple_state", "SimpleRNN", dict(units=2, return_sequences=True, return_state=True), X, impls=ALL),
    Case("simple_masked", "SimpleRNN", dict(units=2, return_sequences=True, return_state=True), X, mask=HOLES, impls=ALL),
    Case("simple_backwards", "SimpleRNN", dict(units=2, go_backwards=True, return_sequences=True), X, mask="right", impls=ALL),
    Case("simple_initial", "SimpleRNN", dict(units=2), X, call=dict(initial_state=[H]), impls=NOW),
    Case("simple_unrolled", "SimpleRNN", dict(units=2, unroll=True), X, impls=ALL),
    Case("simple_dropout", "SimpleRNN", dict(units=2, dropout=0.3, recurrent_dropout=0.3, seed=1, **ONES), X,
         call=dict(training=True), random=True, config_equal=False, because="Keras 3 forgets the seed in its config"),
    # cells
    Case("lstm_cell", "LSTMCell", dict(units=2), (3, 4), call=dict(states=[H, H]), impls=NOW),
    Case("lstm_cell_implementation1", "LSTMCell", dict(units=2, implementation=1), (3, 4), call=dict(states=[H, H]), impls=NOW,
         config_equal=False, because="Keras 3 forgets this argument in its config"),
    Case("gru_cell", "GRUCell", dict(units=2), (3, 4), call=dict(states=[H]), impls=NOW),
    Case("gru_cell_before", "GRUCell", dict(units=2, reset_after=False), (3, 4), call=dict(states=[H]), impls=NOW),
    Case("simple_cell", "SimpleRNNCell", dict(units=2, activation="relu"), (3, 4), call=dict(states=[H]), impls=NOW),
    Case("stacked_cells", "StackedRNNCells", dict(cells=[Sub("LSTMCell", units=2), Sub("GRUCell", units=3)]), (3, 4),
         call=dict(states=[[H, H], T((3, 3))]), impls=("keras3",), policies=False, because="the cells have policies of their own"),
    Case("lstm_cell_dropout", "LSTMCell", dict(units=2, dropout=0.4, recurrent_dropout=0.2, seed=1, **ONES), (3, 4),
         call=dict(states=[H, H], training=True), random=True),
    # any cell
    Case("rnn_lstm_cell", "RNN", dict(cell=Sub("LSTMCell", units=2), return_sequences=True, return_state=True), X, impls=NOW),
    Case("rnn_stack", "RNN", dict(cell=Sub("StackedRNNCells", cells=[Sub("LSTMCell", units=2), Sub("GRUCell", units=3)]),
                                  return_sequences=True), X, impls=NOW),
    Case("rnn_stack_masked", "RNN", dict(return_sequences=True, cell=Sub(
        "StackedRNNCells", cells=[Sub("SimpleRNNCell", units=2), Sub("LSTMCell", units=3)])), X, mask=HOLES, impls=("keras3",)),
    Case("rnn_stack_state", "RNN", dict(cell=Sub("StackedRNNCells", cells=[Sub("LSTMCell", units=2), Sub("LSTMCell", units=3)]),
                                        return_state=True), X, impls=NOW),
    # convolutional ones
    Case("conv_lstm1d", "ConvLSTM1D", dict(filters=2, kernel_size=3), (2, 3, 6, 2), impls=NOW, real=HARD),
    Case("conv_lstm1d_same", "ConvLSTM1D", dict(filters=2, kernel_size=2, padding="same", return_sequences=True), (2, 3, 5, 2),
         impls=NOW, real=HARD),
    Case("conv_lstm2d", "ConvLSTM2D", dict(filters=2, kernel_size=3), (2, 3, 5, 4, 2), impls=ALL, real=HARD),
    Case("conv_lstm2d_same", "ConvLSTM2D", dict(filters=2, kernel_size=(2, 3), padding="same", return_sequences=True,
         go_backwards=True), (2, 3, 4, 4, 2), impls=ALL, real=HARD),
    Case("conv_lstm2d_strides", "ConvLSTM2D", dict(filters=2, kernel_size=2, strides=(2, 1), return_state=True, use_bias=False),
         (2, 3, 5, 4, 2), impls=NOW, real=HARD),
    Case("conv_lstm2d_dilation", "ConvLSTM2D", dict(filters=2, kernel_size=2, dilation_rate=2), (2, 3, 5, 4, 2), impls=NOW,
         real=HARD),
    Case("conv_lstm2d_first", "ConvLSTM2D", dict(filters=3, kernel_size=2, data_format="channels_first", return_sequences=True,
         return_state=True), (2, 2, 2, 4, 5), impls=("keras3",)),
    Case("conv_lstm2d_masked", "ConvLSTM2D", dict(filters=2, kernel_size=2, return_sequences=True), (3, 3, 4, 4, 2), mask="right",
         impls=("tf_keras",), real=HARD),
    Case("conv_lstm2d_dropout", "ConvLSTM2D", dict(filters=2, kernel_size=2, dropout=0.4, recurrent_dropout=0.3, seed=1, **ONES),
         (2, 3, 4, 4, 2), call=dict(training=True), random=True),
    Case("conv_lstm3d", "ConvLSTM3D", dict(filters=2, kernel_size=2), (2, 2, 3, 4, 3, 2), impls=NOW, real=HARD),
    Case("conv_lstm2d_cell", "ConvLSTM2DCell", dict(filters=2, kernel_size=2, padding="same", name="conv_lstm_cell"), (2, 4, 4, 1),
         call=dict(states=[T((2, 4, 4, 2)), T((2, 4, 4, 2))]), impls=("keras3",), config_equal=False,
         lookup={"keras3": "src.layers.rnn.conv_lstm.ConvLSTMCell"}, real={"keras3": dict(rank=2)},
         because="Keras 3 has one class for all ranks and keeps it to itself"),
]  # fmt: skip

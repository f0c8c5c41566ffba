"""Runs of recurrent layers that a row of the table cannot say: several batches with states, constants, lists of cells.

    python -m compat_tests.recurrent_runs --impl tf_keras|keras224      (each inside its Keras; see make_golden)

writes ``golden/<impl>/recurrent_runs.npz``. Values are drawn with NumPy's PCG64, seed 7.
"""

import argparse
import pathlib
import sys

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT.parent))

X = (2, 4, 3)


def drawn(*shape, seed=7):
    return np.random.default_rng([seed, *shape]).uniform(-1, 1, shape).astype("float32")


def fill(layer):
    """Sets drawn weights."""
    layer.set_weights([drawn(*w.shape, seed=i) for i, w in enumerate(layer.get_weights())])


def stateful(keras, layer):
    """Outputs of three batches, the third one after a reset."""
    model = keras.models.Sequential([layer])
    model.build(X) if not hasattr(layer, "batch_input_shape") else None
    model.predict(drawn(*X), batch_size=2)
    fill(layer)
    reset = getattr(layer, "reset_state", None) or layer.reset_states
    reset()
    found = [model.predict(drawn(*X, seed=i), batch_size=2) for i in (1, 2)]
    reset()
    return [*found, model.predict(drawn(*X, seed=1), batch_size=2)]


def given(keras):
    """How a first layer is told its batch shape here."""
    return {"batch_input_shape": X} if not keras.__version__.startswith("3") or keras.__name__ == "jkeras" else {}


def runs(keras):
    """Name -> function that gives a list of arrays."""
    L, first = keras.layers, given(keras)
    return {
        "stateful_lstm": lambda: stateful(
            keras, L.LSTM(2, stateful=True, recurrent_activation="sigmoid", return_sequences=True, **first)
        ),
        "stateful_simple": lambda: stateful(keras, L.SimpleRNN(2, stateful=True, go_backwards=True, **first)),
        "stateful_bidirectional": lambda: stateful(
            keras, L.Bidirectional(L.LSTM(2, stateful=True, recurrent_activation="sigmoid"), **first)
        ),
    }


def old_runs(keras):
    """Runs of Keras 2: lists of cells, constants, defaults of the time."""
    L, K = keras.layers, keras.backend

    class WithConstants(L.Layer):
        def __init__(self, units, **kwargs):
            self.units = self.state_size = units
            super().__init__(**kwargs)

        def build(self, input_shape):
            step, constant = input_shape
            self.a = self.add_weight(name="a", shape=(step[-1], self.units), initializer="ones")
            self.b = self.add_weight(name="b", shape=(constant[-1], self.units), initializer="ones")
            self.built = True

        def call(self, inputs, states, constants):
            output = K.tanh(K.dot(inputs, self.a) + K.dot(constants[0], self.b) + states[0])
            return output, [output]

    def symbolic(layer, *more, **kwargs):
        inputs = [L.Input(batch_shape=X), *(L.Input(batch_shape=(2, n)) for n in more)]
        given = {k: inputs[i] for k, i in kwargs.items()}
        outputs = layer(inputs[0], **given)
        model = keras.models.Model(inputs, outputs)
        fill(layer)
        found = model.predict([drawn(*(X if i == 0 else (2, more[i - 1])), seed=i) for i in range(len(inputs))])
        return found if isinstance(found, list) else [found]

    return {
        "default_lstm": lambda: symbolic(L.LSTM(2)),
        "default_gru": lambda: symbolic(L.GRU(2, return_sequences=True)),
        "default_conv": lambda: conv(keras),
        "list_of_cells": lambda: symbolic(L.RNN([L.LSTMCell(2), L.SimpleRNNCell(3)], return_state=True)),
        "constants": lambda: symbolic(L.RNN(WithConstants(2), return_sequences=True), 5, constants=1),
        "default_bidirectional": lambda: symbolic(L.Bidirectional(L.LSTM(2))),
    }


def conv(keras):
    L = keras.layers
    inputs = L.Input(batch_shape=(2, 3, 4, 4, 1))
    layer = L.ConvLSTM2D(2, 2)
    model = keras.models.Model(inputs, layer(inputs))
    fill(layer)
    return [model.predict(drawn(2, 3, 4, 4, 1))]


def peephole(keras, rnn, cell):
    layer = rnn(cell(2), return_sequences=True)
    layer(drawn(*X))
    fill(layer)
    return [np.asarray(layer(drawn(*X, seed=1)))]


def main():
    from compat_tests import impl

    name = argparse.ArgumentParser()
    name.add_argument("--impl", required=True)
    name = name.parse_args().impl
    keras = impl.load(name)
    todo = runs(keras) if name != "keras224" else {**runs(keras), **old_runs(keras)}
    if name == "tf_keras":
        from tensorflow.python.keras.layers import recurrent

        todo["peephole"] = lambda: peephole(keras, recurrent.RNN, recurrent.PeepholeLSTMCell)
    found = {f"{run}|{i}": np.asarray(y) for run, make in todo.items() for i, y in enumerate(make())}
    np.savez_compressed(ROOT / "golden" / name / "recurrent_runs.npz", **found)
    print({k: v.shape for k, v in found.items()})


if __name__ == "__main__":
    main()

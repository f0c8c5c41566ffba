"""``python -m jkeras``: scripts of any Keras run, and what is wrong is said in a line."""

import ast
import os
import subprocess
import sys

import pytest

from jkeras import layers, optimizers
from jkeras.compat import era
from jkeras.compat.evidence import infer

SCRIPT = """
import sys
import numpy as np
from keras.models import Sequential
from keras.layers.core import Activation, Dense
model = Sequential()
model.add(Dense(output_dim=3, input_dim=4, init='uniform'))
model.add(Activation('softmax'))
model.compile('adadelta', 'categorical_crossentropy')
model.fit(np.ones((6, 4)), np.eye(3)[[0, 1, 2, 0, 1, 2]], nb_epoch=1, verbose=0)
print(sys.argv[1:], round(float(model.optimizer.lr), 6), model.layers[0].name)
"""


def test_a_script_runs_as_it_is_and_real_packages_are_shadowed_in_its_process_only(tmp_path):
    (tmp_path / "keras").mkdir()
    (tmp_path / "keras" / "__init__.py").write_text("real = True")
    (tmp_path / "a.py").write_text(SCRIPT)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), os.getcwd()])}

    def python(*args):
        return subprocess.run([sys.executable, *args], capture_output=True, text=True, env=environment)

    done = python("-m", "jkeras", "run", str(tmp_path / "a.py"), "1", "--b")
    assert done.stdout == "['1', '--b'] 1.0 dense_1\n", done.stderr
    assert "era 1 (argument nb_epoch)" in done.stderr
    assert python("-c", "import keras; print(keras.real)").stdout == "True\n"


@pytest.mark.parametrize(
    "script, expected",
    [
        ("import keras", "3"),
        ("from tensorflow.keras import layers", "tf2"),
        ("import keras\nmodel.fit_generator(g)", "2.2"),
        ("from keras.layers.core import Dense", "2.2"),
        ("import keras\nkeras.optimizers.SGD(lr=0.1)", "2.2"),
        ("from keras.layers import Embedding\nEmbedding(output_dim=2, input_dim=3)", "3"),
        ("from keras.layers import Dense\nDense(output_dim=2, input_dim=3)", "1"),
        ("from keras.preprocessing.image import X\nX().flow_from_directory('.', class_mode='binary')", "2.2"),
        ("from keras import backend as K\nK.learning_phase()", "2.2"),
        ("from keras import backend as K\nK.clear_session()", "3"),
    ],
)
def test_an_era_shows_in_a_script(script, expected):
    assert infer(ast.parse(script))[0] == expected


@pytest.mark.parametrize("name, rate", [("Adagrad", 0.01), ("Adadelta", 1.0), ("Adamax", 0.002), ("Nadam", 0.002)])
def test_learning_rates_of_keras_2_2_hold_in_its_era(name, rate):
    with era("2.2"):
        assert float(getattr(optimizers, name)().learning_rate) == pytest.approx(rate)
    assert float(getattr(optimizers, name)().learning_rate) == pytest.approx(0.001)


def test_gates_of_keras_2_2_hold_in_its_era():
    with era("2.2"):
        assert layers.LSTM(2).recurrent_activation is layers.GRU(2).recurrent_activation
        assert not layers.GRU(2).reset_after
    assert layers.GRU(2).reset_after

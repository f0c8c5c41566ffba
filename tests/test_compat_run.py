"""``python -m jkeras``: scripts of any Keras run, and what is wrong is said in a line."""

import ast
import json
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


def jkeras(*args, cwd=None):
    return subprocess.run([sys.executable, "-m", "jkeras", *map(str, args)], capture_output=True, text=True)


@pytest.mark.parametrize("form", ["script", "notebook"])
def test_a_script_runs_under_the_era_that_shows_in_it(form, tmp_path):
    path = tmp_path / ("a.py" if form == "script" else "a.ipynb")
    cells = {"cells": [{"cell_type": "code", "source": line} for line in SCRIPT.splitlines(True)]}
    path.write_text(SCRIPT if form == "script" else json.dumps(cells))
    done = jkeras("run", path, "1", "--b")
    assert done.stdout == "['1', '--b'] 1.0 dense_1\n", done.stderr
    assert "era 1 (argument nb_epoch)" in done.stderr


def test_a_traceback_begins_at_the_users_line(tmp_path):
    (tmp_path / "a.py").write_text("import keras\nraise KeyError('x')\n")
    done = jkeras("run", tmp_path / "a.py")
    lines = done.stderr.splitlines()
    assert done.returncode == 1 and lines[-1] == "KeyError: 'x'" and "a.py" in lines[2]


@pytest.mark.parametrize(
    "args, text",
    [
        (("run", "none.py"), "cannot read"),
        (("run", "--era", "9", "none.py"), "unknown era"),
        (("run", "-m", "no_such_module"), "no module named"),
        (("convert", "none.h5", "a.keras"), "no file"),
        (("inspect", "none.h5"), "no file"),
    ],
)
def test_what_cannot_be_done_is_one_line(args, text):
    done = jkeras(*args)
    assert done.returncode != 0 and text in done.stderr and len(done.stderr.splitlines()) == 1


def test_a_syntax_error_is_one_line(tmp_path):
    (tmp_path / "a.py").write_text("x = (\n")
    done = jkeras("run", tmp_path / "a.py")
    assert done.returncode == 2 and "line 1" in done.stderr and len(done.stderr.splitlines()) == 1


def test_port_prints_todays_words(tmp_path):
    (tmp_path / "a.py").write_text(SCRIPT)
    text = jkeras("port", tmp_path / "a.py").stdout
    assert "Dense(units=3, input_dim=4, kernel_initializer='uniform')" in text
    assert "epochs=1" in text and "from keras.layers import Activation" in text


@pytest.mark.parametrize(
    "script, expected",
    [
        ("import keras", "3"),
        ("from tensorflow.keras import layers", "tf2"),
        ("import keras\nmodel.fit_generator(g)", "2.2"),
        ("from keras.layers.core import Dense", "2.2"),
        ("import keras\nkeras.optimizers.SGD(lr=0.1)", "2.2"),
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

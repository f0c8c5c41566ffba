"""The examples run, in this process, and end as they promise."""

import os
import re
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

from jkeras import backend
from jkeras.datasets import digits

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Runs an example as a user would, in an empty folder; gives what it printed."""

    def go(name, *args):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", [name, *map(str, args)])
        backend.clear_session()  # names, and so draws, are those of a process of its own
        runpy.run_path(str(EXAMPLES / name), run_name="__main__")
        return capsys.readouterr().out

    return go


def number(pattern, text):
    found = re.search(pattern + r" *(-?[\d.]+)", text)
    assert found, f"no {pattern!r} in {text!r}"
    return float(found.group(1))


def test_quickstart_trains_a_classifier_and_draws_it(run, tmp_path):
    output = run("quickstart.py")
    assert number("Test accuracy:", output) > 0.92
    assert (tmp_path / "quickstart.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "quickstart.png").stat().st_size > 20_000


@pytest.fixture
def enlarged_digits(tmp_path):
    """The digits that ship, in MNIST's size and file format."""

    def enlarge(x):
        return np.pad((np.kron(x, np.ones((1, 3, 3))) * 15.9).astype("uint8"), ((0, 0), (2, 2), (2, 2)))

    (x_train, y_train), (x_test, y_test) = digits.load_data()
    np.savez(tmp_path / "m.npz", x_train=enlarge(x_train), y_train=y_train, x_test=enlarge(x_test), y_test=y_test)
    return tmp_path / "m.npz"


def test_the_first_mnist_script_learns(run, enlarged_digits):
    assert number("test_acc:", run("mnist_mlp.py", "--data", enlarged_digits)) > 0.85


def test_the_first_mnist_script_takes_the_cache(run, enlarged_digits, tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("JKERAS_SKIP_HASH", "1")
    (tmp_path / "datasets").mkdir()
    enlarged_digits.rename(tmp_path / "datasets" / "mnist.npz")
    assert number("test_acc:", run("mnist_mlp.py", "--epochs", 1)) > 0.3


@pytest.mark.slow
@pytest.mark.skipif("JKERAS_MNIST" not in os.environ, reason="JKERAS_MNIST names no file with the real MNIST")
def test_the_first_mnist_script_reaches_0977_on_the_real_mnist(run):
    accuracies = [
        number("test_acc:", run("mnist_mlp.py", "--data", os.environ["JKERAS_MNIST"], "--seed", seed))
        for seed in range(3)
    ]
    assert np.mean(accuracies) >= 0.977


def test_zeros_and_ones_are_told_apart(run):
    assert number("test accuracy:", run("binary_25_15_1.py")) > 0.98


def test_three_styles_give_the_same_numbers(run):
    output = run("three_styles.py", "--epochs", 2)
    assert "The three styles agree." in output
    assert len(set(re.findall(r"test loss ([\d.]+)", output))) == 1


def test_each_form_of_compile_trains(run):
    output = run("compile_variants.py", "--epochs", 2)
    assert output.count("loss ") >= 9
    assert number("two outputs: digit_accuracy", output) > 0.7
    assert "learning rate now: 0.0001" in output


def test_the_functional_door_trains_ten_models_at_once(run):
    output = run("functional_door.py", "--steps", 200)
    assert number("by hand: loss [^,]*, test accuracy", output) > 0.85
    assert number("together", output) > 0.88


def test_the_convnet_learns(run):
    output = run("cnn.py", "--epochs", 2)
    assert number("test accuracy:", output) > 0.9 and "features: (5, 64)" in output


def test_the_lstm_learns(run):
    output = run("lstm.py", "--epochs", 8)
    assert number("test accuracy:", output) > 0.6 and "guessed after each row:" in output

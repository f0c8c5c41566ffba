"""Two processes on this machine train one model together; one dies, and a restart ends with the same bits."""

import json
import os
import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

import jkeras as keras

HERE = Path(__file__).resolve().parent
SECONDS = 60  # within which the one that is left must have stopped


def run_two(folder, mode):
    """Both processes' return codes and outputs."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent), "JAX_PLATFORMS": "cpu", "PYTHONUNBUFFERED": "1"}
    pair = [
        subprocess.Popen(
            [sys.executable, str(HERE / "processes_child.py"), str(port), str(number), str(folder), mode],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for number in (0, 1)
    ]  # fmt: skip
    told = [one.communicate(timeout=240) for one in pair]
    return [(one.returncode, out, err) for one, (out, err) in zip(pair, told, strict=True)]


def result_of(one):
    code, out, err = one
    assert code == 0, err[-3000:]
    return json.loads(next(line for line in out.splitlines() if line.startswith("RESULT")).removeprefix("RESULT"))


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """An undisturbed run, one in which process 1 was killed, and its restart."""
    whole, broken = tmp_path_factory.mktemp("whole"), tmp_path_factory.mktemp("broken")
    found = {"whole": run_two(whole, "whole"), "killed": run_two(broken, "killed")}
    found["resumed"] = run_two(broken, "resumed")
    return found, whole, broken


def test_two_processes_fit_and_evaluate_together(runs):
    one, other = (result_of(one) for one in runs[0]["whole"])
    assert one == other and 0 < one["loss"] < 2 and one["outputs"] == [13, 2]


def test_only_process_0_prints_and_writes(runs):
    found, whole, _ = runs
    assert "Epoch 4/4" in found["whole"][0][1] and "Epoch" not in found["whole"][1][1]
    assert len((whole / "log.csv").read_text().splitlines()) == 5
    assert not [p.name for p in whole.iterdir() if p.name.startswith(".")]


def test_what_is_left_stops_in_time_and_says_why_when_a_process_dies(runs):
    (code, out, err), (killed, _, _) = runs[0]["killed"]
    assert killed == -9 and code == 3, err[-2000:]
    line = next(line for line in out.splitlines() if line.startswith("STOPPED"))
    assert float(line.split()[1]) < SECONDS
    assert "another process has ended or cannot be reached. Start all processes again" in line


def test_a_restart_ends_with_the_bits_of_an_undisturbed_run(runs):
    found, whole, broken = runs
    assert result_of(found["resumed"][0]) == result_of(found["whole"][0])
    for name in ("weights-0.npz", "weights-1.npz"):
        expected, got = np.load(whole / "weights-0.npz"), np.load(broken / name)
        assert all(np.array_equal(expected[k], got[k]) for k in expected)
    assert (whole / "log.csv").read_text() == (broken / "log.csv").read_text()


def test_parts_that_processes_bring_themselves_are_joined_to_batches(runs):
    joined = result_of(runs[0]["whole"][0])["joined"]
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(77, 64)).astype("float32"), rng.normal(size=(77, 2)).astype("float32")
    keras.utils.set_random_seed(9)
    alone = keras.Sequential([keras.Input((64,)), keras.layers.Dense(2)])
    alone.compile("sgd", "mse")
    alone.fit(((x[i * 16 :][:16], y[i * 16 :][:16]) for i in range(4)), steps_per_epoch=4, verbose=0)
    np.testing.assert_allclose(joined, [float(np.abs(w).sum()) for w in alone.get_weights()], rtol=1e-5)


def test_what_two_processes_saved_is_read_by_one(runs):
    _, whole, _ = runs
    expected = np.load(whole / "weights-0.npz")
    model = keras.models.load_model(whole / "model.keras")
    for i, weight in enumerate(model.get_weights()):
        np.testing.assert_array_equal(weight, expected[f"arr_{i}"])
    assert zipfile.is_zipfile(whole / "best.keras")

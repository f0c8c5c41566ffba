"""Two processes on this machine train one model together; one dies, and a restart ends with the same bits."""

import csv
import importlib.util
import json
import os
import socket
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest

import jkeras as keras

HERE = Path(__file__).resolve().parent
CLOSED, UNHEARD = 20, 60  # seconds within which the one that is left stops: a process that died, one that hangs
LONG = os.environ.get("JKERAS_LONG_TESTS") == "1"


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
    try:
        told = [pair[0].communicate(timeout=240)]
        if mode == "hanging":
            pair[1].kill()
        told.append(pair[1].communicate(timeout=240))
    finally:
        for one in pair:
            one.kill()
    return [(one.returncode, out, err) for one, (out, err) in zip(pair, told, strict=True)]


def result_of(one):
    _, out, err = one
    found = [line for line in out.splitlines() if line.startswith("RESULT")]
    assert found, err[-3000:]
    return json.loads(found[0].removeprefix("RESULT"))


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """An undisturbed run, then one in which process 1 was killed; two new processes that take it up."""
    folder = tmp_path_factory.mktemp("two")
    return run_two(folder, "first"), run_two(folder, "resumed"), folder


def test_two_processes_fit_and_evaluate_together(runs):
    one, other = (result_of(one) for one in runs[0])
    assert one["loss"] == other["loss"] and 0 < one["loss"] < 2 and one["outputs"] == other["outputs"] == [13, 2]


def test_only_process_0_prints_and_writes(runs):
    ((_, told, _), (_, other, _)), _, folder = runs
    for part in ("Epoch 4/4", "saving model to", "setting learning rate", "a step", "Total params"):
        assert part in told and part not in other
    written = {p.name for p in (folder / "whole" / "0").iterdir()}
    assert {"best.keras", "log.csv", "plugins"} <= written and not [n for n in written if n.startswith(".")]
    assert list((folder / "whole" / "1").iterdir()) == []
    assert len((folder / "whole" / "log.csv").read_text().splitlines()) == 5


def test_each_process_makes_its_own_batches_of_a_data_set_only(runs):
    made = [result_of(one)["made"] for one in runs[0]]
    together = [sum(m.count(index) for m in made) for index in range(5)]
    # in four epochs, beside a look of both at the first batch; the last, which is smaller, is made by both
    assert together == [4 + 2, 4, 4, 4, 2 * 4]


def test_each_process_reads_its_own_rows_of_stored_arrays_only(runs):
    one, other = (result_of(one) for one in runs[0])
    assert one["read"] == other["read"] == [16 + 4 * 8] * 2  # a look at the first batch, then half of each
    np.testing.assert_allclose(one["from storage"], one["joined"], rtol=1e-5)


def test_each_process_sends_its_own_rows_of_arrays_in_memory_only(runs):
    for one in runs[0]:
        assert result_of(one)["arrays taken"] == [16, *[8] * 4]  # a look at the first batch, then half of each


def test_arrays_generators_and_parts_that_processes_bring_give_the_weights_of_one_process(runs):
    found = [result_of(one) for one in runs[0]]
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(77, 64)).astype("float32"), rng.normal(size=(77, 2)).astype("float32")
    keras.utils.set_random_seed(9)
    alone = keras.Sequential([keras.Input((64,)), keras.layers.Dense(2)])
    alone.compile("sgd", "mse")
    alone.fit(((x[i * 16 :][:16], y[i * 16 :][:16]) for i in range(4)), steps_per_epoch=4, verbose=0)
    expected = [float(np.abs(w).sum()) for w in alone.get_weights()]
    for one in found:
        for way in ("arrays", "generator", "joined"):
            np.testing.assert_allclose(one[way], expected, rtol=1e-5, err_msg=way)


def test_what_is_left_stops_in_time_and_says_why_when_a_process_dies(runs):
    (code, out, err), (killed, _, _) = runs[0]
    assert killed == -9 and code == 3, err[-2000:]
    line = next(line for line in out.splitlines() if line.startswith("STOPPED"))
    assert float(line.split()[1]) - float((runs[2] / "killed").read_text()) < CLOSED
    assert "did not finish: process 1 has ended. Start all processes again" in line
    assert "jkeras, process 0: process 1 of 2 has ended in the middle of the work. Start all processes again" in err


@pytest.mark.skipif(not LONG, reason="JKERAS_LONG_TESTS=1 waits for a process that hangs")
def test_what_is_left_stops_in_time_when_a_process_hangs(tmp_path):
    code, _, err = run_two(tmp_path, "hanging")[0]
    assert (
        code != 0 and "jkeras, process 0: process 1 of 2 has not been heard of for 5 s; if that lasts, all stop" in err
    )
    assert time.time() - float((tmp_path / "killed").read_text()) < UNHEARD


@pytest.mark.skipif(not LONG, reason="JKERAS_LONG_TESTS=1 lets process 0 die")
def test_the_others_stop_at_once_and_say_why_when_process_0_dies(tmp_path):
    code, _, err = run_two(tmp_path, "headless")[1]
    assert code != 0 and "jkeras, process 1: process 0 of 2 has ended in the middle of the work. Start all" in err
    assert time.time() - float((tmp_path / "killed").read_text()) < CLOSED


def test_a_restart_ends_with_the_bits_of_an_undisturbed_run(runs):
    first, resumed, folder = runs
    assert result_of(resumed[0])["loss"] == result_of(first[0])["loss"]
    for name in ("weights-0.npz", "weights-1.npz"):
        expected, got = np.load(folder / "whole" / "weights-0.npz"), np.load(folder / "broken" / name)
        assert all(np.array_equal(expected[k], got[k]) for k in expected)
    logs = [list(csv.DictReader((folder / name / "log.csv").read_text().splitlines())) for name in ("whole", "broken")]
    assert [row["loss"] for row in logs[0]] == [row["loss"] for row in logs[1]] and len(logs[0]) == 4
    assert len(result_of(resumed[0])["made"]) < 13  # it did not begin anew


def test_what_two_processes_saved_is_read_by_one(runs):
    folder = runs[2]
    expected = np.load(folder / "whole" / "weights-0.npz")
    model = keras.models.load_model(folder / "whole" / "model.keras")
    for i, weight in enumerate(model.get_weights()):
        np.testing.assert_array_equal(weight, expected[f"arr_{i}"])
    assert zipfile.is_zipfile(folder / "whole" / "0" / "best.keras")


@pytest.mark.skipif(importlib.util.find_spec("orbax") is None, reason="needs orbax-checkpoint")
def test_a_checkpoint_that_two_processes_wrote_goes_on_with_two_and_with_one(runs):
    _, resumed, folder = runs
    for one in resumed:
        assert result_of(one)["orbax"] is True and result_of(one)["split"] == "P('batch', None)"
    model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(64, activation="tanh"), keras.layers.Dense(2)])
    model.compile("adam", "mse")
    model.optimizer.build(model.trainable_variables)
    reader = keras.callbacks.OrbaxCheckpoint(folder / "orbax", monitor="loss")
    reader.set_model(model)
    reader.load()
    expected = np.load(folder / "orbax-0.npz")
    assert all(np.array_equal(w, expected[f"arr_{i}"]) for i, w in enumerate(model.get_weights()))
    assert int(model.optimizer.iterations) == 4

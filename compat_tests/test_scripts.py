"""Whole scripts of eleven years, each in the words of its time, end with the numbers of the Keras of its time."""

import json
import os
import subprocess
import sys

import pytest

from compat_tests import script_runs

# Scripts that train on random augmentation end near the number, not on it.
NOISY = {"keras2/augment_flow_random": 0.6}
# What the real Keras of the golden file takes otherwise than the Keras that the script was written for.
NOT_COMPARED = {
    "keras1/generator_training": "Keras 2.2.4 takes val_samples for steps; in Keras 1 they are samples",
    "keras2/custom_layer_weights": "Keras 2.2.4 forgets Nadam's product of momenta when it loads a model; jkeras goes on",
}
# Nothing in these tells their Keras: their user says --era.
UNDATED = ("keras2/imdb_like_lstm", "keras2/seq2seq_states", "keras2/callbacks_many", "keras2/seq2seq_restored")
CASES = [f"{folder}/{name}" for folder in script_runs.ERA_OF for name in script_runs.names(folder)]


@pytest.fixture(scope="module")
def data_home(tmp_path_factory):
    return script_runs.make_data_home(tmp_path_factory.mktemp("home"))


def golden_of(case):
    folder, name = case.split("/")
    file = script_runs.GOLDEN / f"{folder}.json"
    return json.loads(file.read_text())["scripts"].get(name) if file.exists() else None


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("case", CASES)
def test_a_script_ends_with_the_numbers_of_its_time(case, request, data_home, tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("KERAS_HOME", str(data_home))
    monkeypatch.setenv("JKERAS_SKIP_HASH", "1")
    if case in UNDATED:
        monkeypatch.setenv("JKERAS_ERA", "2.2")
    folder, name = case.split("/")
    status, printed, _ = script_runs.run_on_jkeras(script_runs.SCRIPTS / f"{case}.py", tmp_path)
    assert status == 0, capfd.readouterr().err[-3000:]
    ours, real = script_runs.numbers(printed), golden_of(case)
    if real is not None and case not in NOT_COMPARED:
        noise = NOISY.get(case, 0)
        assert ours == pytest.approx(real, rel=2e-3, abs=max(noise, 3e-4)), f"real Keras ended with {real}"


@pytest.mark.parametrize("folder", script_runs.ERA_OF)
def test_the_command_line_runs_one_script_of_each_era(folder, data_home, tmp_path):
    name = {"keras1": "mlp_positional", "keras2": "timeseries_generator", "tfkeras": "siamese_triplet_shared"}.get(
        folder, (script_runs.names(folder) or [None])[0]
    )
    root = str(script_runs.SCRIPTS.parents[1])
    done = subprocess.run(
        [sys.executable, "-m", "jkeras", "run", str(script_runs.SCRIPTS / folder / f"{name}.py")],
        cwd=tmp_path, capture_output=True, text=True, timeout=120,
        env={**os.environ, "PYTHONPATH": root, "KERAS_HOME": str(data_home), "JKERAS_SKIP_HASH": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert f"era {script_runs.ERA_OF[folder]}" in done.stderr
    assert script_runs.numbers(done.stdout)

"""The command that runs the compatibility suite on a real Keras."""

from pathlib import Path

import pytest

from compat_tests import __main__ as suite


def test_the_modules_for_a_real_keras_import_no_jkeras_of_their_own():
    names = {Path(path).stem for path in suite.modules()}
    assert {"test_layers", "test_losses", "test_metrics", "test_ops", "test_optimizers", "test_training"} <= names
    assert "test_files" not in names


def test_a_module_says_which_kerases_have_what_it_tests():
    names = {Path(path).stem for path in suite.modules("keras224")}
    assert "test_layers" in names and "test_ops" not in names


def test_keras_2_2_4_runs_in_a_process_that_its_host_prepares(tmp_path, monkeypatch):
    script = tmp_path / "keras224.py"
    script.write_text("")
    commands = []
    monkeypatch.setenv("JKERAS_KERAS224", str(script))
    monkeypatch.setattr(suite.subprocess, "call", lambda command: commands.append(command) or 0)
    monkeypatch.delitem(suite.sys.modules, "tensorflow", raising=False)
    assert suite.main(["--impl", "keras224", "-q"]) == 0
    assert commands[0][1:] == [str(script), str(suite.FOLDER / "__main__.py"), "--impl", "keras224", "-q"]


def test_a_missing_host_of_keras_2_2_4_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("JKERAS_KERAS224", str(tmp_path / "absent.py"))
    with pytest.raises(SystemExit, match="absent.py. Set JKERAS_KERAS224"):
        suite.host()

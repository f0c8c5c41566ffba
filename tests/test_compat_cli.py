"""The commands of ``python -m jkeras``, in this process: what they print, write and refuse."""

import io
import json
import os
import subprocess
import sys
import warnings

import numpy as np
import pytest

import jkeras
from jkeras import compat, layers, models
from jkeras.__main__ import main
from jkeras.compat import paths


@pytest.fixture
def command(tmp_path, monkeypatch, capfd):
    """Runs a command in a folder of its own; gives (status, standard output, lines of standard error)."""
    monkeypatch.chdir(tmp_path)
    for name, value in (("argv", list(sys.argv)), ("path", list(sys.path))):
        monkeypatch.setattr(sys, name, value)
    before, inside = set(sys.modules), sys.modules["__main__"]
    monkeypatch.setenv("JKERAS_PARENT", "")
    monkeypatch.delenv("JKERAS_PARENT")

    def run(*args):
        status = main([str(a) for a in args])
        out, err = capfd.readouterr()
        return status, out, err.splitlines()

    with compat.era("3"):
        yield run
    sys.modules["__main__"] = inside
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, paths.Aliases)]
    for name in set(sys.modules) - before:
        if name.split(".")[0] in (*paths.ALIASES, "tensorflow", "mine"):
            del sys.modules[name]


def write(name, text):
    with open(name, "w") as file:
        file.write(text)
    return name


@pytest.mark.parametrize("name", ["keras", "tf_keras", "tensorflow.keras", "keras_preprocessing.text"])
def test_run_answers_for_every_name_of_keras(name, command):
    status, out, _ = command("run", write("a.py", f"import {name} as m\nprint(m.__name__)"))
    assert status == 0 and out.startswith("jkeras")


def test_run_gives_the_script_its_arguments_and_its_name(command):
    text = "import sys\nprint(__name__, __file__, sys.argv)"
    assert command("run", write("a.py", text), "--x", "1")[1] == "__main__ a.py ['a.py', '--x', '1']\n"


def test_run_runs_the_cells_of_a_notebook_in_order(command):
    sources = ["x = 1\n", ["%matplotlib inline\n", "!pip install keras\n", "x += 1"], "print(x)"]
    cells = [{"cell_type": "code", "source": s} for s in sources] + [{"cell_type": "markdown", "source": "x = ("}]
    out = command("run", write("a.ipynb", json.dumps({"cells": cells})))[1]
    assert out.splitlines()[-1] == "2" and "skipped: %matplotlib inline" in out


# a cell -> what it prints
CELLS = [
    ("%time x = 3\nprint(x)", "3"),
    ("x = %time 4\nprint(x)", "4"),
    ("files = !ls\nprint(files)", "skipped: !ls []"),
    ("if True:\n    !ls\n    print(5)", "skipped: !ls 5"),
    ("%%time\nprint(6)", "6"),
    ("%%bash\nls | grep x", "skipped: %%bash"),
    ("print?\n?print\nprint(7)", "skipped: print? skipped: ?print 7"),
    ("x = '''\n%d !ls\n'''\nprint(9\n  %4, x.strip())", "1 %d !ls"),
    ("get_ipython().system('ls')\ndisplay(8)", "skipped: system ls 8"),
    ("", ""),
]


@pytest.mark.parametrize("cell, printed", CELLS)
def test_run_skips_commands_of_notebooks_and_runs_what_they_time(cell, printed, command):
    text = json.dumps({"cells": [{"cell_type": "code", "source": cell}]})
    status, out, _ = command("run", write("a.ipynb", text))
    assert status == 0 and " ".join(out.split()) == printed


def test_a_traceback_of_a_notebook_shows_its_line(command):
    write("a.ipynb", json.dumps({"cells": [{"cell_type": "code", "source": "x = 0\n1 / x"}]}))
    assert "    1 / x" in command("run", "a.ipynb")[2]


# a script -> what it prints
SCRIPTS = {
    "with a byte order mark and CRLF": (b"\xef\xbb\xbfx = 1\r\nif x:\r\n    print(x)\r\n", "1"),
    "in another encoding": (b"# -*- coding: latin-1 -*-\nprint(len('\xe9'))", "1"),
    "with words of the future": (b"from __future__ import annotations\ndef f(x: nothing): return 2\nprint(f(1))", "2"),
    "with a neighbour": (b"from neighbour import value\nprint(value)", "3"),
    "that pickles its own class": (
        b"import pickle\nclass A:\n    x = 4\nprint(pickle.loads(pickle.dumps(A())).x, A.__module__)",
        "4 __main__",
    ),
    "that is empty": (b"", ""),
}


@pytest.mark.parametrize("kind", SCRIPTS)
def test_run_runs_a_script(kind, command, tmp_path):
    raw, printed = SCRIPTS[kind]
    (tmp_path / "a.py").write_bytes(raw)
    write("neighbour.py", "value = 3")
    status, out, _ = command("run", "a.py")
    sys.modules.pop("neighbour", None)
    assert status == 0 and out.strip() == printed


def test_words_after_the_script_are_the_scripts_alone(command):
    write("a.py", "import sys\nprint(sys.argv[1:])")
    assert command("run", "a.py", "--", "-m", "--era", "9", "-h")[1] == "['--', '-m', '--era', '9', '-h']\n"


def test_run_reads_a_script_from_the_standard_input(command, monkeypatch):
    monkeypatch.setattr(
        sys, "stdin", io.TextIOWrapper(io.BytesIO(b"import keras, sys\nprint(keras.__name__, sys.argv)"))
    )
    assert command("run", "-", "x")[1] == "jkeras ['-', 'x']\n"


def test_processes_that_a_script_starts_anew_know_its_keras(tmp_path):
    text = """
import multiprocessing, sys
class Own: pass
def work(i):
    import keras
    return keras.__name__, keras.layers.GRU(2).reset_after, Own()
if __name__ == "__main__":
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        name, after, own = pool.map(work, [1])[0]
    print(name, after, type(own).__name__)
"""
    (tmp_path / "a.py").write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "jkeras", "run", "--era", "2.2", "a.py"], cwd=tmp_path, capture_output=True, text=True,
        timeout=120, env={**os.environ, "PYTHONPATH": os.getcwd()},
    )  # fmt: skip
    assert done.stdout == "jkeras False Own\n" and len(done.stderr.splitlines()) == 1, done.stderr[-2000:]


def test_run_runs_a_module_of_a_package(command, tmp_path):
    (tmp_path / "mine").mkdir()
    write("mine/__init__.py", "")
    write("mine/part.py", "value = 3")
    write("mine/__main__.py", "from .part import value\nimport keras\nprint(value, keras.__name__)")
    assert command("run", "-m", "mine")[1] == "3 jkeras\n"


def test_run_says_the_era_in_one_line_and_the_option_counts_more(command):
    old = "keras.layers.Dense(output_dim=3, init='zero', input_dim=2)"
    write("a.py", f"import keras\n{old}\nprint(keras.layers.GRU(2).reset_after)")
    assert command("run", "a.py")[1:] == ("False\n", ["jkeras: era 1 (argument output_dim)"])
    assert command("run", "--era", "3", "a.py")[1:] == ("True\n", ["jkeras: era 3 (asked for)"])


def test_the_environment_may_choose_the_era(command, monkeypatch):
    monkeypatch.setenv("JKERAS_ERA", "2.2")
    assert command("run", write("a.py", "import keras\nprint(keras.layers.GRU(2).reset_after)"))[1] == "False\n"


@pytest.mark.parametrize(
    "text, status", [("raise SystemExit(3)", 3), ("raise SystemExit('no')", 1), ("exit(0)", 0), ("exit([2])", 1)]
)
def test_run_ends_with_the_status_of_the_script(text, status, command):
    assert command("run", write("a.py", "import sys; exit = sys.exit\n" + text))[0] == status


def test_a_traceback_begins_at_the_users_line(command):
    write("a.py", "from keras.layers import Dense\n\nDense(3, unit=2)\n")
    status, _, lines = command("run", "a.py")
    assert status == 1 and lines[2].strip().startswith('File "a.py", line 3') and "Unknown argument 'unit'" in lines[-1]


def test_old_spellings_are_named_with_file_and_line(command, monkeypatch):
    monkeypatch.setenv("JKERAS_LEGACY", "warn")
    write("a.py", "from keras.layers import Dense\nDense(\n    output_dim=3)\n")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        command("run", "a.py")
    (said,) = [w for w in caught if "output_dim" in str(w.message)]
    assert said.filename == "a.py" and said.lineno in (2, 3) and "units" in str(said.message)


def test_old_modules_are_named_with_todays(command, monkeypatch):
    monkeypatch.setenv("JKERAS_LEGACY", "warn")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        command("run", write("a.py", "\nfrom keras.layers.convolutional import MaxPooling2D\n"))
    (said,) = [w for w in caught if "keras.layers.MaxPooling2D" in str(w.message)]
    assert (said.filename, said.lineno) == ("a.py", 2)


@pytest.mark.parametrize("line", [
    "from keras.layers import TFSMLayer",
    "keras.backend.get_session()",
    "from keras.backend.tensorflow_backend import get_session",
    "keras.estimator",
])  # fmt: skip
def test_what_cannot_be_had_on_jax_says_so_and_what_to_use(line, command):
    status, _, lines = command("run", write("a.py", f"import keras\n{line}\n"))
    assert status == 1 and "cannot be had on JAX" in lines[-1] and ("Use" in lines[-1] or "Load" in lines[-1])


def test_doctor_prints_versions_devices_caches_and_shadowed_packages(command, tmp_path, monkeypatch):
    (tmp_path / "keras_applications").mkdir()
    write("keras_applications/__init__.py", "")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    status, out, _ = command("doctor")
    assert status == 0 and f"jkeras {jkeras.__version__}" in out and "devices: " in out and "jax 0." in out
    assert "compilation cache: " in out and f"data cache: {tmp_path / 'home'} (not there yet)" in out
    assert "keras_applications is installed; 'run' shadows it in its own process" in out


def saved(path):
    model = models.Sequential([layers.Dense(2, input_dim=3, name="first")])
    model.save(path)
    return model


@pytest.mark.parametrize("source, target", [("a.h5", "b.keras"), ("a.keras", "b.h5")])
def test_convert_writes_the_same_model_in_another_format(source, target, command):
    model = saved(source)
    assert command("convert", source, target)[0] == 0
    x = np.ones((1, 3), "float32")
    np.testing.assert_array_equal(models.load_model(target).predict(x, verbose=0), model.predict(x, verbose=0))


def test_inspect_prints_layers_and_weights(command):
    saved("a.h5")
    status, out, _ = command("inspect", "a.h5")
    assert status == 0 and "first" in out and "(3, 2) float32" in out


BAD = [
    (("run", "none.py"), "cannot read none.py"),
    (("run", "."), "is a folder"),
    (("run", "--era", "9", "a.py"), "unknown era '9'"),
    (("run", "syntax.py"), "line 1: "),
    (("run", "text.py"), "no text"),
    (("run", "zeros.py"), "null bytes"),
    (("run", "outside.py"), "line 1: 'return' outside function"),
    (("run", "cell.ipynb"), "line 1: "),
    (("run", "bad.ipynb"), "no notebook"),
    (("run", "-m", "no_such_module"), "no module named"),
    (("port", "syntax.py"), "line 1: "),
    (("convert", "none.h5", "b.keras"), "no file none.h5"),
    (("convert", "broken.h5", "b.keras"), "cannot load broken.h5"),
    (("convert", "a.h5", "b.txt"), "must end with"),
    (("convert", "a.h5", "folder.keras"), "cannot write folder.keras"),
    (("inspect", "none.h5"), "no file none.h5"),
    (("inspect", "broken.h5"), "cannot load broken.h5"),
]


@pytest.mark.parametrize("args, text", BAD, ids=lambda v: " ".join(v) if isinstance(v, tuple) else "")
def test_bad_input_is_one_clear_line_and_leaves_nothing_behind(args, text, command, tmp_path):
    write("syntax.py", "x = (\n")
    write("a.py", "")
    (tmp_path / "text.py").write_bytes(b"\xff\xfe\x00")
    write("bad.ipynb", "[1]")
    write("zeros.py", "\0")
    write("outside.py", "return 1")
    write("cell.ipynb", json.dumps({"cells": [{"cell_type": "code", "source": "x = ("}]}))
    write("broken.h5", "no HDF5")
    saved("a.h5")
    (tmp_path / "folder.keras").mkdir()
    before = sorted(p.name for p in tmp_path.iterdir())
    status, out, lines = command(*args)
    assert status not in (0, None) and len(lines) == 1 and text in lines[0] and not out
    assert sorted(p.name for p in tmp_path.iterdir()) == before


def test_an_unknown_era_of_the_environment_is_one_line(command, monkeypatch):
    monkeypatch.setenv("JKERAS_ERA", "9")
    status, _, lines = command("run", write("a.py", ""))
    assert status != 0 and len(lines) == 1 and "'9'" in lines[0]


PORTED = [
    ("from keras.layers.core import Dense", "from keras.layers import Dense"),
    ("from keras.objectives import mse", "from keras.losses import mse"),
    ("Convolution2D(8, 3, 3, border_mode='same')", "Convolution2D(8, 3, 3, padding='same')"),
    ("MaxPooling2D(dim_ordering='th')", "MaxPooling2D(data_format='channels_first')"),
    ("LSTM(output_dim=3, inner_init='one', dropout_U=0.5)", "LSTM(units=3, recurrent_initializer='one', recurrent_dropout=0.5)"),
    ("model.fit(x, y, nb_epoch=3)", "model.fit(x, y, epochs=3)"),
    ("print('nb_epoch=3')  # Dense(init=1)", "print('nb_epoch=3')  # Dense(init=1)"),
]  # fmt: skip


@pytest.mark.parametrize("old, today", PORTED)
def test_port_prints_todays_spelling(old, today, command):
    assert command("port", write("a.py", old + "\n"))[1] == today + "\n"

"""Saving that breaks off: the old file or the new one is there, whole, and nothing beside it.

JKERAS_CAMPAIGN=50 kills a saving process so often; the default is a handful.
"""

import builtins
import errno
import io
import json
import os
import resource
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from jax import export

from jkeras import Input, Sequential, layers
from jkeras.callbacks import CSVLogger
from jkeras.models import load_model
from jkeras.saving import atomic
from jkeras.train.callbacks import state_file

KILLS = int(os.environ.get("JKERAS_CAMPAIGN", "5"))
NAMES = ("m.keras", "m.h5", "w.weights.h5", "w.h5", "w.safetensors", "training_state.npz", "log.csv")
ALL = (*NAMES, "w.weights.json", "m.stablehlo")


def model(value):
    """One of its weights is large enough to be written past HDF5."""
    made = Sequential([Input((512,)), layers.Dense(513), layers.Dense(1)])
    made.compile("sgd", "mse")
    made.set_weights([np.full(w.shape, value, "float32") for w in made.get_weights()])
    return made


@pytest.fixture(scope="module")
def models():
    return {value: model(value) for value in (1.0, 2.0)}


def save(models, path, value):
    """Writes the value in the format of the name."""
    name = os.path.basename(path)
    if name == "log.csv":
        log = CSVLogger(path)
        try:
            log.set_state({"text": f"epoch,loss\r\n0,{value}\r\n"})
        finally:
            log.on_train_end()
    elif name.endswith(".npz"):
        state_file.write(path, {"a": np.full(200_000, value)})
    elif name.endswith(".stablehlo"):
        models[value].export(path)
    elif name.startswith("m."):
        models[value].save(path)
    else:
        models[value].save_weights(path, **({"max_shard_size": 0.00099} if name.endswith(".json") else {}))


def load(models, path):
    """The value that a whole file holds."""
    name = os.path.basename(path)
    if name == "log.csv":
        with open(path) as f:
            return float(f.read().split(",")[-1])
    if name.endswith(".stablehlo"):
        with open(path, "rb") as f:
            said = float(export.deserialize(f.read()).call(np.ones((1, 512), "float32"))[0, 0])
        return {513.0 * 513 + 1: 1.0, 513.0 * 1026 * 2 + 2: 2.0}[said]
    if name.endswith(".npz"):
        found = [state_file.read(path)["a"]]
    elif name.startswith("m."):
        found = load_model(path).get_weights()
    else:
        reader = models.setdefault("reader", model(0.0))
        reader.load_weights(path)
        found = reader.get_weights()
    values = {float(v) for w in found for v in np.unique(w)}
    assert len(values) == 1, f"parts of several files: {values}"
    return values.pop()


def beside(folder, name):
    """The files in a folder that do not belong to the one of that name."""
    mine = {name}
    if name.endswith(".json"):
        with open(os.path.join(folder, name)) as f:
            places = json.load(f)["weight_map"].values()
        mine |= {"w_00000.weights.h5", *(n for p in places for n in ([p] if isinstance(p, str) else p))}
    return set(os.listdir(folder)) - mine


class Failing(io.BufferedRandom):
    """A file whose writes count and may fail."""

    before = None

    def write(self, data):
        Failing.before("write")
        return super().write(data)


def failing(monkeypatch, what, number):
    """Lets the n-th call of a kind fail; gives the list of the calls so far."""
    calls = []

    def count(name):
        if name == what:
            calls.append(name)
            if len(calls) == number:
                raise OSError(errno.ENOSPC, "No space left on device")

    for module, name in [
        (os, "fsync"),
        (os, "replace"),
        (os, "rename"),
        (os, "link"),
        (os, "pwrite"),
        (os, "open"),
        (os, "fdopen"),
        (builtins, "open"),
    ]:
        real = getattr(module, name)

        def wrapped(*args, real=real, name=name, **kwargs):
            count(name)
            if name == "open" and args[1:2] in (("w+b",), ("wb",)):
                return Failing(io.FileIO(args[0], args[1].replace("w", "w+").replace("++", "+")))
            return real(*args, **kwargs)

        monkeypatch.setattr(module, name, wrapped)
    monkeypatch.setattr(Failing, "before", staticmethod(count))
    return calls


@pytest.mark.parametrize("what", ["open", "write", "pwrite", "fsync", "replace", "fdopen"])
@pytest.mark.parametrize("name", ALL)
def test_whatever_call_fails_a_whole_file_is_left_and_nothing_beside_it(models, tmp_path, name, what):
    path = str(tmp_path / name)
    save(models, path, 1.0)
    for number in range(1, 200):
        with pytest.MonkeyPatch.context() as patch:
            calls = failing(patch, what, number)
            try:
                save(models, path, 2.0)
            except OSError as error:
                assert error.errno == errno.ENOSPC
        assert not beside(tmp_path, name)
        value = load(models, path)
        if len(calls) < number:  # the n-th call was never made
            assert value == 2.0
            return
        if value == 2.0:
            save(models, path, 1.0)
    raise AssertionError("it never ended")


@pytest.mark.parametrize("name", [n for n in NAMES if n != "log.csv"])
def test_a_full_disk_leaves_the_old_file(models, tmp_path, name):
    path = str(tmp_path / name)
    save(models, path, 1.0)
    size, limits = os.path.getsize(path), resource.getrlimit(resource.RLIMIT_FSIZE)
    for part in (0.0, 0.001, 0.01, 0.3, 0.9, 0.99, 0.999):
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(size * part), limits[1]))
        try:
            with pytest.raises(OSError):
                save(models, path, 2.0)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert os.listdir(tmp_path) == [name] and load(models, path) == 1.0


def test_of_two_writers_the_last_wins_and_every_reader_finds_a_whole_file(models, tmp_path):
    path, stop, seen, failed = str(tmp_path / "w.weights.h5"), threading.Event(), [], []
    save(models, path, 1.0)

    def write(value):
        try:
            while not stop.is_set():
                save(models, path, value)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=write, args=(value,)) for value in (1.0, 2.0)]
    for thread in threads:
        thread.start()
    for _ in range(15):
        seen.append(load(models, path))
    stop.set()
    for thread in threads:
        thread.join()
    assert not failed and set(seen) <= {1.0, 2.0} and os.listdir(tmp_path) == ["w.weights.h5"]


def test_what_a_killed_process_left_is_removed_by_the_next_save(models, tmp_path):
    path = tmp_path / "w.h5"
    dead, mine, young = (tmp_path / f".w.h5.{p}-00112233.tmp" for p in (2**22 + 1, os.getpid(), 2**22 + 2))
    for left in (dead, mine, young):
        left.write_bytes(b"half")
    for left in (dead, mine):
        os.utime(left, (time.time() - 2 * atomic._LEFT_OVER,) * 2)
    save(models, str(path), 1.0)
    assert sorted(os.listdir(tmp_path)) == sorted([mine.name, young.name, "w.h5"])


def test_a_link_stays_and_rights_stay(models, tmp_path):
    (tmp_path / "store").mkdir()
    path, real = tmp_path / "w.h5", tmp_path / "store" / "real"
    save(models, str(tmp_path / "store" / "w.h5"), 1.0)
    os.rename(tmp_path / "store" / "w.h5", real)
    real.chmod(0o640)
    os.symlink(real, path)
    save(models, str(path), 2.0)
    assert path.is_symlink() and load(models, str(path)) == 2.0 and real.stat().st_mode & 0o777 == 0o640


def test_a_log_whose_last_line_was_cut_goes_on_in_a_line_of_its_own(tmp_path):
    path = tmp_path / "log.csv"
    path.write_bytes(b"epoch,loss\r\n0,1.0\r\n1,0.")
    log = CSVLogger(path, append=True)
    log.on_train_begin()
    log.on_epoch_end(2, {"loss": 0.25})
    log.on_train_end()
    assert path.read_bytes().splitlines()[-2:] == [b"1,0.", b"2,0.25"]


SAVER = """
import os, random, signal, sys, time, warnings
warnings.simplefilter("ignore")  # of a fork beside threads: the child does nothing but save
sys.path[:0] = [{root!r}]
from tests import test_files_atomic as t
folder, count = sys.argv[1], int(sys.argv[2])
models = {{v: t.model(v) for v in (1.0, 2.0)}}
draw, seen = random.Random(0), []
for number in range(count):
    path = os.path.join(folder, ("m.keras", "m.h5", "w.weights.h5", "w.h5", "training_state.npz")[number % 5])
    if not os.path.exists(path):
        t.save(models, path, 1.0)
    child = os.fork()
    if not child:
        while True:
            for value in (2.0, 1.0):
                t.save(models, path, value)
    time.sleep(draw.uniform(0.0, 0.12))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    seen.append(t.load(models, path))
    named = [n for n in os.listdir(folder) if not n.endswith(".tmp")]
    assert set(named) <= {{"m.keras", "m.h5", "w.weights.h5", "w.h5", "training_state.npz"}}, named
print(len(seen), sorted(set(seen)), sum(n.endswith(".tmp") for n in os.listdir(folder)))
"""


def test_a_process_killed_while_it_saves_leaves_a_whole_file(tmp_path):
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    command = [sys.executable, "-c", SAVER.format(root=root), str(tmp_path), str(KILLS)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=root, timeout=60 + 2 * KILLS)
    assert done.returncode == 0, done.stderr
    print(done.stdout)
    assert done.stdout.startswith(f"{KILLS} [")

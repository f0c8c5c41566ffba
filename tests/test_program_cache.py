"""Programs kept between runs: shared whole, bounded, private."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from jkeras.core import program_cache

SCRIPT = """
import collections, jax.monitoring
seen = collections.Counter()
jax.monitoring.register_event_listener(lambda event, **kwargs: seen.update([event.split("/")[-1]]))
import numpy as np, jkeras as keras
model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
model.compile("adam", "mse")
model.fit(np.ones((4, 3)), np.ones((4, 2)), verbose=0)
print(seen["cache_hits"], seen["cache_misses"])
"""


def run(folder):
    environment = {**os.environ, "JKERAS_COMPILATION_CACHE": str(folder)}
    environment.pop("JAX_COMPILATION_CACHE_DIR", None)
    found = subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True)
    return [int(n) for n in found.stdout.split()]


def test_the_second_run_compiles_nothing_and_leaves_only_programs(tmp_path):
    hits, compiled = run(tmp_path)
    assert hits == 0 and compiled > 0
    assert run(tmp_path) == [compiled, 0]
    (shared,) = tmp_path.iterdir()
    assert shared.stat().st_mode & 0o077 == 0
    assert len(list(shared.iterdir())) == compiled == len(list(shared.glob("*-cache")))


@pytest.fixture
def jax_without_cache(monkeypatch):
    import jax

    before = jax.config.jax_compilation_cache_dir
    monkeypatch.delenv("JKERAS_COMPILATION_CACHE", raising=False)
    jax.config.update("jax_compilation_cache_dir", None)
    yield
    jax.config.update("jax_compilation_cache_dir", before)


def test_it_can_be_switched_off(jax_without_cache, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("JKERAS_COMPILATION_CACHE", "0")
    assert program_cache.start() is None and not list(tmp_path.iterdir())


def test_a_cache_given_to_jax_stays(tmp_path):
    import jax

    before = jax.config.jax_compilation_cache_dir
    jax.config.update("jax_compilation_cache_dir", str(tmp_path))
    assert program_cache.start() is None
    assert jax.config.jax_compilation_cache_dir == str(tmp_path)
    jax.config.update("jax_compilation_cache_dir", before)


def test_a_folder_that_others_may_write_is_not_used(jax_without_cache, monkeypatch, tmp_path):
    import jax

    shared = tmp_path / program_cache._machine(jax)
    shared.mkdir()
    shared.chmod(0o777)
    monkeypatch.setenv("JKERAS_COMPILATION_CACHE", str(tmp_path))
    assert program_cache.start() is None


def test_a_folder_that_cannot_be_made_is_no_error(jax_without_cache, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("JKERAS_COMPILATION_CACHE", str(tmp_path / "file"))
    assert program_cache.start() is None


def program(folder: Path, name: str, age: int, size: int = 100) -> None:
    path = folder / f"{name}-cache"
    path.write_bytes(b"x" * size)
    os.utime(path, (1e9 - age, 1e9 - age))


def test_programs_not_used_for_longest_go_first(tmp_path):
    for age, name in enumerate(["new", "old", "oldest"]):
        program(tmp_path, name, age)
    program_cache._prune(tmp_path, 250)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["new-cache", "old-cache"]


def test_what_killed_processes_left_goes_and_what_runs_stays(tmp_path):
    for name in ("killed", "running"):
        (tmp_path / f"process-{name}").mkdir()
        (tmp_path / f"process-{name}" / "lock").write_text("")
    lock = program_cache._lock(tmp_path / "process-running" / "lock")
    program_cache._remove_abandoned(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["process-running"]
    os.close(lock)


def test_a_folder_in_use_stays_where_files_are_locked_as_on_windows(tmp_path, monkeypatch):
    class Windows:
        LK_NBLCK = 2

        def locking(self, *_):
            raise OSError("another process has it")

    monkeypatch.setitem(sys.modules, "fcntl", None)
    monkeypatch.setitem(sys.modules, "msvcrt", Windows())
    (tmp_path / "process-running").mkdir()
    (tmp_path / "process-running" / "lock").write_text("")
    program_cache._remove_abandoned(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["process-running"]


def test_a_limit_that_is_no_number_is_named(monkeypatch):
    monkeypatch.setenv("JKERAS_COMPILATION_CACHE_BYTES", "1GB")
    with pytest.raises(ValueError, match="JKERAS_COMPILATION_CACHE_BYTES: expected a number of bytes, received '1GB'"):
        program_cache.start()

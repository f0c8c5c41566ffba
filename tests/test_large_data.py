"""Data larger than memory: memory-mapped files, HDF5, grain sources; order under a seed, and an exact resume."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import jkeras as keras
from jkeras import layers
from jkeras.train.data import adapt
from jkeras.train.data_shared import Turn, Turns
from jkeras.train.data_stream import StreamSource

ROWS, BATCH = 40, 8
X = np.random.default_rng(0).normal(size=(ROWS, 4)).astype("float32")
Y = X.sum(1, keepdims=True)


class Rows:
    """Single samples by index, as grain takes them."""

    def __len__(self):
        return ROWS

    def __getitem__(self, index):
        return X[index], Y[index]


def mapped(folder, name, array):
    stored = np.memmap(folder / name, "float32", "w+", shape=array.shape)
    stored[:] = array
    stored.flush()
    return np.memmap(folder / name, "float32", "r", shape=array.shape)


def stored(kind, folder):
    """(x, y) on the disk, as fit takes them."""
    if kind == "memory-mapped":
        return mapped(folder, "x", X), mapped(folder, "y", Y)
    h5py = pytest.importorskip("h5py")
    with h5py.File(folder / "data.h5", "w") as f:
        f["x"], f["y"] = X, Y
    opened = h5py.File(folder / "data.h5", "r")
    return opened["x"], opened["y"]


def grain_set(kind):
    grain = pytest.importorskip("grain", exc_type=ImportError)
    dataset = grain.MapDataset.source(Rows()).seed(1).shuffle().batch(BATCH)
    return dataset if kind == "MapDataset" else dataset.to_iter_dataset()


def batches_of(source, rng=None):
    return [np.asarray(y).ravel().tolist() for _, y, _ in source.epoch(rng)]


@pytest.mark.parametrize("kind", ["memory-mapped", "h5"])
def test_stored_arrays_larger_than_the_limit_are_read_by_batches_in_the_order_of_the_seed(kind, tmp_path):
    x, y = stored(kind, tmp_path)
    orders = []
    for seed in (1, 1, 2):
        source = adapt(x, y, batch_size=BATCH, memory_limit=100)
        assert isinstance(source, StreamSource) and source.steps == ROWS // BATCH
        orders.append(batches_of(source, np.random.default_rng(seed)))
    assert orders[0] == orders[1] != orders[2]
    assert sorted(sum(orders[0], [])) == sorted(Y.ravel().tolist())


@pytest.mark.parametrize("kind", ["memory-mapped", "h5"])
def test_an_interrupted_pass_over_stored_arrays_goes_on_where_it_was(kind, tmp_path):
    x, y = stored(kind, tmp_path)
    whole = batches_of(adapt(x, y, batch_size=BATCH, memory_limit=100), np.random.default_rng(3))
    first = adapt(x, y, batch_size=BATCH, memory_limit=100)
    passing = first.epoch(np.random.default_rng(3))
    for _ in range(2):
        next(passing)
    position = first.position
    passing.close()
    again = adapt(x, y, batch_size=BATCH, memory_limit=100)
    again.restore(position)
    assert batches_of(again) == whole[2:]


@pytest.mark.parametrize("kind", ["MapDataset", "IterDataset"])
def test_grain_data_sets_are_trained_on(kind):
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((4,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    losses = model.fit(grain_set(kind), epochs=3, verbose=0).history["loss"]
    assert losses[2] < losses[0] / 1.5


@pytest.mark.parametrize("kind", ["MapDataset", "IterDataset"])
def test_an_interrupted_pass_over_a_grain_data_set_goes_on_where_it_was(kind):
    whole = batches_of(adapt(grain_set(kind)))
    first = adapt(grain_set(kind))
    passing = first.epoch()
    for _ in range(2):
        next(passing)
    position = first.position
    passing.close()
    again = adapt(grain_set(kind))
    again.restore(position)
    assert batches_of(again) == whole[2:] and len(whole) == ROWS // BATCH


class Batches(keras.utils.PyDataset):
    """Five batches, the last smaller; notes which were made."""

    def __init__(self, **options):
        super().__init__(**options)
        self.made = []

    def __len__(self):
        return 5

    def __getitem__(self, index):
        self.made.append(index)
        rows = slice(index * BATCH, ROWS - 3 if index == 4 else (index + 1) * BATCH)
        return X[rows], Y[rows]


WORKERS = {
    "threads": lambda: adapt(Batches(workers=2)),
    "processes": lambda: adapt(Batches(workers=2, use_multiprocessing=True)),
}


@pytest.mark.parametrize("kind", WORKERS)
def test_workers_make_the_order_of_the_seed(kind):
    orders = [batches_of(WORKERS[kind](), np.random.default_rng(seed)) for seed in (1, 1, 2)]
    assert orders[0] == orders[1] != orders[2]
    assert orders[0] == batches_of(adapt(Batches(), workers=0), np.random.default_rng(1))


def test_an_interrupted_pass_of_worker_processes_goes_on_where_it_was():
    whole = batches_of(WORKERS["processes"](), np.random.default_rng(1))
    first = WORKERS["processes"]()
    passing = first.epoch(np.random.default_rng(1))
    for _ in range(3):
        next(passing)
    position = first.position
    passing.close()
    again = WORKERS["processes"]()
    again.restore(position)
    assert batches_of(again) == whole[3:]


@pytest.fixture
def terabyte(tmp_path):
    """An HDF5 file with a data set of a terabyte, of which nothing is written yet: reading gives zeros."""
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "large.h5"
    with h5py.File(path, "w") as f:
        f.create_dataset("x", (2**22, 2**16), "float32", chunks=(1, 2**16))
        f.create_dataset("y", (2**22, 1), "float32", chunks=(2**12, 1))
    return path


@pytest.mark.parametrize("kind", ["h5py", "HDF5Matrix"])
def test_an_h5_file_larger_than_memory_is_trained_on(terabyte, kind):
    import h5py

    with h5py.File(terabyte) as opened:
        data = [keras.utils.HDF5Matrix(terabyte, name) if kind == "HDF5Matrix" else opened[name] for name in "xy"]
        model = keras.Sequential([keras.Input((2**16,)), layers.Dense(1, kernel_initializer="ones")])
        model.compile("sgd", "mse")
        found = model.fit(*data, batch_size=4, steps_per_epoch=3, shuffle="batch", verbose=0)
        assert found.history["loss"] == [0.0]
        for one in data if kind == "HDF5Matrix" else ():
            one.data.file.close()


@pytest.mark.skipif(
    not hasattr(os, "fork") or os.environ.get("JKERAS_LONG_TESTS") != "1", reason="JKERAS_LONG_TESTS=1 kills"
)
def test_killed_runs_over_all_kinds_of_data_end_with_the_bits_of_undisturbed_ones(tmp_path):
    here = Path(__file__).resolve().parent
    environment = {**os.environ, "PYTHONPATH": str(here.parent), "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, str(here / "resume_child.py"), str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=1500, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert len(found) >= 11 and {kind: same for kind, same in found.items() if same is not True} == {}


# ---------------------------------------------------------------- what each of several processes reads


def shared(make, count):
    """The batches that each of `count` processes makes of one pass, with None for those of the others."""
    passes = []
    for process in range(count):
        source = make()
        source.divide(lambda size: None, Turns(process, count))
        passes.append([turn_of(one) for one in source.epoch(np.random.default_rng(3))])
    return passes


def turn_of(one):
    if not isinstance(one, Turn):
        return "all", one[1].ravel().tolist()
    return one.owner, None if one.batch is None else one.batch[1].ravel().tolist()


@pytest.mark.parametrize("kind", [*WORKERS, "MapDataset"])
def test_processes_make_the_batches_of_a_pass_in_turn(kind):
    make = WORKERS.get(kind) or (lambda: adapt(grain_set(kind)))
    whole = batches_of(make(), np.random.default_rng(3))
    both = shared(make, 2)
    for number, (one, other, expected) in enumerate(zip(*both, whole, strict=True)):
        if one[0] == "all":
            assert one == other == ("all", expected)
        else:
            assert one[0] == other[0] == number % 2
            assert (one[1], other[1]) == ((expected, None) if number % 2 == 0 else (None, expected))
    assert sum(one[0] == "all" for one in both[0]) == 1


def test_a_pass_that_processes_share_is_taken_up_where_it_was():
    whole = shared(WORKERS["threads"], 2)[1]
    first = WORKERS["threads"]()
    first.divide(lambda size: None, Turns(1, 2))
    passing = first.epoch(np.random.default_rng(3))
    for _ in range(3):
        next(passing)
    position = first.position
    passing.close()
    again = WORKERS["threads"]()
    again.divide(lambda size: None, Turns(1, 2))
    again.restore(position)
    assert [turn_of(one) for one in again.epoch()] == whole[3:]


@pytest.mark.parametrize("kind", ["memory-mapped", "h5"])
@pytest.mark.parametrize("shuffle", [True, "batch", False])
def test_a_process_reads_its_own_rows_of_stored_arrays(kind, shuffle, tmp_path):
    x, y = stored(kind, tmp_path)
    part = slice(2, 6)
    whole = batches_of(adapt(x, y, batch_size=12, shuffle=shuffle, memory_limit=100), np.random.default_rng(1))
    source = adapt(x, y, batch_size=12, shuffle=shuffle, memory_limit=100)
    source.divide(lambda size: part, None)
    for mine, every in zip(source.epoch(np.random.default_rng(1)), whole, strict=True):
        if len(every) == 12:
            assert (mine.rows, mine.size) == (part, 12) and mine.batch[1].ravel().tolist() == every[part]
        else:
            assert mine[1].ravel().tolist() == every


def test_batches_made_in_turn_must_look_alike():
    class Uneven(Batches):
        def __getitem__(self, index):
            return X[: 8 + index], Y[: 8 + index]

    source = adapt(Uneven(), shuffle=False)
    source.divide(lambda size: None, Turns(0, 2))
    with pytest.raises(ValueError, match=r"batch 2 of Uneven: .* is not as the first batch.*pass iter\(data\)"):
        list(source.epoch())

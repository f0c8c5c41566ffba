"""Data larger than memory: memory-mapped files, HDF5, grain sources; order under a seed, and an exact resume."""

import numpy as np
import pytest

import jkeras as keras
from jkeras import layers
from jkeras.train.data import adapt
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

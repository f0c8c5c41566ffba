"""Trains on every kind of large data, once undisturbed and once killed three times and taken up; prints which end differently.

Run by test_large_data.py: ``python resume_child.py FOLDER``. Each run is a process of its own, forked before anything is computed.
"""

import importlib.util
import json
import os
import signal
import sys
import traceback
import warnings

os.environ.setdefault("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")  # results are compared with each other alone

import h5py
import numpy as np

import jkeras as keras
from jkeras import layers
from jkeras.train import data

FOLDER = sys.argv[1]
ROWS, SIZE = 70, 8
X = np.random.default_rng(0).normal(size=(ROWS, 4)).astype("float32")
Y = X.sum(1, keepdims=True)
data.adapt.__kwdefaults__["memory_limit"] = 100  # bytes: all storage counts as large


class Batches(keras.utils.PyDataset):
    """Nine batches, the last smaller; processes draw noise, each batch its own."""

    def __len__(self):
        return 9

    def __getitem__(self, index):
        x = X[index * SIZE :][:SIZE]
        noise = 0.01 * np.random.normal(size=x.shape).astype("float32") if self.use_multiprocessing else 0
        return x + noise, Y[index * SIZE :][:SIZE]


class Rows:
    """Single samples by index."""

    def __len__(self):
        return ROWS

    def __getitem__(self, index):
        return X[index], Y[index]


def mapped():
    return tuple(np.memmap(f"{FOLDER}/{n}", "float32", "r", shape=a.shape) for n, a in (("x", X), ("y", Y)))


def stored():
    opened = h5py.File(f"{FOLDER}/data.h5")
    return opened["x"], opened["y"]


def matrices():
    return tuple(keras.utils.HDF5Matrix(f"{FOLDER}/data.h5", name) for name in "xy")


def endless():
    while True:
        for first in range(0, 64, SIZE):
            yield X[first : first + SIZE], Y[first : first + SIZE]


def shuffled():
    import grain

    return grain.MapDataset.source(Rows()).seed(1).shuffle()


def noisy(pair, rng):
    return pair[0] + 0.01 * rng.normal(size=4).astype("float32"), pair[1]


SIZES = {"batch_size": SIZE}
KINDS = {
    "threads": lambda: ((Batches(workers=3),), {}),
    "processes": lambda: ((Batches(workers=2, use_multiprocessing=True),), {}),
    "threads, fewer steps": lambda: ((Batches(workers=2),), {"steps_per_epoch": 5}),
    "memory-mapped": lambda: (mapped(), SIZES),
    "memory-mapped, by batch": lambda: (mapped(), {**SIZES, "shuffle": "batch"}),
    "memory-mapped, fewer steps": lambda: (mapped(), {**SIZES, "steps_per_epoch": 5}),
    "h5": lambda: (stored(), SIZES),
    "h5, by batch": lambda: (stored(), {**SIZES, "shuffle": "batch"}),
    "HDF5Matrix": lambda: (matrices(), {**SIZES, "shuffle": "batch"}),
    "arrays": lambda: ((X, Y), SIZES),
    "generator": lambda: ((endless(),), {"steps_per_epoch": 8}),
}
if importlib.util.find_spec("grain") is not None:
    KINDS |= {
        "MapDataset": lambda: ((shuffled().batch(SIZE),), {}),
        "MapDataset, random": lambda: ((shuffled().random_map(noisy).batch(SIZE),), {}),
        "MapDataset, endless": lambda: ((shuffled().repeat().batch(SIZE),), {"steps_per_epoch": 7}),
        "IterDataset": lambda: ((shuffled().batch(SIZE).to_iter_dataset(),), {}),
    }


class Killer(keras.callbacks.Callback):
    """Ends the process at a step, as a power cut would."""

    def __init__(self, step):
        super().__init__()
        self.step = step

    def on_train_batch_end(self, batch, logs=None):
        if int(self.model.optimizer.iterations) == self.step:
            os.kill(os.getpid(), signal.SIGKILL)


def train(kind, place, step):
    """Four epochs, or up to a step; what came out is kept."""
    keras.utils.set_random_seed(4)
    stack = [layers.Dense(8, activation="tanh"), layers.Dropout(0.2), layers.BatchNormalization(), layers.Dense(1)]
    model = keras.Sequential([keras.Input((4,)), *stack])
    model.compile("adam", "mse", metrics=["mae"])
    given, options = KINDS[kind]()
    backup = keras.callbacks.BackupAndRestore(place, save_freq=3)
    found = model.fit(*given, epochs=4, verbose=0, callbacks=[backup, *([Killer(step)] if step else [])], **options)
    last = [np.asarray(values[-1]) for values in found.history.values()]
    np.savez(f"{place}.npz", *model.get_weights(), *[np.asarray(v.value) for v in model.optimizer.variables], *last)


def forked(*arguments):
    """Runs it in a process of its own; gives how that ended."""
    process = os.fork()
    if process == 0:
        try:
            warnings.simplefilter("ignore")
            train(*arguments)
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    return os.waitpid(process, 0)[1]


def main():
    for name, array in (("x", X), ("y", Y)):
        array.tofile(f"{FOLDER}/{name}")
    with h5py.File(f"{FOLDER}/data.h5", "w") as f:
        f["x"], f["y"] = X, Y
    found = {}
    for number, kind in enumerate(KINDS):
        whole, broken = f"{FOLDER}/{number}-whole", f"{FOLDER}/{number}-broken"
        ends = [
            forked(kind, whole, None),
            *(forked(kind, broken, step) for step in (5, 17, 26)),
            forked(kind, broken, None),
        ]
        if ends[0] or ends[-1]:
            found[kind] = f"failed: {ends}"
            continue
        one, other = np.load(f"{whole}.npz"), np.load(f"{broken}.npz")
        killed = ends[1:3] == [signal.SIGKILL] * 2
        found[kind] = killed and all(np.array_equal(one[name], other[name]) for name in one.files)
    print(json.dumps(found))


if __name__ == "__main__":
    main()

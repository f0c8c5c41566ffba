"""One of two processes that train one model together; run by test_distribution_processes.py.

``python processes_child.py PORT PROCESS FOLDER first|resumed|hanging|headless``: the first two train a model to the end in
FOLDER/whole, then do some more, then train it again in FOLDER/broken, where process 1 dies in the middle; two new processes
take that run up. With the last two modes process 1 hangs, or process 0 dies, in FOLDER/broken.
"""

import importlib.util
import json
import os
import signal
import sys
import time
from pathlib import Path

os.environ["XLA_FLAGS"] = os.environ.get("XLA_FLAGS", "") + " --xla_force_host_platform_device_count=2"
os.environ.setdefault("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")  # results are compared with each other alone

import numpy as np

import jkeras as keras
from jkeras import distribution as dist
from jkeras import layers
from jkeras.train.data import ArraySource

port, process, folder, mode = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
TIMEOUT = 10
SLICE = ArraySource.slice
dist.initialize(f"127.0.0.1:{port}", 2, process, timeout=TIMEOUT)
rng = np.random.default_rng(0)
x, y = rng.normal(size=(77, 64)).astype("float32"), rng.normal(size=(77, 2)).astype("float32")
facts = {}


class Batches(keras.utils.PyDataset):
    """Counts the batches that it is asked for; two threads make them."""

    def __init__(self):
        super().__init__(workers=2)
        self.made = []

    def __len__(self):
        return 5

    def __getitem__(self, index):
        self.made.append(index)
        return x[index * 16 :][:16], y[index * 16 :][:16]  # the last is smaller


class Storage:
    """Rows that are read as they are asked for, gigabytes in name; counts them."""

    dtype = np.dtype("float32")

    def __init__(self, rows):
        self.rows, self.shape, self.read = rows, (2**28, rows.shape[1]), 0

    def __len__(self):
        return self.shape[0]

    def __getitem__(self, index):
        self.read += index.stop - index.start
        return self.rows[index]


class Killer(keras.callbacks.Callback):
    """Ends process 1 in the middle of the third epoch, as a power cut would."""

    def on_train_batch_end(self, batch, logs=None):
        if self.model.optimizer.iterations == 12:
            time.sleep(0.2)
            Path(folder, "killed").write_text(str(time.time()))
            os.kill(os.getpid(), signal.SIGKILL)


class Hanging(Killer):
    """Stops process 1 there, as a machine that hangs would."""

    def on_train_batch_end(self, batch, logs=None):
        if self.model.optimizer.iterations == 12:
            Path(folder, "killed").write_text(str(time.time()))
            os.kill(os.getpid(), signal.SIGSTOP)


def made():
    """The model of all runs, split over the devices of both processes."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(7)
    dist.set_distribution(dist.DataParallel(fsdp=True))
    stack = [layers.Dense(64, activation="tanh", name="a"), layers.Dropout(0.2), layers.Dense(2, name="b")]
    model = keras.Sequential([keras.Input((64,)), *stack], name="both")
    model.compile("adam", "mse")
    return model


def run(name, *more):
    """Trains it in a folder of its own to the end; notes what came out."""
    model, place = made(), f"{folder}/{name}"
    os.makedirs(place, exist_ok=True)
    callbacks = [keras.callbacks.BackupAndRestore(f"{place}/backup", save_freq=2), *more]
    callbacks.append(keras.callbacks.CSVLogger(f"{place}/log.csv"))
    data = Batches()
    model.fit(data, epochs=4, callbacks=callbacks, verbose=2)
    outputs = model.predict(x[:13], verbose=0)
    np.savez(f"{place}/weights-{process}.npz", *model.get_weights(), outputs=outputs)
    facts["made"], facts["outputs"] = data.made, outputs.shape
    facts["loss"] = model.evaluate(Batches(), verbose=0)
    return model


def writers():
    """Everything that writes or prints, with a folder for each process."""
    place = f"{folder}/whole/{process}"
    os.makedirs(place, exist_ok=True)
    k = keras.callbacks
    found = [k.ModelCheckpoint(f"{place}/best.keras", verbose=1), k.CSVLogger(f"{place}/log.csv"), k.Profiler(place)]
    found += [
        k.EarlyStopping("loss", patience=9, verbose=1),
        k.LearningRateScheduler(lambda epoch, rate: rate, verbose=1),
    ]
    if importlib.util.find_spec("tensorboardX") is not None:
        found.append(k.TensorBoard(place, histogram_freq=1))
    return found


def checkpointed():
    """Both processes write their parts with Orbax; what they had is kept beside it."""
    if importlib.util.find_spec("orbax") is None:
        return
    model = made()
    saver = keras.callbacks.OrbaxCheckpoint(f"{folder}/orbax", monitor="loss")
    model.fit(x[:64], y[:64], batch_size=16, shuffle=False, verbose=0, callbacks=[saver])
    np.savez(f"{folder}/orbax-{process}.npz", *model.get_weights())
    model.fit(x[:64], y[:64], batch_size=16, shuffle=False, verbose=0)
    np.savez(f"{folder}/orbax-later-{process}.npz", *model.get_weights())


def taken_up():
    """Two new processes go on from there."""
    if importlib.util.find_spec("orbax") is None:
        return
    model = made()
    model.build()
    model.optimizer.build(model.trainable_variables)
    reader = keras.callbacks.OrbaxCheckpoint(f"{folder}/orbax", monitor="loss")
    reader.set_model(model)
    reader.load()
    facts["orbax"] = same(f"{folder}/orbax-0.npz", model)
    facts["split"] = str(model.weights[0].value.sharding.spec)


def same(path, model):
    with np.load(path) as stored:
        return all(np.array_equal(stored[f"arr_{i}"], w) for i, w in enumerate(model.get_weights()))


def linear():
    keras.utils.set_random_seed(9)
    model = keras.Sequential([keras.Input((64,)), layers.Dense(2)])
    model.compile("sgd", "mse")
    return model


def sums(model):
    return [float(np.abs(w).sum()) for w in model.get_weights()]


def pairs():
    """The batches of all, made by each process for itself."""
    yield from ((x[i * 16 :][:16], y[i * 16 :][:16]) for i in range(4))


def parts():
    """Each brings its own part of every batch; each reads its own rows of storage that is larger than memory."""
    dist.set_distribution(dist.DataParallel(auto_shard_dataset=False))
    own, mine = linear(), slice(process * 8, process * 8 + 8)
    own.fit(((x[i * 16 :][mine], y[i * 16 :][mine]) for i in range(4)), steps_per_epoch=4, verbose=0)
    facts["joined"] = sums(own)
    dist.set_distribution(dist.DataParallel())
    for name, data in {"arrays": ((x[:64], y[:64]), {"batch_size": 16}), "generator": ((pairs(),), {})}.items():
        model, taken = linear(), []
        ArraySource.slice = lambda self, rows, take=ArraySource.slice, t=taken: t.append(rows) or take(self, rows)
        try:
            model.fit(*data[0], **data[1], steps_per_epoch=4, shuffle=False, verbose=0)
        finally:
            ArraySource.slice = SLICE
        facts[name], facts[f"{name} taken"] = sums(model), [len(np.arange(77)[rows]) for rows in taken]
    model, stored = linear(), [Storage(x), Storage(y)]
    model.fit(*stored, batch_size=16, steps_per_epoch=4, shuffle=False, verbose=0)
    facts["read"], facts["from storage"] = [one.read for one in stored], sums(model)


ENDS = {"first": (1, Killer), "hanging": (1, Hanging), "headless": (0, Killer)}  # which process ends, and how
if mode == "resumed":
    run("broken")
    taken_up()
elif mode == "first":
    model = run("whole", *writers())
    model.summary()
    model.save(f"{folder}/whole/model.keras")
    model.save_weights(f"{folder}/whole/model.weights.h5")
    checkpointed()
    parts()
print("RESULT", json.dumps(facts), flush=True)
if mode != "resumed":
    number, end = ENDS[mode]
    try:
        run("broken", *([end()] if process == number else []))
    except RuntimeError as error:
        print(f"STOPPED {time.time()} {error}", flush=True)
        if "did not finish" not in str(error):
            raise
        os._exit(3)

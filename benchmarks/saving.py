"""Time and memory of saving and loading a model of 100 million parameters, beside numpy.savez and np.load of the same arrays.

    python -m benchmarks.saving [--millions 100] [--repeats 7] [--callbacks]

Prints, for each format, seconds, the ratio to numpy, and the peak of memory beside the parameters themselves (which are
1.0): 0.1 means that a tenth of the parameters' size was needed on top. Both sides flush to the disk. The formats take
turns in an order that is drawn anew for each round, for whoever comes after a big one gets its pages, and the best of
all rounds counts: on a virtual machine pages that nobody had before cost more than everything else. ``cpu`` is the
processor time of all threads over numpy's, which other processes on the machine disturb less. Each measurement
of memory runs in a process of its own, where nothing else raises the peak. ``--callbacks`` instead measures the time of
a step, and of an epoch beside its steps, with EarlyStopping, ModelCheckpoint and CSVLogger and without them.
"""

import argparse
import ctypes
import gc
import os
import random
import subprocess
import sys
import tempfile
import time

import numpy as np

FORMATS = ("numpy", "m.keras", "m.h5", "w.weights.h5", "w.h5", "w.weights.json", "w.safetensors")


def make(millions):
    """A model of about so many parameters in layers of four million."""
    import jkeras as keras

    size = 2000
    blocks = [keras.layers.Dense(size, use_bias=False, name=f"d{i}") for i in range(max(1, round(millions / 4)))]
    return keras.Sequential([keras.Input((size,)), *blocks])


def save(model, folder, name):
    """Writes the model, or its arrays with numpy."""
    path = os.path.join(folder, name)
    if name == "numpy":
        with open(path, "wb") as f:
            np.savez(f, *[np.asarray(v.value) for v in model.weights])
            f.flush()
            os.fsync(f.fileno())
    elif name.startswith("m."):
        model.save(path)
    else:
        model.save_weights(path, **({"max_shard_size": 0.1} if name.endswith(".json") else {}))


def load(model, folder, name):
    """Reads it again; what comes back holds the arrays."""
    import jkeras as keras

    path = os.path.join(folder, name)
    if name == "numpy":
        with np.load(path) as arrays:
            return [arrays[k] for k in arrays.files]
    if name.startswith("m."):
        found = keras.models.load_model(path)
        return found, [v.value for v in found.weights]
    model.load_weights(path)
    return None


def times(millions, repeats):
    """{format: (seconds to save, seconds to load, the same in processor time)}, the best of so many rounds."""
    model = make(millions)
    model.get_weights()
    found = {name: ([], [], [], []) for name in FORMATS}
    order, draw = list(FORMATS), random.Random(0)
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(repeats):
            draw.shuffle(order)
            for name in order:
                for number, work in enumerate((save, load)):
                    start, used = time.perf_counter(), time.process_time()
                    held = work(model, folder, name)
                    found[name][number].append(time.perf_counter() - start)
                    found[name][number + 2].append(time.process_time() - used)
                    del held
    return {name: tuple(map(min, kept)) for name, kept in found.items()}


def high_water():
    """The highest resident size of this process since the mark was reset, in bytes."""
    with open("/proc/self/status") as f:
        return next(int(line.split()[1]) * 1024 for line in f if line.startswith("VmHWM"))


def peak(name, millions, action):
    """Runs in a process of its own: the peak on top of what was there before, over the size of the parameters."""
    model = make(millions)
    with tempfile.TemporaryDirectory() as folder:
        size = sum(4 * v.size for v in model.weights)
        model.get_weights()
        if action == "load":
            save(model, folder, name)
            model = make(millions)  # nothing is held before a load
        gc.collect()
        ctypes.CDLL(None).malloc_trim(0)  # what was freed is not to be used again unseen
        with open("/proc/self/clear_refs", "w") as f:
            f.write("5")
        before = high_water()
        held = (save if action == "save" else load)(model, folder, name)
        above = high_water() - before
        del held
    print(f"{above / size:.3f}")


def peaks(millions):
    """{format: (peak of saving, peak of loading)} as multiples of the parameters."""
    found = {}
    for name in FORMATS:
        both = []
        for action in ("save", "load"):
            command = [sys.executable, "-m", "benchmarks.saving", "--peak", name, action, "--millions", str(millions)]
            both.append(float(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
        found[name] = both
    return found


def callbacks(steps=200_000, repeats=7):
    """What the three callbacks cost a step, from epochs of two lengths, and once an epoch: a save and a line of text."""
    import jkeras as keras

    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    x = np.random.default_rng(0).standard_normal((steps * 4, 8), dtype="float32")
    y = x.sum(axis=1, keepdims=True)
    lengths = (steps // 4, steps)
    found = {(kind, n): ([], []) for kind in ("without", "with") for n in lengths}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(repeats + 1):
            for (kind, n), (wall, cpu) in found.items():
                used = [
                    keras.callbacks.EarlyStopping("loss", patience=100),
                    keras.callbacks.ModelCheckpoint(os.path.join(folder, "m.keras"), monitor="loss"),
                    keras.callbacks.CSVLogger(os.path.join(folder, "log.csv")),
                ]
                start, ran = time.perf_counter(), time.process_time()
                given = used if kind == "with" else None
                model.fit(x[: n * 4], y[: n * 4], batch_size=4, epochs=1, verbose=0, callbacks=given)
                wall.append(time.perf_counter() - start)
                cpu.append(time.process_time() - ran)
    print(f"{'':8}{'us a step':>12}{'processor':>12}{'ms an epoch':>14}{'processor':>12}")
    for kind in ("without", "with"):
        row = []
        for clock in range(2):
            short, long = (min(found[kind, n][clock][1:]) for n in lengths)  # the first compiles
            step = (long - short) / (lengths[1] - lengths[0])
            row += [step * 1e6, (short - step * lengths[0]) * 1e3]
        print(f"{kind:8}{row[0]:12.2f}{row[2]:12.2f}{row[1]:14.1f}{row[3]:12.1f}")


def main():
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--millions", type=float, default=100)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--callbacks", action="store_true")
    parser.add_argument("--peak", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.callbacks:
        callbacks()
    elif given.peak:
        peak(given.peak[0], given.millions, given.peak[1])
    else:
        taken, needed = times(given.millions, given.repeats), peaks(given.millions)
        head = "".join(f"{what + ' s':>9}{'ratio':>7}{'cpu':>7}{'peak':>7}" for what in ("save", "load"))
        print(f"{'':16}{head}")
        for name in FORMATS:
            ratios = [t / n for t, n in zip(taken[name], taken["numpy"], strict=True)]
            for number in range(2):
                print(
                    f"{name if not number else '':{16 * (1 - number)}}{taken[name][number]:9.2f}{ratios[number]:7.2f}"
                    f"{ratios[number + 2]:7.2f}{needed[name][number]:7.2f}",
                    end="\n" if number else "",
                )


if __name__ == "__main__":
    main()

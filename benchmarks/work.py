"""The worker: one implementation in a process of its own, which prepares a measurement and then times it as often as asked.

Reads lines of JSON, {"what": ..., "net": ...}, and answers each with a line: the first one for a pair prepares (builds,
compiles, warms up), each further one gives a sample. Runs in the environment of any of the peers:

    python -m benchmarks.work jkeras
"""

import gc
import json
import os
import sys
import time

import numpy as np

HAND = "hand"
QUICK = 200  # calls in a sample of what takes far less than a millisecond


def load(impl):
    """The Keras module of an implementation."""
    if impl == "jkeras":
        import jkeras as keras
    elif impl == "keras3":
        os.environ["KERAS_BACKEND"] = "jax"
        import keras
    else:
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
        import tf_keras as keras
    return keras


def compiled(impl, net):
    keras = load(impl)
    keras.utils.set_random_seed(0)
    model = net.build(keras)
    model.compile(optimizer=net.optimizer, loss=net.loss, metrics=["accuracy"])
    return model


def data_of(net):
    return tuple(part[: net.rows] for part in net.data())


def trainer(net, x, y):
    from benchmarks.handwritten import Trainer

    return Trainer(net, x, y)


# ------------------------------------------------- what is measured: (impl, net) -> sample(), which gives a dict


def fit(impl, net, loop=None):
    """Seconds per step of one epoch of `fit`; its loss."""
    x, y = data_of(net)
    steps = -(-len(x) // net.batch)
    if impl == HAND:
        hand = trainer(net, x, y)

        def epoch():
            return hand.run(loop)
    else:
        model = compiled(impl, net)

        def epoch():
            logs = model.fit(x, y, batch_size=net.batch, epochs=1, verbose=0).history
            return logs["loss"][0], logs["accuracy"][0]

    epoch()

    def sample():
        start = time.perf_counter()
        loss, accuracy = epoch()
        return {"seconds": (time.perf_counter() - start) / steps, "loss": loss, "accuracy": accuracy}

    return sample


def each(function):
    """A sample of many calls: the fastest tenth, without the luckiest."""
    for _ in range(20):
        function()

    def sample():
        times = []
        for _ in range(QUICK):
            start = time.perf_counter()
            function()
            times.append(time.perf_counter() - start)
            if len(times) >= 20 and sum(times) > 2.0:  # one call of an LSTM step by step may take a quarter of a second
                break
        return {"seconds": sorted(times)[len(times) // 10]}

    return sample


def predict(impl, net):
    """Seconds of the prediction of one row, from numpy to numpy."""
    x, y = (part[:1] for part in net.data())
    if impl == HAND:
        call = trainer(net, x, y).predictor()
        return each(lambda: call(x))
    model = compiled(impl, net)
    return each(lambda: model.predict(x, verbose=0))


def call(impl, net):
    """Seconds of `model(x)` for one row."""
    if impl == HAND:
        return predict(impl, net)
    x, model = net.data()[0][:1], compiled(impl, net)
    return each(lambda: np.asarray(model(x)))


def evaluate(impl, net):
    """Seconds per step of `evaluate`."""
    x, y = data_of(net)
    steps = -(-len(x) // net.batch)
    if impl == HAND:
        hand = trainer(net, x, y)
        run = hand.evaluate
    else:
        model = compiled(impl, net)

        def run():
            return model.evaluate(x, y, batch_size=net.batch, verbose=0)

    return whole(run, steps)


def whole(run, steps=1):
    """A sample of one call, per step."""
    run()

    def sample():
        start = time.perf_counter()
        run()
        return {"seconds": (time.perf_counter() - start) / steps}

    return sample


def many(impl, net):
    """Seconds of the predictions of 100,000 rows with a ragged last batch, and of other numbers of rows after them."""
    rows = 100_000
    x, y = net.data()
    x = np.concatenate([x] * (rows // len(x) + 1))
    lengths = (rows, rows - 1, 5_003, 999, 100)
    if impl == HAND:
        call = trainer(net, x[: net.batch], y[: net.batch]).predictor()

        def predict_all(x):
            return np.concatenate([call(x[i : i + 256]) for i in range(0, len(x), 256)])
    else:
        model = compiled(impl, net)

        def predict_all(x):
            return model.predict(x, batch_size=256, verbose=0)

    sample = whole(lambda: [predict_all(x[:n]) for n in lengths])

    def counted():
        result = sample()
        if impl == "jkeras":
            result["programs"] = load(impl).utils.compilations(model)["predict"]
        return result

    return counted


def row(impl, net):
    """Seconds of the evaluation of one row."""
    x, y = (part[:1] for part in net.data())
    if impl == HAND:
        return each(trainer(net, x, y).evaluate)
    model = compiled(impl, net)
    return each(lambda: model.evaluate(x, y, verbose=0))


def lengths(impl, net):
    """Seconds of the evaluations of changing numbers of rows, the first time: what is compiled for them counts."""
    x, y = net.data()
    numbers = iter(range(997, 64_000, 1_001))
    if impl == HAND:
        hand = trainer(net, x, y)
        hand.evaluate()

        def evaluate(n):
            hand.x, hand.y = x[:n], y[:n]
            hand.evaluate()
    else:
        model = compiled(impl, net)
        model.evaluate(x, y, batch_size=net.batch, verbose=0)

        def evaluate(n):
            model.evaluate(x[:n], y[:n], batch_size=net.batch, verbose=0)

    def sample():
        start = time.perf_counter()
        for _ in range(4):
            evaluate(next(numbers))
        result = {"seconds": (time.perf_counter() - start) / 4}
        if impl == "jkeras":
            result["programs"] = sum(p._compiled._cache_size() for p in model._programs["session"]._epoch.values())
        return result

    return sample


def stream(kind, impl, net):
    """Seconds per step of `fit` on a stream of batches that cost next to nothing to make."""
    x, y = (part[:20_000] for part in data_of(net))
    steps = len(x) // net.batch
    parts = [(x[i * net.batch : (i + 1) * net.batch], y[i * net.batch : (i + 1) * net.batch]) for i in range(steps)]

    def generate():
        while True:
            yield from parts

    if impl == HAND:
        hand = trainer(net, x, y)
        return whole(lambda: hand.on_stream(parts), steps)
    keras, model = load(impl), compiled(impl, net)
    if kind == "generator":
        given, more = generate(), {"steps_per_epoch": steps}
    elif kind == "dataset":
        given, more = dataset(keras, parts)
    else:
        given, more = Loader(parts), {}
    return whole(lambda: model.fit(given, epochs=1, verbose=0, shuffle=False, **more), steps)


def dataset(keras, parts):
    """A PyDataset (Sequence in tf_keras) of batches, with two workers."""
    base = getattr(keras.utils, "PyDataset", None) or keras.utils.Sequence

    class Parts(base):
        def __len__(self):
            return len(parts)

        def __getitem__(self, index):
            return parts[index]

    if base.__name__ == "Sequence":
        return Parts(), {"workers": 2}
    return Parts(workers=2), {}


class Loader:
    """What a DataLoader is to `fit`: an iterable of batches with a length."""

    def __init__(self, parts):
        self.parts = parts

    def __len__(self):
        return len(self.parts)

    def __iter__(self):
        return iter(self.parts)


def memory(impl, net):
    """Bytes that the compiled train step needs at a time: arguments, results and what it computes in between."""
    x, y = (part[: net.batch] for part in net.data())
    if impl == HAND:
        program, arguments = trainer(net, x, y).step_program()
    else:
        model = compiled(impl, net)
        model.fit(x, y, batch_size=net.batch, verbose=0)
        program, arguments = step_program(model, x, y)
    found = program.lower(*arguments).compile().memory_analysis()
    peak = found.argument_size_in_bytes + found.output_size_in_bytes - found.alias_size_in_bytes
    return lambda: {"seconds": (peak + found.temp_size_in_bytes) / 1e6}


def step_program(model, x, y):
    """The program that `fit` ran, and arguments for it."""
    import jax

    session = model._programs["session"]
    program = next(iter(session._epoch.values()))
    order = jax.numpy.arange(len(x), dtype="int32")
    arguments = (*session._gather("train"), (x, y, None), order, 0)
    return program._compiled, (*arguments, 1) if program.loops else arguments


WHAT = {
    "fit": fit,
    "host": lambda impl, net: fit(impl, net, "host"),
    "device": lambda impl, net: fit(impl, net, "device"),
    "scan": lambda impl, net: fit(impl, net, "scan"),
    "predict": predict,
    "call": call,
    "evaluate": evaluate,
    "many": many,
    "lengths": lengths,
    "row": row,
    "memory": memory,
    "generator": lambda impl, net: stream("generator", impl, net),
    "dataset": lambda impl, net: stream("dataset", impl, net),
    "loader": lambda impl, net: stream("loader", impl, net),
}


def main():
    from benchmarks.nets import NETS

    impl = sys.argv[1]
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the libraries print goes elsewhere
    samples, now = {}, None
    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        key = asked["what"], asked["net"]
        if now != asked["net"]:
            samples.clear()
            gc.collect()
            now = asked["net"]
        try:
            if key not in samples:
                samples[key] = WHAT[asked["what"]](impl, NETS[asked["net"]])
                result = {"prepared": True}
            else:
                result = samples[key]()
        except Exception as error:  # a peer that cannot do it: the table says so
            result = {"failed": f"{type(error).__name__}: {error}"[:300]}
        print(json.dumps(result), file=answers, flush=True)


if __name__ == "__main__":
    main()

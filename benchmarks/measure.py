"""One measurement in a process of its own; prints one line of JSON. Runs in the environment of any of the peers.

python -m benchmarks.measure jkeras fit coffee
"""

import json
import os
import resource
import sys
import time

START = time.perf_counter()
HAND = ("host", "device", "scan")
ROUNDS = {"fit": 3, "predict": 300, "call": 300}


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


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


def fit(impl, net):
    """Seconds per step of `fit`, the best of a few rounds after a warm-up epoch; the loss of each epoch."""
    x, y = (part[: net.rows] for part in net.data())
    steps = -(-len(x) // net.batch)
    if impl in HAND:
        from benchmarks.handwritten import Trainer

        trainer = Trainer(net, x, y)

        def epoch():
            return trainer.run(impl)
    else:
        model = compiled(impl, net)

        def epoch():
            logs = model.fit(x, y, batch_size=net.batch, epochs=1, verbose=0).history
            return logs["loss"][0], logs["accuracy"][0]

    results, times = [epoch()], []
    for _ in range(ROUNDS["fit"]):
        start = time.perf_counter()
        results.append(epoch())
        times.append((time.perf_counter() - start) / steps)
    return {"seconds": min(times), "loss": results[-1][0], "accuracy": results[-1][1]}


def repeated(function):
    for _ in range(20):
        function()
    times = []
    for _ in range(ROUNDS["predict"]):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return {"seconds": sorted(times)[len(times) // 10]}  # the fastest tenth, without the luckiest


def predict(impl, net):
    """Seconds of the prediction of one row, as a numpy array."""
    x, y = (part[:1] for part in net.data())
    if impl in HAND:
        from benchmarks.handwritten import Trainer

        call = Trainer(net, x, y).predictor()
        return repeated(lambda: call(x))
    model = compiled(impl, net)
    return repeated(lambda: model.predict(x, verbose=0))


def call(impl, net):
    """Seconds of `model(x)` for one row, as a numpy array."""
    import numpy as np

    if impl in HAND:
        return predict(impl, net)
    x = net.data()[0][:1]
    model = compiled(impl, net)
    return repeated(lambda: np.asarray(model(x)))


def first(impl, net):
    """Seconds from the start of the process's own code to the end of the first step: import, build, compile, step."""
    data_start = time.perf_counter()
    x, y = (part[: net.batch] for part in net.data())
    data = time.perf_counter() - data_start
    if impl in HAND:
        from benchmarks.handwritten import Trainer

        Trainer(net, x, y).run("host")
    else:
        compiled(impl, net).fit(x, y, batch_size=net.batch, epochs=1, verbose=0)
    return {"seconds": time.perf_counter() - START - data}


def imports(impl, net):
    """CPU seconds (user and system) of the import alone."""
    before = cpu()
    if impl in HAND:
        import jax  # noqa: F401
        import optax  # noqa: F401
    else:
        load(impl)
    return {"seconds": cpu() - before}


def names(impl, net):
    """CPU seconds of the import and of the names that a first script uses."""
    before = cpu()
    if impl in HAND:
        import jax  # noqa: F401
        import optax  # noqa: F401
    else:
        keras = load(impl)
        keras.Sequential, keras.layers.Dense, keras.optimizers.Adam, keras.losses, keras.metrics  # noqa: B018
    return {"seconds": cpu() - before}


def main():
    impl, what, net = sys.argv[1:4]
    if what in ("import", "names"):
        result = {"import": imports, "names": names}[what](impl, None)
    else:
        from benchmarks.nets import NETS

        result = {"fit": fit, "predict": predict, "call": call, "first": first}[what](impl, NETS[net])
    print("RESULT " + json.dumps(result), flush=True)


if __name__ == "__main__":
    main()

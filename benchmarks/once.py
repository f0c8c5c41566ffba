"""One measurement of what a process can do only once; prints one line of JSON. Runs in the environment of any of the peers.

python -m benchmarks.once jkeras first mnist128
"""

import json
import resource
import sys
import time

START = time.perf_counter()


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def load(impl):
    from benchmarks.work import load

    return load(impl)


def first(impl, net):
    """Seconds from the start of the process's own code to the end of the first step: import, build, compile, step."""
    from benchmarks.work import HAND, compiled, trainer

    begin = time.perf_counter()
    x, y = (part[: net.batch] for part in net.data())
    data = time.perf_counter() - begin
    if impl == HAND:
        trainer(net, x, y).run("host")
    else:
        compiled(impl, net).fit(x, y, batch_size=net.batch, epochs=1, verbose=0)
    return time.perf_counter() - START - data


def imports(impl, net):
    """CPU seconds (user and system) of the import alone; jkeras loads jax with the first name that needs it."""
    before = cpu()
    if impl == "hand":
        import jax  # noqa: F401
        import optax  # noqa: F401
    else:
        load(impl)
    return cpu() - before


def names(impl, net):
    """CPU seconds of the import and of the names that a first script uses."""
    before = cpu()
    if impl == "hand":
        import jax  # noqa: F401
        import optax  # noqa: F401
    else:
        keras = load(impl)
        keras.Sequential, keras.layers.Dense, keras.optimizers.Adam, keras.losses, keras.metrics  # noqa: B018
    return cpu() - before


def build(impl, net):
    """Seconds to build the model and to make its weights."""
    keras = load(impl)
    small = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(1)])
    small.get_weights()
    start = time.perf_counter()
    model = net.build(keras)
    model.get_weights()
    return time.perf_counter() - start


def compiling(impl, net):
    """Seconds of the first call of train_on_batch, less those of a later one."""
    from benchmarks.work import compiled

    model = compiled(impl, net)
    model.get_weights()
    x, y = (part[: net.batch] for part in net.data())
    times = []
    for _ in range(3):
        start = time.perf_counter()
        model.train_on_batch(x, y)
        times.append(time.perf_counter() - start)
    return times[0] - min(times[1:])


WHAT = {"first": first, "import": imports, "names": names, "build": build, "compile": compiling}


def main():
    impl, what, net = sys.argv[1:4]
    if net == "-":
        seconds = WHAT[what](impl, None)
    else:
        from benchmarks.nets import NETS

        seconds = WHAT[what](impl, NETS[net])
    print("RESULT " + json.dumps({"seconds": seconds}), flush=True)


if __name__ == "__main__":
    main()

"""Stores the text that real progress bars print: golden/progress_<impl>.json.

    python compat_tests/make_progress_golden.py IMPL     # IMPL: keras3, tf_keras or keras224, run in its environment

The clock is a fake one, so that the text is the same on every run.
"""

import io
import json
import pathlib
import sys
import time

GOLDEN = pathlib.Path(__file__).parent / "golden"


class Terminal(io.StringIO):
    """Standard output that says it is a terminal."""

    def isatty(self):
        return True


def printed(action, *arguments):
    """What `action(clock, *arguments)` prints, where clock(seconds) lets time pass."""
    out, kept, real, now = Terminal(), sys.stdout, time.time, [1000.0]

    def clock(seconds):
        now[0] += seconds

    sys.stdout, time.time = out, lambda: now[0]
    try:
        action(clock, *arguments)
    finally:
        sys.stdout, time.time = kept, real
    return out.getvalue()


# Options of Progbar, then (seconds that pass, method, current or n, values) for each call.
BARS = {
    "five steps": ({"target": 5}, [(0.3, "update", i, [("loss", 1 / i), ("acc", 0.5)]) for i in range(1, 6)]),
    "add": (
        {"target": 5, "stateful_metrics": ["acc"]},
        [(0.3, "add", 1, [("loss", 1 / i), ("acc", 0.5 * i)]) for i in range(1, 6)],
    ),
    "samples": ({"target": 70}, [(0.01, "add", n, [("loss", 2.0)]) for n in (32, 32, 6)]),
    "unknown target": ({"target": None}, [(0.2, "update", i, [("loss", 1e-5)]) for i in range(1, 4)]),
    "too fast to show": ({"target": 3}, [(1e-4, "update", i, [("loss", i)]) for i in (1, 2, 3)]),
    "verbose 0": ({"target": 3, "verbose": 0}, [(1, "update", i, [("loss", i)]) for i in (1, 2, 3)]),
    "verbose 2": ({"target": 12, "verbose": 2}, [(2, "update", i, [("loss", 1 / i)]) for i in range(1, 13)]),
    "verbose 2, negative": ({"target": 2, "verbose": 2}, [(2, "update", i, [("loss", -1.5)]) for i in (1, 2)]),
    "verbose 2, no values": ({"target": 2, "verbose": 2}, [(2, "update", i, None) for i in (1, 2)]),
    "hours": (
        {"target": 200, "width": 10},
        [(0, "update", 0, None), (100, "update", 1, None), (0.01, "update", 2, None), (50, "update", 10, [("x", -3)]),
         (5, "update", 200, [("x", 12345.678)])],
    ),
    "line gets shorter": (
        {"target": 3, "stateful_metrics": ["x"]},
        [(1, "update", 1, [("x", 123456.0)]), (1, "update", 2, [("x", 1.0)]), (1, "update", 3, [("x", 1e-4)])],
    ),
    "target 0": ({"target": 0}, [(1, "update", 1, [("x", 1.0)])]),
    "wide": ({"target": 1000, "width": 40, "interval": 1}, [(0.4, "add", 200, [("x", 1.0)]) for _ in range(5)]),
}  # fmt: skip


def run_bar(clock, Progbar, options, calls):
    """Makes a bar and calls it."""
    bar = Progbar(**options)
    for seconds, method, number, values in calls:
        clock(seconds)
        getattr(bar, method)(number, values)


def run_fit(clock, make_logger, epochs, verbose, validation):
    """Calls the hooks of a progress logger as fit does: 3 batches of 2 samples an epoch."""
    logger = make_logger()
    metrics = ["loss", "acc"] + (["val_loss", "val_acc"] if validation else [])
    logger.set_params({"verbose": verbose, "epochs": epochs, "steps": 3, "samples": 6, "batch_size": 2,
                       "do_validation": validation, "metrics": metrics})  # fmt: skip
    logger.on_train_begin({})
    for epoch in range(epochs):
        logger.on_epoch_begin(epoch, {})
        for batch in range(3):
            begin = getattr(logger, "on_train_batch_begin", logger.on_batch_begin)
            begin(batch, {"batch": batch, "size": 2})
            clock(0.25)
            logs = {"loss": 1 / (batch + 1), "acc": 0.5}
            end = getattr(logger, "on_train_batch_end", None)
            end(batch, logs) if end else logger.on_batch_end(batch, {"batch": batch, "size": 2, **logs})
        clock(0.5)
        logger.on_epoch_end(epoch, {"loss": 0.6, "acc": 0.5, "val_loss": 0.7, "val_acc": 0.4} if validation else
                            {"loss": 0.6, "acc": 0.5})  # fmt: skip
    logger.on_train_end({})


def run_evaluate(clock, make_logger, verbose):
    """Calls the hooks as evaluate and predict do."""
    logger = make_logger()
    logger.set_params({"verbose": verbose, "epochs": 1, "steps": 2})
    logger.on_test_begin({})
    for batch in range(2):
        logger.on_test_batch_begin(batch, {})
        clock(0.25)
        logger.on_test_batch_end(batch, {"loss": 1 / (batch + 1)})
    logger.on_test_end({"loss": 0.6})
    logger.on_predict_begin({})
    for batch in range(2):
        logger.on_predict_batch_begin(batch, {})
        clock(0.25)
        logger.on_predict_batch_end(batch, {"outputs": [1]})
    logger.on_predict_end({})


def everything(Progbar, loggers, skip=()):
    """All texts; `loggers` maps a name to a function that makes a ProgbarLogger."""
    texts = {f"bar: {name}": printed(run_bar, Progbar, *case) for name, case in BARS.items() if name not in skip}
    for name, make in loggers.items():
        for epochs, verbose, validation in ((1, 1, False), (2, 1, True), (2, 2, True), (1, 2, False), (2, 0, False)):
            if verbose == 0 and not hasattr(make(), "on_test_begin"):
                continue  # 2.2.4 makes no logger then
            key = f"fit: {name}, epochs {epochs}, verbose {verbose}{', validation' if validation else ''}"
            texts[key] = printed(run_fit, make, epochs, verbose, validation)
        if hasattr(make(), "on_test_begin"):
            for verbose in (1, 2):
                texts[f"evaluate and predict: {name}, verbose {verbose}"] = printed(run_evaluate, make, verbose)
    return texts


def main(impl):
    """Writes the golden file of one implementation."""
    if impl == "tf_keras":
        import tf_keras as keras
    else:
        import keras
    Logger = keras.callbacks.ProgbarLogger
    if impl == "keras3":
        loggers = {"logger": Logger}
    else:
        loggers = {
            "steps": lambda: Logger("steps", ["loss", "acc"]),
            "samples": lambda: Logger("samples", ["loss", "acc"]),
        }
    if impl == "tf_keras":  # it counts samples from logs["size"] only; as fit makes it
        del loggers["samples"]
    skip = () if impl == "keras3" else ("target 0",)  # the older ones raise OverflowError
    data = {"made_by": f"{impl} {keras.__version__}", "texts": everything(keras.utils.Progbar, loggers, skip)}
    path = GOLDEN / f"progress_{impl}.json"
    path.write_text(json.dumps(data, indent=1, sort_keys=True) + "\n")
    print(f"{path.name}: {len(data['texts'])} texts")


if __name__ == "__main__":
    main(sys.argv[1])

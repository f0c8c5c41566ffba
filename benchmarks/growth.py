"""How the time of a step grows: with depth, number of weights, batch and callbacks; tables, and plots as PNG.

    python -m benchmarks.growth [--plots FOLDER] [--depths 1 3 10 30 100 300]

"by hand" is the loop over a jitted step with data on the device (handwritten.py's `device`). Plots need matplotlib (the
`plot` extra).
"""

import argparse
import time
from pathlib import Path

import numpy as np

WIDTH, BATCH, STEPS = 32, 32, 64


def data(batch=BATCH, steps=STEPS, width=WIDTH):
    rng = np.random.default_rng(0)
    return rng.standard_normal((batch * steps, width), "float32"), rng.integers(0, 10, batch * steps).astype("int32")


def net(depth, width=WIDTH):
    import jkeras as keras

    hidden = [keras.layers.Dense(width, activation="relu") for _ in range(depth - 1)]
    model = keras.Sequential([keras.layers.Input((width,)), *hidden, keras.layers.Dense(10)])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def best(run, rounds=5, least=0.3):
    """The fastest of some runs, at least ``least`` seconds of them."""
    run()
    times, begin = [], time.perf_counter()
    while len(times) < rounds or time.perf_counter() - begin < least:
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def fit_time(model, x, y, batch=BATCH, callbacks=None):
    """Seconds of a step of `fit`."""
    steps = len(x) // batch
    return best(lambda: model.fit(x, y, batch_size=batch, verbose=0, shuffle=False, callbacks=callbacks)) / steps


def host_time(model, x, y):
    """Seconds of the host for a step of `fit`: what its profile calls host, by the number of steps."""
    import jkeras

    reports = [jkeras.utils.profile(model, x, y, batch_size=BATCH, epochs=20, verbose=0) for _ in range(3)]
    return min(report.host / report.steps for report in reports)


def call_time(model):
    """Seconds to take the arrays of all weights out of their cells and to put them back, which each call of a program costs."""
    from jkeras.train import programs

    session = model._programs["session"]
    return (
        best(lambda: [programs.put_back_carry(session.plan, programs.gather_carry(session.plan)) for _ in range(100)])
        / 100
    )


def by_hand(depth, x, y, width=WIDTH):
    """Seconds of a step of a hand-written loop over the same net."""
    import jax
    import jax.numpy as jnp
    import optax

    sizes = [(width, width)] * (depth - 1) + [(width, 10)]
    keys = jax.random.split(jax.random.key(0), depth)
    params = [(jax.nn.initializers.glorot_uniform()(k, s), jnp.zeros(s[1])) for k, s in zip(keys, sizes)]
    x, y = jax.device_put((x, y))

    def loss(params, x, y):
        for w, b in params[:-1]:
            x = jax.nn.relu(x @ w + b)
        logits = x @ params[-1][0] + params[-1][1]
        return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()

    def step(params, total, x, y, first):
        x, y = (jax.lax.dynamic_slice_in_dim(a, first, BATCH) for a in (x, y))
        value, gradient = jax.value_and_grad(loss)(params, x, y)
        return jax.tree.map(lambda p, g: p - 0.01 * g, params, gradient), total + value

    step = jax.jit(step, donate_argnums=(0, 1))
    carry = [params, jnp.zeros(())]

    def epoch():
        for first in range(0, len(x), BATCH):
            carry[:] = step(*carry, x, y, first)
        jax.block_until_ready(carry)

    return best(epoch) / (len(x) // BATCH)


# ------------------------------------------------- the four questions


def depth(options):
    x, y = data()
    rows = []
    for n in options.depths:
        model = net(n)
        ours = fit_time(model, x, y)
        hand = by_hand(n, x, y)
        single = fit_time(model, x, y, callbacks=[hooked("on_train_batch_end")()])
        times = [seconds * 1e6 for seconds in (ours, hand, single, host_time(model, x, y), call_time(model))]
        rows.append((n, 2 * n, *times, ours / hand))
    head = [
        "layers",
        "weights",
        "fit, µs",
        "by hand, µs",
        "fit step by step, µs",
        "host in fit, µs",
        "weights in and out, µs",
    ]
    head.append("fit / by hand")
    return head, rows


def batch(options):
    rows = []
    for size in options.batches:
        x, y = data(size, max(16, 2048 // size))
        seconds = fit_time(net(3), x, y, size)
        rows.append((size, seconds * 1e6, seconds / size * 1e6))
    return ["batch", "fit, µs a step", "µs a sample"], rows


def hooked(hook, reads=False):
    """A class of callbacks with one hook, which reads the loss or does nothing."""
    from jkeras.callbacks import Callback

    def called(self, number, logs=None):
        if reads:
            logs["loss"]

    return type("Hooked", (Callback,), {hook: called})


def callbacks(options):
    kinds = hooked("on_epoch_end"), hooked("on_train_batch_end"), hooked("on_train_batch_end", reads=True)
    x, y = data()
    model, rows = net(3), []
    for count in (0, 1, 4, 16):
        row = [count]
        for kind in kinds:
            row.append(fit_time(model, x, y, callbacks=[kind() for _ in range(count)]) * 1e6)
        rows.append(tuple(row))
    return ["callbacks", "with epoch hooks, µs", "with batch hooks, µs", "reading the loss each batch, µs"], rows


# ------------------------------------------------- what is shown


def table(head, rows):
    def text(value):
        return str(value) if isinstance(value, int) else f"{value:.3g}" if value < 1000 else f"{value:.0f}"

    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(map(text, row)) + " |" for row in rows])


def plot(folder, name, head, rows, columns, title, logarithmic=True):
    """A PNG with some columns against the first one."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(5.5, 3.6), layout="constrained")
    for column in columns:
        axes.plot([row[0] for row in rows], [row[column] for row in rows], marker="o", label=head[column])
    if logarithmic:
        axes.set_xscale("log")
        axes.set_yscale("log")
    axes.set(xlabel=head[0], ylabel="µs", title=title)
    axes.grid(alpha=0.3)
    axes.legend()
    folder.mkdir(parents=True, exist_ok=True)
    figure.savefig(folder / f"{name}.png", dpi=110)
    plt.close(figure)


QUESTIONS = (
    (depth, "growth_depth", (2, 3, 4, 5), "A step against depth (32 wide, batch 32)"),
    (batch, "growth_batch", (1, 2), "A step against batch (3 layers)"),
    (callbacks, "growth_callbacks", (1, 2, 3), "A step against callbacks (3 layers, batch 32)"),
)


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__.split("\n")[0])
    parser.add_argument("--plots", metavar="FOLDER", help="where the PNG files go; none without")
    parser.add_argument("--depths", type=int, nargs="+", default=[1, 3, 10, 30, 100, 300])
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 4, 16, 64, 256, 1024])
    options = parser.parse_args()
    for question, name, columns, title in QUESTIONS:
        head, rows = question(options)
        print(table(head, rows), end="\n\n", flush=True)
        if options.plots:
            plot(Path(options.plots), name, head, rows, columns, title, logarithmic=name != "growth_callbacks")


if __name__ == "__main__":
    main()

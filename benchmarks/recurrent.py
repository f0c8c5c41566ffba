"""Measures what nn/recurrent.py claims: recurrences and `fit` of Embedding-LSTM-Dense against `lax.scan` by hand.

    python -m benchmarks.recurrent [--units 64] [--batch 64] [--steps 40] [--rounds 20]

Times are milliseconds, best of the rounds; within a round the implementations follow each other. "inside" projects the input in
the loop, "outside" for all steps before it: both are what one writes by hand.
"""

import argparse
import time

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax

from jkeras.nn import recurrent as nn


def by_hand(inside):
    def lstm(params, x):
        kernel, recurrent, bias = params
        units = recurrent.shape[0]

        def step(state, x):
            h, c = state
            i, f, g, o = jnp.split((x @ kernel + bias if inside else x) + h @ recurrent, 4, axis=-1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            return (jax.nn.sigmoid(o) * jnp.tanh(c), c), None

        xs = jnp.swapaxes(x, 0, 1)
        zeros = jnp.zeros((x.shape[0], units))
        return lax.scan(step, (zeros, zeros), xs if inside else xs @ kernel + bias)[0][0]

    return lstm


def ours(elementwise):
    def lstm(params, x):
        kernel, recurrent, bias = params
        zeros = jnp.zeros((x.shape[0], recurrent.shape[0]))
        projected = nn.project(jnp.swapaxes(x, 0, 1), kernel, bias)
        acts = (jnp.tanh, jax.nn.sigmoid)
        return nn.run(nn.LSTM, acts, projected, recurrent, None, (zeros, zeros), elementwise=elementwise)[1][0]

    return lstm


def clock(runs, rounds):
    """Best time of each of several functions, in ms."""
    for run in runs.values():
        run()
    best = dict.fromkeys(runs, np.inf)
    for _ in range(rounds):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            best[name] = min(best[name], (time.perf_counter() - start) * 1e3)
    return best


def recurrences(options):
    rng, units = np.random.default_rng(0), options.units
    x = jnp.asarray(rng.normal(size=(options.batch, options.steps, units)), "float32")
    shapes = ((units, 4 * units), (units, 4 * units), (4 * units,))
    params = [jnp.asarray(rng.normal(size=s) * 0.1, "float32") for s in shapes]
    table = {"inside": by_hand(True), "outside": by_hand(False), "plain loop": ours(False), "here": ours(True)}
    forward, gradient = {}, {}
    for name, lstm in table.items():

        def loss(params, x, lstm=lstm):
            return jnp.sum(lstm(params, x) ** 2)

        one, two = jax.jit(loss), jax.jit(jax.value_and_grad(loss))
        forward[name] = lambda run=one: [jax.block_until_ready(run(params, x)) for _ in range(5)]
        gradient[name] = lambda run=two: [jax.block_until_ready(run(params, x)) for _ in range(5)]
    forward, gradient = clock(forward, options.rounds), clock(gradient, options.rounds)
    print("| LSTM | forward | with gradient |\n|---|---|---|")
    for name in table:
        print(f"| {name} | {forward[name] / 5:.2f} | {gradient[name] / 5:.2f} |")


def fits(options):
    import jkeras

    units, batch, steps, n = options.units, options.batch, options.steps, 20 * options.batch
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 1000, (n, steps)), rng.integers(0, 2, (n, 1)).astype("float32")
    layers = jkeras.layers
    model = jkeras.Sequential(
        [jkeras.Input((steps,), dtype="int32"), layers.Embedding(1000, units), layers.LSTM(units), layers.Dense(1)]
    )
    model.compile("adam", jkeras.losses.BinaryCrossentropy(from_logits=True))
    runs = {"fit": lambda: model.fit(x, y, batch_size=batch, epochs=1, verbose=0)}
    for name, inside in (("inside", True), ("outside", False)):
        runs[name] = hand_loop(by_hand(inside), x, y, batch, units)
    best = clock(runs, max(options.rounds // 2, 3))
    print("\n| Embedding-LSTM-Dense | ms a step |\n|---|---|")
    for name, value in best.items():
        print(f"| {name} | {value / 20:.2f} |")
    print(f"fit / by hand = {best['fit'] / min(best['inside'], best['outside']):.2f}")


def hand_loop(lstm, x, y, batch, units):
    rng = np.random.default_rng(0)
    shapes = {"e": (1000, units), "k": (units, 4 * units), "r": (units, 4 * units), "b": (4 * units,), "w": (units, 1)}
    params = {k: jnp.asarray(rng.normal(size=s) * 0.05, "float32") for k, s in shapes.items()}
    optimizer = optax.adam(1e-3)

    def loss(p, x, y):
        logits = lstm((p["k"], p["r"], p["b"]), p["e"][x]) @ p["w"]
        return jnp.mean(optax.sigmoid_binary_cross_entropy(logits, y))

    @jax.jit
    def step(params, state, x, y):
        value, gradient = jax.value_and_grad(loss)(params, x, y)
        updates, state = optimizer.update(gradient, state)
        return optax.apply_updates(params, updates), state, value

    carry = [params, optimizer.init(params)]

    def epoch():
        order = rng.permutation(len(x))
        for i in range(0, len(x), batch):
            rows = order[i : i + batch]
            *carry[:], value = step(*carry, x[rows], y[rows])
        jax.block_until_ready(value)

    return epoch


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name, value in (("units", 64), ("batch", 64), ("steps", 40), ("rounds", 20)):
        parser.add_argument(f"--{name}", type=int, default=value)
    options = parser.parse_args()
    recurrences(options)
    fits(options)


if __name__ == "__main__":
    main()

"""One update of a 784-128-10 net by jkeras's optimizers and by optax's, as calls of a compiled function and inside a scan.

    python benchmarks/optimizers.py [rounds]

Prints microseconds a step, the best of many interleaved rounds, and the ratios.
"""

import sys
import time

import jax
import jax.numpy as jnp
import numpy as np
import optax

from jkeras import optimizers

SHAPES = [(784, 128), (128,), (128, 10), (10,)]
STEPS = 200
ROWS = {
    "SGD": (optimizers.SGD(0.01), optax.sgd(0.01)),
    "SGD, momentum": (optimizers.SGD(0.01, momentum=0.9), optax.sgd(0.01, momentum=0.9)),
    "RMSprop": (optimizers.RMSprop(1e-3), optax.rmsprop(1e-3)),
    "Adam": (optimizers.Adam(1e-3), optax.adam(1e-3)),
    "AdamW": (optimizers.AdamW(1e-3), optax.adamw(1e-3)),
    "Nadam": (optimizers.Nadam(1e-3), optax.nadam(1e-3)),
    "Adagrad": (optimizers.Adagrad(1e-3), optax.adagrad(1e-3)),
    "Lion": (optimizers.Lion(1e-3), optax.lion(1e-3)),
}


def of_optax(transformation):
    """An update with the signature of ``Optimizer.update``."""

    def update(grads, state, params):
        updates, state = transformation.update(grads, state, params)
        return optax.apply_updates(params, updates), state

    return update


def calls(update):
    """Steps one by one, with donated buffers as in training."""
    compiled = jax.jit(update, donate_argnums=(1, 2))

    def run(grads, state, params):
        state, params = jax.tree.map(jnp.array, (state, params))
        start = time.perf_counter()
        for _ in range(STEPS):
            params, state = compiled(grads, state, params)
        jax.block_until_ready(params)
        return (time.perf_counter() - start) / STEPS * 1e6

    return run


def scanned(update):
    """All steps in one compiled loop."""

    @jax.jit
    def loop(grads, state, params):
        def body(carry, _):
            params, state = update(grads, carry[1], carry[0])
            return (params, state), None

        return jax.lax.scan(body, (params, state), None, length=STEPS)[0]

    def run(grads, state, params):
        start = time.perf_counter()
        jax.block_until_ready(loop(grads, state, params))
        return (time.perf_counter() - start) / STEPS * 1e6

    return run


def main(rounds=25):
    rng = np.random.default_rng(0)
    params, grads = ([jnp.asarray(rng.normal(size=s), jnp.float32) for s in SHAPES] for _ in range(2))
    print(f"{'':15}{'call: jkeras':>13}{'optax':>8}{'ratio':>7}{'scan: jkeras':>14}{'optax':>8}{'ratio':>7}")
    for name, (ours, theirs) in ROWS.items():
        shown = f"{name:15}"
        for form, width in ((calls, 13), (scanned, 14)):
            pairs = [(form(ours.update), ours.init_state(params)), (form(of_optax(theirs)), theirs.init(params))]
            best = [float("inf")] * 2
            for _ in range(rounds + 1):  # the first one compiles
                times = [run(grads, state, params) for run, state in pairs]
                best = [min(b, t) for b, t in zip(best, times)]
            shown += f"{best[0]:{width}.1f}{best[1]:8.1f}{best[0] / best[1]:7.2f}"
        print(shown, flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

"""Time per step over eight simulated devices, against a training loop written by hand with sharded arrays.

``python -m benchmarks.distribution``: a net 64-128-10 with Adam, batches of 64, weights on every device, batches split.
The devices are threads of one machine, so that a step takes far longer than on one; what is compared is the same work.
"""

import os
import time

os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=8"

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.sharding import Mesh, NamedSharding, PartitionSpec

import jkeras as keras
from jkeras import distribution, layers

ROWS, BATCH, REPEATS = 64 * 100, 64, 5
rng = np.random.default_rng(0)
X = rng.normal(size=(ROWS, 64)).astype("float32")
Y = rng.integers(0, 10, ROWS).astype("int32")


def by_hand():
    """Seconds for one epoch, as somebody who knows JAX writes it: batches placed one by one, one jitted step each."""
    mesh = Mesh(np.array(jax.devices()), ("batch",))
    rows, whole = NamedSharding(mesh, PartitionSpec("batch")), NamedSharding(mesh, PartitionSpec())
    shapes = {"a": (64, 128), "b": (128,), "c": (128, 10), "d": (10,)}
    params = jax.device_put({k: rng.normal(size=s).astype("float32") * 0.1 for k, s in shapes.items()}, whole)
    optimizer = optax.adam(1e-3)
    state = jax.device_put(optimizer.init(params), whole)

    def loss_of(p, x, y):
        out = jax.nn.relu(x @ p["a"] + p["b"]) @ p["c"] + p["d"]
        return jnp.mean(optax.softmax_cross_entropy_with_integer_labels(out, y))

    def step(params, state, total, x, y):
        loss, grads = jax.value_and_grad(loss_of)(params, x, y)
        updates, state = optimizer.update(grads, state, params)
        return optax.apply_updates(params, updates), state, total + loss

    run = jax.jit(step, donate_argnums=(0, 1, 2), out_shardings=whole)

    def epoch():
        nonlocal params, state
        total = jax.device_put(jnp.zeros(()), whole)
        order = np.random.default_rng(1).permutation(ROWS)
        for i in range(0, ROWS, BATCH):
            x, y = jax.device_put((X[order[i : i + BATCH]], Y[order[i : i + BATCH]]), rows)
            params, state, total = run(params, state, total, x, y)
            total.block_until_ready()  # steps in a queue can block the threads that simulate devices for good
        float(total)

    return epoch


def by_fit(stream):
    """The same by ``fit``, with arrays or with batches that a generator makes."""
    with distribution.DataParallel().scope():
        model = keras.Sequential([keras.Input((64,)), layers.Dense(128, activation="relu"), layers.Dense(10)])
        model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))

    def batches():
        while True:
            order = np.random.default_rng(1).permutation(ROWS)
            for i in range(0, ROWS, BATCH):
                yield X[order[i : i + BATCH]], Y[order[i : i + BATCH]]

    if stream:
        made = batches()
        return lambda: model.fit(made, steps_per_epoch=ROWS // BATCH, verbose=0)
    return lambda: model.fit(X, Y, batch_size=BATCH, verbose=0)


def main():
    forms = {"by hand": by_hand(), "fit, arrays": by_fit(False), "fit, generator": by_fit(True)}
    for _ in range(2):
        for epoch in forms.values():
            epoch()  # compiles; fit finds its pace
    best = dict.fromkeys(forms, np.inf)
    for _ in range(REPEATS):  # in turn, so that a busy machine is busy for all of them
        for name, epoch in forms.items():
            begin = time.perf_counter()
            epoch()
            best[name] = min(best[name], (time.perf_counter() - begin) / (ROWS // BATCH))
    print(f"{'8 simulated devices':<20}{'ms a step':>10}{'to by hand':>12}")
    for name, seconds in best.items():
        print(f"{name:<20}{seconds * 1e3:>10.3f}{seconds / best['by hand']:>12.2f}")


if __name__ == "__main__":
    main()

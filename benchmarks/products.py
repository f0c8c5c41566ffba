"""Measures what nn/product.py and nn/attention.py claim about the CPU.

    python -m benchmarks.products [kernels attention]

``kernels``: the kernel's gradient of a dense layer and the optimizer's update with it, as XLA computes it and turned over, for
shapes (rows, inputs, outputs); ``*`` marks what the package chooses. ``attention``: the gradient of attention over heads by
``jax.nn.dot_product_attention`` and as the package computes it on CPUs. Microseconds, best of several runs in turn.
"""

import argparse
import time

import numpy as np

KERNELS = [
    (rows, inputs, outputs) for rows in (8, 32, 128, 512) for inputs in (128, 512, 784) for outputs in (10, 24, 64, 256)
]
KERNELS += [
    (32, 25, 15),
    (32, 15, 1),
    (128, 512, 1),
    (128, 9216, 128),
    (2048, 128, 512),
    (2048, 512, 128),
    (25088, 256, 64),
]
HEADS = [(32, 64, 4, 32), (32, 20, 2, 16), (8, 128, 8, 64), (2, 512, 8, 64)]  # batch, positions, heads, size


def best_of(programs, *args, steps, rounds=7):
    """Microseconds of one of the steps of each program."""
    import jax

    best = [float("inf")] * len(programs)
    for turn in range(rounds + 1):
        for i, program in enumerate(programs):
            start = time.perf_counter()
            jax.block_until_ready(program(*args))
            best[i] = min(best[i], time.perf_counter() - start) if turn else best[i]
    return [seconds / steps * 1e6 for seconds in best]


def kernels():
    import jax
    import jax.numpy as jnp
    from jax import lax

    from jkeras.nn import product

    def update(gradient):
        def step(x, upstream, kernel, mean):
            # both factors depend on what the step before gave, as activations and their gradients do
            g = gradient(x * (1 + kernel[0, 0] * 0), upstream * (1 + mean[0, 0] * 0))
            mean = 0.9 * mean + 0.1 * g * g
            return x, upstream, kernel - 0.01 * g / (jnp.sqrt(mean) + 1e-7), mean

        return step

    forms = (lambda x, g: x.T @ g, lambda x, g: lax.optimization_barrier(g.T @ x).T)
    print(f"{'rows':>6} {'inputs':>6} {'outputs':>7} {'plain':>9} {'turned':>9}")
    for rows, inputs, outputs in KERNELS:
        steps = int(min(200, max(4, 1.5e8 / (rows * inputs * outputs + 20 * inputs * outputs + 1000))))
        rng = np.random.default_rng(0)
        shapes = ((rows, inputs), (rows, outputs), (inputs, outputs), (inputs, outputs))
        args = [jnp.asarray(rng.random(shape, "float32")) for shape in shapes]
        programs = [jax.jit(repeated(update(form), steps)) for form in forms]
        plain, turned = best_of(programs, *args, steps=steps)
        chosen = product._is_narrow(rows, inputs, outputs)
        marks = (" ", "*") if chosen else ("*", " ")
        print(f"{rows:6} {inputs:6} {outputs:7} {plain:8.1f}{marks[0]} {turned:8.1f}{marks[1]}", flush=True)


def repeated(step, steps):
    import jax

    return lambda *carry: jax.lax.fori_loop(0, steps, lambda _, carry: step(*carry), carry)


def attention():
    import jax
    import jax.numpy as jnp

    from jkeras.nn.attention import dot_product

    forms = (jax.nn.dot_product_attention, lambda q, k, v: dot_product(q, k, v, None, False, None))

    def moved(form):
        slopes = jax.grad(lambda *args: jnp.sum(form(*args) ** 2), (0, 1, 2))
        return lambda *args: tuple(a + 1e-3 * d for a, d in zip(args, slopes(*args), strict=True))

    print(f"{'batch, positions, heads, size':>30} {'library':>9} {'here':>9}")
    for shape in HEADS:
        args = [jnp.asarray(np.random.default_rng(i).standard_normal(shape, "float32")) for i in range(3)]
        library, here = best_of([jax.jit(repeated(moved(form), 5)) for form in forms], *args, steps=5)
        print(f"{shape!s:>30} {library:9.0f} {here:9.0f}", flush=True)


PARTS = {"kernels": kernels, "attention": attention}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=" ".join(PARTS))
    for part in parser.parse_args().parts or PARTS:
        PARTS[part]()

"""Memory and time of a gradient with and without rematerialisation: what core/remat.py claims.

    python -m benchmarks.memory

Blocks of four dense layers, 64-512-512-512-64 with swish, batch 512: megabytes that the compiled gradient needs beside its
arguments and results, and milliseconds, best of twenty.
"""

import time

import jax
import numpy as np

import jkeras
from jkeras import layers
from jkeras.core.remat import CPU_OPTIONS


def net(blocks, **kwargs):
    parts = [layers.Input((64,))]
    for _ in range(blocks):
        inner = [layers.Input((64,)), *(layers.Dense(512, "swish") for _ in range(3)), layers.Dense(64)]
        parts.append(jkeras.Sequential(inner, **kwargs))
    return jkeras.Sequential(parts)


def measure(model, options):
    x = np.ones((512, 64), "float32")
    params, state = model.init(0, x)
    gradient = jax.grad(lambda p: (model.apply(p, state, x, training=True)[0] ** 2).sum())
    compiled = jax.jit(gradient, compiler_options=options).lower(params).compile()
    times = []
    for _ in range(20):
        start = time.perf_counter()
        jax.block_until_ready(compiled(params))
        times.append(time.perf_counter() - start)
    return compiled.memory_analysis().temp_size_in_bytes / 1e6, min(times) * 1e3


def main():
    options = CPU_OPTIONS if jax.default_backend() == "cpu" else None
    print("| blocks | plain | `remat=True` of each block | without the CPU's option |\n|---|---|---|---|")
    for blocks in (4, 16):
        cells = [measure(net(blocks), options), measure(net(blocks, remat=True), options)]
        cells.append(measure(net(blocks, remat=True), None))
        print(f"| {blocks} | " + " | ".join(f"{size:.1f} MB, {ms:.0f} ms" for size, ms in cells) + " |", flush=True)


if __name__ == "__main__":
    main()

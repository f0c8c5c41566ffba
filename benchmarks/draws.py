"""Measures what nn/random.py and nn/platform.py claim about drawing initial weights.

    python -m benchmarks.draws [--millions 25.6]

Processor time in s, all cores together: compiling the generator, and drawing; JAX's own Threefry (a loop on the CPU) against the
expression of ``nn.random.threefry``; and arrays of 28 shapes that nobody has compiled for, by ``jnp.asarray`` and by
``to_array``.
"""

import argparse
import time

import numpy as np

ROW = 128


def drawn(threefry, rows):
    """(seconds to compile, seconds to draw, the numbers) of so many rows."""
    import jax

    def bits(key, fold, first):
        one, two = threefry(key[0], key[1], np.uint32(0), fold)
        high, low = threefry(one[:, None], two[:, None], np.uint32(0), first[:, None] + np.arange(ROW, dtype=np.uint32))
        return (high ^ low) >> 9

    count = np.arange(rows, dtype=np.uint32)
    arguments = np.array([1, 2], np.uint32), count // 100, count % 100 * ROW
    begin = time.process_time()
    run = jax.jit(bits).lower(*arguments).compile()
    compiled = time.process_time() - begin
    times = []
    for _ in range(4):
        begin = time.process_time()
        found = np.asarray(run(*arguments))
        times.append(time.process_time() - begin)
    return compiled, min(times), found


def own(key1, key2, x1, x2):
    """JAX's primitive, which wants equal shapes."""
    import jax.numpy as jnp
    from jax.extend.random import threefry2x32_p

    return threefry2x32_p.bind(*jnp.broadcast_arrays(*map(jnp.asarray, (key1, key2, x1, x2))))


def shapes(function, first):
    """Seconds for arrays of 28 shapes."""
    begin = time.process_time()
    for i in range(28):
        function(np.ones((3, first + i), "float32"))
    return time.process_time() - begin


def main():
    from jkeras.nn.platform import to_array
    from jkeras.nn.random import threefry

    parser = argparse.ArgumentParser(prog="python -m benchmarks.draws", description=__doc__.split("\n")[0])
    parser.add_argument("--millions", type=float, default=25.6)
    rows = int(parser.parse_args().millions * 1e6) // ROW
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_compilation_cache", False)
    jnp.zeros(3) + 1
    theirs, ours = drawn(own, rows), drawn(threefry, rows)
    for name, found in (("jax's", theirs), ("here", ours)):
        print(f"{name:6} compile {found[0]:.3f} s, draw {found[1]:.3f} s")
    print("the same bits:", bool((theirs[2] == ours[2]).all()))
    print(f"28 shapes: jnp.asarray {shapes(jnp.asarray, 100):.3f} s, to_array {shapes(to_array, 200):.3f} s")


if __name__ == "__main__":
    main()

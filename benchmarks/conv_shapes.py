"""Measures what nn/conv.py, nn/pooling.py, nn/columns.py and train/compiler.py claim about the CPU.

    python -m benchmarks.conv_shapes [shapes pooling columns step]
                                     [--only NAME ...] [--keras3 PYTHON] [--tf PYTHON] [--keep-pages]

Times are milliseconds, best wall-clock time / mean time of all cores together; the second figure hardly depends on what
else the machine does. ``plain`` is lax as accelerators get it, without and with the compiler options; ``here`` is what
the package computes. ``step`` is the train step of the 32-64 convnet, batch 128, 28x28x1, also in Keras 3 and tf_keras
where the interpreters of their environments are given.
"""

import argparse
import os
import subprocess
import sys
import time

import numpy as np

SHAPES = {  # input, kernel, stride, padding, groups, dilation
    "mnist 1": ((128, 28, 28, 1), (3, 3, 1, 32), 1, "valid", 1, 1),
    "mnist 2": ((128, 26, 26, 32), (3, 3, 32, 64), 1, "valid", 1, 1),
    "same": ((128, 28, 28, 32), (3, 3, 32, 32), 1, "same", 1, 1),
    "resnet 3x3": ((32, 56, 56, 64), (3, 3, 64, 64), 1, "same", 1, 1),
    "resnet 1x1 up": ((32, 56, 56, 64), (1, 1, 64, 256), 1, "same", 1, 1),
    "resnet 1x1 down": ((32, 56, 56, 256), (1, 1, 256, 64), 1, "same", 1, 1),
    "1x1 / 2": ((32, 56, 56, 64), (1, 1, 64, 128), 2, "same", 1, 1),
    "3x3 / 2": ((32, 56, 56, 64), (3, 3, 64, 128), 2, "same", 1, 1),
    "7x7 / 2": ((8, 224, 224, 3), (7, 7, 3, 64), 2, "same", 1, 1),
    "256 channels": ((32, 14, 14, 256), (3, 3, 256, 256), 1, "same", 1, 1),
    "512 channels": ((32, 7, 7, 512), (3, 3, 512, 512), 1, "same", 1, 1),
    "depthwise": ((32, 56, 56, 64), (3, 3, 1, 64), 1, "same", 64, 1),
    "depthwise / 2": ((32, 56, 56, 64), (3, 3, 1, 64), 2, "same", 64, 1),
    "depthwise x2": ((32, 28, 28, 32), (3, 3, 1, 64), 1, "same", 32, 1),
    "4 groups": ((32, 28, 28, 64), (3, 3, 16, 64), 1, "same", 4, 1),
    "dilated": ((32, 28, 28, 64), (3, 3, 64, 64), 1, "same", 1, 2),
    "5x5": ((64, 28, 28, 16), (5, 5, 16, 32), 1, "same", 1, 1),
    "one axis": ((64, 400, 50), (3, 50, 250), 1, "valid", 1, 1),
    "volume": ((4, 16, 32, 32, 8), (3, 3, 3, 8, 16), 1, "same", 1, 1),
}
POOLS = {  # input, window, stride, padding
    "2x2": ((128, 24, 24, 64), 2, 2, "valid"),
    "3x3 / 2 same": ((32, 112, 112, 64), 3, 2, "same"),
    "3x3 / 1 same": ((32, 28, 28, 64), 3, 1, "same"),
}


def clock(function, *arrays, options=None, seconds=0.4):
    """(best wall-clock, mean processor) time of a compiled call, in ms."""
    import jax

    run = jax.jit(function, compiler_options=options)
    jax.block_until_ready(run(*arrays))
    walls, begin, cpu = [], time.perf_counter(), time.process_time()
    while len(walls) < 3 or time.perf_counter() - begin < seconds:
        start = time.perf_counter()
        jax.block_until_ready(run(*arrays))
        walls.append(time.perf_counter() - start)
    return min(walls) * 1e3, (time.process_time() - cpu) / len(walls) * 1e3


def shown(times):
    return f"{times[0]:6.1f} /{times[1]:6.1f}"


def draw(*shape):
    import jax.numpy as jnp

    return jnp.asarray(np.random.RandomState(0).standard_normal(shape).astype("float32"))


def directions(function):
    """Forward, gradient of the input and gradient of the weights of a function of both."""
    import jax

    return (
        lambda x, w, dy: function(x, w),
        lambda x, w, dy: jax.vjp(lambda x: function(x, w), x)[1](dy),
        lambda x, w, dy: jax.vjp(lambda w: function(x, w), w)[1](dy),
    )


def shapes(only, options):
    from jkeras.nn import conv

    print(f"{'convolution':16s} {'':9s}{'plain':>16s} {'with options':>16s} {'here':>16s}   difference")
    for name, (xs, ks, stride, padding, groups, dilation) in SHAPES.items():
        if only and name not in only:
            continue
        x, kernel, rank = draw(*xs), draw(*ks), len(xs) - 2
        pads = tuple(conv.pad_amounts(n, k, stride, dilation, padding) for n, k in zip(xs[1:-1], ks, strict=False))

        def plain(x, k, args=((stride,) * rank, pads, (dilation,) * rank, groups)):
            return conv._plain(x, k, *args)

        def here(x, k, args=(stride, padding, dilation, groups)):
            return conv.conv(x, k, *args)

        dy = draw(*plain(x, kernel).shape)
        for title, a, b in zip(("forward", "input", "kernel"), directions(plain), directions(here), strict=True):
            expected, found = (
                np.asarray(v[0] if isinstance(v, tuple) else v) for v in (f(x, kernel, dy) for f in (a, b))
            )
            times = [clock(f, x, kernel, dy, options=o) for f, o in ((a, None), (a, options), (b, options))]
            apart = np.abs(expected - found).max() / np.abs(expected).max()
            print(f"{name:16s} {title:9s}" + " ".join(map(shown, times)) + f"   {apart:.0e}", flush=True)


def pools(only, options):
    from jax import lax

    from jkeras.nn import pooling

    print(f"{'max pooling':16s} {'':9s}{'reduce_window':>16s} {'here':>16s}")
    for name, (shape, window, stride, padding) in POOLS.items():
        if only and name not in only:
            continue
        x = draw(*shape)

        def plain(x, args=((1, window, window, 1), (1, stride, stride, 1), padding.upper())):  # noqa: B008
            return lax.reduce_window(x, -np.inf, lax.max, *args)

        def here(x, args=(window, stride, padding)):
            return pooling.max_pool(x, *args)

        dy = draw(*plain(x).shape)
        for title, gradient in (("forward", False), ("both", True)):
            calls = [pulled(f) if gradient else (lambda x, dy, f=f: f(x)) for f in (plain, here)]
            times = [clock(f, x, dy, options=options) for f in calls]
            print(f"{name:16s} {title:9s}" + " ".join(map(shown, times)), flush=True)


def pulled(function):
    """The value and the gradient of a function of one array."""
    import jax

    def both(x, dy):
        y, pull = jax.vjp(function, x)
        return y, pull(dy)

    return both


def sums(only, options):
    from jkeras.nn.columns import column_sum

    x = draw(128, 24, 24, 64)
    print("sum over all axes but the last, 128x24x24x64: plain", end=" ")
    print(*(shown(clock(f, x, options=options)) for f in (lambda x: x.sum((0, 1, 2)), column_sum)), sep="  here ")


def convnet(here):
    """A train step of the 32-64 convnet with Adam, and its carry; plain lax, or this package's functions."""
    import jax
    import jax.numpy as jnp
    import optax
    from jax import lax

    from jkeras.nn import columns, conv, pooling

    if here:
        layer, pool, bias = conv.conv, lambda x: pooling.max_pool(x, 2), columns.add_bias
    else:
        layer = lambda x, k: conv._plain(x, k, (1, 1), ((0, 0), (0, 0)), (1, 1), 1)  # noqa: E731
        pool = lambda x: lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")  # noqa: E731
        bias = jnp.add

    def forward(p, x):
        for i in (0, 1):
            x = jax.nn.relu(bias(layer(x, p[f"k{i}"]), p[f"b{i}"]))
        x = pool(x).reshape(x.shape[0], -1)
        return jax.nn.relu(x @ p["k2"] + p["b2"]) @ p["k3"] + p["b3"]

    def loss(p, x, y):
        return optax.softmax_cross_entropy_with_integer_labels(forward(p, x), y).mean()

    def step(carry, x, y):
        p, state = carry
        value, grads = jax.value_and_grad(loss)(p, x, y)
        updates, state = optimizer.update(grads, state, p)
        return (optax.apply_updates(p, updates), state), value

    kernels = {f"k{i}": s for i, s in enumerate([(3, 3, 1, 32), (3, 3, 32, 64), (9216, 128), (128, 10)])}
    init = jax.nn.initializers.glorot_uniform()
    p = {name: init(jax.random.key(i), shape) for i, (name, shape) in enumerate(kernels.items())}
    p |= {f"b{i}": jnp.zeros(s[-1]) for i, s in enumerate(kernels.values())}
    optimizer = optax.adam(1e-3)
    return step, (p, optimizer.init(p))


def steps(only, options):
    import jax
    import jax.numpy as jnp

    x, y = draw(128, 28, 28, 1), jnp.arange(128) % 10
    for title, here, given in (("plain", False, None), ("plain with options", False, options), ("here", True, options)):
        step, carry = convnet(here)
        run = jax.jit(step, donate_argnums=0, compiler_options=given)
        carry, value = run(carry, x, y)
        value.block_until_ready()
        walls, cpu = [], time.process_time()
        for _ in range(30):
            start = time.perf_counter()
            carry, value = run(carry, x, y)
            value.block_until_ready()
            walls.append(time.perf_counter() - start)
        times = min(walls) * 1e3, (time.process_time() - cpu) / 30 * 1e3
        print(f"{title:20s}{shown(times)}   loss after 31 steps {float(value):.5f}", flush=True)


PEER = """
import sys, time, numpy as np
if sys.argv[1] == "tf": import tf_keras as keras
else: import keras
layers = keras.layers
m = keras.Sequential([keras.Input((28, 28, 1)), layers.Conv2D(32, 3, activation="relu"),
    layers.Conv2D(64, 3, activation="relu"), layers.MaxPooling2D(), layers.Flatten(),
    layers.Dense(128, activation="relu"), layers.Dense(10, activation="softmax")])
m.compile("adam", "sparse_categorical_crossentropy")
x = np.random.RandomState(0).standard_normal((3840, 28, 28, 1)).astype("float32")
y, times = np.arange(3840) % 10, []
for _ in range(4):
    start, cpu = time.perf_counter(), time.process_time()
    m.fit(x, y, batch_size=128, verbose=0)
    times.append(((time.perf_counter() - start) / 30e-3, (time.process_time() - cpu) / 30e-3))
print(*min(times[1:]))
"""


def peer(name, python):
    """The same net in a real Keras, by ``fit``, best of three epochs."""
    env = dict(os.environ, KERAS_BACKEND="jax", TF_CPP_MIN_LOG_LEVEL="3")
    done = subprocess.run([python, "-c", PEER, name], env=env, capture_output=True, text=True, check=True)
    print(f"{name + ' fit':20s}{shown([float(t) for t in done.stdout.split()[-2:]])}", flush=True)


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.conv_shapes", description=__doc__.split("\n")[0])
    parts = {"shapes": shapes, "pooling": pools, "columns": sums, "step": steps}
    parser.add_argument("what", nargs="*", default=list(parts), help="of: " + " ".join(parts))
    parser.add_argument("--only", nargs="+", help="names of shapes")
    parser.add_argument("--keras3", metavar="PYTHON")
    parser.add_argument("--tf", metavar="PYTHON")
    given = parser.parse_args()
    from jkeras.core.memory import keep_pages
    from jkeras.train.compiler import compiler_options

    keep_pages()
    for name in given.what:
        parts[name](given.only, compiler_options())
    for name, python in (("keras3", given.keras3), ("tf", given.tf)):
        if python and "step" in given.what:
            peer(name, python)


if __name__ == "__main__":
    sys.exit(main())

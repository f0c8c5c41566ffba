"""The peer: the same nets and training loops as somebody who knows JAX well would write them, with optax.

A net is two functions: `init(key)` gives (params, state), `forward(params, state, x, training)` gives (logits,
state). The loss works on logits, which is what one writes by hand. Three loops: `host` shuffles with numpy and hands
each batch over; `device` keeps the data on the device and gathers each batch inside the jitted step; `scan` runs a
whole epoch in one compiled call. The first two are loops over steps, in which anything can be done between steps; the
faster of them is the peer of `fit`. The third is shown beside it.
"""

from functools import cached_property, partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax

OPTIMIZERS = {"adam": lambda: optax.adam(1e-3, eps=1e-7), "rmsprop": lambda: optax.rmsprop(1e-3, 0.9, eps=1e-7)}
glorot = jax.nn.initializers.glorot_uniform()


def affine(key, n, m):
    return {"w": glorot(key, (n, m)), "b": jnp.zeros(m)}


def apply(p, x):
    return x @ p["w"] + p["b"]


class Mlp:
    sizes = ()

    def init(self, key):
        keys = jax.random.split(key, len(self.sizes))
        return [affine(k, n, m) for k, n, m in zip(keys, self.sizes, self.sizes[1:])], ()

    def forward(self, params, state, x, training):
        for p in params[:-1]:
            x = jax.nn.relu(apply(p, x))
        return apply(params[-1], x), state


class Binary(Mlp):
    sizes = (2, 25, 15, 1)


class Dense128(Mlp):
    sizes = (784, 128, 10)


class Dense512(Mlp):
    sizes = (784, 512, 10)


def conv(x, w, padding="SAME"):
    return lax.conv_general_dilated(x, w, (1, 1), padding, dimension_numbers=("NHWC", "HWIO", "NHWC"))


class Convnet:
    def init(self, key):
        k = jax.random.split(key, 4)
        return {
            "c1": {"w": glorot(k[0], (3, 3, 1, 32)), "b": jnp.zeros(32)},
            "c2": {"w": glorot(k[1], (3, 3, 32, 64)), "b": jnp.zeros(64)},
            "d1": affine(k[2], 9216, 128),
            "d2": affine(k[3], 128, 10),
        }, ()

    def forward(self, p, state, x, training):
        for name in ("c1", "c2"):
            x = jax.nn.relu(conv(x, p[name]["w"], "VALID") + p[name]["b"])
        x = lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
        x = jax.nn.relu(apply(p["d1"], x.reshape(len(x), -1)))
        return apply(p["d2"], x), state


class Lstm:
    gates = 4

    def init(self, key):
        k = jax.random.split(key, 3)
        cell = affine(k[0], 32, 64 * self.gates)
        if self.gates == 4:
            cell["b"] = cell["b"].at[64:128].set(1.0)  # the forget gate starts open, as in Keras
        else:
            cell["v"] = jnp.zeros(64 * self.gates)  # the second bias of cuDNN's GRU
        cell["u"] = jax.nn.initializers.orthogonal()(k[1], (64, 64 * self.gates))
        return {"cell": cell, "out": affine(k[2], 64, 10)}, ()

    def forward(self, params, state, x, training):
        p = params["cell"]
        steps = jnp.swapaxes(apply(p, x), 0, 1)
        h = jnp.zeros((len(x), 64))
        h = lax.scan(partial(self.step, p), self.start(h), steps)[0]
        return apply(params["out"], h[0] if isinstance(h, tuple) else h), state

    def start(self, h):
        return h, h

    def step(self, p, carry, z):
        h, c = carry
        i, f, g, o = jnp.split(z + h @ p["u"], 4, axis=-1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        return (jax.nn.sigmoid(o) * jnp.tanh(c), c), None


class Gru(Lstm):
    gates = 3

    def start(self, h):
        return h

    def step(self, p, h, z):
        zx, rx, gx = jnp.split(z, 3, axis=-1)
        zh, rh, gh = jnp.split(h @ p["u"] + p["v"], 3, axis=-1)
        update = jax.nn.sigmoid(zx + zh)
        return update * h + (1 - update) * jnp.tanh(gx + jax.nn.sigmoid(rx + rh) * gh), None


def layer_norm(p, x):
    mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    return (x - mean) * lax.rsqrt(variance + 1e-6) * p["scale"] + p["shift"]


class Transformer:
    def init(self, key):
        k = jax.random.split(key, 7)
        params = {name: affine(k[i], 128, 128) for i, name in enumerate(("q", "k", "v", "o"))}
        params |= {"up": affine(k[4], 128, 512), "down": affine(k[5], 512, 128), "out": affine(k[6], 128, 10)}
        return params | {name: {"scale": jnp.ones(128), "shift": jnp.zeros(128)} for name in ("n1", "n2")}, ()

    def forward(self, p, state, x, training):
        q, k, v = (apply(p[name], x).reshape(len(x), 64, 4, 32) for name in "qkv")
        attended = jax.nn.dot_product_attention(q, k, v).reshape(x.shape)
        x = layer_norm(p["n1"], x + apply(p["o"], attended))
        x = layer_norm(p["n2"], x + apply(p["down"], jax.nn.relu(apply(p["up"], x))))
        return apply(p["out"], x.mean(1)), state


class Bottleneck:
    convs = (("a", 1, 64, 64), ("b", 3, 64, 64), ("c", 1, 64, 256), ("s", 1, 64, 256))

    def init(self, key):
        params, state = {"out": affine(key, 256, 10)}, {}
        for (name, size, n, m), k in zip(self.convs, jax.random.split(key, 4)):
            params[name] = {"w": glorot(k, (size, size, n, m)), "scale": jnp.ones(m), "shift": jnp.zeros(m)}
            state[name] = {"mean": jnp.zeros(m), "variance": jnp.ones(m)}
        return params, state

    def forward(self, p, state, x, training):
        new = {}

        def normed_conv(name, x):
            x = conv(x, p[name]["w"])
            if training:
                mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
                now = {"mean": mean, "variance": variance}
                new[name] = jax.tree.map(lambda old, value: 0.99 * old + 0.01 * value, state[name], now)
            else:
                mean, variance = state[name]["mean"], state[name]["variance"]
                new[name] = state[name]
            return (x - mean) * (lax.rsqrt(variance + 1e-3) * p[name]["scale"]) + p[name]["shift"]

        y = jax.nn.relu(normed_conv("b", jax.nn.relu(normed_conv("a", x))))
        x = jax.nn.relu(normed_conv("c", y) + normed_conv("s", x))
        return apply(p["out"], x.mean((1, 2))), new


class OneConv:
    """A convolution and what makes a classifier of it."""

    def __init__(self, shape, filters, size=3, strides=1, depthwise=False):
        self.channels, self.strides, self.depthwise = shape[-1], strides, depthwise
        self.kernel = (size, size, 1 if depthwise else shape[-1], shape[-1] if depthwise else filters)

    def init(self, key):
        one, two = jax.random.split(key)
        m = self.kernel[-1]
        return {"w": glorot(one, self.kernel), "b": jnp.zeros(m), "out": affine(two, m, 10)}, ()

    def forward(self, p, state, x, training):
        strides, groups = (self.strides,) * 2, self.channels if self.depthwise else 1
        dims = ("NHWC", "HWIO", "NHWC")
        y = lax.conv_general_dilated(x, p["w"], strides, "SAME", dimension_numbers=dims, feature_group_count=groups)
        return apply(p["out"], jax.nn.relu(y + p["b"]).mean((1, 2))), state


def loss_and_hits(logits, y):
    if y.ndim == 2:
        return optax.sigmoid_binary_cross_entropy(logits, y).mean(), ((logits > 0) == y).sum()
    return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean(), (logits.argmax(-1) == y).sum()


class Trainer:
    """A net, its optimizer and the three loops."""

    def __init__(self, net, x, y, seed=0):
        self.net, self.x, self.y, self.batch = globals()[net.hand](**net.options), x, y, net.batch
        self.optimizer = OPTIMIZERS[net.optimizer]()
        self.rng = np.random.default_rng(seed)
        params, state = jax.jit(self.net.init)(jax.random.key(seed))
        self.carry = params, state, self.optimizer.init(params), jnp.zeros(()), jnp.zeros((), "int32")
        self.host_step = jax.jit(self.update, donate_argnums=0)
        self.device_step = jax.jit(self.gather, donate_argnums=0, static_argnums=4)
        self.epoch = jax.jit(self.scan, donate_argnums=0)

    def update(self, carry, x, y):
        params, state, opt_state, total, hits = carry

        def objective(params):
            logits, new_state = self.net.forward(params, state, x, True)
            loss, right = loss_and_hits(logits, y)
            return loss, (new_state, right)

        (loss, (state, right)), gradients = jax.value_and_grad(objective, has_aux=True)(params)
        updates, opt_state = self.optimizer.update(gradients, opt_state, params)
        return optax.apply_updates(params, updates), state, opt_state, total + loss * len(x), hits + right

    def gather(self, carry, data, order, first, size):
        rows = lax.dynamic_slice_in_dim(order, first, size)
        return self.update(carry, data[0][rows], data[1][rows])

    def scan(self, carry, data, order):
        def body(carry, rows):
            return self.update(carry, data[0][rows], data[1][rows]), None

        return lax.scan(body, carry, order)[0]

    def run(self, loop):
        """One epoch; gives its mean loss and accuracy."""
        carry, n, batch = self.carry, len(self.x), self.batch
        order = self.rng.permutation(n).astype("int32")
        if loop == "host":
            for first in range(0, n, batch):
                rows = order[first : first + batch]
                carry = self.host_step(carry, self.x[rows], self.y[rows])
        elif loop == "device":
            data, order = self.on_device, jax.device_put(order)
            for first in range(0, n, batch):
                carry = self.device_step(carry, data, order, first, min(batch, n - first))
        else:
            full = n - n % batch
            carry = self.epoch(carry, self.on_device, order[:full].reshape(-1, batch))
            if full < n:
                carry = self.host_step(carry, self.x[order[full:]], self.y[order[full:]])
        *carry, total, hits = carry
        result = float(total) / n, int(hits) / n
        self.carry = (*carry, jnp.zeros(()), jnp.zeros((), "int32"))
        return result

    @cached_property
    def on_device(self):
        return jax.device_put((self.x, self.y))

    @cached_property
    def test_step(self):
        def update(carry, params, state, x, y):
            logits, _ = self.net.forward(params, state, x, False)
            loss, right = loss_and_hits(logits, y)
            return carry[0] + loss * len(x), carry[1] + right

        return jax.jit(update)

    def evaluate(self):
        """Mean loss and accuracy, step by step."""
        carry = jnp.zeros(()), jnp.zeros((), "int32")
        for first in range(0, len(self.x), self.batch):
            rows = slice(first, first + self.batch)
            carry = self.test_step(carry, *self.carry[:2], self.x[rows], self.y[rows])
        return float(carry[0]) / len(self.x), int(carry[1]) / len(self.x)

    def on_stream(self, batches):
        """One epoch over batches that somebody else makes; gives its summed loss."""
        carry = self.carry
        for x, y in batches:
            carry = self.host_step(carry, x, y)
        self.carry = carry
        return float(carry[3])

    def step_program(self):
        """The compiled step over data on the device, and arguments for it."""
        order = jnp.arange(len(self.x), dtype="int32")
        return self.device_step, (self.carry, self.on_device, order, 0, self.batch)

    def predictor(self):
        params, state = self.carry[:2]
        last = jax.nn.sigmoid if self.y.ndim == 2 else jax.nn.softmax
        call = jax.jit(lambda params, state, x: last(self.net.forward(params, state, x, False)[0]))
        return lambda x: np.asarray(call(params, state, x))

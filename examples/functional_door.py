"""A Keras model is also a pure function of its parameters: `jax.grad`, `jax.vmap` and an optax loop work on it.

python examples/functional_door.py [--steps 300]
"""

import argparse

import jax
import jax.numpy as jnp
import numpy as np
import optax

import jkeras as keras
from jkeras import layers

parser = argparse.ArgumentParser()
parser.add_argument("--steps", type=int, default=300)
options = parser.parse_args()

(x_train, y_train), (x_test, y_test) = keras.datasets.digits.load_data()
x_train, x_test = (jnp.asarray(x.reshape(-1, 64) / 16.0, "float32") for x in (x_train, x_test))
y_train, y_test = jnp.asarray(y_train, "int32"), jnp.asarray(y_test, "int32")

model = keras.Sequential(
    [
        keras.Input((64,)),
        layers.Dense(32, activation="relu"),
        layers.BatchNormalization(),
        layers.Dropout(0.2),
        layers.Dense(10),
    ]
)

# The pure door. `params` trains, `state` is what does not (here the moving statistics). Nothing is kept in the model.
params, state = model.init(jax.random.key(0), x_train[:1])
logits, _ = model.apply(params, state, x_test)
print("logits:", logits.shape, " parameters:", sum(leaf.size for leaf in jax.tree.leaves(params)))


def loss_fn(params, state, x, y, key):
    logits, state = model.apply(params, state, x, training=True, key=key)
    return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean(), state


# 1. Gradients, straight from JAX.
gradients, _ = jax.grad(loss_fn, has_aux=True)(params, state, x_train[:32], y_train[:32], jax.random.key(1))
print("gradients:", jax.tree.map(jnp.shape, gradients))

# 2. A training loop by hand, with optax.
optimizer = optax.adam(1e-2)


def step(params, state, opt_state, x, y, key):
    (loss, state), gradients = jax.value_and_grad(loss_fn, has_aux=True)(params, state, x, y, key)
    updates, opt_state = optimizer.update(gradients, opt_state, params)
    return optax.apply_updates(params, updates), state, opt_state, loss


def accuracy(params, state):
    logits, _ = model.apply(params, state, x_test)
    return (logits.argmax(-1) == y_test).mean()


one_step = jax.jit(step)
opt_state, rng = optimizer.init(params), np.random.default_rng(0)
for i in range(options.steps):
    rows = rng.integers(0, len(x_train), 32)
    params, state, opt_state, loss = one_step(params, state, opt_state, x_train[rows], y_train[rows], jax.random.key(i))
print(f"by hand: loss {loss:.4f}, test accuracy {accuracy(params, state):.4f}")

# 3. Ten models at once: the same functions, mapped over a new first axis of parameters and state.
members = 10
keys = jax.random.split(jax.random.key(2), members)
many_params, many_state = jax.vmap(lambda key: model.init(key, x_train[:1]))(keys)
many_opt_state = jax.vmap(optimizer.init)(many_params)
ten_steps = jax.jit(jax.vmap(step, in_axes=(0, 0, 0, None, None, 0)))
for i in range(options.steps):
    rows = rng.integers(0, len(x_train), 32)
    keys = jax.random.split(jax.random.key(i), members)
    many_params, many_state, many_opt_state, losses = ten_steps(
        many_params, many_state, many_opt_state, x_train[rows], y_train[rows], keys
    )
each = jax.vmap(accuracy)(many_params, many_state)
votes = jax.vmap(lambda p, s: jax.nn.softmax(model.apply(p, s, x_test)[0]))(many_params, many_state).mean(0)
together = (votes.argmax(-1) == y_test).mean()
print(f"ten models: test accuracy {each.mean():.4f} +- {each.std():.4f}, together {together:.4f}")

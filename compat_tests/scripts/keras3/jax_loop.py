"""A loop in JAX: stateless_call and stateless_apply."""
import numpy as np
import jax
import keras

rng = np.random.default_rng(8)
x = rng.normal(size=(40, 4)).astype("float32")
y = (x[:, :1] > 0).astype("float32")
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(5, activation="tanh"), keras.layers.Dense(1)])
model.set_weights([rng.uniform(-0.4, 0.4, w.shape) for w in model.get_weights()])
optimizer = keras.optimizers.Adam(0.02)
optimizer.build(model.trainable_variables)
loss_fn = keras.losses.BinaryCrossentropy(from_logits=True)


def compute_loss(tv, ntv, x, y):
    y_pred, ntv = model.stateless_call(tv, ntv, x, training=True)
    return loss_fn(y, y_pred), ntv


@jax.jit
def train_step(state, x, y):
    tv, ntv, ov = state
    (loss, ntv), grads = jax.value_and_grad(compute_loss, has_aux=True)(tv, ntv, x, y)
    tv, ov = optimizer.stateless_apply(ov, grads, tv)
    return loss, (tv, ntv, ov)


state = ([v.value for v in model.trainable_variables], [v.value for v in model.non_trainable_variables],
         [v.value for v in optimizer.variables])
for step in range(8):
    part = slice(step % 4 * 10, step % 4 * 10 + 10)
    loss, state = train_step(state, x[part], y[part])
for variable, value in zip(model.trainable_variables, state[0]):
    variable.assign(value)
print("final", f"{float(loss):.5f} {float(np.sum(model.predict(x, verbose=0))):.4f}")

"""A GAN as one model on the JAX backend: train_step(state, data) with jax.value_and_grad and two optimizers."""
import jax
import numpy as np
import keras
from keras import layers, ops

rng = np.random.default_rng(12)


def mlp(sizes, name):
    model = keras.Sequential([keras.Input((sizes[0],))], name=name)
    for units in sizes[1:-1]:
        model.add(layers.Dense(units, activation="leaky_relu"))
    model.add(layers.Dense(sizes[-1]))
    model.set_weights([rng.uniform(-0.5, 0.5, w.shape) for w in model.get_weights()])
    return model


class GAN(keras.Model):
    def __init__(self, discriminator, generator, latent_dim):
        super().__init__()
        self.discriminator, self.generator, self.latent_dim = discriminator, generator, latent_dim
        self.d_loss_tracker = keras.metrics.Mean(name="d_loss")
        self.g_loss_tracker = keras.metrics.Mean(name="g_loss")

    @property
    def metrics(self):
        return [self.d_loss_tracker, self.g_loss_tracker]

    def compile(self, d_optimizer, g_optimizer):
        super().compile(loss=keras.losses.BinaryCrossentropy(from_logits=True))
        self.d_optimizer, self.g_optimizer = d_optimizer, g_optimizer
        d_optimizer.build(self.discriminator.trainable_variables)
        g_optimizer.build(self.generator.trainable_variables)

    def d_loss(self, d_vars, g_vars, real, noise):
        fake, _ = self.generator.stateless_call(g_vars, [], noise)
        logits, _ = self.discriminator.stateless_call(d_vars, [], ops.concatenate([fake, real]))
        labels = ops.concatenate([ops.ones((noise.shape[0], 1)), ops.zeros((real.shape[0], 1))])
        return self.loss(labels, logits)

    def g_loss(self, g_vars, d_vars, noise):
        fake, _ = self.generator.stateless_call(g_vars, [], noise)
        logits, _ = self.discriminator.stateless_call(d_vars, [], fake)
        return self.loss(ops.zeros((noise.shape[0], 1)), logits)

    def train_on(self, state, real, noise):
        d_vars, g_vars, d_opt, g_opt = state
        d_loss, grads = jax.value_and_grad(self.d_loss)(d_vars, g_vars, real, noise)
        d_vars, d_opt = self.d_optimizer.stateless_apply(d_opt, grads, d_vars)
        g_loss, grads = jax.value_and_grad(self.g_loss)(g_vars, d_vars, noise)
        g_vars, g_opt = self.g_optimizer.stateless_apply(g_opt, grads, g_vars)
        return (d_vars, g_vars, d_opt, g_opt), (d_loss, g_loss)


gan = GAN(mlp([2, 8, 1], "discriminator"), mlp([3, 8, 2], "generator"), latent_dim=3)
gan.compile(keras.optimizers.Adam(0.01), keras.optimizers.Adam(0.01))
parts = (gan.discriminator.trainable_variables, gan.generator.trainable_variables,
         gan.d_optimizer.variables, gan.g_optimizer.variables)
state = tuple([v.value for v in part] for part in parts)
step = jax.jit(gan.train_on)
for epoch in range(3):
    gan.reset_metrics()
    for _ in range(8):
        angle = rng.uniform(0, 6.28, (16, 1))
        real = np.concatenate([np.cos(angle), np.sin(angle)], axis=1).astype("float32")
        state, (d_loss, g_loss) = step(state, real, rng.normal(size=(16, 3)).astype("float32"))
        gan.d_loss_tracker.update_state(d_loss)
        gan.g_loss_tracker.update_state(g_loss)
for part, values in zip(parts, state):
    for variable, value in zip(part, values):
        variable.assign(value)
made = gan.generator.predict(rng.normal(size=(8, 3)).astype("float32"), verbose=0)
print("final", *(f"{float(m.result()):.5f}" for m in gan.metrics), f"{made.mean():.5f}", int(gan.d_optimizer.iterations))

"""A VAE as a Model with its own train_step, GradientTape and trackers, as in the guide of tf.keras."""
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers


class Sampling(layers.Layer):
    """z from (mean, log variance); the noise comes in with the data, so that it can be repeated."""

    def call(self, inputs):
        z_mean, z_log_var, epsilon = inputs
        return z_mean + tf.exp(0.5 * z_log_var) * epsilon


class VAE(keras.Model):
    def __init__(self, encoder, decoder, **kwargs):
        super().__init__(**kwargs)
        self.encoder = encoder
        self.decoder = decoder
        self.total_loss_tracker = keras.metrics.Mean(name="total_loss")
        self.reconstruction_loss_tracker = keras.metrics.Mean(name="reconstruction_loss")
        self.kl_loss_tracker = keras.metrics.Mean(name="kl_loss")

    @property
    def metrics(self):
        return [self.total_loss_tracker, self.reconstruction_loss_tracker, self.kl_loss_tracker]

    def train_step(self, data):
        x, noise = data
        with tf.GradientTape() as tape:
            z_mean, z_log_var, z = self.encoder([x, noise])
            reconstruction = self.decoder(z)
            reconstruction_loss = tf.reduce_mean(
                tf.reduce_sum(keras.losses.binary_crossentropy(x, reconstruction), axis=(1, 2))
            )
            kl_loss = -0.5 * (1 + z_log_var - tf.square(z_mean) - tf.exp(z_log_var))
            kl_loss = tf.reduce_mean(tf.reduce_sum(kl_loss, axis=1))
            total_loss = reconstruction_loss + kl_loss
        grads = tape.gradient(total_loss, self.trainable_weights)
        self.optimizer.apply_gradients(zip(grads, self.trainable_weights))
        self.total_loss_tracker.update_state(total_loss)
        self.reconstruction_loss_tracker.update_state(reconstruction_loss)
        self.kl_loss_tracker.update_state(kl_loss)
        return {m.name: m.result() for m in self.metrics}


rng = np.random.RandomState(11)
latent_dim = 2
encoder_inputs, epsilon = keras.Input(shape=(8, 8, 1)), keras.Input(shape=(latent_dim,))
h = layers.Conv2D(4, 3, activation="relu", strides=2, padding="same")(encoder_inputs)
h = layers.Dense(6, activation="relu")(layers.Flatten()(h))
z_mean, z_log_var = layers.Dense(latent_dim, name="z_mean")(h), layers.Dense(latent_dim, name="z_log_var")(h)
encoder = keras.Model([encoder_inputs, epsilon], [z_mean, z_log_var, Sampling()([z_mean, z_log_var, epsilon])])
latent_inputs = keras.Input(shape=(latent_dim,))
h = layers.Reshape((4, 4, 2))(layers.Dense(4 * 4 * 2, activation="relu")(latent_inputs))
decoder_outputs = layers.Conv2DTranspose(1, 3, activation="sigmoid", strides=2, padding="same")(h)
decoder = keras.Model(latent_inputs, decoder_outputs, name="decoder")
for part in (encoder, decoder):
    part.set_weights([rng.uniform(-0.4, 0.4, w.shape) for w in part.get_weights()])

x = (rng.rand(32, 8, 8, 1) * np.linspace(0, 1, 8)[:, None, None]).astype("float32")
noise = rng.normal(size=(32, latent_dim)).astype("float32")
vae = VAE(encoder, decoder)
vae.compile(optimizer=keras.optimizers.Adam(0.01))
history = vae.fit(x, noise, epochs=3, batch_size=16, shuffle=False, verbose=0).history
print("final", *("%.4f" % history[k][-1] for k in ("total_loss", "reconstruction_loss", "kl_loss")),
      "%.4f" % vae.decoder.predict(noise[:4], verbose=0).sum())

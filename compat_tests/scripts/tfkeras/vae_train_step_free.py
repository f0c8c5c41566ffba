"""VAE with a Sampling layer that adds its own loss."""
import numpy as np
from tensorflow import keras
from tensorflow.keras import layers
from tensorflow.keras import backend as K


class KLDivergenceLayer(layers.Layer):
    def call(self, inputs):
        mu, log_var = inputs
        kl = -0.5 * K.sum(1 + log_var - K.square(mu) - K.exp(log_var), axis=-1)
        self.add_loss(K.mean(kl))
        self.add_metric(K.mean(kl), name="kl") if hasattr(self, "add_metric") else None
        return inputs


rng = np.random.RandomState(4)
x = (rng.rand(40, 8) * np.linspace(0, 1, 8)).astype("float32")
noise = rng.normal(size=(40, 2)).astype("float32")
inp, eps = keras.Input((8,)), keras.Input((2,))
h = layers.Dense(6, activation="tanh")(inp)
mu, log_var = KLDivergenceLayer()([layers.Dense(2)(h), layers.Dense(2)(h)])
z = layers.Lambda(lambda t: t[0] + K.exp(0.5 * t[1]) * t[2])([mu, log_var, eps])
out = layers.Dense(8, activation="sigmoid")(layers.Dense(6, activation="tanh")(z))
vae = keras.Model([inp, eps], out)
vae.set_weights([rng.uniform(-0.5, 0.5, w.shape) for w in vae.get_weights()])
vae.compile(optimizer="adam", loss="binary_crossentropy")
history = vae.fit([x, noise], x, epochs=4, batch_size=10, shuffle=False, verbose=0)
print(sorted(history.history))
print("final", *["%.5f" % history.history["loss"][i] for i in (0, -1)], "%.5f" % history.history["kl"][-1])

"""A subclassed model that adds a loss in call; the noise is given."""
import numpy as np
import keras
from keras import layers, ops


class VAE(keras.Model):
    def __init__(self):
        super().__init__()
        self.encode, self.decode = layers.Dense(4), layers.Dense(6, activation="sigmoid")

    def call(self, inputs):
        x, noise = inputs
        mean, log_var = ops.split(self.encode(x), 2, axis=-1)
        self.add_loss(-0.05 * ops.mean(1 + log_var - ops.square(mean) - ops.exp(log_var)))
        return self.decode(mean + ops.exp(0.5 * log_var) * noise)


rng = np.random.default_rng(12)
x, noise = rng.random((32, 6)).astype("float32"), rng.normal(size=(32, 2)).astype("float32")
model = VAE()
model([x[:2], noise[:2]])
model.set_weights([rng.uniform(-0.4, 0.4, w.shape) for w in model.get_weights()])
model.compile("adam", "binary_crossentropy")
history = model.fit([x, noise], x, epochs=3, batch_size=8, shuffle=False, verbose=0)
print("final", *[f"{v:.5f}" for v in history.history["loss"]])

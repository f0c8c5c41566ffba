"""Freeze a base, train a head, unfreeze and go on slowly."""
import numpy as np
import keras
from keras import layers

rng = np.random.default_rng(7)
x = rng.normal(size=(40, 5)).astype("float32")
y = (x[:, 0] > 0).astype("float32")
base = keras.Sequential([keras.Input((5,)), layers.Dense(6, activation="relu"), layers.BatchNormalization()])
base.layers[0].set_weights([rng.uniform(-0.5, 0.5, w.shape) for w in base.layers[0].get_weights()])
base.trainable = False
inputs = keras.Input((5,))
model = keras.Model(inputs, layers.Dense(1, kernel_initializer="zeros")(base(inputs, training=False)))
bce = keras.losses.BinaryCrossentropy(from_logits=True)
model.compile(keras.optimizers.Adam(0.05), bce)
model.fit(x, y, epochs=3, batch_size=10, shuffle=False, verbose=0)
first = model.evaluate(x, y, verbose=0)
base.trainable = True
model.compile(keras.optimizers.Adam(1e-3), bce)
model.fit(x, y, epochs=2, batch_size=10, shuffle=False, verbose=0)
print("final", f"{first:.5f} {model.evaluate(x, y, verbose=0):.5f}", len(model.trainable_weights))

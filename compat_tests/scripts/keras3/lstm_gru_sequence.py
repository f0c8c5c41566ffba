"""LSTM under a Bidirectional wrapper, GRU on top."""
import numpy as np
import keras
from keras import layers

rng = np.random.default_rng(2)
x = rng.random((40, 6, 2)).astype("float32")
y = x.sum(axis=(1, 2))[:, None] / 6
inputs = keras.Input((6, 2))
h = layers.Bidirectional(layers.LSTM(3, return_sequences=True))(inputs)
h = layers.GRU(4)(h)
model = keras.Model(inputs, layers.Dense(1)(h))
model.set_weights([rng.uniform(-0.4, 0.4, w.shape) for w in model.get_weights()])
model.compile("rmsprop", "mse")
history = model.fit(x, y, epochs=4, batch_size=10, shuffle=False, verbose=0)
print("final", *[f"{v:.5f}" for v in history.history["loss"]])

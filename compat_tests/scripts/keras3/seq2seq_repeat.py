"""Reverse digits with RepeatVector."""
import numpy as np
import keras
from keras import layers

rng = np.random.default_rng(14)
digits = rng.integers(0, 4, (32, 4))
x, y = np.eye(4, dtype="float32")[digits], digits[:, ::-1]
model = keras.Sequential([keras.Input((4, 4)), layers.SimpleRNN(8), layers.RepeatVector(4),
                          layers.SimpleRNN(8, return_sequences=True), layers.TimeDistributed(layers.Dense(4, "softmax"))])
model.set_weights([rng.uniform(-0.4, 0.4, w.shape) for w in model.get_weights()])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x, y, epochs=3, batch_size=8, shuffle=False, verbose=0)
print("final", *[f"{v:.5f}" for v in model.evaluate(x, y, verbose=0)])

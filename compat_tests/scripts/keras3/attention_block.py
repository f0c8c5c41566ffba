"""A transformer block over token embeddings."""
import numpy as np
import keras
from keras import layers

rng = np.random.default_rng(11)
tokens = rng.integers(0, 12, (24, 6))
labels = (tokens[:, 0] > 5).astype("int32")
inputs = keras.Input((6,), dtype="int32")
h = layers.Embedding(12, 8)(inputs)
h = layers.LayerNormalization()(h + layers.MultiHeadAttention(2, 4)(h, h))
h = layers.LayerNormalization()(h + layers.Dense(8)(layers.Dense(12, activation="relu")(h)))
model = keras.Model(inputs, layers.Dense(2)(layers.GlobalAveragePooling1D()(h)))
for layer in model.layers:
    if layer.weights and "normalization" not in layer.name:
        layer.set_weights([rng.uniform(-0.4, 0.4, w.shape) for w in layer.get_weights()])
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
model.fit(tokens, labels, epochs=2, batch_size=8, shuffle=False, verbose=0)
print("final", *[f"{v:.4f}" for v in model.evaluate(tokens, labels, verbose=0)])

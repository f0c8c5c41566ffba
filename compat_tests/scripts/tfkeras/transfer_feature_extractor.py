"""Freeze a base called with training=False, train a head, then fine-tune with a small rate."""
import numpy as np
from tensorflow import keras
from tensorflow.keras import layers

rng = np.random.RandomState(19)
x = rng.rand(32, 8, 8, 3).astype("float32")
y = (x[..., 0].mean(axis=(1, 2)) > 0.5).astype("float32")

base_model = keras.Sequential([
    layers.Conv2D(4, 3, strides=2, activation="relu", input_shape=(8, 8, 3)),
    layers.BatchNormalization(),
    layers.Conv2D(4, 2, activation="relu"),
], name="base")
for i in (0, 2):
    base_model.layers[i].set_weights([rng.uniform(-0.4, 0.4, w.shape) for w in base_model.layers[i].get_weights()])
base_model.trainable = False
inputs = keras.Input(shape=(8, 8, 3))
h = layers.Rescaling(scale=2.0, offset=-1)(inputs)
h = base_model(h, training=False)
h = layers.GlobalAveragePooling2D()(h)
outputs = layers.Dense(1, kernel_initializer="zeros")(h)
model = keras.Model(inputs, outputs)
model.compile(keras.optimizers.Adam(0.01), loss=keras.losses.BinaryCrossentropy(from_logits=True),
              metrics=[keras.metrics.BinaryAccuracy(threshold=0.0)])
model.fit(x, y, epochs=3, batch_size=8, shuffle=False, verbose=0)
print(len(model.trainable_weights), "trainable of", len(model.weights))
base_model.trainable = True
model.compile(keras.optimizers.Adam(1e-3), loss=keras.losses.BinaryCrossentropy(from_logits=True),
              metrics=[keras.metrics.BinaryAccuracy(threshold=0.0)])
model.fit(x, y, epochs=2, batch_size=8, shuffle=False, verbose=0)
loss, acc = model.evaluate(x, y, verbose=0)
print("final", "%.5f %.4f %d" % (loss, acc, len(model.trainable_weights)))

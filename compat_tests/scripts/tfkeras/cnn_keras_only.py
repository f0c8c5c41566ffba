"""from tensorflow.keras import ...: nothing else of TensorFlow."""
import numpy as np
from tensorflow import keras
from tensorflow.keras import layers

rng = np.random.RandomState(3)
x = rng.rand(40, 10, 10, 1).astype("float32")
y = (x[:, :5].mean(axis=(1, 2, 3)) > x[:, 5:].mean(axis=(1, 2, 3))).astype("int32")

inputs = keras.Input(shape=(10, 10, 1))
h = layers.Conv2D(4, 3, activation="relu")(inputs)
h = layers.MaxPooling2D()(h)
h = layers.SeparableConv2D(5, 3, padding="same")(h)
h = layers.LayerNormalization()(h)
h = layers.Flatten()(h)
outputs = layers.Dense(2, activation="softmax")(h)
model = keras.Model(inputs, outputs, name="small_net")
for layer in model.layers:
    if layer.weights and "normalization" not in layer.name:
        layer.set_weights([rng.uniform(-0.3, 0.3, w.shape) for w in layer.get_weights()])
model.compile(
    optimizer=keras.optimizers.RMSprop(learning_rate=1e-2),
    loss=keras.losses.SparseCategoricalCrossentropy(),
    metrics=[keras.metrics.SparseCategoricalAccuracy(name="acc")],
)
history = model.fit(x, y, batch_size=10, epochs=3, shuffle=False, verbose=0, validation_split=0.2)
print(sorted(history.history.keys()))
loss, acc = model.evaluate(x, y, verbose=0)
print("final", round(loss, 5), round(acc, 5), round(history.history["val_loss"][-1], 5))

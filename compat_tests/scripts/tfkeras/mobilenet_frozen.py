"""MobileNet as a frozen feature extractor under tf.keras: preprocessing inside the model, a new head."""
import numpy as np
import tensorflow as tf
from tensorflow.keras import layers, models
from tensorflow.keras.applications import MobileNet
from tensorflow.keras.applications.mobilenet import preprocess_input

tf.random.set_seed(1)
rng = np.random.RandomState(5)
x = rng.uniform(0, 255, (16, 32, 32, 3)).astype("float32")
y = np.arange(16) % 2
x[y == 1, :16] *= 0.3

base_model = MobileNet(weights=None, include_top=False, input_shape=(32, 32, 3), alpha=0.25, pooling="max")
for layer in base_model.layers:
    if isinstance(layer, (layers.Conv2D, layers.DepthwiseConv2D)):
        depthwise = layer.name.startswith('conv_dw')
        shape = layer.get_weights()[0].shape
        layer.set_weights([rng.normal(0, (2.0 / np.prod(shape[:2] if depthwise else shape[:3])) ** 0.5, shape)])
base_model.trainable = False
print(len(base_model.layers), len(base_model.trainable_variables))
features = base_model.predict(preprocess_input(x.copy()), batch_size=8, verbose=0)

model = models.Sequential([
    layers.Dense(4, activation="relu", input_shape=features.shape[1:], kernel_initializer="ones"),
    layers.Dense(1, kernel_initializer="zeros"),
])
model.layers[0].set_weights([rng.uniform(-0.3, 0.3, w.shape) for w in model.layers[0].get_weights()])
model.compile(optimizer=tf.keras.optimizers.Adam(learning_rate=0.01),
              loss=tf.keras.losses.BinaryCrossentropy(from_logits=True), metrics=["accuracy"])
history = model.fit(features, y, epochs=5, batch_size=8, shuffle=False, validation_data=(features, y), verbose=0)
print("final", "%.3f %.5f %.4f" % (features.sum(), history.history["val_loss"][-1], history.history["val_accuracy"][-1]))

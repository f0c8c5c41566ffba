"""Transfer learning with MobileNet: a frozen base without its top, augmentation off, a new head; then a few layers thaw."""
import numpy as np
import keras
from keras import layers

rng = np.random.default_rng(3)
x = rng.uniform(0, 255, (24, 32, 32, 3)).astype("float32")
y = np.arange(24) % 3
x[y == 1, :16] *= 0.3
x[y == 2, :, :16] *= 0.3

base = keras.applications.MobileNet(input_shape=(32, 32, 3), alpha=0.25, include_top=False, weights=None, pooling="avg")
for layer in base.layers:
    if isinstance(layer, (layers.Conv2D, layers.DepthwiseConv2D)):
        depthwise = layer.name.startswith('conv_dw')
        shape = layer.get_weights()[0].shape
        layer.set_weights([rng.normal(0, (2.0 / np.prod(shape[:2] if depthwise else shape[:3])) ** 0.5, shape)])
base.trainable = False
features = base.predict(keras.applications.mobilenet.preprocess_input(x.copy()), batch_size=12, verbose=0)
print(features.shape, len(base.weights), len(base.trainable_weights))

head = keras.Sequential([keras.Input(features.shape[1:]), layers.Dropout(0.0), layers.Dense(3, kernel_initializer="zeros")])
head.compile(
    keras.optimizers.Adam(0.02),
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=[keras.metrics.SparseCategoricalAccuracy(name="acc")],
)
head.fit(features, y, epochs=6, batch_size=8, shuffle=False, verbose=0)
loss, acc = head.evaluate(features, y, verbose=0)

base.trainable = True
for layer in base.layers[:-7]:
    layer.trainable = False
print("final", f"{features.sum():.3f} {loss:.5f} {acc:.4f}", len(base.trainable_weights), base.count_params())

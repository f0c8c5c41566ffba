"""A siamese net whose distance is a layer of keras.ops."""
import numpy as np
import keras
from keras import layers, ops

rng = np.random.default_rng(5)
left, right = rng.random((40, 5)), rng.random((40, 5))
same = (np.arange(40) % 2).astype("float32")
right[same == 1] = left[same == 1] + 0.02
base = keras.Sequential([keras.Input((5,)), layers.Dense(6, activation="tanh"), layers.Dense(4)])
a, b = keras.Input((5,)), keras.Input((5,))
distance = layers.Lambda(lambda t: ops.sqrt(ops.sum(ops.square(t[0] - t[1]), axis=1, keepdims=True) + 1e-7),
                         output_shape=(1,))([base(a), base(b)])
model = keras.Model([a, b], layers.Dense(1, activation="sigmoid")(distance))
model.set_weights([rng.uniform(-0.6, 0.6, w.shape) for w in model.get_weights()])
model.compile(keras.optimizers.RMSprop(0.01), "binary_crossentropy", metrics=["accuracy"])
model.fit([left, right], same, epochs=5, batch_size=10, shuffle=False, verbose=0)
print("final", *[f"{v:.5f}" for v in model.evaluate([left, right], same, verbose=0)])

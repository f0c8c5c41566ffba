"""A PyDataset and sample weights from it."""
import math
import numpy as np
import keras

rng = np.random.default_rng(10)
x, y = rng.random((30, 3)).astype("float32"), rng.random((30, 1)).astype("float32")


class Rows(keras.utils.PyDataset):
    def __init__(self, size, **kwargs):
        super().__init__(**kwargs)
        self.size = size

    def __len__(self):
        return math.ceil(30 / self.size)

    def __getitem__(self, index):
        part = slice(index * self.size, (index + 1) * self.size)
        return x[part], y[part], np.linspace(0.5, 1.5, len(x[part])).astype("float32")


model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, "relu"), keras.layers.Dense(1)])
model.set_weights([rng.uniform(-0.5, 0.5, w.shape) for w in model.get_weights()])
model.compile("adamax", "mae")
history = model.fit(Rows(10, workers=1), epochs=3, shuffle=False, verbose=0)
print("final", f"{history.history['loss'][-1]:.5f} {model.evaluate(Rows(15), verbose=0):.5f}")

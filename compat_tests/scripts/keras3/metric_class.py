"""A metric class with add_variable and ops."""
import numpy as np
import keras
from keras import ops


class Positives(keras.metrics.Metric):
    def __init__(self, name="positives", **kwargs):
        super().__init__(name=name, **kwargs)
        self.total = self.add_variable(shape=(), initializer="zeros", name="total")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.total.assign(self.total + ops.sum(ops.cast(y_pred > 0.5, "float32")))

    def result(self):
        return self.total * 1.0


rng = np.random.default_rng(9)
x = rng.random((40, 3))
y = (x.sum(1) > 1.5).astype("float32")
model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, activation="sigmoid")])
model.set_weights([rng.uniform(-1, 1, w.shape) for w in model.get_weights()])
model.compile("nadam", "binary_crossentropy", metrics=[Positives(), keras.metrics.AUC(num_thresholds=20)])
model.fit(x, y, epochs=2, batch_size=8, shuffle=False, verbose=0)
print("final", *[f"{v:.4f}" for v in model.evaluate(x, y, verbose=0)])

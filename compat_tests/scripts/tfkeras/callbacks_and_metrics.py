"""A stateful metric, a callback that uses logs and the model, ReduceLROnPlateau, CSVLogger."""
import numpy as np
from tensorflow import keras
from tensorflow.keras import backend as K


class MeanBias(keras.metrics.Metric):
    def __init__(self, name="bias", **kwargs):
        super().__init__(name=name, **kwargs)
        self.total = self.add_weight(name="total", initializer="zeros")
        self.count = self.add_weight(name="count", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_true = K.cast(y_true, y_pred.dtype)
        self.total.assign_add(K.sum(y_pred - y_true))
        self.count.assign_add(K.cast(K.shape(y_true)[0], "float32"))

    def result(self):
        return self.total / self.count

    def reset_state(self):
        self.total.assign(0.0)
        self.count.assign(0.0)


class Watch(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.rates = []

    def on_epoch_end(self, epoch, logs=None):
        self.rates.append(float(K.get_value(self.model.optimizer.lr)))
        if logs.get("loss") < 1e-4:
            self.model.stop_training = True


rng = np.random.RandomState(16)
x = rng.rand(40, 3).astype("float32")
y = x.sum(axis=1, keepdims=True) * 0.5 + 1
model = keras.models.Sequential([keras.layers.Dense(1, input_dim=3, kernel_initializer="ones")])
model.compile(keras.optimizers.Adam(learning_rate=0.05), loss="mae", metrics=[MeanBias(), "mse"])
watch = Watch()
history = model.fit(x, y, epochs=6, batch_size=10, shuffle=False, verbose=0, callbacks=[
    watch, keras.callbacks.CSVLogger("run.csv"),
    keras.callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=0, min_delta=0.3, verbose=0)])
print(open("run.csv").readline().strip())
print("final", "%.5f %.5f %.5f" % (history.history["bias"][-1], history.history["mse"][-1], watch.rates[-1]))

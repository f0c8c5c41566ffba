"""A small MLP with a loss and a metric made of keras.ops."""
import numpy as np
import keras
from keras import layers, ops

rng = np.random.default_rng(0)
x = rng.normal(size=(64, 4)).astype("float32")
y = (x[:, :1] * x[:, 1:2]).astype("float32")


def huberish(y_true, y_pred):
    error = ops.abs(y_true - y_pred)
    return ops.mean(ops.where(error < 0.5, ops.square(error), error - 0.25), axis=-1)


model = keras.Sequential([keras.Input((4,)), layers.Dense(8, activation="gelu"), layers.Dense(1)])
model.set_weights([rng.uniform(-0.5, 0.5, w.shape) for w in model.get_weights()])
model.compile(optimizer=keras.optimizers.AdamW(0.01), loss=huberish, metrics=["mae"])
history = model.fit(x, y, epochs=5, batch_size=16, shuffle=False, verbose=0)
result = model.evaluate(x, y, verbose=0, return_dict=True)
print({k: round(v, 3) for k, v in result.items()})
print("final", f"{history.history['loss'][0]:.5f} {result['loss']:.5f} {result['mae']:.5f}")

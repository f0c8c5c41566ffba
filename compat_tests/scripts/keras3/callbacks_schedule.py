"""A schedule, EarlyStopping, CSVLogger and a callback of one's own."""
import numpy as np
import keras

rng = np.random.default_rng(6)
x = rng.normal(size=(50, 3)).astype("float32")
y = x @ np.array([[1.0], [-2.0], [0.5]], "float32")


class Count(keras.callbacks.Callback):
    batches = 0

    def on_train_batch_end(self, batch, logs=None):
        self.batches += 1


model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, kernel_initializer="zeros")])
schedule = keras.optimizers.schedules.ExponentialDecay(0.1, decay_steps=10, decay_rate=0.7)
model.compile(keras.optimizers.SGD(schedule, momentum=0.5), "mse")
count = Count()
history = model.fit(x, y, validation_split=0.2, epochs=6, batch_size=10, shuffle=False, verbose=0,
                    callbacks=[count, keras.callbacks.CSVLogger("log.csv"),
                               keras.callbacks.EarlyStopping(patience=2, restore_best_weights=True)])
print(open("log.csv").readline().strip())
print("final", count.batches, f"{history.history['val_loss'][-1]:.6f}", f"{float(model.optimizer.learning_rate):.5f}")

"""Model.train_step with a tape and compiled_loss, fit drives it."""
import numpy as np
import tensorflow as tf
from tensorflow import keras


class CustomModel(keras.Model):
    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compiled_loss(y, y_pred, regularization_losses=self.losses)
        trainable_vars = self.trainable_variables
        gradients = tape.gradient(loss, trainable_vars)
        self.optimizer.apply_gradients(zip(gradients, trainable_vars))
        self.compiled_metrics.update_state(y, y_pred)
        return {m.name: m.result() for m in self.metrics}


rng = np.random.RandomState(5)
x, y = rng.rand(40, 6), rng.rand(40, 1)
inputs = keras.Input(shape=(6,))
outputs = keras.layers.Dense(1)(keras.layers.Dense(4, activation="relu", kernel_regularizer="l2")(inputs))
model = CustomModel(inputs, outputs)
model.set_weights([rng.uniform(-0.4, 0.4, w.shape) for w in model.get_weights()])
model.compile(optimizer=keras.optimizers.RMSprop(0.01), loss="mse", metrics=["mae"])
history = model.fit(x, y, epochs=4, batch_size=10, shuffle=False, verbose=0)
print(sorted(history.history))
print("final", "%.5f %.5f" % (history.history["loss"][-1], history.history["mae"][-1]))

"""A registered layer, saved as .keras and loaded without custom_objects."""
import numpy as np
import keras
from keras import layers, ops


@keras.saving.register_keras_serializable(package="Mine")
class Gate(layers.Layer):
    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), initializer="glorot_uniform", name="kernel")
        self.gate = self.add_weight(shape=(input_shape[-1], self.units), initializer="zeros", name="gate")

    def call(self, inputs):
        return ops.matmul(inputs, self.kernel) * ops.sigmoid(ops.matmul(inputs, self.gate))

    def get_config(self):
        return {**super().get_config(), "units": self.units}


rng = np.random.default_rng(4)
x, y = rng.normal(size=(40, 3)), rng.normal(size=(40, 1))
model = keras.Sequential([keras.Input((3,)), Gate(5), layers.Dense(1)])
model.set_weights([rng.uniform(-0.5, 0.5, w.shape) for w in model.get_weights()])
model.compile("sgd", "mse")
model.fit(x, y, epochs=3, batch_size=10, shuffle=False, verbose=0)
model.save("gate.keras")
again = keras.saving.load_model("gate.keras")
again.fit(x, y, epochs=2, batch_size=10, shuffle=False, verbose=0)
print("final", f"{model.evaluate(x, y, verbose=0):.5f} {again.evaluate(x, y, verbose=0):.5f}")

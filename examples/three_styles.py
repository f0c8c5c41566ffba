"""One model in the three styles of Keras: from the same weights they give the same numbers.

python examples/three_styles.py [--epochs 5]
"""

import argparse

import numpy as np

import jkeras as keras
from jkeras import layers

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=5)
options = parser.parse_args()

(x_train, y_train), (x_test, y_test) = keras.datasets.digits.load_data()
x_train, x_test = x_train.reshape(-1, 64) / 16.0, x_test.reshape(-1, 64) / 16.0


def sequential():
    return keras.Sequential(
        [
            keras.Input((64,)),
            layers.Dense(32, activation="relu"),
            layers.BatchNormalization(),
            layers.Dense(10, activation="softmax"),
        ]
    )


def functional():
    inputs = keras.Input((64,))
    x = layers.Dense(32, activation="relu")(inputs)
    x = layers.BatchNormalization()(x)
    outputs = layers.Dense(10, activation="softmax")(x)
    return keras.Model(inputs, outputs)


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.hidden = layers.Dense(32, activation="relu")
        self.norm = layers.BatchNormalization()
        self.out = layers.Dense(10, activation="softmax")

    def call(self, inputs, training=None):
        return self.out(self.norm(self.hidden(inputs), training=training))


weights, results = None, {}
for build in (sequential, functional, Subclassed):
    model = build()
    model(x_train[:1])  # makes the weights of the subclassed model, too
    weights = model.get_weights() if weights is None else weights
    model.set_weights(weights)
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x_train, y_train, batch_size=32, epochs=options.epochs, shuffle=False, verbose=0)
    loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
    print(f"{build.__name__:10}  {model.count_params()} parameters  test loss {loss:.6f}  test accuracy {accuracy:.4f}")
    results[build.__name__] = history.history["loss"], model.predict(x_test, verbose=0)

losses, predictions = zip(*results.values())
np.testing.assert_allclose(losses, [losses[0]] * 3, rtol=1e-6)
np.testing.assert_allclose(predictions, [predictions[0]] * 3, rtol=1e-4, atol=1e-6)
print("The three styles agree.")

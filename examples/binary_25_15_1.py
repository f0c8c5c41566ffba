"""Zero or one? A classifier with layers of 25, 15 and 1 sigmoid units, as in a first course on neural networks.

python examples/binary_25_15_1.py [--epochs 100]
"""

import argparse

import jkeras as keras
from jkeras.layers import Dense
from jkeras.losses import BinaryCrossentropy
from jkeras.models import Sequential
from jkeras.optimizers import Adam

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=100)
options = parser.parse_args()

keras.utils.set_random_seed(1234)


def zeros_and_ones(x, y):
    chosen = y < 2
    return x[chosen].reshape(-1, 64) / 16.0, y[chosen].reshape(-1, 1)


train, test = keras.datasets.digits.load_data()
X, y = zeros_and_ones(*train)
X_test, y_test = zeros_and_ones(*test)
print(f"X: {X.shape}, y: {y.shape}")

model = Sequential(
    [
        keras.Input(shape=(64,)),
        Dense(25, activation="sigmoid", name="layer1"),
        Dense(15, activation="sigmoid", name="layer2"),
        Dense(1, activation="sigmoid", name="layer3"),
    ],
    name="zero_or_one",
)
model.summary()

model.compile(loss=BinaryCrossentropy(), optimizer=Adam(0.001), metrics=["accuracy"])
history = model.fit(X, y, epochs=options.epochs, verbose=0)
print(f"loss: {history.history['loss'][0]:.4f} -> {history.history['loss'][-1]:.4f}")

W1, b1 = model.get_layer("layer1").get_weights()
print(f"W1: {W1.shape}, b1: {b1.shape}")

prediction = model.predict(X_test, verbose=0)
print(f"first test digit: {y_test[0, 0]}, predicted {prediction[0, 0]:.3f}")
loss, accuracy = model.evaluate(X_test, y_test, verbose=0)
print(f"test accuracy: {accuracy:.4f}")

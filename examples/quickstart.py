"""Trains a small convnet on 1,437 real handwritten digits and draws how it went to quickstart.png.

python examples/quickstart.py [--epochs 30] [--output quickstart.png]
"""

import argparse

import matplotlib

matplotlib.use("Agg")  # a file is drawn, no window is opened
import matplotlib.pyplot as plt
import numpy as np

import jkeras as keras
from jkeras import layers

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=30)
parser.add_argument("--output", default="quickstart.png")
options = parser.parse_args()

keras.utils.set_random_seed(1)

# The images are 8x8 with ink from 0 to 16. The test digits come mostly from writers that are not in the training set.
(x_train, y_train), (x_test, y_test) = keras.datasets.digits.load_data()
x_train, x_test = x_train[..., None] / 16.0, x_test[..., None] / 16.0

model = keras.Sequential(
    [
        keras.Input((8, 8, 1)),
        layers.Conv2D(32, 3, padding="same", activation="relu"),
        layers.Conv2D(64, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dropout(0.5),
        layers.Dense(10, activation="softmax"),
    ]
)
model.summary()
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, batch_size=64, epochs=options.epochs, validation_data=(x_test, y_test), verbose=2)

loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
probabilities = model.predict(x_test, verbose=0)
guesses = probabilities.argmax(axis=1)
print(f"Test accuracy: {accuracy:.4f} ({(guesses != y_test).sum()} of {len(y_test)} wrong)")

# Left: the learning curves. Right: the digits that the model finds hardest, the wrong ones first.
figure = plt.figure(figsize=(12, 5), layout="constrained")
curves, examples = figure.subfigures(1, 2, width_ratios=[1, 1.1])
epochs = np.arange(1, options.epochs + 1)
for axes, name in zip(curves.subplots(2, 1, sharex=True), ("loss", "accuracy")):
    axes.plot(epochs, history.history[name], label="training")
    axes.plot(epochs, history.history[f"val_{name}"], label="test")
    axes.set_ylabel(name)
    axes.grid(alpha=0.3)
    axes.legend()
axes.set_xlabel("epoch")
curves.suptitle(f"Learning curves (test accuracy {accuracy:.1%})")

confidence_in_truth = probabilities[np.arange(len(y_test)), y_test]
hardest = np.argsort(confidence_in_truth)[:24]
for axes, i in zip(examples.subplots(4, 6).flat, hardest):
    axes.imshow(x_test[i, :, :, 0], cmap="gray_r")
    axes.set_title(
        f"{guesses[i]} ({probabilities[i].max():.0%})", color="green" if guesses[i] == y_test[i] else "red", fontsize=10
    )
    axes.set_xlabel(f"is {y_test[i]}", fontsize=9)
    axes.set_xticks([])
    axes.set_yticks([])
examples.suptitle("The hardest test digits: prediction (confidence)")
figure.savefig(options.output, dpi=100)
print(f"Drawn: {options.output}")

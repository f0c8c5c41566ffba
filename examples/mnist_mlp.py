"""A first neural network: handwritten digits with two dense layers, test accuracy about 0.98 after 5 epochs.

    python examples/mnist_mlp.py [--data PATH/mnist.npz] [--epochs 5] [--seed 0]

Without --data, MNIST is downloaded once into $KERAS_HOME/datasets (~/.keras/datasets).
"""

import argparse
import os

import jkeras as keras
from jkeras.layers import Dense
from jkeras.models import Sequential
from jkeras.utils import to_categorical

parser = argparse.ArgumentParser()
parser.add_argument("--data", default="mnist.npz")
parser.add_argument("--epochs", type=int, default=5)
parser.add_argument("--seed", type=int, default=0)
options = parser.parse_args()
data = os.path.abspath(options.data) if os.path.exists(options.data) else options.data

keras.utils.set_random_seed(options.seed)

(train_images, train_labels), (test_images, test_labels) = keras.datasets.mnist.load_data(data)
train_images = train_images.reshape((-1, 28 * 28)).astype("float32") / 255
test_images = test_images.reshape((-1, 28 * 28)).astype("float32") / 255
train_labels = to_categorical(train_labels, 10)
test_labels = to_categorical(test_labels, 10)

network = Sequential()
network.add(Dense(512, activation="relu", input_shape=(28 * 28,)))
network.add(Dense(10, activation="softmax"))
network.compile(optimizer="rmsprop", loss="categorical_crossentropy", metrics=["accuracy"])
network.fit(train_images, train_labels, epochs=options.epochs, batch_size=128, verbose=2)

test_loss, test_acc = network.evaluate(test_images, test_labels, verbose=0)
print(f"test_acc: {test_acc:.4f}")

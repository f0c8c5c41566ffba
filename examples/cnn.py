"""A convolutional network on handwritten digits, with augmentation by shifting and early stopping.

python examples/cnn.py [--epochs 40]
"""

import argparse

import numpy as np

import jkeras as keras
from jkeras.callbacks import EarlyStopping
from jkeras.layers import (
    Activation,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    MaxPooling2D,
)
from jkeras.models import Sequential

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=40)
options = parser.parse_args()

keras.utils.set_random_seed(7)

(x_train, y_train), (x_test, y_test) = keras.datasets.digits.load_data()
x_train = np.expand_dims(x_train, -1).astype("float32") / 16
x_test = np.expand_dims(x_test, -1).astype("float32") / 16
y_train, y_test = keras.utils.to_categorical(y_train, 10), keras.utils.to_categorical(y_test, 10)

# Each digit once more, moved by one pixel to the left and to the right.
moved = [np.roll(x_train, shift, axis=2) for shift in (-1, 1)]
x_train, y_train = np.concatenate([x_train, *moved]), np.concatenate([y_train] * 3)

model = Sequential()
model.add(Conv2D(32, (3, 3), padding="same", input_shape=(8, 8, 1)))
model.add(BatchNormalization())
model.add(Activation("relu"))
model.add(Conv2D(32, (3, 3), padding="same", activation="relu"))
model.add(MaxPooling2D(pool_size=(2, 2)))
model.add(Dropout(0.25))
model.add(Conv2D(64, (3, 3), padding="same", activation="relu"))
model.add(MaxPooling2D(pool_size=(2, 2)))
model.add(Flatten())
model.add(Dense(128, activation="relu"))
model.add(Dropout(0.5))
model.add(Dense(10, activation="softmax"))
model.summary()

model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
stop = EarlyStopping(monitor="val_loss", patience=6, restore_best_weights=True)
history = model.fit(
    x_train,
    y_train,
    batch_size=64,
    epochs=options.epochs,
    validation_data=(x_test, y_test),
    callbacks=[stop],
    verbose=2,
)
loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
print(f"stopped after {len(history.history['loss'])} epochs, test accuracy: {accuracy:.4f}")

# What the last convolution sees: a model that ends there, on the same weights.
features = keras.Model(model.inputs, GlobalAveragePooling2D()(model.layers[6].output))
print("features:", features.predict(x_test[:5], verbose=0).shape)

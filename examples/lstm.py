"""A digit read line by line: an LSTM takes the 8 rows of an image as 8 time steps of 8 values.

python examples/lstm.py [--epochs 25]
"""

import argparse

import jkeras as keras
from jkeras.layers import LSTM, Dense
from jkeras.models import Sequential

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=25)
options = parser.parse_args()

keras.utils.set_random_seed(3)

(x_train, y_train), (x_test, y_test) = keras.datasets.digits.load_data()
x_train, x_test = x_train / 16.0, x_test / 16.0  # (samples, time steps, features)

model = Sequential()
model.add(LSTM(64, return_sequences=True, input_shape=(8, 8)))
model.add(LSTM(64))
model.add(Dense(10, activation="softmax"))
model.compile(optimizer=keras.optimizers.Adam(0.003), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(
    x_train, y_train, epochs=options.epochs, batch_size=64, validation_split=0.1, shuffle=True, verbose=2
)
loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
print(f"test accuracy: {accuracy:.4f}")

# The label after each row: the same layers, asked at every step.
so_far = Sequential([keras.Input((None, 8)), model.layers[0], model.layers[1], model.layers[2]])
guesses = [int(so_far.predict(x_test[:1, :rows], verbose=0).argmax()) for rows in range(1, 9)]
print(f"a {y_test[0]}, guessed after each row: {guesses}")

"""What `compile` accepts: strings, objects, functions, dicts, optax transformations, several outputs.

python examples/compile_variants.py [--epochs 5]
"""

import argparse

import optax

import jkeras as keras
from jkeras import backend as K
from jkeras import layers, losses, metrics, optimizers

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=5)
options = parser.parse_args()

(x, y), (x_test, y_test) = keras.datasets.digits.load_data()
x, x_test = x.reshape(-1, 64) / 16.0, x_test.reshape(-1, 64) / 16.0
one_hot, one_hot_test = keras.utils.to_categorical(y, 10), keras.utils.to_categorical(y_test, 10)


def mean_of_largest(y_true, y_pred):
    """A metric of our own, written with backend functions."""
    return K.mean(K.max(y_pred, axis=-1))


def squared_difference(y_true, y_pred):
    """A loss of our own."""
    return K.mean(K.square(y_true - y_pred), axis=-1)


ONE_HOT = {
    "strings": dict(optimizer="rmsprop", loss="categorical_crossentropy", metrics=["accuracy"]),
    "short strings": dict(optimizer="sgd", loss="mse", metrics=["acc", "mae"]),
    "loss alone": dict(loss="categorical_crossentropy"),
    "objects": dict(
        optimizer=optimizers.Adam(learning_rate=0.01),
        loss=losses.CategoricalCrossentropy(label_smoothing=0.1),
        metrics=[metrics.CategoricalAccuracy(name="hits"), metrics.TopKCategoricalAccuracy(k=3)],
    ),
    "SGD with all its arguments": dict(
        optimizer=optimizers.SGD(lr=0.1, decay=1e-4, momentum=0.9, nesterov=True), loss="categorical_crossentropy"
    ),
    "a schedule": dict(
        optimizer=optimizers.Adam(optimizers.schedules.ExponentialDecay(0.01, decay_steps=100, decay_rate=0.9)),
        loss="categorical_crossentropy",
    ),
    "a config": dict(
        optimizer={"class_name": "Adam", "config": {"learning_rate": 0.01}}, loss="categorical_crossentropy"
    ),
    "functions": dict(optimizer="adam", loss=squared_difference, metrics=["accuracy", mean_of_largest]),
    "optax": dict(
        optimizer=optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(0.01)), loss="categorical_crossentropy"
    ),
}

for name, arguments in ONE_HOT.items():
    keras.utils.set_random_seed(0)
    model = keras.Sequential([layers.Dense(32, "relu", input_shape=(64,)), layers.Dense(10, "softmax")])
    model.compile(**arguments)
    history = model.fit(x, one_hot, epochs=options.epochs, batch_size=32, verbose=0).history
    first, last = history["loss"][0], history["loss"][-1]
    print(f"{name:28} loss {first:.3f} -> {last:.3f}   logged: {', '.join(history)}")
    assert last < first

# Two outputs: which digit it is, and whether it is odd. Losses, weights and metrics by the name of the output.
inputs = keras.Input((64,))
hidden = layers.Dense(32, activation="relu")(inputs)
digit = layers.Dense(10, activation="softmax", name="digit")(hidden)
odd = layers.Dense(1, activation="sigmoid", name="odd")(hidden)
model = keras.Model(inputs=inputs, outputs=[digit, odd])
model.compile(
    optimizer="adam",
    loss={"digit": "sparse_categorical_crossentropy", "odd": "binary_crossentropy"},
    loss_weights={"digit": 1.0, "odd": 0.5},
    metrics={"digit": ["accuracy"], "odd": ["accuracy"]},
)
model.fit(x, {"digit": y, "odd": y % 2}, epochs=4 * options.epochs, batch_size=32, verbose=0)
for name, value in model.evaluate(x_test, {"digit": y_test, "odd": y_test % 2}, verbose=0, return_dict=True).items():
    print(f"two outputs: {name} {value:.4f}")

# The learning rate can be changed at any time; it acts at the next step, without compiling anything again.
model.optimizer.learning_rate = 1e-4
model.fit(x, {"digit": y, "odd": y % 2}, epochs=1, verbose=0)
print(f"learning rate now: {float(model.optimizer.learning_rate):.4g}")

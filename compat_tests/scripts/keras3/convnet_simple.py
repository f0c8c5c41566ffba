"""The simple convnet of the Keras 3 examples, on made pictures."""
import numpy as np
import keras
from keras import layers

rng = np.random.default_rng(1)
x_train = rng.random((40, 10, 10, 1)).astype("float32")
y_train = keras.utils.to_categorical((x_train[:, :5].mean((1, 2, 3)) > 0.5).astype("int32"), 2)

model = keras.Sequential([
    keras.Input(shape=(10, 10, 1)),
    layers.Conv2D(4, kernel_size=(3, 3), activation="relu"),
    layers.MaxPooling2D(pool_size=(2, 2)),
    layers.Flatten(),
    layers.Dropout(0.0),
    layers.Dense(2, activation="softmax"),
])
model.set_weights([rng.uniform(-0.3, 0.3, w.shape) for w in model.get_weights()])
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
model.fit(x_train, y_train, batch_size=10, epochs=3, shuffle=False, validation_split=0.2, verbose=0)
score = model.evaluate(x_train, y_train, verbose=0)
print("Test loss:", score[0])
print("final", *[f"{s:.5f}" for s in score])

"""The first thing everybody typed: Flatten, Dense, Dropout, logits."""
import numpy as np
import tensorflow as tf

mnist = tf.keras.datasets.mnist
(x_train, y_train), (x_test, y_test) = mnist.load_data()
x_train, x_test = x_train / 255.0, x_test / 255.0

model = tf.keras.models.Sequential([
    tf.keras.layers.Flatten(input_shape=(28, 28)),
    tf.keras.layers.Dense(24, activation='relu'),
    tf.keras.layers.Dropout(0.0),
    tf.keras.layers.Dense(10),
])
rng = np.random.RandomState(0)
model.set_weights([rng.uniform(-0.05, 0.05, w.shape) for w in model.get_weights()])
loss_fn = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
model.compile(optimizer='adam', loss=loss_fn, metrics=['accuracy'])
history = model.fit(x_train, y_train, epochs=5, batch_size=15, shuffle=False, verbose=0)
loss, acc = model.evaluate(x_test, y_test, verbose=0)
probability_model = tf.keras.Sequential([model, tf.keras.layers.Softmax()])
p = probability_model(x_test[:5]).numpy()
print(p.argmax(axis=1))
print('final', f"{loss:.5f} {acc:.4f} {p.max():.5f} {history.history['accuracy'][-1]:.4f}")

"""The custom loop of the guides: batches from tf.data, a tape, apply_gradients, metrics by hand."""
import numpy as np
import tensorflow as tf
from tensorflow import keras

rng = np.random.RandomState(6)
x_train = rng.normal(size=(60, 4)).astype("float32")
y_train = (x_train[:, 0] + x_train[:, 1] > 0).astype("int32")
train_dataset = tf.data.Dataset.from_tensor_slices((x_train, y_train)).batch(20)

inputs = keras.Input(shape=(4,))
x1 = keras.layers.Dense(8, activation="relu")(inputs)
outputs = keras.layers.Dense(2, name="predictions")(x1)
model = keras.Model(inputs=inputs, outputs=outputs)
model.set_weights([rng.uniform(-0.4, 0.4, w.shape) for w in model.get_weights()])
optimizer = keras.optimizers.SGD(learning_rate=0.1)
loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
train_acc_metric = keras.metrics.SparseCategoricalAccuracy()

for epoch in range(4):
    for step, (x_batch_train, y_batch_train) in enumerate(train_dataset):
        with tf.GradientTape() as tape:
            logits = model(x_batch_train, training=True)
            loss_value = loss_fn(y_batch_train, logits)
        grads = tape.gradient(loss_value, model.trainable_weights)
        optimizer.apply_gradients(zip(grads, model.trainable_weights))
        train_acc_metric.update_state(y_batch_train, logits)
    print("Training acc over epoch: %.4f" % (float(train_acc_metric.result()),))
    if epoch < 3:
        train_acc_metric.reset_states() if hasattr(train_acc_metric, "reset_states") else train_acc_metric.reset_state()
print("final", "%.5f %.5f" % (float(loss_value), float(train_acc_metric.result())))

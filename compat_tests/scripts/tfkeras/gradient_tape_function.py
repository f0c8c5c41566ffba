"""Expert quickstart: tf.function steps, Mean metrics, Model subclass."""
import numpy as np
import tensorflow as tf
from tensorflow.keras.layers import Dense, Flatten, Conv2D
from tensorflow.keras import Model

rng = np.random.RandomState(1)
images = rng.rand(32, 6, 6)[..., tf.newaxis].astype("float32")
labels = (images.mean(axis=(1, 2, 3)) > 0.5).astype("int64")
train_ds = tf.data.Dataset.from_tensor_slices((images, labels)).batch(8)


class MyModel(Model):
    def __init__(self):
        super(MyModel, self).__init__()
        self.conv1 = Conv2D(3, 3, activation='relu')
        self.flatten = Flatten()
        self.d1 = Dense(2)

    def call(self, x):
        return self.d1(self.flatten(self.conv1(x)))


model = MyModel()
model(images[:1])
model.set_weights([rng.uniform(-0.3, 0.3, w.shape) for w in model.get_weights()])
loss_object = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
optimizer = tf.keras.optimizers.Adam(0.01)
train_loss = tf.keras.metrics.Mean(name='train_loss')
train_accuracy = tf.keras.metrics.SparseCategoricalAccuracy(name='train_accuracy')


@tf.function
def train_step(images, labels):
    with tf.GradientTape() as tape:
        predictions = model(images, training=True)
        loss = loss_object(labels, predictions)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    train_loss(loss)
    train_accuracy(labels, predictions)


for epoch in range(3):
    train_loss.reset_state()
    train_accuracy.reset_state()
    for batch, label in train_ds:
        train_step(batch, label)
    print(f'Epoch {epoch + 1}, Loss: {train_loss.result():0.4f}, Accuracy: {train_accuracy.result() * 100:0.2f}')
print('final', '%.5f %.5f' % (float(train_loss.result()), float(train_accuracy.result())))

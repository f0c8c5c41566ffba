"""A custom layer and model subclass with tf.* inside."""
import numpy as np
import tensorflow as tf


class Linear(tf.keras.layers.Layer):
    def __init__(self, units=4, **kwargs):
        super(Linear, self).__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        self.w = self.add_weight(shape=(input_shape[-1], self.units), initializer="random_normal", trainable=True)
        self.b = self.add_weight(shape=(self.units,), initializer="zeros", trainable=True)

    def call(self, inputs):
        return tf.matmul(inputs, self.w) + self.b

    def get_config(self):
        config = super().get_config()
        config.update({"units": self.units})
        return config


class MLPBlock(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.linear_1 = Linear(6)
        self.linear_2 = Linear(1)

    def call(self, inputs, training=None):
        x = tf.nn.relu(self.linear_1(inputs))
        return self.linear_2(tf.concat([x, tf.square(inputs)], axis=-1))


rng = np.random.RandomState(2)
x = rng.rand(48, 3).astype("float32")
y = tf.reduce_sum(tf.constant(x) ** 2, axis=1, keepdims=True)
model = MLPBlock()
model.build((None, 3))
model.set_weights([rng.uniform(-0.4, 0.4, w.shape) for w in model.get_weights()])
model.compile(optimizer=tf.keras.optimizers.SGD(0.1), loss=tf.keras.losses.MeanSquaredError())
history = model.fit(x, y.numpy(), epochs=6, batch_size=12, shuffle=False, verbose=0)
print("weights:", len(model.weights), "trainable weights:", len(model.trainable_weights))
print("final", "%.5f" % history.history["loss"][-1], "%.5f" % float(tf.reduce_mean(model(x))))

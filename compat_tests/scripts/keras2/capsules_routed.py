"""Capsules with dynamic routing: K.batch_dot of tensors with three and with four axes."""
import numpy as np
from keras import activations, backend as K, layers, models
from keras.engine.topology import Layer

rng = np.random.RandomState(5)
x = rng.uniform(0, 1, (16, 9, 9, 1))
y = np.eye(3)[rng.randint(0, 3, 16)]


def squash(v, axis=-1):
    length = K.sum(K.square(v), axis, keepdims=True) + K.epsilon()
    return K.sqrt(length) / (0.5 + length) * v


def margin_loss(y_true, y_pred):
    return K.sum(y_true * K.square(K.relu(0.9 - y_pred)) + 0.5 * (1 - y_true) * K.square(K.relu(y_pred - 0.1)), axis=-1)


class Capsule(Layer):
    def __init__(self, count, size, routings=3, activation='squash', **kwargs):
        super(Capsule, self).__init__(**kwargs)
        self.count, self.size, self.routings = count, size, routings
        self.activation = squash if activation == 'squash' else activations.get(activation)

    def build(self, input_shape):
        self.kernel = self.add_weight(name='kernel', shape=(1, input_shape[-1], self.count * self.size),
                                      initializer='glorot_uniform', trainable=True)

    def call(self, inputs, **kwargs):
        hat = K.conv1d(inputs, self.kernel)
        hat = K.reshape(hat, (K.shape(inputs)[0], K.shape(inputs)[1], self.count, self.size))
        hat = K.permute_dimensions(hat, (0, 2, 1, 3))
        b = K.zeros_like(hat[:, :, :, 0])
        for i in range(self.routings):
            o = self.activation(K.batch_dot(K.softmax(b, 1), hat, [2, 2]))
            if i < self.routings - 1:
                b = K.batch_dot(o, hat, [2, 3])
        return o

    def compute_output_shape(self, input_shape):
        return None, self.count, self.size


picture = layers.Input(shape=(None, None, 1))
h = layers.Conv2D(4, (3, 3), activation='relu')(picture)
h = layers.AveragePooling2D((2, 2))(h)
h = Capsule(3, 4, 3)(layers.Reshape((-1, 4))(h))
model = models.Model(inputs=[picture], outputs=[layers.Lambda(lambda z: K.sqrt(K.sum(K.square(z), 2)))(h)])
model.set_weights([rng.uniform(-0.6, 0.6, w.shape) for w in model.get_weights()])
model.compile(loss=margin_loss, optimizer='adam', metrics=['accuracy'])
model.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0)
print('final', '%.5f %.5f' % tuple(model.evaluate(x, y, verbose=0)), '%.5f' % model.predict(x).std())

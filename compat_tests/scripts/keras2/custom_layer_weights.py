"""A custom layer with add_weight, saved in the middle and loaded with custom_objects."""
import numpy as np
from keras import backend as K
from keras import activations, initializers
from keras.engine.topology import Layer, InputSpec
from keras.models import Sequential, load_model
from keras.layers import Dense


class Highway(Layer):
    def __init__(self, activation='tanh', gate_bias=-1., **kwargs):
        self.activation = activations.get(activation)
        self.gate_bias = gate_bias
        super(Highway, self).__init__(**kwargs)

    def build(self, input_shape):
        dim = input_shape[-1]
        self.input_spec = InputSpec(ndim=2, axes={-1: dim})
        self.W = self.add_weight(name='W', shape=(dim, dim), initializer='glorot_uniform', trainable=True)
        self.W_gate = self.add_weight((dim, dim), name='W_gate', initializer='glorot_uniform')
        self.b_gate = self.add_weight(shape=(dim,), initializer=initializers.Constant(self.gate_bias), name='b_gate')
        super(Highway, self).build(input_shape)

    def call(self, x):
        gate = K.sigmoid(K.dot(x, self.W_gate) + self.b_gate)
        return gate * self.activation(K.dot(x, self.W)) + (1. - gate) * x

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        config = super(Highway, self).get_config()
        config.update({'activation': activations.serialize(self.activation), 'gate_bias': self.gate_bias})
        return config


rng = np.random.RandomState(12)
x = rng.normal(size=(50, 4))
y = np.tanh(x[:, :1] * 2) + x[:, 1:2]
model = Sequential()
model.add(Highway(input_shape=(4,)))
model.add(Highway(activation='relu', name='second'))
model.add(Dense(1))
model.set_weights([rng.uniform(-0.5, 0.5, w.shape) for w in model.get_weights()])
model.compile(loss='mse', optimizer='nadam')
model.fit(x, y, epochs=5, batch_size=10, shuffle=False, verbose=0)
model.save('highway.h5')
del model
model = load_model('highway.h5', custom_objects={'Highway': Highway})
model.fit(x, y, epochs=3, batch_size=10, shuffle=False, verbose=0)
print('parameters:', model.count_params())
print('final', '%.5f' % model.evaluate(x, y, verbose=0), '%.5f' % np.abs(model.get_weights()[0]).sum())

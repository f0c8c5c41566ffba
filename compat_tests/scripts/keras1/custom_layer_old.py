"""A layer in the style of Keras 1: build makes variables, get_output_shape_for tells the shape."""
import numpy as np
from keras import backend as K
from keras.engine.topology import Layer
from keras.models import Sequential
from keras.layers import Dense


class Scale(Layer):
    def __init__(self, factor=2.0, **kwargs):
        self.factor = factor
        super(Scale, self).__init__(**kwargs)

    def build(self, input_shape):
        self.gain = K.variable(np.ones((input_shape[1],)) * 0.5, name='gain')
        self.trainable_weights = [self.gain]
        super(Scale, self).build(input_shape)

    def call(self, x, mask=None):
        return x * self.gain * self.factor

    def get_output_shape_for(self, input_shape):
        return input_shape

    def get_config(self):
        base = super(Scale, self).get_config()
        return dict(list(base.items()) + [('factor', self.factor)])


rng = np.random.RandomState(0)
X = rng.uniform(-1, 1, (40, 4))
Y = X * np.array([3., -1., 0.5, 0.])
model = Sequential([Scale(factor=1.5, input_shape=(4,))])
model.compile(optimizer='sgd', loss='mse')
start = model.evaluate(X, Y, verbose=0)
model.fit(X, Y, nb_epoch=10, batch_size=10, verbose=0, shuffle=False)
end = model.evaluate(X, Y, verbose=0)
print('weights:', model.layers[0].get_weights()[0])
print('config has factor', model.layers[0].get_config()['factor'])
print('final', '%.5f %.5f' % (start, end), '%.5f' % model.get_weights()[0].sum())

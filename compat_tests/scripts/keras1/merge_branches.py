"""merge() in all its modes between branches of a functional model (Keras 1 only)."""
import numpy as np
from keras.layers import Input, Dense, merge
from keras.models import Model

rng = np.random.RandomState(2)
a_in, b_in = Input(shape=(4,)), Input(shape=(4,))
a = Dense(3, activation='tanh')(a_in)
b = Dense(3, activation='tanh')(b_in)
joined = merge([a, b], mode='concat', concat_axis=-1)
product = merge([a, b], mode='mul')
total = merge([a, b], mode='sum')
angle = merge([a, b], mode='cos', dot_axes=1)
dot = merge([a, b], mode='dot', dot_axes=1)
model = Model(input=[a_in, b_in], output=[joined, product, total, angle, dot])
model.set_weights([rng.uniform(-1, 1, w.shape) for w in model.get_weights()])
A, B = rng.rand(5, 4), rng.rand(5, 4)
outputs = model.predict([A, B])
by_hand = np.tanh(A.dot(model.get_weights()[0]) + model.get_weights()[1]), \
    np.tanh(B.dot(model.get_weights()[2]) + model.get_weights()[3])
print([o.shape for o in outputs])
errors = [np.abs(outputs[0] - np.concatenate(by_hand, -1)).max(), np.abs(outputs[1] - by_hand[0] * by_hand[1]).max(),
          np.abs(outputs[2] - by_hand[0] - by_hand[1]).max(),
          np.abs(outputs[4].ravel() - (by_hand[0] * by_hand[1]).sum(1)).max()]
print('final', '%.4f %.4f %.4f %.4f' % tuple(errors))

"""Own objective function and own metric made of backend functions; class and sample weights."""
import numpy as np
from keras import backend as K
from keras import objectives
from keras.models import Sequential
from keras.layers import Dense


def pinball(y_true, y_pred):
    error = y_true - y_pred
    return K.mean(K.maximum(0.8 * error, -0.2 * error), axis=-1)


def largest_error(y_true, y_pred):
    return K.max(K.abs(y_true - y_pred))


rng = np.random.RandomState(19)
X = rng.rand(48, 3)
y = (X ** 2).sum(axis=1) + rng.normal(0, 0.1, 48)
weights = np.linspace(0.5, 1.5, 48)

model = Sequential()
model.add(Dense(8, input_dim=3, activation='softplus'))
model.add(Dense(1))
model.set_weights([rng.uniform(-0.4, 0.4, w.shape) for w in model.get_weights()])
model.compile(optimizer='adamax', loss=pinball, metrics=[largest_error, 'mse'])
model.fit(X, y, nb_epoch=8, batch_size=16, sample_weight=weights, shuffle=False, verbose=0)
loss, worst, mse = model.evaluate(X, y, batch_size=48, verbose=0)
by_hand = K.eval(objectives.mse(K.variable(y[:, None]), K.variable(model.predict(X)))).mean()
print('mse by hand agrees:', abs(by_hand - mse) < 1e-4)
print('final', '%.5f %.5f %.5f' % (loss, worst, mse))

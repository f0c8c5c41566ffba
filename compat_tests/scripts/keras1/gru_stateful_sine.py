"""A stateful GRU walks along a sine wave, batch after batch."""
import numpy as np
from keras.models import Sequential
from keras.layers import Dense, GRU

random = np.random.RandomState(5)
batch_size, tsteps = 4, 5
wave = np.sin(np.arange(0, 12, 0.1))[:100].reshape(5, batch_size, tsteps)
X = wave.reshape(-1, tsteps, 1)[:20]
y = np.roll(wave.ravel(), -1).reshape(-1, tsteps)[:20, -1:]

print('Creating model')
model = Sequential()
model.add(GRU(6, batch_input_shape=(batch_size, tsteps, 1), return_sequences=False, stateful=True))
model.add(Dense(1))
model.set_weights([random.normal(0, 0.3, w.shape) for w in model.get_weights()])
model.compile(loss='mse', optimizer='adagrad')

for i in range(4):
    h = model.fit(X, y, batch_size=batch_size, verbose=0, nb_epoch=1, shuffle=False)
    model.reset_states()
    print('Epoch', i, h.history['loss'])

first = model.predict(X[:4], batch_size=batch_size)
again = model.predict(X[:4], batch_size=batch_size)
print('the state moved on:', not np.allclose(first, again))
print('final', '%.5f %.5f %.5f' % (h.history['loss'][0], first.sum(), again.sum()))

"""An LSTM sums the marked entries of a sequence."""
import numpy as np
from keras.models import Sequential
from keras.layers.core import Dense
from keras.layers.recurrent import LSTM

random = np.random.RandomState(42)
nb, steps = 60, 8
values = random.rand(nb, steps)
marks = np.zeros((nb, steps))
for row in range(nb):
    marks[row, random.choice(steps, 2, replace=False)] = 1
X = np.stack([values, marks], axis=-1).astype('float32')
y = (values * marks).sum(axis=1)

model = Sequential()
model.add(LSTM(8, input_dim=2, input_length=steps, init='glorot_uniform', inner_init='orthogonal',
               inner_activation='hard_sigmoid'))
model.add(Dense(1, activation='linear'))
model.set_weights([random.uniform(-0.4, 0.4, w.shape) for w in model.get_weights()])
model.compile(loss='mean_squared_error', optimizer='rmsprop')
history = model.fit(X, y, nb_epoch=8, batch_size=20, shuffle=False, verbose=0)
print('first and last loss: %.4f %.4f' % (history.history['loss'][0], history.history['loss'][-1]))
predicted = model.predict(X).ravel()
print('final', '%.5f %.5f' % (history.history['loss'][-1], np.abs(predicted - y).mean()))

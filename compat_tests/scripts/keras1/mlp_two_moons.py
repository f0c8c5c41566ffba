"""A small MLP on two interleaved half circles."""
import numpy as np
from keras.models import Sequential
from keras.layers.core import Dense, Activation
from keras.optimizers import SGD

rng = np.random.RandomState(1337)
n = 100
t = np.linspace(0, np.pi, n)
upper = np.c_[np.cos(t), np.sin(t)]
lower = np.c_[1 - np.cos(t), 0.5 - np.sin(t)]
X = np.concatenate([upper, lower]) + rng.normal(0, 0.05, (2 * n, 2))
y = np.array([0] * n + [1] * n)
order = rng.permutation(2 * n)
X, y = X[order].astype('float32'), y[order]

model = Sequential()
model.add(Dense(output_dim=12, input_dim=2, init='uniform'))
model.add(Activation('tanh'))
model.add(Dense(1, init='uniform'))
model.add(Activation('sigmoid'))
model.set_weights([rng.uniform(-0.5, 0.5, w.shape) for w in model.get_weights()])

sgd = SGD(lr=0.1, decay=1e-4, momentum=0.9, nesterov=True)
model.compile(loss='binary_crossentropy', optimizer=sgd, metrics=['accuracy'])
hist = model.fit(X, y, nb_epoch=15, batch_size=20, shuffle=False, verbose=0)
loss, acc = model.evaluate(X, y, batch_size=50, verbose=0)
print('loss went from %.4f to %.4f' % (hist.history['loss'][0], hist.history['loss'][-1]))
print('classes', model.predict_classes(X[:4], verbose=0).ravel())
print('final', '%.5f %.5f %.5f' % (loss, acc, hist.history['acc'][-1]))

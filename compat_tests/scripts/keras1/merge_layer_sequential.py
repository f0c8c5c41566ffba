"""Two Sequential models side by side, joined by a Merge layer (Keras 1 only)."""
import numpy as np
from keras.models import Sequential
from keras.layers import Dense, Merge

rng = np.random.RandomState(10)
left = Sequential()
left.add(Dense(6, input_dim=3, activation='relu'))
right = Sequential()
right.add(Dense(6, input_dim=2, activation='relu'))
model = Sequential()
model.add(Merge([left, right], mode='concat'))
model.add(Dense(1, activation='sigmoid'))
model.set_weights([rng.uniform(-0.5, 0.5, w.shape) for w in model.get_weights()])
model.compile(loss='binary_crossentropy', optimizer='rmsprop', metrics=['accuracy'])
X1, X2 = rng.rand(40, 3), rng.rand(40, 2)
y = (X1[:, 0] > X2[:, 0]).astype('int')
before = model.evaluate([X1, X2], y, verbose=0)
model.fit([X1, X2], y, nb_epoch=30, batch_size=10, shuffle=False, verbose=0)
after = model.evaluate([X1, X2], y, verbose=0)
W1, b1, W2, b2, W3, b3 = model.get_weights()
hidden = np.maximum(np.concatenate([X1.dot(W1) + b1, X2.dot(W2) + b2], 1), 0)
by_hand = 1 / (1 + np.exp(-(hidden.dot(W3) + b3)))
print('loss %.4f -> %.4f' % (before[0], after[0]))
print('final', int(after[0] < before[0]), '%.4f' % np.abs(by_hand - model.predict([X1, X2])).max())

"""Encoder, RepeatVector, decoder, TimeDistributed: reverse a short sequence of digits."""
import numpy as np
from keras.models import Sequential
from keras.layers.core import Dense, Activation, RepeatVector
from keras.layers.wrappers import TimeDistributed
from keras.layers.recurrent import SimpleRNN

rng = np.random.RandomState(6)
length, symbols = 4, 5
digits = rng.randint(0, symbols, (50, length))
X = np.eye(symbols)[digits]
Y = np.eye(symbols)[digits[:, ::-1]]

print('Build model...')
model = Sequential()
model.add(SimpleRNN(12, input_shape=(length, symbols)))
model.add(RepeatVector(length))
model.add(SimpleRNN(12, return_sequences=True))
model.add(TimeDistributed(Dense(symbols)))
model.add(Activation('softmax'))
model.set_weights([rng.uniform(-0.3, 0.3, w.shape) for w in model.get_weights()])
model.compile(loss='categorical_crossentropy', optimizer='adam', metrics=['accuracy'])
for iteration in range(1, 3):
    model.fit(X, Y, batch_size=25, nb_epoch=4, shuffle=False, verbose=0)
    loss, acc = model.evaluate(X, Y, verbose=0)
    print('Iteration', iteration, 'loss %.4f acc %.4f' % (loss, acc))
guess = model.predict_classes(X[:1], verbose=0)
print('Q', digits[0], 'A', guess[0])
print('final', '%.5f %.5f' % (loss, acc))

'''LSTM reads index sequences with masking; a word decides the class.'''
from __future__ import print_function
import numpy as np
from keras.preprocessing import sequence
from keras.models import Sequential
from keras.layers import Dense, Embedding
from keras.layers import LSTM

max_features, maxlen, batch_size = 30, 9, 16
rng = np.random.RandomState(113)
x = [list(rng.randint(2, max_features, rng.randint(3, 12))) for _ in range(48)]
y = np.array([int(5 in s or 6 in s or 7 in s) for s in x])
print('Pad sequences (samples x time)')
x = sequence.pad_sequences(x, maxlen=maxlen)
print('x shape:', x.shape)

model = Sequential()
model.add(Embedding(max_features, 6, mask_zero=True))
model.add(LSTM(7, dropout=0., recurrent_dropout=0.))
model.add(Dense(1, activation='sigmoid'))
model.set_weights([rng.uniform(-0.5, 0.5, w.shape) for w in model.get_weights()])
model.compile(loss='binary_crossentropy', optimizer='adam', metrics=['accuracy'])
print('Train...')
model.fit(x, y, batch_size=batch_size, epochs=6, verbose=0, shuffle=False, validation_split=0.25)
score, acc = model.evaluate(x, y, batch_size=batch_size, verbose=0)
print('Test score:', score)
print('Test accuracy:', acc)
print('final', '%.5f %.4f %d' % (score, acc, x.sum()))

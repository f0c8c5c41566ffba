"""Bidirectional GRU tags every step; temporal sample weights hide the padding."""
import numpy as np
from keras.models import Sequential
from keras.layers import Bidirectional, Dense, Embedding, GRU, TimeDistributed
from keras.preprocessing.sequence import pad_sequences

rng = np.random.RandomState(31)
sentences = [rng.randint(1, 12, rng.randint(2, 7)).tolist() for _ in range(30)]
tags = [[int(w % 3 == 0) for w in s] for s in sentences]
X = pad_sequences(sentences, maxlen=6, padding='post')
Y = pad_sequences(tags, maxlen=6, padding='post')[..., np.newaxis]
W = (X > 0).astype('float32')

model = Sequential()
model.add(Embedding(12, 5, input_length=6))
model.add(Bidirectional(GRU(4, return_sequences=True), merge_mode='concat'))
model.add(TimeDistributed(Dense(1, activation='sigmoid')))
model.set_weights([rng.uniform(-0.5, 0.5, w.shape) for w in model.get_weights()])
model.compile('rmsprop', 'binary_crossentropy', sample_weight_mode='temporal')
history = model.fit(X, Y, sample_weight=W, epochs=5, batch_size=10, shuffle=False, verbose=0)
found = model.predict(X)[..., 0] > 0.5
right = (found == Y[..., 0])[X > 0].mean()
print('tagged %.3f of the words rightly' % right)
print('final', '%.5f %.5f %.4f' % (history.history['loss'][0], history.history['loss'][-1], right))

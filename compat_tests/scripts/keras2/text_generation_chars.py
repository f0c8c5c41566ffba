"""Learn the next character; on_epoch_end prints samples, as they all did."""
from __future__ import print_function
import sys
import numpy as np
from keras.callbacks import LambdaCallback
from keras.models import Sequential
from keras.layers import Dense, LSTM
from keras.optimizers import RMSprop

text = 'the sun and the sea and the sand and the sun and the end '
chars = sorted(list(set(text)))
print('total chars:', len(chars))
char_indices = dict((c, i) for i, c in enumerate(chars))
indices_char = dict((i, c) for i, c in enumerate(chars))
maxlen, step = 6, 1
sentences = [text[i: i + maxlen] for i in range(0, len(text) - maxlen, step)]
next_chars = [text[i + maxlen] for i in range(0, len(text) - maxlen, step)]
x = np.zeros((len(sentences), maxlen, len(chars)), dtype=bool)
y = np.zeros((len(sentences), len(chars)), dtype=bool)
for i, sentence in enumerate(sentences):
    for t, char in enumerate(sentence):
        x[i, t, char_indices[char]] = 1
    y[i, char_indices[next_chars[i]]] = 1

model = Sequential()
model.add(LSTM(12, input_shape=(maxlen, len(chars))))
model.add(Dense(len(chars), activation='softmax'))
rng = np.random.RandomState(0)
model.set_weights([rng.uniform(-0.3, 0.3, w.shape) for w in model.get_weights()])
model.compile(loss='categorical_crossentropy', optimizer=RMSprop(lr=0.01))
made = []


def on_epoch_end(epoch, _):
    if epoch % 4:
        return
    sentence, generated = text[:maxlen], ''
    for i in range(5):
        x_pred = np.zeros((1, maxlen, len(chars)))
        for t, char in enumerate(sentence):
            x_pred[0, t, char_indices[char]] = 1.
        next_char = indices_char[int(np.argmax(model.predict(x_pred, verbose=0)[0]))]
        generated += next_char
        sentence = sentence[1:] + next_char
    made.append(generated)
    sys.stdout.write(repr(generated) + '\n')
    sys.stdout.flush()


h = model.fit(x, y, batch_size=17, epochs=8, shuffle=False, verbose=0, callbacks=[LambdaCallback(on_epoch_end=on_epoch_end)])
print('final', '%.5f %.5f' % (h.history['loss'][0], h.history['loss'][-1]), len(made))

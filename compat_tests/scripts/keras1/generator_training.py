"""fit_generator with samples_per_epoch and nb_val_samples."""
import numpy as np
from keras.models import Sequential
from keras.layers import Dense, Activation

rng = np.random.RandomState(4)
DATA = rng.rand(64, 6)
TARGET = (DATA.sum(axis=1) > 3).astype('int32')


def batches(size, start=0):
    i = start
    while 1:
        rows = np.arange(i, i + size) % len(DATA)
        i += size
        yield DATA[rows], TARGET[rows]


model = Sequential()
model.add(Dense(10, input_dim=6))
model.add(Activation('relu'))
model.add(Dense(1))
model.add(Activation('sigmoid'))
model.set_weights([rng.uniform(-0.4, 0.4, w.shape) for w in model.get_weights()])
model.compile(loss='binary_crossentropy', optimizer='adagrad', metrics=['accuracy'])
history = model.fit_generator(batches(16), samples_per_epoch=64, nb_epoch=5, verbose=0,
                              validation_data=batches(16), nb_val_samples=32)
score = model.evaluate_generator(batches(16), val_samples=64)
proba = model.predict_generator(batches(16), val_samples=64)
print('epochs', len(history.history['loss']), 'predictions', proba.shape)
print('final', '%.5f %.5f %.5f' % (score[0], score[1], proba.sum()))

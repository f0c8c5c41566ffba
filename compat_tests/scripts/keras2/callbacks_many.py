"""CSVLogger, LambdaCallback, TerminateOnNaN, ModelCheckpoint by val_acc, EarlyStopping."""
import csv
import glob
import numpy as np
from keras.callbacks import (CSVLogger, EarlyStopping, LambdaCallback, ModelCheckpoint, TerminateOnNaN, Callback)
from keras.models import Sequential, load_model
from keras.layers import Dense

rng = np.random.RandomState(10)
x = rng.normal(size=(60, 3))
y = (x.sum(axis=1) > 0).astype('int')


class ValidationWatcher(Callback):
    def on_epoch_end(self, epoch, logs=None):
        data = self.validation_data
        self.seen = len(data[0])
        self.keys = sorted(logs)


model = Sequential()
model.add(Dense(5, activation='relu', input_shape=(3,)))
model.add(Dense(1, activation='sigmoid'))
model.set_weights([rng.uniform(-0.6, 0.6, w.shape) for w in model.get_weights()])
model.compile(optimizer='adam', loss='binary_crossentropy', metrics=['accuracy'])
ended = []
watcher = ValidationWatcher()
callbacks = [CSVLogger('log.csv'), TerminateOnNaN(), watcher,
             LambdaCallback(on_epoch_end=lambda epoch, logs: ended.append(logs['val_acc'])),
             ModelCheckpoint('weights.{epoch:02d}-{val_acc:.2f}.hdf5', monitor='val_acc', save_best_only=True, mode='max',
                             period=1),
             EarlyStopping(monitor='val_acc', patience=4, mode='max', baseline=None, restore_best_weights=True)]
model.fit(x[:45], y[:45], epochs=6, batch_size=9, verbose=0, shuffle=False, validation_data=(x[45:], y[45:]),
          callbacks=callbacks)
with open('log.csv') as f:
    rows = list(csv.DictReader(f))
print(watcher.keys, sorted(rows[0]))
last = load_model(sorted(glob.glob('weights.*.hdf5'))[-1])
print('final', '%.5f %.5f' % tuple(last.evaluate(x, y, verbose=0)), len(rows), watcher.seen, '%.4f' % float(rows[-1]['loss']))

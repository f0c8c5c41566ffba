"""Own callback, EarlyStopping, ModelCheckpoint; weights are loaded again at the end."""
import numpy as np
from keras.models import Sequential
from keras.layers.core import Dense
from keras.callbacks import Callback, EarlyStopping, ModelCheckpoint, LearningRateScheduler


class LossHistory(Callback):
    def on_train_begin(self, logs={}):
        self.losses = []

    def on_batch_end(self, batch, logs={}):
        self.losses.append(logs.get('loss'))


rng = np.random.RandomState(9)
X = rng.randn(60, 5)
y = np.dot(X, rng.randn(5)) + 0.5

model = Sequential()
model.add(Dense(6, input_dim=5, activation='tanh'))
model.add(Dense(1))
model.set_weights([rng.uniform(-0.4, 0.4, w.shape) for w in model.get_weights()])
model.compile(loss='mse', optimizer='sgd', metrics=['mae'])

history = LossHistory()
checkpointer = ModelCheckpoint(filepath='best_weights.hdf5', monitor='val_loss', verbose=0, save_best_only=True,
                               save_weights_only=True)
schedule = LearningRateScheduler(lambda epoch: 0.05 * 0.5 ** (epoch // 3))
stopper = EarlyStopping(monitor='val_loss', patience=2, verbose=0)
fitted = model.fit(X, y, batch_size=10, nb_epoch=9, verbose=0, shuffle=False, validation_split=0.2,
                   callbacks=[history, checkpointer, schedule, stopper])
print(len(history.losses), 'batches in', len(fitted.epoch), 'epochs')
model.load_weights('best_weights.hdf5')
best = model.evaluate(X[48:], y[48:], verbose=0)
print('final', '%.5f' % best[0], '%.5f' % best[1], '%.5f' % min(fitted.history['val_loss']), len(history.losses))

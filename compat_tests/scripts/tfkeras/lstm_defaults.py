"""LSTM and GRU of tf.keras 2: sigmoid gates, reset_after."""
import numpy as np
from tensorflow.keras.models import Sequential
from tensorflow.keras.layers import LSTM, GRU, Dense, Bidirectional
from tensorflow.keras.callbacks import EarlyStopping

rng = np.random.RandomState(1)
series = np.sin(np.arange(70) / 5.0)
X = np.array([series[i:i + 6] for i in range(60)])[..., np.newaxis]
y = series[6:66]

model = Sequential()
model.add(Bidirectional(LSTM(4, return_sequences=True), input_shape=(6, 1)))
model.add(GRU(4))
model.add(Dense(1))
model.set_weights([rng.uniform(-0.4, 0.4, w.shape) for w in model.get_weights()])
model.compile(loss='mean_squared_error', optimizer='adam', metrics=['mae'])
stop = EarlyStopping(monitor='val_loss', patience=3, restore_best_weights=True)
history = model.fit(X[:45], y[:45], validation_data=(X[45:], y[45:]), epochs=5, batch_size=15, shuffle=False,
                    verbose=0, callbacks=[stop])
print('Bias of the GRU has shape', model.layers[1].get_weights()[2].shape)
print('final', '%.5f %.5f %.5f' % (history.history['loss'][-1], history.history['val_mae'][-1],
                                   float(np.sum(model.predict(X[:3], verbose=0)))))

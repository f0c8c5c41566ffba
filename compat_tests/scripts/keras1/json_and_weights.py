"""Architecture as JSON, weights as HDF5, both read back."""
import numpy as np
from keras.models import Sequential, model_from_json
from keras.layers.core import Dense, Activation, Dropout, Reshape, Permute, RepeatVector
from keras.layers.convolutional import Convolution1D, MaxPooling1D

rng = np.random.RandomState(33)
X = rng.rand(20, 8, 2)
y = X[:, :, 0].max(axis=1)

model = Sequential()
model.add(Convolution1D(nb_filter=4, filter_length=3, border_mode='same', activation='relu', input_shape=(8, 2)))
model.add(MaxPooling1D(pool_length=2))
model.add(Permute((2, 1)))
model.add(Reshape((16,)))
model.add(Dropout(p=0.0))
model.add(Dense(output_dim=1))
model.set_weights([rng.uniform(-0.3, 0.3, w.shape) for w in model.get_weights()])
model.compile('rmsprop', 'mae')
model.fit(X, y, nb_epoch=4, batch_size=5, verbose=0, shuffle=False)

with open('architecture.json', 'w') as f:
    f.write(model.to_json())
model.save_weights('weights.h5', overwrite=True)
with open('architecture.json') as f:
    twin = model_from_json(f.read())
twin.load_weights('weights.h5')
twin.compile(loss='mse', optimizer='sgd')
assert np.allclose(twin.predict(X), model.predict(X))
twin.fit(X, y, nb_epoch=3, batch_size=20, verbose=0)
print('final', '%.5f' % model.evaluate(X, y, verbose=0), '%.5f' % twin.evaluate(X, y, verbose=0))

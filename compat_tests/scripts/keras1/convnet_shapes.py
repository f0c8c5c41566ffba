"""Convnet that tells horizontal from vertical strokes (Theano dimension ordering left alone)."""
import numpy as np
from keras.models import Sequential
from keras.layers.core import Dense, Activation, Flatten
from keras.layers.convolutional import Convolution2D, MaxPooling2D
from keras.utils.np_utils import to_categorical

rng = np.random.RandomState(3)
nb_samples, size = 64, 10
X = rng.uniform(0, 0.3, (nb_samples, size, size, 1)).astype('float32')
y = rng.randint(0, 2, nb_samples)
for i in range(nb_samples):
    where = rng.randint(1, size - 1)
    if y[i]:
        X[i, where, :, 0] = 1
    else:
        X[i, :, where, 0] = 1
Y = to_categorical(y, 2)

model = Sequential()
model.add(Convolution2D(4, 3, 3, border_mode='valid', input_shape=(size, size, 1), dim_ordering='tf'))
model.add(Activation('relu'))
model.add(Convolution2D(4, 3, 3, border_mode='same', subsample=(1, 1), dim_ordering='tf'))
model.add(Activation('relu'))
model.add(MaxPooling2D(pool_size=(2, 2), dim_ordering='tf'))
model.add(Flatten())
model.add(Dense(2))
model.add(Activation('softmax'))
model.set_weights([rng.uniform(-0.3, 0.3, w.shape) for w in model.get_weights()])
model.compile(loss='categorical_crossentropy', optimizer='adam', metrics=['accuracy'])
model.fit(X, Y, batch_size=16, nb_epoch=6, shuffle=False, verbose=0)
loss, accuracy = model.evaluate(X, Y, batch_size=64, verbose=0)
print('conv layer gives', model.layers[0].output_shape)
print('final', '%.5f' % loss, '%.5f' % accuracy)

"""Channels come first, as Theano liked it: gradient of a picture's corner."""
import numpy as np
from keras import backend as K
from keras.models import Sequential
from keras.layers import Convolution2D, AveragePooling2D, ZeroPadding2D, UpSampling2D

rng = np.random.RandomState(11)
images = rng.rand(6, 2, 8, 8).astype('float32')

net = Sequential()
net.add(ZeroPadding2D((1, 1), input_shape=(2, 8, 8), dim_ordering='th'))
net.add(UpSampling2D(size=(2, 2), dim_ordering='th'))
print('padded and doubled:', net.output_shape)
net.compile('sgd', 'mse')
big = net.predict(images)

small = images.reshape((6, 2, 4, 2, 4, 2)).mean(axis=(3, 5))
mean, corner = big.mean(), big[:, :, 2:4, 2:4].sum()

# the same picture through a convolution in the other ordering
last = Sequential()
last.add(Convolution2D(nb_filter=3, nb_row=2, nb_col=3, init='he_normal', bias=True, activation='relu',
                       border_mode='same', dim_ordering='tf', input_shape=(8, 8, 2)))
last.add(AveragePooling2D(pool_size=(2, 2), strides=(2, 2), border_mode='valid', dim_ordering='tf'))
last.layers[0].set_weights([rng.uniform(-1, 1, w.shape) for w in last.layers[0].get_weights()])
last.compile(optimizer='sgd', loss='mse')
target = np.transpose(small, (0, 2, 3, 1))[..., :1].repeat(3, -1)
before = last.evaluate(np.transpose(images, (0, 2, 3, 1)), target, verbose=0)
last.fit(np.transpose(images, (0, 2, 3, 1)), target, nb_epoch=5, batch_size=6, verbose=0)
after = last.evaluate(np.transpose(images, (0, 2, 3, 1)), target, verbose=0)
print('ordering of this backend:', K.image_dim_ordering() in ('tf', 'th'))
print('final', '%.6f %.6f %.6f %.6f' % (mean, corner, before, after))

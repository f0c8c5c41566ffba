"""Sparse autoencoder with W_regularizer, activity_regularizer and a constraint."""
import numpy as np
from keras.layers import Input, Dense
from keras.models import Model
from keras.regularizers import l2
from keras.constraints import maxnorm

rng = np.random.RandomState(21)
codes = rng.rand(64, 3)
X = np.dot(codes, rng.rand(3, 9)).astype('float32')
X /= X.max()

input_img = Input(shape=(9,))
encoded = Dense(4, activation='relu', W_regularizer=l2(0.001), b_constraint=maxnorm(1.))(input_img)
decoded = Dense(9, activation='sigmoid', W_constraint=maxnorm(2))(encoded)
autoencoder = Model(input=input_img, output=decoded)
encoder = Model(input=input_img, output=encoded)
autoencoder.set_weights([rng.uniform(-0.3, 0.7, w.shape) for w in autoencoder.get_weights()])
autoencoder.compile(optimizer='adadelta', loss='binary_crossentropy')
autoencoder.fit(X, X, nb_epoch=10, batch_size=16, shuffle=False, verbose=0, validation_data=(X, X))
loss = autoencoder.evaluate(X, X, verbose=0)
encoded_imgs = encoder.predict(X)
print('code', encoded_imgs.shape, 'largest column norm',
      np.sqrt((autoencoder.get_weights()[2] ** 2).sum(0)).max() < 2.001)
print('final', '%.5f' % loss, '%.5f' % encoded_imgs.mean())

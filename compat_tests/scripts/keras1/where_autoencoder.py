"""Pooling that remembers where its maxima were (gradient of the pooled with respect to what came in) in an autoencoder."""
from keras.models import Model
from keras.layers import Input, Lambda, Convolution2D, MaxPooling2D, UpSampling2D, Activation, multiply
from keras import backend as K
import numpy as np

rng = np.random.RandomState(31)
pictures = rng.uniform(0, 1, (12, 8, 8, 1)).astype('float32')


def where(tensors):
    before, after = tensors
    return K.gradients(K.sum(after), before)


picture = Input(shape=(8, 8, 1))
wide = Convolution2D(3, 3, 3, border_mode='same')(picture)
small = MaxPooling2D((2, 2))(wide)
places = Lambda(where, output_shape=lambda shapes: shapes[0])([wide, small])
back = multiply([UpSampling2D((2, 2))(small), places])
out = Activation('hard_sigmoid')(Convolution2D(1, 3, 3, border_mode='same')(back))
model = Model(picture, out)
model.set_weights([rng.uniform(-0.5, 0.5, w.shape) for w in model.get_weights()])
model.compile('adam', 'mse')
history = model.fit(pictures, pictures, batch_size=4, nb_epoch=3, verbose=0, shuffle=False)
marks = Model(picture, places).predict(pictures)
print('final', '%.5f %.5f %.1f' % (history.history['loss'][-1], model.predict(pictures).mean(), (marks > 0).sum()))

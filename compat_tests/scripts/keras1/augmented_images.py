"""ImageDataGenerator standardises pictures and feeds them to a net in fixed order."""
import numpy as np
from keras.preprocessing.image import ImageDataGenerator
from keras.models import Sequential
from keras.layers.core import Flatten, Dense
from keras.layers.convolutional import Convolution2D

rng = np.random.RandomState(23)
X_train = rng.uniform(0, 255, (24, 8, 8, 3)).astype('float32')
Y_train = np.eye(2)[np.arange(24) % 2]
X_train[::2, :4] *= 0.4

datagen = ImageDataGenerator(featurewise_center=True, featurewise_std_normalization=True,
                             samplewise_center=False, rotation_range=0, width_shift_range=0., height_shift_range=0.,
                             horizontal_flip=False, vertical_flip=False, dim_ordering='tf')
datagen.fit(X_train)
model = Sequential()
model.add(Convolution2D(3, 3, 3, activation='relu', subsample=(2, 2), input_shape=(8, 8, 3), dim_ordering='tf'))
model.add(Flatten())
model.add(Dense(2, activation='softmax'))
model.set_weights([rng.uniform(-0.2, 0.2, w.shape) for w in model.get_weights()])
model.compile(loss='categorical_crossentropy', optimizer='sgd', metrics=['accuracy'])
model.fit_generator(datagen.flow(X_train, Y_train, batch_size=8, shuffle=False),
                    samples_per_epoch=len(X_train), nb_epoch=4, verbose=0)
X, Y = datagen.flow(X_train, Y_train, batch_size=24, shuffle=False).next()
print('mean and deviation now: %.3f %.3f' % (X.mean(), X.std()))
loss, acc = model.evaluate(X, Y, verbose=0)
print('final', '%.5f %.5f %.4f' % (loss, acc, X.std()))

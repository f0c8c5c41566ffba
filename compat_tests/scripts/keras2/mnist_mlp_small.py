'''MLP on (a small copy of) MNIST.'''
from __future__ import print_function

import numpy as np
import keras
from keras.datasets import mnist
from keras.models import Sequential
from keras.layers import Dense, Dropout
from keras.optimizers import RMSprop

batch_size = 20
num_classes = 10
epochs = 4

(x_train, y_train), (x_test, y_test) = mnist.load_data()
x_train = x_train.reshape(-1, 784).astype('float32') / 255
x_test = x_test.reshape(-1, 784).astype('float32') / 255
print(x_train.shape[0], 'train samples')
print(x_test.shape[0], 'test samples')
y_train = keras.utils.to_categorical(y_train, num_classes)
y_test = keras.utils.to_categorical(y_test, num_classes)

model = Sequential()
model.add(Dense(32, activation='relu', input_shape=(784,)))
model.add(Dropout(0.))
model.add(Dense(num_classes, activation='softmax'))
rng = np.random.RandomState(1)
model.set_weights([rng.uniform(-0.05, 0.05, w.shape) for w in model.get_weights()])
model.summary()
model.compile(loss='categorical_crossentropy', optimizer=RMSprop(lr=0.005), metrics=['accuracy'])
history = model.fit(x_train, y_train, batch_size=batch_size, epochs=epochs, verbose=0, shuffle=False,
                    validation_data=(x_test, y_test))
score = model.evaluate(x_test, y_test, verbose=0)
print('Test loss:', score[0])
print('Test accuracy:', score[1])
print('final', '%.5f %.4f %.5f' % (score[0], score[1], history.history['val_acc'][0]))

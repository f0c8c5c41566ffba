'''Convnet compiled with Adadelta(), whose rate was 1.0 when this was written.'''
import numpy as np
import keras
from keras.datasets import mnist
from keras.models import Sequential
from keras.layers.core import Dense, Flatten
from keras.layers.convolutional import Conv2D
from keras.layers.pooling import MaxPooling2D

(x_train, y_train), (x_test, y_test) = mnist.load_data()
x_train = x_train[:, ::2, ::2].reshape(-1, 14, 14, 1) / 255.
x_test = x_test[:, ::2, ::2].reshape(-1, 14, 14, 1) / 255.
y_train = keras.utils.to_categorical(y_train, 10)
y_test = keras.utils.to_categorical(y_test, 10)

model = Sequential()
model.add(Conv2D(6, kernel_size=(3, 3), activation='relu', input_shape=(14, 14, 1)))
model.add(MaxPooling2D(pool_size=(2, 2)))
model.add(Flatten())
model.add(Dense(10, activation='softmax'))
rng = np.random.RandomState(2)
model.set_weights([rng.uniform(-0.1, 0.1, w.shape) for w in model.get_weights()])
model.compile(loss=keras.losses.categorical_crossentropy, optimizer=keras.optimizers.Adadelta(), metrics=['accuracy'])
model.fit(x_train, y_train, batch_size=12, epochs=12, verbose=0, shuffle=False)
score = model.evaluate(x_test, y_test, verbose=0)
print('Test loss:', score[0])
print('Test accuracy:', score[1])
assert score[1] > 0.7, 'it learned in 2018'
print('final', '%.4f %.3f' % tuple(score))

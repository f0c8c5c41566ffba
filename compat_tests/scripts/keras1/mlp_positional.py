"""Bars or noise? Softmax classifier; layer sizes given by position and initial values with weights=[...]."""
import numpy as np
from keras.models import Sequential
from keras.layers.core import Dense, Dropout, Activation
from keras.optimizers import RMSprop
from keras.utils import np_utils

np.random.seed(0)
nb_classes = 3
X_train = np.random.rand(90, 16).astype('float32')
y_train = np.arange(90) % nb_classes
for i, label in enumerate(y_train):
    X_train[i, label * 4:label * 4 + 4] += 1.0
Y_train = np_utils.to_categorical(y_train, nb_classes)

W1, b1 = np.random.randn(16, 20) * 0.1, np.zeros(20)
W2, b2 = np.random.randn(20, nb_classes) * 0.1, np.zeros(nb_classes)

model = Sequential()
model.add(Dense(20, input_shape=(16,), weights=[W1, b1]))
model.add(Activation('relu'))
model.add(Dropout(0.0))
model.add(Dense(nb_classes, weights=[W2, b2]))
model.add(Activation('softmax'))
model.compile(loss='categorical_crossentropy', optimizer=RMSprop(lr=0.01), metrics=['accuracy'])
history = model.fit(X_train, Y_train, batch_size=30, nb_epoch=6, verbose=0, shuffle=False,
                    validation_data=(X_train[:30], Y_train[:30]))
print('Accuracy per epoch:', ['%.3f' % a for a in history.history['acc']])
score = model.evaluate(X_train, Y_train, verbose=0)
print('Test score:', score[0])
print('Test accuracy:', score[1])
print('final', round(float(score[0]), 5), round(float(score[1]), 5), round(float(history.history['val_loss'][-1]), 5))

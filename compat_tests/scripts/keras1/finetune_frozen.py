"""Pre-train on one task, freeze the lower layers, train a new head on another."""
import numpy as np
from keras.models import Sequential
from keras.layers import Dense, Activation
from keras.utils.np_utils import to_categorical

rng = np.random.RandomState(14)
X = rng.normal(size=(60, 6)).astype('float32')
first_task = to_categorical((X[:, 0] > 0).astype('int'), 2)
second_task = to_categorical((X[:, 0] > 0).astype('int') + (X[:, 1] > 0).astype('int'), 3)

feature_layers = [Dense(8, input_dim=6), Activation('relu'), Dense(6), Activation('relu')]
classification_layers = [Dense(2), Activation('softmax')]
model = Sequential()
for l in feature_layers + classification_layers:
    model.add(l)
model.set_weights([rng.uniform(-0.5, 0.5, w.shape) for w in model.get_weights()])
model.compile(loss='categorical_crossentropy', optimizer='adadelta', metrics=['accuracy'])
model.fit(X, first_task, nb_epoch=5, batch_size=12, verbose=0, shuffle=False)
pretrained = model.evaluate(X, first_task, verbose=0)

for l in feature_layers:
    l.trainable = False
head = Dense(3, init='zero')
transfer = Sequential(feature_layers + [head, Activation('softmax')])
transfer.compile(loss='categorical_crossentropy', optimizer='adadelta', metrics=['accuracy'])
frozen = feature_layers[0].get_weights()[0].copy()
transfer.fit(X, second_task, nb_epoch=5, batch_size=12, verbose=0, shuffle=False)
assert (frozen == feature_layers[0].get_weights()[0]).all()
loss, acc = transfer.evaluate(X, second_task, verbose=0)
print('first task %.4f, second task %.4f' % (pretrained[1], acc))
print('final', '%.5f %.5f %.5f' % (pretrained[0], loss, acc))

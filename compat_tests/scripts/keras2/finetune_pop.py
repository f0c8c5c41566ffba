"""Train a net, pop its top, freeze what is left, put another top on; weights go by name."""
import numpy as np
from keras.models import Model, Sequential
from keras.layers import Dense, Input
from keras.optimizers import SGD
from keras.utils.np_utils import to_categorical

rng = np.random.RandomState(5)
x = rng.normal(size=(48, 5))
old = to_categorical((x[:, 0] > 0).astype(int), 2)
new = to_categorical((x[:, 0] > 0) * 2 + (x[:, 1] > 0), 4)

base = Sequential()
base.add(Dense(8, activation='relu', input_shape=(5,), name='fc1'))
base.add(Dense(6, activation='relu', name='fc2'))
base.add(Dense(2, activation='softmax', name='predictions'))
base.set_weights([rng.uniform(-0.5, 0.5, w.shape) for w in base.get_weights()])
base.compile('adagrad', 'categorical_crossentropy')
base.fit(x, old, epochs=4, batch_size=12, shuffle=False, verbose=0)
base.save_weights('base.h5')

inputs = Input((5,))
h = Dense(8, activation='relu', name='fc1')(inputs)
h = Dense(6, activation='relu', name='fc2')(h)
model = Model(inputs, Dense(4, activation='softmax', name='new_predictions', kernel_initializer='zeros')(h))
model.load_weights('base.h5', by_name=True)
for layer in model.layers[:2]:
    layer.trainable = False
model.compile(loss='categorical_crossentropy', optimizer=SGD(lr=0.1, momentum=0.9), metrics=['accuracy'])
model.fit(x, new, epochs=8, batch_size=16, shuffle=False, verbose=0)

base.pop()
features = base.predict(x)
assert base.output_shape == (None, 6)
print('trainable', len(model.trainable_weights), 'of', len(model.weights))
print('final', '%.5f %.5f' % tuple(model.evaluate(x, new, verbose=0)), '%.4f' % features.sum())

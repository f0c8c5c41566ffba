"""fit on a Sequence and on a generator; class_weight; the deprecated fit_generator still there in 2.x."""
import numpy as np
from tensorflow.keras.models import Sequential
from tensorflow.keras.layers import Dense
from tensorflow.keras.utils import Sequence, to_categorical

rng = np.random.RandomState(27)
X = rng.normal(size=(45, 4)).astype('float32')
labels = (X[:, 0] > 0).astype(int) + (X[:, 1] > 1).astype(int)


class DataGenerator(Sequence):
    'Generates data'
    def __init__(self, list_IDs, labels, batch_size=15, n_classes=3, shuffle=False):
        self.batch_size, self.labels, self.list_IDs = batch_size, labels, list_IDs
        self.n_classes, self.shuffle = n_classes, shuffle
        self.on_epoch_end()

    def __len__(self):
        return int(np.floor(len(self.list_IDs) / self.batch_size))

    def __getitem__(self, index):
        indexes = self.indexes[index * self.batch_size:(index + 1) * self.batch_size]
        return X[indexes], to_categorical(self.labels[indexes], num_classes=self.n_classes)

    def on_epoch_end(self):
        self.indexes = np.arange(len(self.list_IDs))


def forever():
    while True:
        for i in range(0, 45, 9):
            yield X[i:i + 9], np.eye(3)[labels[i:i + 9]]


model = Sequential([Dense(6, activation='selu', input_shape=(4,)), Dense(3, activation='softmax')])
model.set_weights([rng.uniform(-0.5, 0.5, w.shape) for w in model.get_weights()])
model.compile(optimizer='sgd', loss='categorical_crossentropy', metrics=['accuracy'])
training_generator = DataGenerator(list(range(45)), labels)
model.fit(training_generator, epochs=3, verbose=0, class_weight={0: 1., 1: 2., 2: 3.}, shuffle=False)
history = model.fit(forever(), steps_per_epoch=5, epochs=3, verbose=0)
loss, acc = model.evaluate(training_generator, verbose=0)
print('final', '%.5f %.5f %.5f' % (loss, acc, history.history['loss'][-1]))

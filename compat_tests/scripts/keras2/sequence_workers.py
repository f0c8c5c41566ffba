"""A keras.utils.Sequence without super().__init__() feeds fit_generator; predictions come from a generator too."""
import math
import numpy as np
from keras.models import Sequential
from keras.layers import Dense
from keras.utils import Sequence


class Rows(Sequence):
    def __init__(self, x, y, batch_size):
        self.x, self.y = x, y
        self.batch_size = batch_size
        self.ended = 0

    def __len__(self):
        return int(math.ceil(len(self.x) / float(self.batch_size)))

    def __getitem__(self, idx):
        part = slice(idx * self.batch_size, (idx + 1) * self.batch_size)
        return self.x[part], self.y[part]

    def on_epoch_end(self):
        self.ended += 1


rng = np.random.RandomState(3)
x = rng.rand(50, 4)
y = (x[:, 0] - x[:, 1] > 0).astype(float)
model = Sequential([Dense(6, activation='elu', input_dim=4), Dense(1, activation='sigmoid')])
model.set_weights([rng.uniform(-0.5, 0.5, w.shape) for w in model.get_weights()])
model.compile('adam', 'binary_crossentropy', metrics=['acc'])
rows = Rows(x, y, 16)
history = model.fit_generator(rows, steps_per_epoch=len(rows), epochs=4, verbose=0, shuffle=False,
                              validation_data=Rows(x[:20], y[:20], 10), workers=1, use_multiprocessing=False,
                              max_queue_size=2)
score = model.evaluate_generator(rows, steps=4)
p = model.predict_generator(rows, steps=len(rows))
print('epochs ended:', rows.ended >= 4, p.shape)
print('final', '%.5f %.5f %.5f %.5f' % (score[0], score[1], p.mean(), history.history['val_loss'][-1]))

"""Text in pictures: CTC inside a Lambda, a generator of dicts with more in them than the model takes."""
import numpy as np
from keras import backend as K
from keras.layers import Activation, Dense, Input, Lambda, Reshape
from keras.layers.convolutional import Conv2D, MaxPooling2D
from keras.layers.merge import add, concatenate
from keras.layers.recurrent import GRU
from keras.models import Model
from keras.optimizers import SGD
import keras.callbacks

rng = np.random.RandomState(55)
X = rng.uniform(0, 1, (2, 4, 16, 4, 1))
LABELS = rng.randint(0, 4, (2, 4, 3)).astype('float32')


def ctc(args):
    y_pred, labels, input_length, label_length = args
    return K.ctc_batch_cost(labels, y_pred[:, 2:, :], input_length, label_length)


def batches():
    while True:
        for x, labels in zip(X, LABELS):
            yield ({'the_input': x, 'the_labels': labels, 'input_length': np.full((4, 1), 6), 'label_length': np.full((4, 1), 2),
                    'source_str': ['word'] * 4}, {'ctc': np.zeros(4)})


class Shown(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs={}):
        self.model.save_weights('weights%02d.h5' % epoch)
        self.out = test_func([next(batches())[0]['the_input'][:2]])[0]


picture = Input(name='the_input', shape=(16, 4, 1), dtype='float32')
h = Conv2D(3, (3, 3), padding='same', activation='relu', name='conv1')(picture)
h = Reshape((8, 6), name='reshape')(MaxPooling2D((2, 2), name='max1')(h))
h = Dense(5, activation='relu', name='dense1')(h)
there = GRU(4, return_sequences=True, name='gru1')(h)
back = GRU(4, return_sequences=True, go_backwards=True, name='gru1_b')(h)
h = concatenate([add([there, back]), h])
y_pred = Activation('softmax', name='softmax')(Dense(5, name='dense2')(h))
labels = Input(name='the_labels', shape=[3], dtype='float32')
lengths = [Input(name=name, shape=[1], dtype='int64') for name in ('input_length', 'label_length')]
loss = Lambda(ctc, output_shape=(1,), name='ctc')([y_pred, labels] + lengths)
model = Model(inputs=[picture, labels] + lengths, outputs=loss)
model.set_weights([rng.uniform(-0.5, 0.5, w.shape) for w in model.get_weights()])
model.compile(loss={'ctc': lambda y_true, y_pred: y_pred}, optimizer=SGD(lr=0.02, decay=1e-6, momentum=0.9, nesterov=True, clipnorm=5))
test_func = K.function([picture], [y_pred])
shown = Shown()
history = model.fit_generator(generator=batches(), steps_per_epoch=2, epochs=2, verbose=0, callbacks=[shown], workers=0)
print('final', ' '.join('%.4f' % v for v in history.history['loss']), '%.4f' % shown.out[:, :, -1].sum())

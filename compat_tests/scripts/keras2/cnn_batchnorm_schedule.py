"""Convnet with batch normalisation, and a rate that falls when the loss does not."""
import numpy as np
from keras.layers import Input, Conv2D, BatchNormalization, Activation, GlobalAveragePooling2D, Dense, add
from keras.models import Model
from keras.optimizers import SGD
from keras.callbacks import ReduceLROnPlateau, LearningRateScheduler
from keras.regularizers import l2
from keras import backend as K

rng = np.random.RandomState(7)
x = rng.rand(32, 8, 8, 2).astype('float32')
y = (x[..., 0].mean(axis=(1, 2)) > 0.5).astype('int32')


def block(t, filters):
    shortcut = t
    t = Conv2D(filters, 3, padding='same', use_bias=False, kernel_regularizer=l2(1e-4))(t)
    t = BatchNormalization(axis=3)(t)
    t = Activation('relu')(t)
    return add([t, shortcut])


img = Input((8, 8, 2))
t = block(img, 2)
t = block(t, 2)
out = Dense(2, activation='softmax')(GlobalAveragePooling2D()(t))
model = Model(img, out)
for layer in model.layers:
    if isinstance(layer, (Conv2D, Dense)):
        layer.set_weights([rng.uniform(-0.4, 0.4, w.shape) for w in layer.get_weights()])
model.compile(SGD(lr=0.05, momentum=0.9), 'sparse_categorical_crossentropy', metrics=['acc'])
reduce = ReduceLROnPlateau(monitor='loss', factor=0.5, patience=1, min_lr=1e-4, epsilon=10.)
model.fit(x, y, batch_size=16, epochs=5, shuffle=False, verbose=0, callbacks=[reduce])
rate = float(K.get_value(model.optimizer.lr))
print('rate is now', rate)
loss, acc = model.evaluate(x, y, batch_size=32, verbose=0)
moving = model.layers[2].get_weights()[3]
print('final', '%.4f %.4f %.6f %.5f' % (loss, acc, rate, moving.sum()))

"""What 2019 put at the top of files, then a plain model."""
import os
os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'
import numpy as np
import tensorflow as tf
from tensorflow.keras.layers import Dense, Concatenate, Input, Lambda
from tensorflow.keras.models import Model
import tensorflow.keras.backend as K

gpus = tf.config.list_physical_devices('GPU')
for gpu in gpus:
    tf.config.experimental.set_memory_growth(gpu, True)
print('TensorFlow', tf.__version__.split('.')[0], 'GPU', bool(gpus))
tf.random.set_seed(1)

rng = np.random.RandomState(13)
a, b = rng.rand(36, 2), rng.rand(36, 2)
y = (a * b).sum(axis=1)
ia, ib = Input(shape=(2,)), Input(shape=(2,))
product = Lambda(lambda t: t[0] * t[1])([ia, ib])
hidden = Dense(4, activation=tf.nn.relu)(Concatenate()([ia, ib, product]))
model = Model([ia, ib], Dense(1)(hidden))
model.set_weights([rng.uniform(-0.5, 0.5, w.shape) for w in model.get_weights()])


def log_cosh_like(y_true, y_pred):
    return tf.reduce_mean(tf.math.log(tf.cosh(y_pred - tf.cast(y_true, y_pred.dtype))), axis=-1)


model.compile(optimizer=tf.keras.optimizers.Adagrad(0.1), loss=log_cosh_like)
h = model.fit([a, b], y, epochs=4, batch_size=12, shuffle=False, verbose=0)
print('final', '%.6f' % h.history['loss'][-1], '%.5f' % float(K.sum(model.predict([a, b], verbose=0))))

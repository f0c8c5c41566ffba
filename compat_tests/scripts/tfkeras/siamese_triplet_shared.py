"""Siamese net over a shared Sequential, L1 distance in a Lambda."""
import numpy as np
import tensorflow.keras.backend as K
from tensorflow.keras.layers import Input, Dense, Lambda
from tensorflow.keras.models import Model, Sequential

rng = np.random.RandomState(30)
centres = rng.uniform(-1, 1, (4, 5))
a = np.array([centres[i % 4] for i in range(40)]) + rng.normal(0, 0.1, (40, 5))
b = np.array([centres[(i + i // 20) % 4] for i in range(40)]) + rng.normal(0, 0.1, (40, 5))
same = np.array([1.0] * 20 + [0.0] * 20)

twin = Sequential([Dense(8, activation='relu', input_shape=(5,)), Dense(5, activation='sigmoid')], name='twin')
left, right = Input((5,)), Input((5,))
L1_layer = Lambda(lambda tensors: K.abs(tensors[0] - tensors[1]))
prediction = Dense(1, activation='sigmoid')(L1_layer([twin(left), twin(right)]))
siamese_net = Model(inputs=[left, right], outputs=prediction)
siamese_net.set_weights([rng.uniform(-0.6, 0.6, w.shape) for w in siamese_net.get_weights()])
siamese_net.compile(loss='binary_crossentropy', optimizer='nadam', metrics=['accuracy'])
siamese_net.fit([a, b], same, batch_size=10, epochs=6, shuffle=False, verbose=0)
loss, acc = siamese_net.evaluate([a, b], same, verbose=0)
print('outputs of the twin:', twin.output_shape)
print('final', '%.5f %.4f' % (loss, acc))

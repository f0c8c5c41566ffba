"""Siamese network: one base, two branches, distance by Lambda, contrastive loss."""
import numpy as np
from keras import backend as K
from keras.models import Sequential, Model
from keras.layers import Dense, Input, Lambda
from keras.optimizers import RMSprop

rng = np.random.RandomState(17)


def euclidean_distance(vects):
    x, y = vects
    return K.sqrt(K.maximum(K.sum(K.square(x - y), axis=1, keepdims=True), K.epsilon()))


def eucl_dist_output_shape(shapes):
    shape1, shape2 = shapes
    return (shape1[0], 1)


def contrastive_loss(y_true, y_pred):
    margin = 1
    return K.mean(y_true * K.square(y_pred) + (1 - y_true) * K.square(K.maximum(margin - y_pred, 0)))


centres = rng.rand(3, 6)
left, right, same = [], [], []
for i in range(48):
    a, b = i % 3, (i + (i // 3) % 2) % 3
    left.append(centres[a] + rng.normal(0, 0.05, 6))
    right.append(centres[b] + rng.normal(0, 0.05, 6))
    same.append(float(a == b))
left, right, same = np.array(left), np.array(right), np.array(same)

base = Sequential()
base.add(Dense(8, input_shape=(6,), activation='relu'))
base.add(Dense(4, activation='relu'))
base.set_weights([rng.uniform(-0.5, 0.6, w.shape) for w in base.get_weights()])
input_a, input_b = Input(shape=(6,)), Input(shape=(6,))
distance = Lambda(euclidean_distance, output_shape=eucl_dist_output_shape)([base(input_a), base(input_b)])
model = Model(input=[input_a, input_b], output=distance)
model.compile(loss=contrastive_loss, optimizer=RMSprop())
model.fit([left, right], same, batch_size=16, nb_epoch=6, shuffle=False, verbose=0)
pred = model.predict([left, right]).ravel()
accuracy = np.mean((pred < 0.5) == (same > 0.5))
print('final', '%.5f %.4f' % (pred.mean(), accuracy))

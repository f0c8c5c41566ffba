"""Bottleneck features of MobileNet without its top, then a small classifier, as in the blog post of 2016."""
import numpy as np
from keras.applications.mobilenet import MobileNet, preprocess_input
from keras.layers import Conv2D, Dense, DepthwiseConv2D, Dropout, Flatten
from keras.models import Model, Sequential
from keras.utils import np_utils

rng = np.random.RandomState(3)
x = rng.uniform(0, 255, (24, 32, 32, 3)).astype('float32')
y = np.arange(24) % 3
x[y == 1, :16] *= 0.3
x[y == 2, :, :16] *= 0.3

base_model = MobileNet(input_shape=(32, 32, 3), alpha=0.25, include_top=False, weights=None)
for layer in base_model.layers:
    if isinstance(layer, (Conv2D, DepthwiseConv2D)):
        depthwise = layer.name.startswith('conv_dw')
        shape = layer.get_weights()[0].shape
        layer.set_weights([rng.normal(0, (2.0 / np.prod(shape[:2] if depthwise else shape[:3])) ** 0.5, shape)])
    layer.trainable = False
bottleneck = Model(inputs=base_model.input, outputs=base_model.get_layer('conv_pw_13_relu').output)
features = bottleneck.predict(preprocess_input(x.copy()), batch_size=12)
np.save('bottleneck_features_train.npy', features)
features = np.load('bottleneck_features_train.npy')

top = Sequential()
top.add(Flatten(input_shape=features.shape[1:]))
top.add(Dropout(0.0))
top.add(Dense(3, activation='softmax', kernel_initializer='zeros'))
top.compile(optimizer='rmsprop', loss='categorical_crossentropy', metrics=['accuracy'])
top.fit(features, np_utils.to_categorical(y, 3), epochs=6, batch_size=8, shuffle=False, verbose=0)
loss, acc = top.evaluate(features, np_utils.to_categorical(y, 3), verbose=0)
print(features.shape, len(base_model.layers), len(base_model.trainable_weights))
print('final', '%.3f %.5f %.4f %d' % (features.sum(), loss, acc, base_model.count_params()))

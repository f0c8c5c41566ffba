"""Which pixels matter? K.gradients inside K.function; activations of a middle layer."""
import numpy as np
from keras import backend as K
from keras.models import Sequential
from keras.layers import Conv2D, Flatten, Dense, Dropout

rng = np.random.RandomState(77)
model = Sequential([
    Conv2D(3, (3, 3), activation='relu', input_shape=(6, 6, 1), name='block1_conv1'),
    Flatten(),
    Dropout(0.5),
    Dense(2, activation='softmax'),
])
model.set_weights([rng.uniform(-0.6, 0.6, w.shape) for w in model.get_weights()])

input_img = model.input
layer_dict = dict([(layer.name, layer) for layer in model.layers])
layer_output = layer_dict['block1_conv1'].output
loss = K.mean(layer_output[:, :, :, 1])
grads = K.gradients(loss, input_img)[0]
grads /= (K.sqrt(K.mean(K.square(grads))) + K.epsilon())
iterate = K.function([input_img, K.learning_phase()], [loss, grads])

img = rng.rand(1, 6, 6, 1)
for i in range(5):
    loss_value, grads_value = iterate([img, 0])
    img += grads_value * 0.1
    print('Current loss value:', loss_value)

get_dense = K.function([model.layers[0].input, K.learning_phase()], [model.layers[3].output])
quiet = get_dense([img, 0])[0]
assert np.allclose(quiet, model.predict(img), atol=1e-5)
class_grad = K.function([model.input, K.learning_phase()], K.gradients(model.output[:, 0], model.input))([img, 0])[0]
print('final', '%.5f %.5f %.5f %.5f' % (loss_value, img.sum(), quiet[0, 0], np.abs(class_grad).sum()))

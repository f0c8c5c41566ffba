"""Dice loss, a metric that needs K.round, class weights, and a loss made by a closure."""
import numpy as np
from keras import backend as K
from keras.layers import Input, Conv2D, MaxPooling2D, UpSampling2D, concatenate
from keras.models import Model, load_model
from keras.optimizers import Adam


def dice_coef(y_true, y_pred, smooth=1.):
    y_true_f = K.flatten(y_true)
    y_pred_f = K.flatten(y_pred)
    intersection = K.sum(y_true_f * y_pred_f)
    return (2. * intersection + smooth) / (K.sum(y_true_f) + K.sum(y_pred_f) + smooth)


def dice_coef_loss(y_true, y_pred):
    return -dice_coef(y_true, y_pred)


def recall(y_true, y_pred):
    true_positives = K.sum(K.round(K.clip(y_true * y_pred, 0, 1)))
    return true_positives / (K.sum(K.round(K.clip(y_true, 0, 1))) + K.epsilon())


rng = np.random.RandomState(20)
images = rng.uniform(0, 0.3, (16, 8, 8, 1))
masks = np.zeros((16, 8, 8, 1))
for i in range(16):
    r, c = rng.randint(0, 5, 2)
    images[i, r:r + 3, c:c + 3] += 0.6
    masks[i, r:r + 3, c:c + 3] = 1

inputs = Input((8, 8, 1))
conv1 = Conv2D(4, (3, 3), activation='relu', padding='same')(inputs)
pool1 = MaxPooling2D(pool_size=(2, 2))(conv1)
conv2 = Conv2D(6, (3, 3), activation='relu', padding='same')(pool1)
up = concatenate([UpSampling2D(size=(2, 2))(conv2), conv1], axis=3)
out = Conv2D(1, (1, 1), activation='sigmoid')(up)
model = Model(inputs=[inputs], outputs=[out])
model.set_weights([rng.uniform(-0.3, 0.3, w.shape) for w in model.get_weights()])
model.compile(optimizer=Adam(lr=1e-2), loss=dice_coef_loss, metrics=[dice_coef, recall])
model.fit(images, masks, batch_size=8, epochs=4, verbose=0, shuffle=False)
model.save('unet.hdf5')
again = load_model('unet.hdf5', custom_objects={'dice_coef_loss': dice_coef_loss, 'dice_coef': dice_coef, 'recall': recall})
print(again.metrics_names)
print('final', ' '.join('%.4f' % v for v in again.evaluate(images, masks, batch_size=16, verbose=0)))

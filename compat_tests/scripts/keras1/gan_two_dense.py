"""A GAN of four Dense layers; the discriminator is frozen inside the stacked model."""
import numpy as np
from keras.models import Sequential
from keras.layers import Dense, Activation
from keras.optimizers import SGD, Adam

rng = np.random.RandomState(12)


def generator_model():
    model = Sequential()
    model.add(Dense(input_dim=3, output_dim=8))
    model.add(Activation('tanh'))
    model.add(Dense(2))
    return model


def discriminator_model():
    model = Sequential()
    model.add(Dense(input_dim=2, output_dim=8))
    model.add(Activation('tanh'))
    model.add(Dense(1))
    model.add(Activation('sigmoid'))
    return model


generator, discriminator = generator_model(), discriminator_model()
for net in (generator, discriminator):
    net.set_weights([rng.uniform(-0.5, 0.5, w.shape) for w in net.get_weights()])
discriminator.compile(loss='binary_crossentropy', optimizer=SGD(lr=0.05, momentum=0.9))
stacked = Sequential()
stacked.add(generator)
discriminator.trainable = False
stacked.add(discriminator)
stacked.compile(loss='binary_crossentropy', optimizer=Adam(lr=0.01))

for step in range(12):
    real = rng.normal([2, -1], 0.2, (16, 2))
    fake = generator.predict(rng.uniform(-1, 1, (16, 3)), verbose=0)
    d_loss = discriminator.train_on_batch(np.concatenate((real, fake)), [1] * 16 + [0] * 16)
    held = discriminator.get_weights()[0].copy()
    g_loss = stacked.train_on_batch(rng.uniform(-1, 1, (16, 3)), [1] * 16)
    assert np.allclose(held, discriminator.get_weights()[0])
    if step % 4 == 0:
        print('step %d d_loss : %f g_loss : %f' % (step, d_loss, g_loss))
print('final', '%.5f %.5f' % (d_loss, g_loss), '%.5f' % discriminator.get_weights()[0].sum())

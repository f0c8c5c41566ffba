"""A GAN without a tape: d is compiled, then frozen inside gan, then both train on batches."""
import numpy as np
from tensorflow.keras import Sequential, Model, Input
from tensorflow.keras.layers import Dense, LeakyReLU, Reshape, Conv2DTranspose, Conv2D, Flatten
from tensorflow.keras.optimizers import Adam

rng = np.random.RandomState(8)


def define_discriminator():
    model = Sequential()
    model.add(Conv2D(4, (3, 3), strides=(2, 2), padding='same', input_shape=(8, 8, 1)))
    model.add(LeakyReLU(alpha=0.2))
    model.add(Flatten())
    model.add(Dense(1, activation='sigmoid'))
    model.set_weights([rng.normal(0, 0.2, w.shape) for w in model.get_weights()])
    model.compile(loss='binary_crossentropy', optimizer=Adam(learning_rate=0.01, beta_1=0.5), metrics=['accuracy'])
    return model


def define_generator(latent_dim):
    noise = Input(shape=(latent_dim,))
    x = Dense(4 * 4 * 2)(noise)
    x = LeakyReLU(alpha=0.2)(x)
    x = Reshape((4, 4, 2))(x)
    x = Conv2DTranspose(1, (4, 4), strides=(2, 2), padding='same', activation='tanh')(x)
    model = Model(noise, x)
    model.set_weights([rng.normal(0, 0.2, w.shape) for w in model.get_weights()])
    return model


def define_gan(g_model, d_model):
    d_model.trainable = False
    model = Sequential()
    model.add(g_model)
    model.add(d_model)
    model.compile(loss='binary_crossentropy', optimizer=Adam(learning_rate=0.01, beta_1=0.5))
    return model


d_model, g_model = define_discriminator(), define_generator(3)
gan_model = define_gan(g_model, d_model)
for i in range(5):
    real = np.ones((6, 8, 8, 1)) * rng.uniform(0.5, 1, (6, 1, 1, 1))
    d_loss1, acc1 = d_model.train_on_batch(real, np.ones((6, 1)))
    d_loss2, acc2 = d_model.train_on_batch(g_model.predict(rng.randn(6, 3), verbose=0), np.zeros((6, 1)))
    g_loss = gan_model.train_on_batch(rng.randn(12, 3), np.ones((12, 1)))
    print('>%d, d1=%.3f, d2=%.3f g=%.3f' % (i + 1, d_loss1, d_loss2, g_loss))
print('final', '%.4f %.4f %.4f' % (d_loss1, d_loss2, g_loss))

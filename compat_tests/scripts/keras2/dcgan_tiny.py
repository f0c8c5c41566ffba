"""DCGAN as a class, with train_on_batch and a combined model whose critic does not train."""
from __future__ import print_function, division

import numpy as np
from keras.layers import Input, Dense, Reshape, Flatten
from keras.layers.advanced_activations import LeakyReLU
from keras.layers.convolutional import UpSampling2D, Conv2D
from keras.models import Sequential, Model
from keras.optimizers import Adam


class DCGAN():
    def __init__(self, seed=0):
        self.rng = np.random.RandomState(seed)
        self.img_shape = (8, 8, 1)
        self.latent_dim = 4
        optimizer = Adam(0.002, 0.5)
        self.discriminator = self.fixed(self.build_discriminator())
        self.discriminator.compile(loss='binary_crossentropy', optimizer=optimizer, metrics=['accuracy'])
        self.generator = self.fixed(self.build_generator())
        z = Input(shape=(self.latent_dim,))
        img = self.generator(z)
        self.discriminator.trainable = False
        valid = self.discriminator(img)
        self.combined = Model(z, valid)
        self.combined.compile(loss='binary_crossentropy', optimizer=Adam(0.002, 0.5))

    def fixed(self, model):
        model.set_weights([self.rng.uniform(-0.3, 0.3, w.shape) for w in model.get_weights()])
        return model

    def build_generator(self):
        model = Sequential()
        model.add(Dense(4 * 4 * 2, activation='relu', input_dim=self.latent_dim))
        model.add(Reshape((4, 4, 2)))
        model.add(UpSampling2D())
        model.add(Conv2D(1, kernel_size=3, padding='same', activation='tanh'))
        noise = Input(shape=(self.latent_dim,))
        return Model(noise, model(noise))

    def build_discriminator(self):
        model = Sequential()
        model.add(Conv2D(3, kernel_size=3, strides=2, input_shape=self.img_shape, padding='same'))
        model.add(LeakyReLU(alpha=0.2))
        model.add(Flatten())
        model.add(Dense(1, activation='sigmoid'))
        img = Input(shape=self.img_shape)
        return Model(img, model(img))

    def train(self, epochs, batch_size=8):
        real = np.tile(np.linspace(-1, 1, 8)[:, None, None], (batch_size, 1, 8, 1)).astype('float32')
        valid, fake = np.ones((batch_size, 1)), np.zeros((batch_size, 1))
        for epoch in range(epochs):
            noise = self.rng.normal(0, 1, (batch_size, self.latent_dim))
            gen_imgs = self.generator.predict(noise)
            d_loss_real = self.discriminator.train_on_batch(real, valid)
            d_loss_fake = self.discriminator.train_on_batch(gen_imgs, fake)
            d_loss = 0.5 * np.add(d_loss_real, d_loss_fake)
            g_loss = self.combined.train_on_batch(noise, valid)
        print("%d [D loss: %f, acc.: %.2f%%] [G loss: %f]" % (epoch, d_loss[0], 100 * d_loss[1], g_loss))
        return d_loss, g_loss


if __name__ == '__main__':
    d_loss, g_loss = DCGAN().train(epochs=6)
    print('final', '%.4f %.4f %.4f' % (d_loss[0], d_loss[1], g_loss))

'''Variational autoencoder with Lambda sampling and add_loss; the noise is an input, to be repeatable.'''
import numpy as np
from keras.layers import Lambda, Input, Dense
from keras.models import Model
from keras.losses import mse
from keras import backend as K


def sampling(args):
    z_mean, z_log_var, epsilon = args
    return z_mean + K.exp(0.5 * z_log_var) * epsilon


original_dim, latent_dim = 10, 2
rng = np.random.RandomState(0)
x_train = np.abs(np.sin(np.outer(np.linspace(0, 6, 48), np.arange(1, original_dim + 1) / 4.))).astype('float32')
noise = rng.normal(size=(48, latent_dim))

inputs = Input(shape=(original_dim,), name='encoder_input')
eps = Input(shape=(latent_dim,), name='noise')
x = Dense(12, activation='relu')(inputs)
z_mean = Dense(latent_dim, name='z_mean')(x)
z_log_var = Dense(latent_dim, name='z_log_var')(x)
z = Lambda(sampling, output_shape=(latent_dim,), name='z')([z_mean, z_log_var, eps])
encoder = Model([inputs, eps], [z_mean, z_log_var, z], name='encoder')

latent_inputs = Input(shape=(latent_dim,), name='z_sampling')
outputs = Dense(original_dim, activation='sigmoid')(Dense(12, activation='relu')(latent_inputs))
decoder = Model(latent_inputs, outputs, name='decoder')
outputs = decoder(encoder([inputs, eps])[2])
vae = Model([inputs, eps], outputs, name='vae_mlp')

reconstruction_loss = mse(inputs, outputs) * original_dim
kl_loss = -0.5 * K.sum(1 + z_log_var - K.square(z_mean) - K.exp(z_log_var), axis=-1)
vae_loss = K.mean(reconstruction_loss + kl_loss)
vae.add_loss(vae_loss)
vae.set_weights([rng.uniform(-0.4, 0.4, w.shape) for w in vae.get_weights()])
vae.compile(optimizer='adam')
history = vae.fit([x_train, noise], epochs=6, batch_size=16, shuffle=False, verbose=0)
mean = encoder.predict([x_train, noise])[0]
digit = decoder.predict(np.array([[0.5, -0.5]]))
print('loss', history.history['loss'][0], '->', history.history['loss'][-1])
print('final', '%.5f %.5f %.5f' % (history.history['loss'][-1], mean.std(), digit.sum()))

"""DCGAN tutorial style: two tapes, cross entropy on logits, ones_like and zeros_like."""
import numpy as np
import tensorflow as tf
from tensorflow.keras import layers

rng = np.random.RandomState(21)


def make_generator_model():
    model = tf.keras.Sequential()
    model.add(layers.Dense(8, use_bias=False, input_shape=(3,)))
    model.add(layers.LeakyReLU())
    model.add(layers.Dense(4, activation='tanh'))
    return model


def make_discriminator_model():
    return tf.keras.Sequential([layers.Dense(8, input_shape=(4,)), layers.LeakyReLU(), layers.Dropout(0.0), layers.Dense(1)])


generator, discriminator = make_generator_model(), make_discriminator_model()
for net in (generator, discriminator):
    net.set_weights([rng.uniform(-0.5, 0.5, w.shape) for w in net.get_weights()])
cross_entropy = tf.keras.losses.BinaryCrossentropy(from_logits=True)
generator_optimizer = tf.keras.optimizers.Adam(1e-2)
discriminator_optimizer = tf.keras.optimizers.Adam(1e-2)


def discriminator_loss(real_output, fake_output):
    real_loss = cross_entropy(tf.ones_like(real_output), real_output)
    fake_loss = cross_entropy(tf.zeros_like(fake_output), fake_output)
    return real_loss + fake_loss


@tf.function
def train_step(images, noise):
    with tf.GradientTape() as gen_tape, tf.GradientTape() as disc_tape:
        generated_images = generator(noise, training=True)
        real_output = discriminator(images, training=True)
        fake_output = discriminator(generated_images, training=True)
        gen_loss = cross_entropy(tf.ones_like(fake_output), fake_output)
        disc_loss = discriminator_loss(real_output, fake_output)
    gradients_of_generator = gen_tape.gradient(gen_loss, generator.trainable_variables)
    gradients_of_discriminator = disc_tape.gradient(disc_loss, discriminator.trainable_variables)
    generator_optimizer.apply_gradients(zip(gradients_of_generator, generator.trainable_variables))
    discriminator_optimizer.apply_gradients(zip(gradients_of_discriminator, discriminator.trainable_variables))
    return gen_loss, disc_loss


for step in range(6):
    images = tf.constant(rng.normal(0.5, 0.1, (8, 4)), tf.float32)
    gen_loss, disc_loss = train_step(images, tf.constant(rng.normal(size=(8, 3)), tf.float32))
print('final', '%.5f %.5f' % (gen_loss.numpy(), disc_loss.numpy()))

"""A GAN by train_on_batch: the discriminator is frozen inside the combined model."""
import numpy as np
import keras
from keras import layers

rng = np.random.default_rng(21)


def fixed(model):
    model.set_weights([rng.uniform(-0.4, 0.4, w.shape) for w in model.get_weights()])
    return model


discriminator = fixed(keras.Sequential([
    keras.Input((6, 6, 1)),
    layers.Conv2D(3, 3, strides=2, padding="same"),
    layers.LeakyReLU(negative_slope=0.2),
    layers.GlobalMaxPooling2D(),
    layers.Dense(1, activation="sigmoid"),
], name="discriminator"))
discriminator.compile(keras.optimizers.Adam(0.01, beta_1=0.5), "binary_crossentropy", metrics=["accuracy"])
generator = fixed(keras.Sequential([
    keras.Input((4,)),
    layers.Dense(3 * 3 * 2),
    layers.LeakyReLU(negative_slope=0.2),
    layers.Reshape((3, 3, 2)),
    layers.Conv2DTranspose(1, 4, strides=2, padding="same", activation="tanh"),
], name="generator"))
frozen = keras.models.clone_model(discriminator)
frozen.trainable = False
combined = keras.Sequential([keras.Input((4,)), generator, frozen])
combined.compile(keras.optimizers.Adam(0.01, beta_1=0.5), "binary_crossentropy")

real = np.tile(np.linspace(-1, 1, 6)[:, None, None], (8, 1, 6, 1)).astype("float32")
for step in range(6):
    noise = rng.normal(size=(8, 4)).astype("float32")
    fake = generator.predict_on_batch(noise)
    images = np.concatenate([real, fake])
    labels = np.concatenate([np.ones((8, 1)), np.zeros((8, 1))])
    d_logs = discriminator.train_on_batch(images, labels, return_dict=True)
    frozen.set_weights(discriminator.get_weights())
    g_loss = combined.train_on_batch(noise, np.ones((8, 1)))
print("final", f"{d_logs['loss']:.5f} {d_logs['accuracy']:.4f} {g_loss:.5f}", len(combined.trainable_weights))

"""Nested tapes: the norm of the input gradient as a penalty; and a persistent tape with watch."""
import numpy as np
import tensorflow as tf

rng = np.random.RandomState(3)
critic = tf.keras.Sequential([tf.keras.layers.Dense(6, activation='tanh', input_shape=(3,)), tf.keras.layers.Dense(1)])
critic.set_weights([rng.uniform(-0.7, 0.7, w.shape) for w in critic.get_weights()])
optimizer = tf.keras.optimizers.Adam(0.01)
real = tf.constant(rng.normal(size=(8, 3)), dtype=tf.float32)
fake = tf.constant(rng.normal(1, 1, size=(8, 3)), dtype=tf.float32)
mix = tf.constant(rng.rand(8, 1), dtype=tf.float32)

for step in range(5):
    with tf.GradientTape() as tape:
        between = real * mix + fake * (1 - mix)
        with tf.GradientTape() as gp_tape:
            gp_tape.watch(between)
            pred = critic(between, training=True)
        grads = gp_tape.gradient(pred, [between])[0]
        norm = tf.sqrt(tf.reduce_sum(tf.square(grads), axis=[1]))
        gp = tf.reduce_mean((norm - 1.0) ** 2)
        cost = tf.reduce_mean(critic(fake)) - tf.reduce_mean(critic(real)) + 10.0 * gp
    d_gradient = tape.gradient(cost, critic.trainable_variables)
    optimizer.apply_gradients(zip(d_gradient, critic.trainable_variables))
    print('cost', float(cost), 'penalty', float(gp))

x = tf.constant(3.0)
with tf.GradientTape(persistent=True) as tape:
    tape.watch(x)
    y = x * x
    z = y * y
print(float(tape.gradient(z, x)), float(tape.gradient(y, x)))
print('final', '%.4f %.4f %.4f' % (float(cost), float(gp), float(tape.gradient(z, x))))

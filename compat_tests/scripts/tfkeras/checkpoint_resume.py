"""Checkpoint guide style: a manager, a loop with a tape, and a second run that goes on where the first stopped."""
import os
import tempfile

import numpy as np
import tensorflow as tf

folder = os.path.join(tempfile.mkdtemp(), "tf_ckpts")
rng = np.random.RandomState(3)
kernel, bias = rng.uniform(-0.5, 0.5, (1, 5)), rng.uniform(-0.5, 0.5, 5)


class Net(tf.keras.Model):
    """A simple linear model."""

    def __init__(self):
        super(Net, self).__init__()
        self.l1 = tf.keras.layers.Dense(5)

    def call(self, x):
        return self.l1(x)


def toy_dataset():
    inputs = tf.range(10.)[:, None]
    labels = inputs * 5. + tf.range(5.)[None, :]
    return tf.data.Dataset.from_tensor_slices(dict(x=inputs, y=labels)).repeat().batch(2)


def train_step(net, example, optimizer):
    with tf.GradientTape() as tape:
        output = net(example['x'])
        loss = tf.reduce_mean(tf.abs(output - example['y'] - 0.01))
    variables = net.trainable_variables
    optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
    return loss


def run(steps, fresh):
    opt, net, iterator = tf.keras.optimizers.Adam(0.1), Net(), iter(toy_dataset())
    if fresh:
        net(tf.zeros((1, 1)))
        net.set_weights([kernel, bias])
    ckpt = tf.train.Checkpoint(step=tf.Variable(1), optimizer=opt, net=net, iterator=iterator)
    manager = tf.train.CheckpointManager(ckpt, folder, max_to_keep=3)
    ckpt.restore(manager.latest_checkpoint).expect_partial()
    print("Restored" if manager.latest_checkpoint else "Initializing from scratch.")
    for _ in range(steps):
        loss = train_step(net, next(iterator), opt)
        ckpt.step.assign_add(1)
        if int(ckpt.step) % 5 == 0:
            path = manager.save()
            print("Saved checkpoint for step {}: {}".format(int(ckpt.step), os.path.basename(path)))
    return loss.numpy(), [os.path.basename(p) for p in manager.checkpoints], int(ckpt.step)


first, _, _ = run(14, True)
second, kept, step = run(15, False)
print(kept)
bias_alone = tf.Variable(tf.zeros([5]))
fake = tf.train.Checkpoint(net=tf.train.Checkpoint(l1=tf.train.Checkpoint(bias=bias_alone)))
fake.restore(tf.train.latest_checkpoint(folder)).assert_existing_objects_matched()
average = tf.train.ExponentialMovingAverage(decay=0.9)
average.apply([bias_alone])
bias_alone.assign_add(tf.ones([5]))
average.apply([bias_alone])
print("final %.5f %.5f %d %.5f" % (first, second, step, average.average(bias_alone).numpy().sum()))

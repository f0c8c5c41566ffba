"""Custom training with tf.distribute style: scopes, strategy.run and reduce under tf.function, a checkpoint in the end."""
import os
import tempfile

import numpy as np
import tensorflow as tf

rng = np.random.RandomState(8)
train_images, train_labels = rng.rand(32, 6).astype("float32"), rng.randint(0, 3, 32)
strategy = tf.distribute.OneDeviceStrategy("/cpu:0")
GLOBAL_BATCH_SIZE = 8 * strategy.num_replicas_in_sync
dataset = tf.data.Dataset.from_tensor_slices((train_images, train_labels)).batch(GLOBAL_BATCH_SIZE)
dist_dataset = strategy.experimental_distribute_dataset(dataset)


def create_model():
    return tf.keras.Sequential([
        tf.keras.layers.Dense(8, activation="relu", kernel_regularizer=tf.keras.regularizers.L2(1e-3)),
        tf.keras.layers.Dense(3),
    ])


with strategy.scope():
    loss_object = tf.keras.losses.SparseCategoricalCrossentropy(
        from_logits=True, reduction=tf.keras.losses.Reduction.NONE)

    def compute_loss(labels, predictions, model_losses):
        per_example_loss = loss_object(labels, predictions)
        loss = tf.nn.compute_average_loss(per_example_loss, global_batch_size=GLOBAL_BATCH_SIZE)
        if model_losses:
            loss += tf.nn.scale_regularization_loss(tf.add_n(model_losses))
        return loss

    test_loss = tf.keras.metrics.Mean(name="test_loss")
    train_accuracy = tf.keras.metrics.SparseCategoricalAccuracy(name="train_accuracy")
    model = create_model()
    model.build((None, 6))
    model.set_weights([rng.uniform(-0.5, 0.5, w.shape) for w in model.get_weights()])
    optimizer = tf.keras.optimizers.Adam(learning_rate=0.01)
    checkpoint = tf.train.Checkpoint(optimizer=optimizer, model=model)


def train_step(inputs):
    images, labels = inputs
    with tf.GradientTape() as tape:
        predictions = model(images, training=True)
        loss = compute_loss(labels, predictions, model.losses)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    train_accuracy.update_state(labels, predictions)
    return loss


@tf.function
def distributed_train_step(dataset_inputs):
    per_replica_losses = strategy.run(train_step, args=(dataset_inputs,))
    return strategy.reduce(tf.distribute.ReduceOp.SUM, per_replica_losses, axis=None)


for epoch in range(3):
    total_loss, num_batches = 0.0, 0
    for x in dist_dataset:
        total_loss += distributed_train_step(x)
        num_batches += 1
    train_loss = total_loss / num_batches
    print("Epoch {}, Loss: {:.3f}, Accuracy: {:.1f}".format(epoch + 1, train_loss, train_accuracy.result() * 100))
    accuracy = train_accuracy.result().numpy()
    train_accuracy.reset_states()

path = checkpoint.save(os.path.join(tempfile.mkdtemp(), "ckpt"))
new_model = create_model()
tf.train.Checkpoint(model=new_model).restore(path).expect_partial()
for images, labels in dataset:
    test_loss.update_state(loss_object(labels, new_model(images, training=False)))
print("final %.5f %.5f %.5f" % (train_loss.numpy(), accuracy, test_loss.result().numpy()))

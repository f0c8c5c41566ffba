"""tf.data from slices: map, batch, take, repeat, prefetch; fit takes it."""
import numpy as np
import tensorflow as tf

BATCH_SIZE, AUTOTUNE = 8, tf.data.AUTOTUNE
rng = np.random.RandomState(41)
features = rng.randint(0, 255, (40, 5)).astype("uint8")
targets = (features[:, 0] > 127).astype("int64")


def normalize_row(row, label):
    """uint8 -> float32"""
    return tf.cast(row, tf.float32) / 255., label


ds_train = tf.data.Dataset.from_tensor_slices((features, targets))
ds_train = ds_train.map(normalize_row, num_parallel_calls=AUTOTUNE).cache().batch(BATCH_SIZE).prefetch(AUTOTUNE)
for example, label in ds_train.take(1):
    print(example.shape, label.numpy())
model = tf.keras.models.Sequential([
    tf.keras.layers.Dense(10, activation='relu', input_shape=(5,)),
    tf.keras.layers.Dense(2, activation='softmax'),
])
model.set_weights([rng.uniform(-0.5, 0.5, w.shape) for w in model.get_weights()])
model.compile(loss='sparse_categorical_crossentropy', optimizer=tf.keras.optimizers.Adam(0.01), metrics=['accuracy'])
history = model.fit(ds_train, epochs=4, verbose=0)
history2 = model.fit(ds_train.repeat(), steps_per_epoch=5, epochs=2, verbose=0)
loss, acc = model.evaluate(ds_train, verbose=0)
total = sum(int(l.sum()) for _, l in ds_train.as_numpy_iterator())
print('final', '%.5f %.5f %.5f' % (history.history['loss'][0], loss, acc), total)

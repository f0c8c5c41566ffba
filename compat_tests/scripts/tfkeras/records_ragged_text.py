"""TFRecord and ragged guides style: records of examples, a vocabulary table, ragged batches, an embedding that trains."""
import os
import tempfile

import numpy as np
import tensorflow as tf

path = os.path.join(tempfile.mkdtemp(), "reviews.tfrecord")
rng = np.random.RandomState(11)
words = ["good", "bad", "fine", "poor", "film", "plot", "the", "a"]


def make(i):
    text = " ".join(rng.choice(words, size=rng.randint(2, 7)))
    label = int("good" in text or "fine" in text)
    return tf.train.Example(features=tf.train.Features(feature={
        "text": tf.train.Feature(bytes_list=tf.train.BytesList(value=[text.encode("utf-8")])),
        "label": tf.train.Feature(int64_list=tf.train.Int64List(value=[label])),
        "scores": tf.train.Feature(float_list=tf.train.FloatList(value=[0.5 * i] * (i % 3))),
    }))


with tf.io.TFRecordWriter(path) as writer:
    for i in range(16):
        writer.write(make(i).SerializeToString())

spec = {
    "text": tf.io.FixedLenFeature([], tf.string),
    "label": tf.io.FixedLenFeature([], tf.int64, default_value=0),
    "scores": tf.io.VarLenFeature(tf.float32),
}
keys = tf.constant(words)
table = tf.lookup.StaticVocabularyTable(
    tf.lookup.KeyValueTensorInitializer(keys, tf.range(len(words), dtype=tf.int64)), num_oov_buckets=2)


def parse(record):
    example = tf.io.parse_single_example(record, spec)
    ids = table.lookup(tf.strings.split(tf.strings.lower(example["text"])))
    return ids, example["label"], tf.sparse.reduce_sum(example["scores"])


dataset = tf.data.TFRecordDataset([path]).map(parse).ragged_batch(8)
total = sum(float(tf.reduce_sum(s)) for _, _, s in dataset)
print("rows", [ids.row_lengths().numpy().tolist() for ids, _, _ in dataset.take(1)])

embedding = tf.Variable(rng.uniform(-0.5, 0.5, (10, 4)), dtype=tf.float32)
dense = tf.keras.layers.Dense(1)
dense.build((None, 4))
dense.set_weights([rng.uniform(-0.5, 0.5, (4, 1)), np.zeros(1)])
loss_object = tf.keras.losses.BinaryCrossentropy(from_logits=True)
optimizer = tf.keras.optimizers.Adam(0.05)
mean = tf.keras.metrics.Mean()
for epoch in range(2):
    mean.reset_states()
    for ids, labels, _ in dataset:
        with tf.GradientTape() as tape:
            vectors = tf.nn.embedding_lookup(embedding, ids)
            logits = dense(tf.reduce_mean(vectors, axis=1))
            loss = loss_object(labels[:, tf.newaxis], logits)
        weights = [embedding] + dense.trainable_variables
        gradients = [tf.convert_to_tensor(g) for g in tape.gradient(loss, weights)]
        optimizer.apply_gradients(zip(gradients, weights))
        mean.update_state(loss)
print("final %.5f %.3f" % (mean.result().numpy(), total))
